"""The parts that every drawing shares: scales, axes, text, hatching. All text is escaped."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Iterator, Sequence

from safetycase.report.clean import one_line, shorten
from safetycase.report.numbers import is_share, share

__all__ = [
    "LEFT",
    "RIGHT",
    "WIDTH",
    "Range",
    "Scale",
    "axis_x",
    "axis_y",
    "between",
    "dot",
    "escaped",
    "hatches",
    "key_id",
    "caption",
    "legend_entry",
    "passing",
    "path_of",
    "picture",
    "span_of",
    "steps",
    "threshold_line",
    "tick_text",
    "ticks",
    "whisker",
]

Range = tuple[float, float]
WIDTH = 460.0
LEFT, RIGHT = 8.0, 8.0


class Scale:
    """A linear map from `span` to pixels."""

    def __init__(self, span: Range, start: float, end: float) -> None:
        self.span, self.start, self.end = span, start, end

    def __call__(self, value: float) -> float:
        """Where `value` lies; values outside the span lie on its edge."""
        low, high = self.span
        part = (min(max(value, low), high) - low) / (high - low)
        return self.start + part * (self.end - self.start)


def span_of(values: Iterable[float], unit: str, pad: float = 0.06) -> Range:
    """The range of an axis: parts of one start at nothing and end at all, if that is near."""
    finite = [v for v in values if math.isfinite(v)]
    if not finite:
        raise ValueError("it has no finite number")
    low, high = min(finite), max(finite)
    if not math.isfinite(high - low):
        raise ValueError("its numbers lie too far apart for an axis")
    if is_share(unit) and low >= 0 and high <= 1:
        high = 1.0 if high > 0.6 else high * 1.25 or 1.0
        return (0.0, high) if low < 0.75 else (math.floor(low * 20 - 0.5) / 20, 1.0)
    if high - low <= 1e-12 * max(abs(low), abs(high), 1e-300):
        extra = abs(high) * 0.5 or 1.0
        return low - extra, high + extra
    room = (high - low) * pad
    return low - room, high + room


def ticks(span: Range, most: int = 6) -> list[float]:
    """Round numbers within `span`, about `most` of them."""
    low, high = span
    raw = (high - low) / most
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(i * step, 12) for i in range(first, last + 1)]


def tick_text(value: float, unit: str) -> str:
    """A number on an axis."""
    if is_share(unit):
        return share(value)
    large = 1e4 <= abs(value) < 1e12
    return (f"{value:,.0f}" if large else f"{value:.4g}").replace("-", "−")


def between(low: float, high: float, unit: str) -> str:
    """The interval in words; never a bare zero for a share."""
    if is_share(unit) and low <= 0 and high >= 1:
        return "none to all"
    if is_share(unit) and low == 0:
        return f"≤ {tick_text(high, unit)}"
    if is_share(unit) and high == 1:
        return f"≥ {tick_text(low, unit)}"
    return f"{tick_text(low, unit)} to {tick_text(high, unit)}"


def whisker(low: float, point: float, high: float, y: float) -> str:
    """An interval with its ends and its point, in pixels."""
    return (
        f'<path class="line" d="M{low:.1f} {y:.1f}H{max(high, low + 1):.1f}M{low:.1f} {y - 4:.1f}v8'
        f'M{high:.1f} {y - 4:.1f}v8"/><circle class="dot" cx="{point:.1f}" cy="{y:.1f}" r="3.6"/>'
    )


def passing(
    passes: str | None, threshold: float | None, x: Scale, top: float, bottom: float
) -> Iterator[str]:
    """The side of the threshold that meets the criterion, shaded."""
    if passes is None or threshold is None:
        return
    at = x(threshold)
    start, end = (x.start, at) if passes == "below" else (at, x.end)
    yield (
        f'<rect class="pass" x="{start:.1f}" y="{top:.1f}" width="{max(end - start, 0):.1f}" '
        f'height="{bottom - top:.1f}"/>'
    )


def threshold_line(x: float, top: float, bottom: float, label: str) -> list[str]:
    """A dashed upright line with its label on the side that has room."""
    late = x > WIDTH * 0.62
    return [
        f'<path class="bound" d="M{x:.1f} {top:.1f}V{bottom:.1f}"/>',
        caption(x - 4 if late else x + 4, top + 2, label, "strong end" if late else "strong"),
    ]


def axis_x(x: Scale, span: Range, y: float, unit: str, label: str) -> list[str]:
    """The lower axis with ticks; `label` below it."""
    parts = [f'<path class="axis" d="M{x.start:.1f} {y:.1f}H{x.end:.1f}"/>']
    for tick in ticks(span):
        at = x(tick)
        side = "end" if at > WIDTH - 24 else ("mid" if at > 24 else "")
        parts.append(f'<path class="axis" d="M{at:.1f} {y:.1f}v4"/>')
        parts.append(caption(at, y + 16, tick_text(tick, unit), f"small {side}"))
    if label and label != "raw":
        parts.append(caption((x.start + x.end) / 2, y + 31, label, "small mid", room=56))
    return parts


def axis_y(y: Scale, span: Range, left: float, unit: str, label: str) -> list[str]:
    """The left axis with ticks; `label` above it."""
    parts = [f'<path class="axis" d="M{left:.1f} {y.start:.1f}V{y.end:.1f}"/>']
    for tick in ticks(span, 5):
        at = y(tick)
        parts.append(f'<path class="axis" d="M{left - 4:.1f} {at:.1f}h4"/>')
        parts.append(caption(left - 6, at + 4, tick_text(tick, unit), "small end"))
    if label and label != "raw":
        parts.append(caption(4, y.end - 9, label, "small", room=56))
    return parts


def hatches(key: str, count: int) -> Iterator[str]:
    """One hatching per series, different in direction so that it prints in black."""
    lines = ("M-2 2L2 -2M0 8L8 0M6 10L10 6", "M-2 6L2 10M0 0L8 8M6 -2L10 2", "M0 4H8", "M4 0V8")
    yield "<defs>"
    for index in range(count):
        yield (
            f'<pattern id="{key_id(key)}-h{index}" width="8" height="8" '
            f'patternUnits="userSpaceOnUse"><path class="s{index}" d="{lines[index]}" '
            'fill="none" stroke-width="1.2"/></pattern>'
        )
    yield "</defs>"


def legend_entry(index: int, label: str, left: float, key: str) -> list[str]:
    """The swatch and name of one series."""
    y = 6.0 + 18 * index
    return [
        f'<rect class="s{index}" x="{left:.1f}" y="{y:.1f}" width="18" height="11" '
        f'fill="url(#{key_id(key)}-h{index})" stroke-width="1.2"/>',
        caption(left + 24, y + 10, label, room=52),
    ]


def steps(
    edges: Sequence[float],
    row: Sequence[float],
    x: Scale,
    y: Scale,
    bottom: float,
    index: int,
    key: str,
) -> str:
    """The outline of one series of a histogram, hatched."""
    path = [(x(edges[0]), bottom)]
    for start, end, height in zip(edges, edges[1:], row, strict=False):
        path += [(x(start), y(height)), (x(end), y(height))]
    path.append((x(edges[-1]), bottom))
    dash = ("", "5 3", "2 2", "7 2 2 2")[index]
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<path class="s{index}" d="M{path_of(path)}" fill="url(#{key_id(key)}-h{index})" '
        f'stroke-width="1.6"{dashed}/>'
    )


def dot(x: float, y: float, index: int, name: str) -> str:
    """A point whose shape alternates, with its name as title."""
    shapes = (
        f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="4">',
        f'<rect class="dot" x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8">',
        f'<path class="dot" d="M{x:.1f} {y - 5:.1f}l5 9h-10z">',
    )
    shape = shapes[index % 3]
    tag = shape[1:].split(" ", 1)[0]
    return f"{shape}<title>{escaped(name, 80)}</title></{tag}>"


def path_of(pairs: Iterable[Range]) -> str:
    """Pixels as the body of a path."""
    return "L".join(f"{x:.1f} {y:.1f}" for x, y in pairs)


def caption(x: float, y: float, text: str, names: str = "", *, room: int = 40) -> str:
    """Escaped text of at most `room` columns; `names` are stylesheet classes."""
    shown = html.escape(shorten(one_line(text, limit=room * 4), room))
    kind = f' class="{names.strip()}"' if names.strip() else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{kind}>{shown}</text>'


def picture(parts: Iterable[str], height: float, title: str, says: str, key: str) -> str:
    """The whole SVG with its title and its description for those who cannot see it."""
    name = key_id(key)
    return (
        f'<svg class="plot" viewBox="0 0 {WIDTH:.0f} {height:.0f}" role="img" '
        f'aria-labelledby="{name}-t {name}-d"><title id="{name}-t">{escaped(title, 200)}</title>'
        f'<desc id="{name}-d">{escaped(says, 1200)}</desc>{"".join(parts)}</svg>'
    )


def escaped(text: str, limit: int) -> str:
    """Text on one line, safe inside markup."""
    return html.escape(one_line(text, limit=limit))


def key_id(key: str) -> str:
    """An id from letters, digits and hyphens."""
    return "p-" + "".join(c if c.isascii() and c.isalnum() else "-" for c in key)[:120]
