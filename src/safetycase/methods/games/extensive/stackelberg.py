"""Commitment: one player fixes a strategy that the other sees and answers as it likes best."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from safetycase.methods.games.extensive.best_response import respond
from safetycase.methods.games.extensive.errors import GameError
from safetycase.methods.games.extensive.linear import stacked, within
from safetycase.methods.games.extensive.pure import pure_plans
from safetycase.methods.games.extensive.sequence import Plans, SequenceForm
from safetycase.methods.games.extensive.sparse import Sparse
from safetycase.methods.games.extensive.zero_sum import tidy

if TYPE_CHECKING:
    from safetycase.methods.games.extensive.sparse import Floats

__all__ = ["Committed", "Leader", "Sides", "Stackelberg", "commit_pure", "replies", "stackelberg"]

Leader = Literal["first", "second"]
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sides:
    """A game as its leader sees it: `lead` and `follow` are leader plans × follower plans."""

    leader: Plans
    follower: Plans
    lead: Sparse
    follow: Sparse

    @classmethod
    def of(cls, form: SequenceForm, leader: Leader) -> Sides:
        """The game with that leader."""
        if leader == "first":
            own, other, swap = form.first, form.second, False
        else:
            own, other, swap = form.second, form.first, True
        lead, follow = form.payoff_first, form.payoff_second
        if swap:
            lead, follow = follow.transposed, lead.transposed
        return cls(leader=own, follower=other, lead=lead, follow=follow)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Committed:
    """What a leader's plan gets when the follower answers with a best reply.

    `kind` counts the best reply that is best for the leader and `spiteful` the worst one, with
    `kind_reply` and `spiteful_reply` the follower's plans; `follower` is what it gets itself.
    """

    plan: Floats
    kind: float
    spiteful: float
    follower: float
    kind_reply: Floats
    spiteful_reply: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stackelberg:
    """The leader's best commitments when ties fall for it and when they fall against it.

    `strong` is the best with ties for the leader: its value is `strong.kind`, and no commitment
    gets more than `strong_high`. With ties against the leader the best need not be attained:
    `weak` is a plan that gets `weak.spiteful`, just below the supremum, and none gets more than
    `weak_high`. Both upper ends are proofs by prices and best responses that share nothing with
    the linear programs, given which replies are best somewhere and where with an inside. `replies`
    is how many pure plans the follower has.
    """

    strong: Committed
    strong_high: float
    weak: Committed
    weak_high: float
    replies: int


def replies(sides: Sides, plan: Floats, tolerance: float = 1e-9) -> Committed:
    """What the follower's best replies to a leader's plan do, for the leader and against it.

    Replies count as equally good to `tolerance` times the largest entry of the follower's
    payoffs, in every information set.
    """
    own, lead = sides.follow.left(plan), sides.lead.left(plan)
    slack = tolerance * sides.follow.largest
    kind = respond(sides.follower, own, lead, slack)
    spiteful = respond(sides.follower, own, -lead, slack)
    return Committed(
        plan=plan,
        kind=float(lead @ kind.plan),
        spiteful=float(lead @ spiteful.plan),
        follower=respond(sides.follower, own).value,
        kind_reply=kind.plan,
        spiteful_reply=spiteful.plan,
    )


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
    return _Regions(sides, pure_plans(sides.follower, limit), tolerance).solved(progress)


class _Regions:
    """The follower's pure plans, gathered into classes of one payoff to the follower."""

    def __init__(self, sides: Sides, pure: Floats, tolerance: float) -> None:
        import numpy as np

        self.sides, self.tolerance, self.count = sides, tolerance, len(pure)
        self.size = sides.lead.largest
        self.lead = np.array([sides.lead @ plan for plan in pure]) / self.size
        follow = np.array([sides.follow @ plan for plan in pure]) / sides.follow.largest
        keys = np.round(np.array([_canonical(sides.leader, row) for row in follow]), 9)
        _, first, self.kind = np.unique(keys, axis=0, return_index=True, return_inverse=True)
        self.kind = self.kind.ravel()
        self.follow = follow[first]

    def solved(self, progress: Progress | None) -> Stackelberg:
        import numpy as np

        strong, weak = _Best(), _Best()
        hopes = np.array([respond(self.sides.leader, row).value for row in self.lead])
        order = sorted(range(len(hopes)), key=lambda member: -hopes[member])
        places = list(dict.fromkeys(int(self.kind[member]) for member in order))
        for done, place in enumerate(places):
            if hopes[self.kind == place].max() <= min(strong.value, weak.value):
                break
            self._region(place, strong, weak)
            if progress is not None:
                progress(done + 1, len(places), "replies of the follower")
        if progress is not None:
            progress(len(places), len(places), "replies of the follower")
        if strong.plan is None or weak.plan is None:
            raise GameError(
                "no reply is a best one anywhere: the payoffs are too close to rounding"
            )
        found = replies(self.sides, strong.plan, self.tolerance)
        nearly = replies(self.sides, weak.plan, 1e-12)
        return Stackelberg(
            strong=found,
            strong_high=max(strong.high * self.size, found.kind),
            weak=nearly,
            weak_high=max(weak.high * self.size, nearly.spiteful),
            replies=self.count,
        )

    def _region(self, place: int, strong: _Best, weak: _Best) -> None:
        """Look for better plans among those to which the replies of one class are best."""
        import numpy as np

        members = np.flatnonzero(self.kind == place)
        apart = self.follow[place] - np.delete(self.follow, place, axis=0)
        depth, inside = self._depth(apart)
        if depth < -self.tolerance:
            return
        for member in members:
            strong.take(*self._best(self.lead[[member]], apart, depth))
        if depth > self.tolerance:
            value, plan, high = self._best(self.lead[members], apart, depth)
            weak.take(value, _moved(plan, inside, apart), high)

    def _depth(self, apart: Floats) -> tuple[float, Floats]:
        """How far inside the region of a reply a plan can lie, and that plan; below 0 if empty."""
        import numpy as np

        if not len(apart):
            return np.inf, self.sides.leader.uniform()
        found = self._program(apart, np.zeros((0, apart.shape[1])))
        if found is None:
            raise GameError("HiGHS finds no plan of the leader, though there is one")
        _, plan, mix, _ = found
        return respond(self.sides.leader, mix @ apart).value, plan

    def _best(
        self, lead: Floats, apart: Floats, depth: float
    ) -> tuple[float, Floats | None, float]:
        """The best plan in a region, its value by its worst member, and a proof of no more."""
        found = self._program(lead, apart)
        if found is None:
            if depth >= 0:
                raise GameError("HiGHS finds no plan where there is one: rescale the payoffs")
            return -float("inf"), None, -float("inf")
        _, plan, mix, prices = found
        high = respond(self.sides.leader, mix @ lead + prices @ apart).value
        return float((lead @ plan).min()), plan, high

    def _program(self, lead: Floats, apart: Floats) -> tuple[float, Floats, Floats, Floats] | None:
        """Maximise v with lead @ x ≥ v and apart @ x ≥ 0 over plans x; prices of both."""
        import numpy as np

        leader, own = self.sides.leader, self.sides.leader.constraints
        m, rows = len(leader), own.shape[0]
        below = np.concatenate((np.full(len(lead), -1.0), np.zeros(len(apart))))
        table = np.column_stack((np.concatenate((lead, apart)), below))
        r, c = np.nonzero(table)
        matrix = stacked(
            [(0, 0, own), (rows, 0, Sparse.of(r, c, table[r, c], table.shape))],
            (rows + len(table), m + 1),
        )
        gain = np.zeros(m + 1)
        gain[m] = 1.0
        found = within(
            gain=gain,
            variables=(np.append(np.zeros(m), -np.inf), np.full(m + 1, np.inf)),
            matrix=matrix,
            rows=(
                np.concatenate((leader.right, np.zeros(len(table)))),
                np.concatenate((leader.right, np.full(len(table), np.inf))),
            ),
            solver="simplex",
        )
        if found is None:
            return None
        prices = np.maximum(-found.prices[rows:], 0.0)
        mix, rest = prices[: len(lead)], prices[len(lead) :]
        return found.value, tidy(leader, found.variables[:m]), mix / mix.sum(), rest


class _Best:
    """The best plan so far, and what no plan exceeds."""

    def __init__(self) -> None:
        self.value, self.high = -float("inf"), -float("inf")
        self.plan: Floats | None = None

    def take(self, value: float, plan: Floats | None, high: float) -> None:
        """Keep the better one."""
        self.high = max(self.high, high)
        if plan is not None and value > self.value:
            self.value, self.plan = value, plan


def _moved(plan: Floats | None, inside: Floats, apart: Floats) -> Floats | None:
    """The plan moved so far towards one inside that the reply stays best by a hair."""
    if plan is None or not len(apart):
        return plan
    here, there = float((apart @ plan).min()), float((apart @ inside).min())
    share = max(1e-6, min(1.0, (1e-9 - here) / max(there - here, 1e-300)))
    return plan + share * (inside - plan)


def _canonical(plans: Plans, worth: Floats) -> Floats:
    """The one row with the same worth at every plan whose first moves are all worth nothing."""
    row = worth.copy()
    for each in reversed(plans.infosets):
        first = row[each.start]
        row[each.start : each.start + len(each.moves)] -= first
        row[each.parent] += first
    return row
