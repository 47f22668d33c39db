"""The records of this room: an interval, and the sufficient statistics it is computed from.

A record holds what was counted and nothing that was decided: no level, no interval. It refuses
counts that cannot be (`ValueError`), so that every other function may trust it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = [
    "Affine",
    "Certified",
    "Clustered",
    "ClusteredDifference",
    "Difference",
    "Exact",
    "Interval",
    "Proportion",
    "SampleSize",
    "SURE",
    "Smallest",
    "Statistic",
    "largest",
]


@dataclass(frozen=True, slots=True)
class Interval:
    """The numbers from `low` to `high`, in the unit of the statistic."""

    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleSize:
    """Items scored, independent units among them, and planned items without a score."""

    items: int
    clusters: int
    missing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Proportion:
    """Successes in independent trials of one rate.

    `missing` planned items have no usable score and are not in `trials`; each bound counts them
    in the way that is worse for it. Interval: Clopper & Pearson (1934), Biometrika 26:404.
    """

    successes: int
    trials: int
    missing: int = 0

    def __post_init__(self) -> None:
        _check_counts(self.successes, self.trials, self.missing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clustered:
    """(successes, trials, missing) per independent cluster, e.g. an item with its epochs.

    The target is the mean over clusters of the expected cluster mean, each cluster with equal
    weight. Inside a cluster any dependence is allowed; a cluster without a score lies somewhere
    in [0, 1]. Interval: betting on cluster means, Waudby-Smith & Ramdas (2024), JRSS-B 86:1.
    """

    clusters: tuple[tuple[int, int, int], ...]

    def __post_init__(self) -> None:
        for successes, trials, missing in self.clusters:
            _check_counts(successes, trials, missing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Rate `a` minus rate `b`, in [-1, 1].

    Interval: an exact one on each rate at half the alpha (Bonferroni), so that it holds under
    any dependence between the two samples.
    """

    a: Proportion
    b: Proportion


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusteredDifference:
    """(successes a, trials a, successes b, trials b) per independent cluster, in [-1, 1].

    The target is the mean over clusters of the expected mean of `a` minus that of `b`; an arm
    without a trial lies somewhere in [0, 1]. Interval: betting on the differences, Waudby-Smith
    & Ramdas (2024), JRSS-B 86:1.
    """

    clusters: tuple[tuple[int, int, int, int], ...]

    def __post_init__(self) -> None:
        for successes_a, trials_a, successes_b, trials_b in self.clusters:
            _check_counts(successes_a, trials_a, 0)
            _check_counts(successes_b, trials_b, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Smallest:
    """The smallest of several values, e.g. recall on the strategy that a monitor sees worst.

    Which one it is was not known before, so for the upper end each gets alpha / k (Bonferroni). The
    lower end needs no correction: it can only be too high if that of the smallest value itself is
    (intersection-union, Berger 1982, Technometrics 24:295). Both hold under any dependence between
    the k samples. `largest` gives the largest.
    """

    of: tuple[Statistic, ...]

    def __post_init__(self) -> None:
        if not self.of:
            raise ValueError("the smallest of nothing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Affine:
    """`scale` · x + `offset` of another statistic, e.g. the advantage over chance (p − c)/(1 − c).

    A negative `scale` exchanges the ends of the interval; 0 is refused. Every guarantee of `of`
    carries over, because the map is one-to-one.
    """

    of: Statistic
    scale: float
    offset: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.scale) and math.isfinite(self.offset)) or self.scale == 0:
            raise ValueError(f"scale {self.scale!r}, offset {self.offset!r}: finite, scale not 0")


SURE = 1 - 1e-12
"""The level of an interval that holds by proof or by assumption: any alpha of a claim is larger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certified:
    """An interval computed elsewhere, that holds with probability at least `level`.

    Either end may be infinite. At an alpha stricter than 1 − `level` it says nothing.
    """

    low: float
    high: float
    level: float
    says: str

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise ValueError(f"certified interval [{self.low!r}, {self.high!r}] has no inside")
        if not 0 < self.level < 1:
            raise ValueError(f"certified level {self.level!r} is not between 0 and 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exact:
    """A number without sampling error: a theorem with its parameters, a deterministic count."""

    value: float
    says: str

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise ValueError(f"exact value {self.value!r} is not a finite number")


Statistic = (
    Proportion
    | Clustered
    | Difference
    | ClusteredDifference
    | Smallest
    | Affine
    | Certified
    | Exact
)


def largest(of: Sequence[Statistic]) -> Affine:
    """The largest of several values, whichever it is: the smallest of the negated, negated.

    So its upper end needs no correction, and its lower one has alpha / k; see `Smallest`.
    """
    negated = tuple(Affine(of=one, scale=-1.0, offset=0.0) for one in of)
    return Affine(of=Smallest(of=negated), scale=-1.0, offset=0.0)


def _check_counts(successes: int, trials: int, missing: int) -> None:
    """Refuse counts that no run can give; a bool is no count."""
    counts = (successes, trials, missing)
    if any(type(count) is not int or count < 0 for count in counts):
        raise ValueError(f"counts {counts!r} are not whole numbers of at least 0")
    if successes > trials:
        raise ValueError(f"{successes} successes in {trials} trials is impossible")
