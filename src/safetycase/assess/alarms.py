"""The alarms of a monitor: which of them stand, who has to answer them, and how they are told."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from safetycase.argument.model import Monitor
from safetycase.assess.monitored import Alarm, Report, Resolution, Standing
from safetycase.ledger.fold import ResolutionRecord, SignalRecord

__all__ = [
    "Said",
    "alarms_of",
    "amount",
    "day",
    "duty",
    "length",
    "report_of",
    "shown",
    "time_of",
    "told",
    "way_out",
]


ENDS: Final = ("false-alarm", "answered")
Said = Mapping[int, Sequence[tuple[ResolutionRecord, bool]]]
"""Resolutions by the record of their alarm, each with whether an author of the case signed it."""


def report_of(signal: SignalRecord) -> Report:
    """One signal as reports show it."""
    return Report(
        record=signal.seq,
        at=signal.at,
        state=signal.state,
        since=signal.since,
        until=signal.until,
        events=signal.events,
        lost=signal.lost,
        segment=signal.segment,
        value=_number(signal.value),
        e_value=_number(signal.e_value),
        alarm_at=_number(signal.alarm_at),
        says=signal.says,
        indicator=signal.indicator,
        root=signal.root,
        details=signal.details,
        keyid=signal.keyid,
    )


def alarms_of(
    monitor: Monitor | None,
    own: Sequence[Report],
    earlier: Sequence[Report],
    said: Said,
    now: datetime,
) -> tuple[Alarm, ...]:
    """Every alarm in the order of the record.

    `own` are the reports of the monitor's definition, `earlier` those of others, `said` the
    resolutions by the record of their alarm, each with whether an author signed it; without a
    `monitor` the case no longer has it.
    """
    counting = {report.record for report in own}
    raised = sorted((r for r in (*own, *earlier) if r.state == "alarm"), key=lambda r: r.record)
    return tuple(
        _alarm(monitor, report, said.get(report.record, ()), now, own=report.record in counting)
        for report in raised
    )


def _alarm(
    monitor: Monitor | None,
    report: Report,
    said: Sequence[tuple[ResolutionRecord, bool]],
    now: datetime,
    *,
    own: bool,
) -> Alarm:
    resolutions = tuple(
        Resolution(
            record=r.seq,
            at=r.at,
            outcome=r.outcome,
            by=r.by,
            reason=r.reason,
            because=_in_vain(r, report, by_author=by_author),
        )
        for r, by_author in sorted(said, key=lambda each: each[0].seq)
        if r.seq > report.record
    )
    standing = _standing(monitor, report, resolutions, own=own)
    within = monitor.answer_within if monitor else None
    deadline = _after(report, within.seconds) if within and standing == "open" else None
    return Alarm(
        report=report,
        standing=standing,
        owner=monitor.owner if monitor else "",
        deadline=deadline,
        overdue=deadline is not None and now > deadline,
        redefined=not own,
        resolutions=resolutions,
    )


def _in_vain(said: ResolutionRecord, report: Report, *, by_author: bool) -> str:
    """Why a resolution counts for nothing; empty if it counts."""
    if said.keyid == report.keyid:
        return "it is signed by the key that signed the alarm"
    if by_author and said.outcome in ENDS:
        return f"{said.by} is an author of the case, or holds the key of one"
    return ""


def _standing(
    monitor: Monitor | None, report: Report, resolutions: Sequence[Resolution], *, own: bool
) -> Standing:
    """The last word of a reviewer decides; what nobody spoke of is open.

    Also if the monitor was defined otherwise since: an edit of a file is no answer to an alarm.
    """
    counting = [r.outcome for r in resolutions if r.counts]
    last = counting[-1] if counting else ""
    if last in ENDS:
        return "resolved"
    if monitor is None:
        return "warning" if report.warned_only else "not in the case"
    warned = monitor.warns_only or monitor.kind == "drift"
    if warned if own else report.warned_only:
        return "warning"
    return "confirmed" if last == "confirmed" else "open"


def _after(report: Report, seconds: int) -> datetime | None:
    """When an alarm is due: it was known when its window ended, and no later than its record."""
    try:
        return min(time_of(report.until), time_of(report.at)) + timedelta(seconds=seconds)
    except OverflowError:  # later than any date
        return None


def told(alarms: Sequence[Alarm]) -> str:
    """The first of some alarms in a sentence: window, size, evidence, record; and how many more."""
    first, *more = alarms
    says = f"In the window {shown(first.report)}: {first.report.says.rstrip('.')}."
    if not more:
        return says
    records = ", ".join(str(alarm.report.record) for alarm in more[:8])
    further = f" and {len(more) - 8} more" if len(more) > 8 else ""
    noun = "alarm stands" if len(more) == 1 else "alarms stand"
    return f"{says} {len(more)} later {noun} too: record {records}{further}."


def shown(report: Report) -> str:
    """The window of a report with its numbers and its record."""
    numbers = [f"n {report.events:,}"]
    if report.lost:
        numbers.append(f"{report.lost:,} lost")
    if report.value is not None:
        interval = f" ({report.interval})" if report.interval else ""
        numbers.append(f"value {amount(report.value)}{interval}")
    if report.e_value is not None:
        at = f", which alarms at {amount(report.alarm_at)}" if report.alarm_at is not None else ""
        numbers.append(f"e-value {amount(report.e_value)}{at}")
    elif report.alarm_at is not None:
        numbers.append(f"it alarms at {amount(report.alarm_at)}")
    window = f"from {day(report.since)} to {day(report.until)}"
    return f"{window} ({', '.join(numbers)}; record {report.record})"


def duty(alarm: Alarm, now: datetime) -> str:
    """Who has to answer an alarm until when, or what was said of it."""
    changed = (
        " It was raised by another definition of the monitor, which answers nothing."
        if alarm.redefined and alarm.standing != "not in the case"
        else ""
    )
    return f"{_owed(alarm, now)}{changed}"


def _owed(alarm: Alarm, now: datetime) -> str:
    last = alarm.said
    if alarm.standing == "not in the case":
        return "The case no longer has its monitor, so nobody owns it; a reviewer has to answer it."
    if alarm.standing == "confirmed" and last is not None:
        return (
            f"{last.by} confirmed it on {last.at[:10]} (record {last.record}): "
            f"{last.reason.rstrip('.')}. It stands until it is answered."
        )
    if alarm.deadline is None:
        return f"{alarm.owner} has to answer it; the case states no time to answer within."
    until = f"{alarm.owner} has to answer it by {day(alarm.deadline)}"
    if alarm.overdue:
        return f"{until}, which is overdue by {length(now - alarm.deadline)}."
    return f"{until}."


def way_out(alarm: Alarm) -> str:
    """The command by which a reviewer resolves an alarm."""
    return (
        f"safetycase record resolve {alarm.report.record} --as false-alarm|answered|confirmed "
        "--reason TEXT"
    )


def amount(value: float) -> str:
    """A number in four figures; one larger than any is ∞."""
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value:.4g}"


def time_of(text: str) -> datetime:
    """A UTC time of the record."""
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def day(at: str | datetime) -> str:
    """A time for reading: `2026-11-20 10:05 UTC`."""
    return f"{(time_of(at) if isinstance(at, str) else at).astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def length(span: timedelta) -> str:
    """A length of time in its largest two units: `3 days 4 hours`."""
    minutes = max(int(span.total_seconds()) // 60, 0)
    amounts = (("day", minutes // 1440), ("hour", minutes // 60 % 24), ("minute", minutes % 60))
    shown = [f"{n} {unit}{'' if n == 1 else 's'}" for unit, n in amounts if n][:2]
    return " ".join(shown) or "less than a minute"


def _number(text: str | None) -> float | None:
    """A decimal of the record."""
    return None if text is None else float(text)
