"""Questions that split into smaller ones: sums of digits, and majorities of majorities.

Each node of a tree of `width` children and some depth combines the answers of its children; a leaf
is a question small enough to ask. Leaves are answered wrong with probability `leaf`, steps of
combining go wrong with probability `step`, all independently. Errors of the root are exact, by
recursion over the tree; placed errors are counted by the fewest leaves that turn the root.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

__all__ = [
    "Combiner",
    "Sum",
    "Tree",
    "combined_error",
    "drawn_sum",
    "fewest_flips",
    "fewest_in_uniform",
    "majority_error",
    "majority_tree",
    "needed",
    "root_error",
    "steps",
    "sum_error",
    "sum_law",
    "truth",
]

Combiner = Literal["any", "majority"]
Tree = bool | tuple["Tree", ...]


def needed(width: int) -> int:
    """Votes that make a majority of an odd number of children."""
    if width < 1 or width % 2 == 0:
        raise ValueError(f"a majority of {width} children can be a tie; take an odd number")
    return width // 2 + 1


def steps(width: int, depth: int) -> int:
    """Nodes above the leaves."""
    return depth if width == 1 else (width**depth - 1) // (width - 1)


def binomial_below(trials: int, rate: float, count: int) -> float:
    """P(fewer than `count` successes)."""
    return math.fsum(
        math.comb(trials, k) * rate**k * (1 - rate) ** (trials - k) for k in range(count)
    )


def combined_error(combiner: Combiner, width: int, agreeing: int, error: float) -> float:
    """A bound on P(a combined answer is wrong) if each child is wrong with at most `error`.

    `any`: one wrong child may turn the answer, as in a sum or a conjunction that holds; exactly
    1 − (1 − e)^q for the latter. `majority`: `agreeing` children have the right answer when they
    are not wrong, and the others count as votes against it whatever they do; exact if all agree.
    Rises in `error`. Needs children that err independently.
    """
    if combiner == "any":
        return -math.expm1(width * math.log1p(-error)) if error < 1 else 1.0
    return binomial_below(agreeing, 1 - error, needed(width))


def root_error(
    combiner: Combiner, width: int, depth: int, leaf: float, *, step: float = 0.0, agreeing: int = 0
) -> float:
    """`combined_error` at every level from the leaves up; a step goes wrong with `step` besides.

    `agreeing` is the width where it is 0.
    """
    error = leaf
    for _ in range(depth):
        wrong = combined_error(combiner, width, agreeing or width, error)
        error = min(1.0, 1 - (1 - step) * (1 - wrong))
    return error


def fewest_in_uniform(combiner: Combiner, width: int, depth: int, dissenting: int = 0) -> int:
    """The fewest leaves that turn the root: 1, or (⌈q/2⌉ − d)^r of a majority of q at depth r.

    Of the q children of each node d have the other answer without any error.
    """
    if combiner == "any":
        return 1
    return int((needed(width) - dissenting) ** depth)


def sum_error(modulus: int, width: int, depth: int, leaf: float, step: float = 0.0) -> float:
    """P(a sum modulo m is wrong); a wrong number is uniform among the m − 1 others.

    The error is a sum over ℤ_m of independent errors, each with the same non-trivial characters
    1 − e m/(m − 1), so that P(no error) = 1/m + (1 − 1/m) Π (1 − e_i m/(m − 1)).
    """
    share = modulus / (modulus - 1)
    leaves = int(width**depth)
    product = (1 - leaf * share) ** leaves * (1 - step * share) ** steps(width, depth)
    return (1 - 1 / modulus) * (1 - product)


def sum_law(
    modulus: int, width: int, depth: int, leaf: float, step: float = 0.0
) -> tuple[float, ...]:
    """The law of the error of a sum modulo m, as P(off by k) for k from 0: node by node."""

    def law(rate: float) -> list[float]:
        return [1 - rate] + [rate / (modulus - 1)] * (modulus - 1)

    def added(laws: Iterable[Sequence[float]]) -> list[float]:
        total = [1.0] + [0.0] * (modulus - 1)
        for one in laws:
            total = [
                math.fsum(total[(k - j) % modulus] * one[j] for j in range(modulus))
                for k in range(modulus)
            ]
        return total

    found = law(leaf)
    for _ in range(depth):
        found = added([found] * width + [law(step)])
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """Digits at the leaves of a tree, and a claim about their sum modulo m."""

    digits: tuple[int, ...]
    claimed: int
    modulus: int
    width: int
    depth: int

    @property
    def off(self) -> int:
        """How far the claim is from the sum; 0 if it is true."""
        return (self.claimed - sum(self.digits)) % self.modulus

    def error(self, leaf: float, step: float = 0.0) -> float:
        """P(the verdict on the claim is wrong) when the verdict is whether the answer is it."""
        law = sum_law(self.modulus, self.width, self.depth, leaf, step)
        return law[self.off] if self.off else 1 - law[0]


def drawn_sum(modulus: int, width: int, depth: int, seed: int) -> Sum:
    """Random digits, and a claim that is true for every other draw."""
    rng = random.Random(f"sum {modulus} {width} {depth} {seed}")  # noqa: S311
    digits = tuple(rng.randrange(modulus) for _ in range(int(width**depth)))
    off = 0 if rng.random() < 0.5 else rng.randrange(1, modulus)
    claimed = (sum(digits) + off) % modulus
    return Sum(digits=digits, claimed=claimed, modulus=modulus, width=width, depth=depth)


def majority_tree(width: int, depth: int, dissenting: int, seed: int) -> Tree:
    """A tree of majorities in which at most that many children of a node have the other answer."""
    rng = random.Random(f"majority {width} {depth} {dissenting} {seed}")  # noqa: S311

    def grown(answer: bool, left: int) -> Tree:
        if left == 0:
            return answer
        against = rng.randint(0, dissenting)
        answers = [answer] * (width - against) + [not answer] * against
        rng.shuffle(answers)
        return tuple(grown(each, left - 1) for each in answers)

    return grown(rng.random() < 0.5, depth)


def truth(tree: Tree) -> bool:
    """The majority of majorities, when nobody errs."""
    if isinstance(tree, bool):
        return tree
    return sum(map(truth, tree)) >= needed(len(tree))


def majority_error(tree: Tree, leaf: float, step: float = 0.0) -> float:
    """P(the root's answer is wrong), exactly, by the law of the votes at every node."""
    true = _probability_true(tree, leaf, step)
    return 1 - true if truth(tree) else true


def _probability_true(tree: Tree, leaf: float, step: float) -> float:
    if isinstance(tree, bool):
        return 1 - leaf if tree else leaf
    votes = [1.0]
    for child in tree:
        yes = _probability_true(child, leaf, step)
        votes = [
            (votes[k] * (1 - yes) if k < len(votes) else 0.0) + (votes[k - 1] * yes if k else 0.0)
            for k in range(len(votes) + 1)
        ]
    won = math.fsum(votes[needed(len(tree)) :])
    return won * (1 - step) + (1 - won) * step


def fewest_flips(tree: Tree) -> int:
    """The fewest leaves whose answers, if turned, turn the root of this tree of majorities."""
    if isinstance(tree, bool):
        return 1
    answer = truth(tree)
    costs = sorted(fewest_flips(child) for child in tree if truth(child) == answer)
    against = len(tree) - len(costs)
    return sum(costs[: needed(len(tree)) - against])
