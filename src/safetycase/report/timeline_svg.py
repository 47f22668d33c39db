"""The freshness timeline: until when everything that a case rests on counts, as one picture.

Time runs from left to right, with a dashed upright at the time of the assessment. What counts now
is a filled bar, what does not is an outline; runs, alarms and events have shapes of their own, and
every row ends in its state and its date in words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from safetycase.assess.records import Assessment
from safetycase.report.clean import one_line
from safetycase.report.drawing import LEFT, RIGHT, WIDTH, Range, Scale, key_id
from safetycase.report.picture import glyph, label, plot, titled
from safetycase.report.text_width import text_width
from safetycase.report.timeline import SECTIONS, Moment, Span, days_text, next_to_end, spans

__all__ = ["MOST_ROWS", "timeline_svg"]

MOST_ROWS = 40
"""Rows of each part that are drawn one by one; the others are counted."""
MOST_MOMENTS = 60
DAY = 86_400.0
FARTHEST = 731 * DAY
"""How far the axis reaches to either side of now; what lies beyond is an arrow at the edge."""
NEAREST = 20 * DAY
EARLIEST = datetime(2, 1, 1, tzinfo=UTC).timestamp()
LATEST = datetime(9998, 12, 1, tzinfo=UTC).timestamp()
"""Where the axis ends at the latest, since years have four digits."""
STEP, BARE, ROOM = 38.0, 21.0, WIDTH - LEFT - RIGHT
MONTHS = (1, 2, 3, 6, 12, 24)
DAYS = (1, 2, 7, 14)
MOST_TICKS = 6


def timeline_svg(
    assessment: Assessment, *, key: str = "timeline", alone: bool = True, most: int = MOST_ROWS
) -> str:
    """Decision, evidence, assumptions, monitors and events against time, as of `assessment.at`.

    `key` makes ids unique on a page, `alone` makes it a file, and `most` is how many rows of each
    part are drawn; the part says how many are not.
    """
    rows, now = spans(assessment), assessment.at.astimezone(UTC)
    x = Scale(_range(rows, now), LEFT, WIDTH - RIGHT)
    parts = [_hatching(key), *_key()]
    y = 66.0
    body: list[str] = []
    for section, title in SECTIONS.items():
        mine = [row for row in rows if row.section == section]
        if not mine:
            continue
        body.append(label(LEFT, y, title, "strong", room=ROOM))
        y += 4
        for row in mine[:most]:
            body += _row(row, x, y, key)
            y += STEP if _has_bar(row) else BARE
        if len(mine) > most:
            body.append(label(LEFT, y + 12, _more(mine[most:]), "small", room=ROOM))
            y += 20
        y += 18
    y -= 8
    parts += _now(x, now, y)
    parts += body
    parts += _axis(x, y)
    title = f"Until when the parts of {one_line(assessment.case.header.case, limit=80)} count"
    return plot(parts, y + 24, title=title, says=_told(rows, now), key=key, alone=alone)


def _range(rows: Sequence[Span], now: datetime) -> Range:
    """The axis, in seconds: from the first beginning to the last end, within reason."""
    at = now.timestamp()
    times = [t.timestamp() for row in rows for t in (row.start, row.end) if t is not None]
    times += [m.at.timestamp() for row in rows for m in row.moments]
    inside = [t for t in times if abs(t - at) <= FARTHEST]
    start, end = min([*inside, at - NEAREST]), max([*inside, at + NEAREST])
    # What lies farther away makes room for its arrow, and no more.
    if any(t < at - FARTHEST for t in times):
        start = min(start, at - (end - at) / 2)
    if any(t > at + FARTHEST for t in times):
        end = max(end, at + (at - start) / 2)
    pad = (end - start) / 40
    start, wide = max(start - pad, EARLIEST), end - start + 2 * pad
    start = min(start, LATEST - wide)
    return start, start + wide


def _row(row: Span, x: Scale, y: float, key: str) -> Iterator[str]:
    """A row: shape and name, state in words, the bar, and what happened on it."""
    yield glyph(row.mark, LEFT, y + 4)
    wide = min(text_width(row.says, 11.0) + 1, ROOM * 0.6)
    yield label(LEFT + 18, y + 15, row.id, room=ROOM - wide - 28)
    yield label(WIDTH - RIGHT, y + 15, row.says, "small end", room=wide)
    if not _has_bar(row):
        return
    middle = y + 26
    yield f'<path class="rail" d="M{x.start:.1f} {middle:.1f}H{x.end:.1f}"/>'
    never = row.section == "evidence" and row.start is None  # no run of it ended with a result
    if row.section != "events" and not never:
        yield from _bar(row, x, middle, key)
    told = row.moments[-MOST_MOMENTS:]
    yield from (_moment(m, x, middle) for m in told)


def _has_bar(row: Span) -> bool:
    """Whether there is anything to draw of a row: it began, ends, or something happened."""
    return bool(row.start or row.end or row.moments) or row.section == "taken"


def _bar(row: Span, x: Scale, y: float, key: str) -> Iterator[str]:
    """From the beginning to the end; an arrow where it goes on beyond the axis."""
    start = x.start if row.start is None else x(row.start.timestamp())
    end = x.end if row.end is None else x(row.end.timestamp())
    end = max(end, start + 1.5)
    told = titled(f"{row.id}: {row.says}")
    kind = "whole" if row.counts else "hollow"
    yield (
        f'<rect class="{kind}" x="{start:.1f}" y="{y - 4:.1f}" width="{end - start:.1f}" '
        f'height="8">{told}</rect>'
    )
    if not row.counts:
        yield (
            f'<rect x="{start:.1f}" y="{y - 4:.1f}" width="{end - start:.1f}" height="8" '
            f'fill="url(#{key_id(key)}-out)"/>'
        )
    beyond = row.end is None or row.end.timestamp() > x.span[1]
    if beyond and row.dated:
        yield f'<path class="line" d="M{x.end - 5:.1f} {y - 6:.1f}l5 6l-5 6"/>'
    elif row.end is not None and row.end.timestamp() < x.span[0]:
        yield f'<path class="line" d="M{x.start + 5:.1f} {y - 6:.1f}l-5 6l5 6"/>'
    elif row.dated:
        yield f'<path class="line" d="M{end:.1f} {y - 8:.1f}v16"/>'


def _moment(moment: Moment, x: Scale, y: float) -> str:
    """A disc for a run, a cross for a failed one, a flag for an alarm, a diamond for an event."""
    at, told = x(moment.at.timestamp()), titled(f"{moment.at:%Y-%m-%d %H:%M}: {moment.says}")
    if moment.kind == "run":
        return f'<circle class="dot" cx="{at:.1f}" cy="{y:.1f}" r="3.4">{told}</circle>'
    if moment.kind == "failed":
        shape = f"M{at - 3.5:.1f} {y - 3.5:.1f}l7 7m0 -7l-7 7"
        return f'<path class="line" d="{shape}">{told}</path>'
    if moment.kind == "alarm":
        return f'<path class="dot" d="M{at:.1f} {y:.1f}v-11l6.5 3l-6.5 3z">{told}</path>'
    shape = f"M{at:.1f} {y - 6.5:.1f}l6.5 6.5l-6.5 6.5l-6.5 -6.5z"
    return f'<path class="dot" d="{shape}">{told}</path>'


def _hatching(key: str) -> str:
    """The hatching of what does not count."""
    return (
        f'<defs><pattern id="{key_id(key)}-out" width="6" height="6" '
        'patternUnits="userSpaceOnUse"><path class="axis" d="M-1 1L1 -1M0 6L6 0M5 7L7 5"/>'
        "</pattern></defs>"
    )


def _key() -> Iterator[str]:
    """What the shapes mean, above the picture."""
    yield '<rect class="whole" x="8" y="6" width="22" height="8"/>'
    yield label(35, 14, "counts now", "small", room=75)
    yield '<rect class="hollow" x="112" y="6" width="22" height="8"/>'
    yield '<path class="axis" d="M113 13l6 -6M119 13l6 -6M125 13l6 -6"/>'
    yield label(139, 14, "does not", "small", room=60)
    yield '<circle class="dot" cx="208" cy="10" r="3.4"/>'
    yield label(216, 14, "run", "small", room=30)
    yield '<path class="line" d="M250.5 6.5l7 7m0 -7l-7 7"/>'
    yield label(263, 14, "failed or exploratory", "small", room=125)
    yield '<path class="dot" d="M8 34v-14l8 4l-8 4z"/>'
    yield label(22, 31, "alarm", "small", room=40)
    yield '<path class="dot" d="M74 20.5l6.5 6.5l-6.5 6.5l-6.5 -6.5z"/>'
    yield label(86, 31, "event that took evidence back", "small", room=180)
    yield '<path class="line" d="M272 19v16"/>'
    yield label(279, 31, "the last day it counts", "small", room=140)


def _now(x: Scale, now: datetime, bottom: float) -> Iterator[str]:
    """The dashed upright at the time of the assessment."""
    at = x(now.timestamp())
    yield f'<path class="now" d="M{at:.1f} 52V{bottom:.1f}"/>'
    late = at > WIDTH * 0.7
    names = "strong end" if late else "strong"
    yield label(at - 4 if late else at + 4, 50, f"now {now:%Y-%m-%d}", names, room=140)


def _axis(x: Scale, y: float) -> Iterator[str]:
    """The axis of time with its dates, in UTC."""
    yield f'<path class="axis" d="M{x.start:.1f} {y:.1f}H{x.end:.1f}"/>'
    for when, text in _ticks(x.span):
        at = x(when.timestamp())
        side = "end" if at > WIDTH - 30 else ("mid" if at > 30 else "")
        yield f'<path class="axis" d="M{at:.1f} {y:.1f}v4"/>'
        yield label(at, y + 16, text, f"small {side}", room=80)


def _ticks(span: Range) -> list[tuple[datetime, str]]:
    """Days, or first days of months, at most about `MOST_TICKS` of them."""
    start, end = (datetime.fromtimestamp(t, UTC) for t in span)
    days = (end - start).days
    if days <= DAYS[-1] * MOST_TICKS:
        step = next((d for d in DAYS if days <= d * MOST_TICKS), DAYS[-1])
        first = datetime(start.year, start.month, start.day, tzinfo=UTC) + timedelta(days=1)
        found = [first + timedelta(days=step * i) for i in range(days // step + 1)]
        return [(t, f"{t:%m-%d}") for t in found if t <= end]
    months = days / 30.4
    step = next((m for m in MONTHS if months <= m * MOST_TICKS), MONTHS[-1])
    ticks, at = [], start.year * 12 + start.month
    at += -at % step
    while (when := datetime(at // 12, at % 12 + 1, 1, tzinfo=UTC)) <= end:
        ticks.append((when, f"{when:%Y-%m}" if step < 12 else f"{when:%Y}"))
        at += step
    return ticks


def _more(rows: Sequence[Span]) -> str:
    """What is not drawn of a part."""
    out = sum(not row.counts for row in rows)
    return f"{len(rows):,} further rows are not drawn; {out:,} of them do not count now."


def _told(rows: Sequence[Span], now: datetime) -> str:
    """The picture in sentences."""
    told = [f"As of {now:%Y-%m-%d %H:%M} UTC."]
    evidence = [row for row in rows if row.section == "evidence"]
    fresh = sum(row.counts for row in evidence)
    told.append(
        f"{fresh:,} of {len(evidence):,} pieces of evidence count now."
        if evidence
        else "There is no evidence."
    )
    first = next_to_end(rows, now)
    if first is not None and first.end is not None:
        day = first.end - timedelta(seconds=1)
        name = one_line(first.id, limit=80)
        told.append(f"Next to run out: {name} on {day:%Y-%m-%d}, {days_text(day, now)}.")
    told += [f"{one_line(row.id, limit=80)}: {one_line(row.says, limit=120)}." for row in rows]
    return " ".join(told)
