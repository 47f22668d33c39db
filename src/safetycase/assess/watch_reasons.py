"""Why a monitor, what it conditions and the doubts it raises stand as they do, in sentences."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from safetycase.argument.model import Case, Monitor
from safetycase.assess.alarms import duty, shown, told, way_out
from safetycase.assess.logic import Facts
from safetycase.assess.monitored import Alarm, Watched
from safetycase.assess.records import Reason

__all__ = ["challenge_reasons", "live_reasons", "monitor_reasons", "watched_reasons"]

_MOST = 8


def watched_reasons(name: str, facts: Facts) -> Iterator[Reason]:
    """The monitors that keep an element unknown, each with its reason."""
    for monitor in facts.monitors.get(name, ()):
        yield Reason(says=_of(facts.watching.monitors[monitor]), about=monitor)


def live_reasons(name: str, facts: Facts) -> Iterator[Reason]:
    """What the monitors of an element say that changes no status: they are quiet, or only warn."""
    for monitor in facts.watching.quiet.get(name, ()):
        yield Reason(says=f"Its monitor {monitor} is quiet. {_latest(facts, monitor)}")
    for monitor in facts.watching.warning.get(name, ()):
        says = _of(facts.watching.monitors[monitor], "warns of it")
        yield Reason(says=f"{says} A warning changes no status.", about=monitor)


def _of(watched: Watched, does: str = "") -> str:
    """The state of a monitor as a sentence about what it conditions."""
    first, _, rest = watched.because.partition(" ")
    if first == "It" and not does:
        return f"Its monitor {watched.id} {rest}"
    return f"Its monitor {watched.id} {does or f'is {watched.state}'}. {watched.because}"


def _latest(facts: Facts, monitor: str) -> str:
    """The latest report in a sentence."""
    report = facts.watching.monitors[monitor].latest
    return f"Its latest report: {shown(report)}." if report else ""


def challenge_reasons(name: str, facts: Facts, case: Case, now: datetime) -> list[Reason]:
    """Of a doubt that alarms raise: the alarms, who has to answer them, and how."""
    challenge = facts.watching.challenges.get(name)
    if challenge is None:
        return []
    alarms = facts.watching.monitors[challenge.monitor].open
    found = [Reason(says=f"The monitor {challenge.monitor} raised it. {told(alarms)}")]
    if name not in case.elements:
        found = []  # then this is what the doubt itself says
    elif getattr(case.elements[name], "accepted", None) is not None:
        found.append(Reason(says="That the file accepts it counts for nothing while it stands."))
    if name in facts.kept:
        says = "An alarm that a reviewer confirmed or that is overdue is answered by no file."
        found.append(Reason(says=says))
    return [*found, *_duties(alarms, now)]


def monitor_reasons(monitor: Monitor, facts: Facts, now: datetime) -> list[Reason]:
    """What a monitor reports, what it owes, and what became of its alarms."""
    watched = facts.watching.monitors[monitor.id]
    alarm = f"; it alarms when `{monitor.alarm_when}`" if monitor.alarm_when else ""
    found = [Reason(says=f"Owned by {monitor.owner}{alarm}."), Reason(says=watched.because)]
    if watched.latest and not watched.open:
        found.append(Reason(says=_latest(facts, monitor.id)))
    found += _duties(watched.open, now)
    found += [Reason(says=says) for says in _history(watched)]
    if watched.targets:
        found.append(Reason(says=f"It conditions {', '.join(watched.targets)}."))
    return found


def _duties(alarms: tuple[Alarm, ...], now: datetime) -> Iterator[Reason]:
    for alarm in alarms[:_MOST]:
        which = f"Of the alarm in record {alarm.report.record}: " if len(alarms) > 1 else ""
        yield Reason(says=f"{which}{duty(alarm, now)}")
        for vain in (r for r in alarm.resolutions if not r.counts):
            says = f"Record {vain.record} calls it {vain.outcome}, and counts for nothing"
            yield Reason(says=f"{says}: {vain.because}.")
        yield Reason(says=f"To resolve it, a reviewer signs: `{way_out(alarm)}`")
    if len(alarms) > _MOST:
        yield Reason(says=f"And {len(alarms) - _MOST} more alarms stand.")


def _history(watched: Watched) -> Iterator[str]:
    """The alarms that no longer count, the latest ones."""
    for alarm in [a for a in watched.alarms if a.standing == "resolved"][-_MOST:]:
        last = alarm.said
        assert last is not None
        yield (
            f"The alarm in record {alarm.report.record} was resolved as {last.outcome} by "
            f"{last.by} on {last.at[:10]} (record {last.record}): {last.reason.rstrip('.')}."
        )
