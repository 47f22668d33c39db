"""What a judge who errs at the ends does to the value of a debate: exactly, for three ways to err.

`values` says at each of the 2ⁿ ends whether the judge should find for whoever claims `true`, who
moves where `movers` has a `1`; the other debater moves where it has a `2`. A judge who errs afresh
each time makes the verdict wrong with the same probability at every end, so nothing needs solving.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["flips_needed", "known_error"]


def known_error(values: NDArray[Any], movers: str, rate: float) -> float:
    """P(the optimal verdict is wrong) if each end errs on its own, and both debaters know where.

    Ends below different positions err independently, so the probability that a position is won
    follows from those of the two positions after it. Recursion makes this error grow: with n
    variables that one debater sets it is 1 − (1 − rate)^(2ⁿ) for a debater who needs them all.
    """
    import numpy as np

    if not 0 <= rate <= 1:
        raise ValueError(f"the judge errs at the rate {rate}: it is a probability")
    right: NDArray[Any] = values
    won = np.where(values, 1.0 - rate, rate)
    for mover in reversed(movers):
        pairs, truths = won.reshape(-1, 2), right.reshape(-1, 2)
        if mover == "1":
            won, right = 1.0 - (1.0 - pairs).prod(1), np.logical_or(truths[:, 0], truths[:, 1])
        else:
            won, right = pairs.prod(1), np.logical_and(truths[:, 0], truths[:, 1])
    return float(1.0 - won[0] if right[0] else won[0])


def flips_needed(values: NDArray[Any], movers: str) -> int:
    """The fewest ends at which the judge must err for the optimal verdict to be wrong.

    It takes all positions after one where the debater who should win moves, and one of them where
    the other does; the two costs of a position are those of making it won and lost for `true`.
    """
    import numpy as np

    win, lose = np.where(values, 0, 1), np.where(values, 1, 0)
    for mover in reversed(movers):
        wins, losses = win.reshape(-1, 2), lose.reshape(-1, 2)
        if mover == "1":
            win, lose = wins.min(1), losses.sum(1)
        else:
            win, lose = wins.sum(1), losses.min(1)
    return int(max(win[0], lose[0]))
