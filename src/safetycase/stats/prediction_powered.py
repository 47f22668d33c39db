"""A rate from many verdicts of an automatic judge and a few labels that correct it.

θ = E[λf] + E[y − λf]: the first mean comes from the judge f on items without a label, the second
(the rectifier) from items with one. A judge of any quality leaves the interval valid; a good one
makes it narrow. Angelopoulos, Bates, Fannjiang, Jordan & Zrnic (2023), Science 382:669; λ from
Angelopoulos, Duchi & Zrnic (2023), arXiv:2311.01453.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from safetycase.stats.betting import mean_lower, mean_upper
from safetycase.stats.special import normal_quantile
from safetycase.stats.statistics import Interval

__all__ = ["Judged", "PredictionPowered", "prediction_powered", "prediction_powered_asymptotic"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """`labels[i]` and the judge's `on_labelled[i]` of one item; `on_unlabelled` of the others.

    All numbers in [0, 1]; items independent, labelled and unlabelled ones drawn alike, and the
    judge fixed before (trained on none of them).
    """

    labels: tuple[float, ...]
    on_labelled: tuple[float, ...]
    on_unlabelled: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.labels) != len(self.on_labelled):
            raise ValueError(f"{len(self.labels)} labels for {len(self.on_labelled)} verdicts")
        if not self.labels or not self.on_unlabelled:
            raise ValueError("at least one labelled and one unlabelled item are needed")
        for value in (*self.labels, *self.on_labelled, *self.on_unlabelled):
            if not 0 <= value <= 1:
                raise ValueError(f"{value!r} is not between 0 and 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionPowered:
    """The corrected estimate and its interval, with the parts it is made of.

    `judge` bounds λ·E[f] and `rectifier` E[y − λf]; `labels_only` is what the labels say without
    the judge, at the full alphas, for comparison: which of the two decides is to be chosen
    before the labels are seen.
    """

    estimate: float
    interval: Interval
    judge: Interval
    rectifier: Interval
    labels_only: Interval


def prediction_powered(
    judged: Judged,
    *,
    alpha_low: float,
    alpha_high: float,
    tuning: float = 1.0,
    rectifier_share: float = 0.9,
) -> PredictionPowered:
    """The interval of E[y], valid at every n: two betting intervals that share the alphas.

    `tuning` λ in [0, 1] and `rectifier_share`, the part of each alpha that the (scarcer) labels
    get, are fixed before the data are seen. The rectifier lies in [−λ, 1].
    """
    _check_tuning(tuning)
    if not 0 < rectifier_share < 1:
        raise ValueError(f"rectifier share {rectifier_share!r} is not between 0 and 1")
    rest, wide = 1 - rectifier_share, 1 + tuning
    verdicts = judged.on_unlabelled
    judge = Interval(
        tuning * mean_lower(verdicts, alpha_low * rest),
        tuning * mean_upper(verdicts, alpha_high * rest),
    )
    gaps = _gaps(judged, tuning)
    scaled = [min(1.0, max(0.0, (gap + tuning) / wide)) for gap in gaps]
    rectifier = Interval(
        wide * mean_lower(scaled, alpha_low * rectifier_share) - tuning,
        wide * mean_upper(scaled, alpha_high * rectifier_share) - tuning,
    )
    return PredictionPowered(
        estimate=_estimate(judged, gaps, tuning),
        interval=_sum(judge, rectifier),
        judge=judge,
        rectifier=rectifier,
        labels_only=Interval(
            mean_lower(judged.labels, alpha_low), mean_upper(judged.labels, alpha_high)
        ),
    )


def prediction_powered_asymptotic(judged: Judged, level: float, *, tuning: float = 1.0) -> Interval:
    """The two-sided normal interval of the original paper: *asymptotic*, not guaranteed.

    θ̂ ± z·√(λ²·Var f/N + Var(y − λf)/n). For comparison with published numbers; it decides no
    verdict, because a rectifier without a disagreement has no variance and n is small. Needs
    two items of each kind.
    """
    _check_tuning(tuning)
    if not 0 < level < 1:
        raise ValueError(f"level {level!r} is not between 0 and 1")
    gaps, verdicts = _gaps(judged, tuning), judged.on_unlabelled
    if len(gaps) < 2 or len(verdicts) < 2:
        raise ValueError("the normal interval needs two labelled and two unlabelled items")
    variance = tuning**2 * _variance(verdicts) / len(verdicts) + _variance(gaps) / len(gaps)
    half = -normal_quantile((1 - level) / 2) * math.sqrt(variance)
    estimate = _estimate(judged, gaps, tuning)
    return Interval(estimate - half, estimate + half)


def _gaps(judged: Judged, tuning: float) -> list[float]:
    return [y - tuning * f for y, f in zip(judged.labels, judged.on_labelled, strict=True)]


def _estimate(judged: Judged, gaps: Sequence[float], tuning: float) -> float:
    return tuning * _mean(judged.on_unlabelled) + _mean(gaps)


def _sum(one: Interval, two: Interval) -> Interval:
    return Interval(max(0.0, one.low + two.low), min(1.0, one.high + two.high))


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _variance(values: Sequence[float]) -> float:
    """The variance with divisor n, as in the paper's code."""
    mean = _mean(values)
    return math.fsum((value - mean) ** 2 for value in values) / len(values)


def _check_tuning(tuning: float) -> None:
    if not 0 <= tuning <= 1:
        raise ValueError(f"tuning {tuning!r} is not between 0 and 1")
