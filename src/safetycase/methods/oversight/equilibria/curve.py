"""The largest error over every approximate equilibrium, as a curve in the gap."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from safetycase.methods.oversight.equilibria.concepts import Opening, Order, Tie, concept, opening
from safetycase.methods.oversight.equilibria.game import Game
from safetycase.methods.oversight.equilibria.profile import Profile
from safetycase.methods.oversight.equilibria.search import Budget, Found, largest_error

__all__ = ["Point", "error_curve", "worst_errors"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Point:
    """One gap, in shares of the payoff range, and what was found there."""

    gap: float
    found: Found


def error_curve(
    game: Game,
    gaps: Sequence[float],
    *,
    order: Order = "simultaneous",
    budget: Budget | None = None,
) -> list[tuple[float, float, float]]:
    """(gap, witness, certified) for every gap in rising order.

    Between the last two lies the largest probability of a wrong verdict over all profiles within
    that gap of equilibrium: `witness` is that of a checked profile, `certified` a proven bound.
    """
    found = worst_errors(game, gaps, order=order, budget=budget)
    return [(each.gap, each.found.low, each.found.high) for each in found]


def worst_errors(
    game: Game,
    gaps: Sequence[float],
    *,
    order: Order = "simultaneous",
    tie: Tie = "strong",
    budget: Budget | None = None,
    found: Opening = None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> list[Point]:
    """The same with witnesses and proofs; `found` is what `opening` gave, if it was called.

    The sets grow with the gap. So the largest gap is bounded first; its bound serves the smaller
    ones, and their witnesses serve it.
    """
    if any(not 0 <= gap < float("inf") for gap in gaps):
        raise ValueError(f"gaps {list(gaps)}: a gap is a number of at least 0")
    start = found or opening(game, order, tie)
    points: list[Point] = []
    tried: tuple[Profile, ...] = ()
    rising = sorted(set(gaps))
    for number, gap in enumerate(rising):
        within = concept(game, order, gap, start)
        one = largest_error(within, budget, tried)
        if one.witness is not None:
            tried = (one.witness,)
        if within.turned and one.witness is not None:
            one = dataclasses.replace(one, witness=one.witness.turned)
        points.append(Point(gap=gap, found=one))
        progress(number + 1, len(rising))
    return _falling(points)


def _falling(points: Sequence[Point]) -> list[Point]:
    """A bound for a larger gap bounds the smaller ones: keep the better, with its proofs."""
    kept: list[Point] = []
    for point in reversed(points):
        if kept and kept[-1].found.high < point.found.high:
            better = kept[-1].found
            one = dataclasses.replace(
                point.found, high=max(better.high, point.found.low), proofs=better.proofs
            )
            point = dataclasses.replace(point, found=one)
        kept.append(point)
    return kept[::-1]
