"""Two pictures of a confidence number: what takes certainty down to Bel, and three readings of it.

The figures are those of the terminal. Kinds of doubt differ by hatching, colour and word. Both
pictures stand alone as a file (`alone`), or take the classes of the page they are in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from safetycase.assess.breakdown import Breakdown, Way
from safetycase.report.confidence_text import KINDS as KIND_WORDS
from safetycase.report.confidence_text import inside, way_cells
from safetycase.report.doubt_sum import DoubtSum, Entry, doubt_sum
from safetycase.report.drawing import LEFT, RIGHT, WIDTH, Range, Scale, axis_x, key_id
from safetycase.report.picture import KINDS, label, patterns, plot, titled, zoomed
from safetycase.report.probability import fixed, nearest

__all__ = ["waterfall_svg", "ways_svg"]

MOST_BARS = 16
"""Bars for single doubts; smaller ones are drawn as one."""
STEP, BAR, TOP = 33.0, 10.0, 24.0
ROOM = WIDTH - LEFT - RIGHT
LABEL = ROOM - 70.0


def waterfall_svg(b: Breakdown, *, key: str = "doubts", alone: bool = True) -> str:
    """From certainty down to Bel, one bar per doubt, with the target; `key` makes ids unique.

    Raises `ValueError` for a claim without a number.
    """
    _need_number(b)
    whole = doubt_sum(b)
    bars = _bars(whole)
    levels = _levels(bars, whole)
    targets = [] if b.target is None else [b.target]
    span = zoomed([*levels, *targets])
    x = Scale(span, LEFT, WIDTH - RIGHT)
    parts = [patterns(key, dict.fromkeys(_kind(bar) for bar in bars))]
    bottom = TOP + STEP * (len(bars) + 2) + 2
    parts += _threads([x(level) for level in levels])
    parts += _target(b, x, bottom)
    parts += _total(TOP, "if nothing were doubted", "1", x(1.0), x)
    for index, bar in enumerate(bars):
        y = TOP + STEP * (index + 1)
        parts += _doubt(bar, y, x(levels[index]), x(levels[index + 1]), key)
    parts += _total(TOP + STEP * (len(bars) + 1), "Bel", whole.bel, x(levels[-1]), x)
    parts += axis_x(x, span, bottom, "raw", _axis(span))
    told = "; ".join(f"{bar.text} {_name(bar)}" for bar in bars)
    says = f"From 1 down to Bel {whole.bel}: {told or 'nothing is doubted'}."
    if b.target is not None:
        says = f"The decision asks for {b.target:g}. {says}"
    title = f"What takes the confidence in {b.claim[:120]} down to {whole.bel}"
    return plot(parts, bottom + 37, title=title, says=says, key=key, alone=alone)


def ways_svg(b: Breakdown, *, key: str = "ways", alone: bool = True) -> str:
    """The interval under each reading of dependence, with the reference value and the target.

    Raises `ValueError` for a claim without a number. Without readings the one interval is drawn.
    """
    _need_number(b)
    ways = b.ways or (Way(name="unknown dependence", low=b.bel, high=b.pl),)
    targets = [] if b.target is None else [b.target]
    span = zoomed([*(way.low for way in ways), b.bel, *targets])
    x = Scale(span, LEFT, WIDTH - RIGHT)
    bottom = TOP + STEP * len(ways) + 4
    parts = _target(b, x, bottom)
    told = []
    for index, way in enumerate(ways):
        low, high, point = way_cells(way)
        reading = f"{low} to {high}" if way.high is not None else f"at least {low}"
        reading += f", value {point}" if way.point is not None else ""
        told.append(f"{way.name} {reading}")
        parts += _interval(way, TOP + STEP * index, reading, x, index)
    height = bottom + 37
    if b.reference is not None and inside(b):
        shown = nearest(min(max(b.reference, b.bel), b.pl))
        parts += _reference(x(b.reference), bottom, f"reference model {shown}")
        told.append(f"reference model {shown}")
        height += 17
    parts += axis_x(x, span, height - 37, "raw", _axis(span))
    if b.target is not None:
        told.append(f"the decision asks for {b.target:g}")
    title = f"The confidence in {b.claim[:120]} under three readings of dependence"
    return plot(parts, height, title=title, says="; ".join(told) + ".", key=key, alone=alone)


def _need_number(b: Breakdown) -> None:
    if b.no_number_because:
        raise ValueError("the claim has no confidence number, so there is nothing to draw")


def _axis(span: Range) -> str:
    """What the axis measures; where it does not start at 0, that is said."""
    if span[0] <= 0:
        return "probability that the argument goes through"
    return f"probability; the axis starts at {span[0]:g}"


def _bars(whole: DoubtSum) -> list[Entry]:
    """The entries to draw: the largest lines, the rest of the lines as one, what is left over."""
    lines = [e for e in whole.entries if e.line is not None]
    others = [e for e in whole.entries if e.line is None]
    if len(lines) <= MOST_BARS:
        return [*lines, *others]
    tail = lines[MOST_BARS - 1 :]
    units = sum(e.units for e in tail)
    merged = Entry(
        line=None,
        says=f"{len(tail)} smaller doubts together",
        doubt=sum(e.doubt for e in tail),
        units=units,
        text=fixed(units, whole.places),
    )
    return [*lines[: MOST_BARS - 1], merged, *others]


def _levels(bars: Sequence[Entry], whole: DoubtSum) -> list[float]:
    """What is left of certainty before each bar and after the last, as printed."""
    levels, units = [1.0], 10**whole.places
    for bar in bars:
        units -= bar.units
        levels.append(units / 10**whole.places)
    return levels


def _kind(bar: Entry) -> str:
    return bar.line.what if bar.line is not None and bar.line.what in KINDS else "rest"


def _name(bar: Entry) -> str:
    return bar.says if bar.line is None else f"{KIND_WORDS[bar.line.what]} {bar.line.id[:120]}"


def _total(y: float, name: str, reading: str, end: float, x: Scale) -> Iterator[str]:
    """The bar of a whole: certainty at the top, Bel at the bottom."""
    yield label(LEFT, y + 11, name, room=LABEL)
    yield label(WIDTH - RIGHT, y + 11, reading, "num end", room=68)
    wide = max(end - x.start, 1.0)
    yield f'<rect class="whole" x="{x.start:.1f}" y="{y + 16:.1f}" width="{wide:.1f}" '
    yield f'height="{BAR:.0f}"/>'


def _doubt(bar: Entry, y: float, before: float, after: float, key: str) -> Iterator[str]:
    """One doubt: from what was left before it to what is left after it."""
    kind = _kind(bar)
    saved = bar.text.startswith("−")
    sign = "" if bar.text.startswith("<") else "+" if saved else "−"
    reading = sign + bar.text.removeprefix("−")
    yield label(LEFT, y + 11, _name(bar), room=LABEL)
    yield label(WIDTH - RIGHT, y + 11, reading, "num end", room=68)
    left, wide = min(before, after), max(abs(before - after), 1.5)
    left = min(left, WIDTH - RIGHT - wide)
    told = _name(bar) if bar.line is None else f"{_name(bar)}: {bar.line.says[:200]}"
    yield (
        f'<rect class="k-{kind}" x="{left:.1f}" y="{y + 16:.1f}" width="{wide:.1f}" '
        f'height="{BAR:.0f}" fill="url(#{key_id(key)}-{kind})" stroke-width="1.3">'
        f"{titled(f'{reading} {told}')}</rect>"
    )


def _threads(levels: Sequence[float]) -> Iterator[str]:
    """Dotted uprights from the end of each bar to the start of the next."""
    for index, at in enumerate(levels):
        y = TOP + STEP * index + 16 + BAR
        yield f'<path class="thread" d="M{at:.1f} {y:.1f}v{STEP - BAR:.0f}"/>'


def _target(b: Breakdown, x: Scale, bottom: float) -> list[str]:
    """The dashed upright at what the decision asks for."""
    if b.target is None:
        return []
    at = x(b.target)
    late = at > WIDTH * 0.6
    words = f"asked for: {b.target:g}"
    return [
        f'<path class="bound" d="M{at:.1f} 6V{bottom:.1f}"/>',
        label(at - 5 if late else at + 5, 14, words, "strong end" if late else "strong", room=200),
    ]


def _interval(way: Way, y: float, reading: str, x: Scale, index: int) -> Iterator[str]:
    """One reading: a box from its low to its high end, open where there is no high end."""
    yield label(LEFT, y + 11, way.name, room=ROOM * 0.45)
    yield label(WIDTH - RIGHT, y + 11, reading, "num end", room=ROOM * 0.52)
    low = x(way.low)
    high = x(1.0 if way.high is None else way.high)
    wide = max(high - low, 1.5)
    top, middle = y + 16, y + 16 + BAR / 2
    dash = ' stroke-dasharray="4 3"' if way.high is None else ""
    yield (
        f'<rect class="gap" x="{low:.1f}" y="{top:.1f}" width="{wide:.1f}" height="{BAR:.0f}"'
        f"{dash}>{titled(f'{way.name}: {reading}')}</rect>"
        f'<path class="line" d="M{low:.1f} {top - 2:.1f}v{BAR + 4:.0f}"/>'
    )
    if way.high is not None:
        yield f'<path class="line" d="M{high:.1f} {top - 2:.1f}v{BAR + 4:.0f}"/>'
    if way.point is not None:
        yield _point(x(way.point), middle, index)


def _point(x: float, y: float, index: int) -> str:
    """The single value of a reading, inside its interval; shapes alternate."""
    shapes = (
        f'<circle class="hollow" cx="{x:.1f}" cy="{y:.1f}" r="4.2"/>',
        f'<path class="hollow" d="M{x:.1f} {y - 5.5:.1f}l5.5 5.5l-5.5 5.5l-5.5 -5.5z"/>',
        f'<rect class="hollow" x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8"/>',
    )
    return shapes[index % 3]


def _reference(x: float, y: float, words: str) -> Iterator[str]:
    """The reference value as a tick through the readings, named beneath them."""
    late = x > WIDTH * 0.6
    yield f'<path class="thread" d="M{x:.1f} {TOP:.1f}V{y + 4:.1f}"/>'
    yield f'<path class="dot" d="M{x:.1f} {y:.1f}l4.5 8h-9z"/>'
    at, names = (x - 8, "small end") if late else (x + 8, "small")
    yield label(at, y + 9, words, names, room=220)
