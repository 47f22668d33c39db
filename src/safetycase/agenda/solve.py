"""The tree knapsack: from the curve of every event to the curve of the root, and back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from safetycase.agenda.core import search
from safetycase.agenda.curves import (
    Curve,
    Whole,
    both,
    constant,
    either,
    fold,
    shots_curve,
    spread,
)
from safetycase.agenda.multilinear import Formula, compile_formula, dominators
from safetycase.agenda.prospects import Grid, Model
from safetycase.agenda.relax import bound, overlapping
from safetycase.confidence.graph import ALL, ANY, AT_LEAST, EVENT, NOT, Builder, Graph

__all__ = ["Solution", "solve"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Merged:
    """A gate over parts that share nothing: how each budget is split over them."""

    parts: tuple[int, ...]
    splits: tuple[Whole, ...]

    def shares(self, budget: int) -> list[tuple[int, int]]:
        given = spread(self.splits, len(self.parts), budget)
        return list(zip(self.parts, given, strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Searched:
    """A core: the allocation that was found for each budget."""

    parts: tuple[int, ...]
    allocations: Whole

    def shares(self, budget: int) -> list[tuple[int, int]]:
        return list(zip(self.parts, self.allocations[budget].tolist(), strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Solved:
    """A module: what is reached, what is exceeded by nothing, and how the money is passed on.

    `upper is lower` where the two are the same by construction.
    """

    lower: Curve
    upper: Curve
    how: _Merged | _Searched | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """The curve of the root, and how to spread a budget below it."""

    root: int
    bets: frozenset[int]
    solved: dict[int, _Solved]

    @property
    def lower(self) -> Curve:
        """What is reached."""
        return self.solved[self.root].lower

    @property
    def upper(self) -> Curve:
        """What nothing exceeds."""
        return self.solved[self.root].upper

    @property
    def exact(self) -> bool:
        """Whether the two are the same by construction."""
        return self.upper is self.lower

    def spread(self, budget: int) -> dict[int, int]:
        """The units that each bet gets of `budget`; what would add nothing is not passed on."""
        given: dict[int, int] = {}
        stack = [(self.root, budget)]
        while stack:
            node, share = stack.pop()
            share = self.solved[node].lower.least(share)
            how = self.solved[node].how
            if how is not None:
                stack += how.shares(share)
            elif node in self.bets and share:
                given[node] = share
        return given


def solve(model: Model, steps: Grid) -> Solution:
    """The curves of the root of `model` on the grid `steps`."""
    solver = _Solver(model, steps)
    return Solution(root=solver.run(), bets=frozenset(model.bets), solved=solver.solved)


class _Solver:
    """Solves every module that is needed, parts first.

    Gates that stand for several parts of a gate get numbers from the end of the graph on.
    """

    def __init__(self, model: Model, steps: Grid) -> None:
        self.model, self.steps = model, steps
        self.graph = model.graph
        self.size = steps.units + 1
        self.solved: dict[int, _Solved] = {}
        self.order = self.graph.below([model.root])
        self.funded = _reaching(self.graph, self.order, model.bets)
        above = dominators(self.graph, model.root)
        self.shares = {above[n] for n in _used_twice(self.graph, self.order)}
        self.held = dict.fromkeys(self.order, 1)
        for node in self.order:
            if node != model.root:
                self.held[above[node]] += self.held[node]
        self.index = {bet: k for k, bet in enumerate(model.bets)}
        self.extra = len(self.graph)

    def run(self) -> int:
        for node in sorted(self._needed([self.model.root])):
            self.solved[node] = self._module(node)
        return self.model.root

    def _needed(self, roots: Sequence[int]) -> set[int]:
        """The modules below `roots` that the curves of `roots` are made of."""
        seen: set[int] = set()
        stack = list(roots)
        while stack:
            node = stack.pop()
            if node in seen:
                continue
            seen.add(node)
            if node in self.funded and self.graph.ops[node] != EVENT:
                for group in self._groups(node):
                    alone = len(group) == 1 and self.graph.ops[node] in (ALL, ANY)
                    stack += group if alone else self._inputs(group)
        return seen

    def _groups(self, node: int) -> list[list[int]]:
        """The parts of a gate, those that share something together."""
        parts = self.graph.parts[node]
        if self.graph.ops[node] not in (ALL, ANY):
            return [list(parts)]
        return overlapping(self.graph, parts) if node in self.shares else [[p] for p in parts]

    def _inputs(self, group: Sequence[int]) -> list[int]:
        """The modules that a core rests on: a module is all of what is below it, for everyone."""
        found: list[int] = []
        seen: set[int] = set()
        stack = list(group)
        while stack:
            part = stack.pop()
            if part in seen:
                continue
            seen.add(part)
            if len(self.graph.below([part])) == self.held[part]:
                found.append(part)
            else:
                stack += self.graph.parts[part]
        return sorted(found)

    def _module(self, node: int) -> _Solved:
        if node not in self.funded:
            chance = compile_formula(self.graph, node).at(self.model.low)
            curve = constant(min(1.0, max(0.0, chance)), self.size)
            return _Solved(lower=curve, upper=curve)
        if self.graph.ops[node] == EVENT:
            return self._bet(node)
        op = self.graph.ops[node]
        if op not in (ALL, ANY):
            return self._core(op, self.graph.k[node], list(self.graph.parts[node]))
        parts: list[int] = []
        for group in self._groups(node):
            if len(group) == 1:
                parts.append(group[0])
            else:
                self.solved[self.extra] = self._core(op, 0, group)
                parts.append(self.extra)
                self.extra += 1
        return self._merge(op, parts)

    def _merge(self, op: int, parts: Sequence[int]) -> _Solved:
        merge = both if op == ALL else either
        solved = [self.solved[part] for part in parts]
        lower, splits = fold(merge, [s.lower for s in solved])
        exact = all(s.upper is s.lower for s in solved)
        upper = lower if exact else fold(merge, [s.upper for s in solved])[0]
        return _Solved(lower=lower, upper=upper, how=_Merged(parts=tuple(parts), splits=splits))

    def _bet(self, node: int) -> _Solved:
        bet = self.model.bets[node]
        index = self.index[node]
        prospects = {
            "solvable": bet.solvable.low,
            "each_shot": bet.each_shot.low,
            "already": bet.already,
        }
        bought = np.array(self.steps.bought_by_each(index), dtype=np.float64)
        lower = shots_curve(bought, **prospects)
        if self.steps.exact:
            return _Solved(lower=lower, upper=lower)
        most = np.array(self.steps.at_most_by_each(index), dtype=np.float64)
        upper = shots_curve(most, **prospects)
        return _Solved(lower=lower, upper=upper)

    def _core(self, op: int, k: int, group: list[int]) -> _Solved:
        inputs = self._inputs(group)
        formula, events = self._copy(op, k, group, inputs)
        lower = [self.solved[part].lower for part in inputs]
        found = search(formula, events, lower)
        how = _Searched(parts=tuple(inputs), allocations=found.allocations)
        if found.best and all(self.solved[p].upper is self.solved[p].lower for p in inputs):
            return _Solved(lower=found.curve, upper=found.curve, how=how)
        upper = bound(formula, events, [self.solved[part].upper for part in inputs])
        limit = Curve(
            true=np.maximum(upper.true, found.curve.true),
            false=np.minimum(upper.false, found.curve.false),
        )
        return _Solved(lower=found.curve, upper=limit, how=how)

    def _copy(
        self, op: int, k: int, group: Sequence[int], inputs: Sequence[int]
    ) -> tuple[Formula, list[int]]:
        """The core as a graph of its own, with its inputs as events."""
        build = Builder()
        new = {part: build.event(f"i{part}") for part in inputs}
        events = list(new.values())
        inner = _between(self.graph, group, set(inputs))
        for part in inner:
            parts = [new[p] for p in self.graph.parts[part]]
            new[part] = _add(build, self.graph.ops[part], self.graph.k[part], parts)
        root = _add(build, op, k, [new[part] for part in group])
        return compile_formula(build.freeze(), root), events


def _add(build: Builder, op: int, k: int, parts: list[int]) -> int:
    if op == NOT:
        return build.negate(parts[0])
    if op == AT_LEAST:
        return build.at_least(k, parts)
    return build.all(parts) if op == ALL else build.any(parts)


def _between(graph: Graph, group: Sequence[int], inputs: set[int]) -> list[int]:
    """The nodes below `group` that lie above `inputs`, parts first."""
    seen: set[int] = set()
    stack = list(group)
    while stack:
        node = stack.pop()
        if node not in seen and node not in inputs:
            seen.add(node)
            stack += graph.parts[node]
    return sorted(seen)


def _reaching(graph: Graph, order: Sequence[int], bets: Iterable[int]) -> set[int]:
    """The nodes that rest on some bet."""
    found = set(bets)
    for node in order:
        if any(part in found for part in graph.parts[node]):
            found.add(node)
    return found


def _used_twice(graph: Graph, order: Sequence[int]) -> set[int]:
    once: set[int] = set()
    twice: set[int] = set()
    for node in order:
        for part in graph.parts[node]:
            (twice if part in once else once).add(part)
    return twice
