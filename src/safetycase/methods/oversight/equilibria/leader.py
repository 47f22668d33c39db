"""The best commitment in a game that is not zero-sum, by the follower's pure plans."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from safetycase.methods.games.extensive.errors import GameError
from safetycase.methods.games.extensive.pure import pure_plans
from safetycase.methods.oversight.equilibria.certificate import Box
from safetycase.methods.oversight.equilibria.game import Game
from safetycase.methods.oversight.equilibria.profile import (
    Plan,
    Profile,
    best,
    exact_plan,
    inner,
    payoffs,
)
from safetycase.methods.oversight.equilibria.program import leader_value
from safetycase.methods.oversight.equilibria.relaxation import Relaxation, kept_pairs
from safetycase.methods.oversight.equilibria.witness import best_plan

__all__ = ["MOST", "Committed", "Region", "Tie", "committed"]

MOST = 128
TIED = Fraction(1, 10**8)
INSIDE = Fraction(1, 10**9)
Tie = Literal["strong", "weak"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Region:
    """The commitments to which any of `replies`, all worth the same to the follower, is best.

    `inside` is one to which nothing else is; only looked for, and there, where ties are weak.
    """

    replies: tuple[Plan, ...]
    inside: Plan | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Committed:
    """The best commitment found guarantees `low`, and none guarantees more than `high`.

    `strong`: a plan guarantees its payoff against the best reply that is best for the leader,
    where a reply within 1e-8 of the payoff range counts as best. `weak`: against the one that is
    worst for it, and only exact ties count.
    """

    game: Game
    pure: tuple[Plan, ...]
    regions: tuple[Region, ...]
    tie: Tie
    profile: Profile
    low: Fraction
    high: float

    def guarantees(self, plan: Plan) -> Fraction:
        """What the leader's plan gets against the follower's best replies."""
        return _guarantee(self.game, self.pure, plan, self.tie)[0]


def committed(game: Game, tie: Tie) -> Committed:
    """The best commitment: one linear program per pure reply (Conitzer & Sandholm 2006).

    `weak`: per class of replies that are the only best ones at some plan, against the worst of the
    class (von Stengel & Zamir 2010, Games and Economic Behavior 69:446). That value may be a limit
    no plan reaches, so plans a billionth inside are taken; classes that are never ahead by more
    than a billionth are left out. `GameError` where the follower has more than 128 pure plans.
    """
    pure = tuple(tuple(map(Fraction, map(float, row))) for row in pure_plans(game.second, MOST))
    regions = (
        tuple(Region(replies=(reply,)) for reply in pure)
        if tie == "strong"
        else tuple(_regions(game, pure))
    )
    found: list[tuple[Fraction, Profile]] = []
    for region in regions:
        liked = _liked(game, region)
        if liked is None:
            continue
        for plan in (liked, *([_into(liked, region.inside)] if region.inside else [])):
            worth, answer = _guarantee(game, pure, plan, tie)
            found.append((worth, Profile(plan, answer)))
    if not found:
        raise GameError("no commitment was found: the game's linear programs have no solution")
    low, profile = max(found, key=lambda pair: pair[0])
    return Committed(
        game=game,
        pure=pure,
        regions=regions,
        tie=tie,
        profile=profile,
        low=low,
        high=max(_most(game, region, float(low)) for region in regions),
    )


def _most(game: Game, region: Region, floor: float) -> float:
    """A proven bound on what a commitment of the region guarantees; `floor` if that is higher."""
    program = leader_value(game, region.replies, float(TIED) + 1e-12)
    kept = kept_pairs(program, (game.first, game.second), "pairs")
    return Relaxation(program, kept).at(Box(), floor).bound


def _liked(game: Game, region: Region) -> Plan | None:
    """The plan of the region with the most for the leader, by the worst of the replies."""
    program = leader_value(game, region.replies)
    worth = program.objective[:, [0]].toarray().ravel()
    found = best_plan(program, 0, worth)
    return None if found is None else exact_plan(game.first, found)


def _into(plan: Plan, inside: Plan) -> Plan:
    return tuple((1 - INSIDE) * a + INSIDE * b for a, b in zip(plan, inside, strict=True))


def _regions(game: Game, pure: tuple[Plan, ...]) -> Iterator[Region]:
    """The classes of replies, by what they are worth to the follower, that have an inside."""
    import numpy as np

    classes: list[tuple[Any, list[Plan]]] = []
    for reply in pure:
        worth = game.payoff_second @ np.array([float(part) for part in reply])
        for known, replies in classes:
            if _same(game, known - worth):
                replies.append(reply)
                break
        else:
            classes.append((worth, [reply]))
    for worth, replies in classes:
        others = [worth - known for known, _ in classes if known is not worth]
        inside = _inside(game, others)
        if inside is not None:
            yield Region(replies=tuple(replies), inside=inside)


def _same(game: Game, difference: Any) -> bool:
    """Whether the leader can never make a difference of more than 1e-12 of it."""
    if not abs(difference).max() > 1e-12:
        return True
    worth = [Fraction(float(each)) for each in difference]
    ends = best(game.first, worth)[0], best(game.first, [-each for each in worth])[0]
    return max(ends) <= Fraction(1, 10**12)


def _inside(game: Game, ahead: Sequence[Any]) -> Plan | None:
    """A plan at which all those differences are positive, by as much as can be."""
    import numpy as np
    from scipy.optimize import linprog

    if not ahead:
        return exact_plan(game.first, game.first.uniform())
    equal, count = game.first.constraints.dense(), len(game.first)
    solved = linprog(
        np.append(np.zeros(count), -1.0),
        A_ub=np.column_stack((-np.array(ahead), np.ones(len(ahead)))),
        b_ub=np.zeros(len(ahead)),
        A_eq=np.column_stack((equal, np.zeros(len(equal)))),
        b_eq=game.first.right,
        bounds=[(0, None)] * count + [(None, 1)],
        method="highs",
    )
    if solved.status != 0 or solved.x[-1] <= 1e-9:
        return None
    return exact_plan(game.first, solved.x[:-1])


def _guarantee(game: Game, pure: tuple[Plan, ...], plan: Plan, tie: Tie) -> tuple[Fraction, Plan]:
    to_first = payoffs(game.payoff_first.T.tocsr(), plan)
    to_second = payoffs(game.payoff_second.T.tocsr(), plan)
    floor = best(game.second, to_second)[0] - (TIED if tie == "strong" else 0)
    tied = [(inner(reply, to_first), reply) for reply in pure if inner(reply, to_second) >= floor]
    pick = max if tie == "strong" else min
    return pick(tied, key=lambda pair: pair[0])
