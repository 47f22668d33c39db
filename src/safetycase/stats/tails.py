"""The worst of many queries, extrapolated from the largest elicitation probabilities seen.

With p(x) the probability that query x elicits the behaviour and ψ = −log(−log p), the share of
queries with a score above ψ is taken to fall log-linearly, log S(ψ) = aψ + b, beyond what was
seen. That is a *warrant*, not a result: every forecast carries it, with a test that can refute
it and with what the same data say without it. Jones et al. (2025), arXiv:2502.16797, §3.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from safetycase.stats.binomial import all_clear
from safetycase.stats.statistics import Interval

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

__all__ = [
    "Forecast",
    "Goodness",
    "TailFit",
    "TailWarrant",
    "fit_tail",
    "forecast",
    "goodness",
    "probability_of",
    "score_of",
    "share_above",
]

_FEWEST = 4  # largest scores, below which no shape can be tested
_MOST = 1_000  # largest scores, far into the body of any distribution
_FARTHEST = 10**15  # deployment queries
_NUMBERS = 10_000_000  # simulated numbers held at once


@dataclass(frozen=True, slots=True, kw_only=True)
class TailFit:
    """log S(ψ) = `slope`·ψ + `intercept`, least squares through the largest of `tested` scores.

    `scores` are those used, in falling order.
    """

    slope: float
    intercept: float
    tested: int
    scores: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Goodness:
    """Exact Monte Carlo p-values of the tail shape, from the scaled spacings of the scores.

    `curvature` sees spacings that grow or shrink along the tail, `spread` sees spacings more or
    less uneven than exponential ones, `p_value` is both together (Bonferroni). Ten scores
    refute only a gross misfit, and none refutes a rare mode that no tested query belongs to: a
    large p-value is no support for the warrant.
    """

    curvature: float
    spread: float
    p_value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TailWarrant:
    """The claim without which the forecast says nothing, and by how much it reaches out."""

    says: str
    orders_of_magnitude: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """The worst of `queries` deployment queries.

    `score` and `probability` estimate its ψ and its elicitation probability. The intervals
    `conditional_score` and `conditional_probability` hold the worst query with the stated alphas
    *if the warrant holds*, and mean nothing if it does not. `none_worse` needs no warrant on the
    shape: the least chance that no deployment query exceeds the largest tested score, n/(n + N),
    if both are exchangeable.
    """

    queries: int
    score: float
    probability: float
    conditional_score: Interval
    conditional_probability: Interval
    goodness: Goodness
    warrant: TailWarrant
    none_worse: float


def score_of(log_probability: float) -> float:
    """ψ = −log(−log p) from the natural logarithm of p, p < 1; −∞ for p = 0."""
    if not log_probability < 0:
        raise ValueError(f"log probability {log_probability!r} is not below 0")
    return -math.log(-log_probability) if log_probability > -math.inf else -math.inf


def probability_of(score: float) -> float:
    """The elicitation probability exp(−exp(−ψ)) of a score; 0 where it underflows."""
    return math.exp(-math.exp(min(-score, 700.0)))


def fit_tail(log_probabilities: Sequence[float], *, largest: int = 10) -> TailFit:
    """Fit the tail to the `largest` scores of independently drawn queries.

    `log_probabilities`: one natural logarithm of an elicitation probability per query. The i-th
    largest of n has the empirical survival i/n. `ValueError` for fewer than 4 scores, for a
    probability of 0 among those used or of 1 anywhere (there is nothing left to forecast), and
    for scores that are all equal.
    """
    count = len(log_probabilities)
    if not _FEWEST <= largest <= min(count, _MOST):
        raise ValueError(
            f"{largest} largest of {count} scores: from {_FEWEST} to {_MOST:,} of them"
        )
    scores = sorted((score_of(log) for log in log_probabilities), reverse=True)[:largest]
    if not math.isfinite(scores[-1]):
        raise ValueError(f"fewer than {largest} queries have a probability above 0")
    if scores[0] - scores[-1] <= 1e-12 * max(1.0, abs(scores[0])):
        raise ValueError(f"the {largest} largest scores are all equal: no slope can be fitted")
    slope, intercept = _line(scores, count)
    return TailFit(slope=slope, intercept=intercept, tested=count, scores=tuple(scores))


def share_above(fit: TailFit, probability: float) -> float:
    """The share of queries whose elicitation probability exceeds `probability`, by the fit.

    At most the share of the scores that the fit rests on; conditional on the warrant.
    """
    if not 0 < probability < 1:
        raise ValueError(f"probability {probability!r} is not between 0 and 1")
    log = fit.slope * score_of(math.log(probability)) + fit.intercept
    return min(len(fit.scores) / fit.tested, math.exp(min(0.0, log)))


def goodness(fit: TailFit, *, seed: int, draws: int = 999) -> Goodness:
    """Test the shape: under the warrant, i·(ψ₍ᵢ₎ − ψ₍ᵢ₊₁₎) are independent and exponential.

    Two statistics free of location and scale (a trend over i, and Greenwood's sum of squared
    shares), each two-sided against `draws` simulated tails. Rényi (1953), Acta Math. Hung.
    4:191; Greenwood (1946), JRSS 109:85; Besag & Clifford (1989), Biometrika 76:633.
    """
    import numpy as np

    _check_draws(draws, len(fit.scores))
    scores = np.array(fit.scores)
    places = np.arange(1, len(scores))
    seen = places * -np.diff(scores)
    drawn = np.random.default_rng(seed).standard_exponential((draws, len(seen)))
    trend = places - places.mean()

    def both_sides(weigh: Numbers, own: float) -> float:
        above = 1 + int(np.count_nonzero(weigh >= own - 1e-12))
        below = 1 + int(np.count_nonzero(weigh <= own + 1e-12))
        return min(1.0, 2 * min(above, below) / (1 + draws))

    shares, own = drawn / drawn.sum(axis=1, keepdims=True), seen / seen.sum()
    curvature = both_sides(shares @ trend, float(own @ trend))
    spread = both_sides((shares**2).sum(axis=1), float((own**2).sum()))
    return Goodness(
        curvature=curvature, spread=spread, p_value=min(1.0, 2 * min(curvature, spread))
    )


def forecast(
    fit: TailFit,
    queries: int,
    *,
    alpha_low: float,
    alpha_high: float,
    seed: int,
    draws: int = 1999,
) -> Forecast:
    """Forecast the worst of `queries` ≥ tested deployment queries.

    The estimate is the score with log S = −log N: ψ = −(log N + b)/a. The band is a parametric
    bootstrap of the pivot (estimate − worst score)/scale, which under the warrant has the same
    distribution for every location and scale; its ends are order statistics of `draws`
    simulations, so that each fails with at most its alpha, the drawing included.
    """
    if not fit.tested <= queries <= _FARTHEST:
        raise ValueError(f"queries: no fewer than the {fit.tested} tested, and at most 1e15")
    for alpha in (alpha_low, alpha_high):
        if not 0 <= alpha < 1:
            raise ValueError(f"alpha {alpha!r} is not at least 0 and below 1")
    score = -(math.log(queries) + fit.intercept) / fit.slope
    pivots = _pivots(len(fit.scores), fit.tested, queries, seed, draws)
    # The worst score is `score` − pivot · scale, so that a large pivot gives the lower end.
    high_at, low_at = int(alpha_high * (draws + 1)), int(alpha_low * (draws + 1))
    band = Interval(
        score + pivots[draws - low_at] / fit.slope if low_at else -math.inf,
        score + pivots[high_at - 1] / fit.slope if high_at else math.inf,
    )
    return Forecast(
        queries=queries,
        score=score,
        probability=probability_of(score),
        conditional_score=band,
        conditional_probability=Interval(probability_of(band.low), probability_of(band.high)),
        goodness=goodness(fit, seed=seed),
        warrant=_warrant(fit, queries, score),
        none_worse=all_clear(fit.tested, queries),
    )


def _line(scores: Sequence[float], count: int) -> tuple[float, float]:
    """Slope and intercept of log(i/n) on the i-th largest score, by least squares."""
    logs = [math.log((i + 1) / count) for i in range(len(scores))]
    mean_x, mean_y = math.fsum(scores) / len(scores), math.fsum(logs) / len(logs)
    square = math.fsum((x - mean_x) ** 2 for x in scores)
    product = math.fsum((x - mean_x) * (y - mean_y) for x, y in zip(scores, logs, strict=True))
    slope = product / square
    return slope, mean_y - slope * mean_x


def _pivots(largest: int, tested: int, queries: int, seed: int, draws: int) -> list[float]:
    """Sorted draws of (estimate − worst of `queries`)/scale where S(ψ) = exp(−ψ)."""
    import numpy as np

    _check_draws(draws, largest)
    rng = np.random.default_rng(seed)
    arrivals = rng.standard_exponential((draws, largest)).cumsum(axis=1)
    last = arrivals[:, -1] + rng.standard_gamma(tested + 1 - largest, draws)
    scores = np.log(last)[:, None] - np.log(arrivals)
    logs = np.log(np.arange(1, largest + 1) / tested)
    centred = scores - scores.mean(axis=1, keepdims=True)
    slope = centred @ logs / (centred**2).sum(axis=1)
    intercept = logs.mean() - slope * scores.mean(axis=1)
    estimate = -(math.log(queries) + intercept) / slope
    # The smallest of N uniform numbers, drawn at once: 1 − (1 − V)^(1/N).
    worst = -np.log(-np.expm1(np.log1p(-rng.random(draws)) / queries))
    return [float(pivot) for pivot in np.sort((estimate - worst) * -slope)]


def _check_draws(draws: int, each: int) -> None:
    if not 1 <= draws <= _NUMBERS // each:
        raise ValueError(f"{draws} draws: from 1 to {_NUMBERS // each:,} for {each} scores")


def _warrant(fit: TailFit, queries: int, score: float) -> TailWarrant:
    return TailWarrant(
        says=(
            "Deployment queries are drawn as the tested ones were, and the logarithm of the share"
            " of them with a score above ψ goes on falling linearly in ψ from the scores seen"
            f" (up to {fit.scores[0]:.3g}) to the worst of {queries:,} (about {score:.3g})."
        ),
        orders_of_magnitude=math.log10(queries / fit.tested),
    )
