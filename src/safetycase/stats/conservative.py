"""Conservative Bayesian inference: the posterior that every prior with a stated feature grants.

All that is asserted beforehand is P(θ ≤ goal) ≥ prior, for the failure rate θ. After k failures
in n trials with likelihood L(θ) = θᵏ(1−θ)ⁿ⁻ᵏ, the least P(θ ≤ threshold) over all such priors is

    π·m / (π·m + (1−π)·M),  m = min{L(floor), L(goal)},  M = L(max(threshold, k/n)),

since L has one peak: the prior's mass sits where the data speak least for the good system and
most for the bad one. With k > 0 the good mass could hide at θ = 0, which the data exclude, so a
declared `floor` > 0 is needed; without it the answer is 0.

Bishop, Bloomfield, Littlewood, Povyakalo & Wright (2011), IEEE Trans. Softw. Eng. 37:708;
Strigini & Povyakalo (2013), SAFECOMP; Zhao, Salako, Strigini, Robu & Flynn (2020),
arXiv 2008.09510; Salako & Zhao (2022), arXiv 2208.00462 (doubted independence).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from safetycase.stats.inputs import counts, open_probability, probability, whole

__all__ = [
    "Feature",
    "clean_trials_needed",
    "worst_doubted_independence",
    "worst_doubted_record",
    "worst_posterior",
    "worst_predictive",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """What is asserted before the data: P(floor ≤ θ ≤ goal) is at least `prior`, and θ ≥ floor.

    `prior` = 0 asserts nothing, and then no data give any posterior confidence.
    """

    goal: float
    prior: float
    floor: float = 0.0

    def __post_init__(self) -> None:
        for name in ("goal", "prior", "floor"):
            probability(getattr(self, name), name)
        if self.floor > self.goal:
            raise ValueError(f"floor {self.floor!r} lies above the goal {self.goal!r}")


def worst_posterior(failures: int, trials: int, threshold: float, feature: Feature) -> float:
    """The least P(θ ≤ threshold | data) over the priors with the feature; goal ≤ threshold < 1.

    0 where the data have no chance under the good mass.
    """
    counts(failures, trials)
    _check_threshold(threshold, feature)
    good = min(_log_likelihood(at, failures, trials) for at in (feature.floor, feature.goal))
    worst = max(threshold, failures / trials if trials else 0.0)
    bad = _log_likelihood(worst, failures, trials)
    return _share(_weighted(feature.prior, good), _weighted(1 - feature.prior, bad))


def clean_trials_needed(threshold: float, target: float, feature: Feature) -> int | None:
    """The fewest trials without failure that give `worst_posterior` ≥ target, 0 < target < 1.

    ln(target(1−π)/(π(1−target))) / ln((1−goal)/(1−threshold)); None if no number will do.
    """
    open_probability(target, "target")
    _check_threshold(threshold, feature)
    if feature.prior >= target:
        return 0
    if feature.prior == 0 or feature.goal == threshold:
        return None
    gain = math.log1p(-feature.goal) - math.log1p(-threshold)
    odds = math.log(target / (1 - target)) + math.log((1 - feature.prior) / feature.prior)
    n = max(0, math.ceil(odds / gain) - 1)
    while worst_posterior(0, n, threshold, feature) < target:
        n += 1
    return n


def worst_predictive(failures: int, trials: int, future: int, feature: Feature) -> float:
    """The least P(no failure in `future` more trials | data) over the priors with the feature.

    At most 1e-12 below it; 0 where something failed and no floor is declared.
    The least φ with ∫ L(θ)((1−θ)^future − φ) dP = 0, found from below by bisection: for a given
    φ the integrand is least at an end of [floor, goal] or [goal, 1], or in its one trough.
    Salako & Muhammad (2025), arXiv 2511.07038, give the case by a fixed point.
    """
    counts(failures, trials)
    whole(future, "future")
    if future == 0:
        return 1.0
    low, high = 0.0, 1.0
    while high - low > 1e-12:
        middle = (low + high) / 2
        gain = _least_gain(failures, trials, future, middle, feature)
        low, high = (middle, high) if gain > 0 else (low, middle)
    return low


def worst_doubted_independence(
    trials: int, threshold: float, feature: Feature, *, doubt: float
) -> float:
    """`worst_posterior` of clean trials, where P(trials are dependent) is at most `doubt`.

    Dependent trials form a Markov chain with failure rate θ whose failures cluster: λ, the
    chance that a failure follows a failure, is anything in [θ, 1] (Klotz 1973, Ann. Stat. 1:373).
    n clean trials then have probability (1−θ)·((1−2θ+λθ)/(1−θ))ⁿ⁻¹, which at λ = 1 is 1−θ for
    every n: a bad system can pass them all. So B = min(doubt, 1−π)·(1−threshold) of the bad mass
    never goes away; with goal = 0 confidence levels off, with goal > 0 it falls in the end.
    """
    whole(trials, "trials")
    probability(doubt, "doubt")
    _check_threshold(threshold, feature)
    stuck = min(doubt, 1 - feature.prior)
    good = _weighted(feature.prior, _log_likelihood(feature.goal, 0, trials))
    bad = _weighted(1 - feature.prior - stuck, _log_likelihood(threshold, 0, trials))
    passes = _weighted(stuck, math.log1p(-threshold) if trials else 0.0)
    return _share(good, _log_sum(bad, passes))


def worst_doubted_record(
    outcomes: Sequence[bool], threshold: float, feature: Feature, *, doubt: float
) -> float:
    """`worst_doubted_independence` of a record with failures: true where the trial failed.

    Dependent good mass counts for nothing once pass and failure have alternated (λ = 1 excludes
    that), so up to `doubt` is lost there or put on the bad chain that explains the record best.
    The chain's first trial is bounded by itself, so the result is a lower bound, exact without
    failures. A lone failure among many passes shows that failures do not stick: such a record
    can be more reassuring than a clean one.
    """
    failures, trials = sum(map(bool, outcomes)), len(outcomes)
    probability(doubt, "doubt")
    _check_threshold(threshold, feature)
    prior, mixed = feature.prior, 0 < failures < trials
    good = min(_log_likelihood(at, failures, trials) for at in (feature.floor, feature.goal))
    worst = max(threshold, failures / trials if trials else 0.0)
    bad = _log_likelihood(worst, failures, trials)
    # The chain is reversible, so the record read backwards bounds it as well.
    chain = min(_log_best_chain(read, threshold) for read in (outcomes, outcomes[::-1]))
    on_bad = min(doubt, 1 - prior)
    on_good = min(doubt, prior)
    shares = []
    for lost, stuck in (
        (min(doubt - on_bad, prior), on_bad),
        (on_good, min(doubt - on_good, 1 - prior)),
    ):
        kept = _weighted(prior - lost if mixed else prior, good)
        rest = _weighted(1 - prior - stuck, bad)
        shares.append(_share(kept, _log_sum(rest, _weighted(stuck, chain))))
    return min(shares)


def _log_best_chain(outcomes: Sequence[bool], threshold: float) -> float:
    """An upper bound of the log likelihood of a clustering chain with failure rate ≥ threshold.

    In α = P(failure | pass) and λ = P(failure | failure) it is concave given the first trial,
    and θ ≥ threshold and λ ≥ θ are linear: α(1−threshold) ≥ threshold(1−λ) and λ ≥ α. For each λ
    the best α is n₀₁/(n₀₀+n₀₁), moved into its range; the best λ is found by golden section.
    """
    if not outcomes:
        return 0.0
    steps = dict.fromkeys(((0, 0), (0, 1), (1, 0), (1, 1)), 0)
    for before, after in pairwise(outcomes):
        steps[int(bool(before)), int(bool(after))] += 1
    from_pass = steps[0, 0] + steps[0, 1]
    from_failure = steps[1, 0] + steps[1, 1]

    def best(repeat: float) -> float:
        least = min(repeat, threshold * (1 - repeat) / (1 - threshold))
        wish = steps[0, 1] / from_pass if from_pass else repeat
        rate = min(repeat, max(least, wish))
        after_pass = _log_likelihood(rate, steps[0, 1], from_pass)
        return after_pass + _log_likelihood(repeat, steps[1, 1], from_failure)

    first = 0.0 if outcomes[0] else math.log1p(-threshold)
    low, high, golden = threshold, 1.0, (math.sqrt(5) - 1) / 2
    ends = max(best(low), best(high))
    for _ in range(80):
        one, two = high - golden * (high - low), low + golden * (high - low)
        low, high = (one, high) if best(one) < best(two) else (low, two)
    return first + max(ends, best((low + high) / 2))


def _check_threshold(threshold: float, feature: Feature) -> None:
    probability(threshold, "threshold")
    if threshold >= 1 or feature.goal > threshold:
        raise ValueError(
            f"threshold {threshold!r} is not below 1 and at least the goal {feature.goal!r}"
        )


def _log_likelihood(rate: float, failures: int, trials: int) -> float:
    """The logarithm of θᵏ(1−θ)ⁿ⁻ᵏ with 0⁰ = 1."""
    passes = trials - failures
    if (failures and rate <= 0) or (passes and rate >= 1):
        return -math.inf
    gain = failures * math.log(rate) if failures else 0.0
    return gain + (passes * math.log1p(-rate) if passes else 0.0)


def _weighted(mass: float, log_value: float) -> float:
    """ln(mass · value); minus infinity for no mass."""
    return math.log(mass) + log_value if mass > 0 else -math.inf


def _log_sum(one: float, two: float) -> float:
    most = max(one, two)
    return (
        most if most == -math.inf else most + math.log(math.exp(one - most) + math.exp(two - most))
    )


def _share(good: float, bad: float) -> float:
    """e^good / (e^good + e^bad); 0 where there is nothing good."""
    if good == -math.inf:
        return 0.0
    return 1.0 if bad == -math.inf else 1 / (1 + math.exp(min(700.0, bad - good)))


def _least_gain(
    failures: int, trials: int, future: int, goal_rate: float, feature: Feature
) -> float:
    """The least ∫ L(θ)((1−θ)^N − φ) dP over the priors, on a scale that keeps its sign."""
    # The likelihood at the best bad rate: the good mass is never far below it where it matters.
    scale = _log_likelihood(
        max(feature.goal, failures / trials if trials else 0.0), failures, trials
    )
    if scale == -math.inf:
        scale = _log_likelihood(failures / trials, failures, trials)

    def gain(rate: float) -> float:
        log = _log_likelihood(rate, failures, trials) - scale
        return math.exp(min(700.0, log)) * (_clean(rate, future) - goal_rate)

    def least(low: float, high: float) -> float:
        trough = _trough(failures, trials, future, goal_rate, low, high)
        return min(gain(low), gain(high), gain(trough))

    return feature.prior * least(feature.floor, feature.goal) + (1 - feature.prior) * least(
        feature.goal, 1.0
    )


def _trough(
    failures: int, trials: int, future: int, goal_rate: float, low: float, high: float
) -> float:
    """Where L(θ)((1−θ)^N − φ) is least among the θ in [low, high] that make it negative.

    There it is minus a log-concave function, so it falls and then rises.
    """
    negative = -math.expm1(math.log(goal_rate) / future)
    low = max(low, negative)
    if low >= high:
        return high

    def falls(rate: float) -> bool:
        slope = _clean(rate, future) * (failures - (trials + future) * rate)
        return slope - goal_rate * (failures - trials * rate) < 0

    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if falls(middle) else (low, middle)
    return (low + high) / 2


def _clean(rate: float, future: int) -> float:
    return math.exp(future * math.log1p(-rate)) if rate < 1 else 0.0
