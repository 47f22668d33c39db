"""The one-round game on a grid of numbers, by its positions, for any knowledge of both sides.

First the truth of the leaves is drawn from `worlds`. Then the estimator (the second player) gives a
number to the root and one to each leaf; then the prover (the first player) calls the root's number
too low, too high or right, and picks a leaf and calls its number. Where `numbers_seen` is false she
does so without having seen the numbers, as one who commits first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from safetycase.plugin.protocols import End, Move, Turn

__all__ = ["GridGame", "Position", "World", "own_grid"]

CALLS = {"low": 1, "right": 0, "high": -1}
Position = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """One truth of the leaves: its probability, its bits, and what each side is told of it.

    A side cannot tell apart two worlds in which it is told the same.
    """

    probability: float
    leaves: tuple[bool, ...]
    prover: str = ""
    estimator: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GridGame:
    """The game; it implements `Rules`. A position is the names of the moves so far.

    `needed` leaves make the claim true; numbers are taken from `root_grid` and `leaf_grid`; the
    calls weigh `first` and `stake`, and the prover is paid the root's number.
    """

    worlds: tuple[World, ...]
    needed: int
    root_grid: tuple[float, ...]
    leaf_grid: tuple[float, ...]
    first: float
    stake: float
    numbers_seen: bool = True
    flawed: bool = False

    def __post_init__(self) -> None:
        sizes = {len(world.leaves) for world in self.worlds}
        if len(sizes) != 1 or not 1 <= self.needed <= self.leaves:
            raise ValueError("all worlds have the same leaves, and some of them are needed")

    @property
    def leaves(self) -> int:
        """How many leaves there are."""
        return len(self.worlds[0].leaves)

    def start(self) -> Position:
        """Nothing has happened."""
        return ()

    def turn(self, position: Position) -> Turn:
        """Chance, then the estimator's numbers, then the prover's calls."""
        done = len(position)
        if done == 0:
            return "chance"
        if done <= 1 + self.leaves:
            return "second"
        return "first" if done < 4 + self.leaves else "end"

    def moves(self, position: Position) -> Sequence[Move]:
        """The worlds, the numbers of the grids, the calls of the root, the calls of a leaf."""
        done = len(position)
        if done == 0:
            return [
                Move(name=str(i), probability=world.probability)
                for i, world in enumerate(self.worlds)
            ]
        if done <= 1 + self.leaves:
            grid = self.root_grid if done == 1 else self.leaf_grid
            return [Move(name=str(i)) for i in range(len(grid))]
        if done == 2 + self.leaves:
            return [Move(name=call) for call in CALLS]
        return [Move(name=f"{i} {c}") for i, c in product(range(self.leaves), ("low", "high"))]

    def after(self, position: Position, move: str) -> Position:
        """One more move has been made."""
        return (*position, move)

    def sees(self, position: Position) -> Position:
        """What it was told of the world, its own moves, and for the prover maybe the numbers."""
        world = self.worlds[int(position[0])]
        if self.turn(position) == "second":
            return ("estimator", world.estimator, *position[1:])
        seen = position[1:] if self.numbers_seen else position[2 + self.leaves :]
        return ("prover", world.prover, *seen)

    def end(self, position: Position) -> End:
        """The payoffs and the verdict: the claim is accepted from a root number of 1/2 on."""
        bits = self.worlds[int(position[0])].leaves
        root = self.root_grid[int(position[1])]
        numbers = [self.leaf_grid[int(name)] for name in position[2 : 2 + self.leaves]]
        leaf, call = position[3 + self.leaves].split()
        gain = self.first * CALLS[position[2 + self.leaves]] * (self.expected(numbers) - root)
        gain += self.stake * CALLS[call] * (bits[int(leaf)] - numbers[int(leaf)])
        payoff = gain - root if self.flawed else gain + root
        truth = sum(bits) >= self.needed
        return End(
            first=payoff,
            second=-payoff,
            wrong=float((root >= 0.5) != truth),
            judge=2.0,
            first_cost=float(self.leaves),
            second_cost=float(self.leaves + 1),
        )

    def expected(self, numbers: Sequence[float]) -> float:
        """E_H: the probability that `needed` leaves hold, each with its number."""
        law = [1.0]
        for p in numbers:
            law = [
                (law[k] * (1 - p) if k < len(law) else 0.0) + (law[k - 1] * p if k else 0.0)
                for k in range(len(law) + 1)
            ]
        return sum(law[self.needed :])


def own_grid(game: GridGame) -> tuple[float, ...]:
    """The numbers of the root with which consistent play with equal or unequal leaves is there."""
    found = {0.0, 1.0}
    for numbers in product(game.leaf_grid, repeat=game.leaves):
        found.add(round(game.expected(numbers), 12))
    return tuple(sorted(found))
