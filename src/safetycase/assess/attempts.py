"""How often a leaf was tried, against what was planned and allowed; counted, never judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from safetycase.assess.records import LeafResult, Tally
from safetycase.ledger.attempts import PlanTerms, terms_of, used_up
from safetycase.ledger.fold import AttemptRecord, Registration

__all__ = ["graded", "tally_of"]

_OUTCOMES = ("completed", "failed", "aborted", "lost", "running")


def tally_of(
    registrations: Sequence[Registration], tried: Sequence[AttemptRecord], plan: PlanTerms
) -> Tally:
    """The attempts of one leaf by outcome: at its latest registration, before it, exploratory.

    `plan` is what the case file asks for now, for what has no registration yet.
    """
    latest: Registration | None = None
    loose: set[int] = set()
    for registration in registrations:
        if registration.exploratory:
            loose.add(registration.seq)
        else:
            latest = registration
    mine: dict[str, int] = {}
    earlier: dict[str, int] = {}
    exploratory: dict[str, int] = {}
    seq = latest.seq if latest else None
    for attempt in tried:
        at = attempt.registration
        counts = mine if at == seq else exploratory if at in loose else earlier
        counts[attempt.state] = counts.get(attempt.state, 0) + 1
    terms = terms_of(latest) if latest else plan
    left = max(0, terms.budget - sum(mine.values()))
    return Tally(
        registration=seq,
        planned=terms.attempts,
        budget=terms.budget,
        left=left,
        used_up=left == 0 and latest is not None and used_up(latest, tried),
        outcomes=_in_order(mine),
        earlier=_in_order(earlier),
        earlier_registrations=max(0, len(registrations) - len(loose) - 1),
        exploratory=_in_order(exploratory),
        exploratory_allowed=plan.exploratory,
        ordering="none" if latest is None or latest.body.get("imported") else "self",
    )


def graded(result: LeafResult, grades: Mapping[int, str]) -> LeafResult:
    """The result with the ordering grade of its registration, if somebody worked it out."""
    tally = result.tally
    grade = grades.get(tally.registration) if tally and tally.registration else None
    if tally is None or grade is None:
        return result
    return replace(result, tally=replace(tally, ordering=grade))


def _in_order(counts: Mapping[str, int]) -> Mapping[str, int]:
    if len(counts) < 2:
        return counts
    return {word: counts[word] for word in _OUTCOMES if word in counts}
