"""The proofs of a goal as paths of a decision diagram, where one of modest size exists.

Only for goals that use every leaf in one polarity: a path then costs what its proof costs. With
both polarities a path fixes more than a proof needs, and would be weighed too heavily.
"""

from __future__ import annotations

from collections.abc import Sequence

from safetycase.confidence.diagram import Diagram, OutOfBudget, compile_diagram
from safetycase.confidence.graph import Builder
from safetycase.confidence.proofs import Proofs, Weighing

__all__ = ["Paths", "compile_paths"]


class Paths:
    """The compiled proofs; every answer is exact up to the rounding of a sum."""

    def __init__(self, diagram: Diagram, slots: Sequence[int]) -> None:
        self._diagram = diagram
        self._slots = tuple(slots)

    def cheapest(self, weight: Sequence[float], count: int) -> Weighing:
        """The lightest proof, and up to `count` others, each the lightest through some leaf."""
        priced = {event: weight[s] for event, s in enumerate(self._slots)}
        found = self._diagram.lightest_each({}, priced, value=True, limit=count)
        if not found:
            inf = float("inf")
            return Weighing(bound=inf, weight=inf, slots=frozenset())
        proofs = [frozenset(self._slots[e] for e, true in p.literals if true) for p in found]
        total = sum(sorted(weight[s] for s in proofs[0]))
        return Weighing(
            bound=total * (1 - 1e-13), weight=total, slots=proofs[0], more=tuple(proofs)
        )


def compile_paths(proofs: Proofs, nodes: int) -> Paths | None:
    """The diagram of the proofs; None if it takes more than `nodes` nodes or fits no diagram."""
    if nodes <= 0 or any(other >= 0 for other in proofs.other):
        return None
    builder = Builder()
    number: dict[int, int] = {}
    for s in proofs.leaves:
        number[s] = builder.event(f"{s}")
    for s, (need, kids) in enumerate(zip(proofs.need, proofs.kids, strict=True)):
        if kids:
            number[s] = builder.at_least(need, [number[p] for p in kids], f"{s}")
    try:
        diagram = compile_diagram(builder.freeze(), number[len(proofs.need) - 1], nodes=nodes)
    except OutOfBudget:
        return None
    return Paths(diagram, proofs.leaves)
