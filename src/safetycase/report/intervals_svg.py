"""The intervals of all leaves against their thresholds, as one picture in a few panels.

Numbers of one unit share an axis; small shares have one of their own, which is logarithmic. What
blocks the case comes first. A result that does not count now is drawn hollow and dotted, whatever
its interval says, and each row ends in a shape and a word: nothing is told by colour alone.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from safetycase.assess.records import Assessment
from safetycase.report.clean import one_line
from safetycase.report.drawing import LEFT, RIGHT, WIDTH, Scale, axis_x, span_of, tick_text
from safetycase.report.leaf_rows import LeafRow, leaf_rows
from safetycase.report.numbers import is_share
from safetycase.report.picture import glyph, label, plot, titled
from safetycase.report.text_width import BOLD, text_width

__all__ = ["MOST_ROWS", "intervals_svg"]

MOST_ROWS = 60
"""Rows drawn one by one, those that block first; the others are counted."""
SMALL = 0.05
"""Shares held against less than this stand on a logarithmic axis of their own."""
DECADES = 10
"""The logarithmic axis reaches so many powers of ten down at most."""
STEP, BARE, ROOM = 54.0, 21.0, WIDTH - LEFT - RIGHT
LARGE, ENDLESS = 1000.0, 1e300

_RANK = ("refutes", "inconclusive")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Panel:
    """Rows on one axis; `unit` is that of the first, `log` how the axis runs."""

    title: str
    unit: str
    log: bool
    rows: tuple[LeafRow, ...]


class LogScale(Scale):
    """A logarithmic map; what is not above the span's lower end lies on its edge."""

    def __call__(self, value: float) -> float:
        """Where `value` lies."""
        low, high = (math.log10(end) for end in self.span)
        at = math.log10(min(max(value, self.span[0]), self.span[1]))
        return self.start + (at - low) / (high - low) * (self.end - self.start)


def intervals_svg(
    assessment: Assessment, *, key: str = "intervals", alone: bool = True, most: int = MOST_ROWS
) -> str:
    """Every measured quantity with its interval, estimate, n, level, criterion and outcome.

    `key` makes ids unique on a page, `alone` makes it a file, and `most` is how many rows are
    drawn. Leaves without a number are listed below; a case without leaves says so.
    """
    rows = sorted(leaf_rows(assessment), key=_rank)
    shown, rest = rows[:most], rows[most:]
    parts: list[str] = []
    y = 18.0
    measured = [row for row in shown if row.quantity is not None]
    if measured:
        parts += _key(y)
        y += 38
    for panel in _panels(measured):
        drawn, y = _panel(panel, y)
        parts += drawn
    bare = [row for row in shown if row.quantity is None]
    if bare:
        parts.append(label(LEFT, y, "Without a number", "strong", room=ROOM))
        y += 8
        for row in bare:
            parts += _bare(row, y)
            y += BARE
    for words in _ending(rows, rest):
        parts.append(label(LEFT, y + 8, words, "small", room=ROOM))
        y += 20
    title = f"The intervals of the leaves of {one_line(assessment.case.header.case, limit=80)}"
    return plot(parts, y + 4, title=title, says=_told(rows), key=key, alone=alone)


def _rank(row: LeafRow) -> int:
    """What blocks the case first; the order of the file within."""
    if row.counts:
        return 5
    if row.quantity is None:
        return 4
    return _RANK.index(row.says) if row.says in _RANK else 2


def _panels(rows: Sequence[LeafRow]) -> Iterator[_Panel]:
    """The rows by unit and scale, in the order in which they are met."""
    groups: dict[tuple[str, bool], list[LeafRow]] = {}
    for row in rows:
        assert row.quantity is not None
        unit = "share" if is_share(row.quantity.unit) else row.quantity.unit
        groups.setdefault((unit, is_share(unit) and _small(row)), []).append(row)
    for (unit, small), found in groups.items():
        log = small or (not is_share(unit) and _wide(found))
        name = "Shares" if is_share(unit) else one_line(unit, limit=80) or "Numbers without a unit"
        if log:
            name = "Small shares, logarithmic" if is_share(unit) else f"{name}, logarithmic"
        yield _Panel(title=name, unit=unit, log=log, rows=tuple(found))


def _small(row: LeafRow) -> bool:
    """Whether a share is held against so little that a plain axis would show nothing."""
    assert row.quantity is not None
    against = max(row.thresholds, default=row.quantity.interval.high)
    return 0 < against < SMALL


def _wide(rows: Sequence[LeafRow]) -> bool:
    """Whether numbers of a unit lie so far apart that a plain axis would show the largest alone."""
    values = [v for row in rows for v in _values(row)]
    positive = [v for v in values if v > 0]
    return min(values, default=0) >= 0 and bool(positive) and max(positive) > LARGE * min(positive)


def _values(row: LeafRow) -> list[float]:
    """The numbers of a row that an axis can hold."""
    q = row.quantity
    assert q is not None
    found = (q.interval.low, q.estimate, q.interval.high, *row.thresholds)
    return [v if abs(v) > 1 / ENDLESS else 0.0 for v in found if abs(v) < ENDLESS]


def _scale(panel: _Panel) -> Scale:
    values = [v for row in panel.rows for v in _values(row)] or [0.0, 1.0]
    if not panel.log:
        return Scale(span_of(values, panel.unit), LEFT, WIDTH - RIGHT)
    positive = [v for v in values if v > 0] or [1.0]
    least = max(min(positive), max(positive) * 10.0**-DECADES)
    # Half a decade to spare, so that no threshold stands at the very edge.
    top = math.ceil(math.log10(max(positive) * 2))
    bottom = min(math.floor(math.log10(least / 2)), top - 2)
    return LogScale((10.0**bottom, 10.0**top), LEFT, WIDTH - RIGHT)


def _panel(panel: _Panel, y: float) -> tuple[list[str], float]:
    """The drawing of a panel from `y` down, and where the next begins."""
    x = _scale(panel)
    parts = [label(LEFT, y, panel.title, "strong", room=ROOM)]
    y += 6
    for row in panel.rows:
        parts += _row(row, x, y, log=panel.log)
        y += STEP
    parts += _log_axis(x, y, panel.unit) if panel.log else axis_x(x, x.span, y, panel.unit, "")
    return parts, y + 44


def _log_axis(x: Scale, y: float, unit: str) -> Iterator[str]:
    """Powers of ten, at most six of them with their number."""
    low, high = (round(math.log10(end)) for end in x.span)
    yield f'<path class="axis" d="M{x.start:.1f} {y:.1f}H{x.end:.1f}"/>'
    every = math.ceil((high - low) / 6)
    for power in range(low, high + 1):
        at = x(10.0**power)
        yield f'<path class="axis" d="M{at:.1f} {y:.1f}v4"/>'
        if (high - power) % every == 0:
            side = "end" if at > WIDTH - 30 else ("mid" if at > 24 else "")
            yield label(at, y + 16, tick_text(10.0**power, unit), f"small {side}", room=90)


def _row(row: LeafRow, x: Scale, y: float, *, log: bool) -> Iterator[str]:
    """A row: name and reading, the interval on its rail, the criterion and the outcome."""
    q = row.quantity
    assert q is not None
    name = row.evidence if q.name == row.evidence else f"{row.evidence}: {q.name}"
    wide = min(text_width(row.reading, 12.0) + 1, ROOM * 0.62)
    yield label(LEFT, y + 13, name, room=ROOM - wide - 10)
    yield label(WIDTH - RIGHT, y + 13, row.reading, "num end", room=wide)
    middle = y + 25
    yield f'<path class="rail" d="M{x.start:.1f} {middle:.1f}H{x.end:.1f}"/>'
    yield from _threshold(row, x, middle)
    yield from _whisker(row, x, middle, log=log)
    wide = min(text_width(row.says, 11.0) * BOLD + 1, ROOM * 0.5)
    yield label(LEFT, y + 44, f"{row.asked} · {row.n}", "small", room=ROOM - wide - 28)
    yield glyph(row.mark, WIDTH - RIGHT - 13, y + 34)
    yield label(WIDTH - RIGHT - 18, y + 44, row.says, "strong end", room=wide)


def _threshold(row: LeafRow, x: Scale, y: float) -> Iterator[str]:
    """Each threshold as an upright that points to the side where it is met, which is shaded."""
    if row.at_least is not None or row.at_most is not None:
        start = x.start if row.at_least is None else x(row.at_least)
        end = x.end if row.at_most is None else x(row.at_most)
        wide = max(end - start, 0)
        yield f'<rect class="pass" x="{start:.1f}" y="{y - 7:.1f}" width="{wide:.1f}" height="14"/>'
    for bound, point in ((row.at_least, 6), (row.at_most, -6)):
        if bound is not None:
            at = x(bound)
            yield f'<path class="dot" d="M{at:.1f} {y - 10:.1f}l{point} 3.5l{-point} 3.5z"/>'
    for bound in row.thresholds:
        yield f'<path class="bound" d="M{x(bound):.1f} {y - 10:.1f}v20"/>'


def _whisker(row: LeafRow, x: Scale, y: float, *, log: bool) -> Iterator[str]:
    """The interval with its ends; an end that the axis does not reach is an arrow."""
    q = row.quantity
    assert q is not None
    bottom = -math.inf if math.isnan(q.interval.low) else q.interval.low
    upmost = math.inf if math.isnan(q.interval.high) else q.interval.high
    low, high = x(bottom), x(upmost)
    high = max(high, low + 1)
    starts = f"M{low:.1f} {y - 4:.1f}v8"
    if bottom < x.span[0] or (log and bottom <= 0):
        starts = f"M{low + 5:.1f} {y - 4:.1f}l-5 4l5 4"
    ends = f"M{high:.1f} {y - 4:.1f}v8"
    if upmost > x.span[1]:
        ends = f"M{high - 5:.1f} {y - 4:.1f}l5 4l-5 4"
    counted = row.counts or row.says in _RANK
    told = titled(f"{row.evidence}: {q.name} {row.reading}, {row.n}, {row.says}")
    dots = "" if counted else ' stroke-dasharray="2 2"'
    yield (
        f'<path class="line"{dots} d="M{low:.1f} {y:.1f}H{high:.1f}{starts}{ends}">{told}</path>'
    )
    if math.isfinite(q.estimate) and not (log and q.estimate <= 0):
        kind = "dot" if counted else "hollow"
        yield f'<circle class="{kind}" cx="{x(q.estimate):.1f}" cy="{y:.1f}" r="3.6"/>'


def _bare(row: LeafRow, y: float) -> Iterator[str]:
    """A leaf that has no number, why, and what its number will be held against."""
    told = f"{row.says} · {row.asked}" if row.asked else row.says
    wide = min(text_width(one_line(told, limit=200), 11.0) + 1, ROOM * 0.6)
    yield glyph(row.mark, LEFT, y + 2)
    yield label(LEFT + 19, y + 12, row.evidence, room=ROOM - wide - 29)
    yield label(WIDTH - RIGHT, y + 12, told, "small end", room=wide)


def _key(y: float) -> Iterator[str]:
    """What the shapes mean, above the picture."""
    middle = y - 4
    yield f'<path class="line" d="M8 {middle}h30M8 {middle - 4}v8M38 {middle - 4}v8"/>'
    yield f'<circle class="dot" cx="23" cy="{middle}" r="3.6"/>'
    yield label(46, y, "interval and estimate", "small", room=140)
    yield f'<rect class="pass" x="186" y="{middle - 7}" width="14" height="14"/>'
    yield f'<path class="dot" d="M200 {middle - 10}l-6 3.5l6 3.5z"/>'
    yield f'<path class="bound" d="M200 {middle - 10}v20"/>'
    yield label(208, y, "criterion; it is met on the shaded side", "small", room=244)
    yield f'<path class="line" stroke-dasharray="2 2" d="M8 {middle + 19}h30"/>'
    yield f'<circle class="hollow" cx="23" cy="{middle + 19}" r="3.6"/>'
    yield label(46, y + 19, "dotted and hollow: this result does not count now", "small", room=400)


def _ending(rows: Sequence[LeafRow], rest: Sequence[LeafRow]) -> Iterator[str]:
    """What is not drawn, in words."""
    if not rows:
        yield "This case has no leaf: nothing in it is measured."
    if rest:
        yield f"{len(rest):,} further rows are not drawn: {_counts(rest)}."


def _counts(rows: Sequence[LeafRow]) -> str:
    return ", ".join(f"{count:,} {word}" for word, count in Counter(r.says for r in rows).items())


def _told(rows: Sequence[LeafRow]) -> str:
    """The picture in sentences, those that block first."""
    if not rows:
        return "This case has no leaf: nothing in it is measured."
    measured = sum(row.quantity is not None for row in rows)
    bare = len(rows) - measured
    told = [f"{measured:,} measured {'number' if measured == 1 else 'numbers'}"]
    if bare:
        told[0] += f" and {bare:,} {'leaf' if bare == 1 else 'leaves'} without one"
    told[0] += f": {_counts(rows)}."
    for row in rows:
        name = one_line(row.evidence, limit=80)
        if row.quantity is None:
            told.append(f"{name}: {row.says}.")
            continue
        told.append(
            f"{name}: {one_line(row.quantity.name, limit=60)} {row.reading}, {row.n}, "
            f"held against {one_line(row.asked, limit=120)}: {row.says}."
        )
    return " ".join(told)
