"""Oversight games between rated players: a guard and a system that tries to get past it.

The skill of either in a game is its Elo rating there, a function of its general Elo rating that
rises linearly between two plateaus; the guard wins with the probability of Bradley & Terry (1952),
Biometrika 39:324. Ratings and their use for nested oversight: Engels et al. 2025,
arXiv:2504.18530. The four published games are those of its notebook.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from safetycase.plugin.protocols import End, Move, Turn

__all__ = [
    "BEST_RATED",
    "GAMES",
    "WORST_RATED",
    "Chain",
    "Game",
    "Line",
    "Nested",
    "best_levels",
    "best_steps",
    "chain",
    "win_probability",
]

WORST_RATED, BEST_RATED = 1103.0, 1377.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A rating in one game: slope · general + intercept, cut off at `low` and at `high`."""

    slope: float
    intercept: float
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        if not all(map(math.isfinite, (self.slope, self.intercept))):
            raise ValueError("`slope` and `intercept` are finite numbers")
        if self.low is not None and self.high is not None and not self.low <= self.high:
            raise ValueError("`low` is at most `high`")

    def at(self, general: float) -> float:
        """The rating in this game of a player with that general rating."""
        found = self.slope * general + self.intercept
        found = found if self.high is None else min(found, self.high)
        return found if self.low is None else max(found, self.low)


@dataclass(frozen=True, slots=True, kw_only=True)
class Game:
    """The ratings of both sides of one oversight game."""

    guard: Line
    system: Line


GAMES: Mapping[str, Game] = {
    "mafia": Game(
        guard=Line(slope=1.5305382247861692, intercept=-622.9317463747565),
        system=Line(slope=0.8344154600833648, intercept=173.2206142928111),
    ),
    "debate": Game(
        guard=Line(slope=1.0983942546126946, intercept=-47.49890598669299),
        system=Line(slope=0.04936115584058696, intercept=1080.3983558810423),
    ),
    "backdoor-code": Game(
        guard=Line(slope=0.7192614624976502, intercept=552.0221384375485),
        system=Line(slope=1.9518243250891987, intercept=-1361.61176329289),
    ),
    "wargames": Game(
        guard=Line(slope=1.1666737577004682, intercept=-229.07366870912878),
        system=Line(slope=0.6795738441484533, intercept=422.0053838057133),
    ),
}


def win_probability(guard: float, system: float) -> float:
    """P(the guard wins) at these ratings in the game, on the Elo scale."""
    exponent = (system - guard) / 400
    return 1 / (1 + 10**exponent) if exponent < 300 else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """The general ratings, lowest first, of a chain of overseers, and who wins each step.

    Step i is won with `wins[i]`, by the guard at `levels[i]` against the system at `levels[i+1]`.
    """

    levels: tuple[float, ...]
    wins: tuple[float, ...]

    @property
    def success(self) -> float:
        """P(every step is won), if they are won independently."""
        return math.prod(self.wins)


def _chain(game: Game, levels: tuple[float, ...]) -> Chain:
    pairs = itertools.pairwise(levels)
    wins = (win_probability(game.guard.at(a), game.system.at(b)) for a, b in pairs)
    return Chain(levels=levels, wins=tuple(wins))


def chain(game: Game, start: float, gap: float, steps: int) -> Chain:
    """`steps` steps of equal size from general rating `start` to `start + gap`."""
    if steps < 1 or not gap >= 0:
        raise ValueError("a chain has at least one step, and its gap is at least 0")
    return _chain(game, tuple(start + gap * i / steps for i in range(steps + 1)))


def best_steps(game: Game, start: float, gap: float, most: int = 20) -> Chain:
    """The chain of 1 to `most` equal steps that most often wins them all; the shortest of equals.

    All are tried: the success need not be log-concave in the number of steps.
    """
    tried = (chain(game, start, gap, steps) for steps in range(1, most + 1))
    return max(tried, key=lambda one: one.success)


def best_levels(game: Game, start: float, gap: float, most: int = 20, grid: int = 60) -> Chain:
    """The best chain of at most `most` steps whose levels are multiples of `gap / grid`.

    By dynamic programming over levels and steps: O(most · grid²). At least as good as equal steps
    whose number divides `grid`.
    """
    at = [start + gap * i / grid for i in range(grid + 1)]
    nowhere: tuple[float, tuple[int, ...]] = (0.0, (0,))
    found = [(1.0, nowhere[1])] + [nowhere] * grid
    best: tuple[float, tuple[int, ...]] = (0.0, (0, grid))
    for _ in range(most):
        longer = [nowhere] * (grid + 1)
        for upper in range(1, grid + 1):
            longer[upper] = max(
                (
                    so_far * win_probability(game.guard.at(at[lower]), game.system.at(at[upper])),
                    (*path, upper),
                )
                for lower, (so_far, path) in enumerate(found[:upper])
            )
        best = max(best, longer[grid], key=lambda one: one[0])
        found = longer
    return _chain(game, tuple(at[i] for i in best[1]))


@dataclass(frozen=True, slots=True)
class Nested:
    """Nested oversight by its positions: the overseer picks the steps, the system where to fight.

    Positions are (), (steps,), (steps, where), then the outcome. The overseer (first) gets 1 if
    every step at which the system fights is won, and the system 1 if not.
    """

    chain_of: Callable[[int], Chain]
    most: int

    def start(self) -> Hashable:
        """Nothing is decided."""
        return ()

    def turn(self, position: Any) -> Turn:
        """The overseer, the system, chance."""
        order: tuple[Turn, ...] = ("first", "second", "chance", "end")
        return order[len(position)]

    def moves(self, position: Any) -> Sequence[Move]:
        """Numbers of steps; one of them or all; whether the overseers win."""
        if not position:
            return [Move(name=str(steps)) for steps in range(1, self.most + 1)]
        if len(position) == 1:
            return [Move(name=str(k)) for k in range(int(position[0]))] + [Move(name="all")]
        steps = self.chain_of(int(position[0]))
        won = steps.success if position[1] == "all" else steps.wins[int(position[1])]
        return [Move(name="won", probability=won), Move(name="lost", probability=1 - won)]

    def after(self, position: Any, move: str) -> Hashable:
        """The position with the move added."""
        return (*position, move)

    def sees(self, position: Any) -> Hashable:
        """Everything is public."""
        return tuple(position)

    def end(self, position: Any) -> End:
        """Whether the overseers won."""
        lost = float(position[2] == "lost")
        return End(
            first=1 - lost,
            second=lost,
            wrong=lost,
            judge=1.0,
            first_cost=float(position[0]),
        )
