"""Has a success rate fallen? An exact trend test over months, and a chart over single items.

The trend test: given how many items each auditor had in each month and how many of them were
missed in all, every assignment of the misses to the items is equally likely if the rate did not
change. The statistic is Σ month · misses, its distribution that of independent strata added up
(Cochran 1954, Biometrics 10:417; Armitage 1955, Biometrics 11:375; the exact conditional form
is in Agresti 2002, Categorical Data Analysis, §5.3.5). A difference between auditors is no trend.

The chart: a Bernoulli CUSUM, on a grid so that its law is a Markov chain and nothing is
approximated (Reynolds & Stoumbos 1999, J. Quality Technology 31:87).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Law = NDArray[np.float64]

__all__ = ["Chart", "Trend", "chart_for", "trend_test"]

Stratum = Sequence[tuple[int, int, int]]
"""(month, items, misses) of one auditor, month from 0."""

_WORK = 200_000_000  # numbers touched by the exact law of one stratum
_DRAWS = 9_999


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """One-sided p-values; `exact` if all assignments are counted, else from drawn ones."""

    rising_misses: float
    falling_misses: float
    exact: bool


def trend_test(strata: Iterable[Stratum], seed: int) -> Trend:
    """The p-values of "misses grow over the months" and of the reverse; 1 where nothing can vary.

    Large strata are drawn, with the observed assignment counted as one of the draws, so that the
    p-value is valid as it is (Phipson & Smyth 2010, Stat. Appl. Genet. Mol. Biol. 9:39).
    """
    kept = [tuple(row for row in stratum if row[1]) for stratum in strata]
    kept = [stratum for stratum in kept if any(misses for _, _, misses in stratum)]
    seen = sum(month * misses for stratum in kept for month, _, misses in stratum)
    if all(_work(stratum) <= _WORK for stratum in kept):
        import numpy as np

        law: Law = np.ones(1)
        for stratum in kept:
            law = np.convolve(law, _law(stratum))
        return Trend(
            rising_misses=min(1.0, float(law[seen:].sum())),
            falling_misses=min(1.0, float(law[: seen + 1].sum())),
            exact=True,
        )
    drawn = _drawn(kept, seed)
    return Trend(
        rising_misses=(1 + int((drawn >= seen).sum())) / (_DRAWS + 1),
        falling_misses=(1 + int((drawn <= seen).sum())) / (_DRAWS + 1),
        exact=False,
    )


def _work(stratum: Stratum) -> int:
    misses, last = sum(row[2] for row in stratum), stratum[-1][0]
    steps = sum(min(items, misses) + 1 for _, items, _ in stratum)
    return steps * (misses + 1) * (misses * last + 1)


def _law(stratum: Stratum) -> Law:
    """P(Σ month · misses = t) given the items of each month and the misses in all, by t."""
    import numpy as np

    misses, last = sum(row[2] for row in stratum), stratum[-1][0]
    rate = misses / sum(row[1] for row in stratum)
    # Misses placed so far, by statistic so far; independent binomials, conditioned at the end.
    joint = np.zeros((misses + 1, misses * last + 1))
    joint[0, 0] = 1.0
    for month, items, _ in stratum:
        after = np.zeros_like(joint)
        for x in range(min(items, misses) + 1):
            shift, chance = month * x, _binomial(x, items, rate)
            width = joint.shape[1] - shift
            after[x:, shift:] += chance * joint[: misses + 1 - x, :width]
        joint = after
    law: Law = joint[misses] / joint[misses].sum()
    return law


def _binomial(x: int, n: int, rate: float) -> float:
    if rate >= 1.0:
        return float(x == n)
    log_ways = math.lgamma(n + 1) - math.lgamma(x + 1) - math.lgamma(n - x + 1)
    return math.exp(log_ways + x * math.log(rate) + (n - x) * math.log1p(-rate))


def _drawn(strata: Sequence[Stratum], seed: int) -> NDArray[np.int64]:
    import numpy as np

    generator = np.random.default_rng(seed)
    total = np.zeros(_DRAWS, dtype=np.int64)
    for stratum in strata:
        months, items, misses = (np.array(column) for column in zip(*stratum, strict=True))
        splits = generator.multivariate_hypergeometric(items, int(misses.sum()), size=_DRAWS)
        total += splits @ months
    return total


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A CUSUM of single outcomes: a miss adds `up`, a catch takes one off, never below 0.

    It alarms at `limit` or above. `false_alarm` is the exact chance of that within the items it
    was made for while the recall stays at `in_control`; `run_length` and `run_length_fallen` are
    the exact mean numbers of items until an alarm at the recall in control and at the fallen one.
    """

    up: int
    limit: int
    in_control: float
    fallen: float
    items: int
    false_alarm: float
    run_length: float
    run_length_fallen: float

    def path(self, caught: Iterable[bool]) -> list[int]:
        """The chart after each item."""
        found, at = [], 0
        for hit in caught:
            at = max(0, at - 1) if hit else at + self.up
            found.append(at)
        return found

    def alarm(self, caught: Iterable[bool]) -> int | None:
        """The place (from 0) of the item at which it first alarms."""
        return next((i for i, at in enumerate(self.path(caught)) if at >= self.limit), None)


@functools.lru_cache(maxsize=64)
def chart_for(in_control: float, fallen: float, items: int, alpha: float) -> Chart:
    """The chart with the lowest limit whose false alarm within `items` has probability ≤ `alpha`.

    The weights are those of the likelihood ratio of recall `fallen` to `in_control`, rounded to
    the grid; rounding moves its power and not its level, which is computed for the grid.
    """
    good, bad = 1 - in_control, 1 - fallen
    loss = math.log(bad / good)
    gain = -math.log((1 - bad) / (1 - good))
    up = max(1, round(loss / gain))
    low, high = 1, up
    while _alarm_chance(up, high, good, items) > alpha:
        low, high = high + 1, 2 * high
    while low < high:
        middle = (low + high) // 2
        if _alarm_chance(up, middle, good, items) <= alpha:
            high = middle
        else:
            low = middle + 1
    return Chart(
        up=up,
        limit=low,
        in_control=in_control,
        fallen=fallen,
        items=items,
        false_alarm=_alarm_chance(up, low, good, items),
        run_length=_run_length(up, low, good),
        run_length_fallen=_run_length(up, low, bad),
    )


def _alarm_chance(up: int, limit: int, miss: float, items: int) -> float:
    """P(the chart reaches `limit` within `items`) if each is missed with probability `miss`."""
    import numpy as np

    state = np.zeros(limit)
    state[0], lost = 1.0, 0.0
    for _ in range(items):
        after = np.zeros(limit)
        after[0] = (1 - miss) * state[0]
        after[: limit - 1] += (1 - miss) * state[1:]
        if up < limit:
            after[up:] += miss * state[: limit - up]
        lost += miss * float(state[max(0, limit - up) :].sum())
        state = after
    return lost


def _run_length(up: int, limit: int, miss: float) -> float:
    """The mean number of items until the limit is reached, from 0."""
    import numpy as np

    system = np.eye(limit)
    for at in range(limit):
        system[at, max(0, at - 1)] -= 1 - miss
        if at + up < limit:
            system[at, at + up] -= miss
    try:
        solved = np.linalg.solve(system, np.ones(limit))
    except np.linalg.LinAlgError:
        return math.inf
    length = float(solved[0])
    return length if math.isfinite(length) and length > 0 else math.inf
