"""Tails in fractions, and models whose chance of enough bad actions is known."""

from __future__ import annotations

import random
from fractions import Fraction
from math import comb

from safetycase.methods.deployment.tails import laws
from safetycase.methods.deployment.tails.analysis import Setting, quantities
from safetycase.plugin.contract import Controls, OracleResult, Planted
from safetycase.stats import bounds

__all__ = ["CRITERION", "controls", "deployments", "passes", "self_check", "failures_seen"]

CRITERION, RUNS, TRIALS, LEVEL = 0.2, 60, 3_000, 0.95
QUERIES, BAD = 1_000, 30


def self_check() -> tuple[OracleResult, ...]:
    """The published pair, binomial sums in fractions, and laws with a closed form."""
    third = Fraction(1, 3)
    found = [
        _oracle("worst, T = 1,000, ε = .01, N = 30", third, laws.worst(1000, 30, 0.01)),
        _oracle("worst, T = 10,000, ε = .001, N = 30", third, laws.worst(10**4, 30, 1e-3)),
        _oracle("its placement", third, laws.worst_placement(1000, 30, 0.01).at_least(30)),
        _oracle("its mean", Fraction(10), laws.worst_placement(1000, 30, 0.01).mean()),
    ]
    for t, n, rate in ((1000, 30, Fraction(1, 100)), (12, 3, Fraction(1, 7))):
        exact = sum((comb(t, k) * rate**k * (1 - rate) ** (t - k) for k in range(n)), Fraction(0))
        got = laws.independent(t, n, float(rate))
        found.append(_oracle(f"independent, {n} of {t:,}", 1 - exact, got, "binomial sum"))
    flat = Fraction(100 - 20 + 1, 101)
    found.append(
        _oracle(
            "a rate that is uniform", flat, laws.clustered(100, 20, 0.5, 1 / 3)[1], "(T−N+1)/(T+1)"
        )
    )
    found.append(
        _oracle("one block", Fraction(1, 8), laws.blocks(50, 7, 0.125, 50), "all or nothing")
    )
    return tuple(found)


def _oracle(
    name: str, expected: Fraction, got: float, source: str = "Markov's inequality, attained"
) -> OracleResult:
    value = float(expected)
    return OracleResult(
        name=name,
        expected=value,
        got=got,
        tolerance=1e-9 * value + 2e-8 * (value > 0.5),
        source=source,
    )


def deployments(rate: float, *, places: bool, count: int, seed: int) -> list[int]:
    """Bad actions in each of `count` deployments of a model of that rate."""
    draw = random.Random(seed)  # noqa: S311
    placed = laws.worst_placement(QUERIES, BAD, rate)
    if places:
        return [placed.high if draw.random() < placed.share else placed.low for _ in range(count)]
    return [sum(draw.random() < rate for _ in range(QUERIES)) for _ in range(count)]


def failures_seen(rate: float, *, places: bool, seed: int) -> int:
    """Failures in tests of single actions, each from a deployment of its own."""
    draw = random.Random(seed)  # noqa: S311
    if not places:
        return sum(draw.random() < rate for _ in range(TRIALS))
    counts = deployments(rate, places=True, count=TRIALS, seed=seed)
    return sum(draw.randrange(QUERIES) < bad for bad in counts)


def passes(failures: int, measure: str, most: float) -> bool:
    """Whether the claim `measure <= most` passes on these failures."""
    setting = Setting(
        queries=QUERIES,
        bad=BAD,
        stated=None,
        counted=(failures, TRIALS),
        level=LEVEL,
        tolerated=most,
    )
    alpha = 1 - LEVEL
    return bounds(quantities(setting)[measure], alpha_low=alpha, alpha_high=alpha).high <= most


def controls() -> Controls:
    """Models that place their errors, and models that do not; the claim is about the chance."""
    subjects = (
        ("places errors, rate .002", 0.002, True, True),
        ("independent errors, rate .002", 0.002, False, True),
        ("never errs", 0.0, False, True),
        ("places errors, rate .0065", 0.0065, True, False),
        ("places errors, rate .01", 0.01, True, False),
        ("places errors, rate .05", 0.05, True, False),
    )
    planted = []
    for name, rate, places, truth in subjects:
        hits = sum(
            passes(failures_seen(rate, places=places, seed=seed), "tail_worst", CRITERION)
            for seed in range(RUNS)
        )
        chance = laws.worst(QUERIES, BAD, rate) if places else laws.independent(QUERIES, BAD, rate)
        says = f"has {BAD} bad actions in {QUERIES:,} with probability {chance:.3g}"
        planted.append(Planted(name=name, claim_is_true=truth, passes=hits, runs=RUNS, says=says))
    return Controls(
        criterion=f"tail_worst <= {CRITERION} at {LEVEL:.0%}, {TRIALS:,} tests of single actions",
        planted=tuple(planted),
    )
