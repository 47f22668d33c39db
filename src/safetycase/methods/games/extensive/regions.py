"""The leader's plans to which one reply is best, and the best plan among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safetycase.methods.games.extensive.best_response import respond
from safetycase.methods.games.extensive.errors import GameError
from safetycase.methods.games.extensive.linear import stacked, within
from safetycase.methods.games.extensive.sequence import Plans
from safetycase.methods.games.extensive.sides import Bound, Sides
from safetycase.methods.games.extensive.sparse import Sparse
from safetycase.methods.games.extensive.zero_sum import tidy

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from safetycase.methods.games.extensive.sparse import Floats

__all__ = ["Best", "Regions"]


class Regions:
    """The follower's pure plans (K × n), gathered into classes of one payoff to the follower.

    `lead` (K × m) and `follow` (one row a class) are what they are worth at the leader's
    sequences, in units of the largest entry of either side. `places` are the classes, the most
    promising for the leader first; `strong` and `weak` hold the best plans that were found.
    """

    def __init__(self, sides: Sides, pure: Floats, tolerance: float) -> None:
        import numpy as np

        self.sides, self.pure, self.tolerance = sides, pure, tolerance
        self.lead = np.array([sides.lead @ plan for plan in pure]) / sides.lead.largest
        follow = np.array([sides.follow @ plan for plan in pure]) / sides.follow.largest
        self.kind, self.chosen = _classes(np.array([_canonical(sides.leader, r) for r in follow]))
        self.follow = follow[self.chosen]
        self.hopes = np.array([respond(sides.leader, row).value for row in self.lead])
        order = np.argsort(-self.hopes, kind="stable")
        self.places = list(dict.fromkeys(int(self.kind[member]) for member in order))
        self.strong, self.weak = Best(), Best()
        self.proofs: dict[int, tuple[Floats, float | None]] = {}

    def look(self, place: int) -> bool:
        """Look for better plans where the replies of one class are best; False if none can be."""
        import numpy as np

        members = np.flatnonzero(self.kind == place)
        if self.hopes[members].max() <= min(self.strong.value, self.weak.value):
            return False
        apart = self.follow[place] - np.delete(self.follow, place, axis=0)
        depth, inside, mix = self._depth(apart)
        for member in members:
            self._member(int(member), apart, depth, mix)
        if depth > self.tolerance:
            found = self._program(self.lead[members], apart)
            if found is None:
                raise GameError("HiGHS finds no plan where there is one: rescale the payoffs")
            _, plan, weights, prices = found
            high = respond(self.sides.leader, weights @ self.lead[members] + prices @ apart).value
            value = float((self.lead[members] @ plan).min())
            self.weak.take(value, _moved(plan, inside, apart), high)
        return True

    def bounds(self) -> tuple[Bound, ...]:
        """One bound for every pure plan of the follower, in the units of the game."""
        return tuple(self._bound(member) for member in range(len(self.pure)))

    def _bound(self, member: int) -> Bound:
        sides = self.sides
        prices, depth = self.proofs.get(member, (None, None))
        price, against = 0.0, self.pure[member]
        if prices is not None and prices.sum() > 0:
            price = float(prices.sum())
            others = [k for place, k in enumerate(self.chosen) if place != self.kind[member]]
            against = prices @ self.pure[others] / price
            if depth is not None:
                price = max(0.0, float(self.hopes[member]) - self.strong.value) / -depth
            price *= sides.lead.largest / sides.follow.largest
        reply = self.pure[member]
        worth = sides.lead @ reply + price * (sides.follow @ (reply - against))
        high = respond(sides.leader, worth).value
        return Bound(reply=reply, price=price, against=against, high=high)

    def _member(self, member: int, apart: Floats, depth: float, mix: Floats) -> None:
        if self.hopes[member] <= self.strong.value:
            return
        found = None if depth < -self.tolerance else self._program(self.lead[[member]], apart)
        if found is not None:
            _, plan, _, prices = found
            self.strong.take(float(self.lead[member] @ plan), plan, 0.0)
            self.proofs[member] = (prices, None)
        elif depth < 0:
            self.proofs[member] = (mix, depth)
        else:
            raise GameError("HiGHS finds no plan where there is one: rescale the payoffs")

    def _depth(self, apart: Floats) -> tuple[float, Floats, Floats]:
        """How far inside the region of a reply a plan can lie, that plan, and a mix that shows it.

        Below 0 the region is empty: everywhere the mix of the others is better by as much.
        """
        import numpy as np

        if not len(apart):
            return np.inf, self.sides.leader.uniform(), np.zeros(0)
        found = self._program(apart, np.zeros((0, apart.shape[1])))
        if found is None:
            raise GameError("HiGHS finds no plan of the leader, though there is one")
        _, plan, mix, _ = found
        return respond(self.sides.leader, mix @ apart).value, plan, mix

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


class Best:
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


def _classes(rows: Floats) -> tuple[NDArray[np.int64], list[int]]:
    """Rows that agree to 1e-9: the class of each, and the first row of every class."""
    import numpy as np

    kind, chosen = np.zeros(len(rows), dtype=np.int64), [0]
    for at, row in enumerate(rows):
        near = np.flatnonzero(np.abs(rows[chosen] - row).max(axis=1) <= 1e-9)
        kind[at] = near[0] if len(near) else len(chosen)
        if not len(near):
            chosen.append(at)
    return kind, chosen


def _canonical(plans: Plans, worth: Floats) -> Floats:
    """The one row with the same worth at every plan whose first moves are all worth nothing."""
    row = worth.copy()
    for each in reversed(plans.infosets):
        first = row[each.start]
        row[each.start : each.start + len(each.moves)] -= first
        row[each.parent] += first
    return row
