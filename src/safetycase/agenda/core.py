"""Where parts are shared: what a budget can and cannot buy in the part of a graph that is no tree.

A core is a gate whose parts share something below them. Its inputs are the modules it rests on
(events, and gates that nothing else reaches into), each with its own curve; a k-of-n gate over
separate modules is a core as well, since the best split there is no convolution. What can be
bought is found by search from starts that fund one way of proof each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from safetycase.agenda.curves import (
    Array,
    Curve,
    Whole,
    both,
    fold,
    from_values,
    spread,
)
from safetycase.agenda.multilinear import Formula
from safetycase.agenda.paths import path_sets
from safetycase.confidence.graph import NOT

__all__ = ["Found", "search"]

_PATHS = 48
_STOPS = 20
_ROUNDS = 40
_LAST_CLIMBS = 8
_CELLS = 600_000_000
_SAME = 1e-13
_WIDE = 16
_ALL = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """`curve` is reached by giving the k-th input `allocations[b, k]` of b units.

    `best` if every allocation was tried, so that none reaches more.
    """

    curve: Curve
    allocations: Whole
    best: bool


def search(formula: Formula, inputs: Sequence[int], curves: Sequence[Curve]) -> Found:
    """Good allocations of every budget over `inputs` (events of `formula`), with their `curves`.

    Every allocation is tried if there are at most 60 000. Otherwise: at up to 20 budgets, start
    from the minimal proof that does best when funded alone (at the whole budget from eight of
    them) and from the allocation of the budget before, then exchange money between two inputs as
    long as that helps. Budgets between inherit, and raise one input if they can. The work is
    limited by the cells of the tables that are computed, the whole budget being served first.
    """
    hill = _Hill(formula, inputs, curves)
    last = len(curves[0]) - 1
    every = _every(hill.steps, last, min(_ALL, hill.cells // (4 * hill.row)))
    if every is not None:
        return _best_of(every, hill.value(every), last + 1)
    stops = np.linspace(0, last, min(last + 1, _STOPS)).round().astype(int).tolist()
    starts = _proofs(formula, inputs, curves, stops)
    none = np.zeros(len(inputs), dtype=np.int64)
    tops = hill.highest(starts[last], _LAST_CLIMBS) if len(starts[last]) else none[None, :]
    final = hill.pick(np.stack([hill.climb(top, last) for top in tops]))
    allocations = np.zeros((last + 1, len(inputs)), dtype=np.int64)
    values = np.zeros(last + 1)
    best, value = hill.pick(none[None, :])
    for budget in range(last + 1):
        if hill.cells > 0:
            best, value = hill.pick(np.concatenate((best[None, :], hill.raised(best, budget))))
        if hill.cells > 0 and budget in starts:
            tops = np.stack([best, *hill.highest(starts[budget], 1)])
            best, value = hill.pick(np.stack([hill.climb(top, budget) for top in tops]))
        allocations[budget], values[budget] = best, value
    if final[1] > value:
        allocations[last], values[last] = final
    return Found(curve=from_values(values), allocations=allocations, best=False)


def _every(steps: Sequence[Whole], budget: int, most: int) -> Whole | None:
    """All allocations of up to `budget`, each input at one of its steps; None if too many."""
    rows = np.zeros((1, 0), dtype=np.int64)
    for levels in steps:
        if len(rows) * len(levels) > 4 * most:
            return None
        totals = rows.sum(axis=1)[:, None] + levels[None, :]
        row, level = np.nonzero(totals <= budget)
        if len(row) > most:
            return None
        rows = np.column_stack((rows[row], levels[level]))
    return rows


def _best_of(rows: Whole, values: Array, size: int) -> Found:
    """The best of `rows` for each budget, the cheapest of equal ones."""
    totals = rows.sum(axis=1)
    first = np.lexsort((totals, -values))
    best = np.full(size, -1)
    at = size
    for row in first:
        if totals[row] < at:
            best[totals[row] : at] = row
            at = totals[row]
    return Found(curve=from_values(values[best]), allocations=rows[best], best=True)


class _Hill:
    """The value of allocations, and the moves from one to the next.

    `cells` is how much may still be computed, and `row` what one allocation takes of it.
    """

    def __init__(self, formula: Formula, inputs: Sequence[int], curves: Sequence[Curve]) -> None:
        self.formula = formula
        self.inputs = list(inputs)
        self.values = [curve.values for curve in curves]
        self.steps = [curve.steps for curve in curves]
        self.cells = _CELLS
        self.row = len(formula.order) << formula.width

    def value(self, rows: Whole) -> Array:
        """What each row of allocations reaches."""
        self.cells -= self.row * len(rows)
        points = np.zeros((len(rows), len(self.formula.graph)))
        for k, event in enumerate(self.inputs):
            points[:, event] = self.values[k][rows[:, k]]
        return self.formula.many(np.clip(points, 0.0, 1.0))

    def pick(self, rows: Whole) -> tuple[Whole, float]:
        """The best row, the cheapest of equal ones, and its value."""
        rows = np.unique(rows, axis=0)
        values = self.value(rows)
        near = np.flatnonzero(values >= values.max() * (1 - _SAME))
        first = near[np.argmin(rows[near].sum(axis=1))]
        return rows[first], float(values[first])

    def highest(self, rows: Whole, count: int) -> Whole:
        """The best rows, `count` of them."""
        return rows[np.argsort(-self.value(rows), kind="stable")[:count]]

    def climb(self, best: Whole, budget: int) -> Whole:
        """Raise one input, at the expense of another if need be, until nothing helps."""
        value = float(self.value(best[None, :])[0])
        for _ in range(_ROUNDS):
            if self.cells <= 0:
                break
            moves = [self.raised(best, budget), *self._exchanges(best, budget)]
            rows = np.concatenate([best[None, :], *moves])
            better, reached = self.pick(rows)
            if reached <= value * (1 + _SAME):
                break
            best, value = better, reached
        return best

    def raised(self, best: Whole, budget: int) -> Whole:
        """One input raised by one, two, four … of its steps, as far as the money goes."""
        slack = budget - int(best.sum())
        rows = [
            self._set(best, k, level)
            for k, levels in enumerate(self._targets(best))
            for level in levels
            if level - best[k] <= slack
        ]
        return np.array(rows, dtype=np.int64).reshape(-1, len(best))

    def _exchanges(self, best: Whole, budget: int) -> list[Whole]:
        slack = budget - int(best.sum())
        moves = []
        takers, donors = self._promising(best, budget)
        targets = self._targets(best)
        for k in takers:
            for level in targets[k]:
                short = level - int(best[k]) - slack
                givers = [d for d in donors if d != k and best[d] >= short]
                if short <= 0 or not givers:
                    continue
                rows = np.tile(self._set(best, k, level), (len(givers), 1))
                for row, donor in enumerate(givers):
                    steps = self.steps[donor]
                    left = steps[np.searchsorted(steps, best[donor] - short, side="right") - 1]
                    rows[row, donor] = left
                moves.append(rows)
        return moves

    def _promising(self, best: Whole, budget: int) -> tuple[list[int], list[int]]:
        """The inputs that would gain most from the whole budget, and those that matter least."""
        every = list(range(len(best)))
        donors = [k for k in every if best[k] > 0]
        if len(best) <= _WIDE:
            return every, donors
        rich = [self._set(best, k, budget) for k in every]
        poor = [self._set(best, k, 0) for k in donors]
        values = self.value(np.array(rich + poor))
        gains, kept = values[: len(every)], values[len(every) :]
        takers = np.argsort(-gains, kind="stable")[:_WIDE].tolist()
        return takers, [donors[k] for k in np.argsort(-kept, kind="stable")[:_WIDE].tolist()]

    def _targets(self, best: Whole) -> list[list[int]]:
        targets = []
        for k, steps in enumerate(self.steps):
            at = int(np.searchsorted(steps, best[k], side="right"))
            jumps = [at + (1 << p) - 1 for p in range(20)]
            targets.append([int(steps[j]) for j in jumps if j < len(steps)])
        return targets

    @staticmethod
    def _set(best: Whole, k: int, level: int) -> Whole:
        row = best.copy()
        row[k] = level
        return row


def _proofs(
    formula: Formula, inputs: Sequence[int], curves: Sequence[Curve], stops: Sequence[int]
) -> dict[int, Whole]:
    """At each budget, the best ways to spend it on one of the smallest minimal proofs alone."""
    graph = formula.graph
    meaning: dict[int, int | bool] = {event: 1 << k for k, event in enumerate(inputs)}
    # What nobody funds: hope for it.
    meaning |= {node: True for node in formula.order if graph.ops[node] == NOT}
    sets = path_sets(graph, formula.root, meaning, most=_PATHS)
    starts: dict[int, Whole] = {
        stop: np.zeros((len(sets.masks), len(inputs)), dtype=np.int64) for stop in stops
    }
    for row, mask in enumerate(sets.masks):
        chosen = [k for k in range(len(inputs)) if mask >> k & 1]
        if not chosen:
            continue
        merged, splits = fold(both, [curves[k] for k in chosen])
        for stop in stops:
            shares = spread(splits, len(chosen), merged.least(stop))
            starts[stop][row, chosen] = shares
    return starts
