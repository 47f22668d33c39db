"""A check of pure play in a game of perfect information, position by position."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any

from safetycase.methods.games.extensive.errors import GameError
from safetycase.methods.games.extensive.plain import Found
from safetycase.plugin.protocols import Rules

__all__ = ["confirmed"]

Values = tuple[Any, Any, Any]


def confirmed(
    rules: Rules, best: Mapping[Hashable, str], number: Callable[[Any], Any] = float
) -> Found:
    """What moves by position give, and what each player could get by leaving them.

    Three walks: both players follow `best`; the first is free; the second is free. A free player
    takes the move with the largest payoff to itself. Each walk visits a position once, so that
    games are checked whose histories cannot be listed. In a zero-sum game `best_first` = `first`
    and `best_second` = `second` prove the value. It shares no code with backward induction; with
    `number` = `exact.fraction` nothing is rounded. `GameError` where a move is missing or is
    none that there is, and where play comes back to a position.
    """
    played = _walk(rules, best, number, None)
    first, second = _walk(rules, best, number, 0), _walk(rules, best, number, 1)
    return Found(
        first=played[0],
        second=played[1],
        wrong=played[2],
        best_first=first[0],
        best_second=second[1],
    )


def _walk(
    rules: Rules, best: Mapping[Hashable, str], number: Callable[[Any], Any], free: int | None
) -> Values:
    known: dict[Hashable, Values] = {}
    start = rules.start()
    path, entered = [start], set[Hashable]()
    while path:
        position = path[-1]
        after = [] if position in known else _after(rules, best, number, free, position)
        missing = [to for _, to in after if to not in known]
        if missing:
            entered.add(position)
            if not entered.isdisjoint(missing):
                raise GameError(f"play comes back to a position after {position!r}: no finite game")
            path.extend(missing)
            continue
        path.pop()
        if position not in known:
            known[position] = _value(rules, number, free, position, known, after)
    return known[start]


def _after(
    rules: Rules,
    best: Mapping[Hashable, str],
    number: Callable[[Any], Any],
    free: int | None,
    position: Any,
) -> list[tuple[Any, Hashable]]:
    """The positions that the walk goes on to, with chance's probabilities."""
    turn = rules.turn(position)
    if turn == "end":
        return []
    moves = rules.moves(position)
    if turn == "chance":
        return [(number(m.probability), rules.after(position, m.name)) for m in moves]
    names = [move.name for move in moves]
    if free is None or turn != ("first", "second")[free]:
        if best.get(position) not in names:
            raise GameError(f"no move of {names} is given at {position!r}: {best.get(position)!r}")
        names = [best[position]]
    return [(number(1), rules.after(position, name)) for name in names]


def _value(
    rules: Rules,
    number: Callable[[Any], Any],
    free: int | None,
    position: Any,
    known: Mapping[Hashable, Values],
    after: list[tuple[Any, Hashable]],
) -> Values:
    turn = rules.turn(position)
    if turn == "end":
        end = rules.end(position)
        return number(end.first), number(end.second), number(end.wrong)
    if turn != "chance":
        return max((known[to] for _, to in after), key=lambda values: values[free or 0])
    total = sum(p for p, _ in after)
    if any(not p >= 0 for p, _ in after) or not abs(total - 1) <= 1e-9:
        raise GameError(f"the probabilities of chance at {position!r} do not add up to 1")
    first, second, wrong = (sum(p * known[to][k] for p, to in after) / total for k in range(3))
    return first, second, wrong
