"""A strong student fitted to the labels of a weak supervisor, where its error has a closed form.

Inputs are standard normal in `dimensions` dimensions and the truth is the sign along a direction u.
The supervisor is wrong at one rate e, in two ways: by chance, or by labelling along a direction v
at the angle πe to u, the same mistakes each time. The student is the linear discriminant with known
covariance, ŵ = mean of label · input. The inputs being isotropic, its error on all of them is
exactly the angle between ŵ and u, over π. Setting: Burns et al. 2023, arXiv:2312.09390, in the
smallest model that can tell the two ways apart.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

__all__ = [
    "Fitted",
    "Supervision",
    "expected_error_bound",
    "fitted",
    "limit_error",
    "recovered",
    "is_wrong",
    "typical_error",
]

MEAN_ABSOLUTE = math.sqrt(2 / math.pi)


@dataclass(frozen=True, slots=True, kw_only=True)
class Supervision:
    """How many labels, in how many dimensions, how often wrong, and which share by the same rule.

    With `systematic` = s, a label is by the wrong direction v with probability s, and else the
    truth turned with probability `error`. The supervisor's error is `error` for every s.
    """

    labels: int
    dimensions: int
    error: float
    systematic: float = 0.0

    def __post_init__(self) -> None:
        if not (self.labels >= 1 and self.dimensions >= 2):
            raise ValueError("at least 1 label and 2 dimensions")
        if not 0 <= self.error <= 0.5:
            raise ValueError("`error` is a rate between 0 and 1/2")
        if not 0 <= self.systematic <= 1:
            raise ValueError("`systematic` is a share between 0 and 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """The student's direction in coordinates where u is the first axis, and its exact error."""

    direction: tuple[float, ...]
    error: float


def fitted(given: Supervision, seed: int) -> Fitted:
    """One student on one draw of inputs and labels."""
    import numpy as np

    rng = np.random.default_rng(seed)
    inputs = rng.standard_normal((given.labels, given.dimensions))
    turned, ruled = rng.random(given.labels), rng.random(given.labels)
    labels = np.where(turned < given.error, -1.0, 1.0) * np.sign(inputs[:, 0])
    angle = math.pi * given.error
    along = math.cos(angle) * inputs[:, 0] + math.sin(angle) * inputs[:, 1]
    labels = np.where(ruled < given.systematic, np.sign(along), labels)
    direction = labels @ inputs / given.labels
    return Fitted(direction=tuple(direction.tolist()), error=_angle(direction) / math.pi)


def _angle(direction: Any) -> float:
    along, across = float(direction[0]), math.sqrt(float((direction[1:] ** 2).sum()))
    return math.atan2(across, along)


def is_wrong(student: Fitted, seed: int) -> bool:
    """Whether the student is wrong on one fresh input."""
    import numpy as np

    drawn = np.random.default_rng((seed, 1)).standard_normal(len(student.direction))
    return bool((drawn[0] > 0) != (drawn @ np.array(student.direction) > 0))


def limit_error(given: Supervision) -> float:
    """The student's error with ever more labels: the angle of s·v + (1 − s)(1 − 2e)·u, over π.

    Because the mean of sign(v·x) x is √(2/π) v. Errors by chance leave 0; those by rule leave the
    supervisor's own error.
    """
    angle, by_chance = math.pi * given.error, (1 - given.systematic) * (1 - 2 * given.error)
    along = given.systematic * math.cos(angle) + by_chance
    across = given.systematic * math.sin(angle)
    if along == across == 0:
        return 0.5
    return math.atan2(across, along) / math.pi


def typical_error(given: Supervision) -> float:
    """About the student's error when all mistakes are by chance, for many labels.

    The part of ŵ across u has squared length χ²(d − 1)/n exactly, as a label is independent of it;
    that along u is √(2/π)(1 − 2e) plus a deviation of at most 1/√n. This is the angle of the
    roots of their mean squares, as in the limit of many labels and dimensions (Watkin, Rau & Biehl
    1993, Reviews of Modern Physics 65:499, Hebb's rule).
    """
    if given.systematic:
        raise ValueError("with errors by rule the error does not fall to 0; see `limit_error`")
    across = math.sqrt((given.dimensions - 1) / given.labels)
    return math.atan2(across, MEAN_ABSOLUTE * (1 - 2 * given.error)) / math.pi


def expected_error_bound(given: Supervision) -> float:
    """A bound on the mean error of students when all mistakes are by chance.

    With A and R the parts of ŵ along and across u, the error is at most arctan(R/a)/π where A ≥ a,
    and at most 1 elsewhere. A has mean μ = √(2/π)(1 − 2e) and variance v = (1 − μ²)/n, so that
    P(A < a) ≤ v/(v + (μ − a)²) (Cantelli); arctan is concave and E R ≤ √((d − 1)/n). The least of
    the sums over a in (0, μ), and never more than 1/2: A is stochastically at least −A.
    """
    if given.systematic:
        raise ValueError("with errors by rule the error does not fall to 0; see `limit_error`")
    mean = MEAN_ABSOLUTE * (1 - 2 * given.error)
    variance = (1 - mean * mean) / given.labels
    across = math.sqrt((given.dimensions - 1) / given.labels)
    tried = (mean * k / 100 for k in range(1, 100))
    sums = (
        variance / (variance + (mean - a) ** 2) + math.atan2(across, a) / math.pi for a in tried
    )
    return min(0.5, *sums)


def recovered(weak: float, student: float, ceiling: float) -> float:
    """Performance gap recovered: (weak − student)/(weak − ceiling), of errors.

    1 if the student does as well as one with true labels, 0 if as badly as its supervisor; below 0
    if worse. `ValueError` if supervisor and ceiling do not differ, as nothing can be recovered.
    """
    if not weak > ceiling:
        raise ValueError(
            f"the supervisor errs with {weak:g} and the ceiling with {ceiling:g}: no gap to recover"
        )
    return (weak - student) / (weak - ceiling)
