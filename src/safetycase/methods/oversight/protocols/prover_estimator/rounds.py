"""The game of several rounds on a tree, by backward induction over the estimator's numbers.

At each node of the path the estimator gives numbers to the parts, the prover calls the node's own
number against E_H of them, and picks a part. Both know the truth of every leaf. Parts with the same
truth are alike, and get the same number (see `one_round`). The numbers lie on a grid that holds 0
and 1, so the truth is among them, and that is finest near both.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from safetycase.methods.oversight.domains.trees import Tree
from safetycase.methods.oversight.protocols.prover_estimator.switches import Switches
from safetycase.methods.oversight.stability.laws import binomial, tail

__all__ = ["Outcome", "play_tree"]

CLOSE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The value to the prover, and between which the estimator's best root numbers lie."""

    value: float
    root_low: float
    root_high: float


@lru_cache(maxsize=256)
def play_tree(tree: Tree, switches: Switches, steps: int = 8) -> Outcome:
    """The estimator's best play with numbers on a grid of `steps` steps."""
    grids = _grids(tree, steps)
    stake = switches.weight(tree.depth)
    worth = {
        truth: [stake * switches.call(float(truth) - p) for p in grids[-1]]
        for truth in (True, False)
    }
    for step in reversed(range(tree.depth)):
        level = _Level(tree, grids[step], grids[step + 1], switches.weight(step), switches)
        worth = {truth: _node(level, truth, worth) for truth in (True, False)}
    costs = [switches.reward(p) + worth[tree.truth][i] for i, p in enumerate(grids[0])]
    value = min(costs)
    best = [p for p, cost in zip(grids[0], costs, strict=True) if cost <= value + CLOSE]
    return Outcome(value=value, root_low=best[0], root_high=best[-1])


@dataclass(frozen=True, slots=True)
class _Level:
    """One round: the numbers of the node and of its parts, and what its call weighs."""

    tree: Tree
    own: list[float]
    parts: list[float]
    weight: float
    switches: Switches


def _grids(tree: Tree, steps: int) -> list[list[float]]:
    """The numbers of each round, the last that of the leaves.

    Those of a round hold E_H of the numbers below it, so that consistent play is among them.
    """
    base = [math.sin(math.pi * i / (2 * steps)) ** 2 for i in range(steps)] + [1.0]
    grids = [base]
    for _ in range(tree.depth):
        grids.append(
            sorted(
                {
                    *base,
                    *(round(_expected(tree, p, 0.0), 12) for p in grids[-1]),
                    *(round(_expected(tree, p, 1.0), 12) for p in grids[-1] if tree.dissent),
                }
            )
        )
    return grids[::-1]


def _node(level: _Level, truth: bool, below: dict[bool, list[float]]) -> list[float]:
    """What a node of that truth is worth to the prover, by its number."""
    tree, choices = level.tree, dict[float, float]()
    others = level.parts if tree.dissent else level.parts[:1]
    for i, p in enumerate(level.parts):
        for j, q in enumerate(others):
            expected, after = _expected(tree, p, q), below[truth][i]
            if tree.dissent:
                after = max(after, below[not truth][j])
            choices[expected] = min(after, choices.get(expected, math.inf))
    pairs = list(choices.items())
    return [
        min(level.weight * level.switches.call(expected - p) + after for expected, after in pairs)
        for p in level.own
    ]


@lru_cache(maxsize=65_536)
def _law(inputs: int, needed: int, dissent: int, p: float, q: float) -> float:
    return sum(
        binomial(dissent, d, q) * tail(inputs - dissent, needed - d, p) for d in range(dissent + 1)
    )


def _expected(tree: Tree, p: float, q: float) -> float:
    """E_H when the agreeing parts hold with probability p and the dissenting ones with q."""
    return _law(tree.inputs, tree.needed, tree.dissent, p, q)
