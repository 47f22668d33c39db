"""Special functions and the one root finder, in `math` alone.

Everything works on logarithms, so that tails far below 1e-300 keep their relative accuracy.
"""

from __future__ import annotations

import math
from collections.abc import Callable

__all__ = [
    "bracket_root",
    "incomplete_beta",
    "incomplete_beta_inverse",
    "log_beta_tails",
    "logistic",
    "normal_quantile",
]

_HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)
_STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360)
_FAR = 700.0  # |logit| beyond which a probability is 0 or 1 for every purpose here
_TINY = 1e-300


def incomplete_beta(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b) for a, b > 0; 0 below x = 0, 1 above 1.

    Relative error about 1e-12 up to a, b = 1e6. DLMF 8.17.
    """
    if not (a > 0 and b > 0):
        raise ValueError(f"incomplete beta needs a, b > 0, got {a!r}, {b!r}")
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    return math.exp(log_beta_tails(x, 1 - x, a, b)[0])


def incomplete_beta_inverse(probability: float, a: float, b: float) -> float:
    """The x with I_x(a, b) = `probability`."""
    if not 0 <= probability <= 1:
        raise ValueError(f"{probability!r} is not a probability")
    if not (a > 0 and b > 0):
        raise ValueError(f"incomplete beta needs a, b > 0, got {a!r}, {b!r}")
    if probability in (0, 1):
        return float(probability)
    side = 0 if probability <= 0.5 else 1
    goal = math.log(probability) if side == 0 else math.log1p(-probability)
    sign = 1 if side == 0 else -1

    def rising(logit: float) -> float:
        return sign * (log_beta_tails(*logistic(logit), a, b)[side] - goal)

    low, high = bracket_root(rising, math.log(a / b))
    return logistic((low + high) / 2)[0]


def log_beta_tails(x: float, y: float, a: float, b: float) -> tuple[float, float]:
    """(ln I_x(a, b), ln I_y(b, a)) for 0 < x, y < 1 and x + y = 1; the two add up to one.

    The pair is given whole because 1 − x loses the digits of a small y.
    """
    direct = x < (a + 1) / (a + b + 2)
    if not direct:
        x, y, a, b = y, x, b, a
    one = _log_front(x, y, a, b) - math.log(_continued_fraction(x, y, a, b))
    one = min(one, 0.0)
    other = math.log(-math.expm1(one)) if one < 0 else -math.inf
    return (one, other) if direct else (other, one)


def logistic(logit: float) -> tuple[float, float]:
    """(p, 1 − p) for the log odds `logit`, both to full relative accuracy."""
    small = math.exp(-abs(logit))
    large, small = 1 / (1 + small), small / (1 + small)
    return (small, large) if logit < 0 else (large, small)


def normal_quantile(probability: float) -> float:
    """The z with Φ(z) = `probability`, 0 < probability < 1."""
    if probability > 0.5:
        return -normal_quantile(1 - probability)
    goal = math.log(2 * probability)

    def rising(z: float) -> float:
        tail = math.erfc(-z / math.sqrt(2))
        return (math.log(tail) if tail > 0 else -math.inf) - goal

    low, high = bracket_root(rising, 0.0)
    return (low + high) / 2


def bracket_root(
    rising: Callable[[float], float], guess: float, *, step: float = 1.0, most: float = _FAR
) -> tuple[float, float]:
    """(low, high) about 1e-14 apart, with rising(low) ≤ 0 ≤ rising(high).

    Searched within −700 and `most`, a limit that the root is known not to exceed; both ends are
    the limit where the sign does not change before it. `step` is how far off `guess` may well
    be. Having both ends lets a caller round to the safe side.
    """
    low = high = min(guess, most)
    value_low = value_high = rising(low)
    while value_low > 0:
        if low <= -_FAR:
            return low, low
        high, value_high = low, value_low
        low, step = max(low - step, -_FAR), 2 * step
        value_low = rising(low)
    while value_high < 0:
        if high >= most:
            return high, high
        low, value_low = high, value_high
        high, step = min(high + step, most), 2 * step
        value_high = rising(high)
    return _itp(rising, (low, value_low), (high, value_high))


def _itp(
    rising: Callable[[float], float], low_at: tuple[float, float], high_at: tuple[float, float]
) -> tuple[float, float]:
    """Shrink a bracket of (place, value): interpolate, truncate, project onto bisection's pace.

    Oliveira & Takahashi (2020), ACM TOMS 47(1), algorithm 1 with κ₂ = 2 and n₀ = 1.
    """
    (low, value_low), (high, value_high) = low_at, high_at
    near = 1e-14 * max(1.0, abs(low), abs(high))
    if high - low <= 2 * near:
        return low, high
    kappa = 0.2 / (high - low)
    most = math.ceil(math.log2((high - low) / (2 * near))) + 1
    for step in range(most + 2):
        if high - low <= 2 * near:
            break
        at = middle = (low + high) / 2
        if math.isfinite(value_high - value_low) and value_high > value_low:
            at = (low * value_high - high * value_low) / (value_high - value_low)
        toward = math.copysign(1.0, middle - at)
        truncate = max(kappa * (high - low) ** 2, near)
        at = at + toward * truncate if truncate <= abs(middle - at) else middle
        reach = max(near * 2.0 ** (most - step) - (high - low) / 2, 0.0)
        if abs(at - middle) > reach:
            at = middle - toward * reach
        value = rising(at)
        if value > 0:
            high, value_high = at, value
        else:
            low, value_low = at, value
        if value == 0:
            return at, at
    return low, high


def _log_front(x: float, y: float, a: float, b: float) -> float:
    """The logarithm of x^a y^b / B(a, b), by deviances: gamma functions would cancel.

    Loader (2000), Fast and accurate computation of binomial probabilities.
    """
    n = a + b
    return (
        0.5 * math.log(a)
        + 0.5 * math.log(b / n)
        - _HALF_LOG_2PI
        + _stirling_error(n)
        - _stirling_error(a)
        - _stirling_error(b)
        - _deviance(a, n * x)
        - _deviance(b, n * y)
    )


def _deviance(count: float, mean: float) -> float:
    """Count · ln(count/mean) + mean − count, without cancellation near count = mean."""
    excess = (count - mean) / mean
    if abs(excess) < 0.5:
        return mean * ((1 + excess) * math.log1p(excess) - excess)
    return count * (math.log(count) - math.log(mean)) + mean - count


def _stirling_error(z: float) -> float:
    """By how much ln Γ(z+1) exceeds Stirling's formula for it."""
    if z < 16:
        return math.lgamma(z + 1) - (z + 0.5) * math.log(z) + z - _HALF_LOG_2PI
    total, square = 0.0, z * z
    for coefficient in reversed(_STIRLING):
        total = total / square + coefficient
    return total / z


def _continued_fraction(x: float, y: float, a: float, b: float) -> float:
    """By how much x^a y^b / B(a, b) exceeds I_x(a, b), for x below the mean.

    The even part of DLMF 8.17.22, whose terms do not cancel (Didonato & Morris 1992, ACM TOMS
    18:360, eq. 9), by Lentz's method.
    """
    below = a * y - b * x
    result = c = _not_zero(a * (below + 1) / (a + 1))
    d = 0.0
    for m in range(1, 100_000):
        odd = a + 2 * m - 1
        step = m * (b - m) * x / odd
        numerator = (a + m - 1) * (a + b + m - 1) * x / odd * step
        denominator = m + step + (a + m) * (below + 1 + m * (1 + y)) / (odd + 2)
        d = 1 / _not_zero(denominator + numerator * d)
        c = _not_zero(denominator + numerator / c)
        result *= c * d
        if abs(c * d - 1) < 1e-15:
            return result
    raise ArithmeticError(f"incomplete beta did not converge at x={x!r}, a={a!r}, b={b!r}")


def _not_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
