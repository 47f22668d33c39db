"""The command line, called in this process as its own process would answer.

Starting Python and importing what a verb needs takes most of a second; what a verb says and writes
is the same here. What only a process of its own can show (signals, its start, its end, plug-ins
that come and go) is called apart.
"""

from __future__ import annotations

import contextlib
import gc
import io
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from safetycase.cli import main as cli_main

PROGRAM = str(Path(cli_main.__file__).with_name("__main__.py"))
ALONE = frozenset(("lsp", "serve", "ray", "asyncio"))
"""Words of a call that is made apart: verbs that serve, and executors with loops of their own."""


@dataclass(frozen=True)
class Ran:
    """One call of the command line."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        import json

        return json.loads(self.out)


def apart(words: Sequence[str], *, cwd: Path, timeout: float = 120) -> Ran:
    """Run `safetycase` as a user would, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "safetycase.cli", *words],
        capture_output=True,
        text=True,
        cwd=cwd,
        timeout=timeout,
        env=dict(os.environ),
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def here(words: Sequence[str], *, cwd: Path) -> Ran:
    """Run `safetycase` in this process: its exit code and all that came out on either stream."""
    with (
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
        _streams(out, err),
        _state(words, cwd),
    ):
        code = cli_main._main()
        sys.stdout.flush()
        sys.stderr.flush()
        said = _read(out), _read(err)
    return Ran(code, *said)


def _read(file: IO[bytes]) -> str:
    file.seek(0)
    return io.TextIOWrapper(io.BytesIO(file.read()), "utf-8").read()  # newlines as `text=True`


@contextlib.contextmanager
def _streams(out: IO[bytes], err: IO[bytes]) -> Iterator[None]:
    """Both streams, the descriptors below them, which children inherit, and an empty input."""
    before = sys.stdin, sys.stdout, sys.stderr
    kept = os.dup(0), os.dup(1), os.dup(2)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for file in before[1:]:
        file.flush()
    try:
        for number, descriptor in enumerate((nothing, out.fileno(), err.fileno())):
            os.dup2(descriptor, number)
        with (
            open(0, encoding="utf-8", closefd=False) as sys.stdin,
            open(1, "w", encoding="utf-8", closefd=False) as sys.stdout,
            open(
                2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False
            ) as sys.stderr,
        ):
            yield
    finally:
        sys.stdin, sys.stdout, sys.stderr = before
        for number, descriptor in enumerate(kept):
            os.dup2(descriptor, number)
            os.close(descriptor)
        os.close(nothing)


@contextlib.contextmanager
def _state(words: Sequence[str], cwd: Path) -> Iterator[None]:
    """What a process has for itself: arguments, folder, environment, how rubbish is collected."""
    program = sys.modules["__main__"]
    before = sys.argv, program.__package__, dict(os.environ), Path.cwd()
    os.chdir(cwd)
    # `click` names the program by these two.
    sys.argv, program.__package__ = [PROGRAM, *words], "safetycase.cli"
    try:
        with warnings.catch_warnings():
            yield
    finally:
        gc.enable()
        sys.argv, program.__package__, environment, folder = before
        if os.environ != environment:
            os.environ.clear()
            os.environ.update(environment)
        os.chdir(folder)
