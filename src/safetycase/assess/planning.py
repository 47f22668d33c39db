"""From a target to a doubt, a sample size and a cost for every part of the case, and back.

The plan goes through one proof of the root: the parts that together make it go through, each
counted once. What a judgement already states is taken as it is; what is left of 1 − target is
shared over the rest so that the measured leaves cost the least (`confidence.allocation`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from safetycase.argument.expression import Expression
from safetycase.argument.graph import claim_of, conclusion_of, rule_of
from safetycase.argument.model import Argument, Case, Claim, Evidence
from safetycase.assess.basic import Basic
from safetycase.assess.network import Network
from safetycase.checks.criterion import confidence, judge
from safetycase.confidence.allocation import Part, allocate
from safetycase.confidence.graph import Graph
from safetycase.confidence.proof import proof_set
from safetycase.stats import Clustered, Proportion, Statistic

__all__ = ["Plan", "PlanLine", "best_result", "clean_items", "plan"]

_MOST = 10**8
How = Literal["measured", "planned", "judged", "open", "fixed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLine:
    """One part of the plan.

    `doubt` is what it may have, None where the fixed doubts leave nothing. `n` is the fewest items
    (in `clusters`) that decide the criterion if none of them fails; `alpha` the level they are
    judged at, which pays for the registrations made so far. `cost` is in the unit of the case.
    A leaf is worth no more than the power of its method: `planted` false subjects, none of which
    passes, leave a doubt of 1/(planted + 1), at most `doubt`. `at_best` is the doubt that the n
    written in the file leaves if every item is clean, with the power in the record.
    """

    id: str
    how: How
    says: str
    doubt: float | None
    now: float
    alpha: float | None = None
    criterion: str = ""
    n: int | None = None
    clusters: int | None = None
    planted: int | None = None
    cost: float | None = None
    written_n: int | None = None
    at_best: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The plan for one target; `possible` is false where fixed doubts alone exceed 1 − target.

    `at_best` is the confidence if every measured part comes out clean at the n of the file and
    every other part has the doubt it may have.
    """

    target: float
    lines: tuple[PlanLine, ...]
    fixed: float
    spare: float
    possible: bool
    items: int
    cost: float | None
    at_best: float | None
    notes: tuple[str, ...] = ()


def best_result(criterion: Expression, n: int, per_cluster: int = 1) -> dict[str, Statistic] | None:
    """The safest result of `n` items for each quantity; None where one has no safest end."""
    found: dict[str, Statistic] = {}
    for name, ends in criterion.sides().items():
        if len(ends) != 1:
            return None
        hits = 0 if "high" in ends else per_cluster
        found[name] = (
            Proportion(successes=n * hits, trials=n)
            if per_cluster == 1
            else Clustered(clusters=((hits, per_cluster, 0),) * max(1, n // per_cluster))
        )
    return found


def clean_items(criterion: Expression, alpha: float, per_cluster: int = 1) -> int | None:
    """The fewest items with which the safest result meets `criterion` at doubt `alpha`.

    None where no number does: a quantity that is no rate, or a bound of 0.
    """

    def enough(clusters: int) -> bool:
        best = best_result(criterion, clusters * per_cluster, per_cluster)
        return best is not None and judge(criterion, best, alpha).outcome == "supports"

    most = 1
    while not enough(most):
        most *= 2
        if most * per_cluster > (_MOST if per_cluster == 1 else 10**6):
            return None
    least = most // 2
    while most - least > 1:
        middle = (least + most) // 2
        least, most = (least, middle) if enough(middle) else (middle, most)
    return most * per_cluster


def plan(
    case: Case,
    net: Network,
    target: float,
    *,
    registrations: Mapping[str, int],
    power: Mapping[str, float] | None = None,
    through: Sequence[str] = (),
) -> Plan:
    """The cheapest plan that reaches `target` at the root, through the proof with fewest parts.

    `registrations` counts the judged registrations of each leaf so far, `power` is how surely its
    method catches the next planted failure, where that is in the record. `through` names legs that
    alternatives are to go through. `ValueError` for an unknown leg or a target out of range.
    """
    if not 0 < target < 1:
        raise ValueError(f"the target {target!r} is not between 0 and 1")
    planner = _Planner(case, registrations, power or {})
    lines = [planner.line(event, net.events[event]) for event in _chosen(case, net, through)]
    parts = [planner.part(line) for line in lines]
    budget = allocate(parts, target)
    planned = [planner.planned(line, budget.doubts.get(line.id)) for line in lines]
    costs = [line.cost for line in planned if line.how == "measured"]
    known = bool(costs) and all(c is not None for c in costs)
    return Plan(
        target=target,
        lines=tuple(planned),
        fixed=budget.fixed,
        spare=budget.spare,
        possible=budget.possible or (budget.spare >= 0 and all(p.doubt is not None for p in parts)),
        items=sum(line.n or 0 for line in planned),
        cost=math.fsum(c for c in costs if c is not None) if known else None,
        at_best=_at_best(planned),
    )


def _chosen(case: Case, net: Network, through: Sequence[str]) -> list[str]:
    """The basic events of the proof with fewest parts, in the order of the graph."""
    avoided = _avoided(case, net, through)
    names = {index: name for name, index in net.index.items()}
    low, high = list(net.graph.low), list(net.graph.high)
    unit = 0.5 / (1000 * max(1, len(names)))
    for index, name in names.items():
        doubt = 1000 * unit if name in avoided else unit
        low[index], high[index] = 1 - doubt, 1.0
        if net.events[name].what == "doubt":
            low[index] = 0.0
            high[index] = min(1.0, net.events[name].high)
    weighed: Graph = replace(net.graph, low=tuple(low), high=tuple(high))
    found = proof_set(weighed, net.nodes[case.root], exact=True)
    return [names[index] for index, _ in sorted(found.literals)]


def _avoided(case: Case, net: Network, through: Sequence[str]) -> set[str]:
    """The events of the legs beside those that are asked for."""
    names = {index: name for name, index in net.index.items()}
    avoided: set[str] = set()
    for leg in through:
        steps = [
            e
            for e in case.elements.values()
            if isinstance(e, Argument) and leg in e.premises and rule_of(e) != "all"
        ]
        if not steps or leg not in net.nodes:
            raise ValueError(f"`{leg}` is no leg of alternatives")
        kept = set(net.graph.events([net.nodes[leg]]))
        for step in steps:
            others = [net.nodes[p] for p in step.premises if p != leg and p in net.nodes]
            avoided |= {names[i] for i in net.graph.events(others) if i not in kept}
    return avoided


class _Planner:
    """Fills in the lines of a plan."""

    def __init__(
        self, case: Case, registrations: Mapping[str, int], power: Mapping[str, float]
    ) -> None:
        self.case = case
        self.registrations = registrations
        self.power = power
        self.conclusions = conclusion_of(case)

    def line(self, event: str, basic: Basic) -> PlanLine:
        element = self.case.elements.get(basic.element)
        now = basic.high if basic.what == "doubt" else 1 - basic.low
        says = str(getattr(element, "says", "") or getattr(element, "because", "") or basic.note)
        if isinstance(element, Evidence) and event in (element.id, f"{element.id}~interval"):
            claim = claim_of(self.case, element.id, self.conclusions)
            how: How = "measured" if claim is not None and claim.holds_when else "planned"
            criterion = str(claim.holds_when) if claim is not None and claim.holds_when else ""
            return PlanLine(id=event, how=how, says=says, doubt=None, now=now, criterion=criterion)
        stated = basic.what == "doubt" or (basic.what in ("assumption", "warrant") and now < 1)
        how = "fixed" if stated else "open" if basic.what == "open" else "judged"
        return PlanLine(id=event, how=how, says=says, doubt=None, now=now)

    def part(self, line: PlanLine) -> Part:
        if line.how == "fixed":
            return Part(id=line.id, doubt=line.now)
        if line.how == "measured":
            criterion, each, cost = self._leaf(line.id)
            small, smaller = clean_items(criterion, 1e-2, each), clean_items(criterion, 1e-4, each)
            if small is not None and smaller is not None and smaller > small:
                rate = math.log(100) / (smaller - small)
                return Part(id=line.id, rate=rate, cost_per_item=1.0 if cost is None else cost)
        return Part(id=line.id)

    def _leaf(self, event: str) -> tuple[Expression, int, float | None]:
        """(criterion, items in a cluster, cost of an item) of the leaf behind an event."""
        name = event.split("~")[0]
        leaf, claim = self.case.elements[name], claim_of(self.case, name, self.conclusions)
        assert isinstance(leaf, Evidence)
        assert isinstance(claim, Claim)
        assert claim.holds_when is not None
        size = leaf.plan
        each = max(1, (size.n or 1) // size.clusters) if size and size.clusters else 1
        return claim.holds_when, each, size.cost_per_item if size else None

    def planned(self, line: PlanLine, doubt: float | None) -> PlanLine:
        if line.how != "measured":
            return replace(line, doubt=doubt)
        criterion, each, cost = self._leaf(line.id)
        leaf = self.case.elements[line.id.split("~")[0]]
        assert isinstance(leaf, Evidence)
        rank = self.registrations.get(leaf.id, 0) + 1
        written = leaf.plan.n * leaf.plan.attempts if leaf.plan and leaf.plan.n else None
        best = best_result(criterion, written, each) if written else None
        at_best = None
        if best is not None:
            charged = (1 - confidence(criterion, best)[0]) * rank * (rank + 1)
            at_best = min(1.0, max(charged, 1 - self.power.get(leaf.id, 1.0)))
        if doubt is None:
            return replace(line, written_n=written, at_best=at_best)
        alpha = doubt / (rank * (rank + 1))
        n = clean_items(criterion, alpha, each)
        fixed = (leaf.plan.cost_fixed or 0.0) if leaf.plan else 0.0
        return replace(
            line,
            doubt=doubt,
            alpha=alpha,
            n=n,
            clusters=n // each if n and each > 1 else None,
            planted=math.ceil(1 / doubt - 1e-9) - 1,
            cost=None if cost is None or n is None else n * cost + fixed,
            written_n=written,
            at_best=at_best,
            note="" if n is not None else "no number of items decides this criterion",
        )


def _at_best(lines: Sequence[PlanLine]) -> float | None:
    if not any(line.at_best is not None for line in lines):
        return None
    doubts = [line.at_best if line.at_best is not None else line.doubt for line in lines]
    if any(doubt is None for doubt in doubts):
        return None
    return max(0.0, 1 - math.fsum(d for d in doubts if d is not None))
