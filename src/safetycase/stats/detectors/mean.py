"""The e-process of a bounded mean: bets on numbers in [0, 1] of any distribution."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from safetycase.stats.detectors.mixture import (
    checked_weight,
    clip,
    log1p,
    log_add,
    numbers,
    rates_above,
    total,
)

__all__ = ["MeanProcess", "anytime_radius"]

_TIGHTEST = 12.5
_LEARNT = 0.3  # the share of the stake on the bet that is learnt from the values
_MOST = 0.9  # of what a bet may risk, at most so much where it is learnt
_PRIOR = 4.0  # as many values near the threshold are imagined before the first
_SPREAD = (0.02, 0.08, 0.3, 0.7)  # of what a bet may risk: for small and large shifts, any spread


def anytime_radius(values: int, doubt: float) -> float:
    """How far the mean of so many values in [0, 1] may be from its expectation, at any look.

    At any n ever, the two are farther apart than this with probability at most `doubt`, if all
    values have the same expectation given the past: Robbins' two-sided normal mixture for numbers
    that are sub-Gaussian with variance 1/4 (Howard, Ramdas, McAuliffe & Sekhon 2021, Ann. Stat.
    49:1055, equation 14), tightest in proportion at some hundred values.
    """
    if values < 1 or not 0 < doubt < 1:
        raise ValueError(f"{values!r} values at a doubt of {doubt!r}")
    variance = values / 4 + _TIGHTEST
    return math.sqrt(variance * math.log(variance / (_TIGHTEST * doubt**2))) / values


class MeanProcess:
    """Evidence that the mean of values in [0, 1] is above `threshold` (or below it).

    H₀: given the past, the expectation of the next value is at most `threshold` (`above`), or at
    least `threshold` (not `above`). The factor of a value x is 1 + λ (w/W) (x − m) with a λ in
    [0, 1/m] that was chosen before x was seen; it expects at most one under H₀. The stake is
    split over λ: those of `alternatives` (which are likelihood ratios if all values are 0 or 1),
    a fixed spread, and one that is learnt, the mean of the steps seen so far over their mean
    square (the GRAPA bet of Waudby-Smith & Ramdas 2024, JRSS-B 86(1):1, section B.3).

    Weights as in `RateProcess`. The same guarantee: P(it ever reaches 1/α) ≤ α under H₀.
    """

    __slots__ = (
        "_above",
        "_base",
        "_bets",
        "_goal",
        "_learnt",
        "_logs",
        "_mean",
        "_most",
        "_rest",
        "_sums",
        "alarm_at",
    )

    def __init__(
        self,
        threshold: float,
        *,
        above: bool = True,
        alternatives: Sequence[float] = (),
        alarm_at: float = 20.0,
        weight_at_most: float = 1.0,
    ) -> None:
        if not 0 < threshold < 1:
            raise ValueError(f"the threshold {threshold!r} of a mean is not strictly in (0, 1)")
        if not (1 <= weight_at_most < math.inf and 1 < alarm_at < math.inf):
            raise ValueError(f"weight_at_most {weight_at_most!r} or alarm_at {alarm_at!r} is unfit")
        mean = threshold if above else 1 - threshold
        turned = [value if above else 1 - value for value in alternatives]
        bets = [(1 - _LEARNT) * share for _, share in rates_above(mean, turned)][: len(turned)]
        spread = (1 - _LEARNT - sum(bets)) / len(_SPREAD)
        self.alarm_at = alarm_at
        self._above, self._mean, self._most = above, mean, weight_at_most
        self._bets = [(value - mean) / (mean * (1 - mean)) for value in turned]
        self._bets += [risk / mean for risk in _SPREAD]
        shares = [*bets, *(spread for _ in _SPREAD), _LEARNT]
        self._logs = [math.log(share) for share in shares]
        self._base = list(self._logs)
        self._rest = 0.0
        self._sums = (0.0, 0.0, 0.0)  # how many steps, their sum, the sum of their squares
        self._learnt = 0.0
        self._goal = math.log(alarm_at / len(self._logs)) - 1e-9

    def observe(self, value: float, weight: float = 1.0) -> bool:
        """Whether the evidence reaches `alarm_at` with this value in [0, 1]."""
        step = (value if self._above else 1 - value) - self._mean
        if weight != self._most:
            step *= checked_weight(weight, self._most)
        base = [log + log1p(bet * step) for log, bet in zip(self._base, self._bets, strict=False)]
        base.append(self._base[-1] + math.log1p(self._learnt * step))
        self._base = base
        self._learn(step)
        if step <= 0 or (max(base) < self._goal and self._rest == 0):
            return False
        return self.e_value >= self.alarm_at

    def update(self, value: float, weight: float = 1.0) -> float:
        """The e-value after one more `value` in [0, 1] with its sampling weight."""
        if not 0 <= value <= 1:
            raise ValueError(f"the value {value!r} of a mean is not in [0, 1]")
        self.observe(value, weight)
        return self.e_value

    @property
    def e_value(self) -> float:
        """The evidence so far, at most 1e300."""
        return total(self._rest, self._base)

    def stake(self, share: float) -> None:
        """Keep all but `share` of the stake back for later restarts; before the first value."""
        self._base = [log + math.log(share) for log in self._logs]
        self._rest = 1 - share

    def restart(self, share: float) -> None:
        """Stake `share` anew on what comes now; the bet that is learnt starts to learn anew."""
        fresh = math.log(share)
        pairs = zip(self._base, self._logs, strict=True)
        self._base = [log_add(base, log + fresh) for base, log in pairs]
        self._rest = max(0.0, self._rest - share)
        self._sums, self._learnt = (0.0, 0.0, 0.0), 0.0

    def state(self) -> dict[str, Any]:
        """What `restore` needs, as JSON has it."""
        return {
            "base": [clip(log) for log in self._base],
            "rest": self._rest,
            "sums": [*self._sums],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on where `state` was taken, with the same evidence to the last digit."""
        self._base = numbers(state, "base", len(self._logs))
        self._rest = float(state["rest"])
        n, first, second = numbers(state, "sums", 3)
        self._sums = (n, first, second)
        self._learnt = self._bet()

    def _learn(self, step: float) -> None:
        n, first, second = self._sums
        self._sums = (n + 1, first + step, second + step * step)
        self._learnt = self._bet()

    def _bet(self) -> float:
        _, first, second = self._sums
        if first <= 0:
            return 0.0
        square = second + _PRIOR * self._mean * (1 - self._mean)
        return min(_MOST / self._mean, first / square)
