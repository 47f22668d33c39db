"""Rare events: probabilities too small to wait for, reached in steps or by weighting.

Multilevel splitting multiplies the conditional probabilities of ever rarer levels; importance
sampling draws from another distribution and weights back. Both give bounds that hold at every
n, under assumptions that are named here and belong into the case.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from safetycase.stats.betting import mean_lower, mean_upper
from safetycase.stats.binomial import clopper_pearson
from safetycase.stats.statistics import Interval, Proportion

__all__ = [
    "ImportanceBounds",
    "Level",
    "RepeatedRuns",
    "Splitting",
    "defensive_weight_bound",
    "effective_size",
    "importance_bernstein",
    "importance_bounds",
    "repeated_runs",
    "splitting",
]

_NUMBERS = 10_000_000  # re-allocated counts held at once
_ROUNDING = 1e-9  # how far above its declared bound a computed weight may lie


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """Of `trials` started at this level, `passed` reached the next one."""

    passed: int
    trials: int

    def __post_init__(self) -> None:
        Proportion(successes=self.passed, trials=self.trials)
        if self.trials == 0:
            raise ValueError("a level without trials")


@dataclass(frozen=True, slots=True, kw_only=True)
class Splitting:
    """The product of the level rates, its interval, and the interval of each level."""

    estimate: float
    interval: Interval
    levels: tuple[Interval, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatedRuns:
    """Whether repeated splitting runs spread as independent trials would.

    `spread` is the variance of the runs' products relative to their squared mean, `expected`
    what binomial levels would give. `p_value` tests binomial levels: a small one says that the
    trials of a run depend on one another, so that `splitting` is too narrow. `interval` bets on
    the products, which are unbiased whatever the dependence inside a run.
    """

    estimate: float
    spread: float
    expected: float
    p_value: float
    interval: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportanceBounds:
    """The weighted mean, its interval, and what the weights say about themselves.

    `effective` is Kish's effective sample size. `mean_weight` bounds the expectation of the
    weights; where it does not contain 1, they are hardly a ratio of two densities, and
    `normalised` is False (a false alarm has at most the sum of the alphas).
    """

    estimate: float
    interval: Interval
    effective: float
    mean_weight: Interval
    normalised: bool


def splitting(levels: Sequence[Level], *, alpha_low: float, alpha_high: float) -> Splitting:
    """The interval of P(last level) = ∏ P(level l | level l − 1).

    The product of exact binomial intervals, each at alpha / L (Bonferroni), so that each end
    fails with probability at most its alpha under any dependence *between* levels. Assumes that
    the levels were fixed before the run (a pilot may choose them) and that the trials of one
    level are independent given their start distribution; `repeated_runs` checks the latter.
    Kahn & Harris (1951); Au & Beck (2001), Probab. Eng. Mech. 16:263.
    """
    if not levels:
        raise ValueError("splitting without a level")
    count = len(levels)
    ends = tuple(
        clopper_pearson(
            level.passed, level.trials, alpha_low=alpha_low / count, alpha_high=alpha_high / count
        )
        for level in levels
    )
    return Splitting(
        estimate=_product(levels),
        interval=Interval(math.prod(e.low for e in ends), math.prod(e.high for e in ends)),
        levels=ends,
    )


def repeated_runs(
    runs: Sequence[Sequence[Level]],
    *,
    alpha_low: float,
    alpha_high: float,
    seed: int,
    draws: int = 999,
) -> RepeatedRuns:
    """Compare independent repetitions of one splitting plan (`runs[r][l]`, fixed effort).

    Given the totals of a level, the counts of independent equal trials are hypergeometric over
    the runs whatever the rate, so that `draws` re-allocations give an exact Monte Carlo p-value
    of the dispersion (Σ over levels of Pearson's χ²; Besag & Clifford 1989, Biometrika 76:633).
    `ValueError` for fewer than two runs or for runs of different plans.
    """
    _check_runs(runs)
    products = [_product(run) for run in runs]
    mean = math.fsum(products) / len(products)
    variance = math.fsum((p - mean) ** 2 for p in products) / (len(products) - 1)
    return RepeatedRuns(
        estimate=mean,
        spread=variance / mean**2 if mean > 0 else math.nan,
        expected=_expected_spread(runs),
        p_value=_dispersion_p_value(runs, seed, draws),
        interval=Interval(mean_lower(products, alpha_low), mean_upper(products, alpha_high)),
    )


def importance_bounds(
    values: Sequence[float],
    weights: Sequence[float],
    *,
    weight_bound: float | None,
    product_bound: float | None = None,
    alpha_low: float,
    alpha_high: float,
) -> ImportanceBounds:
    """The interval of E_p[value] from independent draws of another distribution q, by betting.

    `values` in [0, 1], `weights` p/q ≥ 0. `weight_bound` is a *proved* bound of every possible
    weight and `product_bound` one of value · weight, by default the same: it is small where q
    makes the event common, and sets the width. The largest one seen is no bound. With neither
    (None) no interval can hold, because one unseen draw may carry all the mass, and `ValueError`
    says so. `mean_weight` has the same alphas and is a diagnosis of its own.
    """
    bound = _check_weights(values, weights, weight_bound, product_bound)
    scaled = [min(1.0, v * w / bound) for v, w in zip(values, weights, strict=True)]
    mean_weight = Interval(0.0, math.inf)
    if weight_bound is not None:
        shares = [min(1.0, w / weight_bound) for w in weights]
        mean_weight = _scaled_mean(shares, weight_bound, alpha_low, alpha_high)
    found = _scaled_mean(scaled, bound, alpha_low, alpha_high)
    return ImportanceBounds(
        estimate=bound * math.fsum(scaled) / len(scaled),
        interval=Interval(min(1.0, found.low), min(1.0, found.high)),
        effective=effective_size(weights),
        mean_weight=mean_weight,
        normalised=mean_weight.low <= 1 <= mean_weight.high,
    )


def importance_bernstein(
    values: Sequence[float],
    weights: Sequence[float],
    *,
    weight_bound: float | None,
    product_bound: float | None = None,
    alpha: float,
) -> Interval:
    """As `importance_bounds`, in closed form and wider; each end fails with at most `alpha`.

    Empirical Bernstein: Maurer & Pontil (2009), COLT, theorem 4. One draw says nothing.
    """
    bound = _check_weights(values, weights, weight_bound, product_bound)
    if not 0 < alpha < 1:
        raise ValueError(f"alpha {alpha!r} is not between 0 and 1")
    n = len(values)
    if n < 2:
        return Interval(0.0, 1.0)
    scaled = [min(1.0, v * w / bound) for v, w in zip(values, weights, strict=True)]
    mean = math.fsum(scaled) / n
    variance = math.fsum((x - mean) ** 2 for x in scaled) / (n - 1)
    log = math.log(2 / alpha)
    half = math.sqrt(2 * variance * log / n) + 7 * log / (3 * (n - 1))
    return Interval(max(0.0, bound * (mean - half)), min(1.0, bound * (mean + half)))


def effective_size(weights: Sequence[float]) -> float:
    """Kish's effective sample size (Σw)²/Σw²: n for equal weights, near 1 when one rules."""
    largest = max(weights, default=0.0)
    if not (largest >= 0 and math.isfinite(largest)) or any(not w >= 0 for w in weights):
        raise ValueError("weights are not finite numbers of at least 0")
    if largest == 0:
        return 0.0
    scaled = [w / largest for w in weights]
    return math.fsum(scaled) ** 2 / math.fsum(w * w for w in scaled)


def defensive_weight_bound(share: float) -> float:
    """The weight bound 1/share of drawing from `share`·p + (1 − share)·g, for any g.

    The way to have a proved bound: mix the target itself into the proposal. Hesterberg (1995),
    Technometrics 37:185.
    """
    if not 0 < share <= 1:
        raise ValueError(f"share {share!r} of the target is not above 0 and at most 1")
    return 1 / share


def _product(run: Sequence[Level]) -> float:
    return math.prod([level.passed / level.trials for level in run], start=1.0)


def _expected_spread(runs: Sequence[Sequence[Level]]) -> float:
    """Var/mean² of a product of independent binomial rates: ∏(1 + (1−p)/(np)) − 1."""
    factors = []
    for level in zip(*runs, strict=True):
        passed = sum(each.passed for each in level)
        trials = sum(each.trials for each in level)
        if passed == 0:
            return math.nan
        factors.append(1 + (trials - passed) / (level[0].trials * passed))
    return math.prod(factors, start=1.0) - 1


def _dispersion_p_value(runs: Sequence[Sequence[Level]], seed: int, draws: int) -> float:
    import numpy as np

    if not 1 <= draws <= _NUMBERS // len(runs):
        raise ValueError(f"{draws} draws: from 1 to {_NUMBERS // len(runs):,} for {len(runs)} runs")
    rng = np.random.default_rng(seed)
    seen, drawn = 0.0, np.zeros(draws, dtype=np.float64)
    for level in zip(*runs, strict=True):
        trials = [each.trials for each in level]
        passed = sum(each.passed for each in level)
        expected = passed / len(trials)
        seen += sum((each.passed - expected) ** 2 for each in level) / max(expected, 1e-300)
        counts = rng.multivariate_hypergeometric(trials, passed, size=draws, method="marginals")
        drawn += ((counts - expected) ** 2).sum(axis=1) / max(expected, 1e-300)
    as_far = int(np.count_nonzero(drawn >= seen * (1 - 1e-12)))
    return (1 + as_far) / (1 + draws)


def _check_runs(runs: Sequence[Sequence[Level]]) -> None:
    if len(runs) < 2:
        raise ValueError(f"{len(runs)} runs: a comparison needs at least two")
    plans = {tuple(level.trials for level in run) for run in runs}
    if len(plans) > 1 or plans == {()}:
        raise ValueError("the runs do not have the same levels and trials (fixed effort)")


def _scaled_mean(shares: Sequence[float], bound: float, low: float, high: float) -> Interval:
    return Interval(bound * mean_lower(shares, low), bound * mean_upper(shares, high))


def _check_weights(
    values: Sequence[float],
    weights: Sequence[float],
    weight_bound: float | None,
    product_bound: float | None,
) -> float:
    """The bound of value · weight; `ValueError` for draws that contradict the bounds."""
    product = weight_bound if product_bound is None else product_bound
    if product is None:
        raise ValueError(
            "importance sampling without a bound of the weights has no valid interval; draw from "
            "a mixture with a share of the target (defensive_weight_bound)"
        )
    if not (product > 0 and math.isfinite(product)):
        raise ValueError(f"product bound {product!r} is not finite and above 0")
    most = math.inf if weight_bound is None else weight_bound
    if weight_bound is not None and not 1 <= weight_bound < math.inf:
        raise ValueError(f"weight bound {weight_bound!r}: finite and at least 1, their expectation")
    if len(values) != len(weights) or not values:
        raise ValueError(f"{len(values)} values and {len(weights)} weights: equal and at least one")
    for value, weight in zip(values, weights, strict=True):
        if not 0 <= value <= 1:
            raise ValueError(f"value {value!r} is not between 0 and 1")
        if not (0 <= weight <= most * (1 + _ROUNDING) and math.isfinite(weight)):
            raise ValueError(f"weight {weight!r} is not between 0 and its bound {most!r}")
        if value * weight > product * (1 + _ROUNDING):
            raise ValueError(f"product {value * weight!r} exceeds its bound {product!r}")
    return float(product)
