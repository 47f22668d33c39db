"""The records of a mutation test: what may be planted, what was, and what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from safetycase.testing.mutation.ground import Ground

__all__ = ["ALONE", "WAYS", "Fate", "Mutation", "Outcome", "Plant", "Spoil", "Tally", "Way"]

Way = Literal["status", "finding", "record", "note", "comparison"]
WAYS: Final[Mapping[Way, str]] = {
    "status": "`status` of the changed case is worse: something lost its support or the verdict",
    "finding": "`check` has a finding that it did not have, by its own rules or those of `review`",
    "record": "`verify` fails",
    "note": "`verify` says so in a note, and does not fail",
    "comparison": "only who compares with an earlier version sees it: `diff` names the change, or "
    "a checkpoint that was kept elsewhere disagrees",
}
"""By what a fault can be caught, and what that means."""

ALONE: Final[tuple[Way, ...]] = ("status", "finding", "record")
"""The ways that need nothing but the changed case itself."""

Fate = Literal["caught", "survived", "equivalent"]
Spoil = Callable[[Path], None]
Kind = Literal["breaks", "loosens", "changes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plant:
    """One fault at one place.

    `texts` are the changed files of the case by their path in its folder; `spoil` changes the
    record in a copy of the folder (with `files`, other files of it); `later` moves the time of
    judgement.
    `broken` are the elements that directly lose what they rest on; `whole` says that the verdict
    may no longer be `holds`, whatever becomes of the elements.
    """

    about: str
    says: str
    broken: frozenset[str] = frozenset()
    texts: Mapping[str, str] = field(default_factory=dict)
    spoil: Spoil | None = None
    files: bool = False
    later: timedelta = timedelta()
    whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """One kind of fault.

    `breaks`: what is planted takes the ground from under an element, so that it and all that needs
    it must lose their support, or the case its verdict, or the record its verification.
    `loosens`: the case asks for less than before and may well be supported; what catches it has to
    call it a loosening, or be a worse status, a finding or a failed verification. `changes`: as
    `loosens`, but nobody can say which way; it has to be named.
    """

    name: str
    group: str
    kind: Kind
    plants: str
    must: str
    sites: Callable[[Ground], Iterable[Plant]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one plant.

    `ways` are all by which it was caught, `because` says why it survived or is equivalent, or what
    caught it in words. `patch` is the change as a unified diff, empty where none of a text.
    """

    mutation: str
    about: str
    says: str
    fate: Fate
    ways: tuple[Way, ...] = ()
    because: str = ""
    patch: str = ""

    @property
    def alone(self) -> bool:
        """Whether it was caught without anything to compare the case with."""
        return any(way in ALONE for way in self.ways)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """The outcomes of one case, in the order of the catalogue.

    `at` is the time of judgement, `verdict` that of the case with its as-if record, and `supported`
    how many of its `elements` have support there. `left_out` says how many plants of each mutation
    a sample did not try, and `as_if` what was taken as given so that there is something to lose.
    """

    case: str
    at: datetime
    verdict: str
    supported: int
    elements: int
    as_if: tuple[str, ...]
    outcomes: tuple[Outcome, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)

    @property
    def survivors(self) -> tuple[Outcome, ...]:
        """The faults that nothing caught."""
        return tuple(o for o in self.outcomes if o.fate == "survived")

    @property
    def equivalent(self) -> tuple[Outcome, ...]:
        """The plants that were shown to change nothing."""
        return tuple(o for o in self.outcomes if o.fate == "equivalent")

    @property
    def planted(self) -> int:
        """How many faults count: those that change something."""
        return sum(o.fate != "equivalent" for o in self.outcomes)

    @property
    def share(self) -> float:
        """The share of the faults that were caught; 1 where none was planted."""
        return 1 - len(self.survivors) / self.planted if self.planted else 1.0

    def of(self, mutation: str) -> Counter[str]:
        """How many of one mutation were caught alone, caught by comparison, survived, are equal."""
        found: Counter[str] = Counter()
        for outcome in self.outcomes:
            if outcome.mutation == mutation:
                found[_word(outcome)] += 1
        return found

    @property
    def total(self) -> Counter[str]:
        """The same over all mutations."""
        return Counter(_word(outcome) for outcome in self.outcomes)


def _word(outcome: Outcome) -> str:
    if outcome.fate != "caught":
        return outcome.fate
    return "alone" if outcome.alone else "compared"
