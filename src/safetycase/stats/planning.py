"""How many trials a criterion needs, by exact binomial sums."""

from __future__ import annotations

import math

from safetycase.stats.binomial import at_most

__all__ = ["power_upper", "sample_size_upper", "smallest_clean_n"]


def smallest_clean_n(threshold: float, alpha: float) -> int:
    """The fewest trials whose exact upper bound meets `threshold` when none of them fails.

    The smallest n with (1 − threshold)^n ≤ alpha: 299 for 1 % at 95 %.
    """
    _check(threshold, alpha)
    n = max(1, math.ceil(math.log(alpha) / math.log1p(-threshold) * (1 - 1e-12)))
    return n if n * math.log1p(-threshold) <= math.log(alpha) * (1 - 1e-12) else n + 1


def power_upper(n: int, threshold: float, true_rate: float, alpha: float) -> float:
    """The probability that the exact upper bound of `n` trials is at most `threshold`.

    The bound meets it when X ≤ k, k the largest with P(X ≤ k | threshold) ≤ alpha; the result
    is P(X ≤ k | true_rate), no approximation.
    """
    _check(threshold, alpha)
    return at_most(_most_allowed(n, threshold, alpha), n, true_rate)


def sample_size_upper(threshold: float, true_rate: float, alpha: float, power: float) -> int:
    """The fewest trials with `power_upper` at least `power`; `ValueError` if no number has.

    Power is a saw-tooth in n: it is highest where one more failure has just become allowed, so
    a few trials more than the result can have a little less of it.
    """
    _check(threshold, alpha)
    if not 0 < power < 1:
        raise ValueError(f"power {power!r} is not between 0 and 1")
    if not 0 <= true_rate < threshold:
        raise ValueError(f"true rate {true_rate!r} is not below the threshold {threshold!r}")

    def enough(allowed: int) -> bool:
        return at_most(allowed, _fewest(allowed, threshold, alpha), true_rate) >= power

    most = 1
    while not enough(most):
        most *= 2
    least = -1
    while most - least > 1:
        middle = (least + most) // 2
        least, most = (least, middle) if enough(middle) else (middle, most)
    # Rounding n to whole trials can let a slightly smaller allowance through as well.
    best = min(k for k in range(max(0, most - 20), most + 1) if enough(k))
    return _fewest(best, threshold, alpha)


def _most_allowed(n: int, threshold: float, alpha: float) -> int:
    """The largest k with P(X ≤ k | threshold) ≤ alpha; −1 if none."""
    low, high = -1, n
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if at_most(middle, n, threshold) <= alpha else (low, middle)
    return low


def _fewest(allowed: int, threshold: float, alpha: float) -> int:
    """The smallest n with P(X ≤ allowed | threshold) ≤ alpha."""
    low, high = allowed, max(1, math.ceil((allowed + 1) / threshold))
    while at_most(allowed, high, threshold) > alpha:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        enough = at_most(allowed, middle, threshold) <= alpha
        low, high = (low, middle) if enough else (middle, high)
    return high


def _check(threshold: float, alpha: float) -> None:
    if not (0 < threshold < 1 and 0 < alpha < 1):
        raise ValueError(f"threshold {threshold!r} and alpha {alpha!r} lie between 0 and 1")
