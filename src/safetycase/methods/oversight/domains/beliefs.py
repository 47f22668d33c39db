"""Belief games: arguments that each move a judge's belief by a known likelihood ratio.

A judge starts from prior log odds and adds what each argument it hears is worth. Its belief on
reflection is that after all of them; the truth of an instance is the side of 1/2 that this is on.
A market announces a price before each argument and wants it to be where the belief ends up; a
trader picks the arguments and is paid for how far the price moves.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from safetycase.plugin.protocols import End, Move, Turn

__all__ = ["Beliefs", "Market", "Solved", "drawn", "probability", "solve"]

LARGEST = 14
STRENGTH, MARGIN, PRIOR = 1.2, 2.0, 0.5
PRICES = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beliefs:
    """Prior log odds, what each argument adds to them, and how many arguments are heard."""

    prior: float
    adds: tuple[float, ...]
    rounds: int

    def __post_init__(self) -> None:
        if not all(map(math.isfinite, (self.prior, *self.adds))):
            raise ValueError("the prior and what arguments add are finite numbers")
        if not 1 <= self.rounds <= len(self.adds) <= LARGEST:
            raise ValueError(f"1 ≤ `rounds` ≤ number of arguments ≤ {LARGEST}")

    @property
    def reflective(self) -> float:
        """The log odds after all arguments."""
        return math.fsum((self.prior, *self.adds))

    def reachable(self) -> tuple[float, float]:
        """The lowest and the highest belief that `rounds` different arguments lead to."""
        order = sorted(self.adds)
        low, high = order[: self.rounds], order[len(order) - self.rounds :]
        return (
            probability(math.fsum((self.prior, *low))),
            probability(math.fsum((self.prior, *high))),
        )


def probability(log_odds: float) -> float:
    """The probability with those log odds."""
    if log_odds < 0:
        return 1 - probability(-log_odds)
    return 1 / (1 + math.exp(-log_odds))


def drawn(size: int, seed: int, rounds: int) -> Beliefs:
    """`size` arguments uniform within ±1.2, and a reflection at least 2 from even odds."""
    rng = random.Random(f"beliefs {size} {seed}")  # noqa: S311
    while True:
        prior = rng.uniform(-PRIOR, PRIOR)
        adds = tuple(rng.uniform(-STRENGTH, STRENGTH) for _ in range(size))
        found = Beliefs(prior=prior, adds=adds, rounds=rounds)
        if abs(found.reflective) >= MARGIN:
            return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """The market's first price at equilibrium, what the trader makes, and the price by state.

    A state is the set of arguments heard, as the sum of 2ⁱ over its arguments i.
    """

    price: float
    value: float
    prices: Mapping[int, float]


def solve(game: Beliefs) -> Solved:
    """Backward induction over the sets of arguments heard.

    At a state whose successors c have prices p_c and values V_c, the trader makes
    max_c |p − p_c| + V_c = max(A − p, B + p) with A = max(p_c + V_c), B = max(V_c − p_c), so that
    the market's only best price is (A − B)/2, and it loses (A + B)/2. By induction p + V is the
    highest belief that can be reached and p − V the lowest: the price is the middle of both.
    """
    found: dict[int, tuple[float, float]] = {}
    for count in range(game.rounds, -1, -1):
        for heard in itertools.combinations(range(len(game.adds)), count):
            state = sum(1 << i for i in heard)
            if count == game.rounds:
                added = (game.adds[i] for i in heard)
                found[state] = probability(math.fsum((game.prior, *added))), 0.0
                continue
            after = [found[state | 1 << i] for i in range(len(game.adds)) if not state >> i & 1]
            above, below = max(p + v for p, v in after), max(v - p for p, v in after)
            found[state] = (above - below) / 2, (above + below) / 2
    return Solved(
        price=found[0][0],
        value=found[0][1],
        prices={state: price for state, (price, _) in found.items()},
    )


@dataclass(frozen=True, slots=True)
class Market:
    """The belief game by its positions, which are the moves so far.

    At each state the market may name one of five prices, or the one that is best there.

    The market (first) pays the trader (second) each move of the price, the last one to the
    judge's belief. The verdict is the side of 1/2 that the first price is on.
    """

    game: Beliefs
    prices: Mapping[int, float]

    @classmethod
    def of(cls, game: Beliefs) -> Market:
        """The game of these beliefs."""
        return cls(game, solve(game).prices)

    def start(self) -> Hashable:
        """Nothing has been said."""
        return ()

    def turn(self, position: Any) -> Turn:
        """The market and the trader in turn."""
        if len(position) == 2 * self.game.rounds:
            return "end"
        return "second" if len(position) % 2 else "first"

    def moves(self, position: Any) -> Sequence[Move]:
        """The prices, or the arguments that are left."""
        if len(position) % 2 == 0:
            state = sum(1 << int(i) for i in position[1::2])
            return [Move(name=repr(p)) for p in sorted({*PRICES, self.prices[state]})]
        left = set(range(len(self.game.adds))) - set(map(int, position[1::2]))
        return [Move(name=str(i)) for i in sorted(left)]

    def after(self, position: Any, move: str) -> Hashable:
        """The moves so far and this one."""
        longer: tuple[str, ...] = (*position, move)
        return longer

    def sees(self, position: Any) -> Hashable:
        """Everything is public."""
        return tuple(position)

    def end(self, position: Any) -> End:
        """What the trader made, and whether the first price is on the side of reflection."""
        heard = [int(i) for i in position[1::2]]
        last = probability(math.fsum((self.game.prior, *(self.game.adds[i] for i in heard))))
        prices = [float(p) for p in position[0::2]] + [last]
        made = math.fsum(abs(b - a) for a, b in itertools.pairwise(prices))
        return End(
            first=-made,
            second=made,
            wrong=wrong(prices[0], self.game),
            judge=float(self.game.rounds),
            second_cost=float(self.game.rounds),
        )


def wrong(price: float, game: Beliefs) -> float:
    """1 if the price is on the other side of 1/2 than reflection, 1/2 at even odds, else 0."""
    if price == 0.5:
        return 0.5
    return float((price > 0.5) != (game.reflective > 0))
