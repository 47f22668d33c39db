"""The exact power of paired, two-sample and clustered designs, and the fewest units they need.

Each number is a sum over outcomes, not a normal approximation and not a simulation. Where the
outcomes are too many to list, the result is a guaranteed *lower* bound and says so.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from safetycase.stats.betting import shares
from safetycase.stats.binomial import at_least, clopper_pearson

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

__all__ = [
    "ClusterPower",
    "design_effect",
    "power_clustered",
    "power_difference",
    "power_paired",
    "sample_size_clustered",
    "sample_size_difference",
    "sample_size_paired",
]

_MOST = 20_000  # units beyond which a search ends with a sentence, not with an hour of work
_LARGEST = 1_000_000  # units (a hundredth of it: items a cluster) whose counts are held
_LISTED = 200_000  # outcomes that are listed one by one
_FFT_ERROR = 1e-10  # far above the rounding of a transform of that length


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterPower:
    """`power`, and whether it is the exact sum or (`exact` False) a guaranteed lower bound."""

    power: float
    exact: bool


def power_paired(n: int, only_a: float, only_b: float, alpha: float) -> float:
    """The chance that the exact one-sided McNemar test of `n` pairs shows a > b at `alpha`.

    `only_a`, `only_b`: probabilities that a pair is in favour of one condition. The number of
    disagreeing pairs is binomial, and given it the test is a binomial one.
    """
    _check_pairs(n, only_a, only_b, alpha)
    share = only_a + only_b
    return _mixed(n, share, _power_given_discordant(n, only_a, only_b, alpha))


def sample_size_paired(only_a: float, only_b: float, alpha: float, power: float) -> int:
    """The fewest pairs with `power_paired` at least `power`; every smaller number was tried.

    `ValueError` if a is not the better condition, or if 20,000 pairs are not enough.
    """
    _check_pairs(1, only_a, only_b, alpha)
    _check_power(power)
    if not only_a > only_b:
        raise ValueError(f"only_a {only_a!r} is not above only_b {only_b!r}")
    most = 16
    while power_paired(most, only_a, only_b, alpha) < power:
        if most >= _MOST:
            raise ValueError(f"not even {_MOST:,} pairs reach the power {power!r}")
        most = min(2 * most, _MOST)
    given = _power_given_discordant(most, only_a, only_b, alpha)
    share = only_a + only_b
    return next(n for n in range(1, most + 1) if _mixed(n, share, given) >= power)


def power_difference(
    n_a: int, n_b: int, rate_a: float, rate_b: float, alpha: float, *, margin: float = 0.0
) -> float:
    """The chance that the lower bound of `Difference` exceeds −`margin`, two independent samples.

    Margin 0 asks for superiority, a positive one for non-inferiority. A sum over all pairs of
    counts, to 1e-12.
    """
    if min(n_a, n_b) < 1 or max(n_a, n_b) > _LARGEST:
        raise ValueError(f"{n_a} and {n_b} trials: each sample has from 1 to {_LARGEST:,}")
    _check_rates(rate_a, rate_b)
    _check_alpha(alpha)
    if not 0 <= margin < 1:
        raise ValueError(f"margin {margin!r} is not at least 0 and below 1")
    ends_a = [
        (clopper_pearson(k, n_a, alpha_low=alpha / 2, alpha_high=0).low, mass)
        for k, mass in _likely(n_a, rate_a)
    ]
    ends_b = [
        (clopper_pearson(k, n_b, alpha_low=0, alpha_high=alpha / 2).high, mass)
        for k, mass in _likely(n_b, rate_b)
    ]
    # Both ends rise with the count, so that the counts of b that are low enough form a prefix.
    total, prefix, at = 0.0, 0.0, 0
    for low, mass in ends_a:
        while at < len(ends_b) and low - ends_b[at][0] > -margin:
            prefix += ends_b[at][1]
            at += 1
        total += mass * prefix
    return min(1.0, total)


def sample_size_difference(
    rate_a: float, rate_b: float, alpha: float, power: float, *, margin: float = 0.0
) -> int:
    """The trials a sample, two of the same size, with `power_difference` at least `power`.

    Power is a saw-tooth in n: the result has enough of it and the twenty sizes below it have
    not; a smaller size further down may touch the same power on one of its teeth.
    """
    _check_power(power)
    _check_rates(rate_a, rate_b)
    if not rate_a - rate_b > -margin:
        raise ValueError(f"rates {rate_a!r} and {rate_b!r} do not differ by more than the margin")

    def enough(n: int) -> bool:
        return power_difference(n, n, rate_a, rate_b, alpha, margin=margin) >= power

    return _first(enough, 1, f"the power {power!r}")


def design_effect(size: float, icc: float) -> float:
    """By how much clusters of `size` items inflate the variance of a rate: 1 + (size − 1)·icc.

    Kish (1965), Survey Sampling, §5.4. For planning; no verdict rests on it.
    """
    if not (size >= 1 and math.isfinite(size) and 0 <= icc <= 1):
        raise ValueError(f"size {size!r} is at least 1 and icc {icc!r} lies between 0 and 1")
    return 1 + (size - 1) * icc


def power_clustered(
    clusters: int, size: int, *, true_rate: float, icc: float, threshold: float, alpha: float
) -> ClusterPower:
    """The chance that the betting bound of `Clustered` is at most `threshold`.

    Each cluster has `size` items and a rate of its own, beta with mean `true_rate` and the
    intraclass correlation `icc`, so that its count is beta-binomial. Up to 200,000 multisets of
    counts are summed exactly. Beyond, a lower bound: a mixture of bets wins at least when one of
    its bets wins by itself, and the log wealth of one bet is a sum of independent terms whose
    distribution, each term rounded down to a grid, is a power of a Fourier transform.
    """
    _check_clusters(clusters, size, true_rate, icc, threshold, alpha)
    import numpy as np

    mass = np.array(beta_binomial(size, true_rate, icc))
    keep = mass > 0
    values = 1 - np.arange(size + 1)[keep] / size
    bets = shares(clusters)
    with np.errstate(divide="ignore"):
        steps = np.array([np.log(1 - c + c * values / (1 - threshold)) for c, _ in bets])
    weights = np.log([weight for _, weight in bets])
    goal = -math.log(alpha)
    if math.comb(clusters + len(values) - 1, clusters) <= _LISTED:
        total = _listed(clusters, mass[keep], steps, weights, goal)
        return ClusterPower(power=total, exact=True)
    bound = _best_single(clusters, mass[keep], steps, goal - weights)
    return ClusterPower(power=bound, exact=False)


def sample_size_clustered(
    size: int, *, true_rate: float, icc: float, threshold: float, alpha: float, power: float
) -> int:
    """Clusters of `size` items for which `power_clustered` guarantees `power`.

    The smallest of its neighbourhood, as `sample_size_difference`. Compare it with the plan by
    design effect, `sample_size_upper(…) · design_effect(…) / size`, which is usually too short.
    """
    _check_power(power)
    _check_clusters(1, size, true_rate, icc, threshold, alpha)
    if not true_rate < threshold:
        raise ValueError(f"true rate {true_rate!r} is not below the threshold {threshold!r}")

    def enough(clusters: int) -> bool:
        found = power_clustered(
            clusters, size, true_rate=true_rate, icc=icc, threshold=threshold, alpha=alpha
        )
        return found.power >= power

    return _first(enough, 1, f"the power {power!r}")


def beta_binomial(size: int, rate: float, icc: float) -> list[float]:
    """P(k successes of `size`) for k = 0 … size, mean `rate` and intraclass correlation `icc`."""
    if icc == 0 or rate in (0, 1) or size == 1:
        return [float(p) for p in _pmf(size, rate)]
    if icc == 1:
        return [1 - rate] + [0.0] * (size - 1) + [rate]
    a, b = rate * (1 / icc - 1), (1 - rate) * (1 / icc - 1)
    whole = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) - math.lgamma(size + a + b)
    logs = [
        _log_choose(size, k) + math.lgamma(k + a) + math.lgamma(size - k + b) + whole
        for k in range(size + 1)
    ]
    return [math.exp(log) for log in logs]


def _power_given_discordant(n: int, only_a: float, only_b: float, alpha: float) -> Numbers:
    """The power for each number of disagreeing pairs among `n`, up to one too rare to matter."""
    import numpy as np

    both = only_a + only_b
    share = only_a / both if both else 0.0
    # Bernstein: more than this has a probability below e⁻³².
    most = min(n, math.ceil(n * both + 8 * math.sqrt(n * both) + 22))
    powers, critical = np.zeros(n + 1), 0
    for m in range(most + 1):
        # One more pair raises the critical count by at most one.
        while critical <= m and at_least(critical, m, 0.5) > alpha:
            critical += 1
        powers[m] = at_least(critical, m, share) if critical <= m else 0.0
    return powers


def _mixed(n: int, share: float, given: Numbers) -> float:
    """The mean of `given` over a binomial number, n trials of rate `share`."""
    return min(1.0, float(given[: n + 1] @ _pmf(n, share)))


def _pmf(n: int, rate: float) -> Numbers:
    """The binomial distribution as an array of n + 1 probabilities."""
    import numpy as np

    if rate in (0, 1):
        certain: Numbers = np.zeros(n + 1)
        certain[n if rate else 0] = 1.0
        return certain
    logs = np.concatenate(([0.0], np.cumsum(np.log(np.arange(1, n + 1)))))
    counts = np.arange(n + 1)
    log = logs[n] - logs - logs[::-1] + counts * math.log(rate)
    mass: Numbers = np.exp(log + (n - counts) * math.log1p(-rate))
    return mass


def _likely(n: int, rate: float) -> list[tuple[int, float]]:
    """(count, probability) in rising order, without tails of less than 1e-13 in all."""
    mass = _pmf(n, rate)
    return [(k, float(p)) for k, p in enumerate(mass) if p > 1e-13 / (n + 1)]


def _listed(clusters: int, mass: Numbers, steps: Numbers, weights: Numbers, goal: float) -> float:
    """The exact sum over all multisets of cluster outcomes."""
    import numpy as np

    counts = _compositions(clusters, len(mass))
    logs = np.concatenate(([0.0], np.cumsum(np.log(np.arange(1, clusters + 1)))))
    chances = np.exp(logs[clusters] - logs[counts].sum(axis=1) + counts @ np.log(mass))
    wins = np.zeros(len(counts))
    for step, weight in zip(steps, weights, strict=True):
        dead = np.isneginf(step)
        log = counts @ np.where(dead, 0.0, step)
        alive = ~(counts[:, dead] > 0).any(axis=1)
        wins += np.where(alive, np.exp(np.minimum(log + weight, 600.0)), 0.0)
    return float(min(1.0, chances[wins >= math.exp(goal)].sum()))


def _compositions(total: int, parts: int) -> NDArray[np.int64]:
    """All rows of `parts` whole numbers ≥ 0 that add up to `total`."""
    import numpy as np

    rows: NDArray[np.int64] = np.zeros((1, 0), dtype=np.int64)
    left = np.array([total], dtype=np.int64)
    for _ in range(parts - 1):
        repeat = left + 1
        starts = np.repeat(np.cumsum(repeat) - repeat, repeat)
        new = np.arange(repeat.sum()) - starts
        rows = np.column_stack((np.repeat(rows, repeat, axis=0), new))
        left = np.repeat(left, repeat) - new
    return np.column_stack((rows, left))


def _best_single(clusters: int, mass: Numbers, steps: Numbers, goals: Numbers) -> float:
    """The best lower bound that one bet alone gives; the three likeliest bets are tried."""
    import numpy as np

    finite = np.where(np.isneginf(steps), -50.0, steps)
    mean = finite @ mass
    spread = np.sqrt(np.maximum(finite**2 @ mass - mean**2, 1e-12) * clusters)
    order = np.argsort((goals - clusters * mean) / spread)[:3]
    return max(_one_bet(clusters, mass, steps[j], float(goals[j])) for j in order)


def _one_bet(clusters: int, mass: Numbers, step: Numbers, goal: float) -> float:
    """P(sum of `clusters` independent steps ≥ goal), each step rounded down to a grid."""
    import numpy as np

    alive = np.isfinite(step)
    step, mass = step[alive], mass[alive]
    least, most = float(step.min()), float(step.max())
    if most == least:
        return float(mass.sum() ** clusters) if clusters * least >= goal else 0.0
    grid = 1 << min(21, max(16, (1024 * clusters).bit_length()))
    cells = grid // clusters - 1
    width = (most - least) / cells
    place = np.floor((step - least) / width * (1 - 1e-12)).astype(np.int64)
    first = math.ceil((goal - clusters * least) / width)
    if first > int(place.max()) * clusters:
        return 0.0
    single = np.bincount(place, weights=mass, minlength=cells + 1)
    together = np.fft.irfft(np.fft.rfft(single, grid) ** clusters, grid)
    return float(min(1.0, max(0.0, together[max(0, first) :].sum() - _FFT_ERROR)))


def _first(enough: Callable[[int], bool], start: int, what: str) -> int:
    """The first n that is enough by doubling, bisection and twenty steps down from there."""
    most = start
    while not enough(most):
        if most >= _MOST:
            raise ValueError(f"not even {_MOST:,} reach {what}")
        most = min(2 * most, _MOST)
    least = most // 2 if most > start else start - 1
    while most - least > 1:
        middle = (least + most) // 2
        least, most = (least, middle) if enough(middle) else (middle, most)
    return min(n for n in range(max(start, most - 20), most + 1) if enough(n))


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _check_alpha(alpha: float) -> None:
    if not 0 < alpha < 1:
        raise ValueError(f"alpha {alpha!r} is not between 0 and 1")


def _check_power(power: float) -> None:
    if not 0 < power < 1:
        raise ValueError(f"power {power!r} is not between 0 and 1")


def _check_rates(*rates: float) -> None:
    for rate in rates:
        if not 0 <= rate <= 1:
            raise ValueError(f"rate {rate!r} is not between 0 and 1")


def _check_pairs(n: int, only_a: float, only_b: float, alpha: float) -> None:
    _check_alpha(alpha)
    _check_rates(only_a, only_b)
    if not 1 <= n <= _LARGEST:
        raise ValueError(f"{n} pairs: from 1 to {_LARGEST:,}")
    if only_a + only_b > 1:
        raise ValueError(f"only_a {only_a!r} and only_b {only_b!r} add up to more than 1")


def _check_clusters(
    clusters: int, size: int, true_rate: float, icc: float, threshold: float, alpha: float
) -> None:
    _check_alpha(alpha)
    _check_rates(true_rate, icc)
    if not (1 <= clusters <= _MOST and 1 <= size <= _LARGEST // 100):
        raise ValueError(
            f"{clusters} clusters of {size}: from 1 to {_MOST:,}, of 1 to {_LARGEST // 100:,} items"
        )
    if not 0 < threshold < 1:
        raise ValueError(f"threshold {threshold!r} is not between 0 and 1")
