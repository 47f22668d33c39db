"""Trees of one rule whose leaves are looked up: conjunctions, majorities and thresholds."""

from __future__ import annotations

import random
from dataclasses import dataclass

from safetycase.methods.oversight.stability.combiners import Leaf, Node, at_least

__all__ = ["Tree", "conjunction", "majority_tree", "rule_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A claim of which every node needs `needed` of its `inputs` parts, `depth` rounds deep.

    The claim is `truth`. At every node `dissent` of the parts have the opposite truth of the node
    and the others its own, so that dissent leaves the truth as it is; which ones is drawn.
    """

    inputs: int
    needed: int
    depth: int
    dissent: int = 0
    truth: bool = True

    def __post_init__(self) -> None:
        if not 1 <= self.needed <= self.inputs:
            raise ValueError(f"{self.needed} of {self.inputs} parts decides nothing")
        if self.depth < 0:
            raise ValueError("a tree has a depth of at least 0")
        agree = self.inputs - self.dissent
        if self.dissent < 0 or agree < self.needed or self.dissent >= self.needed:
            raise ValueError(
                f"with {self.dissent} dissenting parts of {self.inputs} and {self.needed} needed, "
                "the truth of a node is not that of its other parts"
            )

    @property
    def leaves(self) -> int:
        """How many leaves the tree has."""
        return int(self.inputs**self.depth)

    def facts(self, seed: int) -> tuple[bool, ...]:
        """The truths of the leaves, left to right, with the dissent drawn from the seed."""
        draw = random.Random(f"{self} {seed}")  # noqa: S311 - an instance, no secret
        level = [self.truth]
        for _ in range(self.depth):
            level = [bit for node in level for bit in self._parts(node, draw)]
        return tuple(level)

    def argument(self, seed: int) -> Node:
        """The tree with the truths of its leaves as what is claimed of them."""
        level: list[Node] = [Leaf(f"leaf {i}", bit) for i, bit in enumerate(self.facts(seed))]
        while len(level) > 1:
            groups = (level[i : i + self.inputs] for i in range(0, len(level), self.inputs))
            level = [at_least(self.needed, tuple(group)) for group in groups]
        return level[0]

    def _parts(self, truth: bool, draw: random.Random) -> list[bool]:
        against = set(draw.sample(range(self.inputs), self.dissent))
        return [truth ^ (i in against) for i in range(self.inputs)]


def conjunction(inputs: int, depth: int, *, truth: bool = True) -> Tree:
    """Every part is needed; a false one has no true part."""
    return Tree(inputs=inputs, needed=inputs, depth=depth, truth=truth)


def majority_tree(inputs: int, depth: int, *, dissent: int = 0, truth: bool = True) -> Tree:
    """More than half of the parts are needed."""
    return Tree(inputs=inputs, needed=inputs // 2 + 1, depth=depth, dissent=dissent, truth=truth)


def rule_of(tree: Tree) -> Node:
    """One node of the tree whose claim is true, as an argument over leaves."""
    return Tree(inputs=tree.inputs, needed=tree.needed, depth=1, dissent=tree.dissent).argument(0)
