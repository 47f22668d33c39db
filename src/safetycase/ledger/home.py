"""Where the lines of a record live, for whoever adds to them.

A home keeps bytes and takes turns between writers; it knows nothing of signatures or rules, which
are the writer's. `FolderHome` is the log file of a case. A home of a team is a database that gives
the same promises: whatever `add` acknowledged is there for good, and lines never change.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from safetycase.ledger.disk import Disk, Handle, Held, OsDisk, ensure_folder, keep_file
from safetycase.ledger.errors import LedgerDamaged, LedgerError, LedgerWriteError
from safetycase.ledger.mark import Mark, Marker, read_mark

__all__ = ["LOG_NAME", "FolderHome", "Home"]

LOG_NAME = "log.jsonl"


class Home(Protocol):
    """The store of one record's lines, opened for one writer."""

    shared: bool
    """Whether others may be adding to the same record while it is open."""

    @property
    def name(self) -> str:
        """How messages name it: a path, or a database address without its password."""

    def open(self) -> bytes:
        """Get ready to add and return all bytes there are, an unfinished last line included.

        Raises `LedgerBusy` if only one writer may have it and another does, `LedgerWriteError` if
        it cannot be written.
        """

    @property
    def acknowledged(self) -> Mark | None:
        """What is known to be acknowledged of the bytes that `open` returned; None if unknown."""

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
    """The log file in a ledger folder, `<case>/ledger/log.jsonl`: one writer at a time.

    A line is acknowledged once it is flushed and the mark beside the log (`mark`) counts it.
    """

    shared = False

    def __init__(self, folder: Path, disk: Disk | None = None) -> None:
        self.folder = folder
        self.path = folder / LOG_NAME
        self._disk = disk or OsDisk()
        self._lock: Held | None = None
        self._file: Handle | None = None
        self._marker = Marker(self._disk, folder)
        self._here = Mark()
        self._marked: Mark | None = None
        self._unsettled = self._promised = False
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
            ensure_folder(self._disk, self.folder)
            self._lock = self._disk.hold(self.folder)
            self._file = self._disk.open(self.path)
            # Whoever made the file or the folder may have been killed before it was flushed.
            self._disk.sync_folder(self.folder)
            self._disk.sync_folder(self.folder.parent)
            self._marked = read_mark(self._disk, self.folder)
            data = self._disk.read(self.path)
        except OSError as error:
            raise LedgerWriteError(Path(error.filename or self.path), error) from error
        self._here = Mark.of(data)
        return data

    @property
    def acknowledged(self) -> Mark | None:
        """See `Home`; None in a folder that no writer of this version has added to."""
        return self._marked

    def set_aside(self, size: int, tail: bytes) -> Path:
        """See `Home`; the tail is kept in `torn-N.bin` beside the log."""
        number = 1
        try:
            while self._disk.exists(path := self.folder / f"torn-{number}.bin"):
                number += 1
            kept = self._disk.read(self.path)[:size]
            keep_file(self._disk, path, tail)
            self._opened().cut(size)
            self._opened().sync()
        except OSError as error:
            raise LedgerWriteError(Path(error.filename or self.path), error) from error
        self._here = Mark.of(kept)
        return path

    @contextlib.contextmanager
    def turn(self) -> Iterator[bytes]:
        """See `Home`; the lock is held all along, so nobody else can have added anything."""
        self._begin()
        news, self._left = self._left, b""
        try:
            yield news
        except BaseException:
            self._left = self._added
            raise
        finally:
            self._added = b""

    def add(self, line: bytes) -> None:
        """See `Home`; flushed and counted by the mark on return, taken back on any failure."""
        file = self._opened()
        before, added = self._here, self._added
        after = before.behind(line)
        try:
            file.append(line)
            file.sync()
            self._promised = True
            self._marker.write(after)
            self._here = self._marked = after
            self._added, self._promised = added + line, False
        except BaseException as error:  # also Ctrl-C at any point: not acknowledged
            self._here, self._added = before, added
            intact = self._take_back()
            if isinstance(error, OSError):
                raise LedgerWriteError(self.path, error, intact=intact) from error
            raise

    def close(self) -> None:
        """See `Home`."""
        self._marker.close()
        if self._file is not None:
            self._file.close()
            self._file = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _opened(self) -> Handle:
        if self._file is None:
            raise LedgerError("open the writer with `with` before appending")
        return self._file

    def _begin(self) -> None:
        """Make sure that the log ends where we think, on the disk too, and that the mark says so.

        Refuses if the file was moved, removed or changed by something without the lock.
        """
        file = self._opened()
        try:
            if self._unsettled:
                self._settle()
            ours = file.same_as(self.path) and file.size() == self._here.size
            if ours and self._marked != self._here:
                self._adopt(file)
        except OSError as error:
            raise LedgerWriteError(self.path, error) from error
        if not ours:
            raise LedgerDamaged(
                f"{self.path} changed while it was being written: find out what else writes it, "
                "then verify the record"
            )

    def _adopt(self, file: Handle) -> None:
        """Flush and mark a whole line that an earlier writer left behind without an answer.

        It is written again first: a flush that failed before may have dropped it from what the
        system still means to write, and the next flush would succeed without it.
        """
        if self._marked is not None and self._marked.size < self._here.size:
            start = self._marked.size
            file.overwrite(start, self._disk.read(self.path)[start : self._here.size])
        file.sync()
        self._marker.write(self._here)
        self._marked = self._here

    def _take_back(self) -> bool:
        self._unsettled = True
        try:
            self._settle()
        except OSError:
            return False
        return True

    def _settle(self) -> None:
        """Cut off what was not acknowledged; the mark goes back before the bytes do."""
        if self._promised:
            self._marker.write(self._here)
            self._marked, self._promised = self._here, False
        self._opened().cut(self._here.size)
        self._opened().sync()
        self._unsettled = False
