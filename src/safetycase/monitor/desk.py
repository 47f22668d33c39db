"""Takes one request: its body is read, decoded, sorted into events and refusals, and handed in."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from safetycase.monitor import jsontext, otlp, webhook
from safetycase.monitor.bodies import (
    Gone,
    Limits,
    Receive,
    Rejected,
    Room,
    Scope,
    header,
    read_body,
    unpacked,
)
from safetycase.monitor.events import Reading, Refusal, event_of
from safetycase.monitor.intake import Intake, NotStored, Overload
from safetycase.monitor.records import Event
from safetycase.monitor.store import Added

__all__ = ["Desk", "Reply", "alerts", "logs", "objects"]

_LARGE: Final = 128 * 1024
"""Bytes from which a body is decoded beside the loop, so that others are still served."""

_JSON: Final = "application/json"
_LINES: Final = frozenset(
    f"application/{name}" for name in ("jsonl", "x-jsonl", "ndjson", "x-ndjson", "jsonlines")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer. `after` is the number of seconds after which to try again."""

    status: int = 200
    body: bytes = b""
    kind: str = _JSON
    after: int | None = None


@dataclass(slots=True)
class _Sorted:
    events: list[Event]
    refused: Counter[tuple[str, str]]

    def reasons(self) -> dict[str, int]:
        """Refusals by reason alone."""
        found: Counter[str] = Counter()
        for (_, reason), count in self.refused.items():
            found[reason] += count
        return dict(found)


class Format(Protocol):
    """One of the formats that are accepted: which content types, how it is read and answered."""

    def decode(self, kind: str, data: bytes) -> Any:
        """The value of a body; raises `Rejected` for a content type that is not read."""

    def read(self, value: Any, now: float, reading: Reading) -> Iterable[Event | Refusal]:
        """The results in a value."""

    def answer(self, added: Added, refused: int, reasons: Mapping[str, int]) -> Reply:
        """What the sender is told."""


class Desk:
    """Where requests arrive; belongs to one event loop. `clock` is in seconds since 1970."""

    def __init__(
        self, intake: Intake, limits: Limits, reading: Reading, clock: Callable[[], float]
    ) -> None:
        self._intake, self._limits, self._reading, self._clock = intake, limits, reading, clock
        self._room = Room(limits.buffered)
        self._one_large = asyncio.Lock()

    async def take(self, scope: Scope, receive: Receive, form: Format) -> Reply:
        """Answer one request. Raises `Rejected` and `Gone`, after they were counted."""
        try:
            found = await self._read(scope, receive, form)
        except Rejected as rejected:
            self._intake.count("", f"request: {rejected.counted}")
            raise
        except Gone:
            self._intake.count("", "request: the sender went away before it was whole")
            raise
        try:
            added = await self._intake.put(found.events, found.refused)
        except Overload:
            self._turn_away(found, "overload: the queue was full")
            raise Rejected(
                429, "too many events wait for the disk; send it again", after=1
            ) from None
        except NotStored:
            self._turn_away(found, "the disk did not take it")
            raise Rejected(503, "the disk does not take it; send it again", after=5) from None
        return form.answer(added, found.refused.total(), found.reasons())

    async def _read(self, scope: Scope, receive: Receive, form: Format) -> _Sorted:
        kind = header(scope, b"content-type").partition(";")[0].strip().casefold()
        body = await read_body(scope, receive, self._limits, self._room)
        try:
            data = unpacked(body, header(scope, b"content-encoding"), self._limits.unpacked)
            if len(data) <= _LARGE:
                return self._sort(form, kind, data)
            async with self._one_large:
                return await asyncio.to_thread(self._sort, form, kind, data)
        except jsontext.NotJson as error:
            raise Rejected(400, str(error), counted=error.kind) from None
        finally:
            self._room.give(len(body))

    def _sort(self, form: Format, kind: str, data: bytes) -> _Sorted:
        found = _Sorted([], Counter())
        for each in form.read(form.decode(kind, data), self._clock(), self._reading):
            if isinstance(each, Refusal):
                found.refused[each.source, each.reason] += 1
            else:
                found.events.append(each)
            if len(found.events) > self._limits.events:
                most = self._limits.events
                raise Rejected(413, f"more than {most} events in one request; send fewer at once")
        return found

    def _turn_away(self, found: _Sorted, reason: str) -> None:
        """Count events that were fine and yet not taken, and refusals that were not written."""
        for source, count in Counter(event.source for event in found.events).items():
            self._intake.count(source, reason, count)
        for (source, why), count in found.refused.items():
            self._intake.count(source, why, count)


class _Objects:
    def decode(self, kind: str, data: bytes) -> Any:
        if kind in _LINES:
            return jsontext.lines(data)
        if kind != _JSON:
            raise Rejected(
                415, "send Content-Type: application/json, or application/jsonl for JSON Lines"
            )
        try:
            value = jsontext.decode(data)
        except jsontext.NotJson:
            # Many send JSON Lines under the name of JSON.
            if b"\n" not in data.strip():
                raise
            values = list(jsontext.lines(data))
            if not any(isinstance(each, dict) for each in values):
                raise
            return values
        return value if isinstance(value, list) else [value]

    def read(self, value: Any, now: float, reading: Reading) -> Iterable[Event | Refusal]:
        return (event_of(each, now=now, reading=reading) for each in value)

    def answer(self, added: Added, refused: int, reasons: Mapping[str, int]) -> Reply:
        said = {
            "accepted": added.accepted,
            "known": added.known,
            "conflicts": added.conflicts,
            "refused": refused,
            "reasons": reasons,
        }
        nothing = refused > 0 and added.accepted + added.known == 0
        return Reply(status=422 if nothing else 200, body=json.dumps(said).encode())


class _Logs:
    def decode(self, kind: str, data: bytes) -> Any:
        if kind in ("application/x-protobuf", "application/protobuf"):
            raise Rejected(
                415,
                "send OTLP as JSON: OTEL_EXPORTER_OTLP_PROTOCOL=http/json, or `encoding: json` "
                "for the otlphttp exporter of a Collector",
            )
        if kind != _JSON:
            raise Rejected(415, "send OTLP as JSON, with Content-Type: application/json")
        return jsontext.decode(data)

    def read(self, value: Any, now: float, reading: Reading) -> Iterable[Event | Refusal]:
        return otlp.events_of(value, now=now, reading=reading)

    def answer(self, _: Added, refused: int, reasons: Mapping[str, int]) -> Reply:
        # A partial success is a success (OTLP 1.9): the sender is not to send it all again.
        return Reply(body=json.dumps(otlp.partial_success(refused, reasons)).encode())


class _Alerts:
    def decode(self, kind: str, data: bytes) -> Any:
        if kind != _JSON:
            raise Rejected(415, "send Content-Type: application/json")
        return jsontext.decode(data)

    def read(self, value: Any, now: float, reading: Reading) -> Iterable[Event | Refusal]:
        return webhook.alerts_of(value, now=now, reading=reading)

    def answer(self, added: Added, refused: int, reasons: Mapping[str, int]) -> Reply:
        return _Objects().answer(added, refused, reasons)


objects: Final[Format] = _Objects()
logs: Final[Format] = _Logs()
alerts: Final[Format] = _Alerts()
