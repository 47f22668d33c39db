"""The items of a case ranked: alone, and in the groups that are worthless unless all are solved.

Two numbers stand beside each other. The *bound* is what the headline reaches under any
dependence; it often stays at 0 until the last of several items is solved. The *point* comes from
a stated model (`model_words`): it moves with every item that matters, and the value of
information is exact within it and no better than it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from safetycase.agenda.funding import BUILT_IN, Outlook, Taken, chance_of, outlooks
from safetycase.agenda.groups import Groups, groups
from safetycase.agenda.items import Item
from safetycase.agenda.multilinear import Formula, TooTangled, compile_formula
from safetycase.agenda.opengraph import OpenGraph
from safetycase.agenda.planning import Planned, lower_bounds, planned
from safetycase.agenda.value import (
    MODEL,
    Information,
    Lift,
    Linear,
    Rate,
    Stakes,
    lift,
    perfect,
    perfect_together,
    sample,
)
from safetycase.argument.model import Claim, Evidence
from safetycase.assess.records import Assessment, LeafResult
from safetycase.confidence.graph import Graph

__all__ = ["Bound", "RankedGroup", "Ranked", "Ranking", "model_words", "rank"]

Bound = Callable[[Graph, int], float]
"""A sound lower bound on the probability of a node of a graph without negations."""

_TOGETHER = 12
_WORK = 1 << 16
"""Outcomes times nodes, beyond which the joint value of a group is left out."""
_ROWS = 1 << 22
_TRIALS = 100
_MOST_TRIALS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """One item and what solving it would do.

    `lift` compares the headline now with the headline if the item were solved for the cost of one
    shot (`outlook.cost`): the bound, and the point with its log odds per cost, by which the list
    is ordered. `knowing` is the value of learning whether the item can be solved (EVPI), `more`
    that of `trials` further trials of a leaf (EVSI), both in units in which gain and loss of the
    decision add up to 1. `price` is the dual price of its doubt, where one was given. All are
    None for an item the headline does not depend on.
    """

    item: Item
    outlook: Outlook
    chance: float
    lift: Lift | None = None
    knowing: Information | None = None
    more: Information | None = None
    trials: int = 0
    price: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedGroup:
    """Items that bring `gain` for the point if all are solved, and nothing if one is missing.

    `bound` is the headline bound with the group solved, `chance` that all can be solved, `cost`
    that of one shot at each, `knowing` the value of learning of all of them at once (None
    where they are too many).
    """

    items: tuple[str, ...]
    gain: float
    bound: float
    chance: float
    cost: float
    knowing: Information | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """The items, best first, and the groups, best first.

    `now` is the headline bound as the case stands and `point` the value of the point model.
    `grouped` says what the groups are made of (`problems`: the rest is taken as done),
    `substitutes` which items can stand for each other, `truncated` whether groups may be missing.
    """

    items: tuple[Ranked, ...]
    groups: tuple[RankedGroup, ...]
    substitutes: tuple[tuple[str, ...], ...]
    truncated: bool
    grouped: str
    now: float
    point: float | None
    stakes: Stakes
    taken: Taken
    alike: tuple[str, ...]
    assumed: tuple[str, ...]
    notes: tuple[str, ...]


def model_words(taken: Taken) -> str:
    """The point model in a sentence."""
    return (
        f"{MODEL}: items are independent, each can be solved with the middle of its stated "
        f"interval of chance ({taken.said} where nobody stated one), what is assessed holds with "
        "its lower end, and what stands now or is not assessed holds"
    )


def rank(
    assessment: Assessment,
    items: Sequence[Item],
    given: OpenGraph,
    *,
    taken: Taken = BUILT_IN,
    everything: bool = False,
    stakes: Stakes | None = None,
    shares: Collection[str] = (),
    prices: Mapping[str, float] | None = None,
    bound: Bound | None = None,
) -> Ranking:
    """Rank `items` by what solving them does to the headline of `given`.

    Groups are made of problems, the other items taken as done, unless `everything` is asked for
    or there is no problem. `stakes` defaults to those whose threshold is the case's target.
    `shares` are the leaves whose criterion bounds a share of independent trials: for these the
    value of more trials is computed.
    `prices` are dual prices by item, `bound` is layer 1 unless a better one is handed in.
    """
    target = assessment.case.header.target
    odds = min(max(target, 1e-6), 1 - 1e-6)  # a target that is no probability is a finding
    at = stakes or Stakes(gain=1 - odds, loss=odds)
    known = outlooks(items, taken)
    plan = planned(given)
    model = _Model(plan, known, bound)
    notes = [model.why] if model.why else []
    rows = [
        _ranked(
            item,
            known[item.id],
            model,
            at,
            _leaf(assessment, item.id) if item.id in shares else None,
            (prices or {}).get(item.id),
        )
        for item in items
    ]
    others = [i.id for i in items if i.what != "problem"]
    whole = everything or not any(i.what == "problem" and i.id in plan.events for i in items)
    inner = plan if whole else planned(given, others)
    found = _groups(inner, notes)
    return Ranking(
        items=tuple(sorted(rows, key=_order)),
        groups=_ranked_groups(found, _Model(inner, known, model.bound), at),
        substitutes=tuple(
            tuple(name for name in known if name in names) for names in found.substitutes
        ),
        truncated=found.truncated,
        grouped="every item" if whole else "problems",
        now=model.unsolved,
        point=model.now,
        stakes=at,
        taken=taken,
        alike=tuple(i.id for i in items if i.prospects is None and i.id in plan.events),
        assumed=plan.taken,
        notes=tuple(notes),
    )


class _Model:
    """The point model and the bound on one planned graph.

    `ends[event]` is P(top) with the event false and true, `solved[event]` the bound with it
    certain; `top` is None, for the reason `why`, where too much is shared to compute it.
    """

    def __init__(self, plan: Planned, known: Mapping[str, Outlook], bound: Bound | None) -> None:
        self.plan, self.known, self.bound = plan, known, bound
        self.point = [float(low) for low in plan.graph.low]
        for item, event in plan.events.items():
            self.point[event] = chance_of(known[item])
        self.formula: Formula = compile_formula(plan.graph, plan.root)
        self.ends: dict[int, tuple[float, float]] = {}
        self.now: float | None = None
        self.why = ""
        events = list(plan.events.values())
        try:
            self.now = self.formula.at(self.point)
            self.ends = self._ends(events)
        except TooTangled as error:
            self.why = f"no point values: {error}"
        self.solved = dict(zip(events, self.bounds([(event,) for event in events]), strict=True))
        (self.unsolved,) = self.bounds([()])

    def _ends(self, events: Sequence[int]) -> dict[int, tuple[float, float]]:
        found: dict[int, tuple[float, float]] = {}
        step = max(1, _ROWS // max(1, len(self.point)))
        for start in range(0, len(events), step):
            chunk = events[start : start + step]
            rows = np.tile(np.asarray(self.point), (2 * len(chunk), 1))
            for k, event in enumerate(chunk):
                rows[2 * k, event], rows[2 * k + 1, event] = 0.0, 1.0
            values = self.formula.many(rows).tolist()
            found |= {e: (values[2 * k], values[2 * k + 1]) for k, e in enumerate(chunk)}
        return found

    def bounds(self, solved: Sequence[Sequence[int]]) -> list[float]:
        """The bound with the events of each entry certain."""
        graph, root = self.plan.graph, self.plan.root
        if self.bound is None:
            return lower_bounds(graph, root, solved)
        found = []
        for events in solved:
            low = list(graph.low)
            for event in events:
                low[event] = 1.0
            found.append(self.bound(_with_low(graph, low), root))
        return found


def _with_low(graph: Graph, low: Sequence[float]) -> Graph:
    return Graph(
        names=graph.names,
        ops=graph.ops,
        parts=graph.parts,
        k=graph.k,
        low=tuple(low),
        high=tuple(max(h, v) for h, v in zip(graph.high, low, strict=True)),
    )


def _ranked(
    item: Item,
    outlook: Outlook,
    model: _Model,
    stakes: Stakes,
    leaf: _Leaf | None,
    price: float | None,
) -> Ranked:
    event = model.plan.events.get(item.id)
    chance = chance_of(outlook)
    if event is None or event not in model.ends or model.now is None:
        return Ranked(item=item, outlook=outlook, chance=chance, price=price)
    cost = outlook.cost if outlook.cost > 0 else None
    (low, high), now = model.ends[event], model.now
    line = Linear(slope=high - low, offset=low)
    bounds = (model.unsolved, model.solved[event])

    def settled(point: Sequence[float]) -> bool:
        return point[event] == 1.0

    return Ranked(
        item=item,
        outlook=outlook,
        chance=chance,
        lift=lift(
            lambda point: high if settled(point) else now,
            lambda point: bounds[settled(point)],
            model.point,
            [event],
            cost or 1.0,
        ),
        knowing=perfect(line, chance, stakes, cost),
        more=sample(line, leaf.rate, leaf.trials, stakes, leaf.cost) if leaf else None,
        trials=leaf.trials if leaf else 0,
        price=price,
    )


def _order(row: Ranked) -> tuple[object, ...]:
    if row.lift is None:
        return (1, 0.0, 0.0, not row.item.carries)
    gain = row.lift.bound_after - row.lift.bound_before
    return (0, -gain / row.lift.cost, -row.lift.log_odds_per_cost, False)


def _groups(plan: Planned, notes: list[str]) -> Groups:
    events = dict(plan.events)
    try:
        point = [float(low) for low in plan.graph.low]
        return groups(plan.graph, plan.root, events, point, largest=max(1, len(events)), most=300)
    except (TooTangled, ValueError) as error:
        notes.append(f"no groups: {error}")
        return Groups(groups=(), substitutes=(), idle=tuple(events), base=0.0, truncated=True)


def _ranked_groups(found: Groups, model: _Model, stakes: Stakes) -> tuple[RankedGroup, ...]:
    events = [[model.plan.events[name] for name in group.items] for group in found.groups]
    rows = []
    for group, solved, bound in zip(found.groups, events, model.bounds(events), strict=True):
        cost = sum(model.known[name].cost for name in group.items)
        joint = None
        small = len(model.plan.graph) << len(solved) <= _WORK
        if model.now is not None and small and len(solved) <= _TOGETHER:
            joint = perfect_together(model.formula.at, model.point, solved, stakes, cost or None)
        members = set(group.items)
        rows.append(
            RankedGroup(
                items=tuple(name for name in model.known if name in members),
                gain=group.gain,
                bound=bound,
                chance=math.prod(model.point[event] for event in solved),
                cost=cost,
                knowing=joint,
            )
        )
    return tuple(sorted(rows, key=lambda g: (-g.gain * g.chance, g.cost, g.items)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Leaf:
    """A leaf that measures a share: the credence for it, and the further trials it plans."""

    rate: Rate
    trials: int
    cost: float | None


def _leaf(assessment: Assessment, name: str) -> _Leaf | None:
    """What more trials of a leaf would be; None unless one plain comparison decides it.

    The credence is that of a uniform prior and the counts so far.
    """
    element = assessment.case.elements.get(name)
    result = assessment.leaves.get(name)
    claim = assessment.case.elements.get(result.claim) if result else None
    if result is None or not isinstance(element, Evidence) or not isinstance(claim, Claim):
        return None
    criterion = claim.holds_when
    if criterion is None or len(criterion.names) != 1 or len(criterion.thresholds()) != 1:
        return None
    ((quantity, limit),) = criterion.thresholds().items()
    if not 0 < limit < 1:
        return None
    below = criterion.sides().get(quantity) == frozenset({"high"})
    failures, n = _counts(result, quantity, below)
    trials, cost = _trials(element)
    rate = Rate(a=failures + 1, b=n - failures + 1, threshold=limit if below else 1 - limit)
    return _Leaf(rate=rate, trials=trials, cost=cost)


def _counts(leaf: LeafResult, quantity: str, below: bool) -> tuple[int, int]:
    """Failures and trials of a share so far; independent units count, not items."""
    for result in leaf.quantities:
        if result.name == quantity and 0 <= result.estimate <= 1:
            bad = result.estimate if below else 1 - result.estimate
            return round(bad * result.clusters), result.clusters
    return 0, 0


def _trials(element: Evidence) -> tuple[int, float | None]:
    """The further trials that are planned for a leaf, and what they cost where it says."""
    plan = element.plan
    trials = min(plan.n if plan and plan.n and plan.n > 0 else _TRIALS, _MOST_TRIALS)
    if plan is None or (plan.cost_per_item is None and plan.cost_fixed is None):
        return trials, None
    cost = (plan.cost_fixed or 0.0) + trials * (plan.cost_per_item or 0.0)
    return trials, cost if cost > 0 else None
