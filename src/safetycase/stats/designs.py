"""Paired designs: the same items under two conditions, read without assuming large samples.

Two kinds of question, two kinds of answer. *Is there a difference at all?* The exact conditional
test looks only at the pairs that disagree (McNemar). *How large is it?* Betting on the
differences of the pairs bounds their mean at every n, and a margin turns the interval into a
verdict. Two independent samples are `Difference` of `safetycase.stats`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from safetycase.stats.betting import mean_lower, mean_upper
from safetycase.stats.binomial import at_least, clopper_pearson
from safetycase.stats.statistics import Interval

__all__ = [
    "Against",
    "PValues",
    "Pairs",
    "compare",
    "discordant_odds",
    "mcnemar",
    "mean_difference",
    "paired_difference",
]


_MOST = 10_000_000  # pairs whose differences are listed


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Items by their outcome under conditions a and b; `missing` pairs lack one or both scores."""

    both: int
    only_a: int
    only_b: int
    neither: int
    missing: int = 0

    def __post_init__(self) -> None:
        counts = (self.both, self.only_a, self.only_b, self.neither, self.missing)
        if any(type(count) is not int or count < 0 for count in counts):
            raise ValueError(f"pairs {counts!r} are not whole numbers of at least 0")

    @property
    def total(self) -> int:
        """Pairs with both scores."""
        return self.both + self.only_a + self.only_b + self.neither


@dataclass(frozen=True, slots=True, kw_only=True)
class PValues:
    """p-values of "a no more often than b" (`greater`), of the reverse, and of "no difference"."""

    greater: float
    less: float
    two_sided: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """What an interval of a − b says about a margin: True shown, False refuted, None undecided."""

    superior: bool | None
    non_inferior: bool | None
    equivalent: bool | None


def mcnemar(pairs: Pairs) -> PValues:
    """The exact conditional test of equal rates under two conditions.

    Given how many pairs disagree, those in favour of a are binomial with rate ½ under the null;
    pairs that agree say nothing. Missing pairs count as disagreeing against the alternative in
    the one-sided tests, so that losing them never helps, and the two-sided p-value is twice the
    smaller of the two. McNemar (1947), Psychometrika 12:153; exact form: Cochran (1950),
    Biometrika 37:256.
    """
    a, b, missing = pairs.only_a, pairs.only_b, pairs.missing
    total = a + b + missing
    greater, less = at_least(a, total, 0.5), at_least(b, total, 0.5)
    return PValues(greater=greater, less=less, two_sided=min(1.0, 2 * min(greater, less)))


def discordant_odds(pairs: Pairs, *, alpha_low: float, alpha_high: float) -> Interval:
    """The exact conditional interval of the odds "only a : only b", in [0, ∞].

    The odds of the Clopper–Pearson ends for the share of a among the disagreeing pairs; 1 means
    no difference. Missing pairs count against each end.
    """
    total = pairs.only_a + pairs.only_b + pairs.missing
    low = clopper_pearson(pairs.only_a, total, alpha_low=alpha_low, alpha_high=0).low
    most = pairs.only_a + pairs.missing
    high = clopper_pearson(most, total, alpha_low=0, alpha_high=alpha_high).high
    return Interval(_odds(low), _odds(high))


def paired_difference(pairs: Pairs, *, alpha_low: float, alpha_high: float) -> Interval:
    """The interval of rate a − rate b, in [−1, 1], from independent pairs.

    Betting on the differences +1, 0, −1 of the pairs, which need not be alike; each end fails
    with probability at most its alpha. A missing pair is −1 for the lower end, +1 for the upper.
    `ValueError` for more than ten million pairs.
    """
    if pairs.total + pairs.missing > _MOST:
        raise ValueError(f"{pairs.total + pairs.missing} pairs are more than {_MOST:,}")
    sure = [1.0] * pairs.only_a + [0.0] * (pairs.both + pairs.neither) + [-1.0] * pairs.only_b
    low = mean_difference([*sure, *[-1.0] * pairs.missing], alpha_low=alpha_low, alpha_high=0)
    high = mean_difference([*sure, *[1.0] * pairs.missing], alpha_low=0, alpha_high=alpha_high)
    return Interval(low.low, high.high)


def mean_difference(
    differences: Sequence[float], *, alpha_low: float, alpha_high: float
) -> Interval:
    """The interval of the mean expectation of independent `differences`, each in [−1, 1].

    For graded scores in [0, 1] under two conditions. `ValueError` for a difference outside
    [−1, 1]. Waudby-Smith & Ramdas (2024), JRSS-B 86:1.
    """
    for difference in differences:
        if not -1 <= difference <= 1:
            raise ValueError(f"difference {difference!r} is not between −1 and 1")
    halves = [(1 + difference) / 2 for difference in differences]
    return Interval(
        2 * mean_lower(halves, alpha_low) - 1,
        2 * mean_upper(halves, alpha_high) - 1,
    )


def compare(interval: Interval, margin: float) -> Against:
    """Read an interval of a − b, more being better, against a margin of indifference ≥ 0.

    Superior: a − b > 0. Non-inferior: a − b > −margin. Equivalent: |a − b| < margin. All three
    come from the same two ends, so that reading them together costs no further alpha; the margin
    must be set before the data are seen. Blackwelder (1982), Controlled Clinical Trials 3:345;
    Schuirmann (1987), J. Pharmacokin. Biopharm. 15:657.
    """
    if not (margin >= 0 and math.isfinite(margin)):
        raise ValueError(f"margin {margin!r} is not a finite number of at least 0")
    if not interval.low <= interval.high:
        raise ValueError(f"interval [{interval.low!r}, {interval.high!r}] has no inside")
    inside = interval.low > -margin and interval.high < margin
    outside = interval.low >= margin or interval.high <= -margin
    return Against(
        superior=_above(interval, 0.0),
        non_inferior=_above(interval, -margin),
        equivalent=True if inside else False if outside else None,
    )


def _above(interval: Interval, value: float) -> bool | None:
    if interval.low > value:
        return True
    return False if interval.high <= value else None


def _odds(share: float) -> float:
    return share / (1 - share) if share < 1 else math.inf
