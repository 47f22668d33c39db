"""Everything about a record that can be checked offline, with what lies in its folder.

`verify` adds to `read` the order of registrations, attempts and shots, and the bytes of every
artefact. It cannot show runs made outside the record, nor that the whole log was put back to
an older copy or written anew with another key: compare `head` and `keys` with a copy kept
elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from safetycase.ledger.errors import ObjectDamaged, ObjectMissing
from safetycase.ledger.fold import AttemptRecord, History, fold
from safetycase.ledger.log import read
from safetycase.ledger.objects import ObjectStore
from safetycase.ledger.record import Log, Problem, Record

__all__ = ["Verification", "verify"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What was checked and what is wrong.

    `records` counts the records that verify, `head` is the digest of the last of them, `keys`
    the ids of the keys that signed, in the order they were introduced, `objects_checked` the
    artefacts that were re-hashed.
    """

    records: int
    head: str | None
    problems: tuple[Problem, ...]
    objects_checked: int
    keys: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the record verifies; notes do not count against it."""
        return all(problem.severity == "note" for problem in self.problems)


def verify(folder: Path) -> Verification:
    """Check the record in the ledger folder `folder` (`<case>/ledger`). Raises nothing."""
    log = read(folder)
    history = fold(log)
    problems = [*log.problems, *history.problems, *_notes(log, folder)]
    if not log.errors:  # behind a break the ends are not counted, so nothing is known of them
        problems += [_running(attempt) for attempt in history.attempts if attempt.outcome is None]
    found, checked = _objects(log, history, ObjectStore(folder))
    return Verification(
        records=len(log.records),
        head=log.head,
        problems=tuple(sorted(problems + found, key=lambda problem: problem.line)),
        objects_checked=checked,
        keys=tuple(dict.fromkeys(r.body["keyid"] for r in log.records if r.kind == "key")),
    )


def _objects(log: Log, history: History, store: ObjectStore) -> tuple[list[Problem], int]:
    """Re-hash each named artefact once; name the first record that rests on a bad one."""
    problems = []
    seen: set[str] = set()
    for seq, role, digest in _named(history):
        if digest in seen:
            continue
        seen.add(digest)
        try:
            store.check(digest)
        except (ObjectMissing, ObjectDamaged) as error:
            record = log.records[seq - 1]
            problems.append(_about(record, f"rests on its {role}: {error}", "see above"))
    return problems, len(seen)


def _named(history: History) -> Iterator[tuple[int, str, str]]:
    """(record, role, digest) of every artefact that an end or a result of a shot names."""
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


def _notes(log: Log, folder: Path) -> Iterator[Problem]:
    """What is worth knowing and breaks nothing."""
    before: Record | None = None
    for record in log.records:
        if record.kind == "key" and record.seq > 1 and record.keyid == record.body["keyid"]:
            yield _about(
                record,
                f"lets a further key in ({record.body['owner'] or 'no owner'}), on its own word",
                "ask whose key it is: what it signs is as good as that answer",
                note=True,
            )
        if before is not None and record.at < before.at:
            yield _about(
                record,
                f"is dated {record.at}, before the record it follows ({before.at})",
                "the order of the record counts, not its clock",
                note=True,
            )
        before = record
    for path in sorted(folder.glob("torn-*.bin")):
        yield Problem(
            line=0,
            says=f"{path.name} holds a line that was cut off before it was acknowledged",
            hint="it was set aside and counts for nothing",
            severity="note",
        )


def _running(attempt: AttemptRecord) -> Problem:
    name = f"record {attempt.start_seq} (attempt-start, line {attempt.start_seq})"
    return Problem(
        line=attempt.start_seq,
        seq=attempt.start_seq,
        says=f"{name} starts attempt {attempt.id}, which has not ended",
        hint="it is running, or the next run records it as lost",
        severity="note",
    )


def _about(record: Record, says: str, hint: str, *, note: bool = False) -> Problem:
    return Problem(
        line=record.seq,
        seq=record.seq,
        says=f"{record.name} {says}",
        hint=hint,
        severity="note" if note else "error",
    )
