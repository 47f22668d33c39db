"""The one-round game on a grid, solved in both orders, with what certifies each value.

If the estimator commits first, the prover replies to the numbers that she sees. If she commits
first, it is to a distribution over her calls, for each thing she may be told; the estimator
then gives the numbers that are worst for her. The second value is never above the first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from safetycase.methods.oversight.protocols.prover_estimator.rules import GridGame, Position

if TYPE_CHECKING:
    from safetycase.methods.games.extensive.sparse import Floats

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

    from safetycase.methods.games.extensive.linear import within
    from safetycase.methods.games.extensive.sparse import Sparse

    _untold(game)
    told = sorted({world.prover for world in game.worlds})
    calls, numbers = list(_calls(game)), list(_numbers(game))
    payoffs = _payoffs(game, numbers, [(t, call) for t in told for call in calls])
    count, free = payoffs.shape[1], np.inf
    once = np.kron(np.eye(len(told)), np.ones(len(calls)))
    table = np.block([[payoffs, -np.ones((len(numbers), 1))], [once, np.zeros((len(told), 1))]])
    rows, columns = np.nonzero(table)
    solved = within(
        gain=np.append(np.zeros(count), 1.0),
        variables=(np.append(np.zeros(count), -free), np.full(count + 1, free)),
        matrix=Sparse.of(rows, columns, table[rows, columns], table.shape),
        rows=(
            np.append(np.zeros(len(numbers)), np.ones(len(told))),
            np.append(np.full(len(numbers), free), np.ones(len(told))),
        ),
    )
    assert solved is not None, "the prover always has a commitment"
    given = payoffs @ solved.variables[:count]
    mixed = np.abs(solved.prices[: len(numbers)])
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


def _payoffs(
    game: GridGame, numbers: Sequence[Position], replies: Sequence[tuple[str, Position]]
) -> Floats:
    """What the prover gets, numbers × (what she is told, her calls), by the worlds' chances."""
    import numpy as np

    table = np.zeros((len(numbers), len(replies)))
    for i, world in enumerate(game.worlds):
        for column, (told, call) in enumerate(replies):
            if told == world.prover:
                for row, number in enumerate(numbers):
                    worth = game.end((str(i), *number, *call)).first
                    table[row, column] += world.probability * worth
    return table


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
