"""The live monitors in lines for the terminal: alarms and who owes an answer, silence, warnings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from safetycase.assess.alarms import amount, duty
from safetycase.assess.monitored import WATCHING, Alarm, Watched
from safetycase.assess.records import Assessment
from safetycase.report.clean import one_line, wrap
from safetycase.report.monitor_marks import MONITOR

__all__ = ["by_urgency", "counted", "monitor_lines"]

_MOST = 20
"""Lines at most; what is left out is counted."""


def monitor_lines(assessment: Assessment, width: int) -> Iterator[str]:
    """How many monitors are in which state, then a line for each that is not quiet."""
    listed = by_urgency(assessment)
    if not listed:
        return
    yield from wrap(f"Monitors: {counted(listed)}.", width, rest="  ")
    lines = [line for watched in listed for line in _of(assessment, watched)]
    for line in lines[:_MOST]:
        yield from wrap(line, width, first="  ", rest="    ")
    if len(lines) > _MOST:
        yield from wrap(f"and {len(lines) - _MOST} more, in the report", width, first="  ")


def by_urgency(assessment: Assessment) -> list[Watched]:
    """The monitors, overdue alarms first, the quiet and the gone ones last."""
    return sorted(
        assessment.monitors.values(),
        key=lambda w: (not any(a.overdue for a in w.alarms), WATCHING.index(w.state)),
    )


def counted(listed: list[Watched]) -> str:
    """`1 alarm, 2 silent, 5 quiet`, the worst first."""
    counts = Counter(watched.state for watched in listed)
    return ", ".join(f"{counts[word]} {word}" for word in WATCHING if counts[word])


def _of(assessment: Assessment, watched: Watched) -> Iterator[str]:
    """The lines of one monitor; none while it is quiet."""
    name, mark = one_line(watched.id, limit=80), MONITOR[watched.state]
    open_ones = watched.open
    for alarm in open_ones:
        told = one_line(_alarm(assessment, alarm))
        yield f"{MONITOR['alarm'].glyph} {name} alarm: {told}"
    if watched.state not in ("quiet", "alarm", "not in the case"):
        yield f"{mark.glyph} {name} {watched.state}: {one_line(watched.because)}"
    elif watched.state == "alarm" and watched.blocks:
        yield f"⊝ {name} is not known to see: {one_line(watched.because)}"


def _alarm(assessment: Assessment, alarm: Alarm) -> str:
    report = alarm.report
    shown = f", e-value {amount(report.e_value)}" if report.e_value is not None else ""
    late = "OVERDUE. " if alarm.overdue else ""
    return (
        f"{late}record {report.record} of {report.until[:10]}{shown}, n {report.events:,}. "
        f"{duty(alarm, assessment.at)}"
    )
