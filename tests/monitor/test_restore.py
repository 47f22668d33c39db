"""Whatever comes: the state is JSON, restored anywhere it goes on exactly, and nothing is lost."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.monitor.streams import indicator

from safetycase.argument.model import Canaries
from safetycase.ledger.rules import misfits
from safetycase.monitor.engine import Engine
from safetycase.monitor.indicator import Indicator
from safetycase.monitor.records import Event

CANARIES = Canaries(recall=0.9, at_least=0.5, budget=0.2)
ROWS = tuple((float(at % 17), float(at % 5)) for at in range(200))
WATCHED: tuple[Indicator, ...] = (
    indicator(id="RATE", window=50.0, threshold=0.2, canaries=CANARIES, weight_at_most=3.0),
    indicator(id="NEVER", window=70.0, threshold=0.0, loss=0.3),
    indicator(id="BEATS", window=50.0, detector="restarted", threshold=0.3, heartbeat=10.0),
    indicator(id="MEAN", window=30.0, kind="mean", detector="restarted", op="<", threshold=0.4),
    indicator(
        id="OWN",
        window=400.0,
        kind="mean",
        detector="cusum",
        run_length=20.0,
        threshold=0.5,
        canaries=Canaries(metric="caught", recall=0.9, at_least=0.5, budget=0.2),
        silent_after=40.0,
    ),
    indicator(id="EARLY", window=50.0, detector="cusum", run_length=20.0, threshold=0.3),
    indicator(id="MANY", window=50.0, kind="count", detector="threshold", threshold=4.0),
    indicator(id="FEW", window=50.0, kind="count", detector="threshold", op="<", threshold=2.0),
    indicator(id="PAIRS", window=50.0, kind="pairs", threshold=0.05, budget=0.5),
    indicator(id="DRIFT", window=50.0, kind="drift", threshold=0.1, budget=0.3, reference=ROWS),
)

numbers = st.one_of(
    st.sampled_from([0.0, 1.0, 0.0, 1.0, 0.5, math.nan, math.inf, -math.inf, -1.0, 1e300]),
    st.floats(0, 1),
)
features = st.lists(st.sampled_from([0.0, 1.0, 3.5, math.nan, 1e200, -40.0]), max_size=3).map(tuple)


@st.composite
def events(draw: st.DrawFn) -> list[Event]:
    found, at = [], 0.0
    for place in range(draw(st.integers(0, 40))):
        at += draw(st.sampled_from([0.0, 0.5, 3.0, 3.0, 30.0, 200.0, -20.0]))
        found.append(
            Event(
                source=draw(st.sampled_from(["a", "b", "<script>"])),
                id=str(place),
                metric=draw(st.sampled_from(["failure"] * 4 + ["caught", "other", ""])),
                at=draw(st.sampled_from([at, at, at, at, at + 1e7, math.nan, -math.inf])),
                value=draw(st.none() | numbers),
                number=draw(st.none() | st.integers(1, 20) | st.just(2**53)),
                weight=draw(st.sampled_from([1.0, 1.0, 1.0, 2.0, 3.0, 0.0, math.nan])),
                canary=draw(st.sampled_from([False, False, True])),
                heartbeat=draw(st.sampled_from([False, False, False, True])),
                features=draw(features),
                other=draw(features),
                details=draw(st.sampled_from([{}, {}, {"ends": "true"}])),
            )
        )
    return found


def run(engine: Engine, given: list[Event], clock: list[float], *, restore: bool) -> list[Any]:
    """All signals, with the engine put down and taken up between any two events if asked for."""
    found: list[Any] = []
    for each, now in zip(given, clock, strict=True):
        found += engine.take([each], now)
        if int(now) % 3 == 0:
            found += engine.tick(now)
        if int(now) % 5 == 0:
            engine.resolved("NEVER")
            engine.resolved("MANY")
        if restore:
            kept = json.loads(json.dumps(engine.state(), allow_nan=False))
            engine = Engine(WATCHED, started=-7.0)
            engine.restore(kept)
    return [*found, engine.tick(1000.0 + (clock[-1] if clock else 0.0)), engine.state()]


@pytest.mark.slow
@given(events())
@settings(max_examples=12, deadline=None)
def test_restored_anywhere_it_says_the_same(given: list[Event]) -> None:
    clock, now = [], 0.0
    for each in given:
        now = max(now, each.at if 0 <= each.at < 1e6 else now)
        clock.append(now)
    plain = run(Engine(WATCHED, started=0.0), given, clock, restore=False)
    assert run(Engine(WATCHED, started=0.0), given, clock, restore=True) == plain


@pytest.mark.slow
@given(events(), st.floats(0, 500))
@settings(max_examples=12, deadline=None)
def test_every_signal_can_be_recorded_and_every_event_is_in_one(
    given: list[Event], now: float
) -> None:
    engine = Engine(WATCHED, started=0.0)
    signals = [*engine.take(given, now), *engine.tick(now), *engine.tick(now + 2000.0)]
    for signal in signals:
        assert misfits("signal", {**signal.body(), "indicator": "0" * 64}) == ()
        assert signal.says
    measured = [e for e in given if e.metric == "failure" and not e.heartbeat and not e.canary]
    seen: dict[tuple[str, str], int] = {}
    for signal in signals:
        key = (signal.monitor, signal.since)
        seen[key] = max(seen.get(key, 0), signal.events)
    for one in WATCHED:
        assert sum(n for (name, _), n in seen.items() if name == one.id) == len(measured)


def test_a_changed_definition_begins_anew_and_the_others_go_on() -> None:
    first = Engine([indicator(id="A"), indicator(id="B")], started=0.0)
    first.take([Event(source="s", id="1", metric="failure", at=1.0, value=0.0)], 1.0)
    changed = indicator(id="B", digest="1" * 64)
    second = Engine([indicator(id="A"), changed], started=100.0)
    second.restore(first.state())
    a, b = second.tick(5000.0)[:2]
    assert (a.monitor, a.events, a.since) == ("A", 1, "1970-01-01T00:00:00Z")
    assert (b.monitor, b.events, b.since) == ("B", 0, "1970-01-01T00:01:40Z")


def test_other_rows_of_reference_begin_anew_too() -> None:
    changes = {"kind": "drift", "threshold": 0.1}
    first = Engine([indicator(reference=ROWS, **changes)], started=0.0)
    first.take([Event(source="s", id="1", metric="failure", at=1.0, features=ROWS[0])], 1.0)
    same = Engine([indicator(reference=ROWS, **changes)], started=50.0)
    same.restore(first.state())
    assert same.state() == first.state()
    other = Engine([indicator(reference=ROWS[1:], **changes)], started=50.0)
    other.restore(first.state())
    assert other.tick(5000.0)[0].events == 0


def test_a_state_of_another_version_is_refused() -> None:
    with pytest.raises(ValueError, match="version 7"):
        Engine([], started=0.0).restore({"version": 7})
