"""What a revoked key had signed before, and what rests on that: it counts for nothing.

A revocation looks back, unlike every other rule: the records were in order when they were
written. They stay where they are, `verify` names them, and none of them supports anything. What
speaks against a case goes on counting, as an alarm or an event that took evidence back: a
revocation is an author's word, and sheds none of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from safetycase.ledger.record import Problem, Record
from safetycase.ledger.trust import Revocation, Trust

__all__ = ["discount"]


def discount(accepted: Sequence[Record], trust: Trust) -> tuple[frozenset[int], list[Problem]]:
    """The numbers of the records that count for nothing, with one note for each revocation.

    `accepted` are the records that broke no rule when they were written. A revocation itself
    stands, whoever signed it: what was once distrusted is not trusted again by a second word.
    """
    out: set[int] = set()
    notes = []
    for revocation in trust.revocations:
        signed = {record.seq for record in accepted if _signed_before(record, revocation)} - out
        resting = _resting(accepted, out | signed)
        out |= signed | resting
        alarms = {r.seq for r in accepted if _covered(r, revocation) and _is_doubt(r)}
        notes.append(_note(revocation, signed, resting, alarms))
    return frozenset(out), notes


def _signed_before(record: Record, revocation: Revocation) -> bool:
    revokes = record.kind == "event" and record.body["event"] == "key-revoked"
    return _covered(record, revocation) and not revokes and not _is_doubt(record)


def _covered(record: Record, revocation: Revocation) -> bool:
    return (
        record.keyid == revocation.keyid
        and record.seq < revocation.seq
        and revocation.covers(record.seq)
    )


def _is_doubt(record: Record) -> bool:
    """An alarm, or another doubt that outlives the trust in its key.

    Any author may revoke a key: what speaks against a case is not taken out of it in that way.
    """
    if record.kind == "signal":
        return bool(record.body["state"] == "alarm")
    if record.kind == "sign-off":
        return bool(record.body["verdict"] == "reject")
    if record.kind == "resolution":
        return bool(record.body["outcome"] == "confirmed")
    if record.kind == "ruling":
        return bool(record.body["outcome"] == "conceded")
    return record.kind in ("challenge", "dissent", "event")


def _resting(accepted: Iterable[Record], out: set[int]) -> set[int]:
    """What rests on records that are out.

    Starts rest on their registration, ends on their start. No resolution and no ruling does:
    alarms, challenges and dissents stay.
    """
    resting: set[int] = set()
    gone: set[str] = set()
    for record in accepted:
        if record.kind == "attempt-start":
            if record.body["registration"] in out:
                resting.add(record.seq)
            if record.seq in out or record.seq in resting:
                gone.add(record.body["attempt"])
        elif record.kind == "attempt-end" and record.body["attempt"] in gone:
            resting.add(record.seq)
    return resting - out


def _note(revocation: Revocation, signed: set[int], resting: set[int], alarms: set[int]) -> Problem:
    name = f"record {revocation.seq} (event, line {revocation.seq})"
    key = f"the key {revocation.keyid[:16]}…"
    if revocation.through is not None:
        key += f", for which the key {revocation.through[:16]}… had vouched"
    says = f"{name} revokes {key} ({revocation.says}): {_counted(signed)} it signed before"
    if resting:
        says += f" and {_counted(resting)} resting on them"
    says += " count for nothing"
    if not signed and not resting:
        says = f"{name} revokes {key} ({revocation.says}): nothing it signed before is lost by that"
    stay = (
        f"; what it said against the case stands, alarms and challenges until they are resolved: "
        f"{_counted(alarms)}"
        if alarms
        else ""
    )
    return Problem(
        line=revocation.seq,
        seq=revocation.seq,
        says=f"{says}{stay}",
        hint="run again, with a key that is trusted, what you still need" if signed else "",
        severity="note",
    )


def _counted(numbers: set[int]) -> str:
    """As in `3 records (4, 7-8)`."""
    if not numbers:
        return "no records"
    ranges: list[list[int]] = []
    for number in sorted(numbers):
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    shown = [str(a) if a == b else f"{a}-{b}" for a, b in ranges[:20]]
    more = [f"and {len(ranges) - 20} more ranges"] if len(ranges) > 20 else []
    records = "1 record" if len(numbers) == 1 else f"{len(numbers)} records"
    return f"{records} ({', '.join(shown + more)})"
