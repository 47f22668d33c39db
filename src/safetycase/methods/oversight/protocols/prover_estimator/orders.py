"""The one-round game on a grid, solved in both orders, with what certifies each value.

If the estimator commits first, the prover replies to the numbers that she sees. If she commits
first, it is to a distribution over her calls, for each thing she may be told; the estimator
then gives the numbers that are worst for her. The second value is never above the first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from safetycase.methods.oversight.protocols.prover_estimator.rules import GridGame, Position

__all__ = ["Order", "estimator_leads", "prover_leads"]

CLOSE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """The value to the prover, between which the best root numbers of the estimator lie, the gap.

    `gap` is what the certificate leaves open: 0 for backward induction, and the distance of the
    two sides' guarantees for a linear programme.
    """

    value: float
    root_low: float
    root_high: float
    gap: float


def estimator_leads(game: GridGame) -> Order:
    """Backward induction over all numbers; `ValueError` if the estimator is told something.

    Numbers of an estimator who is told something tell her of it, and are to be mixed; that game is
    for the sequence form.
    """
    _untold(game)
    costs = {numbers: _best_reply(game, numbers) for numbers in _numbers(game)}
    value = min(costs.values())
    roots = [game.root_grid[int(n[0])] for n, cost in costs.items() if cost <= value + CLOSE]
    return Order(value=value, root_low=min(roots), root_high=max(roots), gap=0.0)


def prover_leads(game: GridGame) -> Order:
    """The prover's best commitment by a linear programme, and all best replies to it.

    The root numbers are those of the estimator's best replies to the commitment found; another
    best commitment can have others.
    """
    import numpy as np
    from scipy.optimize import linprog

    _untold(game)
    told = sorted({world.prover for world in game.worlds})
    calls, numbers = list(_calls(game)), list(_numbers(game))
    payoffs = np.zeros((len(numbers), len(told) * len(calls)))
    for row, number in enumerate(numbers):
        for i, world in enumerate(game.worlds):
            for column, call in enumerate(calls):
                at = told.index(world.prover) * len(calls) + column
                worth = game.end((str(i), *number, *call)).first
                payoffs[row, at] += world.probability * worth
    count = payoffs.shape[1]
    once = np.kron(np.eye(len(told)), np.ones(len(calls)))
    solved = linprog(
        np.append(np.zeros(count), -1.0),
        A_ub=np.hstack([-payoffs, np.ones((len(numbers), 1))]),
        b_ub=np.zeros(len(numbers)),
        A_eq=np.hstack([once, np.zeros((len(told), 1))]),
        b_eq=np.ones(len(told)),
        bounds=[(0, None)] * count + [(None, None)],
        method="highs",
    )
    if not solved.success:
        raise ValueError(f"the linear programme was not solved: {solved.message}")
    given = payoffs @ solved.x[:count]
    mixed = np.maximum(0.0, -solved.ineqlin.marginals)
    mixed /= mixed.sum()
    replies = (mixed @ payoffs).reshape(len(told), len(calls)).max(axis=1).sum()
    value = float(given.min())
    roots = [
        game.root_grid[int(number[0])]
        for number, worth in zip(numbers, given, strict=True)
        if worth <= value + 1e-7
    ]
    return Order(
        value=value,
        root_low=min(roots),
        root_high=max(roots),
        gap=max(0.0, float(replies) - value),
    )


def _untold(game: GridGame) -> None:
    if len({world.estimator for world in game.worlds}) > 1:
        raise ValueError("the estimator is told something of the world; solve the sequence form")


def _numbers(game: GridGame) -> Iterator[Position]:
    leaves = [[str(i) for i in range(len(game.leaf_grid))]] * game.leaves
    return product([str(i) for i in range(len(game.root_grid))], *leaves)


def _calls(game: GridGame) -> Iterator[Position]:
    root = [move.name for move in game.moves(("0",) * (2 + game.leaves))]
    leaf = [move.name for move in game.moves(("0",) * (3 + game.leaves))]
    return product(root, leaf)


def _best_reply(game: GridGame, numbers: Position) -> float:
    """What she gets at most who sees these numbers, and is told what each world tells her."""
    calls = list(_calls(game))
    total = 0.0
    for told in {world.prover for world in game.worlds}:
        among = [(str(i), w) for i, w in enumerate(game.worlds) if w.prover == told]
        total += max(
            sum(world.probability * game.end((i, *numbers, *call)).first for i, world in among)
            for call in calls
        )
    return total
