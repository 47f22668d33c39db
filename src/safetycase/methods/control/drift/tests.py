"""Have two streams of scores the same law? A bounded distance, an exact test, a watch on each look.

- `distance`: the Kolmogorov distance with the band of Dvoretzky, Kiefer & Wolfowitz, with the
  constant of Massart (1990), Ann. Probab. 18:1269: P(sup |Fₙ − F| > ε) ≤ 2 exp(−2nε²), every n.
- `smirnov`: the exact permutation p-value of the two-sample distance, ties as they are (Hodges
  1958, Ark. Mat. 3:469; Schröer & Trenkler 1995, Comput. Stat. Data Anal. 20:185).
- `watch`: a conformal test martingale, which may be looked at after every score (Vovk, Gammerman
  & Shafer 2005, Algorithmic Learning in a Random World, ch. 7; the bets are the Simple Jumper of
  Vovk et al. 2021, Retrain or not retrain, PMLR 152:191).
"""

from __future__ import annotations

import bisect
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Distance", "Watch", "distance", "population_stability", "smirnov", "watch"]

WORK = 100_000_000  # cells of the lattice of the exact test
JUMP = 0.01
_LEVELS = (-1.0, 0.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Distance:
    """sup |Fₐ − F_b| of the samples, and the ends for the laws behind them."""

    seen: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Log wealth after every live score, the largest and where (from 0), and its p-value."""

    log_wealth: tuple[float, ...]
    largest: float
    at: int
    first_alarm: int | None

    @property
    def anytime_p(self) -> float:
        """min(1, 1/largest wealth), valid however often one looked."""
        return math.exp(-max(0.0, self.largest))


def distance(
    a: Sequence[float], b: Sequence[float], *, missing_a: int, missing_b: int, level: float
) -> Distance:
    """The distance and its interval at `level`; missing scores may lie anywhere.

    Each sample gets half of 1 − `level`. An end moves by the share of missing scores, since a
    distribution function with those added differs by at most that.
    """
    seen = _integer_distance(sorted(a), sorted(b)) / (len(a) * len(b))
    slack = sum(
        math.sqrt(math.log(4 / (1 - level)) / (2 * (len(x) + missing)))
        + missing / (len(x) + missing)
        for x, missing in ((a, missing_a), (b, missing_b))
    )
    return Distance(seen=seen, low=max(0.0, seen - slack), high=min(1.0, seen + slack))


def _integer_distance(a: Sequence[float], b: Sequence[float]) -> int:
    """The distance of two sorted samples, times both sizes."""
    i = j = most = 0
    while i < len(a) and j < len(b):
        at = min(a[i], b[j])
        while i < len(a) and a[i] == at:
            i += 1
        while j < len(b) and b[j] == at:
            j += 1
        most = max(most, abs(i * len(b) - j * len(a)))
    return most


def smirnov(a: Sequence[float], b: Sequence[float]) -> float | None:
    """P(distance ≥ the one seen) over all splits of the pooled scores; None if there are too many.

    A walk over the pooled scores in their order, each step an `a` or a `b`; the distance is read
    where the next score differs, so that ties need no breaking.
    """
    import numpy as np

    n, m = len(a), len(b)
    if n * m > WORK:
        return None
    goal = _integer_distance(sorted(a), sorted(b))
    if goal == 0:
        return 1.0
    pooled, total = sorted((*a, *b)), n + m
    taken = np.arange(n + 1)
    state = np.zeros(n + 1)
    state[0], reached = 1.0, 0.0
    for step in range(total):
        left = total - step
        other = m - (step - taken)
        after = state * np.clip(other, 0, m) / left
        after[1:] += state[:-1] * (n - taken[:-1]) / left
        if step + 1 == total or pooled[step + 1] != pooled[step]:
            out = np.abs(taken * m - (step + 1 - taken) * n) >= goal
            reached += float(after[out].sum())
            after[out] = 0.0
        state = after
    return min(1.0, reached)


def watch(before: Sequence[float], live: Sequence[float], *, seed: int, level: float) -> Watch:
    """Bet, score by score, against "the live scores go on like those before".

    The rank of each live score among all so far is uniform if the order of scores means nothing;
    ties are broken by the seed. Half of the stake is on ranks that move up or down, half on ranks
    that gather at the ends or in the middle. Alarms where the wealth reaches 1/(1 − level).
    """
    draw = random.Random(seed)  # noqa: S311 - breaks ties
    known = sorted(before)
    bets = (_Jumper(), _Jumper())
    path: list[float] = []
    first = None
    for score in live:
        low, high = bisect.bisect_left(known, score), bisect.bisect_right(known, score)
        rank = (low + (high - low + 1) * draw.random()) / (len(known) + 1)
        known.insert(high, score)
        bets[0].bet(2 * rank - 1)
        bets[1].bet(4 * abs(rank - 0.5) - 1)
        one, two = bets[0].log_wealth, bets[1].log_wealth
        most = max(one, two)
        path.append(most + math.log((math.exp(one - most) + math.exp(two - most)) / 2))
        if first is None and path[-1] >= -math.log(1 - level):
            first = len(path) - 1
    at = max(range(len(path)), key=path.__getitem__) if path else 0
    return Watch(
        log_wealth=tuple(path),
        largest=path[at] if path else 0.0,
        at=at,
        first_alarm=first,
    )


class _Jumper:
    """Bets 1 + εx on an x in [−1, 1] of mean 0, ε in −1, 0, 1, changing ε now and then."""

    def __init__(self) -> None:
        self.shares = [1 / 3] * 3
        self.log_wealth = 0.0

    def bet(self, x: float) -> None:
        moved = [(1 - JUMP) * share + JUMP / 3 for share in self.shares]
        won = [share * (1 + e * x) for share, e in zip(moved, _LEVELS, strict=True)]
        total = sum(won)
        self.log_wealth += math.log(total)
        self.shares = [share / total for share in won]


def population_stability(a: Sequence[float], b: Sequence[float], bins: int) -> float:
    """The population stability index over quantile bins of `a`, half a score added to each bin.

    A description and no test: its size depends on the bins and on how many scores there are.
    """
    ordered = sorted(a)
    edges = sorted({ordered[len(ordered) * k // bins] for k in range(1, bins)})
    counts = []
    for values in (a, b):
        each = [0.5] * (len(edges) + 1)
        for value in values:
            each[bisect.bisect_right(edges, value)] += 1
        counts.append([count / math.fsum(each) for count in each])
    return math.fsum((q - p) * math.log(q / p) for p, q in zip(*counts, strict=True))
