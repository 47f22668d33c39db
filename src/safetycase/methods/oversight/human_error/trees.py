"""Trees of human answers: how often the root is wrong, by chance and by placement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from safetycase.methods.oversight.domains.arithmetic_trees import (
    Combiner,
    fewest_in_uniform,
    needed,
    root_error,
)

__all__ = ["LARGEST_DEPTH", "LARGEST_WIDTH", "Shape", "placed_error", "random_error"]

LARGEST_WIDTH, LARGEST_DEPTH = 101, 12


@dataclass(frozen=True, slots=True)
class Shape:
    """A tree of `width` children and that depth; of each node `dissenting` have the other answer.

    `all`: every child must be right, as in a conjunction that holds. `majority`: more than half.
    """

    tree: Literal["all", "majority"]
    width: int
    depth: int
    dissenting: int = 0

    def __post_init__(self) -> None:
        if not (1 <= self.width <= LARGEST_WIDTH and 1 <= self.depth <= LARGEST_DEPTH):
            raise ValueError(
                f"`width` is between 1 and {LARGEST_WIDTH}, `depth` between 1 and {LARGEST_DEPTH}"
            )
        if self.tree == "all" and self.dissenting:
            raise ValueError("`dissenting` is for majorities; where all count none may dissent")
        if self.tree == "majority" and not 0 <= self.dissenting <= self.width - needed(self.width):
            raise ValueError("`dissenting` is at least 0 and leaves a majority")

    @property
    def combiner(self) -> Combiner:
        """The way of combining that this is, exactly."""
        return "any" if self.tree == "all" else "majority"

    @property
    def fraction_to_flip(self) -> float:
        """The smallest share of the leaves whose errors turn the root."""
        fewest = fewest_in_uniform(self.combiner, self.width, self.depth, self.dissenting)
        return fewest / int(self.width**self.depth)


def random_error(shape: Shape, leaf: float) -> float:
    """P(the root is wrong) if each leaf is wrong with that probability, independently.

    Exact where no child dissents; else a bound, which lets dissenting children never err.
    """
    agreeing = shape.width - shape.dissenting
    return root_error(shape.combiner, shape.width, shape.depth, leaf, agreeing=agreeing)


def placed_error(shape: Shape, leaf: float) -> float:
    """The largest share of questions with a wrong root, if that share of all leaves is wrong.

    A question's root is wrong only if at least the fraction φ of its leaves is; so by Markov's
    inequality that is so for a share of at most leaf/φ of the questions, and concentrating the
    errors on this many questions, φ of the leaves of each, attains it.
    """
    return min(1.0, leaf / shape.fraction_to_flip)
