"""The verdict of a case: one word, one sentence, and why there is no number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from safetycase.argument.findings import Finding
from safetycase.argument.graph import supporting
from safetycase.argument.model import Assumption, Case, Defeater, Evidence, Problem
from safetycase.assess.leaves import Leaf
from safetycase.assess.logic import Facts
from safetycase.assess.numbers import Numbers
from safetycase.assess.records import Assessment, Attempt, State, Verdict
from safetycase.confidence.bounds import Bounds
from safetycase.ledger.fold import EventRecord

__all__ = ["verdict_of"]


def verdict_of(
    case: Case,
    now: datetime,
    states: Mapping[str, State],
    leaves: Mapping[str, Leaf],
    findings: tuple[Finding, ...],
    bounds: Bounds | None,
    facts: Facts,
    numbers: Numbers,
    *,
    attempts: tuple[Attempt, ...],
    record: tuple[int, str | None],
    events: tuple[EventRecord, ...] = (),
) -> Assessment:
    """Assemble the assessment: a case holds only if posed, supported and confident enough."""
    root = states[case.root]
    because = () if bounds else _no_number(case, states, leaves, facts)
    verdict, headline = _verdict(case, root, bounds, now)
    return Assessment(
        case=case,
        at=now,
        states=states,
        leaves={n: leaf.result for n, leaf in leaves.items()},
        findings=findings,
        verdict=verdict,
        headline=headline,
        no_number_because=because,
        record_length=record[0],
        record_head=record[1],
        attempts=attempts,
        due={n: leaf.due for n, leaf in leaves.items() if leaf.due},
        freshness={n: leaf.freshness for n, leaf in leaves.items()},
        numbers=numbers,
        events=events,
        monitors=facts.watching.monitors,
        challenges=facts.watching.challenges,
        review=facts.review,
    )


def _verdict(case: Case, root: State, bounds: Bounds | None, now: datetime) -> tuple[Verdict, str]:
    says = f"“{case.elements[case.root].says}”"  # type: ignore[union-attr]
    if root.posed != "ready":
        return "not posed", f"The case is not well-posed: findings block {says}"
    if case.header.decision.expires < now.date():
        return "unknown", f"The decision expired on {case.header.decision.expires}."
    if root.support == "refuted":
        return "fails", f"The case fails: {says} is refuted."
    if root.support == "contested":
        return "unknown", f"Not shown: an undefeated doubt stands against {says}"
    if root.truth != "true":
        return "unknown", f"Not shown: {says} is open."
    low, target = (bounds.low if bounds else 0.0), case.header.target
    if low < target:
        return "insufficient", (
            f"Supported, confidence insufficient: at least {low:.2f}, and the "
            f"decision asks for {target:.2f}."
        )
    residual = " (residual doubts accepted)" if root.residual else ""
    return "holds", f"The case holds{residual}: confidence at least {low:.2f}."


def _no_number(
    case: Case, states: Mapping[str, State], leaves: Mapping[str, Leaf], facts: Facts
) -> tuple[str, ...]:
    """Why the case is not closed, in counts that add up."""
    below = supporting(case, [case.root])
    found: list[str] = []
    problems = [
        n
        for n, e in case.elements.items()
        if isinstance(e, Problem) and any(t in below for t in e.blocks)
    ]
    if problems:
        block = "problem blocks" if len(problems) == 1 else "problems block"
        found.append(f"{len(problems)} open {block} it: " + ", ".join(problems))
    stale = [n for n in below if n in leaves and leaves[n].freshness.word != "fresh"]
    if stale:
        found.append(
            f"{len(stale)} {'leaf does' if len(stale) == 1 else 'leaves do'} not count now: "
            + ", ".join(f"{n} ({leaves[n].freshness.word})" for n in stale)
        )
    loose = [
        n
        for n in below
        if isinstance(e := case.elements[n], Evidence) and e.method and n not in leaves
    ]
    if loose:
        found.append("evidence without a criterion: " + ", ".join(loose))
    out = [n for n in below if isinstance(case.elements[n], Assumption) and not facts.assumed[n]]
    if out:
        found.append("assumptions that nobody answers for now: " + ", ".join(out))
    found += _watched(below, facts)
    found += _challenged(case, below, facts)
    mandatory = [
        n
        for n in below
        if isinstance(e := case.elements[n], Defeater)
        and e.mandatory
        and states[n].truth != "false"
    ]
    if mandatory:
        found.append("mandatory doubts without an answer: " + ", ".join(mandatory))
    steps = [case.elements[n] for n in below]
    planned = [e.id for e in steps if isinstance(e, Evidence) and e.method is None]
    if planned:
        noun = "leaf" if len(planned) == 1 else "leaves"
        found.append(f"{len(planned)} {noun} that nothing executes yet: " + _some(planned))
    if any(s.posed != "ready" for s in states.values()):
        found.append("findings make parts of it not ready")
    return tuple(found or _doubted(below, states) or ["parts of it are undeveloped"])


def _some(names: Sequence[str], most: int = 8) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _doubted(below: Sequence[str], states: Mapping[str, State]) -> list[str]:
    """The doubts that stand against what the root rests on, where nothing else is in the way."""
    doubts = list(dict.fromkeys(d for n in below if n in states for d in states[n].attackers))
    return ["doubts that nothing answers: " + _some(doubts)] if doubts else []


def _watched(below: Sequence[str], facts: Facts) -> Iterator[str]:
    """The monitors that keep parts of the case unknown, and the alarms that stand against some."""
    rests, watching = set(below), facts.watching
    blocking = dict.fromkeys(m for t in below for m in facts.monitors.get(t, ()))
    if blocking:
        noun = "monitor is" if len(blocking) == 1 else "monitors are"
        yield f"{len(blocking)} {noun} not known to be quiet: " + ", ".join(
            f"{m} ({watching.monitors[m].state})" for m in blocking
        )
    alarming: dict[str, tuple[int, ...]] = {}
    for challenge in watching.challenges.values():
        if challenge.target in rests:
            alarming[challenge.monitor] = challenge.alarms
    if alarming:
        yield "alarms that nobody resolved: " + ", ".join(
            f"{m} (record {', '.join(map(str, records[:8]))})" for m, records in alarming.items()
        )


def _challenged(case: Case, below: Sequence[str], facts: Facts) -> Iterator[str]:
    """The challenges of reviewers that stand against what the root rests on."""
    rests = {case.root, *below}
    names = [c.id for c in facts.challenged.values() if rests.intersection(c.targets)]
    if names:
        noun = "challenge stands" if len(names) == 1 else "challenges stand"
        yield f"{len(names)} {noun}: {_some(names)}"
