"""A criterion, judged on sufficient statistics at a level.

The doubt alpha of a leaf is split over the interval ends its criterion needs (Bonferroni), so
that a false pass has probability at most alpha, whatever the dependence between quantities.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from safetycase.argument.expression import Expression
from safetycase.argument.graph import claim_of, supporting
from safetycase.argument.model import Case, Evidence
from safetycase.stats import Interval, Statistic, bounds

__all__ = [
    "Judged",
    "claim_of",
    "confidence",
    "equal_share",
    "judge",
    "planned_alpha",
    "spent_alpha",
]

Outcome = Literal["supports", "refutes", "inconclusive"]
_TINY = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The outcome and the interval of each quantity it was read from."""

    outcome: Outcome
    intervals: Mapping[str, Interval]
    alpha_per_side: float


def judge(criterion: Expression, statistics: Mapping[str, Statistic], alpha: float) -> Judged:
    """Pass, fail or undecided on the intervals at doubt `alpha`.

    `statistics` must hold every quantity of the criterion (`KeyError` otherwise).
    """
    per_side = alpha / max(1, sum(len(ends) for ends in criterion.sides().values()))
    intervals = {
        name: bounds(statistics[name], alpha_low=per_side, alpha_high=per_side)
        for name in criterion.names
    }
    decided = criterion.decide({name: (i.low, i.high) for name, i in intervals.items()})
    outcome: Outcome = "inconclusive" if decided is None else "supports" if decided else "refutes"
    return Judged(outcome=outcome, intervals=intervals, alpha_per_side=per_side)


def confidence(criterion: Expression, statistics: Mapping[str, Statistic]) -> tuple[float, float]:
    """(low, high): the highest level at which it passes, and 1 − that at which it fails.

    For a rate with k failures in n and the bound θ₀ this is I_θ₀(k+1, n−k) and
    I_θ₀(k, n−k+1) (Clopper & Pearson 1934, read backwards). It is no posterior.
    """
    return (
        1 - _smallest(criterion, statistics, "supports"),
        _smallest(criterion, statistics, "refutes"),
    )


def _smallest(criterion: Expression, statistics: Mapping[str, Statistic], wanted: Outcome) -> float:
    """The smallest alpha with the outcome `wanted`, by bisection on log alpha; 1 if none."""
    if judge(criterion, statistics, 1 - 1e-9).outcome != wanted:
        return 1.0
    low, high = _TINY, 1 - 1e-9
    if judge(criterion, statistics, low).outcome == wanted:
        return 0.0 if judge(criterion, statistics, 1e-300).outcome == wanted else low
    while high / low > 1 + 1e-7:
        middle = (low * high) ** 0.5
        if judge(criterion, statistics, middle).outcome == wanted:
            high = middle
        else:
            low = middle
    return high


def planned_alpha(case: Case, evidence: str, *, share: float | None = None) -> float:
    """The doubt one leaf may spend: stated by its level, or an equal share of 1 − target.

    `share` is `equal_share(case)`, for whoever asks about many leaves of a case. It is over the
    leaves the root rests on, so that by the union bound all of their verdicts hold together with
    probability at least the target. What is no probability (`C107`) leaves nothing to spend: no
    verdict follows from it.
    """
    element = case.elements.get(evidence)
    if isinstance(element, Evidence) and element.level is not None:
        return 1 - element.level if 0 < element.level < 1 else 0.0
    return equal_share(case) if share is None else share


def equal_share(case: Case) -> float:
    """1 − target in equal parts for the leaves that the root rests on."""
    if not 0 < case.header.target < 1:
        return 0.0
    leaves = [
        name for name in supporting(case, [case.root]) if isinstance(case.elements[name], Evidence)
    ]
    return (1 - case.header.target) / max(1, len(leaves))


def spent_alpha(alpha: float, registration: int) -> float:
    """The share of `alpha` for the j-th registration of a claim: alpha / (j (j + 1)).

    The shares of all j add up to alpha, so trying again costs certainty and never buys it.
    """
    return alpha / (registration * (registration + 1))
