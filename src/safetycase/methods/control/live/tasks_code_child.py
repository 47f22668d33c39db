"""Runs in a process of its own: takes every power away from itself, then runs one solution.

Started as a script by `tasks_code_run`, with `python -I -S`; it imports nothing of this package.
Reads one JSON object from standard input and writes one to standard output: the value, or the
name of the exception, of each call. Whoever started it compares; a solution that lies in its
answers can only lie by answering rightly.

Not a sandbox against an exploit of the interpreter or the kernel. It has limits on time, memory,
files and processes; on Linux 5.13 and later the kernel (Landlock) also refuses to write any file,
and from 6.7 on to connect anywhere. An audit hook refuses what a function of pure computation
never needs.
"""

from __future__ import annotations

import json
import os
import sys

TYPE_CHECKING = False  # importing `typing` would cost more than all the rest
if TYPE_CHECKING:
    from typing import Any

SECONDS, MEMORY, OUTPUT = 2, 512 * 1024**2, 256 * 1024
LATEST = 60
"""Seconds after which the process ends whatever happens, should nobody be left to end it."""
ALLOWED = {"import", "compile", "exec", "open", "os.listdir", "os.scandir", "marshal.loads"}
ALLOWED |= {"object.__getattr__", "object.__setattr__", "object.__delattr__", "builtins.id"}
ALLOWED |= {"sys._getframe", "os.putenv", "time.sleep", "array.__new__", "marshal.load"}
FORBIDDEN = {"ctypes", "_ctypes", "_posixsubprocess", "multiprocessing", "_multiprocessing"}
FORBIDDEN |= {"socket", "_socket", "subprocess", "signal", "faulthandler", "mmap", "resource"}


def confine(parent: int) -> None:
    """Limits of the process, then of the kernel; neither can be taken back."""
    import resource
    import signal

    signal.alarm(LATEST)
    limits = [
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_FSIZE, OUTPUT),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
    ]
    for what, most in limits:
        resource.setrlimit(what, (most, most))
    if sys.platform == "linux":
        _landlock()
    if os.getppid() != parent:  # gone before it could take this process with it
        os._exit(1)


def _landlock() -> None:
    """No writing, no signals out, no connections, as far as this kernel can refuse them."""
    import ctypes
    import platform

    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(1, 9, 0, 0, 0)  # die with whoever started this
    libc.prctl(38, 1, 0, 0, 0)  # no new privileges
    if platform.machine() not in ("x86_64", "aarch64"):
        return
    version = libc.syscall(444, None, ctypes.c_size_t(0), 1)
    if version < 1:
        return
    files = sum(1 << bit for bit in (1, *range(4, 13)))
    files |= (1 << 13 if version >= 2 else 0) | (1 << 14 if version >= 3 else 0)
    net, scoped = (3 if version >= 4 else 0), (3 if version >= 6 else 0)
    rules = (ctypes.c_uint64 * 3)(files, net, scoped)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    ruleset = libc.syscall(444, rules, ctypes.c_size_t(size), 0)
    if ruleset >= 0:
        libc.syscall(446, ruleset, 0)
        os.close(ruleset)


def watch(event: str, details: tuple[Any, ...]) -> None:
    """Refuse every audited action that is not on the list (PEP 578)."""
    if event not in ALLOWED:
        raise PermissionError(f"a solution may not {event}")
    if event == "import" and details[0].partition(".")[0] in FORBIDDEN:
        raise PermissionError(f"a solution may not import {details[0]}")
    if event == "open" and (details[1] not in ("r", "rb", None) or details[2] & 3):
        raise PermissionError("a solution may not write")


def answers(job: dict[str, Any]) -> dict[str, Any]:
    """The value, or the exception, of every call; a solution that cannot be had answers nothing."""
    space: dict[str, Any] = {"__name__": "solution"}
    try:
        exec(compile(job["source"], "solution.py", "exec"), space)  # noqa: S102
        function = space[job["function"]]
    except BaseException as error:
        return {"error": type(error).__name__}
    found: list[list[Any]] = []
    for arguments, environment in job["calls"]:
        try:
            os.environ.update(environment)
            found.append(["value", _json(function(*arguments))])
        except BaseException as error:
            found.append(["error", type(error).__name__])
    return {"answers": found}


def _json(value: Any, depth: int = 0) -> Any:
    """A value of exactly the types of JSON; anything else, a subclass too, is no answer."""
    if type(value) in (bool, int, str, type(None)):
        return value
    if type(value) in (list, tuple) and depth < 5:
        return [_json(part, depth + 1) for part in value]
    raise TypeError("no plain value")


def main() -> None:
    """One job from standard input, one answer to standard output, and gone."""
    job = json.load(sys.stdin)
    confine(job["parent"])
    for name in [name for name in sys.modules if name.partition(".")[0] in FORBIDDEN]:
        del sys.modules[name]
    sys.stdin = sys.stdout = sys.stderr = None
    write, quit_, dumps = os.write, os._exit, json.dumps
    sys.addaudithook(watch)
    said = dumps(answers(job)).encode()
    write(1, said)
    quit_(0)


if __name__ == "__main__":
    main()
