"""From a sufficient statistic to its interval, its estimate, its size and its words."""

from __future__ import annotations

import math
from typing import assert_never

from safetycase.stats.betting import mean_lower, mean_upper
from safetycase.stats.binomial import clopper_pearson
from safetycase.stats.statistics import (
    Affine,
    Certified,
    Clustered,
    ClusteredDifference,
    Difference,
    Exact,
    Interval,
    Proportion,
    SampleSize,
    Smallest,
    Statistic,
)

__all__ = ["bounds", "describe", "estimate", "is_computed", "natural_range", "sample_size"]


def bounds(statistic: Statistic, *, alpha_low: float, alpha_high: float) -> Interval:
    """The interval whose lower end fails with probability at most `alpha_low`, the upper likewise.

    0 ≤ alpha < 1 (`ValueError` otherwise); a smaller alpha never narrows it, and the sum of both
    covers the interval as a whole. Missing items count against each end. Valid at every n.
    """
    for alpha in (alpha_low, alpha_high):
        if not 0 <= alpha < 1:
            raise ValueError(f"alpha {alpha!r} is not at least 0 and below 1")
    match statistic:
        case Proportion():
            return _of_proportion(statistic, alpha_low, alpha_high)
        case Clustered():
            ends = [_mean_range(*cluster) for cluster in statistic.clusters]
            return _of_means(ends, alpha_low, alpha_high)
        case Difference(a=a, b=b):
            one = _of_proportion(a, alpha_low / 2, alpha_high / 2)
            two = _of_proportion(b, alpha_high / 2, alpha_low / 2)
            return Interval(one.low - two.high, one.high - two.low)
        case ClusteredDifference():
            ends = [_difference_range(*cluster) for cluster in statistic.clusters]
            half = _of_means(ends, alpha_low, alpha_high)
            return Interval(2 * half.low - 1, 2 * half.high - 1)
        case Smallest(of=rates):
            k = len(rates)
            each = [bounds(r, alpha_low=alpha_low, alpha_high=alpha_high / k) for r in rates]
            return Interval(min(i.low for i in each), min(i.high for i in each))
        case Affine(of=of, scale=scale) if scale > 0:
            inner = bounds(of, alpha_low=alpha_low, alpha_high=alpha_high)
            return _mapped(statistic, inner)
        case Affine(of=of):
            inner = bounds(of, alpha_low=alpha_high, alpha_high=alpha_low)
            return _mapped(statistic, inner)
        case Certified(low=low, high=high, level=level):
            enough = (1 - level) * (1 - 1e-9)  # 1 − 0.95 is a little more than 0.05
            return Interval(
                low if alpha_low >= enough else -math.inf,
                high if alpha_high >= enough else math.inf,
            )
        case Exact(value=value):
            return Interval(value, value)
        case _:
            assert_never(statistic)


def estimate(statistic: Statistic) -> float:
    """The point estimate from the scored items alone; nan where there is none."""
    match statistic:
        case Proportion(successes=successes, trials=trials):
            return successes / trials if trials else math.nan
        case Clustered(clusters=clusters):
            return _mean([s / n for s, n, _ in clusters if n])
        case Difference(a=a, b=b):
            return estimate(a) - estimate(b)
        case ClusteredDifference(clusters=pairs):
            return _mean([sa / na - sb / nb for sa, na, sb, nb in pairs if na and nb])
        case Smallest(of=rates):
            return min(estimate(rate) for rate in rates)
        case Affine(of=of, scale=scale, offset=offset):
            return scale * estimate(of) + offset
        case Certified(low=low, high=high):
            if math.isfinite(low) and math.isfinite(high):
                return (low + high) / 2
            return low if math.isfinite(low) else high if math.isfinite(high) else math.nan
        case Exact(value=value):
            return value
        case _:
            assert_never(statistic)


def sample_size(statistic: Statistic) -> SampleSize:
    """How many items, independent units and missing items are behind it; 0 if none were drawn."""
    match statistic:
        case Proportion(trials=trials, missing=missing):
            return SampleSize(items=trials, clusters=trials, missing=missing)
        case Clustered(clusters=clusters):
            return SampleSize(
                items=sum(n for _, n, _ in clusters),
                clusters=len(clusters),
                missing=sum(m for _, _, m in clusters),
            )
        case Difference(a=a, b=b):
            total = a.trials + b.trials
            return SampleSize(items=total, clusters=total, missing=a.missing + b.missing)
        case ClusteredDifference(clusters=pairs):
            items = sum(na + nb for _, na, _, nb in pairs)
            return SampleSize(items=items, clusters=len(pairs), missing=0)
        case Smallest(of=rates):
            sizes = [sample_size(rate) for rate in rates]
            return SampleSize(
                items=sum(size.items for size in sizes),
                clusters=len(rates),
                missing=sum(size.missing for size in sizes),
            )
        case Affine(of=of):
            return sample_size(of)
        case Certified() | Exact():
            return SampleSize(items=0, clusters=0, missing=0)
        case _:
            assert_never(statistic)


def is_computed(statistic: Statistic) -> bool:
    """Whether nothing was counted: a certified interval or an exact value, scaled or not."""
    if isinstance(statistic, Affine):
        return is_computed(statistic.of)
    if isinstance(statistic, Smallest):
        return all(map(is_computed, statistic.of))
    return isinstance(statistic, Certified | Exact)


def describe(statistic: Statistic) -> str:
    """What was counted, in words: `3 of 50`, `12 of 240 in 60 clusters`, `(2 of 4) − (0 of 5)`."""
    match statistic:
        case Proportion(successes=successes, trials=trials, missing=missing):
            return f"{successes} of {trials}{_missing(missing)}"
        case Clustered(clusters=clusters):
            size = sample_size(statistic)
            hits = sum(s for s, _, _ in clusters)
            return f"{hits} of {size.items} in {_clusters(size)}{_missing(size.missing)}"
        case Difference(a=a, b=b):
            return f"({describe(a)}) − ({describe(b)})"
        case ClusteredDifference(clusters=pairs):
            sa, na, sb, nb = (sum(pair[i] for pair in pairs) for i in range(4))
            size = sample_size(statistic)
            return f"({sa} of {na}) − ({sb} of {nb}) in {_clusters(size)}"
        case Smallest(of=rates):
            worst = min(rates, key=estimate)
            return f"{describe(worst)} in the worst of {len(rates)}"
        case Affine(of=of, scale=scale, offset=offset):
            tail = f" {'+' if offset > 0 else '−'} {abs(offset):.4g}" if offset else ""
            head = "" if scale == 1 else f"{scale:.4g} × ".replace("-", "−")
            return f"{head}({describe(of)}){tail}"
        case Certified(low=low, high=high, level=level, says=says):
            return f"[{low:.4g}, {high:.4g}] at {100 * level:.4g} % ({says})"
        case Exact(value=value, says=says):
            return f"{value:.6g} ({says})"
        case _:
            assert_never(statistic)


def natural_range(statistic: Statistic) -> Interval:
    """Where the quantity lies whatever the data: the interval at alpha 0."""
    match statistic:
        case Proportion() | Clustered():
            return Interval(0.0, 1.0)
        case Smallest(of=rates):
            each = [natural_range(rate) for rate in rates]
            return Interval(min(i.low for i in each), min(i.high for i in each))
        case Difference() | ClusteredDifference():
            return Interval(-1.0, 1.0)
        case Affine(of=of):
            return _mapped(statistic, natural_range(of))
        case Certified():
            return Interval(-math.inf, math.inf)
        case Exact(value=value):
            return Interval(value, value)
        case _:
            assert_never(statistic)


def _of_proportion(statistic: Proportion, alpha_low: float, alpha_high: float) -> Interval:
    """Missing items are failures for the lower end and successes for the upper one."""
    planned = statistic.trials + statistic.missing
    most = statistic.successes + statistic.missing
    return Interval(
        clopper_pearson(statistic.successes, planned, alpha_low=alpha_low, alpha_high=0).low,
        clopper_pearson(most, planned, alpha_low=0, alpha_high=alpha_high).high,
    )


def _of_means(ends: list[tuple[float, float]], alpha_low: float, alpha_high: float) -> Interval:
    """The betting interval when each cluster mean is only known to lie between two numbers."""
    return Interval(
        mean_lower([low for low, _ in ends], alpha_low),
        mean_upper([high for _, high in ends], alpha_high),
    )


def _mean_range(successes: int, trials: int, missing: int) -> tuple[float, float]:
    planned = trials + missing
    if planned == 0:
        return 0.0, 1.0
    return successes / planned, (successes + missing) / planned


def _difference_range(sa: int, na: int, sb: int, nb: int) -> tuple[float, float]:
    """The cluster's difference, mapped from [-1, 1] to [0, 1]."""
    low_a, high_a = _mean_range(sa, na, 0)
    low_b, high_b = _mean_range(sb, nb, 0)
    return (low_a - high_b + 1) / 2, (high_a - low_b + 1) / 2


def _mapped(statistic: Affine, inner: Interval) -> Interval:
    one = statistic.scale * inner.low + statistic.offset
    two = statistic.scale * inner.high + statistic.offset
    return Interval(one, two) if statistic.scale > 0 else Interval(two, one)


def _mean(values: list[float]) -> float:
    return math.fsum(values) / len(values) if values else math.nan


def _missing(count: int) -> str:
    return f" ({count} missing)" if count else ""


def _clusters(size: SampleSize) -> str:
    return f"{size.clusters} cluster" + ("" if size.clusters == 1 else "s")
