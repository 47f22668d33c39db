"""Plots in the plane: curves with a band, named points, and what can be had of two goods at once.

Lines differ by dashes and points by shape as well as by colour, so that they print in black.
"""

from __future__ import annotations

import html
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from safetycase.report.clean import one_line
from safetycase.report.drawing import (
    RIGHT,
    WIDTH,
    Range,
    Scale,
    axis_x,
    axis_y,
    caption,
    dot,
    path_of,
    picture,
    span_of,
    threshold_line,
    tick_text,
)

__all__ = ["MOST_LINES", "MOST_SERIES", "Extra", "curve", "points", "trade_off"]

MOST_LINES, MOST_SERIES, MOST_MARKS = 8, 12, 4
LEFT = 48.0
ROW = 15.0
RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
COLOURS = 4
DASHES = ("", "6 3", "2 2", "8 2 2 2", "12 4", "1 3", "6 2 1 2 1 2", "4 4")


@dataclass(frozen=True, slots=True, kw_only=True)
class Extra:
    """What a curve shows besides its line and its band; see `Curve` in the contract of methods."""

    line: str = ""
    band: str = ""
    lines: Mapping[str, Sequence[float]] = field(default_factory=dict)
    marks: Mapping[str, float] = field(default_factory=dict)
    log_x: bool = False


def curve(
    x: Sequence[float],
    y: Sequence[float],
    low: Sequence[float],
    high: Sequence[float],
    *,
    title: str,
    x_label: str,
    y_label: str,
    key: str,
    extra: Extra | None = None,
) -> str:
    """A line with the band between `low` and `high`; all have the length of `x`."""
    more = extra or Extra()
    columns = [x, y, low, high, *more.lines.values()]
    rows = [row for row in zip(*columns, strict=False) if all(map(math.isfinite, row))]
    if len(rows) < 2 or len({len(c) for c in columns}) != 1:
        raise ValueError("a curve needs two points, and a band and lines of the same length")
    if len(more.lines) > MOST_LINES or len(more.marks) > MOST_MARKS:
        raise ValueError(f"a curve shows at most {MOST_LINES} further lines and {MOST_MARKS} marks")
    if more.log_x and min(r[0] for r in rows) <= 0:
        raise ValueError("a logarithmic axis begins above nothing")
    place = math.log10 if more.log_x else float
    marks = {n: v for n, v in more.marks.items() if math.isfinite(v) and (v > 0 or not more.log_x)}
    xs = span_of([place(v) for v in (*(r[0] for r in rows), *marks.values())], "raw", pad=0.0)
    ys = span_of([v for r in rows for v in r[1:]], "raw")
    named = [("line", more.line)] * bool(more.line) + [("band", more.band)] * bool(more.band)
    named += [(f"s{i}", name) for i, name in enumerate(more.lines)]
    top = 24.0 + ROW * len(named) + (14.0 if marks else 0.0)
    bottom = top + 168.0
    sx, sy = Scale(xs, LEFT, WIDTH - RIGHT), Scale(ys, bottom, top)
    at = [sx(place(r[0])) for r in rows]
    upper = [(p, sy(r[3])) for p, r in zip(at, rows, strict=True)]
    lower = [(p, sy(r[2])) for p, r in zip(at, rows, strict=True)]
    parts = [
        *_legend(named),
        f'<path class="band" d="M{path_of(upper)}L{path_of(reversed(lower))}Z"/>',
        f'<path class="edge" d="M{path_of(upper)}"/><path class="edge" d="M{path_of(lower)}"/>',
    ]
    for index in range(len(more.lines)):
        line = [(p, sy(r[4 + index])) for p, r in zip(at, rows, strict=True)]
        parts.append(f'<path class="s{index % COLOURS}"{_dashed(index)} d="M{path_of(line)}"/>')
    parts.append(
        f'<path class="line" d="M{path_of((p, sy(r[1])) for p, r in zip(at, rows, strict=True))}"/>'
    )
    for name, value in marks.items():
        parts += threshold_line(sx(place(value)), top - 6, bottom, name)
    axis = (
        _log_axis(sx, xs, bottom, x_label) if more.log_x else axis_x(sx, xs, bottom, "raw", x_label)
    )
    parts += [*axis, *axis_y(sy, ys, LEFT, "raw", "")]
    parts.append(caption(4, top - (22 if marks else 9), y_label, "small", room=56))
    return picture(parts, bottom + 36, title, _told(rows, x_label, y_label, more), key)


def points(given: Mapping[str, Range], *, title: str, x_label: str, y_label: str, key: str) -> str:
    """Points in the plane; up to 24 are labelled, and shapes alternate."""
    rows = {n: p for n, p in given.items() if all(map(math.isfinite, p))}
    if not rows:
        raise ValueError("it has no point")
    xs, ys = (span_of([p[i] for p in rows.values()], "raw", pad=0.08) for i in (0, 1))
    top, bottom = 22.0, 200.0
    sx, sy = Scale(xs, LEFT, WIDTH - RIGHT), Scale(ys, bottom, top)
    parts = [*axis_x(sx, xs, bottom, "raw", x_label), *axis_y(sy, ys, LEFT, "raw", y_label)]
    for index, (name, (px, py)) in enumerate(rows.items()):
        parts.append(dot(sx(px), sy(py), index, name))
        if len(rows) <= 24:
            parts.append(_beside(sx(px), sy(py) + 4, name))
    words = "; ".join(
        f"{one_line(n, limit=60)} ({p[0]:.4g}, {p[1]:.4g})" for n, p in list(rows.items())[:12]
    )
    return picture(parts, bottom + 36, title, f"{len(rows)} points: {words}.", key)


def trade_off(
    series: Mapping[str, Mapping[str, Range]],
    *,
    title: str,
    x_label: str,
    y_label: str,
    key: str,
    worst: Mapping[str, float] | None = None,
    worst_says: str = "",
) -> str:
    """Families of points of which higher is better on both axes; `worst` hangs below a point.

    What no other point dominates is ringed and joined by a staircase. Raises `ValueError` if there
    is no point, too many families, or a number that is not finite.
    """
    rows = [(family, name, p) for family, named in series.items() for name, p in named.items()]
    below = {k: v for k, v in (worst or {}).items() if math.isfinite(v)}
    if not rows or not all(math.isfinite(v) for *_, p in rows for v in p):
        raise ValueError("it has no point, or one that is not finite")
    if len(series) > MOST_SERIES:
        raise ValueError(f"it has {len(series)} families, more than a picture can show")
    xs = span_of([p[0] for *_, p in rows], "raw", pad=0.05)
    ys = span_of([*(p[1] for *_, p in rows), *below.values()], "raw", pad=0.05)
    families = [name for name, named in series.items() if named]
    named = [(f"f{i}", name) for i, name in enumerate(families)]
    named += [("edge", "not dominated by any other")]
    named += [("thread", worst_says)] if below and worst_says else []
    columns = 1 if max(len(name) for _, name in named) > 30 else 2
    top = 24.0 + ROW * math.ceil(len(named) / columns)
    bottom = top + 210.0
    sx, sy = Scale(xs, LEFT, WIDTH - RIGHT), Scale(ys, bottom, top)
    best = _undominated([p for *_, p in rows])
    parts = [
        *_legend(named, columns=columns),
        *axis_x(sx, xs, bottom, "raw", x_label),
        *axis_y(sy, ys, LEFT, "raw", ""),
        caption(4, top - 9, y_label, "small", room=56),
        f'<path class="edge" d="M{path_of(_stairs(best, sx, sy))}"/>',
    ]
    for family in families:
        line = sorted((sx(x), sy(y)) for x, y in series[family].values())
        index = families.index(family)
        if len(line) > 1:
            parts.append(
                f'<path class="s{index % COLOURS}"{_dashed(index % COLOURS)} stroke-opacity="0.5" '
                f'd="M{path_of(line)}"/>'
            )
    for family, name, (x, y) in rows:
        under = below.get(f"{family}: {name}")
        if under is not None:
            parts.append(
                f'<path class="thread" d="M{sx(x):.1f} {sy(y):.1f}V{sy(under):.1f}m-3 0h6"/>'
            )
    for family, name, point in rows:
        told = f"{family}: {name} ({tick_text(point[0], 'raw')}, {tick_text(point[1], 'raw')})"
        parts.append(_shape(sx(point[0]), sy(point[1]), families.index(family), told))
    taken: list[tuple[float, float, float]] = []
    for _family, name, point in rows:
        x, y, wide = sx(point[0]), sy(point[1]) - 6, 6.2 * min(len(name), 24)
        start = x - 7 - wide if x > WIDTH * 0.6 else x + 7
        free = all(abs(y - b) > 11 or start > d or start + wide < a for a, b, d in taken)
        if point in best and free:  # the others are named when pointed at, and in the description
            taken.append((start, y, start + wide))
            parts.append(_beside(x, y, name))
    words = "; ".join(
        f"{one_line(f, limit=40)} {one_line(n, limit=40)} ({p[0]:.4g}, {p[1]:.4g})"
        for f, n, p in rows
        if p in best
    )
    says = f"{len(rows)} points in {len(families)} families; not dominated: {words}."
    return picture(parts, bottom + 36, title, says, key)


def _undominated(given: Sequence[Range]) -> list[Range]:
    """The points that no other one is at least as good as on both axes and better on one."""
    found: list[Range] = []
    for point in sorted(set(given), key=lambda p: (-p[0], -p[1])):
        if not found or point[1] > found[-1][1]:
            found.append(point)
    return found


def _stairs(best: Sequence[Range], sx: Scale, sy: Scale) -> Iterator[Range]:
    """The staircase that bounds what can be had, from the right down to the left."""
    for index, (x, y) in enumerate(best):
        if index:
            yield sx(x), sy(best[index - 1][1])
        yield sx(x), sy(y)


def _shape(x: float, y: float, index: int, name: str) -> str:
    kind, hollow = index % 4, "hollow " if index // 4 % 2 else ""
    shapes = (
        f"M{x - 4:.1f} {y:.1f}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0",
        f"M{x - 4:.1f} {y - 4:.1f}h8v8h-8z",
        f"M{x:.1f} {y - 5:.1f}l5 9h-10z",
        f"M{x:.1f} {y - 5:.1f}l5 5l-5 5l-5 -5z",
    )
    title = html.escape(one_line(name, limit=160))
    return (
        f'<path class="{hollow or "dot "}s{kind}" d="{shapes[kind]}"><title>{title}</title></path>'
    )


def _beside(x: float, y: float, name: str) -> str:
    late = x > WIDTH * 0.6
    return caption(x - 7 if late else x + 7, y, name, "small end" if late else "small", room=24)


def _dashed(index: int) -> str:
    dash = DASHES[index % len(DASHES)]
    return (
        f' fill="none" stroke-width="1.6" stroke-dasharray="{dash}"'
        if dash
        else (' fill="none" stroke-width="1.6"')
    )


def _legend(named: Sequence[tuple[str, str]], columns: int = 1) -> Iterator[str]:
    """A swatch and a name each: a line, a band, a shape or a thread."""
    wide = (WIDTH - LEFT - RIGHT) / columns
    for place, (kind, name) in enumerate(named):
        x, y = LEFT + wide * (place % columns), 8.0 + ROW * (place // columns)
        if kind == "band":
            yield f'<rect class="band" x="{x:.1f}" y="{y - 5:.1f}" width="18" height="10"/>'
        elif kind.startswith("f"):
            yield _shape(x + 9, y, int(kind[1:]), name)
        else:
            index = int(kind[1:]) if kind.startswith("s") else -1
            shown = f's{index % COLOURS}"{_dashed(index)}' if index >= 0 else f'{kind}"'
            yield f'<path class="{shown} d="M{x:.1f} {y:.1f}h18"/>'
        yield caption(x + 24, y + 4, name, "small", room=int((wide - 24) / 6))


def _log_axis(x: Scale, span: Range, y: float, label: str) -> list[str]:
    """The lower axis of logarithms to base ten, with ticks at powers of ten."""
    parts = [f'<path class="axis" d="M{x.start:.1f} {y:.1f}H{x.end:.1f}"/>']
    powers = range(math.ceil(span[0] - 1e-9), math.floor(span[1] + 1e-9) + 1)
    every = max(1, math.ceil(len(powers) / 8))
    shown = [float(p) for p in powers if p % every == 0] or [span[0], span[1]]
    for power in shown:
        at = x(power)
        side = "end" if at > WIDTH - 24 else "mid"
        parts.append(f'<path class="axis" d="M{at:.1f} {y:.1f}v4"/>')
        parts.append(caption(at, y + 16, _power(power), f"small {side}"))
    if label:
        parts.append(caption((x.start + x.end) / 2, y + 31, label, "small mid", room=56))
    return parts


def _power(power: float) -> str:
    """Ten to a power, short enough that two of them do not meet."""
    if power == int(power) and not -4 < power < 5:
        return "10" + str(int(power)).translate(RAISED)
    return tick_text(10**power, "raw")


def _told(rows: Sequence[Sequence[float]], x_label: str, y_label: str, more: Extra) -> str:
    first, last = rows[0], rows[-1]
    told = (
        f"Curve of {one_line(y_label)} over {one_line(x_label)}: from {first[1]:.4g} at "
        f"{first[0]:.4g} to {last[1]:.4g} at {last[0]:.4g}, with its band."
    )
    for index, name in enumerate(more.lines):
        told += (
            f" {one_line(name, limit=60)}: from {first[4 + index]:.4g} to {last[4 + index]:.4g}."
        )
    for name, value in more.marks.items():
        told += f" {one_line(name, limit=60)} at {value:.4g}."
    return told
