"""What a budget can buy: the best value for every budget, with its band, as one picture.

A budget buys whole items, so the frontier is a staircase: between two points it is drawn at the
lower one, which never promises more than was computed.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise

from safetycase.report.clean import one_line
from safetycase.report.drawing import (
    RIGHT,
    WIDTH,
    Range,
    Scale,
    axis_x,
    axis_y,
    path_of,
    span_of,
)
from safetycase.report.picture import label, plot
from safetycase.report.probability import range_text, upper

__all__ = ["frontier_svg"]

MOST_POINTS = 400
LEFT, TOP, BOTTOM = 48.0, 44.0, 216.0
ROOM = WIDTH - LEFT - RIGHT

Point = tuple[float, float, float]


def frontier_svg(
    points: Sequence[Point],
    *,
    chosen: float | None = None,
    upper_bound: float | Sequence[Range] | None = None,
    unit: str = "",
    title: str = "What a budget can buy",
    value_label: str = "value",
    key: str = "frontier",
    alone: bool = True,
) -> str:
    """The frontier through `points`, each (budget, value at the low ends, value at the upper ends).

    Budgets rise and are in `unit`; `chosen` is the budget to point out. `upper_bound` is what no
    plan can exceed: one value, or (budget, value) pairs. Raises `ValueError` for data that is
    empty, not finite, out of order, or whose low value lies above the value.
    """
    _check(points, chosen)
    ceiling = _ceiling(points, upper_bound)
    rows = _thinned(points)
    x = Scale(_span([p[0] for p in rows]), LEFT, WIDTH - RIGHT)
    span_y = _values([p[1] for p in rows] + [p[2] for p in rows] + [v for _b, v in ceiling])
    y = Scale(span_y, BOTTOM, TOP)
    parts = [
        *_curves(rows, x, y),
        *_key(bool(ceiling)),
        *_bound(ceiling, x, y),
        *axis_x(x, x.span, BOTTOM, "raw", ""),
        label(LEFT, BOTTOM + 31, f"budget ({unit})" if unit else "budget", "small", room=ROOM),
        *axis_y(y, span_y, LEFT, "raw", ""),
        label(4, 12, value_label, "small", room=WIDTH - 8),
    ]
    says = [_said(rows[0], unit), _said(rows[-1], unit)]
    if chosen is not None:
        at = points[bisect_right([p[0] for p in points], chosen) - 1]
        parts += _chosen(chosen, at, x, y, unit)
        says.append(f"chosen: {_said((chosen, at[1], at[2]), unit)}")
    if ceiling:
        says.append(f"no plan can reach more than {upper(ceiling[-1][1])} at the largest")
    told = f"{one_line(value_label, limit=120)}: {'; '.join(says)}."
    return plot(parts, BOTTOM + 37, title=title, says=told, key=key, alone=alone)


def _check(points: Sequence[Point], chosen: float | None) -> None:
    if not points:
        raise ValueError("a frontier needs at least one point")
    if not all(math.isfinite(n) for p in points for n in p):
        raise ValueError("a frontier holds something that is not a finite number")
    if any(b[0] <= a[0] for a, b in pairwise(points)):
        raise ValueError("the budgets of a frontier must rise")
    if any(low > value + 1e-9 for _budget, low, value in points):
        raise ValueError("a low value of the frontier lies above its value")
    if chosen is not None and not points[0][0] <= chosen <= points[-1][0]:
        raise ValueError("the chosen budget lies outside the frontier")


def _ceiling(
    points: Sequence[Point], upper_bound: float | Sequence[Range] | None
) -> Sequence[Range]:
    """The upper bound as (budget, value) pairs."""
    if upper_bound is None:
        return ()
    pairs = (
        [(points[0][0], float(upper_bound)), (points[-1][0], float(upper_bound))]
        if isinstance(upper_bound, int | float)
        else [(float(budget), float(value)) for budget, value in upper_bound]
    )
    if not all(math.isfinite(n) for pair in pairs for n in pair):
        raise ValueError("the upper bound is not a finite number")
    step = max(math.ceil(len(pairs) / MOST_POINTS), 1)
    return [*pairs[:-1:step], *pairs[-1:]]


def _thinned(points: Sequence[Point]) -> list[Point]:
    """The points where something changes, at most `MOST_POINTS` of them, with both ends."""
    kept = [
        p for i, p in enumerate(points) if i in (0, len(points) - 1) or p[1:] != points[i - 1][1:]
    ]
    step = max(math.ceil(len(kept) / MOST_POINTS), 1)
    return [*kept[:-1:step], kept[-1]]


def _span(budgets: Sequence[float]) -> Range:
    low, high = budgets[0], budgets[-1]
    return (low, high) if high > low else span_of(budgets, "raw")


def _values(values: Sequence[float]) -> Range:
    """The upright axis: from nothing, to just above the largest value; all in sight if negative."""
    low, high = min(values), max(values)
    if low < 0:
        return span_of(values, "raw")
    return (0.0, min(high * 1.08, 1.0) if high <= 1 else high * 1.08) if high > 0 else (0.0, 1.0)


def _stairs(pairs: Sequence[Range], x: Scale, y: Scale) -> list[Range]:
    """A staircase that keeps each value until the next budget."""
    path = [(x(pairs[0][0]), y(pairs[0][1]))]
    for (_before, held), (budget, value) in pairwise(pairs):
        path += [(x(budget), y(held)), (x(budget), y(value))]
    if len(pairs) == 1:
        path = [(x.start, y(pairs[0][1])), (x.end, y(pairs[0][1]))]
    return path


def _curves(rows: Sequence[Point], x: Scale, y: Scale) -> Iterator[str]:
    """The two staircases and the band between them."""
    low = _stairs([(p[0], p[1]) for p in rows], x, y)
    high = _stairs([(p[0], p[2]) for p in rows], x, y)
    yield f'<path class="band" d="M{path_of(high)}L{path_of(reversed(low))}Z"/>'
    yield f'<path class="edge" d="M{path_of(low)}"/><path class="line" d="M{path_of(high)}"/>'


def _key(bounded: bool) -> Iterator[str]:
    """What the lines mean, above the picture."""
    entries = [("line", "at the upper ends", 108.0), ("edge", "at the low ends", 108.0)]
    if bounded:
        entries.append(("bound", "no plan can reach more", 160.0))
    at = LEFT
    for name, words, room in entries:
        yield f'<path class="{name}" d="M{at:.1f} 28h22"/>'
        yield label(at + 28, 32, words, "small", room=room)
        at += 34 + room


def _bound(ceiling: Sequence[Range], x: Scale, y: Scale) -> Iterator[str]:
    if ceiling:
        yield f'<path class="bound" d="M{path_of((x(b), y(v)) for b, v in ceiling)}"/>'


def _chosen(chosen: float, at: Point, x: Scale, y: Scale, unit: str) -> Iterator[str]:
    """The chosen budget: an upright to its value, its range and its numbers."""
    cx, low, high = x(chosen), y(at[1]), y(at[2])
    late = cx > WIDTH * 0.55
    yield f'<path class="thread" d="M{cx:.1f} {high:.1f}V{BOTTOM:.1f}"/>'
    yield (
        f'<path class="line" d="M{cx - 4:.1f} {low:.1f}h8M{cx:.1f} {low:.1f}V{high:.1f}"/>'
        f'<path class="hollow" d="M{cx:.1f} {high - 5.5:.1f}l5.5 5.5l-5.5 5.5l-5.5 -5.5z"/>'
    )
    words = f"chosen {_said((chosen, at[1], at[2]), unit)}"
    place, names = (cx - 9, "strong end") if late else (cx + 9, "strong")
    yield label(place, BOTTOM - 8, words, names, room=WIDTH * 0.5)


def _said(point: Point, unit: str) -> str:
    """`40 shots: 0.31 to 0.42`."""
    number = f"{point[0]:,.10g}".replace("-", "−")
    budget = f"{number} {one_line(unit, limit=40)}".strip()
    low, value = (min(max(v, 0.0), 1.0) == v for v in point[1:])
    if low and value:
        return f"{budget}: {range_text(point[1], point[2])}"
    return f"{budget}: {point[1]:.3g} to {point[2]:.3g}"
