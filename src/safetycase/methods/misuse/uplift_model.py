"""The annual risk of misuse with an assistant, and the band of a curve of times to success.

R(A) = a · D · ∫ p_A(t) f_T(t) dt: attempts a year, damage of a success, the chance that an actor
with assistant A has succeeded within time t, and the law of the time that actors invest.
Clymer et al. (2025), arXiv:2505.18003.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from safetycase.stats import Interval

__all__ = ["Curve", "Empirical", "Exponential", "Law", "gap", "reached", "scaled", "spread"]

Law = Literal["exponential", "fixed"]
"""Actors invest an exponential time with a given mean, or all the same time."""
_CELLS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Exponential:
    """p(t) = 1 − exp(−t/τ), with τ in [slow_low, slow_high]: the mean time to a success."""

    slow_low: float
    slow_high: float

    def within(self, mean: float, law: Law) -> Interval:
        """The chance of success of one attempt: m/(m + τ), or 1 − exp(−m/τ) for a fixed time."""
        ends = [
            mean / (mean + slow) if law == "exponential" else -math.expm1(-mean / slow)
            for slow in (self.slow_high, self.slow_low)
        ]
        return Interval(ends[0], ends[1])

    def at(self, time: float) -> Interval:
        """p(t)."""
        return Interval(-math.expm1(-time / self.slow_high), -math.expm1(-time / self.slow_low))

    def likely(self, mean: float, law: Law) -> float:
        """The middle of the interval."""
        ends = self.within(mean, law)
        return (ends.low + ends.high) / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Empirical:
    """The curve from attempts of a red team, with a band of half-width `spread`.

    `successes` are times to success, `stopped` the times at which attempts ended without one.
    After its end such an attempt may have succeeded at once or never; one of the `missing` may
    have succeeded at time 0 or never. The band holds for all t at once.
    """

    successes: tuple[float, ...]
    stopped: tuple[float, ...]
    missing: int
    spread: float

    @property
    def planned(self) -> int:
        """How many attempts there were to be."""
        return len(self.successes) + len(self.stopped) + self.missing

    def within(self, mean: float, law: Law) -> Interval:
        """The chance of success of one attempt, by integrating the band exactly."""
        return Interval(
            _above(self.successes, self.planned, self.spread, mean, law),
            _below(self._soonest(), self.planned, self.spread, mean, law),
        )

    def at(self, time: float) -> Interval:
        """The band at `time`."""
        low = sum(t <= time for t in self.successes) / self.planned
        high = sum(t <= time for t in self._soonest()) / self.planned
        return Interval(max(0.0, low - self.spread), min(1.0, high + self.spread))

    def likely(self, mean: float, law: Law) -> float:
        """The estimate from what was seen, as if what was not seen were no success."""
        return math.fsum(_worth(t, mean, law) for t in self.successes) / self.planned

    def _soonest(self) -> tuple[float, ...]:
        return (*(0.0 for _ in range(self.missing)), *self.successes, *self.stopped)


Curve = Exponential | Empirical


def spread(attempts: int, alpha: float) -> float:
    """The half-width of a band around the empirical law that fails with at most `alpha`.

    √(ln(2/α)/(2n)); Massart (1990), Ann. Prob. 18:1269.
    """
    return math.sqrt(math.log(2 / alpha) / (2 * attempts))


def _worth(time: float, mean: float, law: Law) -> float:
    """The share of actors who invest at least `time`."""
    if law == "fixed":
        return float(time <= mean)
    return math.exp(-time / mean)


def _below(times: Sequence[float], n: int, more: float, mean: float, law: Law) -> float:
    """∫ min(1, F + more) f for the law F of `times`: jumps from 0 on until it is 1."""
    total, height = more, more
    for time in sorted(times):
        jump = min(1 / n, 1.0 - height)
        if jump <= 0:
            break
        total += jump * _worth(time, mean, law)
        height += jump
    return min(1.0, total)


def _above(times: Sequence[float], n: int, less: float, mean: float, law: Law) -> float:
    """∫ max(0, F − less) f: the first jumps are lost."""
    total, lost = 0.0, less
    for time in sorted(times):
        jump = max(0.0, 1 / n - lost)
        lost = max(0.0, lost - 1 / n)
        total += jump * _worth(time, mean, law)
    return total


def reached(curve: Curve, mean: Interval, law: Law) -> Interval:
    """The chance of success for every mean time in an interval; it rises with the time."""
    return Interval(curve.within(mean.low, law).low, curve.within(mean.high, law).high)


def gap(curve: Curve, base: Curve, mean: Interval, law: Law) -> Interval:
    """The chance with `curve` minus that with `base`, for the same mean time in an interval.

    Neither rises nor falls with the mean, so that the interval is cut into cells; in each both
    are taken at the worse end. Sound for any number of cells.
    """
    cells = _CELLS if mean.high > mean.low else 1
    ends = [mean.low + (mean.high - mean.low) * i / cells for i in range(cells)] + [mean.high]
    one = [curve.within(end, law) for end in ends]
    two = [base.within(end, law) for end in ends]
    return Interval(
        min(one[i].low - two[i + 1].high for i in range(cells)),
        max(one[i + 1].high - two[i].low for i in range(cells)),
    )


def scaled(value: Interval, attempts: Interval, damage: Interval) -> Interval:
    """Times attempts and damage, whatever the sign of `value`."""
    least, most = attempts.low * damage.low, attempts.high * damage.high
    return Interval(
        value.low * (least if value.low > 0 else most),
        value.high * (most if value.high > 0 else least),
    )
