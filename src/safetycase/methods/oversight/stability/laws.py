"""The law of how many of n alike and independent parts hold."""

from __future__ import annotations

import math

from safetycase.stats import incomplete_beta

__all__ = ["binomial", "tail"]


def binomial(n: int, k: int, p: float) -> float:
    """P(exactly k of n)."""
    if not 0 <= k <= n:
        return 0.0
    if p <= 0 or p >= 1:
        return float(k == (0 if p <= 0 else n))
    if n <= 60:
        return math.comb(n, k) * p**k * (1 - p) ** (n - k)
    ways = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return math.exp(ways + k * math.log(p) + (n - k) * math.log1p(-p))


def tail(n: int, k: int, p: float) -> float:
    """P(at least k of n)."""
    if k <= 0 or k > n:
        return float(k <= 0)
    return p**n if k == n else incomplete_beta(p, k, n - k + 1)
