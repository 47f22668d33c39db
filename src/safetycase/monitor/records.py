"""What comes in and what goes out: events of a deployment, and signals about monitors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["Event", "Signal", "State"]

State = Literal["quiet", "warning", "alarm", "silent", "lossy", "blind"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing a source says of a deployment; `(source, id)` names it, whatever else it says.

    `metric` is what it is about. `at` is when it happened, in seconds since 1970 in UTC, by the
    clock of its source. `value` is the score, finite, or None where the event only occurred or
    its label is not there yet. `number` is the source's own count of what it sent (from 1, no
    gaps), by which losses are known. `weight` is one over the probability that it was sampled.
    `canary` marks a known-bad item that was put in on purpose. `features` are those of an output,
    `other` those of a reference, for indicators of pairs and of drift. `details` never holds the
    contents of prompts or replies unless the operator asked for it.
    """

    source: str
    id: str
    metric: str
    at: float
    value: float | None = None
    number: int | None = None
    weight: float = 1.0
    canary: bool = False
    heartbeat: bool = False
    features: tuple[float, ...] = ()
    other: tuple[float, ...] = ()
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """What one monitor reports of one window; the body of a `signal` record.

    Times are UTC texts in whole seconds. `value` is the measured quantity in the window; `e_value`
    the evidence against the null hypothesis since the last restart, the `segment`-th, which alarms
    at `alarm_at`. `indicator` is the digest of the monitor's definition, `root` that of the events.
    """

    monitor: str
    indicator: str
    state: State
    since: str
    until: str
    events: int
    lost: int
    says: str
    segment: int = 0
    value: float | None = None
    e_value: float | None = None
    alarm_at: float | None = None
    root: str | None = None
    details: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """As the record keeps it: numbers that are no whole ones as decimals in text."""
        return {
            "monitor": self.monitor,
            "indicator": self.indicator,
            "state": self.state,
            "since": self.since,
            "until": self.until,
            "events": self.events,
            "lost": self.lost,
            "segment": self.segment,
            "value": _decimal(self.value),
            "e_value": _decimal(self.e_value),
            "alarm_at": _decimal(self.alarm_at),
            "root": self.root,
            "says": self.says,
            "details": dict(self.details),
        }


def _decimal(value: float | None) -> str | None:
    return None if value is None else f"{value:.6g}"
