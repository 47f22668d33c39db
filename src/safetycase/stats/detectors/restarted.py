"""Restarts, so that a change after a long good time is found as fast as one at the beginning."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from safetycase.stats.detectors.mean import MeanProcess
from safetycase.stats.detectors.rate import RateProcess

__all__ = ["Restarted", "spent"]


def spent(start: int) -> float:
    """The share of the stake that the `start`-th start (from 1) gets; all of them add up to one.

    1/(1 + log₂ s) − 1/(1 + log₂(s + 1)): half for the first, and about 1/(s log² s) later, so
    that the hundredth start has to find only some eight nats more than the first.
    """
    return 1 / (1 + math.log2(start)) - 1 / (1 + math.log2(start + 1))


class Restarted:
    """A process that is started again and again, each start with a share of the stake.

    E = Σ_s γ_s E_s + (what is kept for later starts), E_s the process since the s-th start and
    γ_s = `spent(s)`. A sum of shares of supermartingales is one, so P(E ever reaches 1/α) ≤ α
    holds as without restarts, under whatever the process assumes. It is the mixture over change
    points of an e-detector (Shin, Ramdas & Rinaldo 2022, arXiv:2203.03532, section 3) with
    spending: theirs bounds how often it alarms on average, this one whether it ever does.

    A start comes after every `every` values, or where `restart` is called: a moment that does not
    depend on values to come. Memory and time do not grow with the number of starts.
    """

    __slots__ = ("_process", "_starts", "_taken", "every")

    def __init__(self, process: RateProcess | MeanProcess, *, every: int | None = None) -> None:
        if every is not None and every < 1:
            raise ValueError(f"every {every!r} is not at least 1")
        self.every, self._process, self._starts, self._taken = every, process, 1, 0
        process.stake(spent(1))

    @property
    def alarm_at(self) -> float:
        """The evidence that alarms."""
        return self._process.alarm_at

    @property
    def e_value(self) -> float:
        """The evidence so far; 1 is none."""
        return self._process.e_value

    @property
    def starts(self) -> int:
        """How often it was started."""
        return self._starts

    def observe(self, value: float, weight: float = 1.0) -> bool:
        """Whether the evidence reaches `alarm_at` with this value."""
        if self.every is not None and self._taken == self.every:
            self.restart()
        self._taken += 1
        return self._process.observe(value, weight)

    def update(self, value: float, weight: float = 1.0) -> float:
        """The e-value after one more `value` with its sampling weight."""
        if self.every is not None and self._taken == self.every:
            self.restart()
        self._taken += 1
        return self._process.update(value, weight)

    def restart(self) -> None:
        """Start once more; without a value since the last start there is nothing to restart."""
        if not self._taken:
            return
        self._starts, self._taken = self._starts + 1, 0
        self._process.restart(spent(self._starts))

    def state(self) -> dict[str, Any]:
        """What `restore` needs, as JSON has it."""
        return {"process": self._process.state(), "starts": self._starts, "taken": self._taken}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on where `state` was taken."""
        self._process.restore(state["process"])
        self._starts, self._taken = int(state["starts"]), int(state["taken"])
