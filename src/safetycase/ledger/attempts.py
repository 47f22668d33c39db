"""How many attempts a registration has had and may still have: pure counting, for every reader.

A plan promises a number of completed attempts, its replicates, and allows a budget of attempts
however they end. Whoever decides what is due and whoever runs it count alike, because both ask
here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from safetycase.ledger.fold import AttemptRecord, History, Registration

__all__ = [
    "EXPLORATORY",
    "SPARE",
    "PlanTerms",
    "Planned",
    "attempts_of",
    "budget_left",
    "exploratory_left",
    "replicate_of",
    "replicates_left",
    "terms",
    "terms_of",
    "used_up",
]

SPARE = 2
"""Attempts beyond the planned ones that a plan without a stated budget allows."""

EXPLORATORY = 10
"""Exploratory runs of one leaf on one recipe that a plan without a stated number allows."""


class Planned(Protocol):
    """The part of a leaf's plan that bears on attempts; what is None is not stated."""

    @property
    def attempts(self) -> int:
        """How many completed attempts are pooled."""

    @property
    def n(self) -> int | None:
        """How many items each of them has."""

    @property
    def clusters(self) -> int | None:
        """How many independent units those are."""

    @property
    def budget(self) -> int | None:
        """How many attempts, however they end, are allowed."""

    @property
    def exploratory(self) -> int | None:
        """How many runs that never count are allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanTerms:
    """A plan with nothing left open, as a registration holds it; 0 items or units: not stated."""

    attempts: int
    n: int
    clusters: int
    budget: int
    exploratory: int

    @property
    def body(self) -> Mapping[str, int]:
        """The `plan` of a registration."""
        return asdict(self)


def terms(plan: Planned | None) -> PlanTerms:
    """The terms of a leaf's plan; those of one attempt if it has none."""
    attempts = max(1, plan.attempts) if plan else 1
    return PlanTerms(
        attempts=attempts,
        n=(plan.n if plan else None) or 0,
        clusters=(plan.clusters if plan else None) or 0,
        budget=_first(plan.budget if plan else None, attempts + SPARE),
        exploratory=_first(plan.exploratory if plan else None, EXPLORATORY),
    )


def terms_of(registration: Registration) -> PlanTerms:
    """The terms that were registered; older records leave out what they did not know."""
    plan = registration.plan
    attempts = max(1, _whole(plan, "attempts", 1))
    return PlanTerms(
        attempts=attempts,
        n=_whole(plan, "n", 0),
        clusters=_whole(plan, "clusters", 0),
        budget=_whole(plan, "budget", attempts + SPARE),
        exploratory=_whole(plan, "exploratory", EXPLORATORY),
    )


def attempts_of(
    registration: Registration, attempts: Iterable[AttemptRecord]
) -> tuple[AttemptRecord, ...]:
    """The attempts at a registration, in the order of the record, however they ended."""
    return tuple(a for a in attempts if a.registration == registration.seq)


def budget_left(registration: Registration, attempts: Iterable[AttemptRecord]) -> int:
    """How many attempts may still be started; one that is running has been spent."""
    spent = len(attempts_of(registration, attempts))
    return max(0, terms_of(registration).budget - spent)


def replicate_of(attempt: AttemptRecord) -> int | None:
    """Which of the planned attempts this one is a try at, from 1; None in older records."""
    found = attempt.start_body.get("replicate")
    return found if type(found) is int and found > 0 else None


def replicates_left(
    registration: Registration, attempts: Iterable[AttemptRecord]
) -> tuple[int, ...]:
    """The planned attempts that have not completed, by their numbers from 1."""
    done = [a for a in attempts_of(registration, attempts) if a.outcome == "completed"]
    wanted = list(range(1, terms_of(registration).attempts + 1))
    for attempt in done:
        number = replicate_of(attempt)
        if number in wanted:
            wanted.remove(number)
        elif number is None and wanted:
            wanted.pop(0)
    return tuple(wanted)


def used_up(registration: Registration, attempts: Iterable[AttemptRecord]) -> bool:
    """Whether the budget is gone before the planned attempts have completed.

    The same registration is then never run again; another plan is another registration, which
    counts as a further attempt at the claim.
    """
    mine = attempts_of(registration, attempts)
    stated = registration.plan.get("budget", 1 + SPARE)
    if type(stated) is int and len(mine) < stated:
        return False  # the common case, asked of every leaf of a large record
    return budget_left(registration, mine) == 0 and bool(replicates_left(registration, mine))


def exploratory_left(history: History, evidence: str, recipe_digest: str, allowed: int) -> int:
    """How many of the `allowed` exploratory runs of a leaf on a recipe may still be started."""
    mine = {
        r.seq
        for r in history.registrations
        if r.exploratory and r.evidence == evidence and r.recipe_digest == recipe_digest
    }
    return max(0, allowed - sum(a.registration in mine for a in history.attempts))


def _first(stated: int | None, otherwise: int) -> int:
    return otherwise if stated is None else stated


def _whole(plan: Mapping[str, Any], key: str, otherwise: int) -> int:
    value = plan.get(key)
    return value if type(value) is int and value >= 0 else otherwise
