"""What to assume about items that were planned and have no score, said out loud.

`bounds` of `safetycase.stats` takes the worst case and assumes nothing. Every other policy buys
a narrower interval with an assumption; it is returned beside the interval, to be owned and
argued in the case.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import assert_never

from safetycase.stats.betting import mean_lower, mean_upper
from safetycase.stats.binomial import clopper_pearson
from safetycase.stats.intervals import bounds
from safetycase.stats.statistics import Clustered, Interval, Proportion

__all__ = [
    "BoundedFraction",
    "CompleteCase",
    "DeltaAdjusted",
    "MissingBounds",
    "Policy",
    "WorstCase",
    "bounds_with_missing",
    "tipping_delta",
]


@dataclass(frozen=True, slots=True)
class WorstCase:
    """A missing item fails for the lower end and succeeds for the upper: no assumption."""


@dataclass(frozen=True, slots=True)
class CompleteCase:
    """Missing items are left out, as if scoring had nothing to do with the outcome."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundedFraction:
    """Of the missing items (of each cluster), a share in [`low`, `high`] would have succeeded."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not 0 <= self.low <= self.high <= 1:
            raise ValueError(f"fraction [{self.low!r}, {self.high!r}] is no part of [0, 1]")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeltaAdjusted:
    """The success rate of missing items is within `delta` of that of the scored ones.

    0 is the assumption of `CompleteCase`, 1 assumes nothing. Rubin (1977), JASA 72:538; Little
    (1994), Biometrika 81:471 (pattern-mixture models).
    """

    delta: float

    def __post_init__(self) -> None:
        if not 0 <= self.delta <= 1:
            raise ValueError(f"delta {self.delta!r} is not between 0 and 1")


Policy = WorstCase | CompleteCase | BoundedFraction | DeltaAdjusted


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingBounds:
    """The interval, and the assumption that it rests on beside those of the statistic.

    `assumption` is empty where none is made: under the worst case, or with nothing missing.
    """

    interval: Interval
    assumption: str


def bounds_with_missing(
    statistic: Proportion | Clustered,
    policy: Policy,
    *,
    alpha_low: float,
    alpha_high: float,
) -> MissingBounds:
    """The interval of a rate under a policy for its missing items.

    Each end fails with probability at most its alpha if the assumption holds. The target is the
    mean expectation over the *planned* items (for clusters, over planned items within and over
    clusters), given which of them were scored. Manski (2003), Partial Identification of
    Probability Distributions, ch. 1.
    """
    for alpha in (alpha_low, alpha_high):
        if not 0 <= alpha < 1:
            raise ValueError(f"alpha {alpha!r} is not at least 0 and below 1")
    if isinstance(statistic, Proportion):
        interval = _of_proportion(statistic, policy, alpha_low, alpha_high)
        missing = statistic.missing
    else:
        interval = _of_clusters(statistic, policy, alpha_low, alpha_high)
        missing = sum(m for _, _, m in statistic.clusters)
    return MissingBounds(interval=interval, assumption=_assumption(policy) if missing else "")


def tipping_delta(
    statistic: Proportion | Clustered, *, threshold: float, alpha: float
) -> float | None:
    """The largest `DeltaAdjusted` delta at which the upper bound still meets `threshold`.

    None if it does not meet it even at 0; 1 if nothing about the missing items could break it.
    Read it as: how different must the missing items be for the verdict to fall? (Yan, Lee & Li
    2009, J. Biopharm. Stat. 19:1085, tipping points.)
    """

    def meets(delta: float) -> bool:
        policy = DeltaAdjusted(delta=delta)
        found = bounds_with_missing(statistic, policy, alpha_low=0, alpha_high=alpha)
        return found.interval.high <= threshold

    if not meets(0.0):
        return None
    if meets(1.0):
        return 1.0
    low, high = 0.0, 1.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (middle, high) if meets(middle) else (low, middle)
    return low


def _of_proportion(
    statistic: Proportion, policy: Policy, alpha_low: float, alpha_high: float
) -> Interval:
    hits, scored, missing = statistic.successes, statistic.trials, statistic.missing
    match policy:
        case WorstCase():
            return bounds(statistic, alpha_low=alpha_low, alpha_high=alpha_high)
        case CompleteCase():
            return clopper_pearson(hits, scored, alpha_low=alpha_low, alpha_high=alpha_high)
        case BoundedFraction(low=low, high=high):
            # Outward to whole items; the nudge keeps 0.1 · 30 from becoming four of them.
            least = hits + math.floor(low * missing + 1e-9)
            most = hits + math.ceil(high * missing - 1e-9)
            planned = scored + missing
            return Interval(
                clopper_pearson(least, planned, alpha_low=alpha_low, alpha_high=0).low,
                clopper_pearson(most, planned, alpha_low=0, alpha_high=alpha_high).high,
            )
        case DeltaAdjusted(delta=delta):
            inner = clopper_pearson(hits, scored, alpha_low=alpha_low, alpha_high=alpha_high)
            share = missing / max(1, scored + missing)
            return Interval(
                (1 - share) * inner.low + share * max(0.0, inner.low - delta),
                (1 - share) * inner.high + share * min(1.0, inner.high + delta),
            )
        case _:
            assert_never(policy)


def _of_clusters(
    statistic: Clustered, policy: Policy, alpha_low: float, alpha_high: float
) -> Interval:
    rows = statistic.clusters
    match policy:
        case WorstCase():
            return bounds(statistic, alpha_low=alpha_low, alpha_high=alpha_high)
        case CompleteCase():
            scored = tuple((hits, trials, 0) for hits, trials, _ in rows if trials)
            kept = Clustered(clusters=scored)
            return bounds(kept, alpha_low=alpha_low, alpha_high=alpha_high)
        case BoundedFraction(low=low, high=high):
            return Interval(
                mean_lower([_filled(row, low, 0.0) for row in rows], alpha_low),
                mean_upper([_filled(row, high, 1.0) for row in rows], alpha_high),
            )
        case DeltaAdjusted(delta=delta):
            if not rows:
                return Interval(0.0, 1.0)
            shift = delta * math.fsum(m / (n + m) for _, n, m in rows if n) / len(rows)
            least = mean_lower([_scored(row, 0.0) for row in rows], alpha_low)
            most = mean_upper([_scored(row, 1.0) for row in rows], alpha_high)
            return Interval(max(0.0, least - shift), min(1.0, most + shift))
        case _:
            assert_never(policy)


def _filled(row: tuple[int, int, int], fraction: float, unplanned: float) -> float:
    """The cluster's mean with `fraction` of its missing items succeeding."""
    hits, trials, missing = row
    planned = trials + missing
    return (hits + fraction * missing) / planned if planned else unplanned


def _scored(row: tuple[int, int, int], unscored: float) -> float:
    """The mean of what was scored; a cluster without a score has nothing to be near to."""
    hits, trials, _ = row
    return hits / trials if trials else unscored


def _assumption(policy: Policy) -> str:
    match policy:
        case WorstCase():
            return ""
        case CompleteCase():
            return "whether an item has a score does not depend on its outcome"
        case BoundedFraction(low=low, high=high):
            return f"between {low:.4g} and {high:.4g} of the missing items would have succeeded"
        case DeltaAdjusted(delta=delta):
            return f"missing items succeed at a rate within {delta:.4g} of that of the scored ones"
        case _:
            assert_never(policy)
