"""Which detector an indicator gets, and the error that each segment of it may spend."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from safetycase.argument.model import Canaries
from safetycase.monitor.indicator import Indicator
from safetycase.stats.detectors import Cusum, MeanProcess, RateProcess, Restarted

__all__ = ["CanaryWatch", "Detector", "alarm_at", "detector_of"]

_CANARIES = 10  # after so many canaries what is known of them is asked anew

Detector = RateProcess | MeanProcess | Restarted | Cusum


def alarm_at(budget: float, segment: int) -> float:
    """The evidence that alarms in the `segment`-th segment (from 1): s (s + 1) / budget.

    The first segment may spend half of the budget, the s-th 1/(s + 1) of what is left then, so
    that all false alarms together have at most the budget.
    """
    return segment * (segment + 1) / budget


def detector_of(indicator: Indicator, segment: int) -> Detector:
    """A fresh detector of a rate or a mean for the `segment`-th segment.

    For drift half of the budget is spent on the reach of the reference, and half here.
    """
    if indicator.detector == "cusum":
        return _cusum(indicator)
    make = MeanProcess if indicator.kind == "mean" else RateProcess
    budget = indicator.budget / 2 if indicator.kind == "drift" else indicator.budget
    process = make(
        indicator.threshold,
        above=indicator.above,
        alternatives=indicator.alternatives,
        alarm_at=alarm_at(budget, segment),
        weight_at_most=indicator.weight_at_most,
    )
    return Restarted(process) if indicator.detector == "restarted" else process


def _cusum(indicator: Indicator) -> Cusum:
    if indicator.run_length is None:
        raise ValueError(f"monitor {indicator.id}: a `cusum` needs a `run_length`")
    nearest = min if indicator.above else max
    return Cusum(
        indicator.threshold,
        above=indicator.above,
        alternative=nearest(indicator.alternatives) if indicator.alternatives else None,
        run_length=indicator.run_length,
        binary=indicator.kind != "mean",
        weight_at_most=indicator.weight_at_most,
    )


class CanaryWatch:
    """Whether the canaries of a monitor are still caught; 1 is a canary that was.

    Blind once an e-process rejects "recall is at least `at_least`" within the budget of the
    canaries; it sees again once another, started then, rejects "recall is at most `at_least`".
    `decayed` once "recall is at least what was measured before" is rejected, which only warns.
    """

    __slots__ = ("_canaries", "_decay", "_floor", "_sight", "blind", "decayed", "segment")

    segment: int
    blind: bool
    decayed: bool
    _floor: Restarted
    _decay: Restarted
    _sight: Restarted

    def __init__(self, canaries: Canaries) -> None:
        self._canaries = canaries
        self._begin(1)

    @property
    def at_least(self) -> float:
        """The recall below which the monitor is blind."""
        return self._canaries.at_least

    def observe(self, caught: float) -> bool:
        """Whether this canary changed what is known: it is blind now, sees again, or decays."""
        if self.blind:
            if not self._sight.observe(caught):
                return False
            self._begin(self.segment + 1)
            return True
        decays = self._decay.observe(caught) and not self.decayed
        self.decayed = self.decayed or decays
        if self._floor.observe(caught):
            self.blind = True
        return self.blind or decays

    @property
    def e_value(self) -> float:
        """The evidence that recall is below `at_least`."""
        return self._floor.e_value

    @property
    def alarm_at(self) -> float:
        """The evidence at which it is blind."""
        return self._floor.alarm_at

    def state(self) -> dict[str, Any]:
        """What `restore` needs, as JSON has it."""
        parts = {"floor": self._floor, "decay": self._decay, "sight": self._sight}
        flags = {"segment": self.segment, "blind": self.blind, "decayed": self.decayed}
        return {**flags, **{name: part.state() for name, part in parts.items()}}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on where `state` was taken."""
        self._begin(int(state["segment"]))
        self.blind, self.decayed = bool(state["blind"]), bool(state["decayed"])
        self._floor.restore(state["floor"])
        self._decay.restore(state["decay"])
        self._sight.restore(state["sight"])

    def _begin(self, segment: int) -> None:
        least, at = self._canaries.at_least, alarm_at(self._canaries.budget, segment)
        self.segment, self.blind, self.decayed = segment, False, False
        self._floor = _started_often(RateProcess(least, above=False, alarm_at=at))
        measured = self._canaries.recall
        self._decay = _started_often(RateProcess(measured, above=False, alarm_at=at))
        self._sight = _started_often(RateProcess(least, above=True, alarm_at=at))


def _started_often(process: RateProcess) -> Restarted:
    """Recall is lost, and comes back, after long times of the other."""
    return Restarted(process, every=_CANARIES)
