"""What a worker left in its folder, read with suspicion, and why there is no result."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn

if TYPE_CHECKING:
    from safetycase.plugin.executors import Finished, Task, Ticked

__all__ = [
    "JOB",
    "LOG",
    "RESULT",
    "SCRATCH",
    "Ended",
    "cut",
    "ended",
    "last_line",
    "lay_out",
    "output_bytes",
    "parsed",
    "tick",
    "tick_of",
    "told",
]

JOB, RESULT, LOG, SCRATCH = "job.json", "result.json", "worker.log", "scratch"
LOG_BYTES = 2_000_000
RESULT_BYTES = 64 << 20
"""A result larger than this is refused: it goes into a record, artefacts do not."""

FULL_BYTES = 1 << 16
"""A disk with less room than this takes no result."""

_GONE = {signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT}
LEFT_ALONE = 70
"""The exit code of a worker whose scheduler went away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a worker ended, as its folder and its exit code tell."""

    how: Literal["completed", "failed", "lost"]
    result: Mapping[str, Any] | None
    reason: str


def lay_out(folder: Path, job: Mapping[str, Any]) -> Path:
    """Write the job into its folder, with its paths there; returns the job's file."""
    folder = folder.resolve()
    scratch = folder / SCRATCH
    scratch.mkdir(parents=True, exist_ok=True)
    path = folder / JOB
    whole = {**job, "result": str(folder / RESULT), "scratch": str(scratch)}
    path.write_text(json.dumps(whole, allow_nan=False), "utf-8")
    return path


def told(
    task: Task,
    how: Literal["completed", "failed", "lost", "aborted"],
    reason: str,
    *,
    seconds: float,
    cpu_seconds: float | None = None,
    where: str = "",
) -> Finished:
    """The end of a task that another machine told of, with what came back into its folder.

    A completed one is believed only as far as its result can be read.
    """
    from safetycase.plugin.executors import Finished

    result: Mapping[str, Any] | None = None
    if how == "completed":
        found = ended(task.folder, 0)
        how, reason, result = found.how, found.reason, found.result
    log, scratch = task.folder / LOG, task.folder / SCRATCH
    if not log.exists():
        log.write_text(f"[no log came back: {reason}]\n", "utf-8")
    scratch.mkdir(parents=True, exist_ok=True)
    return Finished(
        id=task.id,
        token=task.token,
        how=how,
        result=result,
        reason=reason,
        seconds=seconds,
        log=log,
        scratch=scratch,
        cpu_seconds=cpu_seconds,
        where=where,
    )


def ended(folder: Path, code: int | None) -> Ended:
    """What became of a worker that ended by itself with `code` (negative: by that signal)."""
    path = folder / RESULT
    try:
        size = path.lstat().st_size
        if path.is_symlink() or not path.is_file():
            return _refused("it is not a file")
        if size > RESULT_BYTES:
            return _refused(f"it has {size} bytes, and {RESULT_BYTES} are the most it may have")
        return parsed(path.read_bytes())
    except FileNotFoundError:
        return _without(folder / LOG, code)
    except OSError as error:
        return _refused(str(error))


def parsed(data: bytes) -> Ended:
    """How a task ended, by the bytes of its result; strict JSON, or it is `failed`."""
    try:
        found = json.loads(data, parse_constant=_no_number, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        return _refused(str(error))
    if not isinstance(found, dict):
        return _refused("it is not a JSON object")
    if "error" in found:
        return Ended(how="failed", result=None, reason=str(found["error"])[:2000])
    return Ended(how="completed", result=found, reason="")


def _refused(why: str) -> Ended:
    return Ended(how="failed", result=None, reason=f"the result cannot be read: {why}")


def tick_of(task: str, line: bytes | str) -> Ticked | None:
    """Progress from one line of the worker's channel; None if it is anything else."""
    try:
        said = json.loads(line)
        return tick(task, said["done"], said["total"], said["note"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def tick(task: str, done: Any, total: Any, note: Any) -> Ticked | None:
    """Progress as a method told it; None if it is no two numbers and a text."""
    from safetycase.plugin.executors import Ticked  # a worker reads no ticks, and starts often

    try:
        return Ticked(id=task, done=int(done), total=int(total), note=str(note)[:80])
    except (ValueError, TypeError, OverflowError):
        return None


def output_bytes(folder: Path, most: int) -> int:
    """Bytes of all files below a folder, links not followed; stops counting beyond `most`."""
    total, queue = 0, [str(folder)]
    while queue and total <= most:
        with contextlib.suppress(OSError), os.scandir(queue.pop()) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        queue.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_size
    return total


def cut(log: Path) -> None:
    """Keep the end of a runaway log. Nothing if its folder has gone: nobody will read it."""
    try:
        size = log.stat().st_size
    except OSError:
        with contextlib.suppress(OSError):
            log.write_bytes(b"[there is no log]\n")
        return
    if size > LOG_BYTES:
        with log.open("rb") as file:
            file.seek(-LOG_BYTES, os.SEEK_END)
            tail = file.read()
        log.write_bytes(b"[cut: %d earlier bytes]\n" % (size - LOG_BYTES) + tail)


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"it holds {word}, which is no number of JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in it")
    return found


def _without(log: Path, code: int | None) -> Ended:
    if code is not None and code < 0:
        try:
            name, gone = signal.Signals(-code).name, signal.Signals(-code) in _GONE
        except ValueError:
            name, gone = f"signal {-code}", False
        return Ended(how="lost" if gone else "failed", result=None, reason=f"killed by {name}")
    if code == LEFT_ALONE:
        return Ended(how="lost", result=None, reason="its scheduler went away")
    reason = f"the worker ended with code {code} and no result: {last_line(log)}"
    if _is_full(log.parent):
        reason += f"; the disk of {log.parent} is full: make room, or set TMPDIR to another one"
    return Ended(how="failed", result=None, reason=reason)


def _is_full(folder: Path) -> bool:
    try:
        found = os.statvfs(folder)
    except (OSError, AttributeError):
        return False
    return found.f_bavail * found.f_frsize < FULL_BYTES


def last_line(log: Path) -> str:
    """The last line of a log, at most 200 characters."""
    lines = _tail(log).strip().splitlines()
    return lines[-1][:200] if lines else "it printed nothing"


def _tail(log: Path) -> str:
    with contextlib.suppress(OSError), log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 4096))
        return file.read().decode("utf-8", "replace")
    return ""
