"""A supervised subprocess per job: progress as it comes, a time limit, a clean end."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Finished", "Ticked", "supervise"]

LOG_BYTES = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticked:
    """Progress of a running job."""

    done: int
    total: int
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """How a job ended: its result, or the reason why there is none."""

    result: Mapping[str, Any] | None
    reason: str
    seconds: float
    log: Path


def supervise(
    job: Mapping[str, Any], folder: Path, time_limit: float, env: Mapping[str, str] | None = None
) -> Iterator[Ticked | Finished]:
    """Run one job in a worker process; yields ticks, then exactly one `Finished`.

    Leaving the iterator early (Ctrl-C, an error) kills the worker and its children.
    """
    folder.mkdir(parents=True, exist_ok=True)
    result, log = folder / "result.json", folder / "worker.log"
    path = folder / "job.json"
    path.write_text(json.dumps({**job, "result": str(result)}), "utf-8")
    started = time.monotonic()
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "safetycase.evidence.worker", str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=folder,
            start_new_session=True,
            env={**os.environ, **(env or {})},
        )
        try:
            timed_out = False
            for tick in _ticks(process, started + time_limit):
                if tick is None:
                    timed_out = True
                    break
                yield tick
            if not timed_out:
                process.wait()
        finally:
            _kill(process)
    _cut(log)
    found = _read(result)
    yield Finished(
        result=found if found and "error" not in found else None,
        reason=_reason(found, process.returncode, log, time_limit if timed_out else None),
        seconds=time.monotonic() - started,
        log=log,
    )


def _ticks(process: subprocess.Popen[bytes], deadline: float) -> Iterator[Ticked | None]:
    """Progress lines until the channel closes; None once the deadline has passed."""
    assert process.stdout is not None
    descriptor = process.stdout.fileno()
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        buffer = b""
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                yield None
                return
            if not selector.select(min(left, 1.0)):
                if process.poll() is not None:
                    return
                continue
            chunk = os.read(descriptor, 65536)
            if not chunk:
                return
            *lines, buffer = (buffer + chunk).split(b"\n")
            buffer = buffer[-4096:]
            for line in lines:
                tick = _tick(line)
                if tick:
                    yield tick


def _tick(line: bytes) -> Ticked | None:
    try:
        said = json.loads(line)
        return Ticked(done=int(said["done"]), total=int(said["total"]), note=str(said["note"]))
    except (ValueError, KeyError, TypeError):
        return None


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the worker and everything it started."""
    with contextlib.suppress(OSError):
        if process.stdin:
            process.stdin.close()
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout:
        process.stdout.close()


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _reason(
    found: Mapping[str, Any] | None, code: int | None, log: Path, limit: float | None
) -> str:
    if limit is not None:
        return f"stopped after the time limit of {limit:g} s"
    if found is not None:
        return str(found.get("error", ""))
    if code is not None and code < 0:
        with contextlib.suppress(ValueError):
            return f"killed by {signal.Signals(-code).name}"
        return f"killed by signal {-code}"
    lines = log.read_text("utf-8", "replace").strip().splitlines()
    tail = lines[-1][:200] if lines else "it printed nothing"
    return f"the worker ended with code {code} and no result: {tail}"


def _cut(log: Path) -> None:
    """Keep the end of a runaway log."""
    size = log.stat().st_size
    if size > LOG_BYTES:
        with log.open("rb") as file:
            file.seek(-LOG_BYTES, os.SEEK_END)
            tail = file.read()
        log.write_bytes(b"[cut: %d earlier bytes]\n" % (size - LOG_BYTES) + tail)
