"""Best responses and what a player could still gain, by arrays over sequences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from safetycase.methods.games.extensive.sequence import Plans, SequenceForm
from safetycase.methods.games.extensive.sparse import summed

if TYPE_CHECKING:
    from safetycase.methods.games.extensive.sparse import Floats

__all__ = ["Gains", "Response", "extremes", "gains", "respond"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Response:
    """A pure realisation plan and what it is worth."""

    value: float
    plan: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Gains:
    """Two plans: what each player gets, and what each would get at most by another plan.

    `nash_conv` is the sum of what both could gain, `exploitability` half of it: in a zero-sum
    game the mean distance to the value. Both are 0 exactly at a Nash equilibrium.
    """

    first: float
    second: float
    best_first: float
    best_second: float

    @property
    def gain_first(self) -> float:
        """What the first player could gain alone; rounding never makes it negative."""
        return max(0.0, self.best_first - self.first)

    @property
    def gain_second(self) -> float:
        """What the second player could gain alone; rounding never makes it negative."""
        return max(0.0, self.best_second - self.second)

    @property
    def nash_conv(self) -> float:
        """The sum of both."""
        return self.gain_first + self.gain_second

    @property
    def exploitability(self) -> float:
        """Half the sum, as for two players in Lanctot et al. 2019, arXiv:1908.09453."""
        return self.nash_conv / 2


def respond(
    plans: Plans, worth: Floats, then: Floats | None = None, slack: float = 0.0
) -> Response:
    """The pure plan x of the largest worth · x, in time linear in the number of sequences.

    Information sets are settled from the last to the first. Of the moves that are worth no more
    than `slack` less than the best one, the one is taken that is worth most by `then`, so that
    the plan is the best by `then` among the best; without `then` it is the first of the best.
    """
    import numpy as np

    total = worth.astype(np.float64, copy=True)
    other = None if then is None else then.astype(np.float64, copy=True)
    chosen = np.zeros(len(plans))
    chosen[0] = 1.0
    for step in reversed(plans.steps):
        here = total[step.moves]
        best = np.maximum.reduceat(here, step.offsets)
        good = here >= np.repeat(best if other is None else best - slack, step.sizes)
        if other is not None:
            rank = np.where(good, other[step.moves], -np.inf)
            second = np.maximum.reduceat(rank, step.offsets)
            good = rank >= np.repeat(second, step.sizes)
        places = np.flatnonzero(good)
        owners = np.repeat(np.arange(len(step.sizes)), step.sizes)[places]
        first = step.moves[places[np.unique(owners, return_index=True)[1]]]
        chosen[first] = 1.0
        total += summed(step.above, total[first], len(total))
        if other is not None:
            other += summed(step.above, other[first], len(other))
    plan = plans.spread(chosen)
    return Response(value=float(worth @ plan), plan=plan)


def gains(form: SequenceForm, x: Floats, y: Floats) -> Gains:
    """What both players get at realisation plans x and y, and what each could get alone."""
    to_first, to_second = form.payoff_first @ y, form.payoff_second.left(x)
    return Gains(
        first=float(x @ to_first),
        second=float(to_second @ y),
        best_first=respond(form.first, to_first).value,
        best_second=respond(form.second, to_second).value,
    )


def extremes(plans: Plans, worth: Floats) -> tuple[float, float]:
    """The least and the largest of worth · x over all plans x."""
    return -respond(plans, -worth).value, respond(plans, worth).value
