"""What becomes of a JSON object: an event, or a refusal that says why and repeats nothing."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safetycase.monitor.blocks import event_from, line_of
from safetycase.monitor.events import MAX_DETAIL_CHARS, Reading, Refusal, event_of
from safetycase.monitor.records import Event
from safetycase.monitor.times import instant, time_of

NOW = 1_796_000_000.0  # in November 2026
GOOD: dict[str, Any] = {"source": "gateway", "id": "a-1", "metric": "caught", "at": NOW - 60}


def read(**changes: Any) -> Event | Refusal:
    body = {**GOOD, **changes}
    return event_of({k: v for k, v in body.items() if v is not ...}, now=NOW)


def test_the_least_event_has_the_defaults_of_the_record() -> None:
    assert read() == Event(source="gateway", id="a-1", metric="caught", at=NOW - 60)


def test_every_field_is_read() -> None:
    event = read(
        value=1,
        number=7,
        weight=50,
        canary=True,
        features=[0, 1.5],
        other=[2],
        details={"label": "pass", "attempt": 3},
    )
    assert event == Event(
        source="gateway",
        id="a-1",
        metric="caught",
        at=NOW - 60,
        value=1.0,
        number=7,
        weight=50.0,
        canary=True,
        features=(0.0, 1.5),
        other=(2.0,),
        details={"label": "pass", "attempt": "3"},
    )
    assert type(event) is Event
    assert type(event.value) is float


def test_a_heartbeat_needs_no_metric() -> None:
    event = read(metric=..., heartbeat=True, number=12)
    assert isinstance(event, Event)
    assert (event.metric, event.heartbeat, event.number) == ("heartbeat", True, 12)


@pytest.mark.parametrize(
    "changes", [{"value": 0}, {"value": 1}, {"canary": True}, {"features": [1]}, {"other": [1]}]
)
def test_a_heartbeat_hides_nothing_that_was_measured(changes: dict[str, Any]) -> None:
    refused = read(heartbeat=True, **changes)
    assert isinstance(refused, Refusal)
    assert (refused.source, refused.reason[:44]) == (
        "gateway",
        "it is a heartbeat and has something measured",
    )
    assert isinstance(read(heartbeat=True, value=None, canary=False, features=[]), Event)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"value": math.nan}, "`value` is not a finite number"),
        ({"value": math.inf}, "`value` is not a finite number"),
        ({"value": 10**400}, "`value` is not a finite number"),
        ({"value": True}, "`value` is not a number"),
        ({"value": "0.5"}, "`value` is not a number"),
        ({"value": [1]}, "`value` is not a number"),
        ({"weight": 0.5}, "`weight` is not between 1 and 1e9"),
        ({"weight": True}, "`weight` is not a number"),
        ({"number": 0}, "`number` is not a whole number from 1 to 10^12"),
        ({"number": 1.0}, "`number` is not a whole number from 1 to 10^12"),
        ({"number": True}, "`number` is not a whole number from 1 to 10^12"),
        ({"number": 2**64}, "`number` is not a whole number from 1 to 10^12"),
        ({"canary": 1}, "`canary` is neither true nor false"),
        ({"canary": None}, "`canary` is neither true nor false"),
        ({"source": ...}, "`source` is missing"),
        ({"id": ""}, "`id` is empty or has characters that cannot be printed"),
        ({"id": " "}, "`id` is empty or has characters that cannot be printed"),
        ({"id": "a\x00b"}, "`id` is empty or has characters that cannot be printed"),
        ({"id": "\ud800"}, "`id` is empty or has characters that cannot be printed"),
        ({"id": "a\u202eb"}, "`id` is empty or has characters that cannot be printed"),
        ({"id": 7}, "`id` is not a text"),
        ({"source": "s" * 201}, "`source` is longer than 200 characters"),
        ({"metric": "m" * 10_000_000}, "`metric` is longer than 200 characters"),
        ({"at": ...}, "`at` is missing"),
        ({"at": NOW + 301}, "`at` lies in the future"),
        ({"at": NOW + 365 * 86400}, "`at` lies in the future"),
        ({"at": "9999-12-31T23:59:59Z"}, "`at` lies in the future"),
        ({"at": "2026-11-27T09:00:00"}, "`at` is not a time with an offset (RFC 3339)"),
        ({"at": math.nan}, "`at` is not a finite number"),
        ({"at": -1}, "`at` is before 1970"),
        ({"at": True}, "`at` is neither a text nor a number"),
        ({"at": 10**400}, "`at` is not a time"),
        ({"features": [0.0] * 5000}, "`features` has more than 4096 entries"),
        ({"features": [math.inf]}, "`features` is not a finite number"),
        ({"features": {"0": 1}}, "`features` is not a list"),
        ({"features": [[1]]}, "`features` is not a number"),
        ({"details": []}, "`details` is not an object"),
        ({"details": {"a": []}}, "`details` has a value that is neither a text nor a number"),
        ({"details": {str(i): "" for i in range(40)}}, "`details` has more than 32 entries"),
        ({"wieght": 2}, "it has a key that no event has; further texts go under `details`"),
    ],
)
def test_what_is_refused_says_why(changes: dict[str, Any], reason: str) -> None:
    refusal = read(**changes)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == reason


@pytest.mark.parametrize("value", [None, 1, "x", [], [GOOD], math.nan])
def test_only_an_object_is_an_event(value: object) -> None:
    assert event_of(value, now=NOW) == Refusal(reason="it is not an object")


def test_a_refusal_names_the_source_only_if_it_can_be_shown() -> None:
    assert read(value="x").source == "gateway"
    assert read(source="\x1b[31m", value="x").source == ""


def test_a_reason_never_repeats_what_was_sent() -> None:
    for key in GOOD:
        refusal = read(**{key: "<script>secret\x00" + "y" * 300})
        assert isinstance(refusal, Refusal)
        assert "secret" not in refusal.reason


def test_five_minutes_ahead_are_the_clock_of_another_machine() -> None:
    assert isinstance(read(at=NOW + 299), Event)


def test_contents_are_dropped_unless_they_are_asked_for() -> None:
    secret = {"prompt": "my password is hunter2", "details": {"gen_ai.output.messages": "hunter2"}}
    event = read(**secret)
    assert isinstance(event, Event)
    assert event.details == {}
    value = {**GOOD, **secret}
    kept = event_of(value, now=NOW, reading=Reading(contents="keep"))
    assert isinstance(kept, Event)
    assert kept.details["prompt"] == "my password is hunter2"
    salted = [
        event_of(value, now=NOW, reading=Reading(contents="digest", salt=salt * 16))
        for salt in (b"a", b"b")
    ]
    digests = [event.details["prompt"] for event in salted if isinstance(event, Event)]
    assert len(set(digests)) == 2
    assert all(d.startswith("hmac-sha256:") for d in digests)
    assert "hunter2" not in str(salted)


def test_a_digest_without_a_salt_could_be_guessed() -> None:
    with pytest.raises(ValueError, match="salt of at least 16 bytes"):
        Reading(contents="digest", salt=b"short")


@pytest.mark.slow
def test_contents_of_any_shape_are_contents() -> None:
    deep: Any = "x"
    for _ in range(100_000):
        deep = [deep]
    event = read(details={"messages": deep, "stop_reason": "length"})
    assert isinstance(event, Event)
    assert event.details == {"stop_reason": "length"}
    kept = event_of({**GOOD, "messages": deep}, now=NOW, reading=Reading(contents="keep"))
    assert kept == Refusal(reason="`details` has a value that is no JSON", source="gateway")


def test_a_long_or_unprintable_detail_is_kept_as_far_as_it_can_be_shown() -> None:
    event = read(details={"label": "a\x00b\n", "long": "é" * 5000, "html": "<script>"})
    assert isinstance(event, Event)
    assert event.details["label"] == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}"
    assert len(event.details["long"]) == MAX_DETAIL_CHARS
    assert event.details["long"][-1] == "…"
    assert event.details["html"] == "<script>"


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("2026-11-27T09:00:00Z", 1795770000.0),
        ("2026-11-27t09:00:00.250z", 1795770000.25),
        ("2026-11-27 11:00:00+02:00", 1795770000.0),
        ("2026-11-27T03:30:00-0530", 1795770000.0),
        ("2026-11-27T09:00:00.123456789Z", 1795770000.123456789),
        ("2016-12-31T23:59:60Z", 1483228800.0),  # a leap second
        (1795770000, 1795770000.0),
        (1795770000.5, 1795770000.5),
        (1795770000500, 1795770000.5),
        (1795770000500000, 1795770000.5),
        (1795770000500000000, 1795770000.5),
        ("1795770000500000000", 1795770000.5),
        ("1795770000", 1795770000.0),
        ("1970-01-01T00:00:00Z", 0.0),
    ],
)
def test_a_time_is_read_however_it_is_written(written: object, seconds: float) -> None:
    assert time_of(written) == pytest.approx(seconds, abs=1e-6)


@pytest.mark.parametrize(
    "written",
    ["", "now", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-11-27T24:00:00Z",
     "2026-11-27T09:00:00+25:00", "0001-01-01T00:00:00Z", "1e5", "٢٠٢٦-11-27T09:00:00Z", [],
     "1" * 10_000, math.inf, b"1"],
)  # fmt: skip
def test_what_is_no_time_is_said_in_words(written: object) -> None:
    assert isinstance(time_of(written), str)


def test_the_record_writes_whole_seconds() -> None:
    assert instant(1795770000.999) == "2026-11-27T09:00:00Z"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=4,
)


@pytest.mark.slow
@settings(max_examples=200)
@given(st.sampled_from([*Event.__slots__, "prompt"]), json_values)
def test_anything_is_an_event_or_a_refusal_and_an_event_survives_its_line(
    key: str, value: Any
) -> None:
    event = event_of({**GOOD, key: value}, now=NOW, reading=Reading(contents="keep"))
    if isinstance(event, Event):
        line = line_of(event)
        assert "\n" not in line
        assert event_from(line) == event
        assert json.loads(line.encode())["source"] == event.source
    else:
        assert event.reason
