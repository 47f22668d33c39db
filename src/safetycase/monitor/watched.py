"""One indicator while it is watched: its window, its segment, and what it reports when."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from safetycase.monitor.detecting import CanaryWatch
from safetycase.monitor.gauges import gauge_of
from safetycase.monitor.indicator import Indicator
from safetycase.monitor.records import Event, Signal, State
from safetycase.monitor.saying import Facts, signal_of
from safetycase.monitor.sources import Mark, Source
from safetycase.monitor.tally import Tally

__all__ = ["Watched"]

_UNSEEN = ("silent", "blind")
_MOST_LOST = 10**15  # a signal says no more: one that no record can hold would hold up all others


class Watched:
    """An indicator with its open window; it takes events and the clock, and gives signals.

    All times are seconds since 1970. A window is closed `lateness` after its end, by the time of
    the events or by the clock, whichever is first; until then events of the next one are counted
    ahead. `sources` is what each source sent by its own count, kept by the engine for all.
    """

    def __init__(self, indicator: Indicator, started: float, sources: Mapping[str, Source]) -> None:
        self.indicator = indicator
        self.identity = indicator.identity
        self.patience = indicator.patience
        self.since = started
        self._end_at(started + indicator.length)
        self.heard = started
        self.reported = started
        self.last: State | None = None
        self.known: dict[str, float] = {}  # when each source was heard of last
        self.marks: dict[str, Mark] = {}  # where each source was when the window opened
        self.gone = 0
        self.tally, self.ahead = Tally(), Tally()
        self.segment = 1
        self.open = False
        self.gauge = gauge_of(indicator)
        self.canaries = CanaryWatch(indicator.canaries) if indicator.canaries else None
        self.strays_are_due = True  # another monitor declares canaries of the metric
        self._sources = sources

    @property
    def own_canaries(self) -> bool:
        """Whether its canaries come among the events of its metric."""
        declared = self.indicator.canaries
        return declared is not None and declared.metric in (None, "", self.indicator.metric)

    # -- events

    def join(self, name: str, number: int | None, at: float) -> None:
        """A source that sends to this monitor for the first time: its losses count from here."""
        self.known[name] = at
        self.heard = max(self.heard, at)
        self.marks.setdefault(name, self._sources[name].mark(number))

    def leave(self, name: str) -> None:
        """A source that said it ends; it is not missed, and what it lost in this window stays."""
        if self.known.pop(name, None) is not None and name in self.marks:
            self.gone += self._sources[name].since(self.marks.pop(name))

    def filled(self, name: str, number: int) -> None:
        """A number that was missing came: in the place of one lost before this window, or in it."""
        if name in self.marks:
            self.marks[name].filled(self._sources[name], number)

    def hear(self, name: str, at: float) -> None:
        """A source lives, at time `at`."""
        if at > self.known.get(name, -math.inf):
            self.known[name] = at
        if at > self.heard:
            self.heard = at

    def take(self, event: Event, at: float) -> Signal | None:
        """Measure one event of the metric, of a source that joined; what to report at once."""
        if at < self.ends:
            tally, late = self.tally, at < self.since
            tally.late += late
        else:
            tally, late = self.ahead, False
        if at > self.known[event.source]:
            self.known[event.source] = at
            if at > self.heard:
                self.heard = at
        tally.taken += 1
        verdict = self.gauge.measure(event, tally, late=late)
        return None if verdict is None else self._shown(verdict, tally, at, event)

    def take_canary(self, event: Event, at: float) -> Signal | None:
        """Measure one canary; what to report at once."""
        tally = self.tally if at < self.ends else self.ahead
        if self.canaries is None:
            tally.strays += 1
            if not self.strays_are_due:  # the mark keeps an event from being measured by anyone
                tally.taken += 1
                tally.invalid += 1
            return None
        tally.canaries += 1
        if event.value not in (0, 1):
            tally.canaries_unlabelled += 1
            return None
        tally.caught += int(event.value or 0)
        was = self.canaries.blind
        if not self.canaries.observe(event.value or 0.0) or was:
            return None
        state: State = "blind" if self.canaries.blind else "warning"
        return self.report(state, at, ahead=tally is self.ahead, about="canaries")

    def catch_up(self, at: float) -> list[Signal]:
        """What an event at `at` shows to be over: windows, and a silence no clock told of."""
        found = self.close(at)
        until = self.heard + self.patience
        if at > until > self.since and self.last != "silent":
            found.append(self.report("silent", until, ahead=until > self.ends))
        return found

    def untracked(self, at: float) -> None:
        """An event of a source whose count is not followed: it came, and counts as not measured."""
        tally = self.tally if at < self.ends else self.ahead
        tally.taken += 1
        tally.untracked += 1

    # -- the clock

    def close(self, until: float) -> list[Signal]:
        """The reports of all windows that end early enough before `until`."""
        found: list[Signal] = []
        while until >= self.due:
            if not (self.tally.events or self.ahead.events):
                # Windows in which nothing happened are one report, however many they are.
                more = math.floor((until - self.due) / self.indicator.length)
                self._end_at(self.ends + more * self.indicator.length)
            state = self._standing(self.due, whole=True)
            if state not in _UNSEEN:
                verdict = self.gauge.finish(self.tally, self._lost())
                shown = verdict and self._shown(verdict, self.tally, self.ends)
                found += [shown] if shown else []
            found.append(self.report(state, self.ends))
            self._next()
        return found

    def tick(self, now: float) -> list[Signal]:
        """What the clock alone tells: windows that ended, silence, and reports in between."""
        found = self.close(now)
        state = self._standing(now, whole=False)
        # Silence and blindness are reported when they begin and end. A loss may be events that
        # only come late, and waits for the report that is due.
        changed = state != self.last and (state in _UNSEEN or self.last in _UNSEEN)
        due = self.indicator.cadence < self.indicator.length and (
            now - self.reported >= self.indicator.cadence
        )
        if changed or (due and not (state == self.last and state in _UNSEEN)):
            found.append(self.report(state, now))
        return found

    def report(
        self,
        state: State,
        until: float,
        *,
        ahead: bool | None = None,
        by: Event | None = None,
        about: str = "metric",
    ) -> Signal:
        """The signal that says so, of the window that is open at `until` or of the one `ahead`."""
        if state not in ("alarm", "warning"):
            self.last = state
            self.reported = max(self.reported, until)
        ahead = until > self.ends if ahead is None else ahead
        since = self.ends if ahead else self.since
        facts = Facts(
            since=since,
            until=max(until, since),
            tally=self.ahead if ahead else self.tally,
            lost=self._lost(),
            missing=self._missing(max(until, self.reported)) if state == "silent" else (),
            by=by,
            about=about,
        )
        return signal_of(self, state, facts)

    def resolved(self) -> None:
        """A reviewer resolved the alarm: the next segment, with the rest of the budget."""
        if self.open:
            self.open = False
            self._renew()

    # -- state

    def state(self) -> dict[str, Any]:
        """What `restore` needs, as JSON has it."""
        return {
            "digest": self.identity,
            "since": self.since,
            "ends": self.ends,
            "heard": self.heard,
            "reported": self.reported,
            "last": self.last,
            "known": dict(self.known),
            "marks": {name: [m.lost, m.high, m.restarts] for name, m in self.marks.items()},
            "gone": self.gone,
            "tally": self.tally.state(),
            "ahead": self.ahead.state(),
            "segment": self.segment,
            "open": self.open,
            "gauge": self.gauge.state(),
            "canaries": self.canaries.state() if self.canaries else None,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on where `state` was taken of the same indicator."""
        self.since = float(state["since"])
        self._end_at(float(state["ends"]))
        self.heard, self.reported = float(state["heard"]), float(state["reported"])
        self.last = state["last"]
        self.known = {str(name): float(at) for name, at in state["known"].items()}
        self.marks = {str(name): Mark(*map(int, mark)) for name, mark in state["marks"].items()}
        self.gone = int(state["gone"])
        self.tally, self.ahead = Tally.of(state["tally"]), Tally.of(state["ahead"])
        self.segment, self.open = int(state["segment"]), bool(state["open"])
        self.gauge.renew(self.segment)
        self.gauge.restore(state["gauge"])
        if self.canaries is not None:
            self.canaries.restore(state["canaries"])

    # -- inside

    def _shown(
        self, verdict: State, tally: Tally, at: float, by: Event | None = None
    ) -> Signal | None:
        """The first alarm of a segment, or the first warning of a window; else nothing is said."""
        ahead = tally is self.ahead
        if verdict == "alarm":
            if self.open:
                return None
            self.open = True
            tally.alarms += 1
            return self.report("alarm", at, ahead=ahead, by=by)
        tally.warnings += 1
        first = tally.warnings == 1
        signal = self.report("warning", at, ahead=ahead, by=by) if first else None
        if self.gauge.evidence()[0] is not None:
            self._renew()  # a warning takes no resolution: what is left of the budget goes on
        return signal

    def _renew(self) -> None:
        self.segment += 1
        self.gauge.renew(self.segment)

    def _standing(self, until: float, *, whole: bool) -> State:
        if self._silent(until, whole=whole):
            return "silent"
        labelled = self.tally.canaries - self.tally.canaries_unlabelled
        unseen = not labelled and (whole or self.last == "blind")
        if self.canaries and (self.canaries.blind or unseen):
            return "blind"
        return "lossy" if self.tally.bad(self._lost()) > self.indicator.loss else "quiet"

    def _silent(self, until: float, *, whole: bool) -> bool:
        """Whether nothing was heard for too long, or in all of the window, or of some source."""
        if until - self.heard > self.patience or self._missing(until):
            return True
        unheard = self.heard <= self.since and not self.tally.taken
        return math.isinf(self.patience) and unheard and (whole or self.last == "silent")

    def _missing(self, until: float) -> tuple[str, ...]:
        """The sources that were to send heartbeats and have not for too long."""
        if self.indicator.heartbeat is None:
            return ()
        return tuple(sorted(name for name, at in self.known.items() if until - at > self.patience))

    def _lost(self) -> int:
        found = sum(self._sources[name].since(mark) for name, mark in self.marks.items())
        return min(self.gone + found, _MOST_LOST)

    def _next(self) -> None:
        """Open the window after this one."""
        self.since = self.ends
        self._end_at(self.ends + self.indicator.length)
        self.tally, self.ahead, self.gone = self.ahead, Tally(), 0
        self.marks = {name: self._sources[name].mark() for name in self.known}
        if not self.open:
            self.gauge.edge()

    def _end_at(self, ends: float) -> None:
        self.ends, self.due = ends, ends + self.indicator.lateness
