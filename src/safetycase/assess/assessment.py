"""Case + record + current recipes + now -> the assessment. The only place that decides a status."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from safetycase.argument.findings import Finding
from safetycase.argument.graph import attackers, blockers, conclusion_of, kind_of
from safetycase.argument.model import (
    Argument,
    Assumption,
    Case,
    Claim,
    Defeater,
    Dependence,
    Element,
    Evidence,
    Monitor,
)
from safetycase.argument.stated import nobody
from safetycase.assess.attempts import graded
from safetycase.assess.below import Below
from safetycase.assess.freshness import LeafTarget
from safetycase.assess.indexed import Indexed
from safetycase.assess.leaves import Leaf, assess_leaf, attempt_of
from safetycase.assess.logic import Facts, standing, unanswered_legs
from safetycase.assess.numbers import Grounds, weigh
from safetycase.assess.objecting import object_to
from safetycase.assess.reasons import reasons_of
from safetycase.assess.records import (
    WORST_FIRST,
    Assessment,
    Confidence,
    Freshness,
    State,
    SupportWord,
    Truth,
)
from safetycase.assess.reviewing import reviewing
from safetycase.assess.verdict import verdict_of
from safetycase.assess.watching import Watching, watching
from safetycase.checks.criterion import claim_of, equal_share
from safetycase.checks.rules import REGISTRY_COMPLETE
from safetycase.confidence.bounds import Bounds
from safetycase.ledger.fold import History
from safetycase.ledger.recipe import Recipe
from safetycase.plugin.contract import Method

__all__ = ["CurrentLeaf", "Input", "assess"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentLeaf:
    """What an evidence would be run with now: its recipe (or the problem) and its method.

    `environment` is what it would run in, `undeclared` the present digests of what its past runs
    opened without declaring it.
    """

    recipe: Recipe | None
    problem: str
    method: Method | None
    environment: Mapping[str, str] = field(default_factory=dict)
    undeclared: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """Everything an assessment is computed from; equal inputs give equal assessments.

    `ordering` is the ordering grade of registrations by their records' numbers, for those that
    somebody worked out.
    """

    case: Case
    history: History
    leaves: Mapping[str, CurrentLeaf]
    findings: tuple[Finding, ...]
    now: datetime
    record_length: int = 0
    record_head: str | None = None
    ordering: Mapping[int, str] = field(default_factory=dict)


def assess(given: Input) -> Assessment:
    """Compute every status of the case at the instant `given.now`."""
    case, conclusions = given.case, conclusion_of(given.case)
    leaves: dict[str, Leaf] = {}
    history, share = Indexed(given.history, case.elements), equal_share(case)
    for name, current in given.leaves.items():
        evidence, claim = case.elements[name], claim_of(case, name, conclusions)
        if isinstance(evidence, Evidence) and claim is not None and claim.holds_when is not None:
            target = LeafTarget(
                evidence=evidence,
                claim=claim,
                recipe=current.recipe,
                problem=current.problem,
                method=current.method,
                environment=current.environment,
                undeclared=current.undeclared,
            )
            leaf = assess_leaf(case, target, history, given.now, share=share)
            if given.ordering:
                leaf = replace(leaf, result=graded(leaf.result, given.ordering))
            leaves[name] = leaf
    facts = _facts(given, leaves)
    fresh = {n: leaf for n, leaf in leaves.items() if leaf.freshness.word == "fresh"}
    grounds = Grounds(
        facts=facts,
        leaves={n: (leaf.bounds.low, leaf.bounds.high) for n, leaf in fresh.items()},
        statistics={n: leaf.statistics for n, leaf in fresh.items()},
    )
    found = weigh(case, grounds, given.now, given.findings)
    values = found.values
    not_ready = _not_ready(case, given.findings)
    bounds = found.bounds if case.root not in not_ready else {}
    matter = [
        name
        for name, e in facts.elements.items()
        if isinstance(e, Evidence | Assumption) or name in facts.accepted
    ]
    below, aside = Below(facts.elements, facts.attacks, matter), dict(found.declared.set_aside)
    aside |= found.root.refused if found.root is not None else {}
    states = {
        name: _state(name, facts, values, leaves, not_ready, bounds.get(name), given, below, aside)
        for name in facts.elements
    }
    return verdict_of(
        given.case,
        given.now,
        states,
        leaves,
        given.findings,
        bounds.get(case.root),
        facts,
        found,
        attempts=tuple(
            attempt_of(a, history.by_seq[a.registration]) for a in given.history.attempts
        ),
        record=(given.record_length, given.record_head),
        events=given.history.events,
    )


def _facts(given: Input, leaves: Mapping[str, Leaf]) -> Facts:
    case, today = given.case, given.now.date()
    elements: dict[str, Element] = dict(case.elements)
    attacks = {t: list(ds) for t, ds in attackers(case).items()}
    raised = {name: says for leaf in leaves.values() for name, says in leaf.result.raised}
    for name, says in raised.items():
        if name not in elements:
            target = name.split(".")[0]
            elements[name] = Defeater(id=name, against=target, says=says)
            attacks.setdefault(target, []).append(name)
    refused = {f.subject for f in given.findings if f.severity == "error" and f.subject}
    watched = watching(case, given.history, given.now, unfit=refused)
    kept = dict(_kept(watched, elements))
    _challenge(watched, elements, attacks, case.root)
    review = reviewing(case, given.history, given.now, elements)
    challenged = object_to(review, elements, attacks, kept)
    silent = {
        name
        for name, e in elements.items()
        if isinstance(e, Defeater)
        and "." in name
        and name not in raised
        and name not in watched.challenges
        and name not in challenged
        and name not in kept
    }
    problems = blockers(case)
    assumed = {
        name: not nobody(e.owner)
        and (e.expires is None or e.expires >= today)
        # Whether the monitor is quiet decides with the other monitors; one has to be there.
        and (e.monitor is None or isinstance(elements.get(e.monitor), Monitor))
        for name, e in elements.items()
        if isinstance(e, Assumption)
    }
    held = set(refused)
    registry = elements.get(REGISTRY_COMPLETE)
    if (
        not isinstance(registry, Assumption)
        or not assumed[REGISTRY_COMPLETE]
        or REGISTRY_COMPLETE in watched.blocking
    ):
        held.add(case.root)
    truth = {"supports": True, "refutes": False, "inconclusive": None, None: None}
    return Facts(
        elements=elements,
        leaves={
            n: truth[leaf.outcome] if leaf.freshness.word == "fresh" else None
            for n, leaf in leaves.items()
        },
        assumed=assumed,
        blocked=frozenset({t for t in problems if t in elements} | watched.blocking.keys() | held),
        held=frozenset(held),
        attacks={t: tuple(ds) for t, ds in attacks.items()},
        accepted=frozenset(
            name
            for name, e in elements.items()
            if isinstance(e, Defeater)
            and e.accepted
            and not e.mandatory
            and name not in kept
            and e.accepted.expires >= today
            and not nobody(e.accepted.owner)
            and 0 <= e.accepted.doubt <= 1  # otherwise a finding, and nothing is accepted
        ),
        silent=frozenset(silent),
        problems=problems,
        monitors=watched.blocking,
        kept=kept,
        watching=watched,
        review=review,
        challenged=challenged,
        ranges={
            leaf.result.claim: {
                q.name: (q.interval.low, q.interval.high) for q in leaf.result.quantities
            }
            for leaf in leaves.values()
            if leaf.freshness.word == "fresh"
        },
    )


def _kept(watched: Watching, elements: Mapping[str, Element]) -> Mapping[str, tuple[str, ...]]:
    """The defeaters that nothing answers now, with the monitors for which that is so.

    Those that a monitor conditions while it is unknown or alarms, and those that alarms raise which
    a reviewer confirmed or which are overdue.
    """
    found: dict[str, list[str]] = {}
    for name, monitor in watched.monitors.items():
        for target in monitor.targets if monitor.blocks or monitor.open else ():
            if isinstance(elements.get(target), Defeater):
                found.setdefault(target, []).append(name)
    for challenge in watched.challenges.values():
        # What was written beforehand does not outweigh the word of a reviewer, nor a missed date.
        monitor = watched.monitors[challenge.monitor]
        gone = monitor.state == "not in the case"
        if gone or any(a.overdue or a.standing == "confirmed" for a in monitor.open):
            found.setdefault(challenge.id, []).append(challenge.monitor)
    return {target: tuple(names) for target, names in found.items()}


def _challenge(
    watched: Watching, elements: dict[str, Element], attacks: dict[str, list[str]], root: str
) -> None:
    """Add the doubts that open alarms raise; a doubt about a doubt is kept standing instead."""
    for name, challenge in watched.challenges.items():
        target = elements.get(challenge.target)
        if target is None or isinstance(target, Defeater):
            continue
        # A file may say what answers the doubt, never that it is against something else, that it is
        # accepted, that it rests on what fails, or that another doubt does away with it.
        doubt = Defeater(id=name, against=challenge.target, says=challenge.says)
        written = elements.get(name)
        if isinstance(written, Defeater):
            doubt = replace(written, by=None, accepted=None)
        elements[name] = doubt
        attacks.pop(name, None)
        against = {challenge.target: None}
        if challenge.target == REGISTRY_COMPLETE:  # it holds for the root, wherever it stands
            against[root] = None
        for each in against:
            if name not in attacks.setdefault(each, []):
                attacks[each].append(name)


def _not_ready(case: Case, findings: tuple[Finding, ...]) -> frozenset[str]:
    """Every element with a blocking finding at or below it."""
    # What a finding is about may not have come to be: a template that could not be instantiated.
    about = {f.subject or "" for f in findings if f.severity == "error"}
    bad = {name if name in case.elements else case.root for name in about}
    # What is wrong with a declared dependence is wrong with the number of the whole case.
    if any(isinstance(case.elements.get(name), Dependence) for name in bad):
        bad.add(case.root)
    if not bad:
        return frozenset()
    below = Below(case.elements, attackers(case), [n for n in case.elements if n in bad])
    return frozenset(n for n in case.elements if below.masks[n])


def _state(
    name: str,
    facts: Facts,
    values: Mapping[str, bool | None],
    leaves: Mapping[str, Leaf],
    not_ready: frozenset[str],
    bounds: Bounds | None,
    given: Input,
    resting: Below,
    aside: Mapping[str, str],
) -> State:
    element, below = facts.elements[name], resting.of(name)
    value = values[name]
    truth: Truth = "unknown" if value is None else "true" if value else "false"
    support = _support(name, element, facts, values, aside)
    return State(
        id=name,
        kind=kind_of(element),
        posed="not ready" if name in not_ready else "ready",
        support=support,
        residual=value is True and any(n in facts.accepted for n in below),
        truth=truth,
        freshness=_freshness(name, below, facts, leaves, given.now),
        reasons=reasons_of(name, facts, values, leaves, given.case, given.now),
        assumes=tuple(n for n in below if isinstance(facts.elements[n], Assumption)),
        attackers=standing(facts, values, name),
        confidence=Confidence(low=bounds.low, high=bounds.high) if bounds else None,
    )


def _support(
    name: str,
    element: Element,
    facts: Facts,
    values: Mapping[str, bool | None],
    aside: Mapping[str, str],
) -> SupportWord:
    value = values[name]
    if isinstance(element, Assumption):
        if value:
            return "assumed"
        return "contested" if standing(facts, values, name) else "open"
    if isinstance(element, Dependence):
        return "open" if name in aside else "assumed"
    if isinstance(element, Defeater):
        return "open" if value is None else "supported" if value else "refuted"
    if contested(name, facts, values):
        return "contested"
    return "open" if value is None else "supported" if value else "refuted"


def contested(name: str, facts: Facts, values: Mapping[str, bool | None]) -> bool:
    """Whether a standing defeater attacks it, its step, or a leg of its alternatives."""
    if standing(facts, values, name):
        return True
    element = facts.elements[name]
    if isinstance(element, Claim) and element.by and values[name] is None:
        return element.by in facts.elements and contested(element.by, facts, values)
    if isinstance(element, Argument) and values[name] is None:
        legs = [values.get(p) for p in element.premises]
        return (
            True in legs
            and bool(unanswered_legs(element, values.get))
            and (element.rule == "any" or element.kind == "alternatives")
        )
    return False


def _no_leaf(element: Evidence) -> Freshness:
    """Why an evidence has no result to be fresh."""
    if element.method is None:
        return Freshness(word="never run", detail="nothing executes it yet")
    return Freshness(word="unknown", detail="no criterion to judge it by")


def _freshness(
    own: str, below: tuple[str, ...], facts: Facts, leaves: Mapping[str, Leaf], now: datetime
) -> Freshness:
    """The worst freshness of the evidence and assumptions an element rests on."""
    if own in leaves:
        return leaves[own].freshness
    found: list[Freshness] = []
    for name in below:
        element = facts.elements[name]
        if name in leaves:
            found.append(leaves[name].freshness)
        elif isinstance(element, Evidence):
            found.append(_no_leaf(element))
        elif isinstance(element, Assumption) and element.expires and element.expires < now.date():
            found.append(Freshness(word="expired", detail=element.expires.isoformat()))
    if not found:
        held = any(isinstance(facts.elements[name], Assumption) for name in below)
        return Freshness(
            word="fresh" if held else "never run", detail="" if held else "no evidence below"
        )
    worst = min(found, key=lambda f: WORST_FIRST.index(f.word))
    if below == (own,):
        return worst
    count = sum(f.word == worst.word for f in found)
    if worst.word == "fresh":
        return worst
    return Freshness(word=worst.word, detail=f"{count} of {len(found)} below")
