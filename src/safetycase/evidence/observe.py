"""What a run really opened, imported, started and connected to, by an audit hook (PEP 578).

The recipe of a leaf names the inputs that its author declared. What a method opens beyond them is
found here and named, with its digest, so that a later change of it cannot pass unseen.

Seen are the opens, imports, processes and connections of this Python process. What a library
opens in C, and what a child process opens, is not: the child itself is listed.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from safetycase.evidence.places import Places

__all__ = ["Seen", "unwatched", "watching"]

AT_ONCE = 8 * 1024 * 1024
"""Bytes up to which a file is digested as it is opened; a larger one when the run ends."""

AT_MOST = 4 * 1024 * 1024 * 1024
"""Bytes beyond which a file that nobody declared is named without a digest."""

NAMES = 500
"""How many files, processes or connections of one kind are named; the others are counted."""

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_active: list[Seen] = []
_local = threading.local()
_installing = threading.Lock()
_installed = False


class Seen:
    """What one run was seen to do; complete once `watching` has ended."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self._known: set[str] = set()
        self._read: dict[str, tuple[str, str]] = {}
        self._written: dict[str, None] = {}
        self._changed: dict[str, None] = {}
        self._processes: dict[str, None] = {}
        self._sockets: dict[str, None] = {}
        self._left_out = 0
        self._since = time.time() - 0.02  # file systems stamp times in ticks of the kernel

    def json(self) -> dict[str, Any]:
        """The `observed` mapping of an attempt's end.

        `files` (declared) and `undeclared` hold `[path, sha256]`, the digest "" if it is not
        known; `processes` the programs started, `sockets` the addresses; `writes` files written
        outside the scratch folder, `changed` inputs that were not the same until the end, and
        `left_out` how many more there were than are named.
        """
        rows = sorted((self.places.name(p), value) for p, (_, value) in self._read.items())
        declared = {self.places.name(p) for p in self._read if self.places.of(p) == "declared"}
        return {
            "files": [[name, value] for name, value in rows if name in declared],
            "undeclared": [[name, value] for name, value in rows if name not in declared],
            "processes": list(self._processes),
            "sockets": sorted(self._sockets),
            "writes": sorted(map(self.places.name, self._written)),
            "changed": sorted(map(self.places.name, self._changed)),
            "left_out": self._left_out,
        }

    def opened(self, given: Any, flags: int) -> None:
        """A file is being opened; `flags` are those of open(2)."""
        if isinstance(given, int):
            return
        text = os.fsdecode(given)
        if text in self._known and not flags & _WRITES:
            return
        path = os.path.abspath(text)  # noqa: PTH100
        writes = bool(flags & _WRITES)
        if self._file(path, writes=writes) and path == text and not writes:
            self._known.add(path)

    def started(self, program: Any) -> None:
        """Another program is being started."""
        self._name(self._processes, program)

    def connected(self, address: Any) -> None:
        """A connection is being made to an address of the socket module."""
        if isinstance(address, tuple) and len(address) >= 2:
            self._name(self._sockets, f"{address[0]}:{address[1]}")
        elif isinstance(address, str | bytes) and address:
            self._name(self._sockets, b"unix:" + os.fsencode(address))

    def finish(self) -> None:
        """Add the files of the modules that are loaded, and digest what was put off."""
        installed = self.places.installed  # thousands of modules, the same for run after run
        for module in list(sys.modules.values()):
            file = getattr(module, "__file__", None)
            if isinstance(file, str) and file not in installed:
                self.opened(file, os.O_RDONLY)
                if self.places.of(file) == "environment":
                    installed.add(file)
        for path, (mark, value) in list(self._read.items()):
            now = _mark(path)
            if now != mark:
                self._changed[path] = None
                self._read[path] = (mark, value)
            elif not value:
                self._read[path] = (mark, _digest(path, AT_MOST))

    def _file(self, path: str, *, writes: bool) -> bool:
        """Take note of a file; whether a later read of the same path has nothing to add."""
        if os.sep + "__pycache__" + os.sep in path:
            if writes:
                return True
            # Byte code stands for its source, which is what an author can read and change.
            with contextlib.suppress(ValueError):
                path = importlib.util.source_from_cache(path)
        if self.places.of(path) == "environment":
            return True
        path = os.path.realpath(path)
        place = self.places.of(path)
        if place in ("environment", "system", "scratch"):
            return True
        if place == "temporary" and (writes or _born(path) >= self._since):
            return False  # what a run leaves in the temporary folder and takes up again
        if path in self._read or path in self._written:
            return True
        if writes:
            return self._room(self._written, path)
        mark = _mark(path)
        if mark and self._room(self._read, path, (mark, "")):
            self._read[path] = (mark, _digest(path, AT_ONCE))
        return bool(mark)

    def _name(self, where: dict[str, None], given: Any) -> None:
        text = os.fsencode(str(given) if not isinstance(given, bytes | str) else given)
        name = text.decode("utf-8", "backslashreplace")[:200]
        if name and name not in where:
            self._room(where, name)

    def _room(self, where: dict[str, Any], key: str, value: Any = None) -> bool:
        if len(where) >= NAMES:
            self._left_out += 1
            return False
        where[key] = value
        return True


@contextlib.contextmanager
def watching(
    case_folder: Path, scratch: Path, declared: Iterable[str | Path] = ()
) -> Iterator[Seen]:
    """Watch this process until the block ends.

    `declared` are the files (or folders) that the recipe names, relative to the case folder or
    absolute. Where several runs share a process, each is charged with all that it did meanwhile.
    """
    seen = Seen(Places(case_folder, scratch, declared))
    _install()
    _active.append(seen)
    try:
        yield seen
    finally:
        _active.remove(seen)
        with unwatched():
            seen.finish()


def _install() -> None:
    # A hook cannot be taken out again, so there is one for the life of the process.
    global _installed
    with _installing:
        if not _installed:
            sys.addaudithook(_hook)
            _installed = True


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    act = _ACTS.get(event)
    if act is None or not _active or getattr(_local, "busy", False):
        return
    with unwatched():
        for seen in tuple(_active):
            # Whatever goes wrong here must not be an error of the method that is watched.
            with contextlib.suppress(Exception):
                act(seen, arguments)


@contextlib.contextmanager
def unwatched() -> Iterator[None]:
    """Nothing that this thread does until the block ends is charged to a run.

    What is opened to digest a file is no input, and neither is what a scheduler does beside it.
    """
    before = getattr(_local, "busy", False)
    _local.busy = True
    try:
        yield
    finally:
        _local.busy = before


def _popen(seen: Seen, arguments: tuple[Any, ...]) -> None:
    executable, words = arguments[0], arguments[1]
    first = words if isinstance(words, str | bytes) else next(iter(words), "")
    seen.started(executable or first)


_ACTS: Mapping[str, Callable[[Seen, tuple[Any, ...]], None]] = {
    "open": lambda seen, a: seen.opened(a[0], a[2] or 0),
    "sqlite3.connect": lambda seen, a: seen.opened(a[0], os.O_RDONLY),
    "subprocess.Popen": _popen,
    "os.exec": lambda seen, a: seen.started(a[0]),
    "os.posix_spawn": lambda seen, a: seen.started(a[0]),
    "os.spawn": lambda seen, a: seen.started(a[1]),
    "os.system": lambda seen, a: seen.started(b"sh -c " + os.fsencode(a[0])),
    "os.fork": lambda seen, _: seen.started("(a fork of this process)"),
    "os.forkpty": lambda seen, _: seen.started("(a fork of this process)"),
    "socket.connect": lambda seen, a: seen.connected(a[1]),
    "socket.sendto": lambda seen, a: seen.connected(a[1]),
}


def _mark(path: str) -> str:
    """Size, time and inode of a regular file; empty for anything else."""
    try:
        found = os.stat(path)  # noqa: PTH116
    except (OSError, ValueError):
        return ""
    if not stat.S_ISREG(found.st_mode):
        return ""
    return f"{found.st_size}:{found.st_mtime_ns}:{found.st_ino}"


def _born(path: str) -> float:
    """When a file came to be, or was last changed; now if it is not there."""
    try:
        return os.stat(path).st_ctime  # noqa: PTH116
    except (OSError, ValueError):
        return time.time()


def _digest(path: str, limit: int) -> str:
    """The SHA-256 of a file of at most `limit` bytes; empty if it is larger or unreadable."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            if os.fstat(file.fileno()).st_size > limit:
                return ""
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
