"""The equilibrium a linear program returns in a zero-sum game, with proven ends of its value."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from safetycase.methods.games.extensive.sequence import SequenceForm
from safetycase.methods.games.extensive.sparse import Sparse
from safetycase.methods.games.extensive.zero_sum import solve
from safetycase.methods.oversight.equilibria.game import Game
from safetycase.methods.oversight.equilibria.profile import Profile, best, exact_plan, payoffs

__all__ = ["Solved", "solved"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """One equilibrium of a zero-sum game, by plans that add up exactly.

    The first player's plan guarantees it `low`, the second's holds it to `high`, in shares of the
    payoff range from its middle: the value lies between, and NashConv is the difference.
    """

    profile: Profile
    low: Fraction
    high: Fraction

    @property
    def turned(self) -> Solved:
        """The same with the players exchanged."""
        return Solved(profile=self.profile.turned, low=-self.high, high=-self.low)


def solved(game: Game) -> Solved:
    """The solver's linear program, its plans made exact and then judged by best replies."""
    found = solve(_form(game))
    profile = Profile(exact_plan(game.first, found.x), exact_plan(game.second, found.y))
    held = best(game.first, payoffs(game.payoff_first, profile.second))[0]
    lost = best(game.second, payoffs(game.payoff_second.T.tocsr(), profile.first))[0]
    return Solved(profile=profile, low=-lost, high=held)


def _form(game: Game) -> SequenceForm:
    """The game for the solver of sequence forms, which asks for its payoffs alone."""
    nothing = Sparse.of([], [], [], game.shape)
    first, second = (_sparse(each) for each in (game.payoff_first, game.payoff_second))
    return SequenceForm(
        first=game.first,
        second=game.second,
        payoff_first=first,
        payoff_second=second,
        wrong=nothing,
        judge=nothing,
        first_cost=nothing,
        second_cost=nothing,
        constant_sum=0.0,
        spread=1.0,
    )


def _sparse(matrix: Any) -> Sparse:
    entries = matrix.tocoo()
    return Sparse.of(entries.row, entries.col, entries.data, matrix.shape)
