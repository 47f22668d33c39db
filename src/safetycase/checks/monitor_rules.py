"""The rules about live monitors: one that cannot speak, or not of what it watches, is a finding.

Each rule judges what `alarm_when` compares, so all but the first pass over a monitor whose alarm
is not one comparison.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from safetycase.argument.expression import Comparison
from safetycase.argument.findings import Finding
from safetycase.argument.model import Assumption, Monitor
from safetycase.checks.monitors import DETECTORS, NEAREST
from safetycase.checks.subject import Subject, finding

__all__ = ["MONITOR_RULES"]

_SHARES = ("rate", "mean", "pairs", "drift")
"""The kinds whose quantity lies between 0 and 1."""
_GROWS = {"pairs": "an advantage over the reference", "drift": "a distance from the reference"}


def not_one_comparison(subject: Subject) -> Iterator[Finding]:
    """C142."""
    for name, monitor in subject.each(Monitor):
        if monitor.alarm_when is not None and monitor.alarm_when.comparison is None:
            yield finding(
                subject,
                "C142",
                (name, "alarm_when"),
                f"`{monitor.alarm_when}` is not one comparison of one quantity with one number",
                "write for example `recall < 0.80`; use one monitor for each comparison",
            )


def kind_does_not_fit(subject: Subject) -> Iterator[Finding]:
    """C143."""
    for name, monitor in subject.each(Monitor):
        for field, says, hint in _misfits(monitor):
            yield finding(subject, "C143", (name, field), says, hint)


def _misfits(monitor: Monitor) -> Iterator[tuple[str, str, str]]:
    kind, detector = monitor.kind, monitor.detector
    if detector not in DETECTORS[kind]:
        fits = " or ".join(f"`{word}`" for word in DETECTORS[kind])
        yield "detector", f"the detector `{detector}` cannot judge the kind `{kind}`", f"use {fits}"
    if kind == "drift" and not monitor.warns_only:
        says = "drift of the inputs refutes nothing: it says that results may no longer apply"
        yield "kind", says, "write `warns_only: true`"
    if kind == "drift" and monitor.reference is None:
        says = "drift is measured from something, and no `reference` is named"
        yield "kind", says, "name the file that holds the features of the evaluated inputs"
    if kind != "drift" and monitor.reference is not None:
        hint = "leave it out"
        if kind == "pairs":
            hint = "leave it out: the events carry the features of the reference"
        yield "reference", f"a `reference` is read for drift only, not for `{kind}`", hint
    if kind in ("count", "drift", "pairs") and monitor.canaries and not monitor.canaries.metric:
        says = f"events of the kind `{kind}` do not say whether a canary was caught"
        yield "canaries", says, "name the events that do, as `metric` of the canaries"
    compared = _compared(monitor)
    if detector == "cusum" and monitor.run_length is None:
        says = "a `cusum` is set by how many events pass between two false alarms, on average"
        yield "detector", says, "write it, e.g. `run_length: 100000`"
    if detector != "cusum" and monitor.run_length is not None:
        says = f"`run_length` sets a `cusum`; the detector `{detector}` keeps to its `budget`"
        yield "run_length", says, "leave it out"
    if compared and kind in _GROWS and compared.op in ("<", "<="):
        says = f"`{compared.name}` is {_GROWS[kind]}: less of it is no reason for an alarm"
        yield "alarm_when", says, f"write `{compared.name} > {compared.bound:g}`"


def number_out_of_range(subject: Subject) -> Iterator[Finding]:
    """C144."""
    for name, monitor in subject.each(Monitor):
        for path, says in _improbable(monitor):
            yield finding(subject, "C144", (name, *path), says)


def _improbable(monitor: Monitor) -> Iterator[tuple[tuple[str, ...], str]]:
    if not 0 < monitor.budget < 1:
        says = f"an error budget is a probability between 0 and 1, not {monitor.budget:g}"
        yield ("budget",), says
    if monitor.run_length is not None and not 10 <= monitor.run_length <= 10**12:
        says = f"a run length is a number of events from 10 to 10^12, not {monitor.run_length}"
        yield ("run_length",), says
    if not 1 <= monitor.weight_at_most <= 10**6:
        says = (
            "a weight is one over the probability of being sampled: at least 1 and at most a "
            f"million, not {monitor.weight_at_most:g}"
        )
        yield ("weight_at_most",), says
    if not 0 <= monitor.loss < 1:
        says = f"the tolerated loss is a share of the events below 1, not {monitor.loss:g}"
        yield ("loss",), says
    canaries = monitor.canaries
    if canaries is None:
        return
    for field in ("recall", "at_least"):
        value = getattr(canaries, field)
        if not 0 < value <= 1:
            says = f"`{field}` is a share of the canaries above 0, not {value:g}"
            yield ("canaries", field), says
    if not 0 < canaries.budget < 1:
        says = f"an error budget is a probability between 0 and 1, not {canaries.budget:g}"
        yield ("canaries", "budget"), says


def alternative_of_the_null(subject: Subject) -> Iterator[Finding]:
    """C145."""
    for name, monitor in subject.each(Monitor):
        compared = _compared(monitor)
        if compared is None:
            continue
        for position, value in enumerate(monitor.alternative):
            path = (name, "alternative", str(position))
            if not _alarms(compared, value):
                says = f"at {value:g} nothing is wrong: the alarm is `{monitor.alarm_when}`"
                side = "above" if compared.op in (">", ">=") else "below"
                hint = f"an alternative lies {side} {compared.bound:g}, where an alarm is due"
                yield finding(subject, "C145", path, says, hint)
            elif value < 0 or (monitor.kind in _SHARES and value > 1):
                says = f"`{compared.name}` cannot be {value:g}"
                yield finding(subject, "C145", path, says, "name a value that it can have")


def nothing_to_wait_for(subject: Subject) -> Iterator[Finding]:
    """C146."""
    for name, monitor in subject.each(Monitor):
        if monitor.alarm_when is None:
            continue
        if monitor.window is None:
            yield finding(
                subject,
                "C146",
                (name,),
                f"`{name}` has no `window`: it would never report that all is quiet",
                "write the time that one report sums up, e.g. `window: 1 day`",
            )
        if monitor.silent_after is None:
            yield finding(
                subject,
                "C146",
                (name,),
                f"`{name}` has no `silent_after`: its silence would pass for quiet for ever",
                "write after which time without a report nothing is known, e.g. "
                "`silent_after: 2 days`",
            )


def silent_too_soon(subject: Subject) -> Iterator[Finding]:
    """C147."""
    for name, monitor in subject.each(Monitor):
        silent, heartbeat = monitor.silent_after, monitor.heartbeat
        if silent and heartbeat and silent.seconds < heartbeat.seconds:
            yield finding(
                subject,
                "C147",
                (name, "silent_after"),
                f"it is called silent after {silent.text}, and a sign of life is due only every "
                f"{heartbeat.text}",
                "write a `silent_after` of a few times the `heartbeat`",
            )


def canaries_above_what_was_measured(subject: Subject) -> Iterator[Finding]:
    """C148."""
    for name, monitor in subject.each(Monitor):
        canaries = monitor.canaries
        if canaries is not None and canaries.at_least >= canaries.recall:
            yield finding(
                subject,
                "C148",
                (name, "canaries", "at_least"),
                f"a share of {canaries.at_least:g} of the canaries has to be caught, and "
                f"{canaries.recall:g} was when it was measured",
                "a monitor as good as ever would be called blind; ask for less than was measured",
            )


def no_such_share(subject: Subject) -> Iterator[Finding]:
    """C149."""
    for name, monitor in subject.each(Monitor):
        compared = _compared(monitor)
        if compared is None:
            continue
        share = monitor.kind in _SHARES
        if compared.bound < 0 or (share and compared.bound > 1):
            can = "lies between 0 and 1" if share else "is never negative"
            yield finding(
                subject,
                "C149",
                (name, "alarm_when"),
                f"`{compared.name}` is a `{monitor.kind}`, which {can}; it is compared with "
                f"{compared.bound:g}",
                "write a share as 0.05 or 5 %, or `kind: count` for a number of events"
                if share
                else "write a number of at least 0",
            )


def conditions_nothing(subject: Subject) -> Iterator[Finding]:
    """C150."""
    held = {assumed.monitor for _, assumed in subject.each(Assumption)}
    for name, monitor in subject.each(Monitor):
        if not monitor.conditions and name not in held:
            yield finding(
                subject,
                "C150",
                (name,),
                f"`{name}` conditions nothing: its alarm would change no claim",
                "name what it watches under `conditions`, or refer to it as the `monitor` of an "
                "assumption",
                "warning",
            )


def never_or_always(subject: Subject) -> Iterator[Finding]:
    """C151."""
    for name, monitor in subject.each(Monitor):
        if monitor.alarm_when is None:
            yield finding(
                subject,
                "C151",
                (name,),
                f"`{name}` has no `alarm_when`: it is not watched, and what it conditions stays "
                "unknown",
                "write what it compares, e.g. `alarm_when: recall < 0.80`",
                "warning",
            )
            continue
        compared = _compared(monitor)
        says = _one_sided(monitor, compared) if compared else None
        if says:
            yield finding(subject, "C151", (name, "alarm_when"), *says)


def _one_sided(monitor: Monitor, compared: Comparison) -> tuple[str, str] | None:
    """Why no stream of events could raise the alarm, or every one would."""
    share, bound, op = monitor.kind in _SHARES, compared.bound, compared.op
    if (op == ">=" and bound == 0) or (op == "<=" and bound == 1 and share):
        says = f"`{monitor.alarm_when}` is always so"
        return says, "write what is not so as long as all is well"
    if monitor.kind == "mean" and bound in (0, 1):
        says = f"a mean is told apart from numbers between 0 and 1 only, not from {bound:g}"
        return says, "write `kind: rate` if each event is a 0 or a 1"
    if monitor.detector == "cusum" and share and bound in (0, 1):
        says = f"a `cusum` needs a share between 0 and 1 to start from, not {bound:g}"
        return says, "use the detector `e-process`"
    if monitor.kind == "drift" and bound == 0:
        says = "some of the inputs always lie beyond the reference: a share of 0 is never held to"
        return says, "write the share that is tolerated, e.g. 0.05"
    if share and 0 < (1 - bound if op in (">", ">=") else bound) < NEAREST:
        says = f"{bound!r} is so near to the end that nothing beyond it can be told from it"
        return says, "compare with a number that can be told apart from what has to hold"
    least = bound == 0 and (op == "<" or (op == "<=" and share))
    most = share and bound == 1 and op in (">", ">=")
    if least or most:
        # That a share is exactly 0 or 1 cannot be shown by any number of events.
        says = f"no number of events shows that `{monitor.alarm_when}`"
        return says, "compare with a number that can be told apart from what has to hold"
    return None


def _compared(monitor: Monitor) -> Comparison | None:
    return monitor.alarm_when.comparison if monitor.alarm_when else None


def _alarms(compared: Comparison, value: float) -> bool:
    """Whether a value lies beyond the bound; at the bound nothing tells the two sides apart."""
    return value > compared.bound if compared.op in (">", ">=") else value < compared.bound


MONITOR_RULES: tuple[Callable[[Subject], Iterator[Finding]], ...] = (
    not_one_comparison,
    kind_does_not_fit,
    number_out_of_range,
    alternative_of_the_null,
    nothing_to_wait_for,
    silent_too_soon,
    canaries_above_what_was_measured,
    no_such_share,
    conditions_nothing,
    never_or_always,
)
