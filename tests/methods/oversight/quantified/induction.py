"""Optimal play and pure strategies of a game by its rules: what the fast solvers are held to."""

from __future__ import annotations

from typing import Any

from safetycase.methods.games.extensive.backward import backward
from safetycase.plugin.protocols import End, Rules


def optimal_end(rules: Rules) -> End:
    """The end of optimal play, and of all such ends the one that is wrong most often."""
    return backward(rules, ties="wrong").outcome


def plans(rules: Rules, player: str) -> list[dict[Any, str]]:
    """All the pure strategies of a player: a move for each position it can come to by it."""

    def below(position: Any) -> list[dict[Any, str]]:
        turn = rules.turn(position)
        if turn == "end":
            return [{}]
        names = [move.name for move in rules.moves(position)]
        after = {name: below(rules.after(position, name)) for name in names}
        if turn == player:
            return [{position: name} | plan for name in names for plan in after[name]]
        found: list[dict[Any, str]] = [{}]
        for name in names:
            found = [one | other for one in found for other in after[name]]
        return found

    return below(rules.start())


def end_of(rules: Rules, first: dict[Any, str], second: dict[Any, str]) -> End:
    """Where two pure strategies lead."""
    position: Any = rules.start()
    while (turn := rules.turn(position)) != "end":
        position = rules.after(position, (first if turn == "first" else second)[position])
    return rules.end(position)
