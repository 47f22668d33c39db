"""What becomes of the value of an event: one gauge for each kind of indicator."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal, Protocol

from safetycase.monitor.detecting import alarm_at, detector_of
from safetycase.monitor.indicator import Indicator
from safetycase.monitor.records import Event
from safetycase.monitor.tally import Tally
from safetycase.stats.detectors import Cusum, Restarted
from safetycase.stats.reach import Reach
from safetycase.stats.side import PairsProcess, classes_for

__all__ = ["Gauge", "Verdict", "gauge_of"]

Verdict = Literal["alarm", "warning"]

_LARGEST = 1e15  # that one event can count for


class Gauge(Protocol):
    """Measures the events of one indicator, in segments that end where an alarm was resolved."""

    def measure(self, event: Event, tally: Tally, *, late: bool) -> Verdict | None:
        """Count what the event is in `tally`, and say at once what it shows."""
        ...

    def finish(self, tally: Tally, lost: int) -> Verdict | None:
        """What a whole window shows in which so many events were lost."""
        ...

    def value(self, tally: Tally) -> float | None:
        """The measured quantity of a window."""
        ...

    def evidence(self) -> tuple[float | None, float | None]:
        """(the evidence in this segment, the evidence that alarms), where there is such a thing."""
        ...

    def details(self) -> Mapping[str, str]:
        """What else a signal says."""
        ...

    def edge(self) -> None:
        """A window ended."""
        ...

    def renew(self, segment: int) -> None:
        """Begin the `segment`-th segment."""
        ...

    def state(self) -> dict[str, Any]:
        """What `restore` needs, as JSON has it."""
        ...

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on where `state` was taken in the same segment."""
        ...


class ValueGauge:
    """A rate or a mean: each value is 0 or 1, or in [0, 1], with its weight."""

    __slots__ = ("_binary", "_detector", "_indicator", "_most", "_segment", "_verdict")

    def __init__(self, indicator: Indicator, segment: int = 1) -> None:
        self._indicator = indicator
        self._binary = indicator.kind != "mean"
        self._most = indicator.weight_at_most
        warns = indicator.detector == "cusum" or indicator.kind == "drift"
        self._verdict: Verdict = "warning" if warns else "alarm"
        self.renew(segment)

    def measure(self, event: Event, tally: Tally, *, late: bool) -> Verdict | None:  # noqa: ARG002
        """As `Gauge`; a value that comes late is evidence all the same."""
        value, weight = event.value, event.weight
        if value is None:
            tally.unlabelled += 1
        elif value not in (0, 1) and (self._binary or not 0 <= value <= 1):
            tally.invalid += 1
        elif not 1 <= weight <= self._most:
            tally.heavy += 1
        else:
            return self.add(value, weight, tally)
        return None

    def add(self, value: float, weight: float, tally: Tally) -> Verdict | None:
        """Measure a value that is fit to be."""
        tally.measured += 1
        tally.weights += weight
        tally.total += weight * value
        return self._verdict if self._detector.observe(value, weight) else None

    def finish(self, tally: Tally, lost: int) -> Verdict | None:  # noqa: ARG002
        """Nothing that was not said at once."""
        return None

    def value(self, tally: Tally) -> float | None:
        """The weighted mean."""
        return tally.total / tally.weights if tally.weights else None

    def evidence(self) -> tuple[float | None, float | None]:
        """As `Gauge`; a CUSUM has none."""
        if isinstance(self._detector, Cusum):
            return None, None
        return self._detector.e_value, self._detector.alarm_at

    def details(self) -> Mapping[str, str]:
        """How far the sum of a CUSUM is, and how often the process was started."""
        detector = self._detector
        if isinstance(detector, Cusum):
            exact = f"{detector.reached:.6g}" if detector.reached else ""
            run = exact or f"at least {detector.run_length:g}"
            return {"sum": f"{detector.statistic:.4g} of its height", "run_length": run}
        return {"starts": str(detector.starts)} if isinstance(detector, Restarted) else {}

    def edge(self) -> None:
        """A detector that restarts does so now."""
        if isinstance(self._detector, Restarted):
            self._detector.restart()

    def renew(self, segment: int) -> None:
        """As `Gauge`."""
        self._detector = detector_of(self._indicator, segment)

    def state(self) -> dict[str, Any]:
        """As `Gauge`."""
        return self._detector.state()

    def restore(self, state: Mapping[str, Any]) -> None:
        """As `Gauge`."""
        self._detector.restore(state)


class DriftGauge(ValueGauge):
    """The share of inputs that lie beyond the reach of the reference; only ever warns."""

    __slots__ = ("_reach",)

    def __init__(self, indicator: Indicator, segment: int = 1) -> None:
        super().__init__(indicator, segment)
        try:
            share, doubt = indicator.threshold, indicator.budget / 2
            self._reach = Reach(indicator.reference, share=share, doubt=doubt)
        except ValueError as wrong:
            raise ValueError(f"monitor {indicator.id}: {wrong}") from None

    def measure(self, event: Event, tally: Tally, *, late: bool) -> Verdict | None:  # noqa: ARG002
        """As `Gauge`; features in place of a value."""
        if not event.features:
            tally.unlabelled += 1
        elif len(event.features) != self._reach.width or not _finite(event.features):
            tally.invalid += 1
        elif not 1 <= event.weight <= self._most:
            tally.heavy += 1
        else:
            beyond = float(self._reach.beyond(event.features))
            return self.add(beyond, event.weight, tally)
        return None


class CountGauge:
    """How many events a window has, their values summed: compared as it is, without a test."""

    __slots__ = ("_above", "_indicator")

    def __init__(self, indicator: Indicator) -> None:
        self._indicator, self._above = indicator, indicator.above

    def measure(self, event: Event, tally: Tally, *, late: bool) -> Verdict | None:
        """As `Gauge`; what is late or too large counts only where it can speak for an alarm."""
        value, weight = 1.0 if event.value is None else event.value, event.weight
        most = self._indicator.weight_at_most
        if not value >= 0:
            tally.invalid += 1
            return None
        unfit = value > _LARGEST or not 1 <= weight <= most
        if value > _LARGEST:
            tally.invalid += 1
        elif unfit:
            tally.heavy += 1
        else:
            tally.measured += 1
        if (late or unfit) and not self._above:
            return None
        # Of what is beyond its bound, the bound has come at least.
        allowed = weight if 1 <= weight <= most else most if weight > most else 1.0
        tally.total += allowed * min(value, _LARGEST)
        return "alarm" if self._many(tally) else None

    def finish(self, tally: Tally, lost: int) -> Verdict | None:
        """Too few, even if all that was lost had come and counted one each.

        Or too many, where an alarm of an earlier window was open while they came.
        """
        few = not self._above and self._alarms(tally.total + lost + tally.invalid + tally.heavy)
        return "alarm" if few or self._many(tally) else None

    def value(self, tally: Tally) -> float | None:
        """The sum."""
        return tally.total

    def evidence(self) -> tuple[float | None, float | None]:
        """None: a count is what it is."""
        return None, None

    def details(self) -> Mapping[str, str]:
        """Nothing more."""
        return {}

    def edge(self) -> None:
        """The sum of the next window begins at nothing, in its own tally."""

    def renew(self, segment: int) -> None:
        """A threshold has no segments."""

    def state(self) -> dict[str, Any]:
        """Nothing beyond the tally."""
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Nothing beyond the tally."""

    def _many(self, tally: Tally) -> bool:
        """Whether there are too many, and no alarm said so of this window."""
        return self._above and not tally.alarms and self._alarms(tally.total)

    def _alarms(self, total: float) -> bool:
        at = self._indicator.threshold
        if self._above:
            return total > at if self._indicator.op == ">" else total >= at
        return total < at if self._indicator.op == "<" else total <= at


class PairsGauge:
    """Outputs beside those of a reference: any test of the class that tells them apart."""

    __slots__ = ("_alarm_at", "_indicator", "_process", "_width")

    def __init__(self, indicator: Indicator) -> None:
        self._indicator, self._width = indicator, 0
        self._process: PairsProcess | None = None
        self.renew(1)

    def measure(self, event: Event, tally: Tally, *, late: bool) -> Verdict | None:  # noqa: ARG002
        """As `Gauge`; the first pair says how wide all are."""
        output, other = event.features, event.other
        if not output or not other:
            tally.unlabelled += 1
            return None
        width = self._width or len(output)
        fits = len(output) == len(other) == width
        if not fits or not (_finite(output) and _finite(other)):
            tally.invalid += 1
            return None
        if event.weight != 1:
            tally.heavy += 1
            return None
        if self._process is None:
            self._width, self._process = width, self._made(width)
        try:
            evidence = self._process.update(output, other)
        except ValueError:  # numbers too large to be features; nothing was learnt of them
            tally.invalid += 1
            return None
        tally.measured += 1
        return "alarm" if evidence >= self._alarm_at else None

    def finish(self, tally: Tally, lost: int) -> Verdict | None:  # noqa: ARG002
        """Nothing that was not said at once."""
        return None

    def value(self, tally: Tally) -> float | None:  # noqa: ARG002
        """None: an advantage is the best of a class, and no number of one window."""
        return None

    def evidence(self) -> tuple[float | None, float | None]:
        """As `Gauge`."""
        return (1.0 if self._process is None else self._process.e_value), self._alarm_at

    def details(self) -> Mapping[str, str]:
        """How wide the features are."""
        return {"width": str(self._width)} if self._width else {}

    def edge(self) -> None:
        """Nothing restarts."""

    def renew(self, segment: int) -> None:
        """As `Gauge`; what was learnt is kept, and what was won is not."""
        self._alarm_at = alarm_at(self._indicator.budget, segment)
        if self._process is not None:
            self._process.restart()

    def state(self) -> dict[str, Any]:
        """As `Gauge`."""
        kept = None if self._process is None else self._process.state()
        return {"width": self._width, "process": kept}

    def restore(self, state: Mapping[str, Any]) -> None:
        """As `Gauge`."""
        self._width, self._process = int(state["width"]), None
        if state["process"] is not None:
            self._process = self._made(self._width)
            self._process.restore(state["process"])

    def _made(self, width: int) -> PairsProcess:
        advantage = self._indicator.threshold
        return PairsProcess(width=width, advantage=advantage, classes=classes_for(width))


def gauge_of(indicator: Indicator) -> Gauge:
    """The gauge of an indicator in its first segment."""
    if indicator.kind == "count":
        return CountGauge(indicator)
    if indicator.kind == "pairs":
        return PairsGauge(indicator)
    return DriftGauge(indicator) if indicator.kind == "drift" else ValueGauge(indicator)


def _finite(values: tuple[float, ...]) -> bool:
    return all(map(math.isfinite, values))
