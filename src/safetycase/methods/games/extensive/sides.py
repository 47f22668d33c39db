"""A game as its leader sees it, and what the follower's best replies do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from safetycase.methods.games.extensive.best_response import respond
from safetycase.methods.games.extensive.sequence import Plans, SequenceForm
from safetycase.methods.games.extensive.sparse import Sparse

if TYPE_CHECKING:
    from safetycase.methods.games.extensive.sparse import Floats

__all__ = ["Bound", "Committed", "Leader", "Sides", "replies"]

Leader = Literal["first", "second"]


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
class Bound:
    """Why no commitment to which the pure plan `reply` is a best reply gets more than `high`.

    A best reply is worth at least as much as the plan `against`. So at such a commitment the
    leader gets no more than its payoff against `reply` plus `price` times how much better for the
    follower `reply` is than `against`; and `high` is the largest that this is at any commitment.
    """

    reply: Floats
    price: float
    against: Floats
    high: float


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
