"""The value of a zero-sum game with information sets, with both players' optimal plans."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from safetycase.methods.games.extensive.best_response import extremes
from safetycase.methods.games.extensive.errors import GameError
from safetycase.methods.games.extensive.linear import Solver, stacked, within
from safetycase.methods.games.extensive.sequence import Plans, SequenceForm

if TYPE_CHECKING:
    from safetycase.methods.games.extensive.sparse import Floats

__all__ = ["Solved", "solve", "tidy"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Solved:
    """Plans of both players and what they prove: the value to the first lies in [low, high].

    `low` is what x gives against every second plan and `high` what y allows to every first one,
    each by one best response that shares nothing with the linear program. `low` ≤ `high` by weak
    duality, and their difference is the NashConv of (x, y).
    """

    x: Floats
    y: Floats
    value: float
    low: float
    high: float

    @property
    def gap(self) -> float:
        """The width of the proof; rounding never makes it negative."""
        return max(0.0, self.high - self.low)


def solve(form: SequenceForm, *, solver: Solver = "choose", tolerance: float = 1e-6) -> Solved:
    """Optimal plans by one linear program (von Stengel 1996; Koller, Megiddo, von Stengel 1996).

    The first player's plan x maximises q₀ under E x = e, x ≥ 0 and Fᵀ q ≤ Aᵀ x; the prices of the
    last rows are the second player's plan. Both are put right to exact plans and then bounded by
    best responses. The size is linear in the tree. `GameError` for a game that is not constant-
    sum, and where the proof is wider than `tolerance` times the spread of the payoffs.
    """
    import numpy as np

    if form.constant_sum is None:
        raise GameError(
            "the payoffs do not add up to one constant: a general-sum game has no one value; "
            "take a Stackelberg solution or learn and report NashConv"
        )
    m, n = len(form.first), len(form.second)
    own, other, size = form.E, form.F, form.payoff_first.largest
    matrix = stacked(
        [
            (0, 0, own),
            (own.shape[0], 0, form.payoff_first.transposed.scaled(1 / size)),
            (own.shape[0], m, other.transposed.scaled(-1.0)),
        ],
        (own.shape[0] + n, m + other.shape[0]),
    )
    free, gain = np.full(other.shape[0], np.inf), np.zeros(matrix.shape[1])
    gain[m] = 1.0
    found = within(
        gain=gain,
        variables=(np.concatenate((np.zeros(m), -free)), np.full(matrix.shape[1], np.inf)),
        matrix=matrix,
        rows=(
            np.concatenate((form.e, np.zeros(n))),
            np.concatenate((form.e, np.full(n, np.inf))),
        ),
        solver=solver,
    )
    if found is None:
        raise GameError("HiGHS finds no plan at all, though every game has one: a fault of ours")
    x = tidy(form.first, found.variables[:m])
    y = tidy(form.second, -found.prices[own.shape[0] :])
    return _proved(form, x, y, found.value * size, tolerance)


def tidy(plans: Plans, rough: Floats) -> Floats:
    """The exact realisation plan nearest by behaviour to one with rounding errors."""
    import numpy as np

    mass = np.maximum(rough, 0.0)
    local = np.ones(len(plans))
    for step in plans.steps:
        here = mass[step.moves]
        total = np.repeat(np.add.reduceat(here, step.offsets), step.sizes)
        even = 1.0 / np.repeat(step.sizes, step.sizes)
        local[step.moves] = np.where(total > 1e-12, here / np.maximum(total, 1e-300), even)
    return plans.spread(local)


def _proved(form: SequenceForm, x: Floats, y: Floats, value: float, tolerance: float) -> Solved:
    low, _ = extremes(form.second, form.payoff_first.left(x))
    _, high = extremes(form.first, form.payoff_first @ y)
    if not high - low <= tolerance * (form.spread or 1.0):
        raise GameError(
            f"the plans prove the value only to {high - low:.2g}, more than {tolerance:g} times "
            f"the spread of {form.spread:g}: take solver='simplex'"
        )
    return Solved(x=x, y=y, value=min(max(value, low), max(low, high)), low=low, high=high)
