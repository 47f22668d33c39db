"""Everything about a record that can be checked offline, with what lies in its folder.

`verify` adds to `read` the order of registrations, attempts and shots, who may sign what, every
signature of every checkpoint, and the bytes of every artefact. It cannot show runs made outside
the record, nor that all of the folder was put back to an older copy or written anew with another
key: hold it against a checkpoint kept elsewhere, and compare the keys with those you expect.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from safetycase.ledger.artefacts import check_artefacts
from safetycase.ledger.checkpoints import Held, Kept, hold, roots
from safetycase.ledger.fold import AttemptRecord, History, fold
from safetycase.ledger.log import read
from safetycase.ledger.ordering import Ordering, grades
from safetycase.ledger.record import Log, Problem, Record
from safetycase.ledger.seen import Seen
from safetycase.ledger.trust import Key, origin_of

__all__ = ["Verification", "remarks", "torn", "verify"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What was checked and what is wrong.

    `records` counts the records that verify, `head` is the digest (hex) of the last of them and
    `root` that of the Merkle tree over all of them. `keys` are the ids of the keys that were let
    in, in that order, and `keyring` is all about them; `checkpoints` are those the record agrees
    with, `objects_checked` counts the artefacts that were re-hashed.
    """

    records: int
    head: str | None
    problems: tuple[Problem, ...]
    objects_checked: int
    keys: tuple[str, ...] = ()
    origin: str | None = None
    root: str | None = None
    keyring: tuple[Key, ...] = ()
    checkpoints: tuple[Held, ...] = ()
    ordering: Ordering = field(default_factory=Ordering)

    @property
    def ok(self) -> bool:
        """Whether the record verifies; notes do not count against it."""
        return all(problem.severity == "note" for problem in self.problems)


def verify(
    folder: Path,
    *,
    against: Sequence[Kept] = (),
    seen: Seen | None = None,
    artefacts: bool = True,
) -> Verification:
    """Check the record in the ledger folder `folder` (`<case>/ledger`). Raises nothing.

    `against` are further checkpoints, kept elsewhere, that the record has to agree with. `seen`
    is what this user remembers; a record that verifies is remembered in its turn. Artefacts are
    re-hashed wherever they live, unless `artefacts` is false, which is noted.
    """
    log = read(folder, thorough=True)
    history = fold(log)
    problems = [*log.problems, *history.problems, *history.notes, *remarks(log, history)]
    problems += [torn(path.name) for path in sorted(folder.glob("torn-*.bin"))]
    wrong, checked = check_artefacts(folder, log) if artefacts else ([_unchecked()], 0)
    held, apart = hold(log, against, thorough=True)
    problems += [*wrong, *apart, *(seen.problems(log) if seen else ())]
    size = len(log.records)
    root = roots(log.records, {size}).get(size)
    checkpoints = (*log.checkpoints, *held)
    problems += [] if log.errors else _nothing_kept(size, len(checkpoints))
    found = Verification(
        records=size,
        head=log.head,
        problems=tuple(sorted(problems, key=lambda problem: problem.line)),
        objects_checked=checked,
        keys=tuple(dict.fromkeys(r.body["keyid"] for r in log.records if r.kind == "key")),
        origin=origin_of(log.records[0]) if log.records else None,
        root=root.hex() if root is not None else None,
        keyring=history.keys,
        checkpoints=checkpoints,
        ordering=grades(history, checkpoints),
    )
    if seen and found.ok and found.origin is not None and root is not None:
        seen.note(found.origin, size, root)
    return found


def remarks(log: Log, history: History) -> Iterator[Problem]:
    """What is worth knowing of the records and breaks nothing."""
    strangers = {key.seq: key for key in history.keys if not key.vouched}
    before: Record | None = None
    for record in log.records:
        key = strangers.get(record.seq)
        if key is not None and key.introduced_by != key.keyid:
            yield _about(
                record,
                f"introduces the key {key.short} without a proof of its holder",
                "it has no role that needs somebody to vouch for it",
                note=True,
            )
        elif key is not None:
            yield _about(
                record,
                f"lets a further key in ({key.owner or 'no owner'}), on its own word",
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
    newest = max((held.size for held in log.checkpoints), default=0)
    if 0 < newest < len(log.records):
        yield Problem(
            line=newest + 1,
            seq=newest + 1,
            says=f"records {newest + 1} to {len(log.records)} are behind the last checkpoint",
            hint="they are being written, or a run was killed: the next one makes a checkpoint",
            severity="note",
        )
    if not log.errors:  # behind a break the ends are not counted, so nothing is known of them
        yield from map(_running, (each for each in history.attempts if each.outcome is None))


def _nothing_kept(records: int, checkpoints: int) -> list[Problem]:
    """What to ask where nothing beside the record says how long it was."""
    if not records:
        says = "there is no record: nothing was recorded yet, or all of it was taken away"
        hint = "if there was one, restore `ledger/` from a copy"
    elif not checkpoints:
        says = "no checkpoint is kept beside the record: that its end was cut off would not show"
        hint = "make one with `safetycase record checkpoint`, or name one you have with --against"
    else:
        return []
    return [Problem(line=0, says=says, hint=hint, severity="note")]


def torn(name: str) -> Problem:
    """The note about a line that a crash cut off, kept in a file of this name."""
    return Problem(
        line=0,
        says=f"{name} holds a line that was cut off before it was acknowledged",
        hint="it was set aside and counts for nothing",
        severity="note",
    )


def _unchecked() -> Problem:
    return Problem(
        line=0,
        says="the artefacts were not checked",
        hint="leave out `--no-artefacts` to re-hash each of them",
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
