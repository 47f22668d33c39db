"""Unexploitable search: small supports, sampled advantages, and constraints that do not bind."""

from __future__ import annotations

import math

import numpy as np
import pytest

from safetycase.methods.deployment.search.limits import (
    entropy_share_kept,
    excess_from_entropy,
    hash_constraint_met,
    queries_to_tell,
    steered_through_hash,
)
from safetycase.methods.deployment.search.pseudo_random import (
    _reduced,
    advantage,
    least_advantage,
    mean_sampled_advantage,
    pseudo_random_policy,
    sampled_advantage,
)


def drawn(tests: int, outputs: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    return (draw.random((tests, outputs)) < 0.5).astype(float), np.full(outputs, 1 / outputs)


@pytest.mark.parametrize(("tests", "outputs"), [(8, 500), (64, 1000)])
def test_one_output_more_than_tests_is_enough(tests: int, outputs: int) -> None:
    f, u = drawn(tests, outputs, 3)
    found = pseudo_random_policy(f, u)
    assert len(found.support) == tests + 1  # 9 for 8 tests, 65 for 64
    assert min(found.weights) > 0
    policy = np.zeros(outputs)
    policy[list(found.support)] = found.weights
    assert policy.sum() == pytest.approx(1)
    assert advantage(f, u, policy) == found.advantage < 1e-9
    # One test more sees it: a policy on so few outputs is not random.
    where = (policy > 0).astype(float)
    assert advantage(np.vstack([f, where]), u, policy) > 0.9


def test_fewer_outputs_do_not_suffice() -> None:
    f, u = drawn(8, 500, 3)
    for seed in range(20):
        few = np.random.default_rng(seed).choice(500, 8, replace=False)
        assert least_advantage(f, u, few) > 1e-3


def test_the_support_is_small_without_the_solver_too() -> None:
    f, u = drawn(6, 40, 1)
    equations = np.vstack([f, np.ones(40)])
    found = _reduced(equations, u.copy())
    assert (found > 0).sum() <= 7
    assert np.abs(equations @ (found - u)).max() < 1e-9
    same = np.vstack([f, f])  # tests said twice count once
    assert len(pseudo_random_policy(same, u).support) <= 7


@pytest.mark.parametrize(("tests", "published"), [(64, 0.037), (512, 0.107)])
def test_sampled_outputs_see_little_advantage(tests: int, published: float) -> None:
    """The published values are of one unknown draw of tests; ours are close to them."""
    f, u = drawn(tests, 2000, 5)
    best, equal = [], []
    for seed in range(4):
        outputs = np.random.default_rng(seed).choice(2000, 64)
        best.append(least_advantage(f, u, outputs))
        policy = np.bincount(outputs, minlength=2000) / 64
        equal.append(advantage(f, u, policy))
        assert best[-1] <= equal[-1] + 1e-9 <= sampled_advantage(tests, 64, 1e-3)
    assert np.mean(best) == pytest.approx(published, rel=0.25)
    bound = mean_sampled_advantage(tests, 64)
    assert np.mean(equal) <= bound
    assert bound == pytest.approx({64: 0.195, 512: 0.233}[tests], abs=5e-4)


def test_the_mean_of_the_sampled_advantage_is_bounded_and_single_draws_exceed_it() -> None:
    """√(ln(2|F|)/(2m)) is a bound in the mean; one with high probability needs its alpha."""
    f, u = drawn(4, 200, 0)
    gaps = []
    draw = np.random.default_rng(1)
    for _ in range(400):
        policy = np.bincount(draw.choice(200, 20), minlength=200) / 20
        gaps.append(advantage(f, u, policy))
    assert np.mean(gaps) <= mean_sampled_advantage(4, 20)
    assert np.mean(np.array(gaps) > mean_sampled_advantage(4, 20)) > 0.02
    assert np.mean(np.array(gaps) > sampled_advantage(4, 20, 0.05)) <= 0.05


def test_a_hash_constraint_does_not_bind() -> None:
    assert hash_constraint_met(12, 8) == pytest.approx(0.9999999, abs=5e-8)
    assert hash_constraint_met(0, 1) == 0.5
    assert hash_constraint_met(3, 2) == pytest.approx(1 - 0.75**8)
    assert hash_constraint_met(5, 0) == 1.0
    for bits in (50, 64, 2000):  # as many settings as hashes: 1 − 1/e in the limit
        assert hash_constraint_met(bits, bits) == pytest.approx(1 - math.exp(-1), rel=1e-12)
    assert hash_constraint_met(64, 80) == pytest.approx(2.0**-16, rel=1e-4)
    assert hash_constraint_met(5000, 20) == hash_constraint_met(5000, 200) == 1.0
    assert hash_constraint_met(20, 5000) == 0.0
    honest, steered = steered_through_hash(3, 12, 8, b"key")
    assert honest == pytest.approx(0.5, abs=0.15)
    assert steered == 1.0
    met = [steered_through_hash(1, 4, 4, bytes([k]))[1] == 1.0 for k in range(1, 120)]
    assert np.mean(met) == pytest.approx(hash_constraint_met(4, 4), abs=0.12)


def test_full_steering_costs_a_fifth_of_the_entropy() -> None:
    assert entropy_share_kept(15, 3) == pytest.approx(0.8)
    assert entropy_share_kept(15, 1) > 0.93  # a purpose of one bit costs less still
    honest = np.full(2**15, 2.0**-15)
    steered = np.where(np.arange(2**15) >> 12 == 7, 2.0**-12, 0.0)

    def entropy(p: np.ndarray) -> float:
        return float(-(p[p > 0] * np.log2(p[p > 0])).sum())

    assert entropy(steered) / entropy(honest) == pytest.approx(0.8)


def test_an_entropy_bonus_bounds_any_second_purpose() -> None:
    draw = np.random.default_rng(0)
    for weight in (0.05, 0.5, 3.0):
        reward = draw.random(30)
        best = np.exp(reward / weight)
        best /= best.sum()

        def value(p: np.ndarray, reward: np.ndarray = reward, weight: float = weight) -> float:
            return float(p @ reward - weight * (p[p > 0] * np.log(p[p > 0])).sum())

        for spread in (0.1, 1.0, 5.0):
            policy = best * np.exp(spread * draw.normal(size=30))
            policy /= policy.sum()
            gap = value(best) - value(policy)
            assert gap == pytest.approx(weight * float(policy @ np.log(policy / best)))
            excess = float(np.abs(policy - best).sum()) / 2  # the worst Q in [0, 1]
            assert excess <= excess_from_entropy(gap, weight) + 1e-12
    assert excess_from_entropy(2.0, 0.5) == 1.0


def test_the_queries_that_are_needed_are_enough() -> None:
    assert queries_to_tell(0.1, 0.05) == math.ceil(math.log(20) / 0.02) == 150
    n = queries_to_tell(0.1, 0.05, 0.05)
    assert n == 600
    draw = np.random.default_rng(2)
    threshold = 0.5 + math.sqrt(math.log(20) / (2 * n))
    assert np.mean(draw.binomial(n, 0.5, 4000) / n > threshold) <= 0.05
    assert np.mean(draw.binomial(n, 0.6, 4000) / n <= threshold) <= 0.05
    half = 0.5 + math.sqrt(math.log(20) / (2 * 150))
    assert 0.4 < np.mean(draw.binomial(150, 0.6, 4000) / 150 > half) < 0.6


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: pseudo_random_policy([[0.5, 2.0]], [0.5, 0.5]), "from 0 to 1"),
        (lambda: pseudo_random_policy([[0.5, math.nan]], [0.5, 0.5]), "from 0 to 1"),
        (lambda: pseudo_random_policy([[0.5, 1.0]], [0.5, 0.6]), "add up"),
        (lambda: pseudo_random_policy([[0.5]], [0.5, 0.5]), "do not fit"),
        (lambda: sampled_advantage(0, 5, 0.1), "at least one"),
        (lambda: sampled_advantage(5, 5, 0.0), "alpha"),
        (lambda: hash_constraint_met(-1, 3), "at least 0"),
        (lambda: steered_through_hash(10, 20, 3, b"k"), "24 bits"),
        (lambda: steered_through_hash(2, -1, 3, b"k"), "24 bits"),
        (lambda: steered_through_hash(2, 2, -1, b"k"), "0 to 64 bits"),
        (lambda: least_advantage([[0.5, 1.0]], [0.5, 0.5], []), "at least one output"),
        (lambda: entropy_share_kept(3, 4), "from none to all"),
        (lambda: excess_from_entropy(0.1, 0.0), "above 0"),
        (lambda: queries_to_tell(0.0, 0.1), "advantage"),
        (lambda: queries_to_tell(0.1, 0.0), "false alarm"),
    ],
)
def test_what_cannot_be_is_refused(call, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        call()
