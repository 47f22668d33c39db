"""Which profiles count: approximate equilibria of play at once, and of play after a commitment.

A set is given twice, independently: as programs whose union holds it, for the bound, and as an
exact test of one profile, for the witness. All gaps are shares of the payoff range, and every set
is widened by `TOLERANCE` of it, in the programs and in the test. The programs for the bound are
wider by another 1e-12, which is more than what rounding moves in their entries.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, TypeAlias

from safetycase.methods.games.extensive.pure import count_pure
from safetycase.methods.oversight.equilibria.game import Game
from safetycase.methods.oversight.equilibria.leader import MOST, Committed, Tie, committed
from safetycase.methods.oversight.equilibria.profile import (
    Plan,
    Profile,
    best,
    gains,
    inner,
    payoffs,
)
from safetycase.methods.oversight.equilibria.program import Program, leads, leads_zero_sum, nash
from safetycase.methods.oversight.equilibria.solver import Solved, solved

if TYPE_CHECKING:
    from safetycase.methods.games.extensive.sequence import Plans
    from safetycase.methods.oversight.equilibria.lifted import Lifted

__all__ = ["TOLERANCE", "Concept", "Order", "Tie", "concept", "opening"]

Order = Literal["simultaneous", "first leads", "second leads"]
TOLERANCE = 1e-8
ROUNDED = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Concept:
    """A set of profiles of `game`: its programs, its test, and the equilibrium the solver gave.

    `inner` are the same programs with half the tolerance: what a solver finds there passes the
    test in spite of its rounding. `insides` holds, for a program, a plan of the first player that
    is well inside, where the test needs that. `plans` are those of ξ and ψ, where they are not the
    game's. With `turned` the game has its players exchanged,
    and so have the profiles.
    """

    game: Game
    programs: tuple[Program, ...]
    inner: tuple[Program, ...]
    admits: Callable[[Profile], bool]
    start: Profile | None
    turned: bool
    insides: tuple[Plan | None, ...] = ()
    plans: tuple[Plans, Plans] | None = None


Opening: TypeAlias = "Solved | Committed | Lifted | None"


def opening(game: Game, order: Order, tie: Tie = "strong") -> Opening:
    """What the solver finds, once for all gaps: an equilibrium, or the best commitment.

    None for play at once in a game that is not zero-sum, which no solver here solves.
    """
    if game.zero_sum:
        return solved(game)
    if order == "simultaneous":
        return None
    seen = game if order == "first leads" else game.turned
    if tie == "strong" and count_pure(seen.second) > MOST:
        from safetycase.methods.oversight.equilibria.lifted import lifted  # it imports this module

        return lifted(seen)
    return committed(seen, tie)


def concept(game: Game, order: Order, gap: float, found: Opening) -> Concept:
    """The profiles within `gap` of equilibrium; `found` is what `opening` gave for that order.

    `simultaneous`: NashConv ≤ gap, the sum of what both could gain. Otherwise: the leader's plan
    guarantees it at least its optimum − gap, and the follower's loses at most gap to its best
    reply. What a plan guarantees is its payoff against the best reply that is best for the leader
    (`strong`) or worst for it (`weak`); in a zero-sum game these are the same.
    """
    wide = gap + TOLERANCE
    if order == "simultaneous":
        return _at_once(game, wide, found if isinstance(found, Solved) else None)
    turned = order == "second leads"
    seen = game.turned if turned else game
    if isinstance(found, Solved):
        return _zero_sum(seen, wide, found.turned if turned else found, turned)
    if isinstance(found, Committed):
        return _general(seen, wide, found, turned)
    from safetycase.methods.oversight.equilibria.lifted import Lifted, near_lifted

    assert isinstance(found, Lifted)
    return near_lifted(found, wide, turned)


def _at_once(game: Game, wide: float, found: Solved | None) -> Concept:
    value = None
    if found is not None and game.zero_sum:
        value = float(found.low) - ROUNDED, float(found.high) + ROUNDED
    return Concept(
        game=game,
        programs=(nash(game, wide + ROUNDED, value),),
        inner=(nash(game, wide - TOLERANCE / 2),),
        admits=lambda profile: sum(gains(game, profile)) <= Fraction(wide),
        start=found.profile if found else None,
        turned=False,
    )


def _zero_sum(game: Game, wide: float, found: Solved, turned: bool) -> Concept:
    value = float(found.low) - ROUNDED, float(found.high) + ROUNDED
    near = wide - TOLERANCE / 2

    def admits(profile: Profile) -> bool:
        to_second = payoffs(game.payoff_second.T.tocsr(), profile.first)
        lost = best(game.second, to_second)[0]
        left = lost - inner(profile.second, to_second)
        return -lost >= found.low - Fraction(wide) and left <= Fraction(wide)

    return Concept(
        game=game,
        programs=(leads_zero_sum(game, wide + ROUNDED, wide + ROUNDED, value),),
        inner=(leads_zero_sum(game, near, near, value),),
        admits=admits,
        start=found.profile,
        turned=turned,
    )


def _general(game: Game, wide: float, found: Committed, turned: bool) -> Concept:
    threshold = found.low - Fraction(wide)
    floor, half = float(threshold) - ROUNDED, TOLERANCE / 2
    tied = half if found.tie == "strong" else 0.0

    def admits(profile: Profile) -> bool:
        to_second = payoffs(game.payoff_second.T.tocsr(), profile.first)
        left = best(game.second, to_second)[0] - inner(profile.second, to_second)
        return left <= Fraction(wide) and found.guarantees(profile.first) >= threshold

    return Concept(
        game=game,
        programs=tuple(
            leads(game, each.replies, floor, wide + ROUNDED, TOLERANCE + ROUNDED)
            for each in found.regions
        ),
        inner=tuple(
            leads(game, each.replies, floor + half, wide - half, tied) for each in found.regions
        ),
        admits=admits,
        start=found.profile,
        turned=turned,
        insides=tuple(each.inside for each in found.regions),
    )
