"""The slope of a noisy, autocorrelated series, by batch means.

Values next to each other in a training curve depend on each other, so that the usual interval of a
slope is too short. Means of batches much longer than the autocorrelation time are nearly
independent (Schmeiser 1982, Oper. Res. 30:556); a line through them has Student's interval. The
time is summed up to the window of Sokal (1997, in Functional Integration, NATO ASI B 361).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from safetycase.stats.special import incomplete_beta_inverse

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["LEAST", "Trend", "student", "trend"]

LEAST = 20
"""Rows below which no trend is told."""
BATCHES = (5, 30)
"""The fewest batches that give an interval, and the most that are made."""
TIMES = 8
"""Autocorrelation times in a batch: what is left between batches is a few percent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """A line through `rows` values: its slope per row, its level in the middle and at the end.

    `error` is the standard error of the slope, `error_end` and `error_mean` those of the levels,
    with `freedom` degrees. `time` is the autocorrelation time in rows. With too few batches for
    it, `batches` is 0 and nothing is assumed of the noise: the errors are infinite and `spread`,
    the largest value minus the smallest, is all that is known.
    """

    rows: int
    slope: float
    mean: float
    end: float
    error: float
    error_mean: float
    error_end: float
    freedom: int
    batches: int
    time: float
    spread: float

    def gain(self, ahead: int, alpha: float) -> tuple[float, float]:
        """Ends, each missed with probability `alpha`, of slope × `ahead` rows.

        Without enough batches it is what the spread allows: of values within a spread R a line by
        least squares rises by at most 3R/2 over the window.
        """
        if not self.batches:
            most = 1.5 * self.spread * ahead / self.rows
            return -most, most
        reach = student(alpha, self.freedom) * self.error
        return (self.slope - reach) * ahead, (self.slope + reach) * ahead

    def level(self, alpha: float, *, at_end: bool) -> tuple[float, float]:
        """The same for the level in the middle, or at the end, of the window."""
        point = self.end if at_end else self.mean
        if not self.batches:
            return point - 2 * self.spread, point + 2 * self.spread
        error = self.error_end if at_end else self.error_mean
        reach = student(alpha, self.freedom) * error
        return point - reach, point + reach


def student(alpha: float, freedom: int) -> float:
    """The t with P(T > t) = `alpha` ≤ 1/2, by the inverse of the incomplete beta function."""
    if not 0 < alpha <= 0.5:
        raise ValueError(f"alpha {alpha!r} is not in (0, 1/2]")
    x = incomplete_beta_inverse(2 * alpha, freedom / 2, 0.5)
    return math.sqrt(freedom * (1 - x) / x) if x > 0 else math.inf


def trend(values: Sequence[float]) -> Trend:
    """The line through at least `LEAST` values in their order."""
    import numpy as np

    if len(values) < LEAST:
        raise ValueError(f"{len(values)} values tell no trend; at least {LEAST} are needed")
    every = np.asarray(values, dtype=float)
    spread = float(every.max() - every.min())
    slope, middle, residuals = _line(every)
    flat = float(np.abs(residuals).max()) <= 1e-12 * max(1.0, float(np.abs(every).max()))
    time = 1.0 if flat else _time(residuals)
    batches = min(BATCHES[1], int(len(every) / (TIMES * time)))
    if batches < BATCHES[0]:
        end = middle + slope * (len(every) - 1) / 2
        return Trend(
            rows=len(every),
            slope=slope,
            mean=middle,
            end=end,
            error=math.inf,
            error_mean=math.inf,
            error_end=math.inf,
            freedom=0,
            batches=0,
            time=time,
            spread=spread,
        )
    size = len(every) // batches
    means = every[len(every) - batches * size :].reshape(batches, size).mean(axis=1)
    slope, middle, residuals = _line(means)
    freedom = batches - 2
    noise = math.sqrt(float(residuals @ residuals) / freedom)
    sums = batches * (batches**2 - 1) / 12
    half = (batches - 1) / 2 + (size - 1) / (2 * size)  # from the middle to the last value
    return Trend(
        rows=len(every),
        slope=slope / size,
        mean=middle,
        end=middle + slope * half,
        error=noise / math.sqrt(sums) / size,
        error_mean=noise / math.sqrt(batches),
        error_end=noise * math.sqrt(1 / batches + half**2 / sums),
        freedom=freedom,
        batches=batches,
        time=time,
        spread=spread,
    )


def _line(values: Floats) -> tuple[float, float, Floats]:
    """Slope, level in the middle, and residuals of the line by least squares."""
    import numpy as np

    place = np.arange(len(values)) - (len(values) - 1) / 2
    slope = float(place @ values / (place @ place))
    middle = float(values.mean())
    return slope, middle, values - middle - slope * place


def _time(residuals: Floats) -> float:
    """1 + 2 Σ ρ over lags up to five times itself; at least 1."""
    import numpy as np

    size = len(residuals)
    padded = np.fft.rfft(residuals, 2 * size)
    products = np.fft.irfft(np.abs(padded) ** 2, 2 * size)[:size]
    sums = 2 * np.cumsum(products / products[0]) - 1
    reached = np.flatnonzero(np.arange(size) >= 5 * sums)
    return max(1.0, float(sums[reached[0] if len(reached) else -1]))
