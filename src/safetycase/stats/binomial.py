"""Intervals for one rate and for the difference of two, from independent trials."""

from __future__ import annotations

import math

from safetycase.stats.special import (
    bracket_root,
    log_beta_tails,
    logistic,
    normal_quantile,
)
from safetycase.stats.statistics import Interval, Proportion

__all__ = [
    "all_clear",
    "at_least",
    "at_most",
    "clopper_pearson",
    "newcombe",
    "rate_confidence",
    "wilson",
]


def clopper_pearson(
    successes: int, trials: int, *, alpha_low: float, alpha_high: float
) -> Interval:
    """The exact interval of a rate; each end fails with probability at most its alpha.

    At most over every true rate, and with no prior. Without trials it is [0, 1].
    Clopper & Pearson (1934), Biometrika 26:404.
    """
    Proportion(successes=successes, trials=trials)
    return Interval(
        _upper(trials - successes, trials, alpha_low)[1],
        _upper(successes, trials, alpha_high)[0],
    )


def wilson(successes: int, trials: int, level: float) -> Interval:
    """The two-sided score interval at `level`: near it on average, not guaranteed.

    For comparison with published tables. Wilson (1927), JASA 22:209.
    """
    Proportion(successes=successes, trials=trials)
    if trials == 0:
        return Interval(0.0, 1.0)
    z = -normal_quantile((1 - level) / 2)
    rate, weight = successes / trials, 1 + z * z / trials
    centre = (rate + z * z / (2 * trials)) / weight
    half = z * math.sqrt(rate * (1 - rate) / trials + (z / (2 * trials)) ** 2) / weight
    return Interval(
        max(0.0, centre - half) if successes else 0.0,
        min(1.0, centre + half) if successes < trials else 1.0,
    )


def newcombe(a: Proportion, b: Proportion, level: float) -> Interval:
    """The two-sided interval at `level` of rate a − rate b, for independent samples.

    The square-and-add combination of two Wilson intervals, near its level on average and not
    guaranteed; for comparison with published tables. Missing items are ignored.
    Newcombe (1998), Statistics in Medicine 17:873, method 10.
    """
    if a.trials == 0 or b.trials == 0:
        return Interval(-1.0, 1.0)
    rate_a, rate_b = a.successes / a.trials, b.successes / b.trials
    wide_a, wide_b = wilson(a.successes, a.trials, level), wilson(b.successes, b.trials, level)
    return Interval(
        rate_a - rate_b - math.hypot(rate_a - wide_a.low, wide_b.high - rate_b),
        rate_a - rate_b + math.hypot(wide_a.high - rate_a, rate_b - wide_b.low),
    )


def rate_confidence(successes: int, trials: int, threshold: float) -> tuple[float, float]:
    """(low, high) confidence that the rate is at most `threshold`.

    I_θ₀(k+1, n−k) and I_θ₀(k, n−k+1): the highest level at which the exact upper bound meets
    the threshold, and one minus the highest at which the lower bound exceeds it. No posterior.
    Clopper & Pearson (1934) read backwards; Walley (1996) for the pair.
    """
    Proportion(successes=successes, trials=trials)
    if threshold >= 1:
        return 1.0, 1.0
    if threshold < 0:
        return 0.0, 0.0
    return 1 - at_most(successes, trials, threshold), at_least(successes, trials, threshold)


def all_clear(trials: int, future: int, *, failures: int = 0) -> float:
    """The chance of no failure in `future` uses after `failures` in `trials` tests.

    B(k+1, n−k+N)/B(k+1, n−k), which is n/(n+N) for k = 0; needs use to be exchangeable with
    testing. The predictive form of the exact upper bound; Aitchison & Dunsmore (1975), ch. 2.
    """
    Proportion(successes=failures, trials=trials)
    if future < 0:
        raise ValueError(f"{future} future uses")
    passed = trials - failures
    if future == 0 or passed == 0:
        return 1.0 if future == 0 else 0.0
    return math.exp(math.fsum(-math.log1p(future / (passed + j)) for j in range(failures + 1)))


def at_most(successes: int, trials: int, rate: float) -> float:
    """P(X ≤ `successes`) of a binomial X, to full relative accuracy in either tail."""
    if successes < 0 or successes >= trials:
        return 0.0 if successes < 0 else 1.0
    if rate <= 0 or rate >= 1:
        return 1.0 if rate <= 0 else 0.0
    return math.exp(log_beta_tails(rate, 1 - rate, successes + 1, trials - successes)[1])


def at_least(successes: int, trials: int, rate: float) -> float:
    """P(X ≥ `successes`) of a binomial X, to full relative accuracy in either tail."""
    if successes <= 0 or successes > trials:
        return 1.0 if successes <= 0 else 0.0
    if rate <= 0 or rate >= 1:
        return 0.0 if rate <= 0 else 1.0
    return math.exp(log_beta_tails(rate, 1 - rate, successes, trials - successes + 1)[0])


def _upper(successes: int, trials: int, alpha: float) -> tuple[float, float]:
    """(u, 1 − u) with P(X ≤ successes | u) = alpha, both to full relative accuracy."""
    if not 0 <= alpha < 1:
        raise ValueError(f"alpha {alpha!r} is not at least 0 and below 1")
    if successes == trials or alpha == 0:
        return 1.0, 0.0
    goal = math.log(alpha)
    if successes == 0:
        return -math.expm1(goal / trials), math.exp(goal / trials)
    a, b = successes + 1, trials - successes

    def rising(logit: float) -> float:
        return goal - log_beta_tails(*logistic(logit), a, b)[1]

    spread = math.sqrt(1 / a + 1 / b)
    guess = math.log(a / b) + 0.85 * math.sqrt(-2 * goal) * spread
    return logistic(bracket_root(rising, guess, step=0.3 * spread)[1])
