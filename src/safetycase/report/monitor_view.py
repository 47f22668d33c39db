"""The live monitors as the page shows them: what each measures, its windows, what is owed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from safetycase.argument.model import Monitor
from safetycase.assess.alarms import duty, length, time_of, way_out
from safetycase.assess.monitored import Alarm, Report, Watched
from safetycase.assess.records import Assessment
from safetycase.report.clean import anchor
from safetycase.report.mark import Mark
from safetycase.report.monitor_marks import MONITOR
from safetycase.report.monitor_svg import evidence_bar, evidence_curve, value_curve
from safetycase.report.monitor_text import by_urgency, counted

if TYPE_CHECKING:
    from markupsafe import Markup

__all__ = ["MonitorView", "MonitorsView", "Owed", "monitors_view"]

_POINTS = 12_000
_WINDOWS = 60
_NEGATED = {">": "≤", ">=": "<", "<": "≥", "<=": ">"}
_KINDS = {
    "rate": "the share of events in which it happened",
    "mean": "the mean of a number between 0 and 1",
    "count": "how often it happened in a window",
    "pairs": "how well any test of a class tells outputs from those of a reference",
    "drift": "how far what comes in is from what the case was made for; it only ever warns",
}
_DETECTORS = {
    "e-process": "e-process: the evidence since its last restart, valid however often one looks",
    "restarted": "e-process begun anew with each window, which spends the budget over the windows",
    "cusum": "cumulative sum: early, and no evidence against the null hypothesis by itself",
    "threshold": "threshold: it alarms when a window passes it",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """An alarm that somebody has to answer, or that a reviewer spoke of."""

    monitor: str
    alarm: Alarm
    duty: str
    resolve: str
    deadline: str
    late: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorView:
    """One monitor; `facts` are (name, text) of what it measures, `drawn` its pictures."""

    watched: Watched
    anchor: str
    mark: Mark
    says: str
    known: bool
    facts: tuple[tuple[str, str], ...]
    bar: Markup | None
    drawn: tuple[tuple[str, Markup], ...]
    left_out: int
    windows: tuple[Report, ...]
    older: int
    owed: tuple[Owed, ...]

    @property
    def opened(self) -> bool:
        """Whether it starts unfolded: whatever reported and is not quiet does."""
        return self.watched.state != "quiet" and bool(self.windows)


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorsView:
    """Every monitor, the urgent ones first; `owed` are the open alarms by deadline."""

    monitors: tuple[MonitorView, ...]
    counted: str
    owed: tuple[Owed, ...]
    past: tuple[Owed, ...]


def monitors_view(assessment: Assessment) -> MonitorsView | None:
    """What the page shows of the monitors; None for a case and a record without any."""
    listed = by_urgency(assessment)
    if not listed:
        return None
    most = max(30, min(400, _POINTS // len(listed)))
    views = tuple(_view(assessment, w, most, f"mon{i}") for i, w in enumerate(listed))
    every = [owed for view in views for owed in view.owed]
    latest = datetime.max.replace(tzinfo=assessment.at.tzinfo)
    return MonitorsView(
        monitors=views,
        counted=counted(listed),
        owed=tuple(
            sorted(
                (o for o in every if o.alarm.counts),
                key=lambda o: (o.alarm.deadline or latest, o.alarm.report.record),
            )
        ),
        past=tuple(
            sorted((o for o in every if not o.alarm.counts), key=lambda o: -o.alarm.report.record)
        ),
    )


def _view(assessment: Assessment, watched: Watched, most: int, key: str) -> MonitorView:
    element = assessment.case.elements.get(watched.id)
    monitor = element if isinstance(element, Monitor) else None
    shown = _drawable(assessment, watched)
    latest = watched.latest
    bar = None
    if latest and latest.e_value is not None and latest.alarm_at is not None:
        bar = _markup(evidence_bar(latest.e_value, latest.alarm_at, key=f"{key}-bar"))
    reports = watched.reports or watched.earlier
    return MonitorView(
        watched=watched,
        anchor="monitor" + anchor(watched.id).removeprefix("claim"),
        mark=MONITOR[watched.state],
        says=monitor.says if monitor else "",
        known=monitor is not None,
        facts=tuple(_facts(monitor)) if monitor else (),
        bar=bar,
        drawn=tuple(_pictures(monitor, shown[-most:], key)),
        left_out=max(len(shown) - most, 0),
        windows=tuple(reversed(reports[-_WINDOWS:])),
        older=max(len(reports) - _WINDOWS, 0),
        owed=tuple(_owed(assessment, watched, alarm) for alarm in watched.alarms),
    )


def _drawable(assessment: Assessment, watched: Watched) -> list[Report]:
    """The reports in the order of time; one of a time still to come would squeeze the others."""
    past = [r for r in watched.reports if time_of(r.until) <= assessment.at]
    return sorted(past, key=lambda r: (r.until, r.record))


def _pictures(
    monitor: Monitor | None, reports: Sequence[Report], key: str
) -> Iterator[tuple[str, Markup]]:
    """The value by window and the evidence, where there is something to draw."""
    if monitor is None or not reports:
        return
    compared = monitor.alarm_when.comparison if monitor.alarm_when else None
    try:
        title = f"Windows: {monitor.alarm_when.names[0] if monitor.alarm_when else monitor.metric}"
        drawing = value_curve(
            reports,
            bound=compared.bound if compared else None,
            says=f"alarm when {monitor.alarm_when}" if compared else "",
            unit="share" if monitor.kind in ("rate", "mean") else "raw",
            title=title,
            key=f"{key}-v",
        )
        yield title, _markup(drawing)
    except ValueError:
        pass  # none of them has a value
    try:
        title = "Evidence against the null hypothesis"
        yield title, _markup(evidence_curve(reports, title=title, key=f"{key}-e"))
    except ValueError:
        pass  # its detector gives no e-value


def _facts(monitor: Monitor) -> Iterator[tuple[str, str]]:
    """What it measures, its null hypothesis and how it can fail, in the words of the case."""
    compared = monitor.alarm_when.comparison if monitor.alarm_when else None
    metric = monitor.metric or (compared.name if compared else "not stated")
    yield "Measures", f"{metric}: {_KINDS[monitor.kind]}"
    yield "Alarms when", str(monitor.alarm_when) if monitor.alarm_when else "not stated"
    if compared:
        yield "Null hypothesis", f"{compared.name} {_NEGATED[compared.op]} {compared.bound:.6g}"
    yield "Detector", _DETECTORS[monitor.detector]
    if monitor.alternative:
        values = ", ".join(f"{value:.6g}" for value in monitor.alternative)
        yield "Quick for", f"a value of {values}"
    if monitor.run_length is not None:
        says = f"{monitor.run_length:,} events pass, on average, until one"
        yield "False warnings", says
    else:
        yield "Error budget", f"{monitor.budget:.6g}: the probability of a false alarm, ever"
    if monitor.weight_at_most > 1:
        yield "Sampled", f"one event stands for at most {monitor.weight_at_most:.6g}"
    if monitor.warns_only:
        yield "Effect", "it only warns, and challenges nothing"
    yield "Window", monitor.window.text if monitor.window else "not stated"
    silent = monitor.silent_after.text if monitor.silent_after else "not stated"
    beat = f", a sign of life every {monitor.heartbeat.text}" if monitor.heartbeat else ""
    yield "Silent after", f"{silent}{beat}"
    yield "Loss allowed", f"{monitor.loss:.4g} of the events"
    if monitor.canaries:
        c = monitor.canaries
        yield (
            "Canaries",
            (
                f"{c.metric or 'its own events that are marked so'}: {c.recall:.4g} were "
                f"caught when measured, blind below {c.at_least:.4g}"
            ),
        )
    within = monitor.answer_within.text if monitor.answer_within else "not stated"
    yield "Answer within", within


def _owed(assessment: Assessment, watched: Watched, alarm: Alarm) -> Owed:
    deadline = alarm.deadline
    return Owed(
        monitor=watched.id,
        alarm=alarm,
        duty=duty(alarm, assessment.at) if alarm.counts else "",
        resolve=way_out(alarm),
        deadline=f"{deadline:%Y-%m-%d %H:%M} UTC" if deadline else "",
        late=length(assessment.at - deadline) if deadline and alarm.overdue else "",
    )


def _markup(text: str) -> Markup:
    from markupsafe import Markup

    return Markup(text)  # noqa: S704 - only our own drawings come here
