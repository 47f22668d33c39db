"""One indicator while it is watched: its window, its detector, and what it reports when."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from safetycase.monitor.detecting import CanaryWatch, Detector, alarm_at, detector_of
from safetycase.monitor.indicator import Indicator
from safetycase.monitor.records import Event, Signal, State
from safetycase.monitor.saying import Saying
from safetycase.monitor.sources import Source
from safetycase.monitor.tally import Tally
from safetycase.stats.detectors import Restarted

__all__ = ["Watched"]


class Watched:
    """An indicator with its open window; `take` events, `tick` the clock, and it gives signals.

    All times are seconds since 1970. A window is closed `lateness` after its end, by the time of
    the events or by the clock, whichever is first.
    """

    def __init__(self, indicator: Indicator, started: float) -> None:
        self.indicator = indicator
        self.since = started
        self.ends = started + indicator.length
        self.due = self.ends + indicator.lateness
        self.heard = started
        self.reported = started
        self.last: State | None = None
        self.sources: dict[str, float] = {}
        self.lost_before: dict[str, int] = {}
        self.gone = 0
        self.tally, self.ahead = Tally(), Tally()  # of the open window, and of the one after it
        self.segment = 1
        self.open = False
        self.detector: Detector = detector_of(indicator, 1)
        self.canaries = CanaryWatch(indicator.canaries) if indicator.canaries else None
        self._heaviest = indicator.weight_at_most
        self._say = Saying(indicator)

    # -- events

    def join(self, name: str, source: Source, number: int | None, at: float) -> None:
        """A source that sends to this monitor for the first time: its losses count from here."""
        self.sources[name] = at
        self.lost_before.setdefault(name, source.lost_before(number))

    def leave(self, name: str, source: Source) -> None:
        """A source that said it ends; it is not missed, and what it lost in this window stays."""
        if self.sources.pop(name, None) is not None:
            self.gone += max(0, source.lost - self.lost_before.pop(name, source.lost))

    def hear(self, name: str, at: float) -> None:
        """A source lives, at time `at`."""
        if at > self.sources.get(name, -math.inf):
            self.sources[name] = at
        self.heard = max(self.heard, at)

    def take(self, event: Event, at: float) -> State | None:
        """Measure one event of the metric; the state to report at once, if there is one."""
        tally = self.tally if at < self.ends else self.ahead
        if at > self.sources[event.source]:
            self.sources[event.source] = at
        if at > self.heard:
            self.heard = at
        tally.taken += 1
        if event.at < self.since:
            tally.late += 1
        value = event.value
        if value is None:
            tally.unlabelled += 1
        elif value not in (0, 1):  # also not a number
            tally.invalid += 1
        elif not 1 <= event.weight <= self._heaviest:
            tally.heavy += 1
        else:
            tally.measured += 1
            tally.weights += event.weight
            tally.total += event.weight * value
            if self.detector.observe(value, event.weight) and not self.open:
                self.open = True
                return "alarm"
        return None

    def take_canary(self, event: Event, at: float) -> State | None:
        """Measure one canary; the state to report at once, if there is one."""
        tally = self.tally if at < self.ends else self.ahead
        if self.canaries is None:
            tally.strays += 1
            return None
        tally.canaries += 1
        if event.value not in (0, 1):
            tally.canaries_unlabelled += 1
            return None
        tally.caught += int(event.value or 0)
        was = self.canaries.blind
        if not self.canaries.observe(event.value or 0.0):
            return None
        if self.canaries.blind:
            return "blind"
        return None if was else "warning"

    # -- the clock

    def close(self, until: float, sources: Mapping[str, Source]) -> list[Signal]:
        """The reports of all windows that end early enough before `until`."""
        found = []
        while until >= self.due:
            if not (self.tally.events or self.ahead.events):
                # Windows in which nothing happened are one report, however many they are.
                more = math.floor((until - self.due) / self.indicator.length)
                self._end_at(self.ends + more * self.indicator.length)
            found.append(
                self.report(self._state(self.ends, sources, whole=True), self.ends, sources)
            )
            self._next(sources)
        return found

    def tick(self, now: float, sources: Mapping[str, Source]) -> list[Signal]:
        """What the clock alone tells: windows that ended, silence, and the report in between."""
        found = self.close(now, sources)
        state = self._state(now, sources, whole=False)
        # Silence and blindness, and their ends, are reported when they begin; losses may be
        # events that are only late, and wait for the report that is due.
        changed = state != self.last and ({state, self.last} & {"silent", "blind"})
        due = now - self.reported >= self.indicator.cadence and self.indicator.cadence < (
            self.indicator.length
        )
        again = state == self.last and state in ("silent", "blind")
        if (changed and (self.last is not None or state != "quiet")) or (due and not again):
            found.append(self.report(state, now, sources))
        return found

    def report(self, state: State, until: float, sources: Mapping[str, Source]) -> Signal:
        """The signal that says so of the open window, as it is at `until`."""
        if state in ("quiet", "silent", "lossy", "blind"):
            self.last = state
            self.reported = max(self.reported, until)
        since, tally = (self.since, self.tally) if until <= self.ends else (self.ends, self.ahead)
        return self._say.signal(self, state, since, max(until, since), tally, self._lost(sources))

    def resolved(self) -> None:
        """A reviewer resolved the alarm: the next segment, with the rest of the budget."""
        if self.open:
            self.open = False
            self.segment += 1
            self.detector = detector_of(self.indicator, self.segment)

    def silent_sources(self, until: float) -> list[str]:
        """The sources that were to send heartbeats and have not for too long."""
        if self.indicator.heartbeat is None:
            return []
        patience = self.indicator.patience
        return sorted(name for name, at in self.sources.items() if until - at > patience)

    @property
    def alarm_at(self) -> float:
        """The evidence that alarms in this segment."""
        return alarm_at(self.indicator.budget, self.segment)

    # -- state

    def state(self) -> dict[str, Any]:
        """What `restore` needs, as JSON has it."""
        return {
            "digest": self.indicator.digest,
            "since": self.since,
            "ends": self.ends,
            "heard": self.heard,
            "reported": self.reported,
            "last": self.last,
            "sources": dict(self.sources),
            "lost_before": dict(self.lost_before),
            "gone": self.gone,
            "tally": self.tally.state(),
            "ahead": self.ahead.state(),
            "segment": self.segment,
            "open": self.open,
            "detector": self.detector.state(),
            "canaries": self.canaries.state() if self.canaries else None,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on where `state` was taken of the same indicator."""
        self.since = float(state["since"])
        self._end_at(float(state["ends"]))
        self.heard, self.reported = float(state["heard"]), float(state["reported"])
        self.last = state["last"]
        self.sources = {str(name): float(at) for name, at in state["sources"].items()}
        self.lost_before = {str(name): int(n) for name, n in state["lost_before"].items()}
        self.gone = int(state["gone"])
        self.tally, self.ahead = Tally.of(state["tally"]), Tally.of(state["ahead"])
        self.segment, self.open = int(state["segment"]), bool(state["open"])
        self.detector = detector_of(self.indicator, self.segment)
        self.detector.restore(state["detector"])
        if self.canaries is not None:
            self.canaries.restore(state["canaries"])

    # -- inside

    def _state(self, until: float, sources: Mapping[str, Source], *, whole: bool) -> State:
        if until - self.heard > self.indicator.patience or self.silent_sources(until):
            return "silent"
        if self.canaries and (self.canaries.blind or (whole and not self._canaries_measured)):
            return "blind"
        return "lossy" if self.tally.bad(self._lost(sources)) > self.indicator.loss else "quiet"

    @property
    def _canaries_measured(self) -> int:
        return self.tally.canaries - self.tally.canaries_unlabelled

    def _lost(self, sources: Mapping[str, Source]) -> int:
        before = self.lost_before
        return self.gone + sum(
            max(0, sources[name].lost - before.get(name, 0))
            for name in self.sources
            if name in sources
        )

    def _next(self, sources: Mapping[str, Source]) -> None:
        """Open the window after this one."""
        self.since = self.ends
        self._end_at(self.ends + self.indicator.length)
        self.tally, self.ahead, self.gone = self.ahead, Tally(), 0
        self.lost_before = {name: sources[name].lost for name in self.sources if name in sources}
        if isinstance(self.detector, Restarted) and not self.open:
            self.detector.restart()

    def _end_at(self, ends: float) -> None:
        self.ends, self.due = ends, ends + self.indicator.lateness
