"""The cheapest proof as a mixed-integer program (HiGHS), for graphs that share too much to search.

A column for every slot: a leaf or a threshold gate that is neither 1-of-n nor n-of-n is 0 or 1,
the other gates may be fractions, because with those fixed they can be rounded up. Pairs of
literals with a price of their own get a column that is 1 when both are taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from safetycase.confidence.proofs import Proofs, Weighing
from safetycase.confidence.solver import quiet

__all__ = ["SLACK", "Program"]

SLACK = 1e-6
"""What the tolerances of the solver may hide; taken off its bounds."""


class Program:
    """Holds the program of one `Proofs`; every `solve` gives other weights to the same columns."""

    def __init__(self, proofs: Proofs, pairs: Sequence[tuple[int, int]] = ()) -> None:
        self._proofs = proofs
        self._size = len(proofs.need)
        self._pairs = tuple(pairs)
        self._highs = self._load()

    def solve(
        self,
        weight: Sequence[float],
        *,
        pair_weight: Sequence[float] = (),
        nodes: int = 1000,
        seconds: float | None = None,
    ) -> Weighing:
        """The cheapest proof; its `bound` holds also when the search stops after `nodes` nodes."""
        import numpy as np

        highs = self._highs
        cost = np.array([*weight, *pair_weight], dtype=float)
        highs.changeColsCost(len(cost), np.arange(len(cost), dtype=np.int32), cost)
        highs.setOptionValue("mip_max_nodes", nodes)
        if seconds is not None:
            highs.setOptionValue("time_limit", highs.getRunTime() + seconds)
        highs.run()
        info = highs.getInfo()
        bound = max(0.0, float(info.mip_dual_bound) - SLACK)
        values = highs.getSolution().col_value
        slots: frozenset[int] = frozenset()
        total = float("inf")
        if info.primal_solution_status == 2 and len(values):
            slots = frozenset(s for s in self._proofs.leaves if values[s] > 0.5)
            total = sum(weight[s] for s in slots)
            for (a, b), price in zip(self._pairs, pair_weight, strict=True):
                total += price if a in slots and b in slots else 0.0
        if not bound < float("inf"):
            bound = 0.0
        return Weighing(bound=min(bound, total), weight=total, slots=slots)

    def _load(self) -> Any:
        import highspy

        highs = quiet()
        highs.setOptionValue("mip_rel_gap", 0.0)
        highs.setOptionValue("mip_abs_gap", 1e-9)
        lp = highspy.HighsLp()
        low, high, start, index, value = self._rows(highspy.kHighsInf)
        columns = self._size + len(self._pairs)
        lp.num_col_, lp.num_row_ = columns, len(low)
        lp.col_cost_ = [0.0] * columns
        lp.col_lower_ = [0.0] * (self._size - 1) + [1.0] + [0.0] * len(self._pairs)
        lp.col_upper_ = [1.0] * columns
        lp.row_lower_, lp.row_upper_ = low, high
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = start, index, value
        whole, real = highspy.HighsVarType.kInteger, highspy.HighsVarType.kContinuous
        lp.integrality_ = [
            whole if not kids or 1 < need < len(kids) else real
            for need, kids in zip(self._proofs.need, self._proofs.kids, strict=True)
        ] + [real] * len(self._pairs)
        highs.passModel(lp)
        return highs

    def _rows(
        self, inf: float
    ) -> tuple[list[float], list[float], list[int], list[int], list[float]]:
        """Lower and upper ends, starts, columns and coefficients of the rows."""
        low: list[float] = []
        high: list[float] = []
        start: list[int] = [0]
        index: list[int] = []
        value: list[float] = []

        def row(entries: dict[int, float], least: float, most: float) -> None:
            index.extend(entries)
            value.extend(entries.values())
            start.append(len(index))
            low.append(least)
            high.append(most)

        for s, (need, kids) in enumerate(zip(self._proofs.need, self._proofs.kids, strict=True)):
            if kids and need == len(kids):
                for p in dict.fromkeys(kids):
                    row({p: 1.0, s: -1.0}, 0.0, inf)
            elif kids:
                counted: dict[int, float] = {}
                for p in kids:
                    counted[p] = counted.get(p, 0.0) + 1.0
                row({**counted, s: -float(need)}, 0.0, inf)
        for s, t in enumerate(self._proofs.other):
            if s < t:
                row({s: 1.0, t: 1.0}, -inf, 1.0)
        for at, (a, b) in enumerate(self._pairs):
            row({a: 1.0, b: 1.0, self._size + at: -1.0}, -inf, 1.0)
        return low, high, start, index, value
