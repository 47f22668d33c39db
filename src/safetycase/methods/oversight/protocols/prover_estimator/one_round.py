"""The one-round game, solved: the estimator's best numbers for a root and n leaves.

The estimator gives a number for the root and one for each leaf. The prover then calls the root too
low or too high against E_H of the leaves, at weight `first`, and calls one leaf against its truth,
at weight `stake`. In the order "estimator leads" she sees the numbers; the game is zero-sum.

*Equal numbers.* Where the leaves are alike to both, moving all of them to the worst one among them
costs the estimator nothing at the leaves (the prover calls the largest gap) and, with a rule that
never falls, only lowers E_H: equal numbers are best.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from safetycase.methods.oversight.protocols.prover_estimator.switches import PAPER, Switches
from safetycase.methods.oversight.stability.laws import tail

__all__ = [
    "Leaves",
    "Solved",
    "all_true",
    "conjunction_numbers",
    "hidden_false",
    "looked_at",
    "solve",
]

POINTS = 1_000
CLOSE = 1e-9
ONE = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaves:
    """n leaves that are alike, with what the prover earns on one of them at number p, by weight.

    `call(p, switches)` is the expected earning of the best choice of leaf and call. With several
    `rounds` each node of a tree needs `needed` of `count` parts, and numbers above the leaves are
    consistent.
    """

    count: int
    needed: int
    call: Callable[[float, Switches], float]
    rounds: int = 1

    def expected(self, p: float) -> float:
        """E_H of the root when every leaf holds with probability p."""
        for _ in range(self.rounds):
            p = tail(self.count, self.needed, p)
        return p


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """The value to the prover, a best number for the leaves, and the best numbers for the root.

    All best numbers of the root lie between `root_low` and `root_high`; they differ where the
    estimator is indifferent.
    """

    value: float
    leaf: float
    root_low: float
    root_high: float


def all_true(count: int, needed: int) -> Leaves:
    """Every leaf is true and the prover knows it."""
    return Leaves(count=count, needed=needed, call=lambda p, switches: switches.call(1 - p))


def hidden_false(count: int, *, informed: float = 0.0) -> Leaves:
    """A conjunction with exactly one false leaf, that the prover knows with that probability.

    The estimator does not know it. A prover who does not know it either earns, whatever leaf she
    names, what the best call does against truth 1 with probability 1 − 1/n.
    """

    def call(p: float, switches: Switches) -> float:
        true = 1 - 1 / count
        known = max(switches.call(1 - p) if count > 1 else 0.0, switches.call(p))
        return informed * known + (1 - informed) * _blind(p, true, switches)

    return Leaves(count=count, needed=count, call=call)


def looked_at(count: int, prover: int, estimator: int) -> Leaves:
    """The same after each side looked at some leaves, and the estimator did not find the false one.

    The looks are independent, and how many each side has is known. The leaves that the estimator
    looked at have number 1 from then on, which shows her which they are; the game is about the
    others. A prover who found the false leaf knows all of them. One who did not knows those of them
    that she looked at to be true, and the false one to be among the rest.
    """
    if not 0 <= prover <= count or not 0 <= estimator < count - 1:
        raise ValueError("no side looks at more leaves than there are, and he leaves two unseen")
    left, ways = count - estimator, math.comb(count - 1, prover)
    chances = {
        seen: (1 - prover / count)
        * math.comb(left - 1, seen)
        * math.comb(estimator, prover - seen)
        / ways
        for seen in range(min(prover, left - 1) + 1)
        if ways and prover - seen <= estimator
    }

    def call(p: float, switches: Switches) -> float:
        known = max(switches.call(1 - p), switches.call(p))
        total = prover / count * known
        for seen, chance in chances.items():
            sure = switches.call(1 - p) if seen else 0.0
            guess = _blind(p, 1 - 1 / (left - seen), switches)
            total += chance * max(sure, guess)
        return total

    return Leaves(count=left, needed=left, call=call)


def _blind(p: float, true: float, switches: Switches) -> float:
    """The best call on a leaf that is true with probability `true`, for one who knows no more."""
    if switches.payoff == "linear":
        return abs(true - p)
    low = true - (1 - true) if p < 1 else -ONE  # "too low" is right when the leaf is true
    high = (1 - true) - true if p > 0 else -ONE
    return max(0.0, low, high)


def solve(
    leaves: Leaves,
    *,
    stake: float,
    first: float,
    switches: Switches = PAPER,
    convex: bool = False,
) -> Solved:
    """The estimator's best numbers, the prover seeing them.

    For the leaf number a grid of 1,001 and a golden-section search about the best of it are
    searched, or with `convex` the whole range by golden section alone; for the root number only the
    kinks of a piecewise linear cost, which is exact.
    """

    def cost(p: float) -> float:
        root = _root(leaves.expected(p), first, switches)
        return root[0] + stake * leaves.call(p, switches)

    points = (0, 1) if convex else range(POINTS + 1)
    best = min((i / points[-1] for i in points), key=cost)
    fine = _golden(cost, max(0.0, best - 1 / points[-1]), min(1.0, best + 1 / points[-1]))
    leaf = fine if cost(fine) < cost(best) - 1e-15 else best
    value = cost(leaf)
    ties = [leaf, *(p for p in (0.0, 1.0) if cost(p) <= value + CLOSE)]
    ends = [_root(leaves.expected(p), first, switches) for p in ties]
    return Solved(
        value=value,
        leaf=leaf,
        root_low=min(end[1] for end in ends),
        root_high=max(end[2] for end in ends),
    )


def _root(expected: float, first: float, switches: Switches) -> tuple[float, float, float]:
    """The least of reward and call over the number for the root, and between which it is had."""
    kinks = sorted({0.0, expected, 1.0, 0.5, 0.5 - 1e-9})
    costs = [switches.reward(x) + first * switches.call(expected - x) for x in kinks]
    least = min(costs)
    best = [x for x, cost in zip(kinks, costs, strict=True) if cost <= least + CLOSE]
    return least, best[0], best[-1]


def _golden(cost: Callable[[float], float], low: float, high: float) -> float:
    ratio = (5**0.5 - 1) / 2
    a, b = high - ratio * (high - low), low + ratio * (high - low)
    at_a, at_b = cost(a), cost(b)
    for _ in range(80):
        if at_a <= at_b:
            high, b, at_b = b, a, at_a
            a = high - ratio * (high - low)
            at_a = cost(a)
        else:
            low, a, at_a = a, b, at_b
            b = low + ratio * (high - low)
            at_b = cost(b)
    return (low + high) / 2


def conjunction_numbers(count: int, stake: float) -> tuple[float, float]:
    """The closed form for a true conjunction: (leaf, root) numbers of the estimator.

    With first weight above 1 he stays consistent and minimises p^n + Λ(1 − p), which is convex: the
    least is at p^(n−1) = Λ/n where Λ < n, and at the truth otherwise.
    """
    if stake >= count:
        return 1.0, 1.0
    leaf = (stake / count) ** (1 / (count - 1))
    return leaf, leaf**count
