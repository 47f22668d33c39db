"""Reading files, and writing bytes that stay: whole, flushed, with their folder entry."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

__all__ = ["read_file", "sync_folder", "write_all", "write_file"]


def read_file(path: Path) -> bytes:
    """The bytes of a file; `OSError` for a device or a pipe, which could be without end."""
    if path.exists() and not path.is_file() and not path.is_dir():
        says = "is no file: it is a device or a pipe, or a link to one"
        raise OSError(errno.EINVAL, says, str(path))
    return path.read_bytes()


def write_all(descriptor: int, data: bytes) -> None:
    """Write every byte: `os.write` may stop early on a disk that is nearly full."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def write_file(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Make a new file with `data`, flushed; on failure it is gone again."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        try:
            write_all(descriptor, data)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except BaseException:
        with contextlib.suppress(OSError):
            path.unlink()
        raise


def sync_folder(folder: Path) -> None:
    """Flush the entries of `folder`, so that a new or renamed file survives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
