"""Oracle trees: a computation that appends random bits, and how sensitive its answer is.

An oracle gives, for each bit string, the probability that the next bit is 1. A computation of t
steps appends t + 1 bits; the last one is its answer. Brown-Cohen, Irving & Piliouras (2023),
arXiv:2311.14125.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from safetycase.stats import Interval

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

__all__ = [
    "OracleTree",
    "answer_probability",
    "extremes",
    "graded_tree",
    "lipschitz",
    "moved",
    "uniform_tree",
    "values",
]

MOST_STEPS = 16
GRADES = (0.0, 0.25, 0.5, 0.75, 1.0)
_SMALLEST = 1e-4  # distance below which the first-order bound is taken
_RATIO = 1.004  # of neighbouring distances: by so much may the upper end exceed the lower one
_DRAWS = 10_000


@dataclass(frozen=True, slots=True)
class OracleTree:
    """`levels[n][y]`: P(next bit is 1) after the n bits that y holds as a binary number."""

    levels: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.levels) <= MOST_STEPS + 1:
            raise ValueError(f"an oracle tree has from 1 to {MOST_STEPS + 1} levels")
        for n, level in enumerate(self.levels):
            if len(level) != 2**n:
                raise ValueError(f"level {n} has {len(level)} probabilities and needs {2**n}")
            if not all(0 <= p <= 1 for p in level):
                raise ValueError(f"level {n} holds a number that is no probability")

    @property
    def steps(self) -> int:
        """The t of the computation: one less than the bits it appends."""
        return len(self.levels) - 1


def values(tree: OracleTree) -> tuple[tuple[float, ...], ...]:
    """P(answer is 1) after each prefix, level by level; one level more than the tree has."""
    found = [tuple(float(y % 2) for y in range(2 ** len(tree.levels)))]
    for level in reversed(tree.levels):
        after = found[-1]
        found.append(
            tuple(p * after[2 * y + 1] + (1 - p) * after[2 * y] for y, p in enumerate(level))
        )
    return tuple(reversed(found))


def answer_probability(tree: OracleTree) -> float:
    """P(answer is 1)."""
    return values(tree)[0][0]


def moved(tree: OracleTree, distance: float, *, up: bool) -> OracleTree:
    """The oracle, each probability at most `distance` away, with the most extreme answer.

    Prefixes are chosen independently of each other, so that backward induction is exact.
    """
    after: tuple[float, ...] = tuple(float(y % 2) for y in range(2 ** len(tree.levels)))
    chosen = []
    for level in reversed(tree.levels):
        row = []
        for y, p in enumerate(level):
            rises = (after[2 * y + 1] >= after[2 * y]) == up
            row.append(min(1.0, p + distance) if rises else max(0.0, p - distance))
        after = tuple(p * after[2 * y + 1] + (1 - p) * after[2 * y] for y, p in enumerate(row))
        chosen.append(tuple(row))
    return OracleTree(tuple(reversed(chosen)))


def extremes(tree: OracleTree, distances: Numbers) -> list[tuple[Numbers, Numbers]]:
    """(lowest, highest) P(answer is 1) after each prefix over all oracles within a distance.

    One pair per level, each of shape (distances, prefixes); one level more than the tree has.
    """
    import numpy as np

    e = np.asarray(distances, dtype=np.float64)[:, None]
    last = np.tile(np.arange(2 ** len(tree.levels)) % 2.0, (len(e), 1))
    found = [(last, last)]
    for level in reversed(tree.levels):
        p = np.asarray(level)[None, :]
        low_p, high_p = np.maximum(0.0, p - e), np.minimum(1.0, p + e)
        low, high = found[-1]
        found.append(
            (
                np.minimum(_mixed(low_p, low), _mixed(high_p, low)),
                np.maximum(_mixed(low_p, high), _mixed(high_p, high)),
            )
        )
    return found[::-1]


def _mixed(p: Numbers, after: Numbers) -> Numbers:
    return p * after[:, 1::2] + (1 - p) * after[:, 0::2]


def lipschitz(tree: OracleTree) -> Interval:
    """The smallest K with |P(answer) − P′(answer)| ≤ K · dist(o, o′) for all o′, enclosed.

    dist is the largest gap of any bit's probability. Let D(e) be the largest change within e,
    which `extremes` gives exactly, so that K = sup D(e)/e. The lower end is the largest ratio on a
    grid, and is attained. Between two points of the grid D(e)/e is at most D(right)/left, since D
    does not fall. Below the first point e₀, with bits taken from o up to a level and from o′ after
    it, P′ − P = Σₙ E[(o′(y) − o(y)) (V′(y1) − V′(y0))] over the prefixes y that o draws, and V′
    lies between the extremes at e₀: that bounds the ratio by what the code sums.
    """
    import numpy as np

    count = math.ceil(math.log(1 / _SMALLEST) / math.log(_RATIO))
    grid = np.geomspace(_SMALLEST, 1.0, count + 1)
    found = extremes(tree, grid)
    answer = answer_probability(tree)
    change = np.maximum(found[0][1][:, 0] - answer, answer - found[0][0][:, 0])
    low = float(np.max(change / grid))
    between = float(np.max(change[1:] / grid[:-1]))
    reach, near = np.ones(1), 0.0
    for level, (lower, upper) in zip(tree.levels, found[1:], strict=True):
        gap = np.maximum(upper[0, 1::2] - lower[0, 0::2], upper[0, 0::2] - lower[0, 1::2])
        near += float(reach @ gap)
        p = np.asarray(level)
        reach = np.stack([reach * (1 - p), reach * p], axis=1).ravel()
    return Interval(max(0.0, low - 1e-9), max(between, near, low) + 1e-9)


def uniform_tree(steps: int, seed: int) -> OracleTree:
    """Every probability uniform on [0, 1]."""
    draw = random.Random(seed)  # noqa: S311
    return OracleTree(tuple(tuple(draw.random() for _ in range(2**n)) for n in range(steps + 1)))


def graded_tree(steps: int, seed: int, *, truth: bool, margin: float, most: float) -> OracleTree:
    """Probabilities from five grades, with P(answer = truth) ≥ `margin` and K ≤ `most`.

    The last bit leans towards the truth; trees are drawn until one meets both. `ValueError` if
    none of ten thousand does.
    """
    draw = random.Random(f"{steps} {seed} {truth}")  # noqa: S311
    weights = (1, 1, 1, 6, 6) if truth else (6, 6, 1, 1, 1)
    for _ in range(_DRAWS):
        inner = [tuple(draw.choice(GRADES) for _ in range(2**n)) for n in range(steps)]
        tree = OracleTree((*inner, tuple(draw.choices(GRADES, weights, k=2**steps))))
        answer = answer_probability(tree)
        if (answer if truth else 1 - answer) >= margin and lipschitz(tree).high <= most:
            return tree
    raise ValueError(
        f"no tree of {steps} steps with the margin {margin:g} and a Lipschitz constant of at most "
        f"{most:g} in {_DRAWS:,} draws; ask for less"
    )
