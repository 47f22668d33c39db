"""The lines of one record in a database: what is there, taking the turn to add, and adding.

Every function takes a SQLAlchemy connection inside a transaction of a `Session`.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from safetycase.ledger import dsse
from safetycase.ledger.database.session import CLASS
from safetycase.ledger.database.tables import index_tables
from safetycase.ledger.record import Record, open_statement
from safetycase.ledger.tables import TABLES, rows

__all__ = [
    "Tip",
    "add_index",
    "add_lines",
    "digests",
    "empty_index",
    "find_log",
    "has_index",
    "index_digest",
    "indexed",
    "lines_after",
    "logs",
    "make_log",
    "take_turn",
    "tip",
    "turn_of",
]

_BATCH: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Tip:
    """How much of a record there is: rows, the last sequence number, the digest of that line."""

    rows: int
    seq: int
    digest: str | None


def _ask(connection: Any, statement: str, **values: Any) -> Any:
    from sqlalchemy import text

    return connection.execute(text(statement), values)


def logs(connection: Any) -> list[tuple[int, str, str]]:
    """(number, origin, name) of every record in the database."""
    found = _ask(connection, "SELECT log, origin, name FROM safetycase.log ORDER BY log")
    return [(int(log), str(origin), str(name)) for log, origin, name in found]


def find_log(connection: Any, origin: str) -> int | None:
    """The number of the record with this origin."""
    found = _ask(connection, "SELECT log FROM safetycase.log WHERE origin = :o", o=origin).scalar()
    return None if found is None else int(found)


def make_log(connection: Any, origin: str, name: str) -> int:
    """Give a new record a number; the number of the one that is there if it is not new."""
    _ask(
        connection,
        "INSERT INTO safetycase.log (origin, name) VALUES (:o, :n) ON CONFLICT (origin) DO NOTHING",
        o=origin,
        n=name,
    )
    found = find_log(connection, origin)
    assert found is not None
    return found


def turn_of(log: int) -> Any:
    """The statement that waits until nobody else adds; the turn ends with the transaction."""
    from sqlalchemy import text

    asked = text("SELECT pg_advisory_xact_lock(:class_, :log)")
    return asked.bindparams(class_=CLASS, log=log)


def take_turn(connection: Any, log: int) -> None:
    """Wait until nobody else adds to this record; the turn ends with the transaction."""
    connection.execute(turn_of(log))


def tip(connection: Any, log: int) -> Tip:
    """How much there is. `rows` and `seq` differ only if somebody took a line out by force."""
    count, last = _ask(
        connection,
        "SELECT count(*), coalesce(max(seq), 0) FROM safetycase.line WHERE log = :log",
        log=log,
    ).one()
    head = next((digest for _, digest in digests(connection, log, first=last)), None)
    return Tip(rows=int(count), seq=int(last), digest=head)


def digests(connection: Any, log: int, *, first: int = 1) -> Iterator[tuple[int, str]]:
    """(seq, digest) of the lines from `first` on, in order."""
    found = _ask(
        connection,
        "SELECT seq, digest FROM safetycase.line WHERE log = :log AND seq >= :first ORDER BY seq",
        log=log,
        first=first,
    )
    return ((int(seq), str(digest)) for seq, digest in found)


def lines_after(connection: Any, log: int, seq: int) -> list[tuple[int, bytes]]:
    """(seq, line without newline) of every line behind `seq`, in order."""
    found = _ask(
        connection,
        "SELECT seq, bytes FROM safetycase.line WHERE log = :log AND seq > :seq ORDER BY seq",
        log=log,
        seq=seq,
    )
    return [(int(number), bytes(line)) for number, line in found]


def add_lines(connection: Any, log: int, seq: int, lines: Sequence[bytes]) -> None:
    """Add lines (without newline) behind line `seq`. The database refuses what does not follow."""
    for begin in range(0, len(lines), _BATCH):
        batch = lines[begin : begin + _BATCH]
        _ask(
            connection,
            "INSERT INTO safetycase.line (log, seq, digest, bytes) SELECT :log, t.* FROM unnest("
            "CAST(:seqs AS bigint[]), CAST(:digests AS text[]), CAST(:lines AS bytea[])"
            ") AS t (seq, digest, bytes) ORDER BY seq",
            log=log,
            seqs=[seq + begin + i for i in range(1, len(batch) + 1)],
            digests=[hashlib.sha256(line).hexdigest() for line in batch],
            lines=list(batch),
        )


def has_index(connection: Any) -> bool:
    """Whether this database keeps an index that this user may add to."""
    asked = (
        "SELECT count(*) FROM unnest(CAST(:names AS text[])) AS t (name) "
        "WHERE has_table_privilege(to_regclass('safetycase.' || name), 'INSERT')"
    )
    return int(_ask(connection, asked, names=list(TABLES)).scalar()) == len(TABLES)


def indexed(connection: Any, log: int) -> tuple[int, str | None]:
    """(number of records in the index, digest of the last of them)."""
    found = _ask(
        connection,
        "SELECT count(*), (array_agg(digest ORDER BY seq DESC))[1] FROM safetycase.record "
        "WHERE log = :log",
        log=log,
    ).one()
    return int(found[0]), found[1]


def opened(line: bytes) -> Record:
    """The record in a line that was verified elsewhere."""
    envelope = dsse.open_line(line)
    digest = hashlib.sha256(line).hexdigest()
    return open_statement(envelope.payload, digest=digest, keyid=envelope.keyid)


def add_index(connection: Any, log: int, lines: Sequence[bytes], *, start: int) -> None:
    """Index verified lines, the first of which begins at byte `start` of the log."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    for line in lines:
        size = len(line) + 1
        for name, values in rows(opened(line), start=start, size=size):
            found.setdefault(name, []).append(values)
        start += size
    for name, many in found.items():
        statement = _inserts()[name]
        for begin in range(0, len(many), _BATCH):
            columns = zip(*many[begin : begin + _BATCH], strict=True)
            arrays = {f"c{i}": list(column) for i, column in enumerate(columns)}
            connection.execute(statement, {"log": log, **arrays})


def empty_index(connection: Any, log: int) -> None:
    """Take every row of a record out of the index; only the owner of the tables may."""
    for core in _tables().values():
        connection.execute(core.delete().where(core.c.log == log))


def index_digest(connection: Any, log: int) -> str:
    """SHA-256 (hex) of every row of the index, in the order of their keys."""
    whole = hashlib.sha256()
    for name, core in _tables().items():
        columns = [core.c[column.name] for column in TABLES[name].columns]
        keys = [core.c[key] for key in TABLES[name].key]
        asked = core.select().with_only_columns(*columns).where(core.c.log == log).order_by(*keys)
        for row in connection.execute(asked):
            whole.update(repr((name, *row)).encode() + b"\n")
    return whole.hexdigest()


@functools.cache
def _tables() -> Mapping[str, Any]:
    import sqlalchemy as sa

    return index_tables(sa.MetaData(), many=True)


@functools.cache
def _inserts() -> Mapping[str, Any]:
    """Per table, how to add many rows by one statement: an array for each column."""
    import sqlalchemy as sa

    made = {}
    for name, core in _tables().items():
        columns = [core.c[column.name] for column in TABLES[name].columns]
        arrays = [
            sa.cast(sa.bindparam(f"c{i}"), sa.ARRAY(column.type))
            for i, column in enumerate(columns)
        ]
        names = [column.name for column in columns]
        given = sa.func.unnest(*arrays).table_valued(*names, name="given").render_derived()
        log = sa.cast(sa.bindparam("log"), sa.Integer)
        chosen = sa.select(log, *(given.c[each] for each in names))
        made[name] = sa.insert(core).from_select(["log", *names], chosen)
    return made
