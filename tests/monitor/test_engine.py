"""Signals from streams: windows, alarms, silence, losses, canaries, and a state that restores."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from typing import Any

from safetycase.monitor.engine import Engine
from safetycase.monitor.indicator import Indicator
from safetycase.monitor.records import Event, Signal

DIGEST = "0" * 64


def indicator(**changes: Any) -> Indicator:
    base: dict[str, Any] = {
        "id": "M",
        "metric": "failure",
        "kind": "rate",
        "detector": "e-process",
        "quantity": "failure",
        "op": ">",
        "threshold": 0.01,
        "alternatives": (0.02,),
        "window": 3600.0,
        "digest": DIGEST,
    }
    return Indicator(**{**base, **changes})


def stream(values: Iterable[float | None], start: int = 0, step: float = 1.0) -> list[Event]:
    return [
        Event(
            source="s",
            id=str(start + at),
            metric="failure",
            at=(start + at) * step,
            number=start + at + 1,
            value=value,
        )
        for at, value in enumerate(values)
    ]


def states(signals: Iterable[Signal]) -> list[str]:
    return [one.state for one in signals]


def test_a_window_holds_the_events_of_its_time_and_a_drift_alarms_at_once() -> None:
    draw = random.Random(1)
    events = stream(float(draw.random() < (0.01 if at < 20_000 else 0.03)) for at in range(40_000))
    engine = Engine([indicator()], started=0.0)
    signals = engine.take(events, now=40_000.0)
    assert states(signals).count("alarm") == 1
    alarm = next(one for one in signals if one.state == "alarm")
    assert alarm.alarm_at == 40
    assert alarm.e_value is not None
    assert alarm.e_value >= 40
    quiet = [one for one in signals if one.state == "quiet"]
    assert [one.events for one in quiet] == [3600] * len(quiet)
    assert len(quiet) == 40_000 // 3600


def test_restored_anywhere_it_says_the_same() -> None:
    draw = random.Random(2)
    events = stream(float(draw.random() < 0.02) for _ in range(9000))
    whole = Engine([indicator()], started=0.0)
    expected = whole.take(events, now=9000.0)
    for cut in (0, 1, 777, 3601, 8999):
        first = Engine([indicator()], started=0.0)
        before = first.take(events[:cut], now=9000.0)
        second = Engine([indicator()], started=5.0)
        second.restore(json.loads(json.dumps(first.state(), allow_nan=False)))
        assert before + second.take(events[cut:], now=9000.0) == expected
        assert second.state() == whole.state()
