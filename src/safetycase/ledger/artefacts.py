"""The artefacts that a record names: which they are, whether they are there, what was taken out.

A record names artefacts by digest, wherever they live. One that was redacted (a note in the
record says so, see `redactions`) is no error: the digest stays, its bytes are gone on purpose.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from safetycase.ledger.errors import LedgerError, ObjectDamaged, ObjectMissing, ObjectRedacted
from safetycase.ledger.objects import ObjectStore
from safetycase.ledger.opening import open_store
from safetycase.ledger.record import Log, Problem, Record, is_digest
from safetycase.ledger.rules import misfits, noted
from safetycase.ledger.stores import Store

__all__ = ["Named", "check_artefacts", "named", "redactions", "redacts"]


_NAMING = ("registration", "attempt-end", "shot-result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """An artefact (SHA-256 in hex) that a record rests on, under a role like `log`."""

    record: Record
    role: str
    digest: str


def named(records: Iterable[Record]) -> tuple[Named, ...]:
    """Every artefact that a record names, each once, by its first record.

    A registration names the texts kept of what it rests on, an end and a result of a shot what
    came out.
    """
    found: dict[str, Named] = {}
    for record in records:
        for role, digest in _roles(record):
            found.setdefault(digest, Named(record=record, role=role, digest=digest))
    return tuple(found.values())


def redacts(record: Record) -> bool:
    """Whether it is a note that says of an artefact that its bytes were taken out."""
    return noted(record.kind, record.body) == "redaction"


def redactions(records: Iterable[Record]) -> Mapping[str, Record]:
    """The note that says of a digest that its bytes were taken out: the first one of each."""
    found: dict[str, Record] = {}
    for record in records:
        if redacts(record) and not misfits(record.kind, record.body):
            found.setdefault(record.body["sha256"], record)
    return found


def check_artefacts(folder: Path, log: Log) -> tuple[list[Problem], int]:
    """Re-hash each named artefact, wherever it lives; the problems, and how many had bytes to hash.

    Raises nothing. A shared store that cannot be used is an error, not a reason to pass over
    what is only there; it is asked once.
    """
    try:
        store: Store = open_store(folder)
    except LedgerError as error:
        return [Problem(line=0, says=str(error), hint="artefacts were not checked")], 0
    local, gone = ObjectStore(folder), redactions(log.records)
    problems: list[Problem] = []
    unasked: LedgerError | None = None
    hashed = 0
    for each in named(log.records):
        asked = local if unasked else store
        try:
            asked.check(each.digest)
        except (ObjectMissing, ObjectDamaged) as error:
            why = unasked if unasked and isinstance(error, ObjectMissing) else error
            problems.append(_problem(each, why, gone.get(each.digest)))
            hashed += not isinstance(error, ObjectMissing | ObjectRedacted)
        except LedgerError as error:
            unasked = error
            problems.append(_problem(each, error, None))
        else:
            hashed += 1
            if note := gone.get(each.digest):
                problems.append(_still_there(each, note))
    return problems, hashed


def _roles(record: Record) -> Iterator[tuple[str, str]]:
    kind = noted(record.kind, record.body)
    if kind not in _NAMING or misfits(record.kind, record.body):
        return
    yield from record.body.get("artefacts", {}).items()
    measurement = record.body.get("measurement")
    if kind == "attempt-end" and is_digest(measurement):
        yield "measurement", str(measurement)


def _problem(what: Named, error: LedgerError, note: Record | None) -> Problem:
    record = what.record
    if note is not None:
        return Problem(
            line=record.seq,
            seq=record.seq,
            says=f"{record.name} rests on its {what.role}, redacted by record {note.seq}: "
            f"{note.body['reason']}",
            hint="its digest stays in the record; the bytes cannot be checked any more",
            severity="note",
        )
    if isinstance(error, ObjectRedacted):
        error = ObjectDamaged(
            f"the artefact {what.digest} was taken out and no record says that it was redacted"
        )
    return Problem(
        line=record.seq,
        seq=record.seq,
        says=f"{record.name} rests on its {what.role}: {error}",
        hint="see above",
    )


def _still_there(what: Named, note: Record) -> Problem:
    record = what.record
    return Problem(
        line=record.seq,
        seq=record.seq,
        says=f"{record.name} rests on its {what.role}, redacted by record {note.seq}, "
        "and its bytes are still there",
        hint=f"`safetycase record artefacts redact {what.digest}` takes them out",
        severity="note",
    )
