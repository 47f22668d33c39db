"""What the tests of the engine say: an indicator with changes, and streams of events."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from safetycase.monitor.indicator import Indicator
from safetycase.monitor.records import Event, Signal

HOUR = 3600.0


def indicator(**changes: Any) -> Indicator:
    base: dict[str, Any] = {
        "id": "M",
        "metric": "failure",
        "kind": "rate",
        "detector": "e-process",
        "quantity": "failure",
        "op": ">",
        "threshold": 0.01,
        "window": HOUR,
        "digest": "0" * 64,
    }
    return Indicator(**{**base, **changes})


def event(at: float, value: float | None = 0.0, **changes: Any) -> Event:
    name = changes.pop("id", f"{at}-{value}-{changes.get('number')}-{changes.get('source')}")
    base = {"source": "s", "metric": "failure", "id": name, "at": at, "value": value}
    return Event(**{**base, **changes})


def stream(values: Iterable[float | None], *, start: float = 0.0, step: float = 1.0) -> list[Event]:
    """One event each `step` seconds, numbered from 1."""
    return [
        event(start + at * step, value, number=at + 1, id=f"{start}:{at}")
        for at, value in enumerate(values)
    ]


def states(signals: Iterable[Signal]) -> list[str]:
    return [one.state for one in signals]
