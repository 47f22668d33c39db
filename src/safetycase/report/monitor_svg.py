"""The reports of a live monitor as pictures: its windows over time, and its evidence.

Time runs from left to right, window by window. What cannot be seen (silence, loss, blindness) is
hatched; alarms are flags, warnings open flags. Shapes differ, so that it prints in black.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from safetycase.assess.alarms import amount
from safetycase.assess.monitored import Report
from safetycase.report.drawing import (
    RIGHT,
    WIDTH,
    Range,
    Scale,
    axis_y,
    caption,
    escaped,
    key_id,
    path_of,
    picture,
    span_of,
    tick_text,
)

__all__ = ["Drawn", "evidence_bar", "evidence_curve", "value_curve"]

LEFT, TOP, TALL = 52.0, 26.0, 120.0
BLINDED = ("silent", "lossy", "blind")
_BAR_AT = 80.0


@dataclass(frozen=True, slots=True)
class Drawn:
    """A report with its window in seconds and the number that is drawn, None where it has none."""

    report: Report
    start: float
    end: float
    value: float | None


def value_curve(
    reports: Sequence[Report], *, bound: float | None, says: str, unit: str, title: str, key: str
) -> str:
    """The value of each window; `bound` is where the null hypothesis ends, `says` in words.

    `ValueError` if no report has a value.
    """
    rows = [_drawn(r, r.value) for r in reports]
    values = [row.value for row in rows if row.value is not None]
    span = span_of([*values, *([bound] if bound is not None else [])], unit)
    return _curve(rows, span, unit, bound=bound, says=says, title=title, key=key, y_label="value")


def evidence_curve(reports: Sequence[Report], *, title: str, key: str) -> str:
    """The e-value after each window on a logarithmic axis, and where it alarms.

    `ValueError` if no report has an e-value.
    """
    rows = [_drawn(r, _log(r.e_value)) for r in reports]
    values = [row.value for row in rows if row.value is not None]
    limits = [found for r in reports if (found := _log(r.alarm_at)) is not None]
    bound = limits[-1] if limits else None
    low, high = span_of([*values, 0.0, *([bound] if bound is not None else [])], "raw")
    says = f"alarms at {reports[-1].alarm_at:.4g}" if bound is not None else ""
    return _curve(
        rows,
        (low, high),
        "power of ten",
        bound=bound,
        says=says,
        title=title,
        key=key,
        y_label="e-value, as a power of ten",
    )


def evidence_bar(e_value: float, alarm_at: float, *, key: str) -> str:
    """A bar of the evidence on a logarithmic scale, with a tick where it alarms; empty at 1."""
    share = _share(e_value, alarm_at)
    name = key_id(key)
    return (
        f'<svg class="bar" viewBox="-1 0 102 12" role="img" aria-labelledby="{name}-t">'
        f'<title id="{name}-t">e-value {amount(e_value)}, alarms at {amount(alarm_at)}</title>'
        '<path class="rail" d="M0 6H100"/>'
        f'<rect class="fill" x="0" y="3" width="{max(share * 100, 0.8):.1f}" height="6"/>'
        f'<path class="tick" d="M{_BAR_AT:.1f} 0V12"/></svg>'
    )


def _share(e_value: float, alarm_at: float) -> float:
    """How much of the bar is filled: nothing up to 1, `_BAR_AT` at the alarm, all far above."""
    top, found = _log(alarm_at), _log(e_value)
    if top is None or top <= 0:
        return 0.0
    if found is None:
        return 1.0 if e_value > alarm_at else 0.0
    return min(max(found / top * _BAR_AT / 100, 0.0), 1.0)


def _drawn(report: Report, value: float | None) -> Drawn:
    start, end = _seconds(report.since), _seconds(report.until)
    finite = value is not None and math.isfinite(value)
    return Drawn(report, start, end, value if finite else None)


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def _log(value: float | None) -> float | None:
    """log10 of a positive number; one too small to have one is drawn at the edge."""
    if value is None or not math.isfinite(value) or value < 0:
        return None
    return math.log10(max(value, 1e-12))


def _curve(
    rows: Sequence[Drawn],
    span: Range,
    unit: str,
    *,
    bound: float | None,
    says: str,
    title: str,
    key: str,
    y_label: str,
) -> str:
    times = (min(row.start for row in rows), max(row.end for row in rows))
    if times[1] <= times[0]:
        times = (times[0] - 1, times[1] + 1)
    bottom = TOP + TALL
    x, y = Scale(times, LEFT, WIDTH - RIGHT), Scale(span, bottom, TOP)
    parts = [*_hatching(key), *(_unseen(row, x, bottom, key) for row in rows if _is_blind(row))]
    if bound is not None:
        parts += _bound(y(bound), says)
    parts += [f'<path class="line thin" d="M{path_of(line)}"/>' for line in _lines(rows, x, y)]
    parts += [_mark(row, x, y, bottom, crowded=len(rows) > 80) for row in rows]
    parts += [*_axis(x, times, bottom), *axis_y(y, span, LEFT, unit, "")]
    parts.append(caption(4, TOP - 12, y_label, "small", room=56))
    return picture(parts, bottom + 22, title, _told(rows, unit, says), key)


def _lines(rows: Sequence[Drawn], x: Scale, y: Scale) -> Iterator[list[Range]]:
    """The values joined, with a gap wherever the monitor did not see."""
    line: list[Range] = []
    for row in rows:
        if row.value is not None and not _is_blind(row):
            line.append((x(row.end), y(row.value)))
            continue
        if len(line) > 1:
            yield line
        line = []
    if len(line) > 1:
        yield line


def _is_blind(row: Drawn) -> bool:
    return row.report.state in BLINDED


def _hatching(key: str) -> Iterator[str]:
    yield (
        f'<defs><pattern id="{key_id(key)}-u" width="6" height="6" patternUnits="userSpaceOnUse">'
        '<path class="s3" d="M-1 1L1 -1M0 6L6 0M5 7L7 5" fill="none" stroke-width="1"/>'
        "</pattern></defs>"
    )


def _unseen(row: Drawn, x: Scale, bottom: float, key: str) -> str:
    start, end = x(row.start), x(row.end)
    return (
        f'<rect x="{start:.1f}" y="{TOP:.1f}" width="{max(end - start, 2):.1f}" '
        f'height="{bottom - TOP:.1f}" fill="url(#{key_id(key)}-u)">{_title(row)}</rect>'
    )


def _bound(y: float, says: str) -> Iterator[str]:
    """The dashed line where the null hypothesis ends; its words stand above the picture."""
    yield f'<path class="bound" d="M{LEFT:.1f} {y:.1f}H{WIDTH - RIGHT:.1f}"/>'
    if says:
        end = WIDTH - RIGHT
        yield f'<path class="bound" d="M{end - 22:.1f} {TOP - 16:.1f}H{end:.1f}"/>'
        yield caption(end - 27, TOP - 12, says, "small end", room=40)


def _mark(row: Drawn, x: Scale, y: Scale, bottom: float, *, crowded: bool) -> str:
    """The point of a report: a dot, a flag for an alarm, an open flag for a warning."""
    at, state = x(row.end), row.report.state
    up = y(row.value) if row.value is not None else bottom - 10
    if state == "alarm":
        return (
            f'<path class="alarm" d="M{at:.1f} {up:.1f}v-15h-9v7h9">{_title(row)}</path>'
            f'<circle class="alarm" cx="{at:.1f}" cy="{up:.1f}" r="2.6"/>'
        )
    if state == "warning":
        return f'<path class="warns" d="M{at:.1f} {up:.1f}v-13h-8v6h8">{_title(row)}</path>'
    if row.value is None or _is_blind(row):
        return ""
    size = 1.4 if crowded else 2.6
    return f'<circle class="dot" cx="{at:.1f}" cy="{up:.1f}" r="{size}">{_title(row)}</circle>'


def _title(row: Drawn) -> str:
    r = row.report
    value = f", value {amount(r.value)}" if r.value is not None else ""
    e_value = f", e-value {amount(r.e_value)}" if r.e_value is not None else ""
    told = f"{r.state}, {r.since[:16]} to {r.until[:16]}, n {r.events:,}{value}{e_value}: {r.says}"
    return f"<title>{escaped(f'record {r.record}: {told}', 300)}</title>"


def _axis(x: Scale, times: Range, bottom: float) -> Iterator[str]:
    """The axis of time with three dates, in UTC."""
    yield f'<path class="axis" d="M{x.start:.1f} {bottom:.1f}H{x.end:.1f}"/>'
    short = times[1] - times[0] < 3 * 86400
    for share, side in ((0.0, ""), (0.5, "mid"), (1.0, "end")):
        at = times[0] + share * (times[1] - times[0])
        when = datetime.fromtimestamp(at, UTC)
        text = f"{when:%Y-%m-%d %H:%M}" if short else f"{when:%Y-%m-%d}"
        yield f'<path class="axis" d="M{x(at):.1f} {bottom:.1f}v4"/>'
        yield caption(x(at), bottom + 16, text, f"small {side}")


def _told(rows: Sequence[Drawn], unit: str, says: str) -> str:
    """The picture in words."""
    values = [row.value for row in rows if row.value is not None]
    counts = {s: sum(row.report.state == s for row in rows) for s in ("alarm", "warning", *BLINDED)}
    marked = ", ".join(f"{n} {state}" for state, n in counts.items() if n)
    return (
        f"{len(rows)} reports from {rows[0].report.since} to {rows[-1].report.until}; "
        f"lowest {tick_text(min(values), unit)}, highest {tick_text(max(values), unit)}, "
        f"last {tick_text(values[-1], unit)}"
        + (f"; {says}" if says else "")
        + (f"; {marked}." if marked else ".")
    )
