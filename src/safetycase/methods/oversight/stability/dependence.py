"""The critical ratio when nothing is known of how the errors of the leaves depend on each other.

It is the most that a step hands on when the errors are placed together as badly as can be: the
greatest fractional packing of the sets of leaves whose failure breaks the argument, n/(n − k + 1)
for "k of n". It is also the stake of a leaf from which truth is the estimator's best answer when
the prover of the toy game commits first (docs/why/our-prover-estimator.md).
"""

from __future__ import annotations

from safetycase.confidence.graph import Builder
from safetycase.confidence.sensitivity import claim_amplification
from safetycase.methods.oversight.stability.combiners import Leaf, Node, Table, leaves_of

__all__ = ["dependent_ratio"]

LARGEST = 5_000


def dependent_ratio(node: Node) -> float:
    """An upper bound on the ratio, exact for a single rule; `ValueError` where it is not had."""
    if not all(leaf.claimed for leaf in leaves_of(node)):
        raise ValueError("some leaves are claimed false")
    builder = _Unfolded()
    top = builder.node(node)
    return claim_amplification(builder.graph.freeze(), top)


class _Unfolded:
    """The argument as a graph of events, one for every place in which a leaf stands."""

    def __init__(self) -> None:
        self.graph = Builder()
        self.count = 0

    def node(self, node: Node) -> int:
        self.count += 1
        if self.count > LARGEST:
            raise ValueError(f"the argument has more than {LARGEST:,} places")
        if isinstance(node, Leaf):
            return self.graph.event(f"leaf {self.count}")
        if isinstance(node, Table):
            raise ValueError("a rule is a truth table")
        parts: list[int] = []
        for part, weight in zip(node.parts, node.weights, strict=True):
            if weight:
                parts += [self.node(part)] * weight
        return self.graph.at_least(node.needed, parts)
