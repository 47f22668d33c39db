"""An index of a record, `ledger/index.sqlite`: it finds records, and decides nothing.

It is made from verified lines and remembers the SHA-256 of the bytes it was made from, so that it
is used only beside those bytes; at any doubt it is dropped. What is found is read from the lines
again. A record of under `WORTH_AN_INDEX` lines gets none unless somebody asks: there, reading it
whole is as quick.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from safetycase.ledger import dsse, lock, sqlite_file
from safetycase.ledger.errors import LedgerBusy, LedgerDamaged, LedgerWriteError
from safetycase.ledger.files import read_file
from safetycase.ledger.log import LOG_NAME, Chain, LineBroken, parse, read
from safetycase.ledger.record import Problem, Record, open_statement
from safetycase.ledger.sqlite_file import FileDoubtful
from safetycase.ledger.tables import CONCERNS, LONGEST, REVIEWS, WATCHES, Row, rows

__all__ = ["INDEX_NAME", "Found", "IndexFacts", "drop", "facts", "find", "rebuild"]

INDEX_NAME: Final = "index.sqlite"
WORTH_AN_INDEX: Final = 10_000
"""Lines of a record for which an index is made without being asked for."""

_BROKEN = (sqlite3.Error, FileDoubtful, dsse.EnvelopeError, ValueError, KeyError)


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexFacts:
    """What the index covers: `records` up to `head`, out of `of` whole lines in the log.

    `doubt` says why it cannot be used, None if it can; it is current if it covers them all.
    """

    path: Path
    records: int
    of: int
    head: str | None
    sha256: str | None = None
    bytes: int = 0
    doubt: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Records that were asked for, oldest first; `total` with those left out by the limit.

    `indexed` is how many lines did not have to be verified again, `problems` are those of the
    record itself.
    """

    records: tuple[Record, ...]
    total: int
    indexed: int
    problems: tuple[Problem, ...]


def find(
    folder: Path,
    *,
    evidence: str | None = None,
    monitor: str | None = None,
    element: str | None = None,
    kind: str | None = None,
    limit: int = 20,
) -> Found:
    """The last `limit` records of a kind, or that concern one thing.

    That is a piece of evidence, a live monitor, or the review of an element.

    Raises nothing for a folder that cannot be written or a writer at work: then the index in the
    file stays as it is.
    """
    with contextlib.suppress(*_BROKEN, OSError):
        return _find_indexed(folder, _Asked(evidence, monitor, element, kind), limit)
    log = read(folder)  # no index, or one in doubt: read the whole record
    if not log.records:
        return Found(records=(), total=0, indexed=0, problems=log.problems)
    data = _bytes(folder)[: log.size]
    wanted = len(log.records) >= WORTH_AN_INDEX or (folder / INDEX_NAME).exists()
    if wanted and not log.errors:
        with contextlib.suppress(OSError, sqlite3.Error, LedgerBusy):
            _make(folder, data, log.records)
    with contextlib.closing(sqlite_file.blank()) as memory:
        sqlite_file.add(memory, _rows(log.records, data, 0), {})
        seqs = _ask(memory, _Asked(evidence, monitor, element, kind))
    chosen = tuple(log.records[seq - 1] for seq in seqs[-limit:])
    return Found(records=chosen, total=len(seqs), indexed=0, problems=log.problems)


def rebuild(folder: Path) -> IndexFacts:
    """Make the index anew from the verified record: the same log always gives the same bytes.

    Raises `LedgerDamaged` if the record does not verify, `LedgerBusy` while somebody writes,
    `LedgerWriteError` if the folder refuses.
    """
    data = _bytes(folder)
    log = parse(data[: data.rfind(b"\n") + 1])
    if log.errors:
        raise LedgerDamaged(str(log.errors[0]))
    try:
        _make(folder, data[: log.size], log.records)
    except OSError as error:
        raise LedgerWriteError(folder / INDEX_NAME, error) from error
    except sqlite3.Error as error:
        raise LedgerWriteError(folder / INDEX_NAME, OSError(0, f"SQLite: {error}")) from error
    return facts(folder)


def drop(folder: Path) -> bool:
    """Remove the index; whether there was one."""
    path = folder / INDEX_NAME
    there = path.exists()
    for name in (path, *(path.with_name(path.name + end) for end in ("-journal", "-wal", "-shm"))):
        try:
            name.unlink(missing_ok=True)
        except OSError as error:
            raise LedgerWriteError(name, error) from error
    return there


def facts(folder: Path) -> IndexFacts:
    """What the index covers, once SQLite has looked through it and the log is beside it."""
    path, data = folder / INDEX_NAME, _bytes(folder)
    of = data.count(b"\n")
    try:
        with sqlite_file.open_file(path) as connection:
            found = _fitting(connection, data)
            sound = [row[0] for row in connection.execute("PRAGMA integrity_check(3)")]
            if sound != ["ok"]:
                raise FileDoubtful(f"SQLite says: {'; '.join(map(str, sound))}")
            return IndexFacts(
                path=path,
                records=int(found["records"]),
                of=of,
                head=found["head"] or None,
                sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
                bytes=path.stat().st_size,
            )
    except FileNotFoundError:
        return IndexFacts(path=path, records=0, of=of, head=None, doubt="there is none")
    except (*_BROKEN, OSError) as error:
        return IndexFacts(path=path, records=0, of=of, head=None, doubt=str(error))


class _Asked(NamedTuple):
    """What records are asked for; None asks for any."""

    evidence: str | None
    monitor: str | None
    element: str | None
    kind: str | None


def _find_indexed(folder: Path, asked: _Asked, limit: int) -> Found:
    path, data = folder / INDEX_NAME, _bytes(folder)
    with sqlite_file.open_file(path) as connection:
        known = _fitting(connection, data)
        indexed, size = int(known["records"]), int(known["size"])
        fresh, problems = _behind(connection, data, known)
        if fresh:
            added = list(_rows(fresh, data, size))
            now = _facts(data[: size + _length(fresh, data, size)], len(fresh) + indexed)
            with contextlib.closing(sqlite_file.blank()) as memory:
                connection.backup(memory)
                sqlite_file.add(memory, added, now)
                seqs = _ask(memory, asked)
                chosen = _lines(memory, data, seqs[-limit:])
        else:
            seqs = _ask(connection, asked)
            chosen = _lines(connection, data, seqs[-limit:])
    if fresh:
        with contextlib.suppress(OSError, FileDoubtful, LedgerBusy), _held(folder):
            sqlite_file.grow(path, added, now)
    return Found(records=chosen, total=len(seqs), indexed=indexed, problems=problems)


def _fitting(connection: sqlite3.Connection, data: bytes) -> dict[str, str]:
    """The facts of an index that was made from the beginning of `data`."""
    known = sqlite_file.facts_of(connection)
    size = int(known["size"])
    if size > len(data) or hashlib.sha256(data[:size]).hexdigest() != known["sha256"]:
        raise FileDoubtful("it was made from another record than the one beside it")
    return known


def _behind(
    connection: sqlite3.Connection, data: bytes, known: dict[str, str]
) -> tuple[list[Record], tuple[Problem, ...]]:
    """The records that came after the index, verified, and what is wrong behind them."""
    size, seq = int(known["size"]), int(known["records"])
    whole, _, tail = data[size:].rpartition(b"\n")
    if not whole and not tail:
        return [], ()
    chain = Chain()
    keys = _lines(connection, data, [n for (n,) in connection.execute(_KEYS)])
    for record in keys:
        chain.follow_one(record)
    chain.seq, chain.head = seq, known["head"] or chain.head
    found: list[Record] = []
    try:
        found += [chain.take(line) for line in whole.split(b"\n") if whole]
    except LineBroken:
        tail = b"broken"
    # What is wrong is said as everywhere: by reading the record from its beginning.
    return found, parse(data).problems if tail else ()


_KEYS = "SELECT seq FROM record WHERE kind = 'key' ORDER BY seq"


def _ask(connection: sqlite3.Connection, asked: _Asked) -> list[int]:
    query, given = ["SELECT seq FROM record WHERE 1"], {}
    if asked.kind is not None:
        query.append("AND kind = :kind")
        given["kind"] = asked.kind
    if asked.evidence is not None:
        query.append(f"AND seq IN ({CONCERNS})")
        given["evidence"] = asked.evidence[:LONGEST]
    if asked.monitor is not None:
        query.append(f"AND seq IN ({WATCHES})")
        given["monitor"] = asked.monitor[:LONGEST]
    if asked.element is not None:
        query.append(f"AND seq IN ({REVIEWS})")
        given["element"] = asked.element[:LONGEST]
    return [seq for (seq,) in connection.execute(" ".join(query) + " ORDER BY seq", given)]


def _lines(connection: sqlite3.Connection, data: bytes, seqs: Sequence[int]) -> tuple[Record, ...]:
    """Records, from their lines: an index that points elsewhere is in doubt."""
    found = []
    for seq in seqs:
        row = connection.execute(
            "SELECT start, size, digest FROM record WHERE seq = ?", (seq,)
        ).fetchone()
        line = data[row[0] : row[0] + row[1] - 1]
        digest = hashlib.sha256(line).hexdigest()
        envelope = dsse.open_line(line)
        record = open_statement(envelope.payload, digest=digest, keyid=envelope.keyid)
        if digest != row[2] or record.seq != seq:
            raise FileDoubtful(f"it points to another line for record {seq}")
        found.append(record)
    return tuple(found)


def _rows(records: Sequence[Record], data: bytes, start: int) -> Iterator[Row]:
    for record in records:
        size = data.index(b"\n", start) + 1 - start
        yield from rows(record, start=start, size=size)
        start += size


def _length(records: Sequence[Record], data: bytes, start: int) -> int:
    end = start
    for _ in records:
        end = data.index(b"\n", end) + 1
    return end - start


def _facts(data: bytes, records: int) -> dict[str, str]:
    """What an index says of the bytes it was made from: whole verified lines."""
    last = data[data.rfind(b"\n", 0, max(len(data) - 1, 0)) + 1 : -1]
    return {
        "head": hashlib.sha256(last).hexdigest() if records else "",
        "records": str(records),
        "sha256": hashlib.sha256(data).hexdigest(),
        "size": str(len(data)),
    }


def _make(folder: Path, data: bytes, records: Sequence[Record]) -> None:
    with contextlib.closing(sqlite_file.blank()) as memory:
        sqlite_file.add(memory, _rows(records, data, 0), _facts(data, len(records)))
        folder.mkdir(parents=True, exist_ok=True)
        with _held(folder):
            sqlite_file.save(memory, folder / INDEX_NAME)


@contextlib.contextmanager
def _held(folder: Path) -> Iterator[None]:
    held = lock.hold(folder)
    try:
        yield
    finally:
        os.close(held)


def _bytes(folder: Path) -> bytes:
    try:
        return read_file(folder / LOG_NAME)
    except FileNotFoundError:
        return b""
