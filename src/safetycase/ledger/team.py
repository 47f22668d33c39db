"""A record that a team adds to: its lines in PostgreSQL, a verified copy in every folder.

The lines are the record; what the database says besides is an index. A database is trusted with
nothing: every line that comes from it is checked like a line of a file before it reaches the copy.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetycase.ledger.database import lines as table
from safetycase.ledger.database.address import Address, parse_address
from safetycase.ledger.database.errors import ConnectionLost, DatabaseFailed, DatabaseRefused
from safetycase.ledger.database.session import Session
from safetycase.ledger.errors import LedgerDamaged, LedgerError, LedgerWriteError
from safetycase.ledger.mark import Mark
from safetycase.ledger.replica import Replica, first_difference

__all__ = ["Compared", "TeamHome", "TeamWriteError", "compare", "dense", "origin_of"]

ORIGIN_LENGTH = 32


class TeamWriteError(LedgerWriteError):
    """The shared record did not take a line; the message says whether it may have it after all."""

    def __init__(self, name: str, reason: str, *, in_doubt: bool = False) -> None:
        self.path = Path(name)
        self.reason = reason
        self.hint = "see the reason, then run again"
        self.in_doubt = in_doubt
        kept = (
            "whether the record took the line will show when the database answers again: "
            "`safetycase record sync`"
            if in_doubt
            else "the record stands as it was"
        )
        LedgerError.__init__(self, f"cannot add to {name}: {reason}; {kept}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A copy beside the shared record: `behind` are the lines that the copy lacks."""

    log: int
    local: bytes
    behind: tuple[bytes, ...]
    rows: int

    @property
    def whole(self) -> bytes:
        """The bytes of the shared record, by the copy where it reaches."""
        return self.local + b"".join(line + b"\n" for line in self.behind)


def origin_of(data: bytes) -> str | None:
    """The origin of the record in the bytes of a log: 32 hex digits, None if it is empty."""
    first, end, _ = data.partition(b"\n")
    return hashlib.sha256(first).hexdigest()[:ORIGIN_LENGTH] if end else None


def compare(session: Session, replica: Replica, *, ahead: bool = False) -> Compared:
    """What a copy lacks of the shared record. Raises `LedgerDamaged` if they contradict.

    A copy with records that the database lacks contradicts it too, unless `ahead` expects that.
    An unfinished last line of the copy is completed by whoever grows it, or set aside if the
    shared record goes on otherwise.
    """
    data = replica.read()
    whole = data[: data.rfind(b"\n") + 1]
    own = whole.split(b"\n")[:-1]
    with session.transaction(patient=True) as connection:
        log = _log_of(connection, session, whole)
        tip = table.tip(connection, log)
        if tip.rows != tip.seq:
            raise LedgerDamaged(
                f"{session.name} holds {tip.rows} lines, and the last is number {tip.seq}: lines "
                "were taken out; restore it from a copy with `safetycase record home init`"
            )
        shared = min(len(own), tip.seq)
        same = shared == 0 or _digest(own[shared - 1]) == _one(connection, log, shared)
        if not same:
            _contradict(connection, log, whole, session, replica)
        if len(own) > tip.seq and not ahead:
            raise LedgerDamaged(
                f"{replica.path} has record {tip.seq + 1}, which {session.name} lacks: the "
                "database was put back to an older state, or this folder was written while it was "
                "not shared; `safetycase record home init` gives it what it lacks"
            )
        behind = table.lines_after(connection, log, len(own))
    dense(behind, len(own), session)
    found = Compared(log=log, local=whole, behind=tuple(line for _, line in behind), rows=tip.rows)
    tail = data[len(whole) :]
    if tail and not found.whole[len(whole) :].startswith(tail):
        replica.set_aside(len(whole), tail)
    return found


class TeamHome:
    """The home of a record in PostgreSQL, for one writer of the ledger folder `folder`.

    Writers take turns by an advisory lock of the database, held from before the last look at what
    others added until the new lines are committed. `shared` tells a scheduler that attempts
    without an end may be running elsewhere.
    """

    shared = True

    def __init__(
        self, folder: Path, address: str | Address, *, session: Session | None = None
    ) -> None:
        where = parse_address(address) if isinstance(address, str) else address
        self.replica = Replica(folder)
        self._session = session or Session(where)
        self._log = 0
        self._indexing = False
        self._seen = self._size = 0  # lines and bytes that the writer has
        self._copied = 0  # bytes of them that the copy has
        self._pending = b""  # verified by the writer, not yet in the copy
        self._before = (0, 0, b"")
        self._turn: list[bytes] | None = None

    @property
    def name(self) -> str:
        """The address of the record, without a password."""
        return self._session.name

    @property
    def acknowledged(self) -> Mark | None:
        """See `Home`; a database keeps whole lines or none, so there is nothing to tell apart."""
        return None

    def open(self) -> bytes:
        """See `Home`: the copy of this folder, and behind it what others added since."""
        found = compare(self._session, self.replica)
        with self._session.transaction() as connection:
            self._indexing = table.has_index(connection)
        self._log = found.log
        self._copied = len(found.local)
        data = found.whole
        self._pending = data[self._copied :]
        self._seen, self._size = data.count(b"\n"), len(data)
        return data

    def set_aside(self, size: int, tail: bytes) -> Path | None:
        """See `Home`; a database keeps no unfinished line."""
        raise LedgerError(f"{self.name} gave {len(tail)} bytes without a line end behind {size}")

    @contextlib.contextmanager
    def turn(self) -> Iterator[bytes]:
        """See `Home`; nobody else can add while it lasts."""
        if not self._log:
            raise LedgerError("open the writer with `with` before appending")
        added: list[bytes] = []
        first = table.turn_of(self._log)
        try:
            with self._session.transaction(patient=True, first=first) as connection:
                self._turn = added
                news = self._news(connection)
                yield news
                # The writer checked the news and went on from there.
                self._add(connection, added)
        except DatabaseFailed as failed:
            if not added:
                raise TeamWriteError(self.name, str(failed)) from failed
            self._settle(added, failed)
        except LedgerDamaged:
            self._forget_news()
            raise
        finally:
            self._turn = None
        self._keep(added)

    def add(self, line: bytes) -> None:
        """See `Home`; lines reach the database together, when the turn ends."""
        if self._turn is None:
            raise LedgerError("open the writer with `with` before appending")
        self._turn.append(line.removesuffix(b"\n"))

    def close(self) -> None:
        """See `Home`."""
        self._session.close()

    def _news(self, connection: Any) -> bytes:
        found = table.lines_after(connection, self._log, self._seen)
        dense(found, self._seen, self._session)
        news = b"".join(line + b"\n" for _, line in found)
        self._before = self._seen, self._size, self._pending
        self._seen += len(found)
        self._size += len(news)
        self._pending += news
        return news

    def _forget_news(self) -> None:
        """Give the same lines again next time: the writer could not take them in."""
        self._seen, self._size, self._pending = self._before

    def _add(self, connection: Any, lines: Sequence[bytes]) -> None:
        if not lines:
            return
        table.add_lines(connection, self._log, self._seen, lines)
        if self._indexing:
            table.add_index(connection, self._log, lines, start=self._size)

    def _settle(self, added: Sequence[bytes], failed: DatabaseFailed) -> None:
        """Find out what became of lines that were not acknowledged; add them if they are not there.

        Taking the turn first makes the answer final: the broken transaction would hold it. An
        index that cannot take the lines is left behind: it can be made again, a line cannot.
        """
        if isinstance(failed, DatabaseRefused):
            if not self._indexing:
                raise TeamWriteError(self.name, str(failed)) from failed
            self._indexing = False
        try:
            with self._session.transaction(patient=True) as connection:
                table.take_turn(connection, self._log)
                there = dict(table.digests(connection, self._log, first=self._seen + 1))
                if there.get(self._seen + len(added)) == _digest(added[-1]):
                    return
                if there:
                    raise TeamWriteError(
                        self.name, f"{failed}, and others have added lines since then"
                    ) from failed
                self._add(connection, added)
        except DatabaseFailed as again:
            doubt = isinstance(again, ConnectionLost)
            raise TeamWriteError(self.name, str(again), in_doubt=doubt) from again

    def _keep(self, added: Sequence[bytes]) -> None:
        """The turn counts: move on, and bring the copy up to it."""
        fresh = b"".join(line + b"\n" for line in added)
        pending = self._pending + fresh
        self.replica.grow(self._copied, pending)
        self._copied += len(pending)
        self._pending = b""
        self._seen += len(added)
        self._size += len(fresh)


def _log_of(connection: Any, session: Session, local: bytes) -> int:
    """The number of the record that the address and the copy name; they have to name the same."""
    wanted, own = session.address.log, origin_of(local)
    if wanted and own and wanted != own:
        raise LedgerDamaged(
            f"{session.name} names another record than the one in this folder, which is {own}"
        )
    origin = wanted or own
    if origin is None:
        there = table.logs(connection)
        if len(there) != 1:
            known = "; ".join(f"{name}: ?log={each}" for _, each, name in there) or "none"
            raise LedgerError(
                f"say which record of {session.name} is meant by `?log=` (it holds {known})"
            )
        origin = there[0][1]
    log = table.find_log(connection, origin)
    if log is None:
        raise LedgerError(
            f"{session.name} does not hold the record {origin}: "
            "`safetycase record home init ADDRESS` puts it there"
        )
    return log


def _one(connection: Any, log: int, seq: int) -> str | None:
    return next((d for s, d in table.digests(connection, log, first=seq) if s == seq), None)


def _digest(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()


def _contradict(
    connection: Any, log: int, local: bytes, session: Session, replica: Replica
) -> None:
    seq = first_difference(local, dict(table.digests(connection, log)))
    raise LedgerDamaged(
        f"record {seq} of {replica.path} is not record {seq} of {session.name}: one of them was "
        "changed, or written apart from the other; find out which before anything is added"
    )


def dense(found: Sequence[tuple[int, bytes]], seen: int, session: Session) -> None:
    """Raise `LedgerDamaged` unless the lines go on behind line `seen` without a gap."""
    for expected, (seq, _) in enumerate(found, start=seen + 1):
        if seq != expected:
            raise LedgerDamaged(
                f"{session.name} gives record {seq} where record {expected} comes next"
            )
