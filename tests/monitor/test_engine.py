"""Signals from streams: windows, alarms at once, segments, and the clock."""

from __future__ import annotations

import random
import time

import pytest
from tests.monitor.streams import HOUR, event, indicator, states, stream

from safetycase.monitor.engine import Engine


def test_a_window_holds_the_events_of_its_time_and_a_change_alarms_at_once() -> None:
    draw = random.Random(1)
    rates = [0.01] * 5000 + [0.2] * 3000
    events = stream(float(draw.random() < rate) for rate in rates)
    engine = Engine([indicator(alternatives=(0.02,))], started=0.0)
    found = [(at, one) for at, each in enumerate(events) for one in engine.take([each], each.at)]
    assert states(one for _, one in found) == ["quiet", "alarm", "quiet"]
    at, alarm = found[1]
    assert 5000 < at < 5100
    assert alarm.until == f"1970-01-01T01:{at // 60 - 60:02}:{at % 60:02}Z"
    assert alarm.since == "1970-01-01T01:00:00Z"
    assert alarm.details["decided_by"] == f"s 0.0:{at}"
    assert alarm.alarm_at == 40
    assert alarm.e_value is not None
    assert alarm.e_value >= 40
    assert [one.events for _, one in found if one.state == "quiet"] == [3600, 3600]
    assert "alarm of segment 1 is not resolved" in found[2][1].says
    assert alarm.says.startswith("`failure > 0.01` is shown: evidence")
    assert "at any look" in alarm.details["interval"]


def test_each_window_has_one_quiet_signal_after_its_grace() -> None:
    engine = Engine([indicator()], started=1000.0)
    assert engine.take([event(1100.0), event(1200.0)], 1200.0) == []
    assert engine.tick(1000 + HOUR + 299) == []
    (quiet,) = engine.tick(1000 + HOUR + 300)
    assert (quiet.state, quiet.since, quiet.until) == (
        "quiet",
        "1970-01-01T00:16:40Z",
        "1970-01-01T01:16:40Z",
    )
    assert quiet.events == 2
    assert quiet.value == 0
    assert engine.tick(1000 + HOUR + 301) == []


def test_in_the_grace_both_windows_are_open_and_later_is_late() -> None:
    engine = Engine([indicator()], started=0.0)
    engine.take([event(10.0), event(HOUR + 10), event(HOUR - 1)], HOUR + 20)
    (first,) = engine.tick(HOUR + 400)
    assert first.events == 2
    engine.take([event(HOUR - 2, 1.0)], HOUR + 500)
    (second,) = engine.tick(2 * HOUR + 400)
    assert (second.events, second.details["late"]) == (2, "1")
    assert second.value == 0.5  # late, and measured all the same


def test_events_close_the_windows_before_them_without_a_clock() -> None:
    engine = Engine([indicator()], started=0.0)
    signals = engine.take([event(10.0), event(HOUR + 301)], 10 * HOUR)
    assert states(signals) == ["quiet"]


def test_a_clock_that_is_ahead_or_none_is_now() -> None:
    engine = Engine([indicator()], started=0.0)
    year = 365 * 86_400.0
    assert engine.take([event(year), event(float("nan"))], 100.0) == []
    (quiet,) = engine.tick(HOUR + 300)
    assert quiet.events == 2


def test_after_a_resolution_the_rest_of_the_budget_is_spent() -> None:
    engine = Engine([indicator(threshold=0.5, budget=0.1)], started=0.0)
    needed = []
    for segment in range(1, 5):
        signals = engine.take(stream([1.0] * 40, start=100.0 * segment), 1e4)
        alarms = [one for one in signals if one.state == "alarm"]
        assert [one.segment for one in alarms] == [segment]
        needed.append(alarms[0].alarm_at)
        assert engine.take([event(100.0 * segment + 50, 1.0)], 1e4) == []
        engine.resolved("M")
        engine.resolved("M")  # twice is once
    assert needed == pytest.approx([20, 60, 120, 200])
    assert sum(1 / at for at in needed if at) < 0.1


def test_a_resolution_without_an_alarm_or_a_monitor_changes_nothing() -> None:
    engine = Engine([indicator()], started=0.0)
    before = engine.state()
    engine.resolved("M")
    engine.resolved("NOBODY")
    assert engine.state() == before


def test_two_indicators_of_one_metric_have_their_own_windows_and_alarms() -> None:
    engine = Engine(
        [
            indicator(id="STRICT", threshold=0.01),
            indicator(id="LOOSE", threshold=0.9, window=7 * HOUR),
            indicator(id="OTHER", metric="other", threshold=0.01),
        ],
        started=0.0,
    )
    signals = engine.take(stream([1.0] * 20), 100.0)
    assert [(one.monitor, one.state) for one in signals] == [("STRICT", "alarm")]
    with pytest.raises(ValueError, match="same id"):
        Engine([indicator(), indicator()], started=0.0)


def test_windows_without_anything_are_one_report_however_many_they_are() -> None:
    engine = Engine([indicator(window=1.0)], started=0.0)
    began = time.process_time()
    signals = engine.take([event(0.5), event(3e8)], 3e8)
    assert states(signals) == ["quiet", "silent"]
    assert signals[1].until == "1979-07-05T05:19:59Z"
    assert time.process_time() - began < 60  # a loop over the windows would take minutes


def test_a_long_window_reports_in_between_where_silence_is_judged_sooner() -> None:
    engine = Engine([indicator(window=10 * HOUR, silent_after=HOUR)], started=0.0)
    found = []
    for minute in range(300):
        found += engine.take([event(60.0 * minute)], 60.0 * minute)
        found += engine.tick(60.0 * minute)
    assert states(found) == ["quiet"] * 9
    assert {one.since for one in found} == {"1970-01-01T00:00:00Z"}
    assert [one.until[11:16] for one in found[:2]] == ["00:30", "01:00"]


def test_a_cusum_warns_once_in_a_window_and_never_alarms() -> None:
    watched = indicator(detector="cusum", run_length=500.0, threshold=0.1)
    engine = Engine([watched], started=0.0)
    signals = engine.take(stream([1.0] * 3500), 3500.0)
    assert states(signals) == ["warning"]
    assert signals[0].e_value is None
    assert "challenges nothing" in signals[0].says
    (end,) = engine.tick(HOUR + 300)
    assert end.state == "quiet"
    assert int(end.details["warnings"]) > 100
    assert float(end.details["run_length"]) >= 500


def test_a_restarted_detector_starts_at_each_window() -> None:
    engine = Engine([indicator(detector="restarted")], started=0.0)
    engine.take(stream([0.0] * 4 * 3600), 4 * HOUR)
    (end,) = engine.tick(4 * HOUR + 300)
    assert end.details["starts"] == "4"


def test_means_alarm_as_well() -> None:
    engine = Engine([indicator(kind="mean", threshold=0.5, op="<")], started=0.0)
    signals = engine.take(stream([0.3] * 200), 200.0)
    assert states(signals) == ["alarm"]
    engine = Engine([indicator(kind="mean", threshold=0.5, op="<")], started=0.0)
    assert engine.take(stream([0.55] * 2000), 2000.0) == []


def test_a_count_alarms_at_once_when_there_are_too_many() -> None:
    engine = Engine([indicator(kind="count", detector="threshold", threshold=3.0)], started=0.0)
    assert engine.take([event(1.0, None), event(2.0, 2.0)], 3.0) == []
    (alarm,) = engine.take([event(4.0, 0.5), event(5.0, 0.1)], 5.0)
    assert (alarm.state, alarm.value, alarm.e_value) == ("alarm", 3.5, None)
    assert alarm.until == "1970-01-01T00:00:04Z"
    engine.resolved("M")
    assert engine.take([event(6.0, 5.0)], 6.0) == []  # this window has alarmed
    assert states(engine.take(stream([4.0], start=HOUR + 400), HOUR + 400)) == ["quiet", "alarm"]


def test_a_count_alarms_at_the_end_when_there_are_too_few_even_with_what_was_lost() -> None:
    watched = indicator(kind="count", detector="threshold", op="<", threshold=3.0, loss=0.9)
    engine = Engine([watched], started=0.0)
    engine.take([event(1.0, None, number=1), event(2.0, None, number=2)], 3.0)
    assert states(engine.tick(HOUR + 300)) == ["alarm", "quiet"]
    engine = Engine([watched], started=0.0)
    engine.take([event(1.0, None, number=1), event(2.0, None, number=3)], 3.0)
    assert states(engine.tick(HOUR + 300)) == ["quiet"]  # the lost one may have been the third
    engine = Engine([watched], started=0.0)
    assert states(engine.tick(2 * HOUR + 300)) == ["silent"]  # nobody said that there was nothing


def test_drift_warns_of_inputs_beyond_the_reference() -> None:
    draw = random.Random(3)
    rows = tuple((draw.gauss(0, 1), draw.gauss(0, 1)) for _ in range(600))
    watched = indicator(
        kind="drift", threshold=0.05, quantity="strange", reference=rows, metric="failure"
    )
    engine = Engine([watched], started=0.0)
    like = [
        event(float(at), None, features=(draw.gauss(0, 1), draw.gauss(0, 1))) for at in range(400)
    ]
    assert engine.take(like, 400.0) == []
    unlike = [event(400.0 + at, None, features=(5.0, draw.gauss(0, 1))) for at in range(40)]
    signals = engine.take([*unlike, event(450.0, None, features=(1.0,)), event(451.0)], 500.0)
    assert states(signals) == ["warning"]
    assert signals[0].alarm_at == 80  # half of the budget went into how far the reference reaches
    (end,) = engine.tick(HOUR + 300)
    assert (end.state, end.details["invalid"], end.details["unlabelled"]) == ("lossy", "1", "1")
    with pytest.raises(ValueError, match="monitor M: a reference of 20 rows"):
        Engine([indicator(kind="drift", threshold=0.05, reference=rows[:20])], started=0.0)


def test_pairs_alarm_on_an_advantage_and_count_what_is_none() -> None:
    draw = random.Random(5)
    engine = Engine([indicator(kind="pairs", threshold=0.02, budget=0.1)], started=0.0)

    def pair(at: int, tilt: float) -> object:
        output = tuple(float(draw.random() < 0.5 + tilt) for _ in range(3))
        other = tuple(float(draw.random() < 0.5) for _ in range(3))
        return event(float(at), None, features=output, other=other)

    bad = [
        event(1.0, 1.0),
        event(2.0, None, features=(1.0,), other=(1.0, 2.0)),
        event(3.0, None, features=(float("nan"),), other=(1.0,)),
    ]
    engine.take(bad, 10.0)
    signals = engine.take([pair(at, 0.4) for at in range(10, 300)], 300.0)  # type: ignore[misc]
    assert states(signals) == ["alarm"]
    assert signals[0].value is None
    engine.take([event(301.0, None, features=(1e200,) * 3, other=(0.0,) * 3)], 302.0)
    (end,) = engine.tick(HOUR + 300)
    assert (end.details["unlabelled"], end.details["invalid"]) == ("1", "3")
    assert end.details["width"] == "3"


def test_too_many_while_an_earlier_alarm_is_open_are_told_once_it_is_resolved() -> None:
    one = indicator(kind="count", detector="threshold", threshold=2.0, quantity="failures")
    for more in (0, 1):  # told by the next event, or at the end of the window
        engine = Engine([one], started=0.0)
        assert states(engine.take([event(float(at), None) for at in range(3)], 10.0)) == ["alarm"]
        later = [event(HOUR + 400 + at, None) for at in range(3)]
        assert states(engine.take(later, HOUR + 500)) == ["quiet"]
        engine.resolved("M")
        told = engine.take([event(HOUR + 600, None)] * more, HOUR + 600)
        again = Engine([one], started=0.0)
        again.restore(engine.state())
        told += again.tick(2 * HOUR + 300)
        assert states(told) == ["alarm", "quiet"]
        again.resolved("M")
        assert states(again.tick(3 * HOUR + 300)) == ["silent"]


def test_one_event_that_counts_for_more_than_can_be_is_not_lost_in_what_may_be_lost() -> None:
    one = indicator(kind="count", detector="threshold", threshold=1e6, loss=0.5, weight_at_most=9.0)
    for changes in ({"value": 1e300}, {"value": 2e5, "weight": 1e9}):
        engine = Engine([one], started=0.0)
        events = [event(float(at), None) for at in range(9)]
        assert states(engine.take([*events, event(9.0, **changes)], 10.0)) == ["alarm"]
    few = indicator(kind="count", detector="threshold", op="<", threshold=5.0, loss=0.5)
    engine = Engine([few], started=0.0)
    engine.take([event(1.0, None), event(2.0, 1e300), event(3.0, 3.0, weight=2.0)], 10.0)
    assert "alarm" in states(engine.tick(HOUR + 300))
