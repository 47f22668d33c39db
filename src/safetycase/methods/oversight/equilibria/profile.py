"""What a pair of plans is worth, in fractions: its error, and what each player could still gain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from safetycase.methods.oversight.equilibria.game import Game

if TYPE_CHECKING:
    from safetycase.methods.games.extensive.sequence import Plans
    from safetycase.methods.games.extensive.tree import Infoset

__all__ = [
    "Plan",
    "Profile",
    "best",
    "exact_plan",
    "expected",
    "gains",
    "inner",
    "moves_of",
    "payoffs",
]

GRAIN = 2**40
Plan = tuple[Fraction, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """One realisation plan for each player, exact: every one adds up as a plan has to."""

    first: Plan
    second: Plan

    @property
    def turned(self) -> Profile:
        """The same with the players exchanged."""
        return Profile(self.second, self.first)

    def mixed(self, other: Profile, share: Fraction) -> Profile:
        """The plans (1 − share) · this + share · other."""
        pairs = ((self.first, other.first), (self.second, other.second))
        first, second = (
            tuple((1 - share) * a + share * b for a, b in zip(*pair, strict=True)) for pair in pairs
        )
        return Profile(first, second)


def exact_plan(plans: Plans, values: Any, least: float = 0.0) -> Plan:
    """The plan nearest to what a solver gave: laws over moves in multiples of 2⁻⁴⁰.

    So a solver's tolerance cannot make a plan out of what is none. Moves that are played with less
    than `least` are not played.
    """
    plan = [Fraction(1)] * len(plans)
    for each in plans.infosets:
        moves = moves_of(each)
        mass = [max(0.0, float(values[move])) for move in moves]
        total = sum(mass)
        even = total <= 1e-9
        shares = [1 / len(mass) if even else part / total for part in mass]
        law = [round(GRAIN * share) if share >= least else 0 for share in shares]
        law[law.index(max(law))] += GRAIN - sum(law)
        for move, part in zip(moves, law, strict=True):
            plan[move] = plan[each.parent] * Fraction(part, GRAIN)
    return tuple(plan)


def expected(matrix: Any, profile: Profile) -> Fraction:
    """The expected outcome x @ matrix @ y."""
    return inner(profile.first, payoffs(matrix, profile.second))


def inner(plan: Plan, worth: Sequence[Fraction]) -> Fraction:
    """The sum of the products."""
    return sum((a * b for a, b in zip(plan, worth, strict=True) if a), Fraction(0))


def payoffs(matrix: Any, plan: Plan) -> list[Fraction]:
    """Matrix @ plan, for the doubles in the matrix as they are."""
    found = [Fraction(0)] * matrix.shape[0]
    pointers, columns, values = (
        each.tolist() for each in (matrix.indptr, matrix.indices, matrix.data)
    )
    for row in range(len(found)):
        for place in range(pointers[row], pointers[row + 1]):
            chance = plan[columns[place]]
            if chance:
                found[row] += Fraction(values[place]) * chance
    return found


def best(plans: Plans, worth: Sequence[Fraction]) -> tuple[Fraction, Plan]:
    """The best reply where sequence s adds `worth[s]`: its value, and the pure plan."""
    left = list(worth)
    chosen = []
    for each in reversed(plans.infosets):
        move = max(moves_of(each), key=left.__getitem__)
        chosen.append(move)
        left[each.parent] += left[move]
    plan = [Fraction(0)] * len(plans)
    plan[0] = Fraction(1)
    for each, move in zip(plans.infosets, reversed(chosen), strict=True):
        plan[move] = plan[each.parent]
    return left[0], tuple(plan)


def moves_of(infoset: Infoset) -> range:
    """The sequences that end in its moves."""
    return range(infoset.start, infoset.start + len(infoset.moves))


def gains(game: Game, profile: Profile) -> tuple[Fraction, Fraction]:
    """What a best reply would gain each player, in shares of the payoff range; NashConv is the sum.

    Lanctot et al. 2017 (arXiv:1711.00832) for the name; exact for the game's doubles.
    """
    to_first = payoffs(game.payoff_first, profile.second)
    to_second = payoffs(game.payoff_second.T.tocsr(), profile.first)
    return (
        best(game.first, to_first)[0] - inner(profile.first, to_first),
        best(game.second, to_second)[0] - inner(profile.second, to_second),
    )
