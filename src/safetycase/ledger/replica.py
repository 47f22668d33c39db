"""A folder's copy of a record that lives in a database: it only ever grows by verified lines.

Several processes on one machine may share a folder; each takes the lock of the folder for the
moment in which it adds what all of them would have added.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from pathlib import Path

from safetycase.ledger import lock
from safetycase.ledger.disk import Disk, OsDisk, ensure_folder
from safetycase.ledger.errors import LedgerBusy, LedgerDamaged, LedgerWriteError
from safetycase.ledger.home import LOG_NAME, FolderHome
from safetycase.ledger.mark import MARK_NAME, read_mark

__all__ = ["Replica", "ReplicaBehind", "first_difference"]

_PATIENCE_SECONDS = 20.0
_PAUSE_SECONDS = 0.02


class Replica:
    """The log file of the ledger folder `folder`, as a copy of a log kept elsewhere."""

    def __init__(self, folder: Path, disk: Disk | None = None) -> None:
        self.folder = folder
        self.path = folder / LOG_NAME
        self._disk = disk or OsDisk()

    def read(self) -> bytes:
        """The bytes of the copy, an unfinished last line included; empty if there is none."""
        try:
            return self._disk.read(self.path)
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise LedgerDamaged(
                f"{self.path} cannot be read: {error.strerror}; make it readable for this user"
            ) from error

    def set_aside(self, size: int, tail: bytes) -> Path:
        """Cut the copy to `size` bytes and keep a `tail` that the shared record does not know."""
        home = FolderHome(self.folder, self._disk)
        try:
            if home.open()[size:] != tail:
                raise LedgerDamaged(f"{self.path} changed while it was read: try again")
            return home.set_aside(size, tail)
        finally:
            home.close()

    def grow(self, start: int, lines: bytes) -> None:
        """Have the copy hold `lines` from byte `start` on.

        What others of this folder added already is compared, not written again. Raises
        `LedgerDamaged` if the copy says something else, `LedgerWriteError` if it cannot be
        written: then the shared record has lines that this copy lacks.
        """
        if not lines:
            return
        try:
            ensure_folder(self._disk, self.folder)
            held = self._hold()
        except OSError as error:
            raise ReplicaBehind(self.path, error) from error
        try:
            self._extend(start, lines)
        except OSError as error:
            raise ReplicaBehind(self.path, error) from error
        finally:
            os.close(held)

    def _extend(self, start: int, lines: bytes) -> None:
        handle = self._disk.open(self.path)
        try:
            size = handle.size()
            if size == start == 0:
                self._begin(lines)
            if size < start:
                raise LedgerDamaged(
                    f"{self.path} was cut to {size} bytes while it was in use: find out what else "
                    "writes it; `safetycase record sync` fetches what is missing"
                )
            there = self._disk.read(self.path)[start:] if size > start else b""
            if not (lines.startswith(there) or there.startswith(lines)):
                raise LedgerDamaged(
                    f"{self.path} says something else than the shared record from byte {start} on: "
                    "keep it elsewhere, and `safetycase record sync` fetches the shared record anew"
                )
            if len(there) < len(lines):
                try:
                    handle.append(lines[len(there) :])
                    handle.sync()
                except OSError:
                    handle.cut(size)
                    raise
        finally:
            handle.close()

    def _begin(self, lines: bytes) -> None:
        """Let a copy begin: a mark of other lines is that of a record which was moved away."""
        mark = read_mark(self._disk, self.folder)
        if mark is not None and not mark.fits(lines):
            with contextlib.suppress(FileNotFoundError):
                self._disk.remove(self.folder / MARK_NAME)
        self._disk.sync_folder(self.folder)

    def _hold(self) -> int:
        until = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                return lock.hold(self.folder)
            except LedgerBusy:
                if time.monotonic() > until:
                    raise
                time.sleep(_PAUSE_SECONDS)


class ReplicaBehind(LedgerWriteError):
    """The shared record has a line that this folder's copy could not take."""

    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(path, error)
        self.args = (
            f"cannot write {path}: {self.reason}; the record itself is safe in the database, only "
            f"this copy lacks its end. {self.hint}, then `safetycase record sync`",
        )


def first_difference(data: bytes, shared: dict[int, str]) -> int | None:
    """The first record in which the whole lines of `data` and the shared digests (by seq) differ.

    A record that only one of them has does not count.
    """
    for seq, line in enumerate(data.split(b"\n")[:-1], start=1):
        if seq in shared and shared[seq] != hashlib.sha256(line).hexdigest():
            return seq
    return None
