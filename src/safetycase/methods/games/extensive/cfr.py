"""Counterfactual regret minimisation on trees, by arrays over sequences."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from safetycase.methods.games.extensive.best_response import gains
from safetycase.methods.games.extensive.errors import GameError
from safetycase.methods.games.extensive.learners import Learned, marks
from safetycase.methods.games.extensive.sequence import Plans, SequenceForm
from safetycase.methods.games.extensive.sparse import summed

if TYPE_CHECKING:
    from safetycase.methods.games.extensive.sparse import Floats

__all__ = ["cfr"]

Progress = Callable[[int, int, str], None]


def cfr(
    form: SequenceForm,
    *,
    steps: int,
    plus: bool = False,
    enough: float = 0.0,
    progress: Progress | None = None,
) -> Learned:
    """Regret matching in every information set (Zinkevich et al. 2007), or CFR+ (Tammelin 2014).

    Without `plus` both players move at once and averages are even; with it regrets are kept at or
    above 0, players move in turn and averages are linear. It stops where the NashConv of the
    averages, looked at in about ten rounds for every factor of ten, is at most `enough`. The
    bound is Theorem 4 of Zinkevich et al. for both players of a constant-sum game without `plus`:
    spread · information sets · √(moves / T), added up; infinite otherwise.
    """
    if steps < 1:
        raise GameError(f"{steps} rounds: at least 1")
    sides = (_Side(form.first, plus), _Side(form.second, plus))
    columns = form.payoff_second.transposed
    x, y = sides[0].plan(), sides[1].plan()
    curve, wanted = [], set(marks(steps))
    for step in range(1, steps + 1):
        weight = float(step) if plus else 1.0
        sides[0].count(x, weight)
        sides[1].count(y, weight)
        sides[0].learn(form.payoff_first @ y)
        if plus:
            x = sides[0].plan()
            sides[1].learn(columns @ x)
        else:
            sides[1].learn(columns @ x)
            x = sides[0].plan()
        y = sides[1].plan()
        if step in wanted:
            gap = gains(form, sides[0].average, sides[1].average).nash_conv
            curve.append((step, gap))
            if progress is not None:
                progress(step, steps, f"NashConv {gap:.3g}")
            if gap <= enough:
                break
    return Learned(
        x=sides[0].average,
        y=sides[1].average,
        last_x=x,
        last_y=y,
        steps=step,
        curve=tuple(curve),
        bound=math.inf if plus else _bound(form, step),
    )


class _Side:
    """One player's regrets, by sequence, and the weighted sum of its plans."""

    def __init__(self, plans: Plans, plus: bool) -> None:
        import numpy as np

        self.plans, self.plus = plans, plus
        self.regret, self.sum, self.weight = np.zeros(len(plans)), np.zeros(len(plans)), 0.0
        sizes = np.diff(np.append(plans.starts, len(plans)))
        self.offsets, self.sizes = plans.starts - 1, sizes
        self.even = np.append(1.0, np.repeat(1.0 / sizes, sizes))
        self.local = self.even

    @property
    def average(self) -> Floats:
        return self.sum / self.weight

    def plan(self) -> Floats:
        """The plan that moves in proportion to positive regret."""
        import numpy as np

        if len(self.sizes):
            good = np.maximum(self.regret[1:], 0.0)
            mass = np.repeat(np.add.reduceat(good, self.offsets), self.sizes)
            local = self.even.copy()
            np.divide(good, mass, out=local[1:], where=mass > 0)
            self.local = local
        return self.plans.spread(self.local)

    def learn(self, worth: Floats) -> None:
        """Add the regrets of one round, last information sets first."""
        import numpy as np

        total = worth.copy()
        for step in reversed(self.plans.steps):
            here = total[step.moves]
            value = np.add.reduceat(self.local[step.moves] * here, step.offsets)
            self.regret[step.moves] += here - np.repeat(value, step.sizes)
            total += summed(step.above, value, len(total))
        if self.plus:
            np.maximum(self.regret, 0.0, out=self.regret)

    def count(self, plan: Floats, weight: float) -> None:
        self.sum += weight * plan
        self.weight += weight


def _bound(form: SequenceForm, steps: int) -> float:
    if form.constant_sum is None:
        return math.inf
    spread = form.spread
    return sum(
        spread
        * len(side.infosets)
        * math.sqrt(max((len(each.moves) for each in side.infosets), default=1) / steps)
        for side in (form.first, form.second)
    )
