"""CUSUM: an early warning with a declared average number of values between false ones."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from safetycase.stats.detectors.mixture import checked_weight, log1p
from safetycase.stats.detectors.run_length import height_for, lattice_of

__all__ = ["Cusum"]


class Cusum:
    """The cumulated sum of log-likelihood ratios, from zero up, that warns at a height.

    It tells `alternative` from `threshold` (the rate of twice its odds if none is given). Values
    are 0 or 1 (`binary`) or in [0, 1]. `run_length` is how many values pass on average before it
    warns while the rate is `threshold`; below it (above, if not `above`) more. For rates with
    equal weights the steps are whole numbers and the height is the least that reaches
    `run_length`, so that `reached` is the exact average. Otherwise the factors are those of
    `MeanProcess`, the height is log `run_length`, and the average is at least that much: the sum
    never exceeds the logarithm of an e-detector (Lorden 1971, Ann. Math. Stat. 42:1897; Shin,
    Ramdas & Rinaldo 2022, arXiv:2203.03532, section 2).

    The chance of a false warning *ever* is one: it is no evidence against a claim. After a warning
    the sum starts again from zero. Page (1954), Biometrika 41:100.
    """

    __slots__ = (
        "_above",
        "_bet",
        "_down",
        "_mean",
        "_most",
        "_sum",
        "_up",
        "height",
        "reached",
        "run_length",
        "warnings",
    )

    def __init__(
        self,
        threshold: float,
        *,
        run_length: float,
        above: bool = True,
        alternative: float | None = None,
        binary: bool = True,
        weight_at_most: float = 1.0,
    ) -> None:
        if not 0 < threshold < 1:
            raise ValueError(f"the threshold {threshold!r} is not strictly between 0 and 1")
        if not (1 < run_length < math.inf and 1 <= weight_at_most < math.inf):
            raise ValueError(f"run_length {run_length!r} or weight_at_most is unfit")
        mean = threshold if above else 1 - threshold
        other = 2 * mean / (1 + mean)
        if alternative is not None:
            other = alternative if above else 1 - alternative
        if not mean < other <= 1:
            raise ValueError(f"the alternative {alternative!r} is not on the side that warns")
        self.run_length, self._above, self._mean, self._most = (
            run_length,
            above,
            mean,
            weight_at_most,
        )
        self._bet = (other - mean) / (mean * (1 - mean))
        lattice = None
        if binary and weight_at_most == 1 and other < 1:
            lattice = lattice_of(mean, other)
        self._up, self._down = (lattice.up, lattice.down) if lattice else (0, 0)
        self.height: float = math.log(run_length)
        self.reached: float | None = None  # the exact average, where there is one
        if lattice:
            self.height, self.reached = height_for(mean, lattice, run_length)
        self._sum: float = 0
        self.warnings = 0

    @property
    def statistic(self) -> float:
        """Where the sum is, as a share of the height at which it warns."""
        return self._sum / self.height

    def observe(self, value: float, weight: float = 1.0) -> bool:
        """Whether it warns with this value; the sum is then zero again."""
        if self._up:
            if weight != 1:
                raise ValueError(f"the weight {weight!r} is not 1, the largest declared")
            hit = (value == 1) is self._above
            moved = self._sum + self._up if hit else self._sum - self._down
        else:
            step = (value if self._above else 1 - value) - self._mean
            moved = self._sum + log1p(self._bet * step * checked_weight(weight, self._most))
        if moved >= self.height:
            self._sum, self.warnings = 0, self.warnings + 1
            return True
        self._sum = moved if moved > 0 else 0
        return False

    def update(self, value: float, weight: float = 1.0) -> float:
        """The share of the height that is reached with one more value; 1 where it warns."""
        if not 0 <= value <= 1 or (self._up and value not in (0, 1)):
            raise ValueError(
                f"the value {value!r} is none of {'0 and 1' if self._up else '[0, 1]'}"
            )
        return 1.0 if self.observe(value, weight) else self.statistic

    def state(self) -> dict[str, Any]:
        """What `restore` needs, as JSON has it."""
        return {"sum": self._sum, "warnings": self.warnings}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on where `state` was taken."""
        self._sum, self.warnings = state["sum"], int(state["warnings"])
