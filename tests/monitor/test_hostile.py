"""Anything may arrive: whatever JSON it is, each thing in it is an event or a refusal in words."""

from __future__ import annotations

import json
import string
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safetycase.monitor import jsontext, otlp, webhook
from safetycase.monitor.blocks import event_from, line_of
from safetycase.monitor.events import Reading, Refusal, event_of
from safetycase.monitor.records import Event

NOW = 1_796_000_000.0
Read = Callable[[Any], Iterator[Event | Refusal]]


def objects(value: Any) -> Iterator[Event | Refusal]:
    yield event_of(value, now=NOW)


def logs(value: Any) -> Iterator[Event | Refusal]:
    return otlp.events_of(value, now=NOW, reading=Reading(contents="keep"))


def alerts(value: Any) -> Iterator[Event | Refusal]:
    return webhook.alerts_of(value, now=NOW, reading=Reading(contents="keep"))


EVENT: Any = {"source": "s", "id": "1", "metric": "m", "at": NOW, "details": {"a": "b"}}
LOG: Any = {
    "resourceLogs": [
        {
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "s"}}]},
            "scopeLogs": [
                {
                    "logRecords": [
                        {
                            "timeUnixNano": "1795770000000000000",
                            "eventName": "gen_ai.evaluation.result",
                            "traceId": "00",
                            "attributes": [
                                {"key": "gen_ai.evaluation.name", "value": {"stringValue": "x"}},
                                {"key": "safetycase.features", "value": {"arrayValue": {}}},
                            ],
                        }
                    ]
                }
            ],
        }
    ]
}
ALERT: Any = {
    "receiver": "r",
    "truncatedAlerts": 0,
    "alerts": [
        {
            "labels": {"alertname": "a"},
            "status": "firing",
            "startsAt": "2026-11-27T09:00:00Z",
            "fingerprint": "f",
        }
    ],
}

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["1e400", "<script>", "\x00", "\ud800", "2026-11-27T09:00:00Z", 10**400])
)
keys = st.text(string.ascii_letters, max_size=3) | st.sampled_from(
    ["stringValue", "intValue", "arrayValue", "values", "key", "value", "labels", "attributes"]
)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=5,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path to every value within a value."""
    yield path
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(inner, (*path, key))


def replaced(value: Any, path: tuple[Any, ...], by: Any) -> Any:
    if not path:
        return by
    copied = dict(value) if isinstance(value, dict) else list(value)
    copied[path[0]] = replaced(value[path[0]], path[1:], by)
    return copied


@pytest.mark.slow
@pytest.mark.parametrize(
    ("read", "good"), [(objects, EVENT), (logs, LOG), (alerts, ALERT)], ids=["one", "otlp", "alert"]
)
@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_anything_in_any_place_is_read_or_refused(read: Read, good: Any, data: Any) -> None:
    assert all(isinstance(each, Event) for each in read(good))
    where = data.draw(st.sampled_from(list(places(good))))
    bad = replaced(good, where, data.draw(anything))
    for found in read(bad):
        if isinstance(found, Event):
            line = line_of(found)
            line.encode()  # nothing that UTF-8, and so the database, cannot hold
            assert event_from(line) == found
        else:
            assert isinstance(found, Refusal)
            assert "script" not in found.reason
            found.source.encode()


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=60) | st.text(max_size=40).map(lambda text: text.encode("utf-8", "replace"))
)
def test_bytes_are_json_or_refused(data: bytes) -> None:
    said = ""
    try:
        repr(jsontext.decode(data))
    except jsontext.NotJson as error:
        said = str(error)
    assert said.isprintable()
    try:
        json.loads(data.decode("utf-8-sig"))
    except ValueError:
        assert said
    else:
        assert not said
    assert len(list(jsontext.lines(data))) <= data.count(b"\n") + 1
