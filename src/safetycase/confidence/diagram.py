"""Exact questions to a node of a graph: its probability, importances, and lightest falsifications.

Parts whose events occur once are products; only where events are shared is a binary decision
diagram built (`robdd`), one for each independent module (`modules`). All passes are loops.
Importances come from one pass up and one down (Birnbaum 1969; Dutuit & Rauzy 2001, Reliab. Eng.
Syst. Saf. 72:263).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from safetycase.confidence.graph import Graph
from safetycase.confidence.lightest import Implicant, lightest_through
from safetycase.confidence.modules import Module, modules
from safetycase.confidence.ordering import by_force
from safetycase.confidence.robdd import FALSE, TRUE, OutOfBudget, Robdd
from safetycase.confidence.units import Core, Step, slopes, threshold_tail

__all__ = ["NODES", "Diagram", "Implicant", "OutOfBudget", "Point", "compile_diagram"]

NODES = 200_000
"""How many nodes a diagram may take unless told otherwise: about two seconds of work."""

_LARGE = 600  # variables of a core in which assumptions used everywhere defeat `by_force`


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """P(node) and, for each event below it, dP/dp: its Birnbaum importance.

    The importance is P(node | event) − P(node | not event), negative where the event harms.
    """

    value: float
    importance: Mapping[int, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagram:
    """A node of a graph, compiled. `size` counts the nodes of its decision diagrams.

    `top` is a literal (`2 * unit + negated`); `event[u]` is the node of the graph that unit u is,
    or −1; `steps` compute the other units, parts before wholes; `signs` as in `Modules`.
    """

    node: int
    top: int
    event: tuple[int, ...]
    signs: tuple[int, ...]
    steps: tuple[Step, ...]

    @property
    def size(self) -> int:
        """Nodes of the decision diagrams together; 0 where every event occurs once."""
        return sum(len(step.core) for step in self.steps if step.core is not None)

    @property
    def events(self) -> tuple[int, ...]:
        """The events the value can depend on, ascending."""
        used = {u for step in self.steps for u in step.variables} | {self.top >> 1}
        return tuple(sorted(self.event[u] for u in used if self.event[u] >= 0))

    def probability(self, chance: Sequence[float] | Mapping[int, float]) -> float:
        """P(node) when the events are independent and `chance[event]` is P(event)."""
        values, _ = self._upward(chance)
        return values[self.top >> 1] if not self.top & 1 else 1 - values[self.top >> 1]

    def point(self, chance: Sequence[float] | Mapping[int, float]) -> Point:
        """P(node) and all Birnbaum importances, when the events are independent."""
        values, inner = self._upward(chance)
        adjoint = [0.0] * len(self.event)
        adjoint[self.top >> 1] = -1.0 if self.top & 1 else 1.0
        for step, below in zip(reversed(self.steps), reversed(inner), strict=True):
            slopes(step, values, below, adjoint)
        value = values[self.top >> 1]
        return Point(
            value=1 - value if self.top & 1 else value,
            importance={e: adjoint[u] for u, e in enumerate(self.event) if e >= 0},
        )

    def value(self, known: Mapping[int, bool]) -> bool | None:
        """What the events in `known` force the node to be, whatever the others are; else None."""
        truth: list[bool | None] = [None] * len(self.event)
        truth[0] = True
        for u, e in enumerate(self.event):
            if e >= 0:
                truth[u] = known.get(e)
        for step in self.steps:
            truth[step.unit] = step.truth(truth)
        found = truth[self.top >> 1]
        return found if found is None else found != bool(self.top & 1)

    def lightest(
        self, if_false: Mapping[int, float], if_true: Mapping[int, float], *, value: bool = False
    ) -> Implicant | None:
        """A set of literals of least weight that makes the node `value`; None if nothing does.

        "Event is false" weighs `if_false[event]` and "is true" `if_true[event]` (0 if absent;
        none negative). Exact over the paths of the diagram, less the literals that hinder: they
        cover every world in which the node is `value`, so a price of doubt that charges each
        of them at least 1 is sound. Unless an event occurs both negated and not, with a weight
        on both sides, it is a lightest implicant.
        """
        found = lightest_through(self, if_false, if_true, value=value, limit=1)
        return found[0] if found else None

    def lightest_each(
        self,
        if_false: Mapping[int, float],
        if_true: Mapping[int, float],
        *,
        value: bool = False,
        limit: int = 60,
    ) -> tuple[Implicant, ...]:
        """The lightest path, then for each literal the lightest through it; ascending, distinct."""
        return lightest_through(self, if_false, if_true, value=value, limit=limit)

    def _upward(
        self, chance: Sequence[float] | Mapping[int, float]
    ) -> tuple[list[float], list[list[float]]]:
        """P of every unit, and P of the nodes inside each core (empty for a read-once step)."""
        values = [chance[e] if e >= 0 else 1.0 for e in self.event]
        inner: list[list[float]] = []
        for step in self.steps:
            if step.core is not None:
                below = step.core.upward([values[u] for u in step.variables])
                root = below[step.core.root >> 1]
                values[step.unit] = 1 - root if step.core.root & 1 else root
                inner.append(below)
                continue
            parts = [1 - values[p >> 1] if p & 1 else values[p >> 1] for p in step.parts]
            if step.k == len(parts):
                values[step.unit] = math.prod(parts)
            else:
                values[step.unit] = threshold_tail(parts, step.k)
            inner.append([])
        return values, inner


def compile_diagram(graph: Graph, node: int, *, nodes: int = NODES) -> Diagram:
    """The diagram of `node`; `OutOfBudget` if it takes more than `nodes` nodes of diagrams."""
    parts = modules(graph, node)
    steps: list[Step] = []
    left = nodes
    for module in parts.modules:
        if module.read_once:
            gate = module.gates[0][1]
            left -= 0 if gate.conjunction else gate.k * len(gate.parts) // 20
            if left < 0:
                raise OutOfBudget(f"`at least {gate.k} of {len(gate.parts)}` is too large")
            steps.append(
                Step(unit=module.unit, variables=module.variables, parts=gate.parts, k=gate.k)
            )
        else:
            step = _core(module, left)
            left -= len(step.core or ())
            steps.append(step)
    return Diagram(
        node=node, top=parts.top, event=parts.event, signs=parts.signs, steps=tuple(steps)
    )


def _core(module: Module, budget: int) -> Step:
    """The first order of variables under which the core fits into what that order is allowed."""
    large = len(module.variables) > _LARGE
    ways: list[tuple[Callable[[], Sequence[int]], int]] = [
        (lambda: module.small_first, 5 * len(module.variables) + 500),
        (lambda: by_force(module), 0 if large else 60_000),
        (lambda: module.variables, budget),
        (lambda: by_force(module), budget),
        (lambda: module.small_first, budget),
    ]
    for order, allowed in ways:
        if allowed:
            try:
                chosen = order()
                core = _build(module, chosen, min(allowed, budget))
                return Step(unit=module.unit, variables=tuple(chosen), core=core)
            except OutOfBudget:
                continue
    raise OutOfBudget(f"more than {budget} nodes")


def _build(module: Module, order: Sequence[int], budget: int) -> Core:
    table = Robdd(budget)
    edge = {unit: table.variable(level) for level, unit in enumerate(order)}
    edge[0] = TRUE
    for unit, gate in module.gates:
        parts = [edge[part >> 1] ^ (part & 1) for part in gate.parts]
        if gate.conjunction:
            edge[unit] = table.conjunction(parts)
        else:
            edge[unit] = table.at_least(gate.k, parts)
    root = edge[module.unit]
    kept = table.reachable(root)
    number = {node: i for i, node in enumerate(kept, start=1)} | {0: 0}
    return Core(
        root=root if root in (TRUE, FALSE) else 2 * number[root >> 1] + (root & 1),
        level=(-1, *(table.level[n] for n in kept)),
        low=(TRUE, *(2 * number[table.low[n] >> 1] + (table.low[n] & 1) for n in kept)),
        high=(TRUE, *(2 * number[table.high[n] >> 1] + (table.high[n] & 1) for n in kept)),
    )
