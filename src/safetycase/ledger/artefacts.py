"""The artefacts that a record names: which they are, whether they are there, what was taken out.

A record names artefacts by digest, wherever they live. One that was redacted (a note in the
record says so, see `redactions`) is no error: the digest stays, its bytes are gone on purpose.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from safetycase.ledger.errors import LedgerError, ObjectDamaged, ObjectMissing, ObjectRedacted
from safetycase.ledger.fold import History
from safetycase.ledger.objects import ObjectStore
from safetycase.ledger.opening import open_store
from safetycase.ledger.record import Log, Problem, Record
from safetycase.ledger.rules import misfits, noted
from safetycase.ledger.stores import Store

__all__ = ["Named", "check_artefacts", "named", "redactions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """An artefact (SHA-256 in hex) that record `seq` rests on, under a role like `log`."""

    seq: int
    role: str
    digest: str


def named(history: History) -> tuple[Named, ...]:
    """Every artefact that a record names, each once, by its first record.

    A registration names the texts kept of what it rests on, an end and a result of a shot what
    came out.
    """
    found: dict[str, Named] = {}
    for seq, role, digest in _named(history):
        found.setdefault(digest, Named(seq=seq, role=role, digest=digest))
    return tuple(found.values())


def redactions(log: Log) -> Mapping[str, Record]:
    """The note that says of a digest that its bytes were taken out: the first one of each."""
    found: dict[str, Record] = {}
    for record in log.records:
        if noted(record.kind, record.body) == "redaction" and not misfits(record.kind, record.body):
            found.setdefault(record.body["sha256"], record)
    return found


def check_artefacts(folder: Path, log: Log, history: History) -> tuple[list[Problem], int]:
    """Re-hash each named artefact, wherever it lives; the problems, and how many had bytes to hash.

    Raises nothing. A shared store that cannot be used is an error, not a reason to pass over
    what is only there; it is asked once.
    """
    try:
        store: Store = open_store(folder)
    except LedgerError as error:
        return [Problem(line=0, says=str(error), hint="artefacts were not checked")], 0
    local, gone = ObjectStore(folder), redactions(log)
    problems: list[Problem] = []
    unasked: LedgerError | None = None
    hashed = 0
    for each in named(history):
        asked = local if unasked else store
        try:
            asked.check(each.digest)
        except (ObjectMissing, ObjectDamaged) as error:
            why = unasked if unasked and isinstance(error, ObjectMissing) else error
            problems.append(_problem(log.records[each.seq - 1], each, why, gone.get(each.digest)))
            hashed += not isinstance(error, ObjectMissing | ObjectRedacted)
        except LedgerError as error:
            unasked = error
            problems.append(_problem(log.records[each.seq - 1], each, error, None))
        else:
            hashed += 1
            if note := gone.get(each.digest):
                problems.append(_still_there(log.records[each.seq - 1], each, note))
    return problems, hashed


def _named(history: History) -> Iterator[tuple[int, str, str]]:
    for registration in history.registrations:
        for role, digest in registration.body.get("artefacts", {}).items():
            yield registration.seq, role, digest
    for attempt in history.attempts:
        if attempt.end_seq is not None:
            for role, digest in attempt.artefacts.items():
                yield attempt.end_seq, role, digest
            if attempt.measurement_digest is not None:
                yield attempt.end_seq, "measurement", attempt.measurement_digest
    for shot in history.shots:
        if shot.result_seq is not None:
            for role, digest in shot.artefacts.items():
                yield shot.result_seq, role, digest


def _problem(record: Record, what: Named, error: LedgerError, note: Record | None) -> Problem:
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


def _still_there(record: Record, what: Named, note: Record) -> Problem:
    return Problem(
        line=record.seq,
        seq=record.seq,
        says=f"{record.name} rests on its {what.role}, redacted by record {note.seq}, "
        "and its bytes are still there",
        hint=f"`safetycase record artefacts redact {what.digest}` takes them out",
        severity="note",
    )
