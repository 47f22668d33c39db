"""Games written out as nested values, and random ones."""

from __future__ import annotations

import random
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from safetycase.plugin.protocols import End, Move, Turn


@dataclass(frozen=True)
class Choice:
    """A player's turn: what it sees, and where each move leads."""

    who: Turn
    sees: Hashable
    moves: dict[str, Any]


@dataclass(frozen=True)
class Luck:
    """Chance's turn: probability and what follows, by name."""

    moves: dict[str, tuple[Any, Any]]


@dataclass(frozen=True)
class Written:
    """The rules of a game that is written out; a position is the moves so far."""

    root: Any

    def node(self, position: tuple[str, ...]) -> Any:
        node = self.root
        for move in position:
            node = node.moves[move][1] if isinstance(node, Luck) else node.moves[move]
        return node

    def start(self) -> Hashable:
        return ()

    def turn(self, position: Any) -> Turn:
        node = self.node(position)
        if isinstance(node, End):
            return "end"
        return "chance" if isinstance(node, Luck) else node.who

    def moves(self, position: Any) -> Sequence[Move]:
        node = self.node(position)
        if isinstance(node, Luck):
            return [Move(name=name, probability=p) for name, (p, _) in node.moves.items()]
        return [Move(name=name) for name in node.moves]

    def after(self, position: Any, move: str) -> Hashable:
        return (*position, move)

    def sees(self, position: Any) -> Hashable:
        return self.node(position).sees

    def end(self, position: Any) -> End:
        node = self.node(position)
        assert isinstance(node, End)
        return node


def seeds(quick: int, most: int) -> list[Any]:
    """Numbers below `most` to try; those from `quick` on are left out of the fast tests."""
    return [*range(quick), *(pytest.param(n, marks=pytest.mark.slow) for n in range(quick, most))]


def ends(first: float, second: float | None = None, wrong: float = 0.0) -> End:
    return End(first=first, second=-first if second is None else second, wrong=wrong)


def matrix(a: Sequence[Sequence[float]], b: Sequence[Sequence[float]] | None = None) -> Written:
    """A game in which both choose at once: payoffs a[i][j], b[i][j] (−a if left out)."""
    return Written(
        Choice(
            "first",
            "row",
            {
                f"r{i}": Choice(
                    "second",
                    "column",
                    {f"c{j}": ends(p, None if b is None else b[i][j]) for j, p in enumerate(row)},
                )
                for i, row in enumerate(a)
            },
        )
    )


def rand(seed: int, depth: int = 4, zero_sum: bool = True, branching: int = 2) -> Written:
    """A random game of perfect recall: some moves stay hidden from the other player.

    What a player sees is its own moves and the part of the others' moves that is shown.
    """
    rng = random.Random(seed)
    shown = [rng.random() < 0.5 for _ in range(depth)]
    turns = [rng.choice(["first", "second", "chance"]) for _ in range(depth)]

    def grow(level: int, known: tuple[tuple[Any, ...], tuple[Any, ...]]) -> Any:
        if level == depth or (level > 1 and turns[level] == "chance" and rng.random() < 0.3):
            first = rng.randint(-5, 5)
            return ends(first, None if zero_sum else rng.randint(-5, 5), rng.random())
        who = turns[level]
        names = [f"{level}{chr(97 + k)}" for k in range(branching)]

        def told(name: str) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
            first, second = known
            return (
                (*first, name if who == "first" or shown[level] else f"{level}?"),
                (*second, name if who == "second" or shown[level] else f"{level}?"),
            )

        below = {name: grow(level + 1, told(name)) for name in names}
        if who == "chance":
            odds = [rng.randint(1, 4) for _ in names]
            return Luck({n: (w / sum(odds), below[n]) for n, w in zip(names, odds, strict=True)})
        return Choice(who, known[who == "second"], below)

    return Written(grow(0, ((), ())))
