"""A budget split over shots at open problems: all it can buy, at every size of the budget.

The value of an allocation is the probability that a node of a graph holds when each problem is
solved with the chance that its shots give. On a tree of AND and OR the best allocation is exact:
V(b) for AND is the maximum over splits of the product, for OR of one minus the product of the
failures, from the leaves up (a tree knapsack). Where parts are shared it is found by search, and
what no allocation exceeds stands beside it. Everything is optimised at the lower ends of the
stated intervals, which is the best worst case since the value rises in each of them.

The chances of different events are taken as independent; families of approaches are what they
share. The numbers are exact within that stated model, and no better than it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from safetycase.agenda.multilinear import compile_formula
from safetycase.agenda.prospects import Grid, Model, Shots, grid, model
from safetycase.agenda.solve import Solution, solve
from safetycase.confidence.bounds import Bounds
from safetycase.confidence.graph import Graph

__all__ = ["Allocation", "Frontier", "Shots", "frontier", "greedy", "worth"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """How many shots each entry gets (those with none are left out), and what that is worth.

    `value` is P(root) at the lower and at the upper ends of the stated intervals, both computed
    anew from the shots; `bound` is what no allocation of this budget exceeds at the lower ends.
    `spent` is in the unit of the budget.
    """

    shots: tuple[tuple[str, int], ...]
    spent: float
    value: Bounds
    bound: float

    @property
    def gap(self) -> float:
        """How far at most the best allocation lies above this one, at the lower ends."""
        return max(0.0, self.bound - self.value.low)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frontier:
    """The value at the lower ends with budgets of 0, `unit`, 2·`unit`, … .

    `value[b]` is reached by an allocation, and `bound[b]` exceeded by none. `exact` says that
    the two are the same by construction (a tree, whole costs); `whole_costs` that every cost
    is a whole number of units.
    """

    unit: float
    value: tuple[float, ...]
    bound: tuple[float, ...]
    exact: bool
    whole_costs: bool
    _model: Model = field(repr=False)
    _solution: Solution = field(repr=False)
    _grid: Grid = field(repr=False)

    def budget(self, units: int) -> float:
        """`units` of the grid as money."""
        return units * self.unit

    def allocation(self, units: int | None = None) -> Allocation:
        """The shots that reach `value[units]`, without any that add nothing; all units if None.

        `ValueError` if the frontier does not go that far.
        """
        units = len(self.value) - 1 if units is None else units
        if not 0 <= units < len(self.value):
            raise ValueError(f"the frontier has 0 to {len(self.value) - 1} units, not {units}")
        given = self._solution.spread(units)
        shots = {
            bet.id: self._grid.bought(k, given.get(node, 0))
            for k, (node, bet) in enumerate(self._model.bets.items())
        }
        return _allocation(self._model, shots, self.bound[units])


def frontier(
    graph: Graph, root: int, shots: Sequence[Shots], budget: float, *, most_units: int = 1000
) -> Frontier:
    """What every budget up to `budget` buys for P(`root`), spent on `shots`.

    Events of `graph` without shots hold with their own intervals. Where the costs need a finer
    grid than `most_units` (at most 20 000), what each problem gets is rounded up to whole units,
    and the bound is reckoned with it rounded down. `ValueError` for contradictory prospects, a
    budget that is no amount, or a problem that stands under a negation; `TooTangled`, a
    `ValueError`, where more than 16 shared parts are open at one time.
    """
    made = model(graph, root, shots)
    steps = grid([bet.cost for bet in made.bets.values()], budget, most_units)
    solution = solve(made, steps)
    value, bound = solution.lower.values, solution.upper.values
    return Frontier(
        unit=float(steps.step),
        value=tuple(np.maximum.accumulate(value).tolist()),
        bound=tuple(np.maximum.accumulate(np.maximum(bound, value)).tolist()),
        exact=solution.exact,
        whole_costs=steps.exact,
        _model=made,
        _solution=solution,
        _grid=steps,
    )


def worth(graph: Graph, root: int, shots: Sequence[Shots], chosen: Mapping[str, int]) -> Bounds:
    """P(`root`) at the lower and at the upper ends when `chosen[id]` shots are taken at each.

    `ValueError` for an unknown id or a negative number.
    """
    known = {bet.id for bet in shots}
    for name, count in chosen.items():
        if name not in known or count < 0:
            raise ValueError(f"{count} shots at `{name}` cannot be bought")
    return _value(model(graph, root, shots), chosen)


def greedy(graph: Graph, root: int, shots: Sequence[Shots], budget: float) -> Allocation:
    """Fund one shot at a time, each the one that raises P(`root`) most per cost, until none does.

    For comparison only: where two open problems are both needed, no single shot raises anything,
    and it stops with the money unspent.
    """
    made = model(graph, root, shots)
    grid([bet.cost for bet in shots], budget, 1)
    formula = compile_formula(made.graph, made.root)
    nodes = [node for node in made.bets if node in formula.events]
    counts = dict.fromkeys(nodes, 0)
    left = budget
    point = np.array(made.low)
    for node in nodes:
        point[node] = _chance(made.bets[node], 0, upper=False)
    now = formula.at(point.tolist())
    while nodes:
        rows = np.tile(point, (len(nodes), 1))
        for k, node in enumerate(nodes):
            rows[k, node] = _chance(made.bets[node], counts[node] + 1, upper=False)
        costs = np.array([made.bets[node].cost for node in nodes])
        gains = np.where(costs <= left, (formula.many(rows) - now) / costs, 0.0)
        best = int(gains.argmax())
        if gains[best] <= 1e-15:
            break
        counts[nodes[best]] += 1
        left -= costs[best]
        point = rows[best]
        now = formula.at(point.tolist())
    chosen = {made.bets[node].id: count for node, count in counts.items()}
    return _allocation(made, chosen, 1.0)


def _allocation(made: Model, shots: Mapping[str, int], bound: float) -> Allocation:
    # As written, so that three shots at 0.1 cost 0.3.
    cost = {bet.id: Fraction(repr(float(bet.cost))) for bet in made.bets.values()}
    value = _value(made, shots)
    return Allocation(
        shots=tuple((name, count) for name, count in shots.items() if count),
        spent=float(sum(count * cost[name] for name, count in shots.items())),
        value=value,
        bound=max(bound, value.low),
    )


def _value(made: Model, shots: Mapping[str, int]) -> Bounds:
    formula = compile_formula(made.graph, made.root)
    points = np.array([made.low, made.high])
    for node, bet in made.bets.items():
        for row, upper in enumerate((False, True)):
            points[row, node] = _chance(bet, shots.get(bet.id, 0), upper=upper)
    low, high = formula.many(points).tolist()
    return Bounds(low=min(1.0, max(0.0, low)), high=min(1.0, max(0.0, low, high)))


def _chance(bet: Shots, count: int, *, upper: bool) -> float:
    r = bet.solvable.high if upper else bet.solvable.low
    s = bet.each_shot.high if upper else bet.each_shot.low
    return bet.already + (1 - bet.already) * r * (1 - (1 - s) ** count)
