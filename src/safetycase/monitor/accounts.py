"""What came, what was lost and what was refused: counters beside the events, kept with them.

A source numbers what it sends, heartbeats too, from 1 without gaps. The numbers that are missing
below the highest one are the loss; they are kept as intervals, so that an event that comes late
fills its place. A second number 1 is a source that was restarted and counts anew; what was missing
before stays lost.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from safetycase.monitor.records import Event

__all__ = ["OTHERS", "Accounts", "Counts", "SourceCounts"]

MOST_SOURCES: Final = 1000
"""Sources that `counts` names; the totals are of all of them."""

MOST_REFUSED: Final = 2000
"""Pairs of source and reason that refusals are counted by; the rest is counted under `OTHERS`."""

OTHERS: Final = "(other sources)"

_MOST_CACHED: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCounts:
    """One source: how many events it says it sent (its highest number), and how many came.

    `received` are all that came once, `lost` the numbers that are missing, `repeated` events whose
    number had been there under another id, `restarts` how often it began to count anew, `known`
    replays of an id, `conflicts` those of them with other content, `last` the latest time of its
    events in seconds since 1970.
    """

    expected: int
    received: int
    lost: int
    repeated: int
    restarts: int
    known: int
    conflicts: int
    last: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """The store in numbers; `sources` names the `MOST_SOURCES` that were heard first."""

    events: int
    expected: int
    lost: int
    repeated: int
    known: int
    conflicts: int
    sources: Mapping[str, SourceCounts]
    unnamed_sources: int
    refused: Mapping[str, int]
    refused_by_source: Mapping[tuple[str, str], int]


@dataclass(slots=True)
class _Account:
    no: int
    name: str
    received: int = 0
    expected: int = 0
    high: int = 0
    lost: int = 0
    repeated: int = 0
    restarts: int = 0
    known: int = 0
    conflicts: int = 0
    last: float = 0.0

    def shown(self) -> SourceCounts:
        return SourceCounts(
            expected=self.expected,
            received=self.received,
            lost=self.lost,
            repeated=self.repeated,
            restarts=self.restarts,
            known=self.known,
            conflicts=self.conflicts,
            last=self.last,
        )

    def row(self) -> tuple[object, ...]:
        return (
            self.no,
            self.name,
            self.received,
            self.expected,
            self.high,
            self.lost,
            self.repeated,
            self.restarts,
            self.known,
            self.conflicts,
            self.last,
        )


_TOTALS: Final = ("received", "expected", "lost", "repeated", "known", "conflicts")
_LOW: Final = 2**32 - 1
_MOST: Final = 2**62
"""Where the numbers that a source says it sent, and those it lost, stop: SQLite has 64 bits."""

_MARKS: Final = "(" + ",".join("?" * 11) + ")"
_PUTS: Final = {
    rows: "INSERT OR REPLACE INTO sources VALUES " + ",".join([_MARKS] * rows)  # noqa: S608
    for rows in (64, 16, 4, 1)
}
"""Statements by how many sources they write: few, so that each is prepared once."""


class Accounts:
    """The counters of a store; the caller holds its lock and its transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.reload()

    def reload(self) -> None:
        """Read all counters from the disk: at the start, and after a transaction that failed."""
        execute = self._connection.execute
        self._numbers: dict[str, int] = {}
        self._accounts: dict[int, _Account] = {}
        self._changed: set[int] = set()
        self._refused_changed: set[tuple[str, str]] = set()
        query = "SELECT * FROM sources ORDER BY no LIMIT ?"
        self._named = {row[0]: _Account(*row) for row in execute(query, (MOST_SOURCES,))}
        (self._sources,) = execute("SELECT coalesce(max(no), 0) FROM sources").fetchone()
        # In halves, since a sum beyond 64 bits is an error that would keep the file shut for ever.
        halves = ", ".join(
            f"coalesce(sum({each} >> 32), 0), coalesce(sum({each} & {_LOW}), 0)" for each in _TOTALS
        )
        found = execute(f"SELECT {halves} FROM sources").fetchone()  # noqa: S608 - our own names
        pairs = zip(found[::2], found[1::2], strict=True)
        self._totals = {
            each: (high << 32) + low for each, (high, low) in zip(_TOTALS, pairs, strict=True)
        }
        rows = execute("SELECT source, reason, count FROM refused")
        self._refused = {(source, reason): count for source, reason, count in rows}

    def number_of(self, source: str) -> int:
        """The number of a source; a new one gets the next."""
        no = self._numbers.get(source)
        if no is not None:
            return no
        found = self._connection.execute(
            "SELECT no FROM sources WHERE name = ?", (source,)
        ).fetchone()
        if found is None:
            self._sources += 1
            account = _Account(self._sources, source)
            self._connection.execute(_PUTS[1], account.row())
            kept = self._named if len(self._named) < MOST_SOURCES else self._accounts
            kept[account.no] = account
            found = (account.no,)
        if len(self._numbers) >= _MOST_CACHED:
            self._numbers.clear()
        self._numbers[source] = int(found[0])
        return int(found[0])

    def received(self, source: int, event: Event) -> None:
        """Count one new event of a source."""
        account = self._account(source)
        account.received += 1
        self._totals["received"] += 1
        account.last = max(account.last, event.at)
        number = event.number
        if number is None:
            return
        if number > account.high:
            self._rise(account, number)
        elif account.lost and self._fill(source, number):
            self._lose(account, -1)
        elif number == 1:
            account.restarts += 1
            account.high = 0
            self._connection.execute("DELETE FROM gaps WHERE source = ?", (source,))
            self._rise(account, 1)
        else:
            account.repeated += 1
            self._totals["repeated"] += 1

    def _rise(self, account: _Account, number: int) -> None:
        missed = number - account.high - 1
        if missed:
            self._gap(account.no, account.high + 1, number - 1)
            self._lose(account, missed)
        risen = min(number - account.high, _MOST - account.expected)
        account.expected += risen
        self._totals["expected"] += risen
        account.high = number

    def _lose(self, account: _Account, count: int) -> None:
        count = min(count, _MOST - account.lost)
        account.lost += count
        self._totals["lost"] += count

    def replayed(self, source: int, *, conflict: bool) -> None:
        """Count one event whose id was there already."""
        account = self._account(source)
        account.known += 1
        self._totals["known"] += 1
        account.conflicts += conflict
        self._totals["conflicts"] += conflict

    def refuse(self, source: str, reason: str, count: int) -> None:
        """Count what was no event."""
        key = source, reason
        if key not in self._refused and len(self._refused) >= MOST_REFUSED:
            key = OTHERS, reason
            if key not in self._refused and len(self._refused) >= 2 * MOST_REFUSED:
                key = OTHERS, OTHERS
        self._refused[key] = self._refused.get(key, 0) + count
        self._refused_changed.add(key)

    def flush(self) -> None:
        """Write what changed, within the transaction of the caller."""
        execute = self._connection.execute
        rows = [(self._named.get(no) or self._accounts[no]).row() for no in self._changed]
        start = 0
        for size, statement in _PUTS.items():
            while len(rows) - start >= size:
                execute(statement, [each for row in rows[start : start + size] for each in row])
                start += size
        for source, reason in self._refused_changed:
            count = self._refused[source, reason]
            execute("INSERT OR REPLACE INTO refused VALUES (?, ?, ?)", (source, reason, count))
        self._changed.clear()
        self._refused_changed.clear()
        if len(self._accounts) > _MOST_CACHED:
            self._accounts.clear()

    def counts(self, events: int) -> Counts:
        """Everything in numbers; `events` is the last row."""
        totals = self._totals
        reasons: dict[str, int] = {}
        for (_, reason), count in self._refused.items():
            reasons[reason] = reasons.get(reason, 0) + count
        return Counts(
            events=events,
            expected=totals["expected"],
            lost=totals["lost"],
            repeated=totals["repeated"],
            known=totals["known"],
            conflicts=totals["conflicts"],
            sources={each.name: each.shown() for each in self._named.values()},
            unnamed_sources=self._sources - len(self._named),
            refused=reasons,
            refused_by_source=dict(self._refused),
        )

    def _account(self, no: int) -> _Account:
        account = self._named.get(no) or self._accounts.get(no)
        if account is None:
            row = self._connection.execute("SELECT * FROM sources WHERE no = ?", (no,)).fetchone()
            account = self._accounts[no] = _Account(*row)
        self._changed.add(no)
        return account

    def _gap(self, source: int, first: int, last: int) -> None:
        self._connection.execute("INSERT INTO gaps VALUES (?, ?, ?)", (source, first, last))

    def _fill(self, source: int, number: int) -> bool:
        """Whether a number was missing; it is not any more."""
        found = self._connection.execute(
            "SELECT first, last FROM gaps WHERE source = ? AND first <= ? "
            "ORDER BY first DESC LIMIT 1",
            (source, number),
        ).fetchone()
        if found is None or number > found[1]:
            return False
        first, last = found
        self._connection.execute("DELETE FROM gaps WHERE source = ? AND first = ?", (source, first))
        if first < number:
            self._gap(source, first, number - 1)
        if number < last:
            self._gap(source, number + 1, last)
        return True
