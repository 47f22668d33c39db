"""Starting and stopping the local inference server, whatever happens in between."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

__all__ = ["ServerFailed", "serve", "serve_here"]

START_SECONDS = 120


class ServerFailed(Exception):
    """The local inference server did not start; the message says why."""


@contextlib.contextmanager
def serve(weights: Path, log: Path) -> Iterator[str]:
    """Serve a GGUF file on loopback; yields the base URL, ending in `/v1`.

    The server is stopped on leaving, and ends by itself if this process dies.
    """
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "safetycase.evidence.server", "--weights", str(weights)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,  # Ctrl-C reaches us, and we stop it in order
        )
        try:
            assert process.stdout is not None
            yield _address(process, process.stdout, log) + "/v1"
        finally:
            _stop(process)


@contextlib.contextmanager
def serve_here(weights: str, case_folder: Path, expected: str) -> Iterator[tuple[str, str, Path]]:
    """Serve the weights a job names, where its worker runs: base URL, their digest, their file.

    The weights are hashed here, whatever the job says of them. With `expected`, weights of
    another digest are refused (`ServerFailed`), as are weights that change while they load.
    Raises `ModelMissing` if they are not on this machine.
    """
    import hashlib
    import tempfile

    from safetycase.argument.model import ModelSpec
    from safetycase.evidence.models import weights_path

    path = weights_path(ModelSpec(weights=weights, provider="local"), case_folder)
    assert path is not None
    with path.open("rb") as file:
        before = os.fstat(file.fileno())
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if expected and digest != expected:
        raise ServerFailed(
            f"the weights `{weights}` on this machine are others than the registered ones: "
            f"{digest[:12]} is not {expected[:12]}"
        )
    with (
        tempfile.TemporaryDirectory(prefix="safetycase-serve-") as folder,
        serve(path, Path(folder) / "server.log") as url,
    ):
        after = path.stat()
        same = ("st_dev", "st_ino", "st_size", "st_mtime_ns")
        if any(getattr(before, name) != getattr(after, name) for name in same):
            raise ServerFailed(f"the weights `{weights}` changed while they were loaded")
        yield url, digest, path


def _address(process: subprocess.Popen[bytes], channel: IO[bytes], log: Path) -> str:
    ready, _, _ = select.select([channel], [], [], START_SECONDS)
    line = channel.readline() if ready else b""
    try:
        said = json.loads(line)
    except ValueError:
        tail = log.read_text("utf-8", "replace")[-300:].strip()
        code = process.poll()
        state = "said nothing" if code is None else f"ended with code {code}"
        raise ServerFailed(f"the local inference server {state}: {tail}") from None
    if "error" in said:
        raise ServerFailed(said["error"])
    return str(said["url"])


def _stop(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(OSError):
        if process.stdin:
            process.stdin.close()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout:
        process.stdout.close()
