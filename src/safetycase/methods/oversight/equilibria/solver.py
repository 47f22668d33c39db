"""The equilibrium a linear program returns in a zero-sum game, with proven ends of its value."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from safetycase.methods.games.extensive.tree import GameError
from safetycase.methods.oversight.equilibria.game import Game
from safetycase.methods.oversight.equilibria.profile import Profile, best, exact_plan, payoffs
from safetycase.methods.oversight.equilibria.program import nash
from safetycase.methods.oversight.equilibria.witness import best_plan

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
    """The two linear programs of von Stengel (1996), each plan then judged by best replies."""
    import numpy as np

    program = nash(game, 0.0)
    plans = []
    for player, who in ((0, game.first), (1, game.second)):
        worth = np.zeros(program.width[player])
        worth[(program.m, program.n)[player]] = -1.0
        found = best_plan(program, player, worth)
        if found is None:
            raise GameError("the linear program of an equilibrium has no solution")
        plans.append(exact_plan(who, found))
    profile = Profile(*plans)
    held = best(game.first, payoffs(game.payoff_first, profile.second))[0]
    lost = best(game.second, payoffs(game.payoff_second.T.tocsr(), profile.first))[0]
    return Solved(profile=profile, low=-lost, high=held)
