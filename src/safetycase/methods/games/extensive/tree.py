"""A game's whole tree as flat arrays, checked for perfect recall on the way."""

from __future__ import annotations

import math
from array import array
from collections import deque
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from safetycase.methods.games.extensive.errors import GameError
from safetycase.plugin.protocols import End, Move, Rules

if TYPE_CHECKING:
    from safetycase.methods.games.extensive.sparse import Floats, Ints

__all__ = ["CHANCE", "END", "FIRST", "SECOND", "GameError", "Infoset", "Tree", "flatten"]

FIRST, SECOND, CHANCE, END = range(4)
TURNS = {"first": FIRST, "second": SECOND, "chance": CHANCE, "end": END}
PLAYERS = ("first", "second")
OUTCOMES = ("first", "second", "wrong", "judge", "first_cost", "second_cost")


@dataclass(frozen=True, slots=True, kw_only=True)
class Infoset:
    """What a player knows at some positions, and the moves it has there.

    `sees` is the value of `Rules.sees`, `parent` the player's own sequence that leads here and
    `start` that of the first move: the sequence of move k is `start + k`.
    """

    sees: Hashable
    moves: tuple[str, ...]
    parent: int
    start: int

    @property
    def name(self) -> str:
        """What the player sees, as text."""
        return self.sees if isinstance(self.sees, str) else repr(self.sees)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tree:
    """A finite game of two players, by arrays over its n nodes, level after level.

    Node 0 is the start and every parent stands before its children. `turn` is 0 for the first
    player, 1 for the second, 2 for chance and 3 where the game ends; `parent` is −1 at the start;
    `move` is the number of the move at the parent that leads here, `names` its name; `chance` is
    the probability of that move where chance made it and 1 otherwise; `reach` is the product of
    these from the start. `infoset` numbers the information sets of the player whose turn it is, −1
    elsewhere. `sequences` (2 × n) are the two players' own sequences that lead here: 0 is the
    empty one. `ends` are the nodes where the game ends, and the six arrays of outcomes go by
    `ends`: payoffs, the probability of a wrong verdict, the judge's queries and the costs.
    `infosets` holds those of the first player and those of the second, each parent before its
    children.
    """

    turn: Ints
    parent: Ints
    move: Ints
    names: tuple[str, ...]
    chance: Floats
    reach: Floats
    infoset: Ints
    sequences: Ints
    ends: Ints
    first: Floats
    second: Floats
    wrong: Floats
    judge: Floats
    first_cost: Floats
    second_cost: Floats
    infosets: tuple[tuple[Infoset, ...], tuple[Infoset, ...]]

    def __len__(self) -> int:
        return len(self.turn)

    def sequence_count(self, player: int) -> int:
        """How many sequences the player has, the empty one included."""
        sets = self.infosets[player]
        return sets[-1].start + len(sets[-1].moves) if sets else 1

    def history(self, node: int) -> tuple[str, ...]:
        """The names of the moves from the start to the node."""
        names = []
        while node > 0:
            names.append(self.names[node])
            node = int(self.parent[node])
        return tuple(reversed(names))

    @property
    def constant_sum(self) -> float | None:
        """What the payoffs add up to at every end, to 1e-9 of their size; None if it differs."""
        sums = self.first + self.second
        size = max(1.0, float(abs(self.first).max()), float(abs(self.second).max()))
        low, high = float(sums.min()), float(sums.max())
        return (low + high) / 2 if high - low <= 1e-9 * size else None


def flatten(rules: Rules, limit: int = 2_000_000) -> Tree:
    """The whole tree of the game; `GameError` where it is not one with perfect recall.

    Every position is visited once for every history that leads to it. Perfect recall holds
    exactly if all histories of an information set hold the same own sequence (Koller, Megiddo,
    von Stengel 1996): the error names the information set and two histories that differ. Other
    errors: moves that differ inside an information set, chance that does not add up to 1, no
    moves, two moves of one name, a payoff that is not finite, more than `limit` nodes.
    """
    return _Builder(rules, limit).built()


class _Builder:
    def __init__(self, rules: Rules, limit: int) -> None:
        self.rules, self.limit = rules, limit
        self.turn, self.parent, self.move = array("i"), array("i"), array("i")
        self.names: list[str] = []
        self.chance, self.reach = array("d"), array("d")
        self.infoset = array("i")
        self.sequences = (array("i"), array("i"))
        self.ends = array("i")
        self.outcomes = tuple(array("d") for _ in OUTCOMES)
        self.infosets: tuple[list[Infoset], list[Infoset]] = ([], [])
        self.found: tuple[dict[Hashable, int], dict[Hashable, int]] = ({}, {})
        self.nodes: tuple[list[int], list[int]] = ([], [])
        self.next_sequence = [1, 1]
        self.waiting: deque[Hashable] = deque()

    def built(self) -> Tree:
        self._add(-1, ("",), (1.0,), (1.0,), (0,), (0,), (self.rules.start(),))
        node = 0
        turn, waiting = self.rules.turn, self.waiting
        while waiting:
            position = waiting.popleft()
            kind = TURNS.get(turn(position), -1)
            self.turn.append(kind)
            if kind in (FIRST, SECOND):
                self._decision(node, position, kind)
            elif kind == CHANCE:
                self._chance(node, position)
            elif kind == END:
                self._end(node, position)
            else:
                raise GameError(
                    f"the turn is {turn(position)!r} after {self._told(node)}: it is one of "
                    "first, second, chance and end"
                )
            node += 1
        return self._tree()

    def _add(
        self,
        node: int,
        names: Sequence[str],
        chance: Sequence[float],
        reach: Iterable[float],
        first: Iterable[int],
        second: Iterable[int],
        below: Iterable[Hashable],
    ) -> None:
        """The children of a node; `first` and `second` are the sequences that lead to each."""
        count = len(names)
        self.parent.extend([node] * count)
        self.move.extend(range(count))
        self.names.extend(names)
        self.chance.extend(chance)
        self.reach.extend(reach)
        self.sequences[0].extend(first)
        self.sequences[1].extend(second)
        self.waiting.extend(below)
        if len(self.names) > self.limit:
            raise GameError(
                f"the game has more than {self.limit} nodes: take a smaller instance or raise limit"
            )

    def _decision(self, node: int, position: Any, player: int) -> None:
        moves = tuple([move.name for move in self._moves(node, position)])
        place = self._infoset(node, player, self.rules.sees(position), moves)
        self.infoset.append(place)
        known, count, after = self.infosets[player][place], len(moves), self.rules.after
        own: Iterable[int] = range(known.start, known.start + count)
        other = [self.sequences[1 - player][node]] * count
        first, second = (own, other) if player == FIRST else (other, own)
        below = [after(position, name) for name in known.moves]
        reach = [self.reach[node]] * count
        self._add(node, known.moves, (1.0,) * count, reach, first, second, below)

    def _infoset(self, node: int, player: int, sees: Hashable, moves: tuple[str, ...]) -> int:
        own = self.sequences[player][node]
        place = self.found[player].get(sees)
        if place is None:
            place = len(self.infosets[player])
            start = self.next_sequence[player]
            self.found[player][sees] = place
            self.nodes[player].append(node)
            self.infosets[player].append(Infoset(sees=sees, moves=moves, parent=own, start=start))
            self.next_sequence[player] += len(moves)
            return place
        known = self.infosets[player][place]
        if known.parent != own:
            raise GameError(
                f"no perfect recall: {self._where(player, place)} the player made or saw different "
                f"things after {self._both(player, place, node)}; let `sees` keep all that the "
                "player saw and did"
            )
        if known.moves != moves and sorted(known.moves) != sorted(moves):
            raise GameError(
                f"{self._where(player, place)} the moves differ after "
                f"{self._both(player, place, node)}: {known.moves} and {moves}"
            )
        return place

    def _where(self, player: int, place: int) -> str:
        name = self.infosets[player][place].name
        return f"in information set {name} of the {PLAYERS[player]} player"

    def _both(self, player: int, place: int, node: int) -> str:
        return f"{self._told(self.nodes[player][place])} and {self._told(node)}"

    def _chance(self, node: int, position: Any) -> None:
        self.infoset.append(-1)
        moves = self._moves(node, position)
        odds = [float(move.probability) for move in moves]
        if not all(p >= 0 for p in odds) or abs(math.fsum(odds) - 1) > 1e-9:
            raise GameError(
                f"the probabilities of chance after {self._told(node)} are {odds}: they are at "
                "least 0 and add up to 1"
            )
        count, after = len(odds), self.rules.after
        names = [move.name for move in moves]
        first, second = ([own[node]] * count for own in self.sequences)
        reach = [self.reach[node] * p for p in odds]
        self._add(node, names, odds, reach, first, second, [after(position, n) for n in names])

    def _moves(self, node: int, position: Any) -> Sequence[Move]:
        moves = self.rules.moves(position)
        names = [move.name for move in moves]
        if not names:
            raise GameError(f"there is no move after {self._told(node)}: such a position is an end")
        if len(set(names)) < len(names):
            raise GameError(f"two moves after {self._told(node)} have one name: {names}")
        return moves

    def _end(self, node: int, position: Any) -> None:
        self.infoset.append(-1)
        end: End = self.rules.end(position)
        self.ends.append(node)
        found = (end.first, end.second, end.wrong, end.judge, end.first_cost, end.second_cost)
        for values, value in zip(self.outcomes, found, strict=True):
            values.append(value)
        if not all(map(math.isfinite, found)):
            bad = [f"{n} = {v}" for n, v in zip(OUTCOMES, found, strict=True) if v - v != 0]
            raise GameError(f"the end after {self._told(node)} has {', '.join(bad)}")
        if not 0 <= end.wrong <= 1:
            raise GameError(
                f"the end after {self._told(node)} has wrong = {end.wrong}: it is a probability"
            )

    def _told(self, node: int) -> str:
        names = []
        while node > 0:
            names.append(self.names[node])
            node = self.parent[node]
        return f"({', '.join(reversed(names))})" if names else "the start"

    def _tree(self) -> Tree:
        import numpy as np

        outcomes = {
            name: np.array(values) for name, values in zip(OUTCOMES, self.outcomes, strict=True)
        }
        return Tree(
            turn=np.array(self.turn),
            parent=np.array(self.parent),
            move=np.array(self.move),
            names=tuple(self.names),
            chance=np.array(self.chance),
            reach=np.array(self.reach),
            infoset=np.array(self.infoset),
            sequences=np.array(self.sequences),
            ends=np.array(self.ends),
            infosets=(tuple(self.infosets[0]), tuple(self.infosets[1])),
            **outcomes,
        )
