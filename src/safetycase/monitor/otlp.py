"""OTLP logs in JSON become events: evaluation results of generative AI, and our own records.

A log record counts if its event name is one of the OpenTelemetry conventions for evaluations
(`gen_ai.evaluation.result`, and the earlier `gen_ai.evaluation`, `gen_ai.evaluation.user_feedback`
and the like), or if it carries `safetycase.metric`. Attributes are read under their present names
and those before (`gen_ai.evaluation.score` for `...score.value`, `...label` for `...score.label`,
`...reasoning` for `...explanation`). Sources: OpenTelemetry semantic conventions for generative AI,
events, in 1.27 and from 1.39 on; OTLP specification 1.9, JSON Protobuf encoding and partial
success.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from safetycase.monitor.events import Reading, Refusal, event_of
from safetycase.monitor.jsontext import Unusable
from safetycase.monitor.records import Event

__all__ = ["events_of", "partial_success"]

EVENT: Final = "gen_ai.evaluation.result"
OURS: Final = "safetycase."

_EVALUATION: Final = re.compile(r"gen_ai(?:\.[a-z0-9_]+)?\.evaluation(?:\.([A-Za-z0-9_.]+))?")
_SCORE: Final = ("gen_ai.evaluation.score.value", "gen_ai.evaluation.score")
_LABEL: Final = ("gen_ai.evaluation.score.label", "gen_ai.evaluation.label")
_WHY: Final = ("gen_ai.evaluation.explanation", "gen_ai.evaluation.reasoning")
_NAME: Final = ("gen_ai.evaluation.name", "gen_ai.evaluator.name")
_FIELDS: Final = ("number", "weight", "canary", "heartbeat", "features", "other", "value", "metric")
_DETAILS: Final = {
    "gen_ai.response.id": "response.id",
    "gen_ai.evaluator.name": "evaluator",
    "error.type": "error.type",
    "safetycase.monitor": "monitor",
    "safetycase.subject": "subject",
    "safetycase.deployment": "deployment",
    "safetycase.decision": "decision",
}
_MOST_DEPTH: Final = 8

_NO_RESULT: Final = "the log record is no evaluation result and names no safetycase.metric"
_NO_SOURCE: Final = "the log record names no source: set service.name or safetycase.source"
_NO_ID: Final = "the log record cannot be told from others: set safetycase.id or a time and a trace"
_NO_SHAPE: Final = "it is not a request of OTLP logs"


def events_of(value: object, *, now: float, reading: Reading) -> Iterator[Event | Refusal]:
    """The events of a decoded `ExportLogsServiceRequest`, one result for each log record.

    What has not the shape of such a request is one refusal. `now` in seconds since 1970 in UTC.
    """
    for resource in _list(value, "resourceLogs", "resource_logs"):
        described = _get(resource, "resource")
        shared = _attributes(described) if isinstance(described, dict) else {}
        for scope in _list(resource, "scopeLogs", "scope_logs"):
            if isinstance(scope, Refusal):
                yield scope
                continue
            for record in _list(scope, "logRecords", "log_records"):
                if isinstance(record, Refusal):
                    yield record
                else:
                    yield _event(record, shared, now, reading)


def partial_success(rejected: int, reasons: Mapping[str, int]) -> dict[str, Any]:
    """The body of the answer to a request of which some records were refused, or all taken."""
    if not rejected:
        return {}
    said = "; ".join(f"{count} times: {reason}" for reason, count in reasons.items())
    return {"partialSuccess": {"rejectedLogRecords": str(rejected), "errorMessage": said}}


def _list(holder: object, *keys: str) -> list[Any]:
    """The list under a key; one refusal in place of what is none."""
    if isinstance(holder, Refusal):
        return [holder]
    found = _get(holder, *keys)
    if found is None and isinstance(holder, dict):
        return []
    return found if isinstance(found, list) else [Refusal(reason=_NO_SHAPE)]


def _get(holder: object, *keys: str) -> Any:
    if isinstance(holder, dict):
        for key in keys:
            if holder.get(key) is not None:
                return holder[key]
    return None


def _event(
    record: object, shared: Mapping[str, Any], now: float, reading: Reading
) -> Event | Refusal:
    if not isinstance(record, dict):
        return Refusal(reason=_NO_SHAPE)
    found = _attributes(record)
    metric = _metric(record, found)
    if metric is None and found.get("safetycase.heartbeat") is not True:
        return Refusal(reason=_NO_RESULT)
    body: dict[str, Any] = {
        key: found[OURS + key] for key in _FIELDS if found.get(OURS + key) is not None
    }
    if metric is not None:
        body["metric"] = metric
    source = found.get("safetycase.source", _source(shared))
    if source is None:
        return Refusal(reason=_NO_SOURCE)
    at = _time(record)
    name = _first(found, "safetycase.id", "log.record.uid") or _own_id(record, found)
    if name is None:
        return Refusal(reason=_NO_ID, source=source if isinstance(source, str) else "")
    body |= {"source": source, "id": name, "at": at, "details": _details(record, found)}
    score = _first(found, *_SCORE)
    # An evaluation that failed says nothing of the output, whatever number stands beside.
    if "value" not in body and score is not None and found.get("error.type") is None:
        body["value"] = score
    return event_of(body, now=now, reading=reading)


def _metric(record: Mapping[str, Any], found: Mapping[str, Any]) -> Any:
    ours = found.get("safetycase.metric")
    if ours is not None:
        return ours
    named = _get(record, "eventName", "event_name") or found.get("event.name")
    match = _EVALUATION.fullmatch(named) if isinstance(named, str) else None
    if match is None:
        return None
    # Before the conventions settled, the metric was the last part of the name of the event.
    told = match.group(1)
    return _first(found, *_NAME) or (told if told not in (None, "result") else None)


def _source(shared: Mapping[str, Any]) -> Any:
    if "safetycase.source" in shared:
        return shared["safetycase.source"]
    service, instance = shared.get("service.name"), shared.get("service.instance.id")
    if isinstance(service, str) and isinstance(instance, str):
        return f"{service}/{instance}"
    return service


def _own_id(record: Mapping[str, Any], found: Mapping[str, Any]) -> str | None:
    """An id from all that the record says: sent again it is the same.

    Time first, so that ids that are made one after another stand side by side in the index.
    """
    when = _time(record)
    which = _first(record, "traceId", "trace_id", "spanId", "span_id")
    if when is None or (which is None and found.get("gen_ai.response.id") is None):
        return None
    try:
        said = json.dumps(record, sort_keys=True, separators=(",", ":"), default=repr)
    except (TypeError, ValueError, RecursionError):
        return None
    digest = hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{str(when)[:24]}-{digest[:32]}"


def _time(record: Mapping[str, Any]) -> Any:
    """When it happened, else when it was seen; zero is how OTLP says that it does not know."""
    for key in (
        "timeUnixNano",
        "time_unix_nano",
        "observedTimeUnixNano",
        "observed_time_unix_nano",
    ):
        if record.get(key) not in (None, 0, "0", ""):
            return record[key]
    return None


def _details(record: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    details: dict[str, Any] = {}
    for name, key in _DETAILS.items():
        if isinstance(found.get(name), str | int | float):
            details[key] = found[name]
    label, why = _first(found, *_LABEL), _first(found, *_WHY)
    if isinstance(label, str | int | float):
        details["label"] = label
    if why is not None:
        details["explanation"] = why
    for key, names in (("trace", ("traceId", "trace_id")), ("span", ("spanId", "span_id"))):
        text = _first(record, *names)
        if isinstance(text, str) and text:
            details[key] = text
    return details


def _first(holder: Mapping[str, Any], *keys: str) -> Any:
    for key in keys:
        if holder.get(key) is not None:
            return holder[key]
    return None


def _attributes(holder: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes of a resource or record by key; a key that stands twice has no value."""
    found: dict[str, Any] = {}
    given = holder.get("attributes")
    for each in given if isinstance(given, list) else ():
        if isinstance(each, dict) and isinstance(each.get("key"), str):
            key = each["key"]
            found[key] = _BAD if key in found else _value(each.get("value"), 0)
    return found


_BAD: Final = Unusable("an attribute has a value that cannot be read")


def _value(value: object, depth: int) -> Any:
    """An `AnyValue` as a JSON value, None if it is empty; what no field takes if it is none."""
    if value is None or value == {}:
        return None
    if not isinstance(value, dict) or len(value) != 1 or depth > _MOST_DEPTH:
        return _BAD
    ((kind, held),) = value.items()
    if kind == "stringValue" and isinstance(held, str):
        return held
    if kind == "boolValue" and isinstance(held, bool):
        return held
    if kind == "intValue":
        return _number(held, _WHOLE, int)
    if kind == "doubleValue":
        return _number(held, _DECIMAL, float)
    if kind == "arrayValue" and isinstance(held, dict):
        values = held.get("values", [])
        if isinstance(values, list):
            return [_value(each, depth + 1) for each in values]
    return _BAD


_WHOLE: Final = re.compile(r"-?\d{1,19}", re.ASCII)
_DECIMAL: Final = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)


def _number(held: object, written: re.Pattern[str], read: Callable[[str], float]) -> object:
    """The JSON of Protocol Buffers writes a number, or a text: 64-bit ones, `NaN` and infinities.

    The latter stay what no field takes.
    """
    if isinstance(held, str) and len(held) < 400 and written.fullmatch(held):
        return read(held)
    return held if type(held) in (int, float) else _BAD
