"""Backward induction on games of perfect information, exact where the numbers are."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from safetycase.methods.games.extensive.errors import GameError
from safetycase.methods.games.extensive.exact import fraction, is_exact
from safetycase.plugin.protocols import End, Move, Rules

__all__ = ["Backward", "Ties", "backward"]

Ties = Literal["listed", "right", "wrong", "kind", "spiteful"]
OUTCOMES = tuple(each.name for each in fields(End))


@dataclass(frozen=True, slots=True, kw_only=True)
class Backward:
    """Optimal play from every position that was visited.

    `outcome` is the expected end from the start, `best` the move at every position where a player
    moves, `positions` how many positions there were. `exact` says that every number on the way
    was a whole one or a fraction, so that nothing was rounded.
    """

    outcome: End
    best: Mapping[Hashable, str]
    positions: int
    exact: bool


def backward(rules: Rules, *, ties: Ties = "listed", limit: int = 2_000_000) -> Backward:
    """Subgame-perfect play by backward induction, each position once (Zermelo 1913; Kuhn 1953).

    Payoffs that are whole numbers or fractions stay so, and chance is then read as fractions. The
    moves of a player who is indifferent go by `ties`: the first `listed`; the one with the least
    (`right`) or the largest (`wrong`) probability of a wrong verdict; the one that is best
    (`kind`) or worst (`spiteful`) for the other player. In a zero-sum game `right` and `wrong`
    are the extremes over all subgame-perfect equilibria, as ties do not change a payoff there; in
    a general-sum game the rule is greedy, position by position, and others may go further.
    Floats tie only where they are equal.

    `GameError` where a player cannot tell two positions apart, where play comes back to a
    position, and for more than `limit` positions.
    """
    return _Induction(rules, ties, limit).solved()


class _Induction:
    def __init__(self, rules: Rules, ties: Ties, limit: int) -> None:
        self.rules, self.ties, self.limit = rules, ties, limit
        self.known: dict[Hashable, End] = {}
        self.best: dict[Hashable, str] = {}
        self.seen: dict[tuple[str, Hashable], Hashable] = {}

    def solved(self) -> Backward:
        start = self.rules.start()
        stack: list[tuple[Hashable, bool]] = [(start, False)]
        open_: set[Hashable] = set()
        while stack:
            position, below_done = stack.pop()
            if below_done:
                open_.discard(position)
                self.known[position] = self._settled(position)
            elif position not in self.known:
                if position in open_:
                    raise GameError(f"play comes back to the position {position!r}: no finite game")
                open_.add(position)
                stack.append((position, True))
                stack.extend((below, False) for below in self._below(position, open_))
        outcome = self.known[start]
        exact = all(is_exact(end.first) and is_exact(end.second) for end in self.known.values())
        return Backward(outcome=outcome, best=self.best, positions=len(self.known), exact=exact)

    def _below(self, position: Any, open_: set[Hashable]) -> list[Hashable]:
        if len(self.known) + len(open_) > self.limit:
            raise GameError(f"the game has more than {self.limit} positions: take a smaller one")
        turn = self.rules.turn(position)
        if turn == "end":
            return []
        if turn != "chance":
            sees = (turn, self.rules.sees(position))
            if self.seen.setdefault(sees, position) != position:
                raise GameError(
                    f"the {turn} player cannot tell {self.seen[sees]!r} and {position!r} apart: "
                    "backward induction needs perfect information; solve the sequence form"
                )
        moves = self._moves(position)
        return [self.rules.after(position, move.name) for move in moves]

    def _moves(self, position: Any) -> Sequence[Move]:
        moves = self.rules.moves(position)
        if not moves:
            raise GameError(f"there is no move at {position!r}: such a position is an end")
        return moves

    def _settled(self, position: Any) -> End:
        turn = self.rules.turn(position)
        if turn == "end":
            end = self.rules.end(position)
            if not all(math.isfinite(getattr(end, name)) for name in OUTCOMES):
                raise GameError(f"the end at {position!r} has a number that is not finite: {end}")
            return end
        moves = self._moves(position)
        after = [self.known[self.rules.after(position, move.name)] for move in moves]
        if turn == "chance":
            return _mean([move.probability for move in moves], after, position)
        own = [getattr(end, turn) for end in after]
        most = max(own)
        tied = [k for k, worth in enumerate(own) if worth == most]
        chosen = min(tied, key=lambda k: _rank(after[k], turn, self.ties))
        self.best[position] = moves[chosen].name
        return after[chosen]


def _rank(end: End, turn: str, ties: Ties) -> float:
    other = end.second if turn == "first" else end.first
    ranks = {"right": end.wrong, "wrong": -end.wrong, "kind": -other, "spiteful": other}
    return ranks.get(ties, 0.0)


def _mean(odds: Sequence[float], ends: Sequence[End], position: Any) -> End:
    if any(not p >= 0 for p in odds) or abs(math.fsum(odds) - 1) > 1e-9:
        raise GameError(f"the probabilities of chance at {position!r} do not add up to 1: {odds}")
    exact = [fraction(p) for p in odds]
    total = sum(exact)

    def mean(name: str) -> Any:
        values = [getattr(end, name) for end in ends]
        if all(is_exact(value) for value in values):
            return sum(p * value for p, value in zip(exact, values, strict=True)) / total
        return math.fsum(p * value for p, value in zip(odds, values, strict=True))

    return replace(ends[0], **{name: mean(name) for name in OUTCOMES})
