"""Column generation: prices ask for a missing implicant, implicants correct the prices.

After Kelley's cutting planes, smoothed between the best feasible and the last point (in-out,
Ben-Ameur & Neto 2007, Networks 49:3). Any point (z, y) of the dual of *some* implicants becomes
feasible for all of them when it is divided by z + c, where c is what the cheapest implicant
weighs under y: the oracle's lower bound on c therefore gives a sound number in every round.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from safetycase.confidence.budget import Budget
from safetycase.confidence.caps import Cap
from safetycase.confidence.master import Master, Prices
from safetycase.confidence.nnf import Reduced
from safetycase.confidence.oracle import Oracle
from safetycase.confidence.proofs import all_proofs, costs, spread
from safetycase.confidence.unfold import LeafDual

__all__ = ["Columns"]

_EPSILON = 1e-10

_SLACK = Fraction(10**12 + 1, 10**12)
"""Covers the rounding of sums of prices where they are no simple fractions."""

_DENOMINATORS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 18, 24, 30, 60, 120, 840, 2520)


class Columns:
    """One packing problem: the implicants of the literal `goal`, which is a gate's."""

    def __init__(self, reduced: Reduced, goal: int, caps: Sequence[Cap], budget: Budget) -> None:
        proofs = all_proofs(reduced, goal)
        self._proofs, self._budget = proofs, budget
        room = {s: reduced.cap[proofs.literal[s]] for s in proofs.leaves}
        self._slots = [s for s in proofs.leaves if room[s] < 1.0]
        slot = {
            reduced.event[proofs.literal[s] >> 1]: s for s in proofs.leaves if proofs.literal[s] & 1
        }
        self._caps = [
            (at, slot[c.events[0]], slot[c.events[1]])
            for at, c in enumerate(caps)
            if c.events[0] in slot and c.events[1] in slot
        ]
        limits = [room[s] for s in self._slots] + [caps[at].limit for at, _, _ in self._caps]
        self._limits = limits
        self._row = {s: r for r, s in enumerate(self._slots)}
        self._master = Master(limits)
        self._oracle = Oracle(proofs, budget, [(a, b) for _, a, b in self._caps])
        self._pool: dict[frozenset[int], int] = {}
        self._best: Prices | None = None
        self._exact: LeafDual | None = None
        self.value = 1.0

    @property
    def dual(self) -> LeafDual | None:
        """The best feasible point found, on leaf literals; None if no round gave one."""
        if self._exact is not None:
            return self._exact
        best = self._best
        if best is None:
            return None
        rows = [Fraction(y) * _SLACK for y in best.rows]
        return self._leaf_dual(Fraction(best.z) * _SLACK, rows)

    def _leaf_dual(self, z: Fraction, rows: Sequence[Fraction]) -> LeafDual:
        literal, count = self._proofs.literal, len(self._slots)
        return LeafDual(
            z=z,
            prices={literal[s]: y for s, y in zip(self._slots, rows[:count], strict=True) if y},
            pairs={at: y for (at, _, _), y in zip(self._caps, rows[count:], strict=True) if y},
        )

    def _snap(self, out: Prices) -> None:
        """Replace prices that are almost simple fractions by those, if they are feasible.

        With the denominator d every implicant weighs a multiple of 1/d, so that the oracle need
        only tell 1 from 1 - 1/d: neither its tolerance nor rounding is left in the result.
        """
        for d in _DENOMINATORS:
            z, rows = round(out.z * d), [round(y * d) for y in out.rows]
            errors = (abs(y * d - r) for y, r in zip((out.z, *out.rows), (z, *rows), strict=True))
            if max(errors) > 1e-6 * d:
                continue
            at = Prices(z=z / d, rows=tuple(r / d for r in rows), value=0.0)
            answer = self._oracle.cheapest(self._weights(at), at.rows[len(self._slots) :])
            if at.z + answer.bound > 1.0 - 0.5 / d:
                self._exact = self._leaf_dual(Fraction(z, d), [Fraction(r, d) for r in rows])
            return

    def masses(self) -> list[tuple[float, tuple[int, ...]]]:
        """The packing: (mass, leaf literals of the implicant)."""
        implicants = list(self._pool)
        literal = self._proofs.literal
        return [
            (w, tuple(sorted(literal[s] for s in implicants[at])))
            for w, at in self._master.masses()
        ]

    def solve(self, known: float) -> None:
        """Rounds until the gap to the better of `known` and the own bound is small."""
        budget = self._budget
        self.value = known
        start = [0.0] * len(self._proofs.need)
        for s, r in self._row.items():
            start[s] = self._limits[r]
        self._add(spread(self._proofs, start, budget.columns))
        if not self._pool:
            self._add([self._oracle.cheapest(start).slots])
        for turn in range(budget.rounds):
            out = self._master.solve()
            done = self.value - out.value <= budget.gap
            if done or not self._round(out, exact=turn % 8 == 7):
                self._snap(out)
                return
        self._master.solve()

    def _round(self, out: Prices, *, exact: bool) -> bool:
        """Add implicants that `out` undercharges; False if none is found."""
        budget = self._budget
        for share in (0.5, 0.0) if self._best else (0.0,):
            at = self._between(out, share)
            weight = self._weights(at)
            if not self._caps and (listed := self._oracle.listed(weight, budget.columns)):
                self._offer(at, listed.bound)
                if self.value - out.value <= budget.gap or self._add(listed.more, out):
                    return True
                continue
            if not exact:
                self._offer(at, costs(self._proofs, weight, split=True)[-1])
                found = spread(self._proofs, weight, budget.columns)
                if self._add(found, out):
                    return True
            priced = at.rows[len(self._slots) :]
            answer = self._oracle.cheapest(weight, priced)
            self._offer(at, answer.bound)
            if self.value - out.value <= budget.gap:
                return True
            if self._add([answer.slots, *answer.more], out):
                return True
        return False

    def _between(self, out: Prices, share: float) -> Prices:
        best = self._best
        if best is None or share == 0.0:
            return out
        rows = tuple(share * b + (1 - share) * o for b, o in zip(best.rows, out.rows, strict=True))
        z = share * best.z + (1 - share) * out.z
        return Prices(z=z, rows=rows, value=share * best.value + (1 - share) * out.value)

    def _weights(self, at: Prices) -> list[float]:
        weight = [0.0] * len(self._proofs.need)
        for s, r in self._row.items():
            weight[s] = at.rows[r]
        return weight

    def _offer(self, at: Prices, cheapest: float) -> None:
        """Scale a point to feasibility and keep it if it is the best."""
        total = at.z + cheapest
        if cheapest == float("inf"):  # nothing makes the node fail
            self._best = Prices(z=0.0, rows=(0.0,) * len(self._limits), value=0.0)
            self.value = 0.0
        if not 0.0 < total < float("inf") or at.value / total >= self.value:
            return
        self.value = at.value / total
        self._best = Prices(
            z=at.z / total, rows=tuple(y / total for y in at.rows), value=self.value
        )

    def _rows_of(self, slots: frozenset[int]) -> tuple[int, ...]:
        rows = [self._row[s] for s in slots if s in self._row]
        for i, (_, a, b) in enumerate(self._caps):
            if a in slots and b in slots:
                rows.append(len(self._slots) + i)
        return tuple(sorted(rows))

    def _add(self, found: Sequence[frozenset[int]], out: Prices | None = None) -> int:
        """Put the new implicants that `out` charges less than 1 into the program."""
        added = 0
        for slots in found:
            if not slots or slots in self._pool:
                continue
            rows = self._rows_of(slots)
            if out is not None and out.z + sum(out.rows[r] for r in rows) >= 1.0 - _EPSILON:
                continue
            self._pool[slots] = len(self._pool)
            self._master.add(rows)
            added += 1
        return added
