"""The disk a record is written to, behind an interface: what it promises and what it may lose.

`OsDisk` is the real one. A test hands in a disk that loses power at any step. Everything a record
needs of a file system is here: nothing else of this room opens a file to write it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

from safetycase.ledger.files import sync_folder, write_all, write_file

__all__ = ["Disk", "Handle", "OsDisk"]


class Handle(Protocol):
    """A file opened for appending."""

    def append(self, data: bytes) -> None:
        """Write all of `data` at the end; it may be lost until `sync` returns."""

    def sync(self) -> None:
        """Return once everything appended so far survives a power cut."""

    def cut(self, size: int) -> None:
        """Drop everything behind the first `size` bytes, for good."""

    def size(self) -> int:
        """The bytes that the open file has now."""

    def same_as(self, path: Path) -> bool:
        """Whether `path` still names this very file; `OSError` if it names none."""

    def close(self) -> None:
        """Close it; closing twice is harmless."""


class Disk(Protocol):
    """The few operations a record is made of. Each raises `OSError` if the disk refuses."""

    def make_folder(self, path: Path) -> None:
        """Make the folder and those above it, if they are not there."""

    def exists(self, path: Path) -> bool:
        """Whether there is such a file."""

    def read(self, path: Path) -> bytes:
        """All bytes of a file."""

    def open(self, path: Path) -> Handle:
        """Open for appending, made if it is not there, its entry in the folder flushed."""

    def write_new(self, path: Path, data: bytes) -> None:
        """Make a file with these bytes, flushed with its entry. `FileExistsError` if there is."""


class OsHandle:
    """A file of the operating system."""

    def __init__(self, path: Path) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._file = os.open(path, flags, 0o644)

    def append(self, data: bytes) -> None:
        """See `Handle`."""
        write_all(self._file, data)

    def sync(self) -> None:
        """See `Handle`."""
        os.fsync(self._file)

    def cut(self, size: int) -> None:
        """See `Handle`."""
        os.ftruncate(self._file, size)
        os.fsync(self._file)

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


class OsDisk:
    """The disk of this machine."""

    def make_folder(self, path: Path) -> None:
        """See `Disk`."""
        path.mkdir(parents=True, exist_ok=True)

    def exists(self, path: Path) -> bool:
        """See `Disk`."""
        return path.exists()

    def read(self, path: Path) -> bytes:
        """See `Disk`."""
        return path.read_bytes()

    def open(self, path: Path) -> Handle:
        """See `Disk`."""
        new = not path.exists()
        handle = OsHandle(path)
        if new:
            sync_folder(path.parent)
            sync_folder(path.parent.parent)
        return handle

    def write_new(self, path: Path, data: bytes) -> None:
        """See `Disk`."""
        write_file(path, data)
        sync_folder(path.parent)
