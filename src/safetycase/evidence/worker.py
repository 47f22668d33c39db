"""One attempt in a process of its own: JSON job in, JSON result and files out.

`python -m safetycase.evidence.worker JOB.json`. Progress goes out as JSON lines on the original
standard output; whatever the method prints goes to standard error. The worker ends when its
standard input closes, with everything it started, so it never outlives the scheduler.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetycase.evidence.executors import processes, results
from safetycase.evidence.perform import Progress, failure, perform
from safetycase.plugin.contract import MethodError

__all__ = ["as_text", "carry_out", "main"]

TICK_SECONDS = 0.05
HEADROOM = 1 << 30
"""Memory that is reserved and not used counts for the kernel's limit: thread stacks, arenas."""


def main(argv: list[str]) -> int:
    """Run the job named by the first argument; the exit code is 0 if a result was written."""
    channel, parent = _apart()
    try:
        job = json.loads(Path(argv[0]).read_text("utf-8"))
        result = Path(job["result"])
    except (IndexError, OSError, ValueError, KeyError, TypeError) as error:
        sys.stderr.write(f"this is no job: {error!r}\n")
        return 2
    alone = job.get("remove_when_alone")
    threading.Thread(target=_end_with, args=(parent, alone), daemon=True).start()
    _limit(job.get("limits") or {})
    text = carry_out(job, _ticker(channel))
    temporary = result.with_suffix(".tmp")
    temporary.write_text(text, "utf-8")
    temporary.replace(result)
    return 0


def carry_out(job: Mapping[str, Any], progress: Progress) -> str:
    """The result of a job as JSON text; what went wrong is a result that says so."""
    try:
        found = perform(job, progress)
    except MethodError as error:
        sys.stderr.write(f"{error}\n")
        found = failure(error)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt | SystemExit):
            raise
        traceback.print_exc()
        found = failure(error)
    return as_text(found)


def as_text(found: Mapping[str, Any]) -> str:
    """A result as JSON text; what is not JSON, or too large, is a result that says so."""
    try:
        text = json.dumps(found, allow_nan=False)
    except (ValueError, TypeError, RecursionError) as error:
        return json.dumps({"error": f"the measurement is not JSON: {error}"})
    if len(text) > results.RESULT_BYTES:
        reason = f"the measurement takes {len(text)} bytes; {results.RESULT_BYTES} are the most"
        return json.dumps({"error": f"{reason}; write large data to an artefact"})
    return text


def _apart() -> tuple[int, int]:
    """The channels to the scheduler, moved where a method's own reading and writing is not."""
    channel, parent = os.dup(1), os.dup(0)
    os.dup2(2, 1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return channel, parent


def _ticker(channel: int) -> Progress:
    last = 0.0

    def progress(done: int, total: int, note: str = "") -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < TICK_SECONDS and done != total:
            return
        last = now
        line = json.dumps({"done": done, "total": total, "note": note[:80]}) + "\n"
        with contextlib.suppress(OSError):  # a method may have closed the channel
            os.write(channel, line.encode("utf-8", "replace"))

    return progress


def _limit(limits: Mapping[str, Any]) -> None:
    """What the kernel can hold a process to; the sum over all processes is watched from outside.

    `RLIMIT_AS` would stop weights that are only mapped; `RLIMIT_DATA` counts what is written.
    """
    try:
        import resource
    except ImportError:
        return
    memory, output = limits.get("memory_bytes"), limits.get("output_bytes")
    for name, most in (
        (resource.RLIMIT_DATA, memory + HEADROOM if memory else None),
        (resource.RLIMIT_FSIZE, output),
        (resource.RLIMIT_CORE, 0),
    ):
        if most is not None:
            with contextlib.suppress(OSError, ValueError):
                resource.setrlimit(name, (most, resource.getrlimit(name)[1]))


def _end_with(parent: int, remove: str | None) -> None:
    # A raw read: a buffered reader would hold a lock that the interpreter needs at its end.
    first = os.getppid()
    try:
        while os.read(parent, 4096):
            pass
    except OSError:  # a method closed it: who the parent is still tells whether it is there
        while os.getppid() == first:
            time.sleep(0.5)
    _end_all(remove)


def _end_all(remove: str | None) -> None:
    """End what this worker started, remove what nobody else will, then end itself."""
    processes.end_all(-1, os.environ.get(processes.TOKEN, ""))
    if remove:
        import shutil  # its imports would be a tenth of every start

        shutil.rmtree(remove, ignore_errors=True)
    if os.getpgid(0) == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(results.LEFT_ALONE)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
