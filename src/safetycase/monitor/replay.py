"""A recorded stream of events through the store and the engine, by the stream's own clock.

For tests and for looking back: what is reported, and when, is what a watcher would have reported
then. The clock stands at the latest event so far, and goes on evenly through gaps, since silence
is something that is reported too.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from safetycase.monitor.events import Reading, Refusal, event_of
from safetycase.monitor.indicator import Indicator
from safetycase.monitor.records import Event
from safetycase.monitor.service import Service
from safetycase.monitor.store import Store

__all__ = ["Replayed", "Slice", "StreamRefused", "first_instant", "pace", "replay", "slices"]

SAVED: Final = "replay"
"""The name under which the store keeps which stream was replayed last."""

_MOST_LINE: Final = 1_000_000
_PARTS: Final = 24
"""Slices of the shortest time that any monitor speaks of."""

_SHORTEST, _LONGEST = 1.0, 3600.0
_MOST_SLICES: Final = 100_000
"""Of one gap: eleven years in hours."""

_BEFORE = "it lies before what this case was watched up to: replay it in a copy of the case"


class StreamRefused(ValueError):
    """The stream cannot be replayed here; the message says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """What came up to `now` (seconds since 1970), and what was no event, by (source, reason)."""

    now: float
    events: tuple[Event, ...] = ()
    refused: Mapping[tuple[str, str], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What became of a stream: new events, those known before, refused lines, first and last time.

    The times are in seconds since 1970; `last` is where the clock ended.
    """

    accepted: int
    known: int
    refused: int
    first: float
    last: float


def pace(indicators: Sequence[Indicator]) -> float:
    """How many seconds of the stream are taken at a time: few enough for every window of these."""
    spoken = [s for one in indicators for s in (one.window, one.silent_after) if s]
    return min(_LONGEST, max(_SHORTEST, min(spoken, default=_LONGEST) / _PARTS))


def first_instant(lines: Iterable[bytes]) -> float | None:
    """The time of the first event in JSONL; None if there is none."""
    for line in lines:
        found = _read(line)
        if isinstance(found, Event):
            return found.at
    return None


def slices(
    lines: Iterable[bytes], *, seconds: float, until: float | None = None
) -> Iterator[Slice]:
    """The stream in slices of at most `seconds`, empty ones in the gaps, on to `until`.

    An event that is older than one before it comes late, as it did then. Blank lines are nothing.
    """
    events: list[Event] = []
    refused: dict[tuple[str, str], int] = {}
    clock = start = -math.inf
    for line in lines:
        if not line.strip():
            continue
        found = _read(line)
        if isinstance(found, Refusal):
            key = (found.source, found.reason)
            refused[key] = refused.get(key, 0) + 1
            continue
        if found.at > start + seconds and start > -math.inf:
            yield Slice(now=clock, events=tuple(events), refused=refused)
            events, refused = [], {}
            yield from _gap(clock, found.at, seconds)
            start = found.at
        elif start == -math.inf:
            start = found.at
        clock = max(clock, found.at)
        events.append(found)
    if events or refused:
        yield Slice(now=clock, events=tuple(events), refused=refused)
    if until is not None and clock > -math.inf:
        yield from _gap(clock, until, seconds)
        if until > clock:
            yield Slice(now=until)


def replay(
    path: Path,
    store: Store,
    service: Service,
    *,
    seconds: float,
    until: float | None = None,
    pause: Callable[[float], bool] = lambda _seconds: False,
) -> Replayed:
    """Put the JSONL in `path` through `store` and `service`.

    `pause` is asked before each slice with the seconds of the stream that pass, and says whether
    to stop; a replay that was stopped, or killed, goes on from there if it is started again.
    Raises `StreamRefused` for a stream without an event, or one of an earlier time.
    """
    with path.open("rb") as stream:
        first = first_instant(stream)
        if first is None:
            raise StreamRefused(f"{path}: no line of it is an event")
        stream.seek(0)
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        stream.seek(0)
        begun = _begin(path, store, service, digest, first)
        accepted = known = refused = 0
        last = first
        for part in slices(stream, seconds=seconds, until=until):
            if pause(max(0.0, part.now - last)):
                break
            fresh = {} if begun is not None and part.now <= begun else part.refused
            added = store.add(part.events, refused=fresh)
            accepted, known = accepted + added.accepted, known + added.known
            refused += sum(part.refused.values())
            last = max(last, part.now)
            if begun is None or part.now > begun:
                service.step(part.now)
    return Replayed(accepted=accepted, known=known, refused=refused, first=first, last=last)


def _begin(path: Path, store: Store, service: Service, digest: str, first: float) -> float | None:
    """Where an earlier replay of the same stream ended; None if this one starts it."""
    saved: Mapping[str, Any] = store.load(SAVED) or {}
    if saved.get("sha256") == digest:
        return service.now
    if first < service.now and service.row:
        raise StreamRefused(f"{path}: {_BEFORE}")
    store.save(SAVED, {"sha256": digest, "file": path.name})
    return None


def _gap(since: float, until: float, seconds: float) -> Iterator[Slice]:
    """Empty slices strictly between two times; longer ones if they were too many to walk."""
    seconds = max(seconds, (until - since) / _MOST_SLICES)
    for which in range(1, math.ceil((until - since) / seconds)):
        yield Slice(now=since + which * seconds)


def _read(line: bytes) -> Event | Refusal:
    """A line as an event; the stream's clock is its own, so none of it lies in the future."""
    if len(line) > _MOST_LINE:
        return Refusal(reason="the line is longer than 1,000,000 bytes")
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return Refusal(reason="it is not JSON")
    return event_of(value, now=math.inf, reading=Reading())
