"""The risk of all deployment queries together, under the same tail as the worst of them.

A query is drawn, then the behaviour: one act among N independent queries has the probability
1 − (1 − μ)^N, with μ the mean elicitation probability. Above the k-th largest score u, μ is an
integral over the fitted kind of tail, ψ = u + σ·Exp(1), whose share S and scale σ have exact
intervals: S ~ Beta(k, n − k + 1), and Σ i·(ψ₍ᵢ₎ − ψ₍ᵢ₊₁₎)/σ ~ Gamma(k − 1) (Rényi 1953, Acta Math.
Hung. 4:191). Below u it is the mean of bounded numbers. The three share the alpha (Bonferroni).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from safetycase.stats import Interval, incomplete_beta_inverse, mean_lower, mean_upper
from safetycase.stats.tails import TailFit

__all__ = ["REACH", "aggregate_risk", "erlang_quantile", "shaped_score", "tail_mean"]

REACH = 1000
"""Horizons beyond this multiple of the tested queries were never compared with what came."""
_STEPS = 4000
_FAINT = 12.0


def aggregate_risk(
    fit: TailFit, log_probabilities: Sequence[float], queries: int, *, alpha: float
) -> Interval:
    """P(at least one act in `queries` queries); each end fails with at most `alpha`.

    Holds if the tail falls log-linearly as far as the share 1/(`REACH`·n). Beyond that the upper
    end takes the behaviour for certain and the lower end for impossible.
    """
    k, n, each = len(fit.scores), fit.tested, alpha / 3
    least, logs = fit.scores[-1], sorted(log_probabilities)
    top = logs[-k]
    body = [log - top for log in logs[:-k]]
    spacings = math.fsum(
        place * (above - below)
        for place, (above, below) in enumerate(zip(fit.scores, fit.scores[1:], strict=False), 1)
    )
    ends = []
    for upper in (False, True):
        share = incomplete_beta_inverse(1 - each if upper else each, k, n - k + 1)
        scale = spacings / erlang_quantile(each if upper else 1 - each, k - 1)
        shares = [_rounded(log, upper=upper) for log in body]
        mean = mean_upper(shares, each) if upper else mean_lower(shares, each)
        above = tail_mean(least, scale, 1 / (REACH * n * share), upper=upper)
        total = min(1.0, share * above + (1 - share) * math.exp(top) * mean)
        ends.append(-math.expm1(queries * math.log1p(-total)) if total < 1 else 1.0)
    return Interval(*ends)


def _rounded(log: float, *, upper: bool) -> float:
    """exp(log) moved to a tenth of a natural logarithm, or to 0, towards the side of the bound.

    A mean of few distinct numbers is bounded fast; moving them outwards keeps the bound valid.
    """
    if log < -_FAINT:
        return math.exp(-_FAINT) if upper else 0.0
    tenths = math.ceil(log * 10) if upper else math.floor(log * 10)
    return math.exp(tenths / 10)


def tail_mean(least: float, scale: float, untested: float, *, upper: bool) -> float:
    """E[p] for ψ = `least` + `scale`·Exp(1): the integral of exp(−c·v^scale) over v in (0, 1).

    c = exp(−least). The integrand falls in v, so that sums over steps bound it from the side that
    `upper` asks for; v below `untested` counts as 1 or as 0.
    """
    start = min(1.0, max(untested, 1e-300))
    c, ratio = math.exp(min(-least, 700.0)), math.exp(-math.log(start) / _STEPS)
    total, left = start if upper else 0.0, start
    for _ in range(_STEPS):
        right = min(1.0, left * ratio * (1 + 1e-12))  # rounding never leaves the end out
        at = left if upper else right
        total += (right - left) * math.exp(-c * math.pow(at, scale))
        left = right
    return min(1.0, total)


def erlang_quantile(probability: float, shape: int) -> float:
    """The x with P(Gamma(shape, 1) ≤ x) = probability, by bisection of the closed form."""

    def above(x: float) -> float:
        terms = [(j * math.log(x) if j else 0.0) - math.lgamma(j + 1) - x for j in range(shape)]
        return math.fsum(math.exp(term) for term in terms)

    low, high = 1e-12, 10.0 * shape + 100.0
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if 1 - above(middle) < probability else (low, middle)
    return (low + high) / 2


def shaped_score(fit: TailFit, queries: int, shape: float) -> float:
    """The score at the share 1/`queries` if the tail were generalised Pareto with this shape.

    The excesses over the smallest score used have the mean σ/(1 − shape), which gives σ. Shape 0
    is the log-linear tail; above 0 it is heavier. Pickands (1975), Ann. Stat. 3:119.
    """
    least, above = fit.scores[-1], fit.scores[:-1]
    mean = math.fsum(score - least for score in above) / len(above)
    times = queries * len(fit.scores) / fit.tested
    if shape == 0:
        return least + mean * math.log(times)
    return least + mean * (1 - shape) * (math.pow(times, shape) - 1) / shape
