"""A conjunction with exactly one hidden false leaf: easy to doubt, hard to point at.

The overall claim is false and both sides may know it; which leaf is false neither can say without
looking. Barnes & Christiano 2020, "Debate update: obfuscated arguments problem".
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from fractions import Fraction

__all__ = ["Obfuscated", "found_by_checks", "recursive_debate_win"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Obfuscated:
    """A conjunction of `width` parts, `depth` rounds deep, of whose leaves one is false."""

    width: int
    depth: int

    def __post_init__(self) -> None:
        if self.width < 2 or self.depth < 1:
            raise ValueError("a hidden leaf needs a tree of width 2 and depth 1 at least")

    @property
    def leaves(self) -> int:
        """How many leaves the tree has."""
        return int(self.width**self.depth)

    def false_leaf(self, seed: int) -> int:
        """Where the false leaf is in the instance of that seed."""
        draw = random.Random(f"{self} {seed}")  # noqa: S311 - an instance, no secret
        return draw.randrange(self.leaves)


def recursive_debate_win(instance: Obfuscated, checks: int = 0) -> Fraction:
    """How often the liar wins when the debate descends to one leaf that the judge then looks at.

    The other side names the part to descend into, round after round, and wins if the leaf is
    false. It may look at `checks` leaves before. If it meets the false one it descends there;
    otherwise each of those left is as likely, so that any one is right with the same chance:
    1 − min(1, (checks + 1)/leaves). Descending part by part is naming a leaf: nothing is learnt
    on the way.
    """
    if checks < 0:
        raise ValueError("checks are counted from 0")
    return 1 - min(Fraction(1), Fraction(checks + 1, instance.leaves))


def found_by_checks(instance: Obfuscated, checks: int, seed: int) -> bool:
    """One play of the same: the leaves looked at are drawn, and the guess after them."""
    draw = random.Random(f"checks {instance} {checks} {seed}")  # noqa: S311 - a simulation
    order = draw.sample(range(instance.leaves), min(instance.leaves, checks + 1))
    return instance.false_leaf(seed) in order
