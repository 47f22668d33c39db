"""The linear programme of a node: the best lines and multipliers there are for its bound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from safetycase.methods.verification.bounds.relax import Arrays, Hull, Picked
from safetycase.methods.verification.exact import Unit
from safetycase.methods.verification.specification import Property

__all__ = ["Optimum", "optimum", "speaks"]

PENALTY = 1e4
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimum:
    """The least margin of the relaxed node, where it is, and the multipliers that prove it."""

    value: float
    x: Any
    picked: Picked


class _Rows:
    """Rows `coefficients · v ≤ bound`, each with a word for what it is."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.left: list[Any] = []
        self.right: list[float] = []
        self.what: list[tuple[str, Unit]] = []

    def add(self, what: str, unit: Unit, row: Any, bound: float) -> None:
        """One more row."""
        self.left.append(row)
        self.right.append(bound)
        self.what.append((what, unit))


def optimum(
    arrays: Arrays,
    hull: Hull,
    holds: tuple[Any, float],
    given: Sequence[tuple[Any, float]],
    low: Any,
    high: Any,
) -> Optimum | None:
    """Minimise the margin over the triangles of the open ReLUs; None if the solver fails.

    What is assumed and given may be broken at a high price, so that there always is a solution:
    where the node is empty, the price makes the bound as high as is wanted.
    """
    import numpy as np
    from scipy.optimize import linprog

    widths = [len(low), *(len(layer) for layer in hull.low)]
    starts = np.cumsum([0, *widths])
    width = int(starts[-1]) + 1  # the last one is how far assumptions are broken
    least, most = np.concatenate([low, *([0.0] * n for n in widths[1:]), [0.0]]), []
    rows, ties = _Rows(width), _Rows(width)
    for layer in range(len(hull.low)):
        _layer(arrays, hull, layer, (starts, rows, ties))
    for _, (layer, unit) in ties.what:
        least[starts[layer + 1] + unit] = -np.inf  # the tie says all, also where z is broken
    for place, (coefficients, offset) in enumerate(given):
        row = np.zeros(width)
        row[: len(low)], row[-1] = -coefficients, -1.0
        rows.add("given", (place, 0), row, offset)
    cost = np.zeros(width)
    cost[starts[-2] : starts[-1]] = holds[0] @ arrays.weights[-1]
    cost[-1] = PENALTY * (1 + np.abs(cost).max())
    most = [*high, *([None] * (width - len(low)))]
    if arrays.tanh:
        least[len(low) : -1] = -np.inf
    solved = linprog(
        cost,
        A_ub=np.array(rows.left) if rows.left else None,
        b_ub=rows.right or None,
        A_eq=np.array(ties.left) if ties.left else None,
        b_eq=ties.right or None,
        bounds=list(zip(least, most, strict=True)),
        method="highs",
    )
    if solved.status != 0:
        return None
    value = float(solved.fun + holds[1] + holds[0] @ arrays.bias[-1])
    marginals = -solved.ineqlin.marginals if rows.left else []
    return Optimum(
        value=value,
        x=np.clip(solved.x[: len(low)], low, high),
        picked=_picked(rows, marginals, solved.lower.marginals, starts, len(given)),
    )


def _layer(arrays: Arrays, hull: Hull, layer: int, into: tuple[Any, _Rows, _Rows]) -> None:
    """The rows that tie the a of a layer to the a below."""
    import numpy as np

    starts, rows, ties = into
    weights, bias = arrays.weights[layer], arrays.bias[layer]
    (slope, intercept), (steep, offset) = hull.below[layer], hull.above[layer]
    open_ = hull.unsettled(layer) if not arrays.tanh else np.ones(len(bias), dtype=bool)
    for unit in range(len(bias)):
        z = np.zeros(rows.width)
        z[starts[layer] : starts[layer + 1]] = weights[unit]
        a = np.zeros(rows.width)
        a[starts[layer + 1] + unit] = 1.0
        on = hull.assumed.get((layer, unit))
        if on is not None:
            sign = -1.0 if on else 1.0
            broken = sign * z
            broken[-1] = -1.0
            rows.add("phase", (layer, unit), broken, -sign * bias[unit])
        if not open_[unit]:
            share = slope[unit] if on is None else float(on)
            ties.add("tie", (layer, unit), a - share * z, share * bias[unit])
            continue
        up, down = steep[unit], slope[unit] if arrays.tanh else 1.0
        over = a - up * z
        over[-1] = -1.0  # what is assumed can make the line above one that no input meets
        rows.add("above", (layer, unit), over, up * bias[unit] + offset[unit])
        under = intercept[unit] if arrays.tanh else 0.0
        rows.add("below", (layer, unit), down * z - a, -down * bias[unit] - under)


def _picked(rows: _Rows, marginals: Any, lower: Any, starts: Any, given: int) -> Picked:
    slopes: dict[Unit, float] = {}
    phases: dict[Unit, float] = {}
    weights = [0.0] * given
    for (what, (layer, unit)), marginal in zip(rows.what, marginals, strict=True):
        value = max(float(marginal), 0.0)
        if what == "below":
            total = value + max(float(lower[starts[layer + 1] + unit]), 0.0)
            if total > 1e-12:
                slopes[layer, unit] = value / total
        elif what == "phase":
            phases[layer, unit] = value
        elif what == "given":
            weights[layer] = value
    return Picked(slopes=slopes, phases=phases, given=tuple(weights))


def speaks(spec: Property) -> bool:
    """Whether a point of the box keeps all rows of `given`, up to rounding (whole or not)."""
    import numpy as np
    from scipy.optimize import linprog

    if not spec.given:
        return True
    rows = np.array([[*row.coefficients, row.offset] for row in spec.given], dtype=float)
    rows /= np.maximum(np.abs(rows).max(axis=1, keepdims=True), np.finfo(float).tiny)
    # The least row, as large as it can be made.
    solved = linprog(
        [0.0] * len(spec.low) + [-1.0],
        A_ub=np.concatenate([-rows[:, :-1], np.ones((len(rows), 1))], axis=1),
        b_ub=rows[:, -1],
        bounds=[*zip(spec.low, spec.high, strict=True), (None, 1.0)],
        method="highs",
    )
    return solved.status != 0 or bool(solved.x[-1] >= -ROUNDING)
