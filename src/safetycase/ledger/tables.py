"""What an index of a record holds: tables described once, and the rows of one record.

SQLite and PostgreSQL get the same tables (`index`, `database`). An index finds records; what a
record says is read from its line. Rows are a pure function of a record, so that an index can be
dropped and made again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from safetycase.ledger.record import Record
from safetycase.ledger.rules import misfits

__all__ = [
    "CONCERNS",
    "LONGEST",
    "REVIEWS",
    "TABLES",
    "VERSION",
    "WATCHES",
    "Column",
    "Row",
    "Table",
    "rows",
]

VERSION: Final = 3
"""Of the tables; an index of another version is dropped and made again."""

LONGEST: Final = 500
"""Characters of a text that an index keeps."""

Row = tuple[str, tuple[Any, ...]]
_LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column; `is_a` is a type that SQLite and PostgreSQL both know."""

    name: str
    is_a: Literal["bigint", "text"] = "text"
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table. `key` are the columns that name a row, `lookups` further ones to find it by."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ("seq",)
    lookups: tuple[str, ...] = ()


_SEQ = Column(name="seq", is_a="bigint")


def _table(name: str, *columns: str, **more: Any) -> Table:
    """`name?` is optional, `name#` a whole number."""
    read = tuple(
        Column(
            name=each.strip("?#"),
            is_a="bigint" if "#" in each else "text",
            optional="?" in each,
        )
        for each in columns
    )
    return Table(name=name, columns=(_SEQ, *read), **more)


TABLES: Final[Mapping[str, Table]] = {
    table.name: table
    for table in (
        _table("record", "kind", "at", "keyid", "digest", "start#", "size#", lookups=("kind",)),
        _table("signer", "keyid", "public_key", "owner"),
        _table(
            "registration",
            "evidence",
            "claim",
            "criterion",
            "level",
            "recipe_digest",
            "exploratory#",
            lookups=("evidence",),
        ),
        _table(
            "attempt",
            "attempt",
            "registration#?",
            "executor?",
            "lease_until?",
            "retry_of?",
            lookups=("registration", "attempt"),
        ),
        _table("attempt_end", "attempt", "outcome", "seconds?", lookups=("attempt",)),
        _table("event", "event", "says", "since#?"),
        _table(
            "event_about",
            "selector",
            "value",
            key=("seq", "selector", "value"),
            lookups=("value",),
        ),
        _table(
            "waiver",
            "evidence",
            "old_recipe",
            "new_recipe",
            "author",
            "reviewer",
            "expires",
            lookups=("evidence",),
        ),
        _table(
            "signal",
            "monitor",
            "indicator",
            "state",
            "since",
            "until",
            "events#",
            "lost#",
            "segment#",
            "e_value?",
            lookups=("monitor",),
        ),
        _table("resolution", "signal#", "outcome", lookups=("signal",)),
        _table("challenge", "challenge", "against", "severity", lookups=("against", "challenge")),
        _table("response", "challenge", lookups=("challenge",)),
        _table("ruling", "challenge", "outcome", lookups=("challenge",)),
        _table("sign_off", "element", "digest", "verdict", "by", lookups=("element",)),
        _table("dissent", "element", "digest", lookups=("element",)),
        _table("override", "element", "digest", "expires", lookups=("element",)),
        _table("artefact", "role", "sha256", key=("seq", "role"), lookups=("sha256",)),
    )
}
"""By name. `start` and `size` of a record are the bytes of its line, newline included."""

CONCERNS: Final = """
SELECT seq FROM registration WHERE evidence = :evidence
UNION SELECT a.seq FROM attempt a JOIN registration r ON r.seq = a.registration
  WHERE r.evidence = :evidence
UNION SELECT e.seq FROM attempt_end e JOIN attempt a ON a.attempt = e.attempt
  JOIN registration r ON r.seq = a.registration WHERE r.evidence = :evidence
UNION SELECT seq FROM waiver WHERE evidence = :evidence
UNION SELECT seq FROM event_about WHERE selector = 'evidence' AND value = :evidence
"""
"""The records that concern one piece of evidence, as a query with the parameter `evidence`."""

WATCHES: Final = """
SELECT seq FROM signal WHERE monitor = :monitor
UNION SELECT r.seq FROM resolution r JOIN signal s ON s.seq = r.signal WHERE s.monitor = :monitor
"""
"""The signals of one live monitor and their resolutions, with the parameter `monitor`."""

REVIEWS: Final = """
SELECT seq FROM challenge WHERE against = :element
UNION SELECT r.seq FROM response r JOIN challenge c ON c.challenge = r.challenge
  WHERE c.against = :element
UNION SELECT r.seq FROM ruling r JOIN challenge c ON c.challenge = r.challenge
  WHERE c.against = :element
UNION SELECT seq FROM sign_off WHERE element = :element
UNION SELECT seq FROM dissent WHERE element = :element
UNION SELECT seq FROM override WHERE element = :element
"""
"""What was said of one element in review, with the parameter `element`."""


def rows(record: Record, *, start: int, size: int) -> Iterator[Row]:
    """(table, values) of one record whose line is `size` bytes from byte `start` of the log.

    A record that breaks a rule of its kind has no row but that of `record`.
    """
    seq, body = record.seq, record.body
    yield (
        "record",
        (seq, record.kind, record.at, record.keyid, record.digest, start, size),
    )
    if misfits(record.kind, body):
        return
    if record.kind == "event":
        yield from _event(seq, body)
    elif record.kind == "attempt-end":
        yield from _end(seq, body)
    elif record.kind in _PLAIN:
        table = TABLES[_PLAIN[record.kind]]
        values = [_stored(body.get(column.name), column) for column in table.columns[1:]]
        yield table.name, (seq, *values)


_PLAIN: Final = {
    "key": "signer",
    "registration": "registration",
    "attempt-start": "attempt",
    "waiver": "waiver",
    "signal": "signal",
    "resolution": "resolution",
    "challenge": "challenge",
    "response": "response",
    "ruling": "ruling",
    "sign-off": "sign_off",
    "dissent": "dissent",
    "override": "override",
}


def _event(seq: int, body: Mapping[str, Any]) -> Iterator[Row]:
    says, since = TABLES["event"].columns[2:]
    yield (
        "event",
        (seq, body["event"], _stored(body["says"], says), _stored(body.get("since"), since)),
    )
    for selector, values in sorted(body["about"].items()):
        if isinstance(values, list):
            for value in sorted({_text(each) for each in values}):
                yield "event_about", (seq, selector, value)


def _end(seq: int, body: Mapping[str, Any]) -> Iterator[Row]:
    yield "attempt_end", (seq, _text(body["attempt"]), body["outcome"], body.get("seconds"))
    named = dict(body.get("artefacts", {}))
    if isinstance(body.get("measurement"), str):
        named.setdefault("measurement", body["measurement"])
    for role, digest in sorted({_text(role): sha for role, sha in named.items()}.items()):
        yield "artefact", (seq, role, digest)


def _stored(value: Any, column: Column) -> Any:
    """A value that both databases hold; a number they cannot hold is left out."""
    if value is None:
        return None
    if column.is_a == "bigint":
        number = int(value)
        return number if -_LARGEST <= number <= _LARGEST else None
    return _text(value)


def _text(value: str) -> str:
    """A text as it is indexed: PostgreSQL keeps no NUL, and no key of more than 2,700 bytes."""
    return value.replace("\0", "\ufffd")[:LONGEST]
