"""From events to signals: a pure state machine without a clock, whose state is JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from safetycase.monitor.indicator import Indicator
from safetycase.monitor.records import Event, Signal
from safetycase.monitor.sources import Source
from safetycase.monitor.watched import Watched

__all__ = ["Engine"]

_VERSION = 2
_SOURCES = 10_000  # sources whose numbers are followed; events of more are not measured as good


class Engine:
    """All indicators of a case, fed by one stream of events.

    `started` is when watching began, in seconds since 1970 in UTC: windows are counted from there.
    `take` reports alarms at once; `tick` what the clock alone tells, and is called when all events
    that are there were taken. The same events and times give the same signals, whatever was saved
    and restored in between.
    """

    def __init__(self, indicators: Sequence[Indicator], *, started: float) -> None:
        names = [one.id for one in indicators]
        if len(set(names)) != len(names):
            raise ValueError(f"two indicators have the same id among {', '.join(names)}")
        self._sources: dict[str, Source] = {}
        self._watched = {one.id: Watched(one, started, self._sources) for one in indicators}
        self._own: dict[str, list[Watched]] = {}
        self._canaries: dict[str, list[Watched]] = {}
        for watched in self._watched.values():
            one = watched.indicator
            self._own.setdefault(one.metric, []).append(watched)
            if one.canaries and one.canaries.metric and one.canaries.metric != one.metric:
                self._canaries.setdefault(one.canaries.metric, []).append(watched)
        for metric, watching in self._own.items():
            seen = metric in self._canaries or any(each.own_canaries for each in watching)
            for each in watching:
                each.strays_are_due = seen

    def take(self, events: Sequence[Event], now: float) -> list[Signal]:
        """Measure `events` in the order in which they were stored; what has to be said at once.

        Windows that the times of the events show to be over are closed before a later one opens.
        A time ahead of `now`, or none, is taken to be `now`; one before 1970 to be 1970.
        """
        signals: list[Signal] = []
        sources, own, canaries = self._sources, self._own, self._canaries
        for event in events:
            at = event.at
            if not 0 <= at <= now:
                at = 0.0 if at < 0 else now
            source = sources.get(event.source) or self._source(event.source)
            if source is not None and event.number is not None and source.take(event.number):
                for watched in self._watched.values():
                    watched.filled(event.source, event.number)
            if event.heartbeat:
                self._heartbeat(event, at, tracked=source is not None)
                continue
            for watched in own.get(event.metric, ()):
                # The common case in one comparison: no window to close, and no silence to tell of.
                if at >= watched.due or at - watched.heard > watched.patience:
                    signals += watched.catch_up(at)
                signal = _measured(watched, event, source, at)
                if signal is not None:
                    signals.append(signal)
            if event.metric in canaries:
                signals += self._canary(event, at)
        return signals

    def tick(self, now: float) -> list[Signal]:
        """What the clock tells at `now`, when no event is waiting: ends of windows, silence."""
        return [one for each in self._watched.values() for one in each.tick(now)]

    def resolved(self, monitor: str) -> None:
        """A reviewer resolved the alarm of `monitor`; without an open alarm nothing changes."""
        if monitor in self._watched:
            self._watched[monitor].resolved()

    def state(self) -> dict[str, Any]:
        """All that `restore` needs, as JSON has it, and a copy."""
        return {
            "version": _VERSION,
            "sources": {name: source.state() for name, source in self._sources.items()},
            "monitors": {name: each.state() for name, each in self._watched.items()},
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on where `state` was taken; what is new or was changed begins anew.

        A change is one of the definition, or of the rows of its reference.
        """
        if state.get("version") != _VERSION:
            raise ValueError(f"a state of version {state.get('version')!r}, not {_VERSION}")
        self._sources.clear()
        self._sources.update((str(k), Source.of(kept)) for k, kept in state["sources"].items())
        for name, watched in self._watched.items():
            kept = state["monitors"].get(name)
            if kept is not None and kept.get("digest") == watched.identity:
                watched.restore(kept)

    def _source(self, name: str) -> Source | None:
        if len(self._sources) >= _SOURCES:
            return None
        return self._sources.setdefault(name, Source())

    def _heartbeat(self, event: Event, at: float, *, tracked: bool) -> None:
        """A source lives, for the monitors it sends to and for those of the metric it names."""
        ends, name = event.details.get("ends") == "true", event.source
        for watched in self._watched.values() if tracked else ():
            if name not in watched.known and event.metric != watched.indicator.metric:
                continue
            if ends:
                watched.leave(name)
                continue
            if name not in watched.known:
                watched.join(name, event.number, at)
            watched.hear(name, at)

    def _canary(self, event: Event, at: float) -> list[Signal]:
        """A canary of a metric of its own: whoever sends it says nothing of the monitor's life."""
        found = []
        for watched in self._canaries[event.metric]:
            if at >= watched.due:
                found += watched.close(at)
            signal = watched.take_canary(event, at)
            found += [signal] if signal else []
        return found


def _measured(watched: Watched, event: Event, source: Source | None, at: float) -> Signal | None:
    if source is None:
        watched.untracked(at)
        return None
    if event.source not in watched.known:
        watched.join(event.source, event.number, at)
    if event.canary:
        watched.hear(event.source, at)
        return watched.take_canary(event, at)
    return watched.take(event, at)
