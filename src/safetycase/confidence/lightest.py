"""The lightest ways to make a compiled node true or false: shortest paths, up and down once.

`up` is the least weight that gives a unit a value; `down` the least weight of everything else
when the unit has it and the top has the value asked for. Their sum is the lightest way through
that unit with that value.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from safetycase.confidence.units import Core, Step

if TYPE_CHECKING:
    from safetycase.confidence.diagram import Diagram

__all__ = ["Implicant", "lightest_through"]

Weights = list[list[float]]  # [value][unit or node]


@dataclass(frozen=True, slots=True, kw_only=True)
class Implicant:
    """Literals (event, its value) that together decide the node, and what they weigh."""

    weight: float
    literals: tuple[tuple[int, bool], ...]


def lightest_through(
    diagram: Diagram,
    if_false: Mapping[int, float],
    if_true: Mapping[int, float],
    *,
    value: bool,
    limit: int,
) -> tuple[Implicant, ...]:
    """The lightest implicant and, up to `limit`, the lightest through each literal of an event."""
    goal = int(value != bool(diagram.top & 1))
    search = _Search(diagram, if_false, if_true, value)
    top = diagram.top >> 1
    if math.isinf(search.up[goal][top]):
        return ()
    found = {search.literals(top, goal): None}
    if limit > 1:
        down = search.downward(top, goal)
        through = sorted(
            (search.up[v][u] + down[v][u], e, u, v)
            for u, e in enumerate(diagram.event)
            if e >= 0
            for v in (0, 1)
            if not search.hinders(u, v)
        )
        seen = {literal for literals in found for literal in literals}
        for weight, e, unit, v in through:
            if len(found) >= limit or math.isinf(weight):
                break
            if (e, bool(v)) not in seen:  # else a lighter one that has it is there already
                literals = search.through(top, goal, unit, v)
                found[literals] = None
                seen.update(literals)
    return tuple(
        Implicant(
            weight=math.fsum((if_true if v else if_false).get(e, 0.0) for e, v in literals),
            literals=literals,
        )
        for literals in found
    )


class _Search:
    """Weights of units and of nodes inside cores, and the way back from a weight to its literals.

    A literal hinders if its unit occurs with one sign only and the other value is the one that
    serves the goal: what is reached with it is reached without it. It weighs nothing and is left
    out.
    """

    def __init__(
        self,
        diagram: Diagram,
        if_false: Mapping[int, float],
        if_true: Mapping[int, float],
        value: bool,
    ) -> None:
        # By sign: the value that serves the goal of a unit that occurs unnegated, negated.
        self.serving = (-1, int(value), int(not value))
        self.diagram = diagram
        self.steps = {step.unit: step for step in diagram.steps}
        self.parent: dict[int, Step] = {u: s for s in diagram.steps for u in s.variables}
        size = len(diagram.event)
        self.up: Weights = [[math.inf] * size, [0.0] * size]
        for u, e in enumerate(diagram.event):
            if e >= 0:
                self.up[0][u] = 0.0 if self.hinders(u, 0) else if_false.get(e, 0.0)
                self.up[1][u] = 0.0 if self.hinders(u, 1) else if_true.get(e, 0.0)
        self.inner: dict[int, Weights] = {}
        self.order: dict[tuple[int, int], list[tuple[float, int, int]]] = {}
        self.best: dict[tuple[int, int], tuple[int, int]] = {}
        self.trace: dict[int, dict[tuple[int, int], tuple[int, int, int]]] = {}
        for step in diagram.steps:
            self._upward(step)

    def hinders(self, unit: int, value: int) -> bool:
        """Whether the unit's having this value never serves the goal."""
        sign = self.diagram.signs[unit]
        return sign != 3 and value != self.serving[sign]

    def _upward(self, step: Step) -> None:
        unit = step.unit
        if step.core is None:
            needed = (len(step.parts) - step.k + 1, step.k)
            for v in (0, 1):
                weights = sorted(self.up[v ^ (p & 1)][p >> 1] for p in step.parts)
                self.up[v][unit] = math.fsum(weights[: needed[v]])
            return
        core = step.core
        zero = [self.up[0][u] for u in step.variables]
        one = [self.up[1][u] for u in step.variables]
        false, true = [math.inf] * len(core.level), [0.0] * len(core.level)
        low, high, level = core.low, core.high, core.level
        for n in range(1, len(level)):
            a, b, w0, w1 = low[n] >> 1, high[n] >> 1, zero[level[n]], one[level[n]]
            a0, a1 = (true[a], false[a]) if low[n] & 1 else (false[a], true[a])
            x, y = w0 + a0, w1 + false[b]
            false[n] = x if x < y else y
            x, y = w0 + a1, w1 + true[b]
            true[n] = x if x < y else y
        self.inner[unit] = [false, true]
        root = core.root
        for v in (0, 1):
            self.up[v][unit] = self.inner[unit][v ^ (root & 1)][root >> 1]

    def downward(self, top: int, goal: int) -> Weights:
        """The least weight of the rest, for each unit and value."""
        size = len(self.diagram.event)
        down: Weights = [[math.inf] * size, [math.inf] * size]
        down[goal][top] = 0.0
        for step in reversed(self.diagram.steps):
            if step.core is None:
                self._gate_down(step, down)
            else:
                self._core_down(step, step.core, down)
        return down

    def _gate_down(self, step: Step, down: Weights) -> None:
        needed = (len(step.parts) - step.k + 1, step.k)
        for v in (0, 1):
            outer = down[v][step.unit]
            if math.isinf(outer):
                continue
            weights = [self.up[v ^ (p & 1)][p >> 1] for p in step.parts]
            ranked = sorted(weights)
            others = math.fsum(ranked[: needed[v] - 1])
            last = ranked[needed[v] - 1]
            for part, own in zip(step.parts, weights, strict=True):
                # In the lightest choice through this part it takes the place of the heaviest.
                rest = others if own >= last else others - own + last
                w = v ^ (part & 1)
                down[w][part >> 1] = min(down[w][part >> 1], outer + rest)

    def _core_down(self, step: Step, core: Core, down: Weights) -> None:
        inner, root = self.inner[step.unit], core.root
        outer: Weights = [[math.inf] * len(core.level) for _ in (0, 1)]
        trace: dict[tuple[int, int], tuple[int, int, int]] = {}
        for v in (0, 1):
            outer[v ^ (root & 1)][root >> 1] = down[v][step.unit]
        for n in range(len(core.level) - 1, 0, -1):
            unit = step.variables[core.level[n]]
            for v in (0, 1):
                above = outer[v][n]
                if math.isinf(above):
                    continue
                for choice, edge in ((0, core.low[n]), (1, core.high[n])):
                    child, w = edge >> 1, v ^ (edge & 1)
                    rest = above + inner[w][child]
                    if rest < down[choice][unit]:
                        down[choice][unit] = rest
                        self.best[unit, choice] = (n, v)
                    through = above + self.up[choice][unit]
                    if through < outer[w][child]:
                        outer[w][child] = through
                        trace[child, w] = (n, v, choice)
        self.trace[step.unit] = trace

    def literals(self, unit: int, value: int) -> tuple[tuple[int, bool], ...]:
        """The literals of a lightest way to give `unit` the value."""
        found: list[tuple[int, bool]] = []
        self._collect([(unit, value)], found)
        return tuple(sorted(found))

    def through(self, top: int, goal: int, unit: int, value: int) -> tuple[tuple[int, bool], ...]:
        """The literals of a lightest way to `goal` at `top` in which `unit` has `value`."""
        found: list[tuple[int, bool]] = []
        todo = [(unit, value)]
        while unit != top:
            unit, value = self._siblings(self.parent[unit], unit, value, todo)
        assert value == goal
        self._collect(todo, found)
        return tuple(sorted(found))

    def _siblings(
        self, step: Step, unit: int, value: int, todo: list[tuple[int, int]]
    ) -> tuple[int, int]:
        """What else is needed inside the step, onto `todo`; returns the step's unit and value."""
        if step.core is None:
            own = next(p for p in step.parts if p >> 1 == unit)
            v = value ^ (own & 1)
            needed = step.k if v else len(step.parts) - step.k + 1
            others = [(u, w) for _, u, w in self._ranked(step, v)[:needed] if u != unit]
            todo += others[: needed - 1]
            return step.unit, v
        core, trace = step.core, self.trace[step.unit]
        node, v = self.best[unit, value]
        edge = core.high[node] if value else core.low[node]
        self._path(step, core, edge >> 1, v ^ (edge & 1), todo)
        while (node, v) in trace:
            node, v, choice = trace[node, v]
            todo.append((step.variables[core.level[node]], choice))
        return step.unit, v ^ (core.root & 1)

    def _collect(self, todo: list[tuple[int, int]], found: list[tuple[int, bool]]) -> None:
        while todo:
            unit, value = todo.pop()
            if self.hinders(unit, value):
                continue
            step = self.steps.get(unit)
            if step is None:
                if self.diagram.event[unit] >= 0:
                    found.append((self.diagram.event[unit], bool(value)))
            elif step.core is None:
                needed = step.k if value else len(step.parts) - step.k + 1
                todo += [(u, v) for _, u, v in self._ranked(step, value)[:needed]]
            else:
                root = step.core.root
                self._path(step, step.core, root >> 1, value ^ (root & 1), todo)

    def _ranked(self, step: Step, value: int) -> list[tuple[float, int, int]]:
        """(weight, part, its value) for giving the gate's unit the value, lightest first."""
        if (step.unit, value) not in self.order:
            wanted = [(p >> 1, value ^ (p & 1)) for p in step.parts]
            self.order[step.unit, value] = sorted((self.up[w][u], u, w) for u, w in wanted)
        return self.order[step.unit, value]

    def _path(
        self, step: Step, core: Core, node: int, value: int, todo: list[tuple[int, int]]
    ) -> None:
        inner = self.inner[step.unit]
        while node:
            unit = step.variables[core.level[node]]
            low, high = core.low[node], core.high[node]
            a = self.up[0][unit] + inner[value ^ (low & 1)][low >> 1]
            b = self.up[1][unit] + inner[value ^ (high & 1)][high >> 1]
            choice, edge = (0, low) if a < b else (1, high)
            todo.append((unit, choice))
            node, value = edge >> 1, value ^ (edge & 1)
