"""One record and its in-toto statement: what a line of the log says, once opened.

The statement is in-toto Statement v1. Its predicate holds the place in the chain (`seq`,
`previous`), the time the caller gives (`at`) and the `body`, whose shape `rules` knows.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, get_args

from safetycase.ledger import canonical

if TYPE_CHECKING:
    from safetycase.ledger.checkpoints import Held

__all__ = [
    "GENESIS",
    "KINDS",
    "Kind",
    "Log",
    "Problem",
    "Record",
    "StatementError",
    "is_digest",
    "is_instant",
    "open_statement",
    "stamp",
    "statement",
]

Kind = Literal[
    "key",
    "registration",
    "attempt-start",
    "attempt-end",
    "controls",
    "event",
    "waiver",
    "signal",
    "resolution",
    "challenge",
    "response",
    "ruling",
    "sign-off",
    "dissent",
    "override",
    "note",
]
KINDS: tuple[str, ...] = get_args(Kind)

GENESIS = "0" * 64
"""`previous` of the first record."""

_STATEMENT = "https://in-toto.io/Statement/v1"
_PREDICATE = re.compile(r"urn:safetycase:record:([a-z]+(?:-[a-z]+)*):v1")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}")


class StatementError(ValueError):
    """A payload is not a statement of this format; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One verified record. `digest` is SHA-256 (hex) of its line, without the newline.

    `subjects` are (name, SHA-256) pairs; a record about nothing else has its own body as
    subject, since in-toto asks for at least one. `keyid` is the key that signed it.
    """

    seq: int
    kind: str
    at: str
    previous: str
    body: Mapping[str, Any]
    subjects: tuple[tuple[str, str], ...]
    digest: str
    keyid: str

    @property
    def name(self) -> str:
        """How every message names this record; the line number is the sequence number."""
        return f"record {self.seq} ({self.kind}, line {self.seq})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong with a record, where, and the way out.

    `says` starts with the record's name. An `error` means the record fails verification; a
    `note` is worth knowing and fails nothing. `line` is 0 for what concerns no line.
    """

    line: int
    says: str
    hint: str
    seq: int | None = None
    severity: Literal["error", "note"] = "error"

    def __str__(self) -> str:
        return f"{self.says} ({self.hint})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """The records that verify, in order, and what is wrong after them.

    `records` ends before the first record with an error: nothing behind a break is returned.
    `size` is the number of bytes they take, newlines included. `checkpoints` are those kept
    beside the record that it agrees with.
    """

    records: tuple[Record, ...] = ()
    problems: tuple[Problem, ...] = ()
    size: int = 0
    checkpoints: tuple[Held, ...] = ()

    @property
    def head(self) -> str | None:
        """The digest of the last verified record: the whole history in 64 characters."""
        return self.records[-1].digest if self.records else None

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that mean the record fails verification."""
        return tuple(problem for problem in self.problems if problem.severity == "error")


def is_digest(value: object) -> bool:
    """Whether it is a SHA-256 in lower-case hex."""
    return isinstance(value, str) and _DIGEST.fullmatch(value) is not None


def stamp(at: datetime) -> str:
    """A time as the record writes it: UTC, whole seconds; `at` is in UTC."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def is_instant(value: object) -> bool:
    """Whether it is a real UTC instant in whole seconds, as in `2026-11-23T09:30:00Z`."""
    if not isinstance(value, str) or _INSTANT.fullmatch(value) is None:
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def statement(
    *,
    seq: int,
    kind: str,
    at: str,
    previous: str,
    body: Mapping[str, Any],
    subjects: tuple[tuple[str, str], ...] = (),
) -> bytes:
    """The payload of one record. Raises `CanonicalError` if the body has no canonical form."""
    plain = dict(body)
    if not subjects:
        subjects = (("body", hashlib.sha256(canonical.dumps(plain)).hexdigest()),)
    return canonical.dumps(_value(seq, kind, at, previous, plain, subjects))


def _value(
    seq: int,
    kind: str,
    at: str,
    previous: str,
    body: Mapping[str, Any],
    subjects: tuple[tuple[str, str], ...],
) -> dict[str, Any]:
    return {
        "_type": _STATEMENT,
        "subject": [{"name": name, "digest": {"sha256": sha}} for name, sha in subjects],
        "predicateType": f"urn:safetycase:record:{kind}:v1",
        "predicate": {"seq": seq, "previous": previous, "at": at, "body": body},
    }


def open_statement(payload: bytes, *, digest: str, keyid: str) -> Record:
    """The record in `payload`. Raises `StatementError` for what `statement` would not write."""
    try:
        value = canonical.loads_exact(payload)
        if value is None:
            raise StatementError("holds a statement that is not in canonical spelling")
        inner = value["predicate"]
        record = Record(
            seq=inner["seq"],
            kind=_kind(value["predicateType"]),
            at=inner["at"],
            previous=inner["previous"],
            body=inner["body"],
            subjects=tuple((each["name"], each["digest"]["sha256"]) for each in value["subject"]),
            digest=digest,
            keyid=keyid,
        )
        _types(record)
        same = record.subjects != () and value == _value(
            record.seq, record.kind, record.at, record.previous, record.body, record.subjects
        )
    except canonical.CanonicalError as error:
        raise StatementError(f"holds a statement that is not canonical JSON ({error})") from error
    except (KeyError, TypeError) as error:
        raise StatementError("holds no in-toto statement of this format") from error
    if not same:
        raise StatementError("holds a statement with fields this format does not have")
    return record


def _kind(predicate_type: str) -> str:
    match = _PREDICATE.fullmatch(predicate_type)
    kind = match[1] if match else predicate_type
    if kind not in KINDS:
        raise StatementError(
            f"is of the kind {kind!r}, which this version does not know; a newer one may"
        )
    return kind


def _types(record: Record) -> None:
    if type(record.seq) is not int or not isinstance(record.body, dict):
        raise StatementError("holds no in-toto statement of this format")
    if not is_instant(record.at):
        raise StatementError(f"has the time {record.at!r}, which is no UTC time in whole seconds")
    if not is_digest(record.previous):
        raise StatementError("does not name the record before it")
    for name, sha in record.subjects:
        if not isinstance(name, str) or not is_digest(sha):
            raise StatementError("has a subject without a name and a SHA-256")
