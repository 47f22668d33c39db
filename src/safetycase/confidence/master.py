"""The restricted packing as a linear program that grows column by column (HiGHS, warm-started).

max { sum w_C : sum_{C has x} w_C <= cap_x, sum w_C <= 1, w >= 0 } over the implicants found so
far; its dual prices say which implicant is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from safetycase.confidence.solver import quiet

__all__ = ["Master", "Prices"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """A point of the dual: `z`, one price a row; its value against the caps is `value`."""

    z: float
    rows: tuple[float, ...]
    value: float


class Master:
    """The linear program over the columns added so far. Row 0 is the total mass."""

    def __init__(self, caps: Sequence[float]) -> None:
        import highspy

        self._caps = tuple(caps)
        self._columns: list[tuple[int, ...]] = []
        self._inf = highspy.kHighsInf
        highs = quiet()
        highs.setOptionValue("presolve", "off")
        highs.changeObjectiveSense(highspy.ObjSense.kMaximize)
        for cap in (1.0, *self._caps):
            highs.addRow(-self._inf, cap, 0, [], [])
        self._highs = highs

    def add(self, rows: tuple[int, ...]) -> None:
        """A column that uses the caps `rows`."""
        self._columns.append(rows)
        index = [0, *(r + 1 for r in rows)]
        self._highs.addCol(1.0, 0.0, self._inf, len(index), index, [1.0] * len(index))

    def solve(self) -> Prices:
        """The dual at the optimum over the columns added so far."""
        self._highs.run()
        duals = self._highs.getSolution().row_dual
        rows = tuple(max(0.0, float(y)) for y in duals[1:])
        z = max(0.0, float(duals[0]))
        value = z + sum(y * cap for y, cap in zip(rows, self._caps, strict=True) if y)
        return Prices(z=z, rows=rows, value=value)

    def masses(self) -> list[tuple[float, int]]:
        """(mass, column) of the columns in use, scaled so that every cap holds exactly."""
        values = self._highs.getSolution().col_value
        # What the solver leaves in a column above a cap of nothing is within its tolerance.
        used = [
            (float(w), at)
            for at, w in enumerate(values)
            if w > 1e-12 and all(self._caps[r] > 0 for r in self._columns[at])
        ]
        load = [0.0] * len(self._caps)
        total = 0.0
        for w, at in used:
            total += w
            for r in self._columns[at]:
                load[r] += w
        worst = max([total, *(a / c for a, c in zip(load, self._caps, strict=True) if a)])
        shrink = 1.0 / (max(1.0, worst) * (1 + 1e-14))
        return [(w * shrink, at) for w, at in used]
