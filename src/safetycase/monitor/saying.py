"""How a monitor says what it saw: the signal, its sentence and its details."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from safetycase.monitor.indicator import Indicator
from safetycase.monitor.records import Signal, State
from safetycase.monitor.tally import Tally

if TYPE_CHECKING:
    from safetycase.monitor.watched import Watched

__all__ = ["Saying", "instant"]

_SHOWN = 3  # sources that a signal names


def instant(time: float) -> str:
    """Seconds since 1970 as UTC text in whole seconds."""
    return datetime.fromtimestamp(time // 1, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Saying:
    """The words of one indicator."""

    def __init__(self, indicator: Indicator) -> None:
        self.indicator = indicator
        self.claim = f"{indicator.quantity} {indicator.op} {indicator.threshold:g}"

    def signal(
        self, watched: Watched, state: State, since: float, until: float, tally: Tally, lost: int
    ) -> Signal:
        """The signal of the window of `watched` that began at `since`, as it is at `until`."""
        return Signal(
            monitor=self.indicator.id,
            indicator=self.indicator.digest,
            state=state,
            since=instant(since),
            until=instant(until),
            events=tally.taken,
            lost=lost,
            segment=watched.segment,
            value=tally.value,
            e_value=watched.detector.e_value,
            alarm_at=watched.alarm_at,
            says=self._says(watched, state, until, tally, lost),
            details={**tally.words(), **self._details(watched, state, until)},
        )

    def _says(self, watched: Watched, state: State, until: float, tally: Tally, lost: int) -> str:
        one = self.indicator
        if state == "alarm":
            return (
                f"`{self.claim}` is shown: evidence {watched.detector.e_value:.4g} of "
                f"{watched.alarm_at:.4g} needed, in segment {watched.segment}."
            )
        if state == "silent":
            missing = watched.silent_sources(until)
            if missing:
                return f"No heartbeat for longer than {one.patience:g} s from {_some(missing)}."
            return f"Nothing was heard for longer than {one.patience:g} s."
        if state == "lossy":
            share = tally.bad(lost)
            return (
                f"{share:.2%} of the events were lost or could not be measured; "
                f"{one.loss:.2%} are allowed."
            )
        if state == "blind":
            return self._blind(watched)
        if state == "warning":
            return "The canaries are caught less often than was measured before."
        if watched.open:
            return f"Nothing new; the alarm of segment {watched.segment} is not resolved."
        return f"`{self.claim}` is not shown."

    def _blind(self, watched: Watched) -> str:
        canaries = watched.canaries
        if canaries is None or not canaries.blind:
            return "No canary came that would show that the monitor still sees."
        return (
            f"The canaries are caught less often than {canaries.at_least:g}: evidence "
            f"{canaries.e_value:.4g} of {canaries.alarm_at:.4g} needed."
        )

    def _details(self, watched: Watched, state: State, until: float) -> dict[str, str]:
        found = {"sources": str(len(watched.sources))} if watched.sources else {}
        if state == "silent" and (missing := watched.silent_sources(until)):
            found["silent_sources"] = _some(missing)
        return found


def _some(names: list[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
