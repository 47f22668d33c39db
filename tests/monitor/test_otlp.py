"""OTLP logs in JSON: names of today and before, our own attributes, and what cannot be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.monitor.serving import NOW, READING, serving

from safetycase.monitor.events import Reading, Refusal
from safetycase.monitor.otlp import events_of, partial_success
from safetycase.monitor.records import Event

NANOS = int(NOW - 5) * 10**9


def value(of: Any) -> dict[str, Any]:
    if isinstance(of, bool):
        return {"boolValue": of}
    if isinstance(of, int):
        return {"intValue": str(of)}
    if isinstance(of, float):
        return {"doubleValue": of}
    if isinstance(of, list):
        return {"arrayValue": {"values": [value(each) for each in of]}}
    return of if isinstance(of, dict) else {"stringValue": of}


def attributes(given: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": value(each)} for key, each in given.items()]


def record(given: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "timeUnixNano": str(NANOS),
        "eventName": "gen_ai.evaluation.result",
        "traceId": "5b8efff798038103d269b633813fc60c",
        "spanId": "eee19b7ec3c1b174",
        "attributes": attributes(given),
    } | more


def request(*records: Any, resource: dict[str, Any] | None = None) -> dict[str, Any]:
    described = attributes({"service.name": "writer"} if resource is None else resource)
    scope = {"scope": {"name": "evaluator"}, "logRecords": list(records)}
    return {"resourceLogs": [{"resource": {"attributes": described}, "scopeLogs": [scope]}]}


def read(body: object, reading: Reading = READING) -> list[Event | Refusal]:
    return list(events_of(body, now=NOW, reading=reading))


def one(given: dict[str, Any], **more: Any) -> Event:
    (event,) = read(request(record(given, **more)))
    assert isinstance(event, Event), event
    return event


def reason(given: dict[str, Any], **more: Any) -> str:
    (refusal,) = read(request(record(given, **more)))
    assert isinstance(refusal, Refusal), refusal
    return refusal.reason


def test_a_result_under_its_present_names() -> None:
    event = one(
        {
            "gen_ai.evaluation.name": "Relevance",
            "gen_ai.evaluation.score.value": 0.25,
            "gen_ai.evaluation.score.label": "not_relevant",
            "gen_ai.evaluation.explanation": "it quotes the user: hunter2",
            "gen_ai.response.id": "chatcmpl-123",
        }
    )
    assert (event.source, event.metric, event.value, event.at) == (
        "writer",
        "Relevance",
        0.25,
        NOW - 5,
    )
    assert event.details == {
        "label": "not_relevant",
        "response.id": "chatcmpl-123",
        "trace": "5b8efff798038103d269b633813fc60c",
        "span": "eee19b7ec3c1b174",
    }


@pytest.mark.parametrize(
    ("named", "given", "metric", "score"),
    [
        # semantic conventions 1.27, generative AI evaluation events
        ("gen_ai.evaluation.user_feedback", {"gen_ai.evaluation.score": -0.5},
         "user_feedback", -0.5),
        ("gen_ai.evaluation", {"gen_ai.evaluation.name": "toxicity", "gen_ai.evaluation.score": 1},
         "toxicity", 1.0),
        ("gen_ai.evaluation.groundedness",
         {"gen_ai.evaluator.name": "grounded", "gen_ai.evaluation.score": 0.5}, "grounded", 0.5),
        ("gen_ai.openai.evaluation.safety", {"gen_ai.evaluation.score": 0.5}, "safety", 0.5),
        ("gen_ai.evaluation.result",
         {"gen_ai.evaluation.name": "x", "gen_ai.evaluation.label": "pass"}, "x", None),
    ],
)  # fmt: skip
def test_results_under_earlier_names(
    named: str, given: dict[str, Any], metric: str, score: float | None
) -> None:
    for event in (
        one(given, eventName=named),
        one(given | {"event.name": named}, eventName=""),
    ):
        assert (event.metric, event.value) == (metric, score)


def test_our_own_attributes_say_the_rest() -> None:
    event = one(
        {
            "safetycase.metric": "caught",
            "safetycase.source": "gateway-1",
            "safetycase.id": "a-7",
            "safetycase.number": 7,
            "safetycase.weight": 50,
            "safetycase.canary": True,
            "safetycase.value": 1,
            "safetycase.features": [0.5, 1, -2.0],
            "safetycase.other": [0.25],
            "safetycase.monitor": "RECALL@3",
            "safetycase.decision": "blocked",
        },
        eventName="",
    )
    assert event == Event(
        source="gateway-1",
        id="a-7",
        metric="caught",
        at=NOW - 5,
        value=1.0,
        number=7,
        weight=50.0,
        canary=True,
        features=(0.5, 1.0, -2.0),
        other=(0.25,),
        details={
            "monitor": "RECALL@3",
            "decision": "blocked",
            "trace": "5b8efff798038103d269b633813fc60c",
            "span": "eee19b7ec3c1b174",
        },
    )


def test_a_heartbeat_needs_neither_name_nor_score() -> None:
    given = {"safetycase.heartbeat": True, "safetycase.number": 9, "safetycase.id": "h9"}
    event = one(given, eventName="")
    assert (event.heartbeat, event.number, event.value) == (True, 9, None)


def test_the_source_is_the_instance_of_the_service() -> None:
    given = {"gen_ai.evaluation.name": "x"}
    described = {"service.name": "writer", "service.instance.id": "pod-7"}
    (event,) = read(request(record(given), resource=described))
    assert isinstance(event, Event)
    assert event.source == "writer/pod-7"
    (refusal,) = read(request(record(given), resource={}))
    assert isinstance(refusal, Refusal)
    assert "names no source" in refusal.reason


def test_a_record_sent_again_is_the_same_event_and_another_is_another() -> None:
    given = {"gen_ai.evaluation.name": "x", "gen_ai.evaluation.score.value": 1.0}
    first, again, other = (
        one(given),
        one(given),
        one(given | {"gen_ai.evaluation.score.value": 0.0}),
    )
    assert first.id == again.id != other.id
    assert first.id.startswith(f"{NANOS}-")
    assert one(given | {"log.record.uid": "01ARZ3NDEKTSV4RRFFQ69G5FAV"}).id.startswith("01ARZ")
    bare = dict.fromkeys(("traceId", "spanId"), "")
    assert "cannot be told from others" in reason(given, timeUnixNano="0", **bare)


def test_a_time_that_is_not_known_is_when_it_was_seen() -> None:
    event = one(
        {"gen_ai.evaluation.name": "x"},
        timeUnixNano="0",
        observedTimeUnixNano=str(NANOS - 10**9),
    )
    assert event.at == NOW - 6


def test_an_evaluation_that_failed_has_no_score() -> None:
    given = {"gen_ai.evaluation.name": "x", "gen_ai.evaluation.score.value": 0.0}
    event = one(given | {"error.type": "timeout"})
    assert event.value is None
    assert event.details["error.type"] == "timeout"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"gen_ai.evaluation.score.value": {"doubleValue": "NaN"}}, "`value` is not a number"),
        ({"gen_ai.evaluation.score.value": {"doubleValue": "-Infinity"}},
         "`value` is not a number"),
        ({"gen_ai.evaluation.score.value": "0.5"}, "`value` is not a number"),
        ({"gen_ai.evaluation.score.value": True}, "`value` is not a number"),
        ({"gen_ai.evaluation.score.value": {"doubleValue": 1, "intValue": 0}},
         "`value` is not a number"),
        ({"safetycase.weight": {"kvlistValue": {}}}, "`weight` is not a number"),
        ({"safetycase.weight": 0.01}, "`weight` is not between 1 and 1e9"),
        ({"safetycase.canary": "true"}, "`canary` is neither true nor false"),
        ({"safetycase.features": [1.0, "x"]}, "`features` is not a number"),
        ({"safetycase.features": {"arrayValue": {"values": 3}}}, "`features` is not a list"),
        ({"safetycase.source": {"bytesValue": "AA=="}}, "`source` is not a text"),
        ({"gen_ai.evaluation.name": 7}, "`metric` is not a text"),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_read_is_never_taken_for_absent(
    given: dict[str, Any], says: str
) -> None:
    assert reason({"gen_ai.evaluation.name": "x"} | given) == says


def test_an_attribute_that_says_two_things_says_none() -> None:
    named = attributes({"gen_ai.evaluation.name": "x"})
    twice = attributes({"safetycase.weight": 1}) + attributes({"safetycase.weight": 100})
    (refusal,) = read(request(record({}, attributes=named + twice)))
    assert refusal == Refusal(reason="`weight` is not a number", source="writer")


def test_an_ordinary_log_record_is_refused_and_said_so() -> None:
    assert "no evaluation result" in reason({}, eventName="")
    assert "no evaluation result" in reason({"gen_ai.evaluation.name": "x"}, eventName="other")
    assert "no evaluation result" in reason({}, eventName="gen_ai.evaluation.result")


@pytest.mark.parametrize(
    "body",
    [
        None, [], 3, {"resourceLogs": {}}, {"resourceLogs": [3]},
        {"resourceLogs": [{"scopeLogs": 1}]},
        {"resourceLogs": [{"scopeLogs": [{"logRecords": "x"}]}]}, request("x"), request(None),
    ],
)  # fmt: skip
def test_what_has_another_shape_is_one_refusal(body: object) -> None:
    (refusal,) = read(body)
    assert refusal == Refusal(reason="it is not a request of OTLP logs")


def test_attributes_of_any_shape_break_nothing() -> None:
    deep: Any = {"stringValue": "x"}
    for _ in range(200):
        deep = {"arrayValue": {"values": [deep]}}
    odd = [3, None, {"key": 3}, {"key": "a"}, {"key": "safetycase.features", "value": deep}]
    named = attributes({"gen_ai.evaluation.name": "x"})
    (refusal,) = read(request(record({}, attributes=[*odd, *named])))
    assert refusal == Refusal(reason="`features` is not a number", source="writer")
    assert read(request(record({}, attributes="x")))[0] == read(request(record({})))[0]
    assert read({"resourceLogs": []}) == []


def test_the_explanation_is_digested_where_that_is_asked_for() -> None:
    given = {"gen_ai.evaluation.name": "x", "gen_ai.evaluation.reasoning": "hunter2"}
    (event,) = read(request(record(given)), Reading(contents="digest", salt=b"s" * 16))
    assert isinstance(event, Event)
    assert event.details["explanation"].startswith("hmac-sha256:")


@pytest.mark.slow
def test_a_request_is_answered_as_otlp_says(tmp_path: Path) -> None:
    good = record({"gen_ai.evaluation.name": "x", "gen_ai.evaluation.score.value": 1})
    bad = record({"gen_ai.evaluation.name": "x", "safetycase.number": 0})
    with serving(tmp_path / "events.sqlite") as server:
        assert server.ask("/v1/logs", request(good))[:2] == (200, {})
        assert server.ask("/v1/logs", {})[:2] == (200, {})
        status, told, _ = server.ask("/v1/logs", request(good, bad, bad))
        assert status == 200
        assert told == {
            "partialSuccess": {
                "rejectedLogRecords": "2",
                "errorMessage": "2 times: `number` is not a whole number from 1 to 10^12",
            }
        }
        assert server.store.row == 1
        assert server.store.counts().known == 1
    assert partial_success(0, {}) == {}
