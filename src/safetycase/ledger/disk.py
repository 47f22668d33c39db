"""The disk a record is written to, behind an interface: what it promises and what it may lose.

`OsDisk` is the real one. A test hands in a disk that loses power at any step. Everything a record
needs of a file system is here: nothing else of this room opens a file of a record to write it.

The operations are primitive on purpose: a write may be lost until `sync`, a new, renamed or
removed name until `sync_folder`. What is built of them is built once, for every disk.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from safetycase.ledger import lock
from safetycase.ledger.files import read_file, sync_folder, write_all

__all__ = ["Disk", "Handle", "Held", "OsDisk", "ensure_folder", "keep_file"]


class Held(Protocol):
    """A lock that is held until it is closed or the process ends."""

    def close(self) -> None:
        """Let go of it; closing twice is harmless."""


class Handle(Protocol):
    """A file opened for writing."""

    def append(self, data: bytes) -> None:
        """Write all of `data` at the end; it may be lost until `sync` returns."""

    def overwrite(self, offset: int, data: bytes) -> None:
        """Write `data` over bytes that are there; old, new or neither may be left until `sync`."""

    def sync(self) -> None:
        """Return once everything written so far survives a power cut."""

    def cut(self, size: int) -> None:
        """Drop everything behind the first `size` bytes; it may come back until `sync` returns."""

    def protect(self) -> None:
        """Let nobody write to the file any more."""

    def size(self) -> int:
        """The bytes that the open file has now."""

    def same_as(self, path: Path) -> bool:
        """Whether `path` still names this very file; `OSError` if it names none."""

    def close(self) -> None:
        """Close it; closing twice is harmless."""


class Disk(Protocol):
    """The few operations a record is made of. Each raises `OSError` if the disk refuses."""

    def new_folder(self, path: Path) -> None:
        """Make one folder. `FileExistsError` if there is something of that name."""

    def is_folder(self, path: Path) -> bool:
        """Whether there is such a folder."""

    def exists(self, path: Path) -> bool:
        """Whether there is such a file."""

    def read(self, path: Path) -> bytes:
        """All bytes of a file."""

    def chunks(self, path: Path, size: int) -> Iterator[bytes]:
        """The bytes of a file in pieces of at most `size`."""

    def open(self, path: Path) -> Handle:
        """Open a file for writing, made if it is not there."""

    def open_new(self, path: Path) -> Handle:
        """Make a file and open it. `FileExistsError` if there is something of that name."""

    def open_old(self, path: Path) -> Handle:
        """Open a file only to flush it, also one that nobody may write to."""

    def rename(self, source: Path, target: Path) -> None:
        """Give a file another name, in place of whatever had it."""

    def remove(self, path: Path) -> None:
        """Remove a name; harmless if there is none."""

    def sync_folder(self, path: Path) -> None:
        """Return once the names in a folder survive a power cut."""

    def hold(self, folder: Path) -> Held:
        """Take the lock of a ledger folder. `LedgerBusy` if another writer has it."""


def ensure_folder(disk: Disk, path: Path) -> None:
    """Make the folder and those above it if they are not there, each flushed where it stands."""
    if not disk.is_folder(path):
        if path.parent != path:
            ensure_folder(disk, path.parent)
        with contextlib.suppress(FileExistsError):
            disk.new_folder(path)
        if not disk.is_folder(path):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))
        disk.sync_folder(path.parent)


def keep_file(disk: Disk, path: Path, data: bytes) -> None:
    """Make a file with these bytes, flushed with its entry. `FileExistsError` if there is one.

    On failure it is gone again, so that nobody finds half of it later.
    """
    handle = disk.open_new(path)
    try:
        try:
            handle.append(data)
            handle.sync()
        finally:
            handle.close()
        disk.sync_folder(path.parent)
    except BaseException:
        with contextlib.suppress(OSError):
            disk.remove(path)
        raise


class OsHandle:
    """A file of the operating system."""

    def __init__(self, path: Path, flags: int) -> None:
        self._file = os.open(path, os.O_CLOEXEC | flags, 0o644)

    def append(self, data: bytes) -> None:
        """See `Handle`."""
        os.lseek(self._file, 0, os.SEEK_END)
        write_all(self._file, data)

    def overwrite(self, offset: int, data: bytes) -> None:
        """See `Handle`."""
        rest = memoryview(data)
        while rest:
            done = os.pwrite(self._file, rest, offset)
            rest, offset = rest[done:], offset + done

    def sync(self) -> None:
        """See `Handle`."""
        os.fsync(self._file)

    def cut(self, size: int) -> None:
        """See `Handle`."""
        os.ftruncate(self._file, size)

    def protect(self) -> None:
        """See `Handle`."""
        os.fchmod(self._file, 0o444)

    def size(self) -> int:
        """See `Handle`."""
        return os.fstat(self._file).st_size

    def same_as(self, path: Path) -> bool:
        """See `Handle`."""
        named, held = path.stat(), os.fstat(self._file)
        return (named.st_dev, named.st_ino) == (held.st_dev, held.st_ino)

    def close(self) -> None:
        """See `Handle`."""
        if self._file >= 0:
            os.close(self._file)
        self._file = -1


class OsHeld:
    """The lock of a folder, held by an open file."""

    def __init__(self, descriptor: int) -> None:
        self._file = descriptor

    def close(self) -> None:
        """See `Held`."""
        if self._file >= 0:
            os.close(self._file)
        self._file = -1


class OsDisk:
    """The disk of this machine."""

    def new_folder(self, path: Path) -> None:
        """See `Disk`."""
        path.mkdir()

    def is_folder(self, path: Path) -> bool:
        """See `Disk`."""
        return path.is_dir()

    def exists(self, path: Path) -> bool:
        """See `Disk`."""
        return path.exists()

    def read(self, path: Path) -> bytes:
        """See `Disk`."""
        return read_file(path)

    def chunks(self, path: Path, size: int) -> Iterator[bytes]:
        """See `Disk`."""
        with path.open("rb") as file:
            while chunk := file.read(size):
                yield chunk

    def open(self, path: Path) -> Handle:
        """See `Disk`."""
        return OsHandle(path, os.O_RDWR | os.O_CREAT)

    def open_new(self, path: Path) -> Handle:
        """See `Disk`."""
        return OsHandle(path, os.O_RDWR | os.O_CREAT | os.O_EXCL)

    def open_old(self, path: Path) -> Handle:
        """See `Disk`."""
        return OsHandle(path, os.O_RDONLY)

    def rename(self, source: Path, target: Path) -> None:
        """See `Disk`."""
        source.replace(target)

    def remove(self, path: Path) -> None:
        """See `Disk`."""
        path.unlink(missing_ok=True)

    def sync_folder(self, path: Path) -> None:
        """See `Disk`."""
        sync_folder(path)

    def hold(self, folder: Path) -> Held:
        """See `Disk`."""
        return OsHeld(lock.hold(folder))
