"""Small drawings as inline SVG: vector, labelled, with alternative text, readable in black.

Every plot a method can return has one function; `draw` picks it by `kind`. Data comes from a
record as plain JSON and is not trusted: what cannot be drawn raises `ValueError`. Series differ
by hatching or shape as well as by colour. Colours come from the page's stylesheet classes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Literal

from safetycase.report.clean import one_line
from safetycase.report.drawing import (
    LEFT,
    RIGHT,
    WIDTH,
    Range,
    Scale,
    axis_x,
    axis_y,
    between,
    caption,
    hatches,
    key_id,
    legend_entry,
    passing,
    picture,
    span_of,
    steps,
    threshold_line,
    tick_text,
    whisker,
)
from safetycase.report.plane import Extra, curve, points, trade_off

__all__ = ["confidence_bar", "draw", "histogram", "intervals"]

MOST_BARS, MOST_BINS, MOST_POINTS = 60, 200, 400


def draw(plot: Mapping[str, object], *, key: str) -> str:
    """The SVG of a plot given as a JSON mapping with a `kind`.

    `key` makes ids unique on the page. Raises `ValueError` if the data is not that kind.
    """
    kinds = {
        "intervals": _draw_intervals,
        "histogram": _draw_histogram,
        "curve": _draw_curve,
        "points": _draw_points,
        "frontier": _draw_frontier,
    }
    kind = plot.get("kind")
    if not isinstance(kind, str) or kind not in kinds:
        raise ValueError("a picture of an unknown kind")
    try:
        return kinds[kind](plot, key)
    except (KeyError, TypeError, AttributeError, IndexError, OverflowError) as error:
        raise ValueError("its data is incomplete") from error


def _draw_intervals(plot: Mapping[str, object], key: str) -> str:
    bars = [
        (str(b["label"]), _number(b["low"]), _number(b["point"]), _number(b["high"]))
        for b in _items(plot["bars"], MOST_BARS)
        if isinstance(b, Mapping)
    ]
    threshold = plot.get("threshold")
    return intervals(
        bars,
        title=str(plot.get("title", "")),
        unit=str(plot.get("unit", "")),
        threshold=None if threshold is None else _number(threshold),
        key=key,
    )


def _draw_histogram(plot: Mapping[str, object], key: str) -> str:
    series = plot["series"]
    if not isinstance(series, Mapping):
        raise ValueError("its series are not named")
    threshold = plot.get("threshold")
    return histogram(
        _numbers(plot["edges"], MOST_BINS + 1),
        {str(name): _numbers(counts, MOST_BINS) for name, counts in list(series.items())[:4]},
        title=str(plot.get("title", "")),
        unit=str(plot.get("unit", "")),
        threshold=None if threshold is None else _number(threshold),
        key=key,
    )


def _draw_curve(plot: Mapping[str, object], key: str) -> str:
    x, y, low, high = (_numbers(plot[name], MOST_POINTS) for name in ("x", "y", "low", "high"))
    return curve(
        x,
        y,
        low,
        high,
        title=str(plot.get("title", "")),
        x_label=str(plot.get("x_label", "")),
        y_label=str(plot.get("y_label", "")),
        key=key,
        extra=Extra(
            line=str(plot.get("line", "")),
            band=str(plot.get("band", "")),
            lines={n: _numbers(v, MOST_POINTS) for n, v in _named(plot, "lines").items()},
            marks={n: _number(v) for n, v in _named(plot, "marks").items()},
            log_x=plot.get("log_x") is True,
        ),
    )


def _draw_frontier(plot: Mapping[str, object], key: str) -> str:
    families = _named(plot, "series")
    series = {family: _pairs(family, families) for family in families}
    return trade_off(
        series,
        title=str(plot.get("title", "")),
        x_label=str(plot.get("x_label", "")),
        y_label=str(plot.get("y_label", "")),
        key=key,
        worst={n: _number(v) for n, v in _named(plot, "worst").items()},
        worst_says=str(plot.get("worst_says", "")),
    )


def _draw_points(plot: Mapping[str, object], key: str) -> str:
    return points(
        _pairs("points", plot),
        title=str(plot.get("title", "")),
        x_label=str(plot.get("x_label", "")),
        y_label=str(plot.get("y_label", "")),
        key=key,
    )


def intervals(
    bars: Sequence[tuple[str, float, float, float]],
    *,
    title: str,
    unit: str,
    threshold: float | None,
    key: str,
    passes: Literal["below", "above"] | None = None,
    note: str = "",
) -> str:
    """Labelled intervals `(label, low, point, high)` on one axis, against a threshold line.

    With `passes` the side of the threshold that meets the criterion is shaded and named.
    """
    if not bars:
        raise ValueError("it has no interval")
    values = [v for _label, *ends in bars for v in ends if math.isfinite(v)]
    span = span_of([*values, *([threshold] if threshold is not None else [])], unit)
    x = Scale(span, LEFT, WIDTH - RIGHT)
    top, step = (26.0 if threshold is not None else 8.0), 34.0
    bottom = top + step * len(bars)
    parts = list(passing(passes, threshold, x, top, bottom))
    for index, (label, low, point, high) in enumerate(bars):
        y = top + step * index
        reading = between(low, high, unit)
        parts += [
            caption(LEFT, y + 13, label, room=46),
            caption(WIDTH - RIGHT, y + 13, reading, "num end"),
            whisker(x(low), x(point), x(high), y + 23),
        ]
    if threshold is not None:
        parts += threshold_line(
            x(threshold), top - 4, bottom, f"bound {tick_text(threshold, unit)}"
        )
    parts += axis_x(x, span, bottom, unit, "")
    words = "; ".join(
        f"{one_line(label, limit=80)} {between(lo, hi, unit)}" for label, lo, _p, hi in bars[:12]
    )
    if threshold is not None:
        words += f"; bound {tick_text(threshold, unit)}"
    return picture(parts, bottom + 22, title, f"Intervals: {words}. {note}", key)


def histogram(
    edges: Sequence[float],
    series: Mapping[str, Sequence[float]],
    *,
    title: str,
    unit: str,
    threshold: float | None,
    key: str,
) -> str:
    """Bins as the share of each series, so that series of different sizes compare."""
    if not series or any(len(c) + 1 != len(edges) for c in series.values()) or len(edges) < 2:
        raise ValueError("its edges and counts do not match")
    if any(b <= a for a, b in pairwise(edges)):
        raise ValueError("its edges do not rise")
    totals = {name: sum(counts) for name, counts in series.items()}
    shares = {
        name: [max(c, 0) / (totals[name] or 1) for c in counts] for name, counts in series.items()
    }
    tallest = max((s for row in shares.values() for s in row), default=0) or 1.0
    span = span_of([*edges, *([threshold] if threshold is not None else [])], "raw", pad=0.0)
    left = 44.0
    x = Scale(span, left, WIDTH - RIGHT)
    top = 14.0 + 18 * len(series) + (12 if threshold is not None else 0)
    bottom = top + 150
    y = Scale((0.0, tallest), bottom, top)
    parts = list(hatches(key, len(series)))
    for index, (name, row) in enumerate(shares.items()):
        parts += legend_entry(index, f"{name} (n = {totals[name]:,.0f})", left, key)
        parts.append(steps(edges, row, x, y, bottom, index, key))
    parts += axis_x(x, span, bottom, unit, unit)
    parts += axis_y(y, (0.0, tallest), left, "", "share of each series")
    if threshold is not None:
        parts += threshold_line(x(threshold), top - 4, bottom, f"threshold {threshold:.4g}")
    words = "; ".join(f"{one_line(name, limit=80)}: {totals[name]:,.0f} values" for name in series)
    at = f"; threshold at {threshold:.4g}" if threshold is not None else ""
    return picture(
        parts,
        bottom + 36,
        title,
        f"Histogram from {edges[0]:.4g} to {edges[-1]:.4g} {one_line(unit)}: {words}{at}.",
        key,
    )


def confidence_bar(low: float, high: float, *, target: float, key: str) -> str:
    """A bar from 0 to 1 with the interval filled and a mark at the target."""
    a, b, t = (max(0.0, min(1.0, v)) * 100 for v in (low, high, target))
    return (
        f'<svg class="bar" viewBox="-1 0 102 12" role="img" aria-labelledby="{key_id(key)}-t">'
        f'<title id="{key_id(key)}-t">confidence between {low:.3g} and {high:.3g}, '
        f"target {target:.3g}</title>"
        '<path class="rail" d="M0 6H100"/>'
        f'<rect class="fill" x="{a:.1f}" y="3" width="{max(b - a, 1.2):.1f}" height="6"/>'
        f'<path class="tick" d="M{t:.1f} 0V12"/></svg>'
    )


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("it holds something that is not a number")
    number = float(value)
    if math.isnan(number):
        raise ValueError("it holds something that is not a number")
    return number


def _numbers(value: object, most: int) -> list[float]:
    return [_number(item) for item in _items(value, most)]


def _named(plot: Mapping[str, object], key: str) -> dict[str, object]:
    """A part of the plot that is a mapping; empty where there is none."""
    given = plot.get(key, {})
    if not isinstance(given, Mapping):
        raise ValueError(f"its {key} are not named")
    return {str(name): value for name, value in given.items()}


def _pairs(key: str, plot: Mapping[str, object]) -> dict[str, Range]:
    pairs = {n: _numbers(p, 2) for n, p in list(_named(plot, key).items())[:MOST_POINTS]}
    return {name: (p[0], p[1]) for name, p in pairs.items()}


def _items(value: object, most: int) -> list[object]:
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        raise ValueError("it holds something that is not a list")
    if len(value) > most:
        raise ValueError(f"it has {len(value):,} entries, more than a picture can show ({most})")
    return list(value)
