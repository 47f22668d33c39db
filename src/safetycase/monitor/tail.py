"""Follow a growing file of JSON Lines, through rotation, truncation and restarts.

Where it stands is kept in the store, in the transaction of the events it read: nothing is read
twice after a restart, and would it be, an event is stored once.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, Self

from safetycase.monitor import jsontext
from safetycase.monitor.events import Reading, Refusal, event_of
from safetycase.monitor.records import Event
from safetycase.monitor.store import Added, Store

__all__ = ["GRACE_SECONDS", "Tail"]

CHUNK_BYTES: Final = 4 * 2**20
"""What one step reads; a longer line is refused."""

GRACE_SECONDS: Final = 5.0
"""How long a file that was rotated away is still read: its writer may not know of it yet."""

_HEAD_BYTES: Final = 256
_PACKED: Final = (".gz", ".zst", ".bz2", ".xz", ".zip")

TRUNCATED: Final = "file: it was cut or written anew; what had not been read is lost"
ROTATED: Final = "file: it was rotated away before it was read to its end"
TOO_LONG: Final = f"file: a line is longer than {CHUNK_BYTES} bytes"


@dataclass(slots=True, kw_only=True)
class _Place:
    """Where the reading stands: in which file, and after how many bytes.

    `head` digests the first `headed` bytes, which tells a file that was written anew in place from
    one that grew. `skipping` is in the middle of a line that is too long.
    """

    device: int = 0
    inode: int = 0
    offset: int = 0
    head: str = hashlib.sha256().hexdigest()
    headed: int = 0
    skipping: bool = False


class Tail:
    """Follows the file at `path` into `store`; `step` reads what is new. A context manager."""

    def __init__(
        self,
        path: Path,
        store: Store,
        *,
        reading: Reading = Reading(),  # noqa: B008 - frozen
        chunk: int = CHUNK_BYTES,
    ) -> None:
        self.path = path.absolute()
        self._store, self._reading, self._chunk = store, reading, chunk
        self._name = f"tail:{self.path}"
        self._file: BinaryIO | None = None
        self._quiet_since: float | None = None
        saved = store.load(self._name)
        self._place = _Place(**saved) if saved else _Place()
        self._notices: Counter[str] = Counter()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def step(self, now: float) -> Added | None:
        """Read up to a chunk and store its events; None if there was nothing.

        `now` is in seconds since 1970. A last line without its end waits for it. Raises `OSError`
        or `sqlite3.Error`, after which the same is read again.
        """
        if self._file is None and not self._open():
            return self._settle([], None)
        assert self._file is not None
        before = asdict(self._place)
        try:
            return self._read(self._file, now)
        except BaseException:
            self._place = _Place(**before)
            raise

    def _read(self, file: BinaryIO, now: float) -> Added | None:
        if not self._begins_as_before(file):
            return self._anew()
        file.seek(self._place.offset)
        data = file.read(self._chunk)
        end = data.rfind(b"\n") + 1
        if end:
            self._quiet_since = None
            return self._lines(data[:end], now)
        if len(data) >= self._chunk:
            if not self._place.skipping:
                self._notices[TOO_LONG] += 1
            self._place.skipping = True
            self._place.offset += len(data)
            return self._settle([], None)
        return self._at_end(file, data, now)

    def _at_end(self, file: BinaryIO, rest: bytes, now: float) -> Added | None:
        """Nothing whole is left: the file is to grow, was cut, or another took its place."""
        if os.fstat(file.fileno()).st_size < self._place.offset:
            return self._anew()
        if self._is_current():
            self._quiet_since = None
            return self._settle([], None)
        if self._quiet_since is None:
            self._quiet_since = now
        if now - self._quiet_since < GRACE_SECONDS:
            return self._settle([], None)
        added = self._lines(rest, now) if rest.strip() else None
        self._next()
        return added or self._settle([], None, moved=True)

    def _begins_as_before(self, file: BinaryIO) -> bool:
        file.seek(0)
        return _digest(file.read(self._place.headed)) == self._place.head

    def _anew(self) -> Added | None:
        self._notices[TRUNCATED] += 1
        self._place = _Place(device=self._place.device, inode=self._place.inode)
        return self._settle([], None)

    def _lines(self, data: bytes, now: float) -> Added:
        self._mark()
        self._place.offset += len(data)
        if self._place.skipping:
            data = data.partition(b"\n")[2]
            self._place.skipping = False
        events: list[Event] = []
        refused: Counter[tuple[str, str]] = Counter()
        for value in jsontext.lines(data):
            found = event_of(value, now=now, reading=self._reading)
            if isinstance(found, Refusal):
                refused[found.source, found.reason] += 1
            else:
                events.append(found)
        added = self._settle(events, refused)
        assert added is not None
        return added

    def _settle(
        self,
        events: list[Event],
        refused: Mapping[tuple[str, str], int] | None,
        *,
        moved: bool = False,
    ) -> Added | None:
        """Store events, refusals and the place in one transaction, if there is anything."""
        if refused is None and not self._notices and not moved:
            return None
        counted = Counter(refused or {})
        for reason, count in self._notices.items():
            counted["", reason] += count
        added = self._store.add(events, refused=counted, state={self._name: self._state()})
        self._notices.clear()
        return added

    def _state(self) -> dict[str, Any]:
        return asdict(self._place)

    def _mark(self) -> None:
        """Note what the file begins with."""
        if self._place.headed < _HEAD_BYTES and self._file is not None:
            self._file.seek(0)
            head = self._file.read(_HEAD_BYTES)
            self._place.head, self._place.headed = _digest(head), len(head)

    def _open(self) -> bool:
        """Open the file that is to be read next; whether there is one."""
        wanted = self._place.device, self._place.inode
        if wanted == (0, 0):
            return self._take(self.path, None)
        for path in self._siblings():
            with contextlib.suppress(OSError):
                found = path.stat()
                if (found.st_dev, found.st_ino) == wanted and self._take(path, self._place):
                    return True
        if not self.path.exists():
            return False
        self._notices[ROTATED] += 1
        return self._take(self.path, None)

    def _take(self, path: Path, place: _Place | None) -> bool:
        """Open `path` at a place; at its start if there is none, or if it was written anew."""
        try:
            file = path.open("rb")
        except FileNotFoundError:
            return False
        found = os.fstat(file.fileno())
        if place is not None:
            head = file.read(place.headed)
            if found.st_size < place.offset or _digest(head) != place.head:
                if path != self.path:  # the number of a file that is gone was given to another
                    file.close()
                    return False
                self._notices[TRUNCATED] += 1
                place = None
        self._place = place or _Place(device=found.st_dev, inode=found.st_ino)
        self._file = file
        return True

    def _next(self) -> None:
        """Go on to the file that was begun after the present one."""
        assert self._file is not None
        was = os.fstat(self._file.fileno())
        self.close()
        self._quiet_since = None
        paths = self._siblings()
        at = -1
        for n, path in enumerate(paths):
            with contextlib.suppress(OSError):
                found = path.stat()
                if (found.st_dev, found.st_ino) == (was.st_dev, was.st_ino):
                    at = n
        following = paths[at + 1] if at >= 0 else self.path
        if not self._take(following, None):
            self._place = _Place()

    def _is_current(self) -> bool:
        """Whether the file that is being read still stands at the path."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            # Moved away and nothing new yet: there may still be more in it.
            return True
        return (found.st_dev, found.st_ino) == (self._place.device, self._place.inode)

    def _siblings(self) -> list[Path]:
        """The file and what was rotated away from it, oldest first; the file itself is last."""
        found: list[tuple[int, Path]] = []
        for path in self.path.parent.iterdir():
            beside = path.name.startswith((self.path.name + ".", self.path.name + "-"))
            if beside and not path.name.endswith(_PACKED):
                with contextlib.suppress(OSError):
                    found.append((path.stat().st_mtime_ns, path))
        return [path for _, path in sorted(found)] + [self.path]


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
