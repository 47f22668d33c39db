"""How a monitor says what it saw: the signal, its sentence and its details."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from safetycase.monitor.records import Event, Signal, State
from safetycase.monitor.tally import Tally
from safetycase.monitor.times import instant, length
from safetycase.stats.detectors import anytime_radius
from safetycase.stats.sequential import rate_sequence

if TYPE_CHECKING:
    from safetycase.monitor.watched import Watched

__all__ = ["Facts", "signal_of"]

_SHOWN = 3  # sources that a signal names
_DOUBT = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a signal is about: a window so far, its losses, sources that are missing.

    `by` is the event that decided, where one did.
    """

    since: float
    until: float
    tally: Tally
    lost: int
    missing: Sequence[str] = ()
    by: Event | None = None
    about: str = "metric"


def signal_of(watched: Watched, state: State, facts: Facts) -> Signal:
    """The signal that `watched` is in `state`."""
    one, tally = watched.indicator, facts.tally
    evidence, needed = watched.gauge.evidence()
    if watched.canaries and (facts.about == "canaries" or watched.canaries.blind):
        evidence, needed = watched.canaries.e_value, watched.canaries.alarm_at
    return Signal(
        monitor=one.id,
        indicator=one.digest,
        state=state,
        since=instant(facts.since),
        until=instant(facts.until),
        events=tally.taken,
        lost=facts.lost,
        segment=watched.segment,
        value=watched.gauge.value(tally),
        e_value=evidence,
        alarm_at=needed,
        says=_says(watched, state, facts),
        details=_details(watched, state, facts),
    )


def _says(watched: Watched, state: State, facts: Facts) -> str:
    one = watched.indicator
    claim = f"`{one.quantity} {one.op} {one.threshold:g}`"
    if state == "alarm":
        return _shown(watched, claim, facts)
    if state == "silent":
        if facts.missing:
            return (
                f"No heartbeat for longer than {length(one.patience)} from {_some(facts.missing)}."
            )
        if math.isinf(one.patience):
            return "Nothing was heard in the window."
        return f"Nothing was heard for longer than {length(one.patience)}."
    if state == "lossy":
        share = facts.tally.bad(facts.lost)
        bad = f"{share:.2%} of the events or canaries were lost or not measured"
        return f"{bad}; {one.loss:.2%} may be."
    if state == "blind":
        return _blind(watched)
    if state == "warning":
        if facts.about == "canaries" and one.canaries:
            return f"The canaries are caught less often than the {one.canaries.recall:g} measured."
        return f"Early warning of {claim}; it challenges nothing."
    if watched.open:
        return f"Nothing new; the alarm of segment {watched.segment} is not resolved."
    return f"{claim} is not shown."


def _shown(watched: Watched, claim: str, facts: Facts) -> str:
    evidence, needed = watched.gauge.evidence()
    if evidence is None or needed is None:
        return f"{claim}: {watched.gauge.value(facts.tally) or 0:g} in this window."
    return (
        f"{claim} is shown: evidence {evidence:.4g}, of {needed:.4g} needed, in segment "
        f"{watched.segment}."
    )


def _blind(watched: Watched) -> str:
    canaries = watched.canaries
    if canaries is None or not canaries.blind:
        return "No canary came that shows whether the monitor still sees."
    return (
        f"Canaries are caught less often than {canaries.at_least:g}: evidence "
        f"{canaries.e_value:.4g}, of {canaries.alarm_at:.4g} needed."
    )


def _details(watched: Watched, state: State, facts: Facts) -> dict[str, str]:
    tally = facts.tally
    found = {**tally.words(), **watched.gauge.details()}
    if watched.known:
        found["sources"] = str(len(watched.known))
    if facts.missing:
        found["silent_sources"] = _some(facts.missing)
    if facts.by is not None:
        found["decided_by"] = f"{facts.by.source} {facts.by.id}"
    if state == "alarm" and watched.indicator.warns_only:
        found["warns_only"] = "true"  # a later definition must not turn it into a challenge
    if tally.measured:
        found["measured"] = str(tally.measured)
    if (ends := _interval(watched, tally)) is not None:
        found["interval"] = f"{ends[0]:.4g} to {ends[1]:.4g}, at {1 - _DOUBT:.0%}, at any look"
    return found


def _interval(watched: Watched, tally: Tally) -> tuple[float, float] | None:
    """The confidence sequence of the window at this look; None where weights are unequal.

    Valid whenever the look is taken, under one rate or mean given the past. The tighter one that
    is known for rates needs only the counts; of means it needs all values, which are not kept.
    """
    kind, n = watched.indicator.kind, tally.measured
    if not n or tally.weights != n or kind not in ("rate", "mean", "drift"):
        return None
    if kind == "mean":
        middle, radius = tally.total / n, anytime_radius(n, _DOUBT)
        return max(0.0, middle - radius), min(1.0, middle + radius)
    ends = rate_sequence([(int(tally.total), n)], alpha_low=_DOUBT / 2, alpha_high=_DOUBT / 2)
    return ends.low, ends.high


def _some(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
