"""Backward induction on a binary tree of statements, level by level, and a check of what it found.

Payoffs at the 2ⁿ ends are those of the first player, who gains what the second loses. `movers[d]`
is who speaks at depth d: `1` or `2`. This is the induction over the positions of `Statements`
done for a whole level at once; a test holds the two to the same value at every position.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Solved", "Worth", "chosen_gap", "gap", "movers_of", "solve", "worth"]

Worth = Callable[[str], float]
"""What the first player gets when the named player replies best; with an empty name neither."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Solved:
    """`choices[d][i]` is the move (0 or 1) at position i of depth d; `value` that at the start."""

    movers: str
    choices: tuple[NDArray[Any], ...]
    value: float

    @property
    def line(self) -> tuple[int, ...]:
        """The moves that are made from the start on."""
        place, moves = 0, []
        for level in self.choices:
            moves.append(int(level[place]))
            place = 2 * place + moves[-1]
        return tuple(moves)


def solve(payoffs: NDArray[Any], movers: str) -> Solved:
    """The optimal move everywhere; of two equal ones the first."""
    import numpy as np

    values, choices = payoffs, []
    for mover in reversed(movers):
        pairs = values.reshape(-1, 2)
        choice = pairs.argmax(1) if mover == "1" else pairs.argmin(1)
        choices.append(choice)
        values = np.take_along_axis(pairs, choice[:, None], 1)[:, 0]
    return Solved(movers=movers, choices=tuple(reversed(choices)), value=float(values[0]))


def worth(payoffs: NDArray[Any], played: Solved, free: str = "") -> float:
    """What the first player gets if both play `played`, but the `free` one the best reply."""
    import numpy as np

    values = payoffs
    for mover, choice in zip(reversed(played.movers), reversed(played.choices), strict=True):
        pairs = values.reshape(-1, 2)
        if mover != free:
            values = np.take_along_axis(pairs, choice[:, None], 1)[:, 0]
        else:
            values = pairs.max(1) if mover == "1" else pairs.min(1)
    return float(values[0])


def gap(worth_if: Worth) -> float:
    """The most that either player gains by a best reply, in units of the payoffs."""
    now = worth_if("")
    return max(worth_if("1") - now, now - worth_if("2"))


def chosen_gap(worth_if: Worth, *, claims_true: bool) -> float:
    """The same where a debater first says whether it claims `true`, and so plays as 1 or as 2.

    Its best reply may change the claim; that of the other debater meets the claim that is made.
    """
    now, best_true, best_false = worth_if(""), worth_if("1"), -worth_if("2")
    mine = now if claims_true else -now
    theirs = best_false if claims_true else best_true
    return max(max(best_true, best_false) - mine, theirs + mine)


def movers_of(prefix: str) -> str:
    """Who sets the variables: 1, who claims `true`, or 2."""
    return prefix.replace("E", "1").replace("A", "2")
