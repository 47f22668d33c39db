"""How much of a log was acknowledged: a small file beside it, flushed before each acknowledgement.

After a crash the log may end in anything: half a line, zeros, bytes of another file. Only this
mark says for certain where the acknowledged lines end, so that what lies behind may be set aside
and what lies before may not. It is two slots of one disk sector each, written in turn, so that a
torn write leaves the other one:

    COUNTER SEQ SIZE HEAD CHECK

`SEQ` lines of together `SIZE` bytes, the last with the SHA-256 `HEAD`, are acknowledged; `CHECK`
is the SHA-256 of what precedes it. It is not signed: it guards against the disk, not against
people (those are caught by the chain, the signatures and checkpoints kept elsewhere).
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from safetycase.ledger.disk import Disk, Handle
from safetycase.ledger.record import GENESIS, Log

__all__ = ["MARK_NAME", "MISSING_HINT", "Mark", "Marker", "Tail", "missing", "read_mark", "tail_of"]

Tail = Literal["none", "unfinished", "damaged", "missing"]

MARK_NAME = ".acknowledged"
MISSING_HINT = (
    "restore the log from a copy that has them; if there is none, and the loss is accepted, remove "
    f"`{MARK_NAME}` beside it"
)
_SLOT: Final = 512
_SPELLING: Final = re.compile(
    rb"((\d{1,18}) (\d{1,18}) (\d{1,18}) ([0-9a-f]{64})) ([0-9a-f]{64}) *\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """`seq` lines of `size` bytes were acknowledged; `head` is the SHA-256 (hex) of the last."""

    seq: int = 0
    size: int = 0
    head: str = GENESIS

    @staticmethod
    def of(data: bytes) -> Mark:
        """The mark of a log that ends with the bytes `data`, all of them acknowledged."""
        start = data.rfind(b"\n", 0, -1) + 1
        head = hashlib.sha256(data[start:-1]).hexdigest() if data else GENESIS
        return Mark(seq=data.count(b"\n"), size=len(data), head=head)

    def behind(self, line: bytes) -> Mark:
        """The mark after one more line, newline included."""
        head = hashlib.sha256(line[:-1]).hexdigest()
        return Mark(seq=self.seq + 1, size=self.size + len(line), head=head)

    def fits(self, data: bytes) -> bool:
        """Whether the log `data` still begins with the lines that were acknowledged."""
        if len(data) < self.size or data.count(b"\n", 0, self.size) != self.seq:
            return False
        return Mark.of(data[: self.size]) == self


def tail_of(log: Log, data: bytes, mark: Mark | None) -> Tail:
    """What the bytes of `data` behind the verified records of `log` are.

    `none`: there are none. `unfinished`: certainly nothing that was acknowledged. `damaged`:
    possibly something that was. `missing`: the log does not even hold what was acknowledged.

    Without a mark, or behind lines of a program that keeps none, only a line without its end
    counts as unfinished. A writer marks each line before it begins the next, so that more than
    one sound line behind the mark is not ours.
    """
    if mark is not None and not mark.fits(data):
        cut = b"\n" not in data[log.size :] or log.size >= mark.size
        return "missing" if cut else "damaged"
    if log.size == len(data):
        return "none"
    if mark is not None and 0 <= len(log.records) - mark.seq <= 1:
        return "unfinished"
    ended = b"\n" in data[log.size :]
    known = mark is None or len(log.records) > mark.seq
    return "unfinished" if known and not ended else "damaged"


def missing(log: Log, mark: Mark, name: str) -> str:
    """The sentence for a log that does not hold what was acknowledged."""
    if len(log.records) >= mark.seq:
        return f"record {mark.seq} of {name} is not the one that was acknowledged on this disk"
    return (
        f"record {len(log.records) + 1} of {name} is missing or cut off: "
        f"{mark.seq} were acknowledged on this disk"
    )


def read_mark(disk: Disk, folder: Path) -> Mark | None:
    """The mark in a ledger folder; None if there is none that can be read."""
    found = _read(disk, folder / MARK_NAME)
    return found[1] if found else None


class Marker:
    """The mark, opened by the one writer of a log. Methods raise `OSError` if the disk refuses."""

    def __init__(self, disk: Disk, folder: Path) -> None:
        self._disk = disk
        self._path = folder / MARK_NAME
        self._file: Handle | None = None
        self._counter, self._next = 0, 0

    def write(self, mark: Mark) -> None:
        """Flush `mark`; the one before it stays readable until this one is whole on the disk."""
        if self._file is None:
            self._open(mark)
            return
        self._file.overwrite(self._next * _SLOT, _line(self._counter + 1, mark))
        self._file.sync()
        self._counter, self._next = self._counter + 1, 1 - self._next

    def close(self) -> None:
        """Close the file; closing twice is harmless."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _open(self, mark: Mark) -> None:
        """Open the file and write the slot that does not hold the present mark."""
        found = _read(self._disk, self._path)
        self._counter, self._next = (found[0], 1 - found[2]) if found else (0, 0)
        file = self._disk.open(self._path)
        try:
            missing = 2 * _SLOT - file.size()
            if missing > 0:
                file.append(b" " * missing)
            file.overwrite(self._next * _SLOT, _line(self._counter + 1, mark))
            file.sync()
            self._disk.sync_folder(self._path.parent)
        except BaseException:
            file.close()
            raise
        self._file = file
        self._counter, self._next = self._counter + 1, 1 - self._next


def _line(counter: int, mark: Mark) -> bytes:
    text = f"{counter} {mark.seq} {mark.size} {mark.head}".encode()
    line = text + b" " + hashlib.sha256(text).hexdigest().encode()
    return line.ljust(_SLOT - 1) + b"\n"


def _read(disk: Disk, path: Path) -> tuple[int, Mark, int] | None:
    """The counter, the mark and the slot of the newer readable slot."""
    try:
        data = disk.read(path)
    except FileNotFoundError:
        return None
    found = [
        (slot[0], slot[1], number)
        for number in (0, 1)
        if (slot := _parse(data[number * _SLOT : (number + 1) * _SLOT])) is not None
    ]
    return max(found, key=lambda each: each[0], default=None)


def _parse(slot: bytes) -> tuple[int, Mark] | None:
    match = _SPELLING.fullmatch(slot)
    if match is None or hashlib.sha256(match[1]).hexdigest().encode() != match[6]:
        return None
    mark = Mark(seq=int(match[3]), size=int(match[4]), head=match[5].decode())
    return int(match[2]), mark
