"""Commitment: one player fixes a strategy that the other sees and answers as it likes best."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from safetycase.methods.games.extensive.errors import GameError
from safetycase.methods.games.extensive.pure import pure_plans
from safetycase.methods.games.extensive.regions import Regions
from safetycase.methods.games.extensive.sequence import SequenceForm
from safetycase.methods.games.extensive.sides import Bound, Committed, Leader, Sides, replies

__all__ = [
    "Bound",
    "Committed",
    "Leader",
    "Sides",
    "Stackelberg",
    "commit_pure",
    "replies",
    "stackelberg",
]

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stackelberg:
    """The leader's best commitments when ties fall for it and when they fall against it.

    `strong` is the best with ties for the leader: its value is `strong.kind`, and no commitment
    gets more than `strong_high`. With ties against the leader the best need not be attained:
    `weak` is a plan that gets `weak.spiteful`, just below the supremum, and none gets more than
    `weak_high`. `bounds` holds one bound for every pure plan of the follower and `strong_high` is
    the largest: a whole proof, by best responses that share nothing with the linear programs.
    `weak_high` is one only given which replies are best on a set with an inside.
    """

    strong: Committed
    strong_high: float
    weak: Committed
    weak_high: float
    bounds: tuple[Bound, ...]


def commit_pure(
    form: SequenceForm, leader: Leader, *, limit: int = 4096
) -> tuple[Committed, Committed]:
    """The best pure commitments, with ties for the leader and with ties against it.

    Every reduced pure plan of the leader is tried; `GameError` for more than `limit` of them.
    """
    sides = Sides.of(form, leader)
    tried = [replies(sides, plan) for plan in pure_plans(sides.leader, limit)]
    return max(tried, key=lambda c: c.kind), max(tried, key=lambda c: c.spiteful)


def stackelberg(
    form: SequenceForm,
    leader: Leader,
    *,
    limit: int = 2048,
    tolerance: float = 1e-7,
    progress: Progress | None = None,
) -> Stackelberg:
    """The best mixed commitments of a leader in a general-sum game with perfect recall.

    One linear program for every pure plan of the follower: the leader's plans to which it is a
    best reply, and the best of them (Conitzer, Sandholm 2006, on matrices; here over realisation
    plans). With ties against the leader the supremum is the largest, over replies that are best on
    a set with an inside, of the best plan when the worst of the replies with the same payoffs to
    the follower is played (von Stengel, Zamir 2010, Games Econ. Behav. 69:446, Theorem 11): inside
    such a set only those are best, and the sets with an inside cover all plans. Replies that leave
    the leader less than it has already, whatever it does, are passed over.

    The number of programs is that of the follower's reduced pure plans, exponential in its
    information sets: `GameError` for more than `limit`.
    """
    sides = Sides.of(form, leader)
    regions = Regions(sides, pure_plans(sides.follower, limit), tolerance)
    for done, place in enumerate(regions.places):
        if not regions.look(place):
            break
        if progress is not None:
            progress(done + 1, len(regions.places), "replies of the follower")
    if progress is not None:
        progress(len(regions.places), len(regions.places), "replies of the follower")
    strong, weak = regions.strong.plan, regions.weak.plan
    if strong is None or weak is None:
        raise GameError("no reply is a best one anywhere: the payoffs are too close to rounding")
    found, nearly = replies(sides, strong, tolerance), replies(sides, weak, 1e-12)
    bounds = regions.bounds()
    return Stackelberg(
        strong=found,
        strong_high=max(found.kind, *(bound.high for bound in bounds)),
        weak=nearly,
        weak_high=max(regions.weak.high * sides.lead.largest, nearly.spiteful),
        bounds=bounds,
    )
