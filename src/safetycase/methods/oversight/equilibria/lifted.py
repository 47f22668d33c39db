"""The best commitment where the follower has too many pure plans to go through.

The reply that the leader counts on becomes a variable of its own: the second player's vector is
ψ = (y, z), y what is played and z what the leader counts on, both plans. That z is a best reply,
and that the leader gets its threshold against it, are two more couplings x'Bz ≥ v₀, x'Az ≥ t.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from safetycase.methods.games.extensive.errors import GameError
from safetycase.methods.games.extensive.sequence import Plans
from safetycase.methods.games.extensive.tree import Infoset
from safetycase.methods.oversight.equilibria.concepts import TOLERANCE, Concept
from safetycase.methods.oversight.equilibria.game import Game
from safetycase.methods.oversight.equilibria.profile import (
    Plan,
    Profile,
    best,
    exact_plan,
    inner,
    moves_of,
    payoffs,
)
from safetycase.methods.oversight.equilibria.program import Program, answers, leads_lifted
from safetycase.methods.oversight.equilibria.search import Budget, largest_error

__all__ = ["Lifted", "doubled", "kind_reply", "lifted", "near_lifted"]

SEARCH = Budget(tolerance=1e-6, nodes=60)
WIDTHS = tuple(Fraction(k, 10**11) for k in (0, 1, 10, 100, 250, 500, 1000))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lifted:
    """The best commitment found guarantees `low` with ties for the leader; none gets above `high`.

    A reply within 1e-8 of the payoff range counts as best.
    """

    game: Game
    plans: Plans
    profile: Profile
    low: Fraction
    high: float


def lifted(game: Game) -> Lifted:
    """The best commitment with ties for the leader, by branch and bound over both plans at once."""
    tied = Fraction(TOLERANCE)
    moved = dataclasses.replace(game, wrong=_plus_half(game.payoff_first))
    found = largest_error(
        Concept(
            game=moved,
            programs=(answers(moved, TOLERANCE + 1e-12),),
            inner=(answers(moved, TOLERANCE / 2),),
            admits=lambda profile: _regret(game, profile) <= tied,
            start=_started(game),
            turned=False,
        ),
        SEARCH,
    )
    if found.witness is None:
        raise GameError("no commitment was found: no plan of the leader has a checked best reply")
    worth, reply = kind_reply(game, found.witness.first)
    return Lifted(
        game=game,
        plans=doubled(game.second),
        profile=Profile(found.witness.first, reply),
        low=worth,
        high=max(found.high - 0.5, float(worth)),
    )


def near_lifted(found: Lifted, gap: float, turned: bool) -> Concept:
    """Commitments that guarantee `low` − gap, and replies that lose at most gap."""
    game = found.game
    threshold, half = found.low - Fraction(gap), TOLERANCE / 2

    def admits(profile: Profile) -> bool:
        near = _regret(game, profile) <= Fraction(gap)
        return near and kind_reply(game, profile.first)[0] >= threshold

    def made(least: float, reply_gap: float, slack: float) -> Program:
        return leads_lifted(game, found.plans, least, reply_gap, slack)

    floor = float(threshold) - 1e-12
    return Concept(
        game=game,
        programs=(made(floor, gap + 1e-12, TOLERANCE + 1e-12),),
        inner=(made(floor + half, gap - half, half),),
        admits=admits,
        start=found.profile,
        turned=turned,
        plans=(game.first, found.plans),
    )


def doubled(plans: Plans) -> Plans:
    """Two plans of one player side by side, the second after a single move that is always made."""
    size = len(plans)
    link = Infoset(sees="counted on", moves=("",), parent=0, start=size)
    again = [
        Infoset(
            sees=("counted on", each.sees),
            moves=each.moves,
            parent=each.parent + size,
            start=each.start + size,
        )
        for each in plans.infosets
    ]
    return Plans.of((*plans.infosets, link, *again))


def kind_reply(game: Game, plan: Plan) -> tuple[Fraction, Plan]:
    """A reply within 1e-8 of the best that is good for the leader, and what it then gets.

    Moves that lose the follower less than a width count as tied, for several widths; each reply so
    found is checked. So the leader may get a little more than this, and never less.
    """
    to_first = payoffs(game.payoff_first.T.tocsr(), plan)
    to_second = payoffs(game.payoff_second.T.tocsr(), plan)
    floor = best(game.second, to_second)[0] - Fraction(TOLERANCE)
    replies = [_kind(game.second, to_second, to_first, width) for width in WIDTHS]
    allowed = [reply for reply in replies if inner(reply, to_second) >= floor]
    return max(((inner(reply, to_first), reply) for reply in allowed), key=lambda pair: pair[0])


def _kind(plans: Plans, own: list[Fraction], leader: list[Fraction], width: Fraction) -> Plan:
    """The pure plan that is best for its player up to ties, and in ties for the leader."""
    own, leader = list(own), list(leader)
    chosen = []
    for each in reversed(plans.infosets):
        most = max(own[move] for move in moves_of(each))
        tied = [move for move in moves_of(each) if own[move] >= most - width]
        move = max(tied, key=leader.__getitem__)
        chosen.append(move)
        own[each.parent] += own[move]
        leader[each.parent] += leader[move]
    plan = [Fraction(0)] * len(plans)
    plan[0] = Fraction(1)
    for each, move in zip(plans.infosets, reversed(chosen), strict=True):
        plan[move] = plan[each.parent]
    return tuple(plan)


def _regret(game: Game, profile: Profile) -> Fraction:
    """What the follower's plan loses to its best reply."""
    to_second = payoffs(game.payoff_second.T.tocsr(), profile.first)
    return best(game.second, to_second)[0] - inner(profile.second, to_second)


def _started(game: Game) -> Profile:
    """The even plan and the kind reply to it."""
    even = exact_plan(game.first, game.first.uniform())
    return Profile(even, kind_reply(game, even)[1])


def _plus_half(matrix: Any) -> Any:
    """Payoffs moved from [−1/2, 1/2] to [0, 1]: the empty sequences are always played."""
    from scipy.sparse import csr_matrix

    return (matrix + csr_matrix(([0.5], ([0], [0])), shape=matrix.shape)).tocsr()
