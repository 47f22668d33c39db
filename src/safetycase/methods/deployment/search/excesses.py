"""Every purpose of a space in every mechanism: the class of tests, and what a case adds to it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from safetycase.methods.deployment.search.excess import (
    entropy_optimum,
    most_at_optimum,
    most_by_entropy,
    most_through_hash,
)
from safetycase.methods.deployment.search.game import ROUNDING, Game, Solved
from safetycase.methods.deployment.search.space import Space

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

__all__ = ["Excess", "entropy_excesses", "game_excesses", "hash_excesses", "purposes"]

KEY = b"unexploitable search"
SLIP = 10 * ROUNDING
CLOSE = 1e-9  # bounds that differ by less count as the same: one program for all of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Excess:
    """By how much E[Q] can rise above its mean under the reference: at least `low`, at most `high`.

    `in_class` says whether Q is a test of the class (or a complement) and not an objective that
    the case names.
    """

    objective: str
    in_class: bool
    low: float
    high: float


def purposes(space: Space) -> Iterator[tuple[str, bool, Numbers]]:
    """(name, whether it is a test, values) of each objective, and of each test both ways."""
    import numpy as np

    for name, values in space.objectives.items():
        yield name, False, values
    bits = space.tests.columns(np.arange(space.tests.outputs)).astype(np.float64)
    for row, name in enumerate(space.names):
        yield name, True, bits[:, row]
        yield f"not: {name}", True, 1 - bits[:, row]


def _given(space: Space, most: Callable[[Numbers], tuple[float, float]]) -> tuple[Excess, ...]:
    found = []
    for name, in_class, values in purposes(space):
        mean = float(space.reference @ values)
        low, high = most(values)
        found.append(
            Excess(
                objective=name,
                in_class=in_class,
                low=low - mean - SLIP,
                high=min(high, float(values.max())) - mean + SLIP,
            )
        )
    return tuple(found)


def game_excesses(space: Space, game: Game, solved: Solved, limit: float) -> tuple[Excess, ...]:
    """At a policy that no row is paid more than `limit`: every objective by linear programming.

    A test of the class has a bound without it: E_π f ≤ limit + max_y (f(y) − a_f(y)). Programs are
    solved for the tests in the order of these bounds, until no other one can be the largest.
    """
    import numpy as np

    held = np.array(solved.support)
    law = np.array(solved.weights) / math.fsum(solved.weights)
    done: dict[int, tuple[float, float]] = {}
    every = list(purposes(space))
    means = [float(space.reference @ values) for _, _, values in every]
    bounds: dict[int, float] = {}
    for number, (_, in_class, values) in enumerate(every):
        if in_class:
            bounds[number] = _short(game, values, limit, number - len(space.objectives))
        else:
            done[number] = most_at_optimum(game, values, limit, start=solved.support)
    largest = -math.inf
    for number in sorted(bounds, key=lambda n: means[n] - bounds[n]):
        if bounds[number] - means[number] <= largest + CLOSE:
            break
        done[number] = most_at_optimum(game, every[number][2], limit, start=solved.support)
        largest = max(largest, done[number][0] - means[number])
    found = []
    for number, (name, in_class, values) in enumerate(every):
        low, high = done.get(number, (float(law @ values[held]), bounds.get(number, 1.0)))
        high = min(high, bounds.get(number, 1.0), float(values.max()))
        found.append(
            Excess(
                objective=name,
                in_class=in_class,
                low=low - means[number] - SLIP,
                high=high - means[number] + SLIP,
            )
        )
    return tuple(found)


def _short(game: Game, values: Numbers, limit: float, number: int) -> float:
    """The bound by the price 1 of the test's own row, which is `number` // 2, or its complement."""
    import numpy as np

    row, complement = divmod(number, 2)
    if game.signed:
        offset = float(game.offsets[row])
        return limit + (1 - offset if complement else offset)
    at = row + (game.bits.rows // 2 if complement else 0)
    word, bit = divmod(at, 16)
    paid = (game.bits.words[word] >> np.uint16(bit)) & np.uint16(1)
    return min(1.0, limit + float((values - paid).max()))


def entropy_excesses(space: Space, weight: float, divergence: float) -> tuple[Excess, ...]:
    """At a policy with at most that `divergence` (nats) from the optimum of E[R] + `weight`·H."""
    base = entropy_optimum(space.rewards, weight)

    def most(values: Numbers) -> tuple[float, float]:
        found = most_by_entropy(base, values, divergence)
        return found, found

    return _given(space, most)


def hash_excesses(space: Space, bits: int) -> tuple[Excess, ...]:
    """By a model that searches the outputs whose hash begins with so many zeros.

    None at all where no output meets the constraint.
    """
    if most_through_hash(space.outputs, space.reference, bits=bits, key=KEY) is None:
        return ()

    def most(values: Numbers) -> tuple[float, float]:
        through = most_through_hash(space.outputs, values, bits=bits, key=KEY)
        return (through[1], through[1]) if through else (0.0, 1.0)

    return _given(space, most)
