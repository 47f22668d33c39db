"""A solution, called in a process of its own with limits; its answers are read as foreign JSON."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["MAX_SOURCE", "Call", "answers", "source_of"]

MAX_SOURCE = 20_000
WALL_SECONDS = 20.0
"""Longer than the limit on processor time, for machines that are busy."""
_FENCE = re.compile(r"```[a-zA-Z0-9_+-]*[ \t]*\n(.*?)```", re.S)

Call = tuple[Sequence[Any], Mapping[str, str]]


def source_of(text: str) -> str:
    """The program in a text: its fenced blocks if it has any, else all of it."""
    blocks = _FENCE.findall(text)
    return "\n".join(blocks) if blocks else text


def answers(source: str, function: str, calls: Sequence[Call]) -> list[Any] | str:
    """What `function` returns for each call (arguments, environment), or why nothing is known.

    A call that raised gives None in the list, one that returned gives a list of its value. The
    process has 2 s of processor time, 20 s in all, 512 MiB, an empty environment and an empty
    folder; it may not write files, start processes or connect (see `tasks_code_child`).
    """
    if len(source) > MAX_SOURCE:
        return f"longer than {MAX_SOURCE} characters"
    asked = [[list(arguments), dict(environment)] for arguments, environment in calls]
    job = json.dumps(
        {"parent": os.getpid(), "source": source, "function": function, "calls": asked}
    )
    from safetycase.methods.control.live import tasks_code_child

    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(tasks_code_child.__file__)],
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env={"LC_ALL": "C.UTF-8"},
            start_new_session=True,
        )
        try:
            process.communicate(job.encode("utf-8", "surrogatepass"), timeout=WALL_SECONDS)
        except subprocess.TimeoutExpired:
            return "out of time"
        except BrokenPipeError:
            pass
        finally:
            _end(process)
        said.seek(0)
        return _read(said.read(), len(calls), process.returncode)


def _end(process: subprocess.Popen[bytes]) -> None:
    """The process and whatever it may have started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        process.kill()
    process.wait()


def _read(data: bytes, expected: int, code: int) -> list[Any] | str:
    try:
        found = json.loads(data)
        if set(found) == {"error"}:
            return f"does not load: {str(found['error'])[:60]}"
        given = found["answers"]
        if len(given) != expected:
            return "answers another number of calls"
        return [[value] if kind == "value" else None for kind, value in given]
    except (ValueError, TypeError, KeyError, RecursionError):
        return "out of time" if code in (-signal.SIGXCPU, -signal.SIGKILL) else "gave no answer"
