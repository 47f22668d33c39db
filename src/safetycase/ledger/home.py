"""Where the lines of a record live, for whoever adds to them.

A home keeps bytes and takes turns between writers; it knows nothing of signatures or rules, which
are the writer's. `FolderHome` is the log file of a case. A home of a team is a database that gives
the same promises: whatever `add` acknowledged is there for good, and lines never change.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from safetycase.ledger import lock
from safetycase.ledger.disk import Disk, Handle, OsDisk
from safetycase.ledger.errors import LedgerDamaged, LedgerError, LedgerWriteError

__all__ = ["LOG_NAME", "FolderHome", "Home"]

LOG_NAME = "log.jsonl"


class Home(Protocol):
    """The store of one record's lines, opened for one writer."""

    @property
    def name(self) -> str:
        """How messages name it: a path, or a database address without its password."""

    def open(self) -> bytes:
        """Get ready to add and return all bytes there are, an unfinished last line included.

        Raises `LedgerBusy` if only one writer may have it and another does, `LedgerWriteError` if
        it cannot be written.
        """

    def set_aside(self, size: int, tail: bytes) -> Path | None:
        """Cut the record to its first `size` bytes and keep the unfinished `tail` elsewhere."""

    def turn(self) -> AbstractContextManager[bytes]:
        """Take the turn to add lines; gives the whole lines that came since the last good turn.

        These are the lines of others, and those that a turn which ended by an exception left
        behind. Leaving a turn normally makes what was added in it count.
        """

    def add(self, line: bytes) -> None:
        """Add one line, newline included, inside a turn. It is there for good when the turn ends.

        Raises `LedgerWriteError` if it could not be kept; then it was not added.
        """

    def close(self) -> None:
        """Let others write; closing twice is harmless."""


class FolderHome:
    """The log file in a ledger folder, `<case>/ledger/log.jsonl`: one writer at a time."""

    def __init__(self, folder: Path, disk: Disk | None = None) -> None:
        self.folder = folder
        self.path = folder / LOG_NAME
        self._disk = disk or OsDisk()
        self._lock = -1
        self._file: Handle | None = None
        self._size = 0
        self._added = self._left = b""

    @property
    def name(self) -> str:
        """The path of the log file."""
        return str(self.path)

    @property
    def disk(self) -> Disk:
        """The disk that the log file is on."""
        return self._disk

    def open(self) -> bytes:
        """See `Home`; the lock of the folder is held until `close`."""
        try:
            self._disk.make_folder(self.folder)
            self._lock = lock.hold(self.folder)
            self._file = self._disk.open(self.path)
            data = self._disk.read(self.path)
        except OSError as error:
            raise LedgerWriteError(Path(error.filename or self.path), error) from error
        self._size = len(data)
        return data

    def set_aside(self, size: int, tail: bytes) -> Path:
        """See `Home`; the tail is kept in `torn-N.bin` beside the log."""
        number = 1
        while self._disk.exists(path := self.folder / f"torn-{number}.bin"):
            number += 1
        try:
            self._disk.write_new(path, tail)
            self._opened().cut(size)
        except OSError as error:
            raise LedgerWriteError(Path(error.filename or self.path), error) from error
        self._size = size
        return path

    @contextlib.contextmanager
    def turn(self) -> Iterator[bytes]:
        """See `Home`; the lock is held all along, so nobody else can have added anything."""
        self._still_ours()
        news, self._left = self._left, b""
        try:
            yield news
        except BaseException:
            self._left = self._added
            raise
        finally:
            self._added = b""

    def add(self, line: bytes) -> None:
        """See `Home`; flushed to the disk on return, taken back on any failure."""
        file = self._opened()
        try:
            file.append(line)
            file.sync()
            self._size += len(line)
            self._added += line
        except OSError as error:
            raise LedgerWriteError(self.path, error, intact=self._take_back()) from error
        except BaseException:  # Ctrl-C between the write and the flush: not acknowledged
            self._take_back()
            raise

    def close(self) -> None:
        """See `Home`."""
        if self._file is not None:
            self._file.close()
            self._file = None
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _opened(self) -> Handle:
        if self._file is None:
            raise LedgerError("open the writer with `with` before appending")
        return self._file

    def _still_ours(self) -> None:
        """Refuse if the file was moved, removed or changed by something without the lock."""
        file = self._opened()
        try:
            ours = file.same_as(self.path) and file.size() == self._size
        except OSError as error:
            raise LedgerWriteError(self.path, error) from error
        if not ours:
            raise LedgerDamaged(
                f"{self.path} changed while it was being written: find out what else writes it, "
                "then verify the record"
            )

    def _take_back(self) -> bool:
        try:
            self._opened().cut(self._size)
        except OSError:
            return False
        return True
