"""What two strategies do and what each player could gain, from the rules in plain Python.

No tree, no sequence form, no array and no linear program: it shares nothing with the solvers, it
works in fractions too, and on a small game it is done before NumPy is loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from safetycase.methods.games.extensive.errors import GameError
from safetycase.plugin.protocols import Rules

__all__ = ["Found", "Strategy", "Walker", "even", "played_out"]

Strategy = Callable[[str, Hashable, Sequence[str]], Mapping[str, Any]]
Number = Callable[[Any], Any]
Bag = list[tuple[Any, Any]]
Step = tuple[str, Hashable, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What two strategies do; fractions where they were asked for.

    `first` and `second` are the expected payoffs, `best_first` and `best_second` what each player
    could get at most against the other's strategy, `wrong` the probability of a wrong verdict.
    In a zero-sum game the value to the first lies between `low` and `high`.
    """

    first: Any
    second: Any
    wrong: Any
    best_first: Any
    best_second: Any

    @property
    def gap(self) -> Any:
        """NashConv: what both players could gain, added up."""
        return (self.best_first - self.first) + (self.best_second - self.second)

    @property
    def low(self) -> Any:
        """What the first strategy secures if the payoffs are each other's negatives."""
        return -self.best_second

    @property
    def high(self) -> Any:
        """What the second strategy allows."""
        return self.best_first


def even(_player: str, _sees: Hashable, moves: Sequence[str]) -> Mapping[str, float]:
    """The strategy that moves evenly everywhere."""
    return dict.fromkeys(moves, 1 / len(moves))


def played_out(rules: Rules, strategy: Strategy, number: Number = float) -> Found:
    """Play both players' strategies against each other, and each against its best response.

    `strategy(player, sees, moves)` gives a probability to every move. Numbers of the game and of
    the strategy are read by `number`. The time is linear in the tree. `GameError` where
    probabilities do not add up to 1 and for games deeper than Python's recursion.
    """
    walker = Walker(rules, strategy, number)
    start, one = rules.start(), number(1)
    try:
        first, second, wrong = walker.played(start)
        best_first = walker.best([(start, one)], "first")
        best_second = walker.best([(start, one)], "second")
    except RecursionError as error:
        raise GameError("the game is too deep for plain recursion, about 300 moves") from error
    return Found(
        first=first, second=second, wrong=wrong, best_first=best_first, best_second=best_second
    )


class Walker:
    """A game's positions with what was asked of the rules kept, and a strategy to play by."""

    def __init__(self, rules: Rules, strategy: Strategy, number: Number) -> None:
        self.rules, self.strategy, self.number = rules, strategy, number
        self.zero = number(0)
        self.turns: dict[Hashable, str] = {}
        self.ends: dict[Hashable, tuple[Any, Any, Any]] = {}
        self.known: dict[Hashable, list[Step]] = {}

    def turn(self, position: Any) -> str:
        """Whose turn it is."""
        turn = self.turns.get(position)
        if turn is None:
            turn = self.turns[position] = self.rules.turn(position)
        return turn

    def steps(self, position: Any) -> list[Step]:
        """Every move, where it leads, and its probability by chance or by the strategy."""
        found = self.known.get(position)
        if found is None:
            found = self.known[position] = self._steps(position)
        return found

    def _steps(self, position: Any) -> list[Step]:
        turn, moves = self.turn(position), self.rules.moves(position)
        names = [move.name for move in moves]
        number = self.number
        if turn == "chance":
            odds = [number(move.probability) for move in moves]
        else:
            law = self.strategy(turn, self.rules.sees(position), names)
            odds = [number(law[name]) for name in names]
        total = sum(odds)
        if any(not p >= 0 for p in odds) or not abs(total - 1) <= 1e-9:
            shown = {name: float(p) for name, p in zip(names, odds, strict=True)}
            raise GameError(
                f"the probabilities of {turn} at {position!r} are not ones that add up to 1: "
                f"{shown}"
            )
        after = self.rules.after
        return [
            (name, after(position, name), p / total) for name, p in zip(names, odds, strict=True)
        ]

    def end(self, position: Any) -> tuple[Any, Any, Any]:
        """Both payoffs and the probability of a wrong verdict."""
        found = self.ends.get(position)
        if found is None:
            end, number = self.rules.end(position), self.number
            found = (number(end.first), number(end.second), number(end.wrong))
            self.ends[position] = found
        return found

    def played(self, position: Any) -> tuple[Any, Any, Any]:
        """The expected payoffs and error when both strategies are played."""
        if self.turn(position) == "end":
            return self.end(position)
        first = second = wrong = self.zero
        for _, after, p in self.steps(position):
            if p:
                one, two, three = self.played(after)
                first, second, wrong = first + p * one, second + p * two, wrong + p * three
        return first, second, wrong

    def best(self, bag: Bag, player: str) -> Any:
        """The most the player gets from positions that all follow the same own sequence.

        `bag` holds positions with the probability that chance and the other player lead there.
        Each is followed to an end or to the next own decision; decisions of one information set
        are taken together, each move once for all of them.
        """
        total, own = self.zero, 0 if player == "first" else 1
        decisions: dict[Hashable, dict[str, Bag]] = {}
        waiting = list(bag)
        while waiting:
            position, weight = waiting.pop()
            turn = self.turn(position)
            if turn == "end":
                total += weight * self.end(position)[own]
            elif turn != player:
                waiting.extend([(after, weight * p) for _, after, p in self.steps(position) if p])
            else:
                steps = self.steps(position)
                bags = decisions.setdefault(self.rules.sees(position), {})
                for move, after, _ in steps:
                    bags.setdefault(move, []).append((after, weight))
        for bags in decisions.values():
            total += max([self.best(below, player) for below in bags.values()])
        return total
