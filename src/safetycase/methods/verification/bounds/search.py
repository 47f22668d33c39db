"""Branch and bound: cut the box, and assume units on or off, until every piece is proved.

What is found is written down as a certificate, which `certificate.check` then judges.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal

from safetycase.methods.verification.bounds.programme import optimum
from safetycase.methods.verification.bounds.relax import Arrays, Picked, hull, margin
from safetycase.methods.verification.boxes import Box, box_of, halves, refutes
from safetycase.methods.verification.exact import Choice, Scaled, Unit, lower_bound
from safetycase.methods.verification.rounding import GRID
from safetycase.methods.verification.specification import Problem
from safetycase.plugin.contract import Progress

__all__ = ["Effort", "Split", "Tree", "search"]

Split = Literal["auto", "input", "unit"]
TRIED = 2048
DEEP = 150
FEW_INPUTS, FEW_UNITS = 10, 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How long is searched, in nodes for each obligation, and what is cut first."""

    nodes: int
    split: Split
    tolerance: float
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """The nodes of one obligation in the order of a certificate, and how many were visited.

    `nearest` is the input with the least margin that was seen, where one was.
    """

    nodes: list[Any]
    visited: int
    nearest: tuple[Fraction, ...] | None


@dataclass(slots=True, kw_only=True)
class _Node:
    box: Box
    assumed: Mapping[Unit, bool]
    depth: int
    kind: list[Any] = field(default_factory=lambda: ["o"])
    parts: tuple[_Node, ...] = ()


class _Refuted(Exception):
    """A counterexample; its input is exact."""

    def __init__(self, x: tuple[Fraction, ...]) -> None:
        super().__init__("refuted")
        self.x = x


def search(problem: Problem, obligation: tuple[int, int], effort: Effort, say: Progress) -> Tree:
    """The tree of one obligation, by its places in `problem.obligations`; worst pieces first."""
    one = _Search(problem, obligation, effort)
    root = _Node(box=box_of(one.spec), assumed={}, depth=0)
    heap: list[tuple[float, int, _Node]] = [(0.0, 0, root)]
    visited = 0
    try:
        one.attack()
        while heap and visited < effort.nodes:
            _, _, node = heapq.heappop(heap)
            bound = one.visit(node)
            visited += 1
            for part in node.parts:
                heapq.heappush(heap, (bound, visited * 2 + len(heap), part))
            if visited % 50 == 0:
                say(visited, effort.nodes, f"{one.spec.name}: {len(heap)} pieces are open")
    except _Refuted as refuted:
        root = _Node(box=root.box, assumed={}, depth=0)
        root.kind = ["c", [str(value) for value in refuted.x]]
    return Tree(nodes=_written(root), visited=visited, nearest=one.nearest)


class _Search:
    def __init__(self, problem: Problem, obligation: tuple[int, int], effort: Effort) -> None:
        import numpy as np

        place, row = obligation
        self.problem, self.effort = problem, effort
        self.network = problem.network
        self.spec = problem.properties[place]
        self.row = self.spec.holds[row]
        self.arrays = Arrays.of(problem.network)
        self.scaled = Scaled.of(problem.network)
        self.holds = (np.array(self.row.coefficients), self.row.offset)
        self.given = [(np.array(g.coefficients), g.offset) for g in self.spec.given]
        self.by_unit = False
        self.nearest: tuple[Fraction, ...] | None = None
        self.least = float("inf")

    def attack(self) -> None:
        """Try inputs at random, corners among them, before anything is proved."""
        import numpy as np

        generator = np.random.default_rng(self.effort.seed)
        low, high = np.array(self.spec.low, dtype=float), np.array(self.spec.high, dtype=float)
        share = generator.random((TRIED, len(low)))
        share[TRIED // 2 :] = np.round(share[TRIED // 2 :])
        self.trying(low + share * (high - low))

    def trying(self, x: Any) -> None:
        """Raise the first of the inputs (n, inputs) that is a counterexample, if one is."""
        import numpy as np

        if self.spec.whole:
            x = np.round(x)
        margins = self.arrays.outputs(x) @ self.holds[0] + self.holds[1]
        allowed = np.ones(len(x), dtype=bool)
        for coefficients, offset in self.given:
            allowed &= x @ coefficients + offset >= 0
        self._remember(x[allowed], margins[allowed])
        near = allowed & (margins <= self.effort.tolerance + 1e-9)
        for row in x[near][np.argsort(margins[near])][:8]:
            exact = tuple(Fraction(float(value)) for value in row)
            if self.spec.contains(exact) and refutes(
                self.network, exact, self.row, Fraction(self.effort.tolerance)
            ):
                raise _Refuted(exact)

    def _remember(self, x: Any, margins: Any) -> None:
        if len(x) and margins.min() < self.least:
            exact = tuple(Fraction(float(value)) for value in x[margins.argmin()])
            if self.spec.contains(exact):
                self.nearest, self.least = exact, float(margins.min())

    def visit(self, node: _Node) -> float:
        """Prove a piece, or divide it; the value is its bound."""
        import numpy as np

        low, high = (np.array([float(ends[k]) for ends in node.box]) for k in (0, 1))
        found = hull(self.arrays, low, high, node.assumed)
        nothing = Picked(slopes={}, phases={}, given=())
        if found is None:
            self._prove(node, nothing)
            return 0.0
        bound, slopes, costs = margin(self.arrays, found, self.holds, low, high)
        easy = self._outside(low, high) or bound > self.effort.tolerance
        if easy and self._prove(node, nothing):
            return bound
        corner = np.where(slopes > 0, low, high)
        self.trying(np.stack([corner, (low + high) / 2]))
        if not self.arrays.tanh or self.given:
            best = optimum(self.arrays, found, self.holds, self.given, low, high)
            if best is not None:
                bound = best.value
                if bound > self.effort.tolerance and self._prove(node, best.picked):
                    return bound
                self.trying(best.x[None])
        if node.depth < DEEP:
            self._divide(node, slopes, costs)
        return bound

    def _outside(self, low: Any, high: Any) -> bool:
        import numpy as np

        return any(float(np.maximum(c * low, c * high).sum() + o) < 0 for c, o in self.given)

    def _prove(self, node: _Node, picked: Picked) -> bool:
        """Whether the exact bound bears it out; then the node is a proved leaf."""
        choice = Choice(
            slopes={unit: _grid(value) for unit, value in picked.slopes.items()},
            phases={unit: _grid(value) for unit, value in picked.phases.items()},
            given=[_grid(value) for value in picked.given],
        )
        lower = lower_bound(self.scaled, node.box, node.assumed, self.row, self.spec.given, choice)
        if lower is not None and lower <= Fraction(self.effort.tolerance):
            return False
        node.kind = [
            "p",
            [[*unit, value] for unit, value in choice.slopes.items()],
            [[*unit, value] for unit, value in choice.phases.items()],
            list(choice.given),
        ]
        return True

    def _divide(self, node: _Node, slopes: Any, costs: Mapping[Unit, float]) -> None:
        if node.depth == 0:
            self.by_unit = self._by_unit(len(costs))
        cut = None if costs and self.by_unit else _cut(node.box, slopes, whole=self.spec.whole)
        if cut is not None:
            place, at = cut
            node.kind = ["i", place, float(at)]
            node.parts = tuple(
                _Node(box=piece, assumed=node.assumed, depth=node.depth + 1)
                for piece in halves(node.box, place, float(at), whole=self.spec.whole)
            )
        elif costs:
            unit = max(costs, key=lambda u: costs[u])
            node.kind = ["r", *unit]
            node.parts = tuple(
                _Node(box=node.box, assumed={**node.assumed, unit: on}, depth=node.depth + 1)
                for on in (False, True)
            )

    def _by_unit(self, open_units: int) -> bool:
        """Few units are assumed off and on; of many, the few inputs are cut instead."""
        if self.effort.split == "auto":
            few = 0 < open_units <= FEW_UNITS
            return few or self.network.inputs > FEW_INPUTS
        return self.effort.split == "unit"


def _cut(box: Box, slopes: Any, *, whole: bool) -> tuple[int, Fraction] | None:
    """The input whose range weighs most, cut in the middle; None where nothing can be cut."""
    widths = [float(high - low) for low, high in box]
    weights = [width * (abs(float(s)) + 1e-3) for width, s in zip(widths, slopes, strict=True)]
    place = max(range(len(box)), key=lambda k: weights[k])
    low, high = box[place]
    middle = (low + high) / 2
    if whole:
        middle = Fraction(middle.numerator // middle.denominator)
        return None if low == high else (place, middle)
    middle = Fraction(float(middle))
    return (place, middle) if low < middle < high else None


def _grid(value: float) -> int:
    return round(value * float(1 << GRID)) if math.isfinite(value) else 0


def _written(root: _Node) -> list[Any]:
    """The nodes in the order of a certificate; a piece that was divided has both its parts."""
    found, stack = [], [root]
    while stack:
        node = stack.pop()
        found.append(node.kind)
        stack.extend(reversed(node.parts))
    return found
