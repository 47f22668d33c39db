"""The interval of a mean of bounded, independent numbers of any distribution.

For 0 ≤ x₁ … xₙ ≤ 1 with mean expectation μ, and a fixed share c of the stake,

    E ∏ (1 − c + c·xᵢ/μ) ≤ 1,

because the factors are independent, not negative, and their expectations average to one
(geometric mean ≤ arithmetic mean, so the xᵢ need not have the same expectation). A mixture K(m)
over fixed shares keeps this, and by Markov's inequality P(K(μ) ≥ 1/α) ≤ α. K falls in m, so
that the lower bound is the m where it crosses 1/α; the upper bound is one minus the lower bound
of 1 − x. The product does not depend on the order, and nothing is drawn.

Waudby-Smith & Ramdas (2024), Estimating means of bounded random variables by betting, JRSS-B
86(1):1 (bets and their mixtures); Orabona & Jun (2024), IEEE Trans. Inf. Theory 70:436
(the two-asset form).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from safetycase.stats.special import bracket_root

__all__ = ["mean_lower", "mean_upper", "shares"]

# The whole stake wins when all clusters agree, the next shares when some differ, the tail when
# a small mean is bounded from below. Chosen on n = 10 … 200 before any case used them.
_WHOLE = ((1.0, 0.28),)
_BODY = ((0.875, 0.09), (0.75, 0.09), (0.625, 0.09), (0.5, 0.09), (0.375, 0.09), (0.25, 0.09))
_TAIL = 0.18
_TINY = 1e-300


def mean_lower(values: Sequence[float], alpha: float) -> float:
    """The lower bound of the mean expectation of independent `values` in [0, 1].

    Fails with probability at most `alpha`, 0 ≤ alpha < 1, for every number of values.
    """
    if not 0 <= alpha < 1:
        raise ValueError(f"alpha {alpha!r} is not at least 0 and below 1")
    mean = min(1.0, math.fsum(values) / max(1, len(values)))
    if alpha == 0 or mean < _TINY:
        return 0.0
    counts = sorted(Counter(values).items())
    bets = shares(len(values))
    goal = -math.log(alpha)

    def rising(log_mean: float) -> float:
        return goal - _log_wealth(counts, bets, math.exp(log_mean))

    low, _ = bracket_root(rising, math.log(mean), most=math.log(mean))
    bound = math.exp(low)
    return bound if bound > _TINY else 0.0


def mean_upper(values: Sequence[float], alpha: float) -> float:
    """The upper bound of the mean expectation, as `mean_lower`."""
    return 1 - mean_lower([1 - value for value in values], alpha)


def shares(n: int) -> tuple[tuple[float, float], ...]:
    """(share, weight) of the mixture for `n` values; the weights add up to one."""
    halvings = max(1, math.ceil(math.log2(max(2, n))) - 1)
    tail = tuple((0.25 / 2.0 ** (j + 1), _TAIL / halvings) for j in range(halvings))
    return _WHOLE + _BODY + tail


def _log_wealth(
    counts: Sequence[tuple[float, int]], bets: Sequence[tuple[float, float]], mean: float
) -> float:
    """The logarithm of K(mean) for the values with their counts."""
    terms = []
    for share, weight in bets:
        term = math.log(weight)
        for value, count in counts:
            factor = 1 - share + share * value / mean
            term += count * math.log(factor) if factor > 0 else -math.inf
        terms.append(term)
    most = max(terms)
    return most + math.log(math.fsum(math.exp(term - most) for term in terms))
