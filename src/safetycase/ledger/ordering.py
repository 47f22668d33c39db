"""How well it is shown that a criterion came before its result: the ordering grade.

    none       it is not: the result was made elsewhere, before the registration
    self       the order of the record says so, and the record is its owner's word
    cosigned   somebody else signed, before the first run began, that the registration was there
    public     ... and publishes what it signs, so that anybody can hold it against the record

A clock never orders two records: `seq` does, within one record. The time in a cosignature is its
maker's, and is compared with the start of a run only to see that the signature was not made later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from safetycase.ledger.checkpoints import Held, Signer
from safetycase.ledger.fold import AttemptRecord, History, Registration

__all__ = ["GRADES", "Grade", "Ordering", "grades"]

Grade = Literal["none", "self", "cosigned", "public"]
GRADES: Final[tuple[Grade, ...]] = ("none", "self", "cosigned", "public")
"""From the weakest to the strongest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordering:
    """The grade of each registration, by its sequence number."""

    grades: Mapping[int, Grade] = field(default_factory=dict)

    def of(self, registration: int) -> Grade:
        """The grade of one registration; `none` for what is no registration of the record."""
        return self.grades.get(registration, "none")

    def counts(self) -> Mapping[Grade, int]:
        """How many registrations have each grade."""
        return {grade: sum(g == grade for g in self.grades.values()) for grade in GRADES}


def grades(history: History, checkpoints: Iterable[Held]) -> Ordering:
    """The ordering grade of every registration of `history`.

    `checkpoints` are those that the record agrees with, their signatures verified.
    """
    cosigned = [each for each in checkpoints if each.cosigners]
    owners = {key.keyid: key.owner for key in history.keys}
    first: dict[int, AttemptRecord] = {}
    runners: dict[int, set[str]] = {}
    for attempt in history.attempts:
        first.setdefault(attempt.registration, attempt)
        runners.setdefault(attempt.registration, set()).add(attempt.keyid)
    found: dict[int, Grade] = {}
    for registration in history.registrations:
        signed = {registration.keyid} | runners.get(registration.seq, set())
        found[registration.seq] = _grade(
            registration,
            first.get(registration.seq),
            cosigned,
            signed,
            {owners.get(keyid, "") for keyid in signed},
        )
    return Ordering(grades=found)


def _grade(
    registration: Registration,
    first: AttemptRecord | None,
    cosigned: Iterable[Held],
    signed: set[str],
    owners: set[str],
) -> Grade:
    if registration.body.get("imported"):
        return "none"
    best: Grade = "self"
    for held in cosigned:
        if held.size < registration.seq or (first is not None and held.size >= first.start_seq):
            continue
        for signer in held.cosigners:
            late = first is not None and (signer.time or "") > first.started_at
            introduced = signer.key.seq <= held.size  # not a key that was made up afterwards
            if late or not introduced or not _another(signer, signed, owners):
                continue
            best = "public" if signer.key.public else max(best, "cosigned", key=GRADES.index)
            if best == "public":
                return best
    return best


def _another(signer: Signer, signed: set[str], owners: set[str]) -> bool:
    """Whether a cosigner is somebody else, and somebody vouches for that key."""
    key = signer.key
    return key.vouched and key.keyid not in signed and key.owner not in owners and key.owner != ""
