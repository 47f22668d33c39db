"""The processes of one task, found and ended also after they left its session.

A task's processes are those of its session, those that carry its token in their environment, and
the children of either. Linux only: elsewhere there is no `/proc`, and only the process group of
the worker is known.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = [
    "TOKEN",
    "Known",
    "Process",
    "carries",
    "cpu_seconds",
    "end_all",
    "members",
    "resident_bytes",
    "snapshot",
]

TOKEN = "SAFETYCASE_ATTEMPT"  # noqa: S105 - the name of a variable
"""The environment variable by which a task's processes are known."""

_PROC = Path("/proc")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_ROUNDS = 200


Known = frozenset[tuple[int, int]]
"""Processes found earlier: (id, started), since an id alone may have become another's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One line of the process table; `started` is in clock ticks since the machine booted."""

    pid: int
    parent: int
    session: int
    started: int
    resident_bytes: int
    ended: bool


def snapshot() -> Mapping[int, Process]:
    """All processes by id; empty where there is no `/proc`."""
    found = {}
    for pid in _ids():
        process = _read(pid)
        if process is not None:
            found[pid] = process
    return found


def members(
    leader: int, token: str, known: Known = frozenset(), *, name: str = TOKEN
) -> Mapping[int, Process]:
    """The live processes of a task: of the session of `leader`, with `token`, and their children.

    `known` are processes found earlier; they and their children count too. The leader must not
    have been reaped, so that its id is nobody else's.
    """
    table = snapshot()
    since = table[leader].started if leader in table else 0
    mine = {
        pid
        for pid, process in table.items()
        if process.session == leader
        or (pid, process.started) in known
        or (process.started >= since and carries(pid, name, token))
    }
    mine |= {leader} & table.keys()
    while True:
        more = {pid for pid, p in table.items() if p.parent in mine and pid not in mine}
        if not more:
            break
        mine |= more
    mine.discard(os.getpid())
    return {pid: table[pid] for pid in mine if not table[pid].ended}


def end_all(leader: int, token: str, known: Known = frozenset(), *, name: str = TOKEN) -> bool:
    """Kill every process of a task; whether none is left.

    Repeated until none is found, since a process may start another one meanwhile.
    """
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if leader > 1:
            os.killpg(leader, signal.SIGKILL)
    for _ in range(_ROUNDS):
        found = members(leader, token, known, name=name)
        if not found:
            return True
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.005)
    return False


def resident_bytes(found: Mapping[int, Process], limit: int | None = None) -> int:
    """Memory the processes hold; pages they share count once if the simple sum is over `limit`.

    Reading shares is dear (the kernel walks the page tables), so it is done only near the limit.
    """
    total = sum(process.resident_bytes for process in found.values())
    if limit is None or total <= limit:
        return total
    return sum(_proportional(process) for process in found.values())


def cpu_seconds(pid: int) -> float | None:
    """CPU time a live process and its reaped children used; None if it cannot be read."""
    try:
        fields = (_PROC / str(pid) / "stat").read_bytes().rpartition(b")")[2].split()
        return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return None


def _ids() -> Iterator[int]:
    with contextlib.suppress(OSError):
        for name in os.listdir(_PROC):  # noqa: PTH208 - names are all that is needed, often
            if name.isdigit():
                yield int(name)


def _read(pid: int) -> Process | None:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123 - read often
            fields = file.read().rpartition(b")")[2].split()
        return Process(
            pid=pid,
            parent=int(fields[1]),
            session=int(fields[3]),
            started=int(fields[19]),
            resident_bytes=int(fields[21]) * _PAGE,
            ended=fields[0] in (b"Z", b"X"),
        )
    except (OSError, ValueError, IndexError):
        return None


def carries(pid: int, name: str, token: str) -> bool:
    """Whether a process was started with the variable `name` set to `token`."""
    if not token:
        return False
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:  # noqa: PTH123 - read often
            return f"{name}={token}".encode() in file.read().split(b"\0")
    except OSError:  # another user's, or gone
        return False


def _proportional(process: Process) -> int:
    try:
        with open(f"/proc/{process.pid}/smaps_rollup", "rb") as file:  # noqa: PTH123 - read often
            for line in file:
                if line.startswith(b"Pss:"):
                    return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    return process.resident_bytes
