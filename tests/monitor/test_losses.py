"""What did not come, could not be measured, or says that nobody is there."""

from __future__ import annotations

import json
import math

import pytest
from tests.monitor.streams import HOUR, event, indicator, states, stream

from safetycase.argument.model import Canaries
from safetycase.ledger.canonical import dumps
from safetycase.monitor.engine import Engine
from safetycase.monitor.records import Event, Signal
from safetycase.monitor.sources import Source


def numbers(*given: int) -> Source:
    source = Source()
    for number in given:
        source.take(number)
    return source


@pytest.mark.parametrize(
    ("given", "lost"),
    [
        ((1, 2, 3), 0),
        ((1, 4), 2),
        ((1, 4, 3), 1),
        ((1, 4, 3, 2), 0),
        ((50, 51), 0),  # what was sent before it was watched is nobody's loss
        ((1, 2, 3, 1, 2), 0),  # it was restarted
        ((*range(1, 10), 2, 3), 1),  # restarted, and its first event is missing
        ((*range(1, 1000), 997, 998, 1000), 0),  # it repeats itself
        ((1, 10, 1, 2), 8),  # restarted: what was missing before stays lost
        ((1, 10**18), 10**18 - 2),
    ],
)
def test_losses_are_the_numbers_that_never_came(given: tuple[int, ...], lost: int) -> None:
    assert numbers(*given).lost == lost


def test_of_many_gaps_the_oldest_can_no_longer_be_filled() -> None:
    source = numbers(*range(1, 401, 2))
    assert source.lost == 199
    source.take(2)
    assert (source.lost, source.restarts, source.repeated) == (199, 0, 1)
    source.take(398)
    assert source.lost == 198
    again = Source.of(source.state())
    assert again.state() == source.state()


def test_what_comes_late_makes_good_no_later_loss() -> None:
    engine = Engine([indicator()], started=0.0)
    engine.take([event(1.0, number=1), event(2.0, number=12)], 3.0)
    (first,) = engine.tick(HOUR + 300)
    assert (first.state, first.lost) == ("lossy", 10)
    late = [event(HOUR + 400 + i, number=2 + i) for i in range(10)]
    again = Engine([indicator()], started=0.0)
    again.restore(json.loads(json.dumps(engine.state())))
    for one in (engine, again):
        one.take([*late, event(HOUR + 500, number=18)], HOUR + 600)
        (second,) = one.tick(2 * HOUR + 300)
        assert (second.state, second.lost) == ("lossy", 5)
        one.take([event(2 * HOUR + 400, number=n) for n in (19, 1, 4, 2, 3)], 2 * HOUR + 400)
        (third,) = one.tick(3 * HOUR + 300)
        assert (third.state, third.lost) == ("quiet", 0)  # the source began anew, and all came


def end_of(*events: Event, **changes: object) -> Signal:
    """The report of the first window over these events."""
    engine = Engine([indicator(**changes)], started=0.0)
    assert engine.take(events, HOUR) == []
    return engine.tick(HOUR + 300)[-1]


def test_a_lost_event_makes_the_window_lossy_unless_it_is_allowed() -> None:
    told = end_of(event(1.0, number=1), event(2.0, number=3))
    assert (told.state, told.lost) == ("lossy", 1)
    assert told.says == "33.33% of the events or canaries were lost or not measured; 0.00% may be."
    assert end_of(event(1.0, number=1), event(2.0, number=3), loss=0.4).state == "quiet"
    assert end_of(event(1.0, number=1), event(3.0, number=3), event(2.0, number=2)).state == "quiet"


def test_losses_are_those_of_the_window_and_of_sources_that_send_to_the_monitor() -> None:
    engine = Engine([indicator()], started=0.0)
    other = event(1.0, source="t", metric="other", number=1)
    engine.take([event(1.0, number=1), event(2.0, number=4), other], 2.0)
    engine.take([event(3.0, source="t", metric="other", number=9)], 3.0)
    (first,) = engine.tick(HOUR + 300)
    assert (first.state, first.lost) == ("lossy", 2)
    engine.take([event(HOUR + 500, number=5)], HOUR + 500)
    (second,) = engine.tick(2 * HOUR + 300)
    assert (second.state, second.lost) == ("quiet", 0)


@pytest.mark.parametrize(
    ("value", "weight", "counted"),
    [
        (None, 1.0, "unlabelled"),
        (math.nan, 1.0, "invalid"),
        (math.inf, 1.0, "invalid"),
        (0.5, 1.0, "invalid"),
        (-1.0, 1.0, "invalid"),
        (0.0, 2.0, "heavy"),
        (0.0, 0.5, "heavy"),
        (0.0, math.nan, "heavy"),
    ],
)
def test_what_cannot_be_measured_is_counted_and_is_not_good(
    value: float | None, weight: float, counted: str
) -> None:
    told = end_of(event(1.0), event(2.0, value, weight=weight))
    assert (told.state, told.events, told.details[counted]) == ("lossy", 2, "1")
    assert told.details["measured"] == "1"


def test_silence_is_reported_once_when_it_begins_and_with_each_window() -> None:
    engine = Engine([indicator(silent_after=2 * HOUR)], started=0.0)
    engine.take([event(10.0)], 10.0)
    found = [(minute, one) for minute in range(360) for one in engine.tick(60.0 * minute)]
    assert [(minute, one.state) for minute, one in found] == [
        (65, "quiet"),
        (121, "silent"),
        (125, "silent"),
        (185, "silent"),
        (245, "silent"),
        (305, "silent"),
    ]
    back = engine.take([event(6 * HOUR)], 6 * HOUR) + engine.tick(6 * HOUR)
    assert states(back) == ["quiet"]
    assert engine.tick(6 * HOUR + 1) == []


def test_nothing_from_the_beginning_is_silence() -> None:
    engine = Engine([indicator()], started=0.0)
    assert engine.tick(HOUR + 299) == []
    assert states(engine.tick(HOUR + 300)) == ["silent"]
    assert engine.tick(HOUR + 301) == []
    assert states(engine.tick(2 * HOUR + 300)) == ["silent"]


def test_a_silence_between_two_events_is_told_though_no_clock_was_there() -> None:
    engine = Engine([indicator(silent_after=600.0)], started=0.0)
    signals = engine.take([event(10.0), event(2000.0)], 2000.0) + engine.tick(2000.0)
    assert [(one.state, one.until[11:]) for one in signals] == [
        ("silent", "00:10:10Z"),
        ("quiet", "00:33:20Z"),
    ]


def test_each_source_that_sends_heartbeats_is_missed() -> None:
    engine = Engine([indicator(heartbeat=60.0, silent_after=180.0)], started=0.0)
    beat = {"heartbeat": True, "value": None}
    engine.take([event(1.0, source="a"), event(2.0, source="b")], 2.0)
    engine.take([event(100.0, source="a", metric="", **beat)], 100.0)
    assert states(engine.tick(150.0)) == ["quiet"]
    engine.take([event(200.0, source="a", metric="", **beat)], 200.0)
    (told,) = engine.tick(200.0)
    assert (told.state, told.details["silent_sources"]) == ("silent", "b")
    assert "from b" in told.says
    gone = event(210.0, source="b", metric="", details={"ends": "true"}, **beat)
    engine.take([gone], 210.0)
    assert states(engine.tick(211.0)) == ["quiet"]  # it said that it ends


def test_a_heartbeat_of_a_stranger_is_no_sign_of_life() -> None:
    engine = Engine([indicator()], started=0.0)
    engine.take([event(HOUR, source="x", metric="other", heartbeat=True)], HOUR)
    assert states(engine.tick(HOUR + 300)) == ["silent"]
    engine = Engine([indicator()], started=0.0)
    engine.take([event(HOUR, source="x", heartbeat=True)], HOUR)
    assert states(engine.tick(HOUR + 300)) == ["quiet"]


def test_sources_beyond_what_can_be_followed_are_not_good(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("safetycase.monitor.engine._SOURCES", 2)
    told = end_of(*(event(1.0, source=f"s{at}") for at in range(3)))
    assert (told.state, told.details["untracked"]) == ("lossy", "1")


CANARIES = Canaries(recall=0.95, at_least=0.8, budget=0.05)


def canaries(*values: float, start: float = 0.0) -> list[Event]:
    return [event(start + at, value, canary=True) for at, value in enumerate(values)]


def test_canaries_are_apart_from_the_metric() -> None:
    told = end_of(event(1.0), *canaries(*[1.0] * 20), canaries=CANARIES)
    assert (told.state, told.events, told.value) == ("quiet", 1, 0.0)
    assert (told.details["canaries"], told.details["caught"]) == ("20", "20")


def test_a_canary_that_nobody_declared_is_an_event_that_nobody_measured() -> None:
    stray = end_of(event(1.0), *canaries(1.0, 1.0))
    assert (stray.state, stray.value, stray.details["strays"]) == ("lossy", 0.0, "2")
    assert (stray.events, stray.details["invalid"]) == (3, "2")
    others = [indicator(), indicator(id="N", canaries=CANARIES)]
    apart = Canaries(metric="failure", recall=0.95, at_least=0.8, budget=0.05)
    for second in (others[1], indicator(id="N", metric="other", canaries=apart)):
        engine = Engine([others[0], second], started=0.0)
        assert engine.take([event(1.0), *canaries(1.0, 1.0)], HOUR) == []
        told = {one.monitor: one for one in engine.tick(HOUR + 300)}["M"]
        assert (told.state, told.events, told.details["strays"]) == ("quiet", 1, "2")


def test_without_a_canary_it_is_not_known_whether_it_sees() -> None:
    told = end_of(event(1.0), canaries=CANARIES)
    assert told.state == "blind"
    assert "No canary" in told.says
    told = end_of(event(1.0), event(2.0, None, canary=True), canaries=CANARIES)
    assert (told.state, told.details["canaries_unlabelled"]) == ("blind", "1")


def test_missed_canaries_warn_then_blind_and_evidence_brings_sight_back() -> None:
    engine = Engine([indicator(canaries=CANARIES)], started=0.0)
    signals = engine.take(canaries(*[1.0, 0.0] * 40), 100.0)
    assert states(signals) == ["warning", "blind"]
    assert "less often than the 0.95 measured" in signals[0].says
    assert signals[1].alarm_at == 40
    assert "less often than 0.8" in signals[1].says
    few = engine.take(canaries(*[1.0] * 8, start=200.0), 300.0) + engine.tick(300.0)
    assert few == []
    many = engine.take(canaries(*[1.0] * 60, start=400.0), 500.0) + engine.tick(500.0)
    assert states(many) == ["quiet"]
    again = engine.take(canaries(*[0.0] * 20, start=600.0), 700.0)
    assert states(again) == ["warning", "blind"]
    assert again[1].alarm_at == pytest.approx(120)


def test_canaries_may_have_a_metric_of_their_own() -> None:
    own = Canaries(metric="caught", recall=0.95, at_least=0.8, budget=0.05)
    engine = Engine([indicator(canaries=own)], started=0.0)
    engine.take([event(1.0), event(2.0, 1.0, metric="caught", source="injector")], 3.0)
    (told,) = engine.tick(HOUR + 300)
    assert (told.state, told.details["canaries"], told.events) == ("quiet", "1", 1)
    # Who sends the canaries says nothing of the life of what is watched.
    engine.take([event(2 * HOUR, 1.0, metric="caught", source="injector")], 2 * HOUR)
    assert states(engine.tick(2 * HOUR + 300)) == ["silent"]


def test_alarms_come_through_losses_and_blindness() -> None:
    engine = Engine([indicator(canaries=CANARIES)], started=0.0)
    engine.take(canaries(*[0.0] * 20), 50.0)
    assert states(engine.take(stream([1.0, None] * 20, start=100.0), 200.0)) == ["alarm"]
    assert engine.tick(HOUR + 300)[-1].state == "blind"


def test_canaries_whose_fate_is_not_known_may_be_the_missed_ones() -> None:
    unknown = [event(900.0 + at, None, canary=True) for at in range(5)]
    given = [event(1.0), *canaries(*[1.0] * 20), *unknown]
    told = end_of(*given, canaries=CANARIES, loss=0.1)
    assert (told.state, told.details["canaries_unlabelled"]) == ("lossy", "5")
    assert told.says.startswith("20.00% of the events or canaries were lost or not measured")
    assert end_of(*given, canaries=CANARIES, loss=0.2).state == "quiet"


def test_no_count_of_losses_is_too_large_for_a_record() -> None:
    engine = Engine([indicator()], started=0.0)
    engine.take([event(1.0, number=1), event(2.0, number=10**20)], 3.0)
    again = Engine([indicator()], started=0.0)
    again.restore(engine.state())
    (told,) = again.tick(HOUR + 300)
    assert (told.state, told.lost) == ("lossy", 10**15)
    assert dumps(told.body())


def test_what_comes_late_of_an_earlier_window_hides_no_loss_of_this_one() -> None:
    for early in (True, False):  # the late ones come before the new gap, or after it
        engine = Engine([indicator()], started=0.0)
        engine.take([event(1.0, number=1), event(2.0, number=5)], 3.0)
        (first,) = engine.tick(HOUR + 300)
        assert (first.state, first.lost) == ("lossy", 3)
        at = HOUR + 500
        late, gap = [event(at, number=n) for n in (2, 3, 4)], [event(at, number=9)]
        engine.take(late + gap if early else gap + late, at)
        again = Engine([indicator()], started=0.0)
        again.restore(engine.state())
        again.take([event(at + 1, number=7)], at + 1)
        (second,) = again.tick(2 * HOUR + 300)
        assert (second.state, second.lost) == ("lossy", 2)
