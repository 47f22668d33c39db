"""Events as the lines of a block, and the chain of digests over them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from json.encoder import encode_basestring as _text
from typing import Final

from safetycase.monitor.records import Event

__all__ = ["GENESIS", "Block", "chained", "event_from", "line_of"]

GENESIS: Final = bytes(32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """The events of rows `first` to `last`."""

    first: int
    last: int
    events: tuple[Event, ...]


def line_of(event: Event) -> str:
    """The event as one line of JSON: fields in the order of the record, defaults left out.

    Written by hand, since an encoder of Python takes three times as long. Raises `ValueError` for
    a number that is not finite.
    """
    line = (
        f'{{"source":{_text(event.source)},"id":{_text(event.id)},'
        f'"metric":{_text(event.metric)},"at":{_number(event.at)}'
    )
    if event.value is not None:
        line += f',"value":{_number(event.value)}'
    if event.number is not None:
        line += f',"number":{event.number:d}'
    if event.weight != 1.0:
        line += f',"weight":{_number(event.weight)}'
    if event.canary:
        line += ',"canary":true'
    if event.heartbeat:
        line += ',"heartbeat":true'
    if event.features:
        line += f',"features":[{",".join(map(_number, event.features))}]'
    if event.other:
        line += f',"other":[{",".join(map(_number, event.other))}]'
    if event.details:
        said = sorted(event.details.items())
        line += ',"details":{' + ",".join(f"{_text(k)}:{_text(v)}" for k, v in said) + "}"
    return line + "}"


def _number(value: float) -> str:
    if value - value != 0:  # an infinity, or no number
        raise ValueError("an event holds a number that is not finite")
    return repr(float(value))


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
