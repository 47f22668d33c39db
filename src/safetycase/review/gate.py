"""The release gate: whether the case is sufficient for what it is for, now, under this policy.

A pure function of the case, its record and the policy. Each clause is one function; it answers
with a sentence, what keeps it from passing and where, and the way out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any

from safetycase.argument.graph import supporting
from safetycase.argument.model import Assumption, Defeater, Dependence, Evidence
from safetycase.assess.gated import Gated, Judged, Overrode
from safetycase.review import gate_record, gate_review, gate_state
from safetycase.review.gate_facts import Facts, instant, overridden, overrides
from safetycase.review.policy import Clause

__all__ = ["RULES", "release", "rule"]

Rule = Callable[[Facts, Clause], Judged]

RULES: Mapping[str, Rule] = {
    **gate_record.RULES,
    **gate_state.RULES,
    **gate_review.RULES,
}
"""Kind of clause -> what judges it; the merge gate adds its own."""


def release(facts: Facts) -> Gated:
    """Whether the case is sufficient now; every clause of the policy is answered."""
    given = overrides(facts)
    clauses = tuple(rule(facts, clause, RULES[clause.kind], given)
                    for clause in facts.policy.of("release"))  # fmt: skip
    until, because = _until(facts, clauses)
    return Gated(
        mode="release",
        assessment=facts.assessment,
        policy=facts.policy.name,
        policy_source=facts.policy.source,
        policy_digest=facts.policy.digest,
        scope=facts.scopes.digest(facts.case.root),
        clauses=clauses,
        overrides=given,
        dissents=facts.assessment.review.dissents,
        until=until,
        ends_by=because,
    )


def rule(facts: Facts, clause: Clause, judge: Rule, given: tuple[Overrode, ...]) -> Judged:
    """What becomes of a clause, overrides taken into account."""
    return overridden(facts, judge(facts, clause), given)


def _until(facts: Facts, clauses: Iterable[Judged]) -> tuple[datetime, str]:
    """Until when the answer can stand without being computed again, and what ends it then.

    It is the earliest of what ends by the calendar; a change of the case or an alarm ends it
    before. Days of the case file end with the day, in UTC.
    """
    case, below = facts.case, set(supporting(facts.case, [facts.case.root]))
    found = [(_end_of(case.header.decision.expires), "the decision expires")]
    lasts = facts.policy.verdict_valid_for
    if lasts is not None:
        found.append((_after(facts.now, lasts.seconds), "the policy says so"))
    for name in facts.scopes.names(case.root):
        # What is over already and carries nothing, as a declared dependence, ends nothing.
        found += [(at, why) for at, why in _ends(facts, name) if name in below or at > facts.now]
    for clause in clauses:
        if clause.override is not None:
            found.append((instant(clause.override.until), f"the override of {clause.clause} ends"))
    return min(found, key=lambda pair: pair[0])


def _ends(facts: Facts, name: str) -> Iterator[tuple[datetime, str]]:
    """What of one element ends by the calendar, and when."""
    element = facts.case.elements[name]
    if isinstance(element, Assumption) and element.expires:
        yield _end_of(element.expires), f"assumption {name} expires"
    elif isinstance(element, Dependence) and element.expires:
        yield _end_of(element.expires), f"the declared dependence {name} expires"
    elif isinstance(element, Defeater) and element.accepted:
        yield _end_of(element.accepted.expires), f"the accepted doubt {name} expires"
    elif isinstance(element, Evidence):
        if ends := _result_ends(facts, element):
            yield ends, f"the result of {name} expires"
        fresh = facts.assessment.freshness.get(name)
        for waived in fresh.waived if fresh else ():
            yield instant(waived.until), f"the waiver for {name} expires"


def _after(start: datetime, seconds: int) -> datetime:
    """So many seconds later, at most the last time there is."""
    try:
        return start + timedelta(seconds=seconds)
    except OverflowError:
        return datetime.max.replace(microsecond=0, tzinfo=UTC)


def _end_of(day: Any) -> datetime:
    return datetime.combine(day, time(23, 59, 59), UTC)


def _result_ends(facts: Facts, leaf: Evidence) -> datetime | None:
    """Until when the result of a leaf counts; None without a result or a limit."""
    result = facts.assessment.leaves.get(leaf.id)
    return result.valid_until if result else None
