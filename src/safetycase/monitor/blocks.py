"""Events as the lines of a block, and the chain of digests over them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from safetycase.monitor.records import Event

__all__ = ["GENESIS", "Block", "chained", "event_from", "line_of"]

GENESIS: Final = bytes(32)

_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False, ensure_ascii=False).encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """The events of rows `first` to `last`."""

    first: int
    last: int
    events: tuple[Event, ...]


def line_of(event: Event) -> str:
    """The event as one line of JSON: fields in the order of the record, defaults left out."""
    body: dict[str, Any] = {
        "source": event.source,
        "id": event.id,
        "metric": event.metric,
        "at": event.at,
    }
    if event.value is not None:
        body["value"] = event.value
    if event.number is not None:
        body["number"] = event.number
    if event.weight != 1.0:
        body["weight"] = event.weight
    if event.canary:
        body["canary"] = True
    if event.heartbeat:
        body["heartbeat"] = True
    if event.features:
        body["features"] = event.features
    if event.other:
        body["other"] = event.other
    if event.details:
        body["details"] = dict(sorted(event.details.items()))
    return _encode(body)


def event_from(line: str) -> Event:
    """The event of a stored line; the inverse of `line_of`."""
    body = json.loads(line)
    for key in ("features", "other"):
        if key in body:
            body[key] = tuple(body[key])
    return Event(**body)


def chained(head: bytes, lines: Iterable[str]) -> bytes:
    """The head of the chain after these lines."""
    for line in lines:
        head = hashlib.sha256(head + line.encode()).digest()
    return head
