"""What the signals and resolutions of a record make of every monitor, at one instant.

A monitor is known by the digest of its definition: what an earlier one reported is shown and
supports nothing. What conditions a claim keeps it unknown until it reports, while it is silent, and
while it cannot see. An alarm challenges the claim until a reviewer resolves it; neither a quiet
window nor a new definition does. Order is that of the record, which is signed; times are only
compared with `now`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from safetycase.argument.model import Assumption, Case, Defeater, Element, Monitor
from safetycase.assess.alarms import Said, alarms_of, day, length, report_of, time_of, told
from safetycase.assess.independence import Independence
from safetycase.assess.monitored import Alarm, Challenge, Report, Watched, WatchWord
from safetycase.checks.monitors import indicator_digest
from safetycase.checks.scope import Scopes
from safetycase.ledger.fold import History, ResolutionRecord, SignalRecord

__all__ = ["CLOCKS_DIFFER", "Watching", "challenge_ids", "watching"]

CLOCKS_DIFFER: Final = timedelta(seconds=10)
"""How far after `now` a report may end: clocks of two machines, and times in whole seconds."""

_SIGHT: Final = ("quiet", "silent", "lossy", "blind")


@dataclass(frozen=True, slots=True, kw_only=True)
class Watching:
    """Every monitor, and what follows for the elements they condition.

    `blocking` names the monitors that keep an element unknown, `warning` those that only warn of
    it, `quiet` those that raise nothing; `challenges` the doubts that open alarms raise, by id.
    """

    monitors: Mapping[str, Watched] = field(default_factory=dict)
    blocking: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    warning: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    quiet: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    challenges: Mapping[str, Challenge] = field(default_factory=dict)


def _said(case: Case, history: History) -> Said:
    """What was said of each alarm, and whether an author of the case said it."""
    if not history.resolutions:
        return {}
    independence = Independence(case, history, Scopes(case))
    said: dict[int, list[tuple[ResolutionRecord, bool]]] = {}
    for each in history.resolutions:
        by_author = independence.raised_by_author(each.keyid, each.by)
        said.setdefault(each.signal, []).append((each, by_author))
    return said


def watching(case: Case, history: History, now: datetime, *, unfit: Collection[str]) -> Watching:
    """Judge the monitors of a case by its record; `unfit` are elements with an error finding."""
    signals: dict[str, list[SignalRecord]] = {}
    for signal in history.signals:
        signals.setdefault(signal.monitor, []).append(signal)
    said = _said(case, history)
    known = {name: e for name, e in case.elements.items() if isinstance(e, Monitor)}
    targets = _targets(case, known)
    found: dict[str, Watched] = {}
    for name, monitor in known.items():
        asked = _Asked(
            monitor=monitor,
            targets=targets[name],
            now=now,
            signals=signals.get(name, ()),
            said=said,
            unfit=name in unfit,
        )
        found[name] = _watched(asked)
    found = _doubted(found)
    for name, gone in signals.items():
        if name not in known:
            found[name] = _removed(name, gone, said, now)
    return Watching(
        monitors=found,
        blocking=_by_target(w for w in found.values() if w.blocks),
        warning=_by_target(w for w in found.values() if w.state == "warning"),
        quiet=_by_target(w for w in found.values() if w.state == "quiet"),
        challenges=_challenges(case, found),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    monitor: Monitor
    targets: tuple[str, ...]
    now: datetime
    signals: Sequence[SignalRecord]
    said: Said
    unfit: bool


def _targets(case: Case, known: Mapping[str, Monitor]) -> Mapping[str, tuple[str, ...]]:
    """What each monitor conditions: what it names, and the assumptions that name it."""
    found = {
        name: dict.fromkeys(_step(case, target) for target in monitor.conditions)
        for name, monitor in known.items()
    }
    for name, element in case.elements.items():
        if isinstance(element, Assumption) and element.monitor in found:
            found[element.monitor][name] = None
    return {name: tuple(targets) for name, targets in found.items()}


def _step(case: Case, target: str) -> str:
    """`X.by` as the id of the step into X."""
    holder, _, last = target.rpartition(".")
    if last == "by" and target not in case.elements:
        return getattr(case.elements.get(holder), "by", None) or target
    return target


def _watched(asked: _Asked) -> Watched:
    monitor = asked.monitor
    digest = indicator_digest(monitor)
    own = tuple(report_of(s) for s in asked.signals if s.indicator == digest)
    earlier = tuple(report_of(s) for s in asked.signals if s.indicator != digest)
    alarms = alarms_of(monitor, own, earlier, asked.said, asked.now)
    quiet = max((r.record for r in own if r.state == "quiet"), default=0)
    warnings = tuple(r for r in own if r.state == "warning" and r.record > quiet)
    unknown = _unknown(asked, own, earlier)
    state, because = _state(alarms, warnings, unknown)
    return Watched(
        id=monitor.id,
        owner=monitor.owner,
        state=state,
        because=because,
        blocks=unknown is not None,
        indicator=digest,
        targets=asked.targets,
        latest=own[-1] if own else None,
        alarms=alarms,
        warnings=warnings,
        reports=own,
        earlier=earlier,
    )


def _state(
    alarms: Sequence[Alarm],
    warnings: Sequence[Report],
    unknown: tuple[WatchWord, str] | None,
) -> tuple[WatchWord, str]:
    """The word for a monitor and its sentence; an alarm does not hide that it is silent too."""
    standing = [alarm for alarm in alarms if alarm.counts]
    if standing:
        more = f" {unknown[1]}" if unknown else ""
        return "alarm", f"{told(standing)}{more}"
    if unknown:
        return unknown
    warned = [a for a in alarms if a.standing == "warning"]
    if warned:
        return "warning", f"{told(warned)} It only warns, and challenges nothing."
    if warnings:
        last = warnings[-1]
        return "warning", f"It warns since {day(warnings[0].since)}: {last.says.rstrip('.')}."
    return "quiet", "It reports, it sees, and it raises nothing."


def _unknown(
    asked: _Asked, own: Sequence[Report], earlier: Sequence[Report]
) -> tuple[WatchWord, str] | None:
    """Why nothing is known from the monitor now; None if it sees and is heard."""
    if asked.unfit:
        return "not fit", "A finding stands against its definition, so it is not watched by."
    if not own:
        if earlier:
            last = earlier[-1]
            says = (
                f"It last reported in record {last.record}, by another definition than it has now"
            )
            return "other definition", f"{says}; under this one it has not reported."
        return "never reported", "It has not reported; silence is not safety."
    until = time_of(own[-1].until)
    if until - asked.now > CLOCKS_DIFFER:
        says = f"Its latest report (record {own[-1].record}) is of a time still to come"
        return (
            "wrong clock",
            f"{says}, until {day(own[-1].until)}: the clock of its watcher is wrong.",
        )
    seen = next((r for r in reversed(own) if r.state in _SIGHT), None)
    if seen is None and asked.monitor.canaries is not None:
        says = f"It has reported since record {own[0].record}, and no window with canaries yet"
        return "never reported", f"{says}: whether it sees is not known."
    if seen is not None and seen.state != "quiet":
        return seen.state, _cannot_see(seen)  # type: ignore[return-value]
    return _silence(asked, own[-1], asked.now - until)


def _cannot_see(report: Report) -> str:
    word = {
        "silent": "No source has reported to it",
        "lossy": f"Too many of its events were lost ({report.lost:,} beside {report.events:,})",
        "blind": "It no longer catches its canaries",
    }[report.state]
    says = f"{word}, up to {day(report.until)} (record {report.record})"
    return f"{says}: {report.says.rstrip('.')}."


def _silence(asked: _Asked, last: Report, age: timedelta) -> tuple[WatchWord, str] | None:
    """Whether the latest report is too old to go on counting."""
    allowed = asked.monitor.silent_after
    if allowed is None and asked.monitor.window is None:
        says = (
            "It states no `silent_after` and no `window`, so that nobody can say when it is silent."
        )
        return "silent", says
    seconds = allowed.seconds if allowed else 2 * (asked.monitor.window.seconds)  # type: ignore[union-attr]
    if age.total_seconds() <= seconds:
        return None
    limit = f"{allowed.text}" if allowed else f"two windows of {asked.monitor.window.text}"  # type: ignore[union-attr]
    says = f"It last reported up to {day(last.until)} (record {last.record}), {length(age)} ago"
    return "silent", f"{says}, and is silent after {limit}; silence is not safety."


def _doubted(found: dict[str, Watched]) -> dict[str, Watched]:
    """Monitors of monitors: while one is unknown or alarms, what it watches is not known to see."""
    distrusted = {name for name, w in found.items() if w.blocks or w.open}
    queue = list(distrusted)
    for name in queue:
        for target in found[name].targets:
            watched = found.get(target)
            if watched is None or watched.blocks:
                continue
            word = "alarms" if found[name].open else "is not known to be quiet"
            says = f"{name}, which watches it, {word}: whether it still sees is unknown."
            state: WatchWord = watched.state if watched.state == "alarm" else "doubted"
            because = f"{watched.because} {says}" if state == "alarm" else says
            found[target] = replace(watched, blocks=True, state=state, because=because)
            if target not in distrusted:
                distrusted.add(target)
                queue.append(target)
    return found


def _removed(
    name: str,
    signals: Sequence[SignalRecord],
    said: Said,
    now: datetime,
) -> Watched:
    """A monitor that the case no longer has; what it reported stays to be seen."""
    reports = tuple(report_of(signal) for signal in signals)
    return Watched(
        id=name,
        owner="",
        state="not in the case",
        because="The case no longer has it; what it reported supports nothing, and an alarm of it "
        "that nobody resolved stands against the whole case.",
        blocks=False,
        indicator="",
        alarms=alarms_of(None, (), reports, said, now),
        earlier=reports,
    )


def _by_target(chosen: Iterable[Watched]) -> Mapping[str, tuple[str, ...]]:
    by_target: dict[str, list[str]] = {}
    for watched in chosen:
        for target in watched.targets:
            by_target.setdefault(target, []).append(watched.id)
    return {target: tuple(names) for target, names in by_target.items()}


def _challenges(case: Case, found: Mapping[str, Watched]) -> Mapping[str, Challenge]:
    made: dict[str, Challenge] = {}
    for name, watched in found.items():
        # Nobody knows any more what a monitor that was taken out had conditioned.
        gone = watched.state == "not in the case"
        standing = watched.open
        targets = (case.root,) if gone else watched.targets
        if not standing:
            continue
        for target, doubt in challenge_ids(name, targets, case.elements).items():
            made[doubt] = Challenge(
                id=doubt,
                monitor=name,
                target=target,
                says=f"{_alarmed(case, name)} {told(standing)}",
                alarms=tuple(alarm.report.record for alarm in standing),
            )
    return made


def _alarmed(case: Case, name: str) -> str:
    monitor = case.elements.get(name)
    if not isinstance(monitor, Monitor):
        return f"{name} alarmed, and the case no longer has it."
    when = monitor.alarm_when
    return f"{name} alarmed ({when})." if when else f"{name} alarmed."


def challenge_ids(
    monitor: str, targets: Sequence[str], elements: Mapping[str, Element]
) -> Mapping[str, str]:
    """The id of the doubt that an alarm of `monitor` raises against each of its targets.

    `MONITOR.TARGET`, with the name that the target has in its own module, so that a case file can
    write it and say what answers it; the whole name where two targets are called the same.
    """
    found: dict[str, str] = {}
    taken: set[str] = set()
    for target in targets:
        whole = target.replace("/", "-").replace(".", "-")
        short = target.rpartition("/")[2].replace(".", "-")
        ways = [short, whole, *(f"{whole}-{i}" for i in range(2, len(targets) + 2))]
        free = (f"{monitor}.{w}" for w in ways)
        found[target] = next(w for w in free if w not in taken and _may_doubt(elements.get(w)))
        taken.add(found[target])
    return found


def _may_doubt(element: Element | None) -> bool:
    """Whether an id is free for a doubt: nothing else of the case has it."""
    return element is None or isinstance(element, Defeater)
