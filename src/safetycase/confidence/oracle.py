"""Asks for the cheapest proof: by search, by integer program, by decision diagram.

The search settles what shares little. A diagram is only tried once the integer program was needed
several times: it costs a second to find out that there is no small one.
"""

from __future__ import annotations

from collections.abc import Sequence

from safetycase.confidence.budget import Budget
from safetycase.confidence.proofs import Proofs, Weighing, search

__all__ = ["Oracle"]

_PATIENCE = 3
"""Integer programs solved before a decision diagram is tried."""

_PASSES = 200_000
"""Edges that the search may visit before the integer program is asked."""


class Oracle:
    """The cheapest proof of one goal under weights that change from call to call."""

    def __init__(
        self, proofs: Proofs, budget: Budget, pairs: Sequence[tuple[int, int]] = ()
    ) -> None:
        self._proofs = proofs
        self._budget = budget
        self._pairs = tuple(pairs)
        self._program: object = None
        self._paths: object = None
        self._asked = 0
        self._limit = max(3, min(400, _PASSES // proofs.edges))

    def cheapest(self, weight: Sequence[float], pair_weight: Sequence[float] = ()) -> Weighing:
        """A cheap proof and a sound lower bound on the weight of every proof."""
        priced = any(pair_weight)
        found = search(self._proofs, weight, self._limit)
        if not priced and found.bound >= found.weight:
            return found
        self._asked += 1
        if not priced and (answer := self.listed(weight, 1)) is not None:
            return answer
        from safetycase.confidence.milp import Program

        if not isinstance(self._program, Program):
            self._program = Program(self._proofs, self._pairs)
        other = self._program.solve(
            weight,
            pair_weight=tuple(pair_weight) or (0.0,) * len(self._pairs),
            nodes=self._budget.milp_nodes,
            seconds=self._budget.milp_seconds,
        )
        more = (*found.more, other.slots) if other.slots else found.more
        best = other if priced or other.weight <= found.weight else found
        bound = max(found.bound, other.bound)
        return Weighing(
            bound=min(bound, best.weight), weight=best.weight, slots=best.slots, more=more
        )

    def listed(self, weight: Sequence[float], count: int) -> Weighing | None:
        """The cheapest proof and up to `count` more from a diagram; None while there is none."""
        if self._asked <= _PATIENCE:
            return None
        from safetycase.confidence.paths import Paths, compile_paths

        if self._paths is None:
            self._paths = compile_paths(self._proofs, self._budget.diagram_nodes) or False
        return self._paths.cheapest(weight, count) if isinstance(self._paths, Paths) else None
