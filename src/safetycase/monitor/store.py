"""The events of a deployment on disk: each once, in the order of their arrival, none lost.

A group of events is one transaction and one block: lines of JSON, whose chain of SHA-256 digests
names every event before a row (`Store.root`). With `durable="power"` (`synchronous = FULL`) what
`add` returned from is in the medium; with `"process"` (`NORMAL`) a killed process loses nothing,
a power cut the last moments. Counters are kept in the same transaction, so that `counts` costs
the same at ten million events.

SQLite up to 3.51.2 can corrupt a file in WAL mode that two processes checkpoint at once: one
`Store` at a time has the file, by a lock beside it.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from safetycase.monitor.accounts import Accounts, Counts, SourceCounts
from safetycase.monitor.blocks import GENESIS, Block, chained, event_from, line_of
from safetycase.monitor.records import Event
from safetycase.monitor.store_file import (
    Durable,
    StoreBusy,
    StoreDoubtful,
    doubted,
    hold,
    open_reader,
    open_writer,
)

__all__ = ["Added", "Counts", "Durable", "SourceCounts", "Store", "StoreBusy", "StoreDoubtful"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What became of the events that were given.

    `accepted` are new, `known` were there already by (source, id); `conflicts` counts those of the
    known whose content was another: the first stays. `row` is the last row of the store.
    """

    accepted: int
    known: int
    conflicts: int = 0
    row: int


@dataclass(frozen=True, slots=True)
class _Replay:
    """An event of an id that is known: of which group, from which source, as which line.

    `first` is the line of the first event with this id if it came in the same transaction.
    """

    group: int
    source: int
    event: Event
    line: str
    first: str | None = None


@dataclass(slots=True)
class _Batch:
    """What one transaction adds: fresh events by (source, id), and replays to look at."""

    fresh: dict[tuple[int, str], tuple[int, Event, str]] = field(default_factory=dict)
    replays: list[_Replay] = field(default_factory=list)


class Store:
    """The event database at `path`, opened or made; a context manager.

    Safe to use from several threads. Raises `StoreBusy` while another process has it,
    `StoreDoubtful` for a file that is none of ours, and `OSError` or `sqlite3.Error` if the disk
    fails, after which nothing of the call is stored. `recent` events stay in memory for `after`.
    """

    def __init__(self, path: Path, *, durable: Durable = "power", recent: int = 32_768) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._reading = threading.RLock()
        self._recent_most = recent
        self._recent: list[Block] = []
        self._recent_events = 0
        with contextlib.ExitStack() as undo:
            self._descriptor = hold(path)
            undo.callback(os.close, self._descriptor)
            self._write = open_writer(path, durable)
            undo.callback(self._write.close)
            with doubted(path):
                self._row, self._head = self._last_block()
                self._accounts = Accounts(self._write)
            self._read = open_reader(path)
            undo.pop_all()
        self._closed = False
        self._stale = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; what is in the write-ahead log goes into it."""
        with self._lock, self._reading:
            if self._closed:
                return
            self._closed = True
            self._read.close()
            self._write.close()
            os.close(self._descriptor)

    @property
    def row(self) -> int:
        """The last row; 0 while there is none."""
        return self._row

    def add(
        self,
        events: Sequence[Event],
        *,
        refused: Mapping[tuple[str, str], int] | None = None,
        state: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> Added:
        """Store events, once each; on disk when it returns.

        `refused` counts what was no event by (source, reason), and `state` is saved by name, in
        the same transaction.
        """
        return self.add_groups([events], refused=refused, state=state)[0]

    def add_groups(
        self,
        groups: Sequence[Sequence[Event]],
        *,
        refused: Mapping[tuple[str, str], int] | None = None,
        state: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> list[Added]:
        """As `add`, of several senders in one transaction: what became of each one's events."""
        with self._lock:
            with self._transaction():
                batch = self._split(groups)
                block, head = self._insert(batch)
                known, conflicts = self._replayed(batch, len(groups))
                for (source, reason), count in (refused or {}).items():
                    self._accounts.refuse(source, reason, count)
                for name, value in (state or {}).items():
                    self._put(name, value)
                self._accounts.flush()
            if block is not None:
                self._row, self._head = block.last, head
                self._remember(block)
            return [
                Added(accepted=len(group) - old, known=old, conflicts=other, row=self._row)
                for group, old, other in zip(groups, known, conflicts, strict=True)
            ]

    def refuse(self, source: str, reason: str, count: int = 1) -> None:
        """Count what was refused; `source` is empty where it is not known."""
        self.add((), refused={(source, reason): count})

    def after(self, row: int, limit: int) -> list[tuple[int, Event]]:
        """At most `limit` events after a row, with their rows, oldest first."""
        recent = self._recent
        if recent and recent[0].first <= row + 1:
            return _cut((block for block in recent if block.last > row), row, limit)
        with self._reading, doubted(self.path), contextlib.closing(self._blocks(row)) as blocks:
            return _cut(blocks, row, limit)

    def counts(self) -> Counts:
        """How many events came, from where, and what was lost or refused; O(1) in the events."""
        with self._lock:
            self._refresh()
            return self._accounts.counts(self._row)

    def root(self, row: int | None = None) -> str:
        """The SHA-256 in hex that names all events up to a row (default: the last).

        `head(n) = SHA256(head(n-1) || line(n))` with `line(n)` the UTF-8 JSON of the n-th event as
        it is stored, and 32 zero bytes for `head(0)`. Raises `ValueError` for a row to come.
        """
        with self._lock:
            if row is None or row == self._row:
                return self._head.hex()
        if not 0 <= row < self._row:
            raise ValueError(f"there is no row {row} yet; the last one is {self._row}")
        with self._reading:
            found = self._read.execute(
                "SELECT last, head FROM blocks WHERE last <= ? ORDER BY last DESC LIMIT 1", (row,)
            ).fetchone()
            before, head = found or (0, GENESIS)
            if before == row:
                return bytes(head).hex()
            (body,) = self._read.execute(
                "SELECT body FROM blocks WHERE last > ? ORDER BY last LIMIT 1", (row,)
            ).fetchone()
        return chained(head, body.split("\n")[: row - before]).hex()

    def check(self) -> None:
        """Read everything again; raise `StoreDoubtful` at the first row that does not fit."""
        head, row = GENESIS, 0
        with self._reading, doubted(self.path):
            query = "SELECT first, last, head, body FROM blocks ORDER BY last"
            for first, last, stored, body in self._read.execute(query):
                lines = body.split("\n")
                head = chained(head, lines)
                if first != row + 1 or last != row + len(lines) or head != stored:
                    raise StoreDoubtful(f"{self.path}: rows {first} to {last} were changed")
                row = last

    def save(self, name: str, value: Mapping[str, Any]) -> None:
        """Keep a JSON object under a name; on disk when it returns."""
        self.add((), state={name: value})

    def load(self, name: str) -> dict[str, Any] | None:
        """What was last saved under a name."""
        with self._lock:
            found = self._write.execute(
                "SELECT value FROM state WHERE name = ?", (name,)
            ).fetchone()
        return None if found is None else dict(json.loads(found[0]))

    def _put(self, name: str, value: Mapping[str, Any]) -> None:
        text = json.dumps(value, separators=(",", ":"), allow_nan=False)
        self._write.execute("INSERT OR REPLACE INTO state VALUES (?, ?)", (name, text))

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._refresh()
        self._write.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._write.execute("COMMIT")
        except BaseException:
            self._stale = True
            with contextlib.suppress(sqlite3.Error):
                self._write.execute("ROLLBACK")
            raise

    def _refresh(self) -> None:
        """After a transaction that failed, what is in memory is ahead of what is on disk."""
        if self._stale:
            self._row, self._head = self._last_block()
            self._accounts.reload()
            self._stale = False

    def _split(self, groups: Sequence[Sequence[Event]]) -> _Batch:
        batch = _Batch()
        for group, events in enumerate(groups):
            for event in events:
                key = self._accounts.number_of(event.source), event.id
                line = line_of(event)
                if (first := batch.fresh.get(key)) is None:
                    batch.fresh[key] = group, event, line
                else:
                    batch.replays.append(_Replay(group, key[0], event, line, first[2]))
        return batch

    def _insert(self, batch: _Batch) -> tuple[Block | None, bytes]:
        """Index and store what is new; moves what is known from `fresh` to `replays`."""
        if batch.fresh and not self._index(batch):
            for key in list(batch.fresh):
                found = self._write.execute(
                    "SELECT 1 FROM ids WHERE source = ? AND id = ?", key
                ).fetchone()
                if found:
                    group, event, line = batch.fresh.pop(key)
                    batch.replays.append(_Replay(group, key[0], event, line))
            self._index(batch)
        if not batch.fresh:
            return None, self._head
        _, events, lines = zip(*batch.fresh.values(), strict=True)
        head = chained(self._head, lines)
        first, last = self._row + 1, self._row + len(lines)
        self._write.execute(
            "INSERT INTO blocks VALUES (?, ?, ?, ?)", (last, first, head, "\n".join(lines))
        )
        for (source, _), event in zip(batch.fresh, events, strict=True):
            self._accounts.received(source, event)
        return Block(first=first, last=last, events=events), head

    def _index(self, batch: _Batch) -> bool:
        """Whether all keys were new; if not, none is in the index afterwards."""
        values: list[Any] = []
        for row, (source, name) in enumerate(batch.fresh, self._row + 1):
            values += (source, name, row)
        before = self._write.total_changes
        self._write.execute("SAVEPOINT keys")
        # One statement for many rows: the interpreter's lock changes hands once, not once a row.
        start = 0
        for rows in _GROUPS:
            while len(values) - start >= 3 * rows:
                self._write.execute(_INSERTIONS[rows], values[start : start + 3 * rows])
                start += 3 * rows
        done = self._write.total_changes - before == len(batch.fresh)
        if not done:
            self._write.execute("ROLLBACK TO keys")
        self._write.execute("RELEASE keys")
        return done

    def _replayed(self, batch: _Batch, groups: int) -> tuple[list[int], list[int]]:
        """Count replays: how many of each group are known, and how many of those differ."""
        known, conflicts = [0] * groups, [0] * groups
        for each in batch.replays:
            first = each.first if each.first is not None else self._stored(each.source, each.event)
            differs = each.line != first
            known[each.group] += 1
            conflicts[each.group] += differs
            self._accounts.replayed(each.source, conflict=differs)
        return known, conflicts

    def _stored(self, source: int, event: Event) -> str:
        """The line that is stored under the id of an event."""
        (row,) = self._write.execute(
            "SELECT row FROM ids WHERE source = ? AND id = ?", (source, event.id)
        ).fetchone()
        first, body = self._write.execute(
            "SELECT first, body FROM blocks WHERE last >= ? ORDER BY last LIMIT 1", (row,)
        ).fetchone()
        return str(body.split("\n")[row - first])

    def _blocks(self, row: int) -> Generator[Block]:
        query = "SELECT first, last, body FROM blocks WHERE last > ? ORDER BY last"
        # Closed at once where the reader has enough: an open one would hold up the checkpoints.
        with contextlib.closing(self._read.execute(query, (row,))) as found:
            for first, last, body in found:
                lines = body.split("\n")[max(0, row + 1 - first) :]
                events = tuple(map(event_from, lines))
                yield Block(first=last + 1 - len(lines), last=last, events=events)

    def _remember(self, block: Block) -> None:
        """Keep the newest blocks; a fresh list, since readers hold the old one without a lock."""
        kept = [*self._recent, block]
        self._recent_events += len(block.events)
        while self._recent_events > self._recent_most and kept:
            self._recent_events -= len(kept.pop(0).events)
        self._recent = kept

    def _last_block(self) -> tuple[int, bytes]:
        found = self._write.execute(
            "SELECT last, head FROM blocks ORDER BY last DESC LIMIT 1"
        ).fetchone()
        return (0, GENESIS) if found is None else (int(found[0]), bytes(found[1]))


_GROUPS: Final = (256, 64, 16, 4, 1)
"""Rows of one statement; few different ones, so that each is prepared once."""

_INSERTIONS: Final = {
    rows: "INSERT OR IGNORE INTO ids VALUES " + ",".join(["(?,?,?)"] * rows)  # noqa: S608
    for rows in _GROUPS
}


def _cut(blocks: Iterator[Block], row: int, limit: int) -> list[tuple[int, Event]]:
    found: list[tuple[int, Event]] = []
    if limit <= 0:
        return found
    for block in blocks:
        skip = max(0, row + 1 - block.first)
        wanted = block.events[skip : skip + limit - len(found)]
        found += enumerate(wanted, block.first + skip)
        if len(found) >= limit:
            break
    return found
