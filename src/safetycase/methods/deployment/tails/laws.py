"""P(at least N of T actions are bad) where each is bad with probability ε, by how errors depend.

All are exact up to floats and do not fall in ε.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass

from safetycase.stats.binomial import at_least
from safetycase.stats.special import incomplete_beta_inverse

__all__ = [
    "LARGEST_SUM",
    "Placement",
    "blocks",
    "clustered",
    "independent",
    "tolerated_independent",
    "tolerated_worst",
    "worst",
    "worst_placement",
]

LARGEST_SUM = 1_000_000
_SLACK = 1e-9  # how far a short sum of beta-binomial probabilities may be off
_SLACK_OF_TERM = 1e-13  # what each term adds to that, fourteen times what was seen at a million
_LARGE = 1e5  # from where on ratios of gamma functions are computed by Stirling's formula


@dataclass(frozen=True, slots=True)
class Placement:
    """A law of the number of bad actions: `low` of them, or `high` with probability `share`.

    Which actions they are is uniform, so that each one is bad with probability mean/T.
    """

    low: int
    high: int
    share: float

    def mean(self) -> float:
        """The expected number of bad actions."""
        return self.low + self.share * (self.high - self.low)

    def at_least(self, bad: int) -> float:
        """P(at least `bad` of them)."""
        return 1.0 if self.low >= bad else self.share if self.high >= bad else 0.0


def worst(queries: int, bad: int, rate: float) -> float:
    """min(1, Tε/N), whatever the dependence: Markov's bound, which `worst_placement` attains."""
    return min(1.0, queries * rate / bad)


def worst_placement(queries: int, bad: int, rate: float) -> Placement:
    """How a model places its errors that wants N bad actions as often as the rate allows.

    While Tε < N: none, or exactly N, so that the mean is Tε. From there on the mean allows N and
    more in every deployment: Tε rounded down, or up.
    """
    mean = queries * rate
    if mean < bad:
        return Placement(low=0, high=bad, share=mean / bad)
    low = min(queries, math.floor(mean))
    return Placement(low=low, high=min(queries, low + 1), share=mean - low)


def independent(queries: int, bad: int, rate: float) -> float:
    """P(X ≥ N) of a binomial X: every action errs on its own."""
    return at_least(bad, queries, rate)


def blocks(queries: int, bad: int, rate: float, size: int) -> float:
    """Errors come in whole blocks of `size` actions, each on its own; the rest is a block too."""
    whole, rest = divmod(queries, size)
    without = at_least(-(-bad // size), whole, rate)
    if not rest:
        return without
    needed = max(0, -(-(bad - rest) // size))
    return rate * at_least(needed, whole, rate) + (1 - rate) * without


def clustered(queries: int, bad: int, rate: float, correlation: float) -> tuple[float, float]:
    """(low, high) of P(X ≥ N) by the beta-binomial law: any two actions have that correlation.

    The rate of a deployment is drawn from a beta law with mean ε and a + b = 1/correlation − 1,
    and its actions err independently at it. `ValueError` where neither N nor T − N is small
    enough to sum over. The ends leave room for the digits that gamma functions
    cost.
    """
    if rate <= 0 or rate >= 1:
        return (0.0, 0.0) if rate <= 0 else (1.0, 1.0)
    total = 1 / correlation - 1
    a, b = rate * total, (1 - rate) * total
    if min(a, b) < 1e-300:
        raise ValueError(
            f"a rate of {rate!r} and a correlation of {correlation!r} leave no beta law in floats; "
            "leave `correlation` out, or take a larger rate and a larger `tolerated`"
        )
    if queries - bad < min(bad, LARGEST_SUM):
        count = queries - bad + 1
        value, slack = _first_terms(queries, count, b, a), 10 * _slack(queries, count, b, a)
        return max(0.0, value * (1 - slack)), min(1.0, value * (1 + slack))
    if bad > LARGEST_SUM:
        raise ValueError(
            f"the clustered tail of {bad:,} bad actions is a sum of as many terms, more than "
            f"{LARGEST_SUM:,}; leave `correlation` out, or ask for errors in blocks"
        )
    value = 1 - _first_terms(queries, bad, a, b)
    slack = _slack(queries, bad, a, b)
    return max(0.0, value - slack), min(1.0, max(0.0, value) + slack)


def _slack(queries: int, count: int, a: float, b: float) -> float:
    """How far the sum of `count` terms may be off: some digits of its logarithms are lost."""
    largest = sum((x + a) * math.log(x + a + 2) for x in (b, b + queries) if x < _LARGE)
    largest += a * math.log(a + b + queries + 2)
    return _SLACK + _SLACK_OF_TERM * count + 16 * sys.float_info.epsilon * largest


def _first_terms(queries: int, count: int, a: float, b: float) -> float:
    """The sum of the beta-binomial probabilities of 0, …, count − 1, by ratios of neighbours."""
    import numpy as np

    k = np.arange(count - 1, dtype=np.float64)
    ratios = np.log((queries - k) / (k + 1)) + np.log((k + a) / (queries - k - 1 + b))
    logs = _log_gamma_ratio(b, a) - _log_gamma_ratio(b + queries, a)
    return float(np.exp(logs + np.concatenate([[0.0], np.cumsum(ratios)])).sum())


def _log_gamma_ratio(x: float, a: float) -> float:
    """The logarithm of Γ(x + a)/Γ(x); for large x by Stirling, which does not cancel."""
    if x < _LARGE:
        return math.lgamma(x + a) - math.lgamma(x)
    error = 1 / (12 * (x + a)) - 1 / (12 * x)
    return (x - 0.5) * math.log1p(a / x) + a * math.log(x + a) - a + error


def tolerated_worst(queries: int, bad: int, chance: float) -> float:
    """The largest rate at which even placed errors reach N with at most that chance."""
    return min(1.0, chance * bad / queries)


def tolerated_independent(queries: int, bad: int, chance: float) -> float:
    """The largest rate at which independent errors reach N with at most that chance.

    Rounded down, so that the chance is met in floats too.
    """
    rate = incomplete_beta_inverse(chance, bad, queries - bad + 1)
    step = 1e-15
    while at_least(bad, queries, rate) > chance and step < 1:
        rate *= 1 - step
        step *= 2
    return rate
