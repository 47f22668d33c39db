"""How often a leaf was tried, against what was planned and allowed; counted, never judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from safetycase.assess.records import LeafResult, Tally
from safetycase.ledger.attempts import PlanTerms, attempts_of, budget_left, terms_of, used_up
from safetycase.ledger.fold import AttemptRecord, Registration

__all__ = ["graded", "tally_of"]

_OUTCOMES = ("completed", "failed", "aborted", "lost", "running")


def tally_of(
    registrations: Sequence[Registration], tried: Sequence[AttemptRecord], plan: PlanTerms
) -> Tally:
    """The attempts of one leaf by outcome: at its latest registration, before it, exploratory.

    `plan` is what the case file asks for now, for what has no registration yet.
    """
    loose = {r.seq for r in registrations if r.exploratory}
    counted = [r for r in registrations if not r.exploratory]
    latest = counted[-1] if counted else None
    terms = terms_of(latest) if latest else plan
    mine = attempts_of(latest, tried) if latest else ()
    earlier = [
        a
        for a in tried
        if a.registration not in loose and (latest is None or a.registration != latest.seq)
    ]
    return Tally(
        registration=latest.seq if latest else None,
        planned=terms.attempts,
        budget=terms.budget,
        left=budget_left(latest, mine) if latest else terms.budget,
        used_up=used_up(latest, mine) if latest else False,
        outcomes=_by_outcome(mine),
        earlier=_by_outcome(earlier),
        earlier_registrations=max(0, len(counted) - 1),
        exploratory=_by_outcome(a for a in tried if a.registration in loose),
        exploratory_allowed=plan.exploratory,
        ordering=_ordering(latest),
    )


def graded(result: LeafResult, grades: Mapping[int, str]) -> LeafResult:
    """The result with the ordering grade of its registration, if somebody worked it out."""
    tally = result.tally
    grade = grades.get(tally.registration) if tally and tally.registration else None
    if tally is None or grade is None:
        return result
    return replace(result, tally=replace(tally, ordering=grade))


def _by_outcome(attempts: Iterable[AttemptRecord]) -> Mapping[str, int]:
    counts: Counter[str] = Counter(a.state for a in attempts)
    return {word: counts[word] for word in _OUTCOMES if counts[word]}


def _ordering(latest: Registration | None) -> str:
    """What the order of the record alone shows: a result made elsewhere came before it."""
    if latest is None or latest.body.get("imported"):
        return "none"
    return "self"
