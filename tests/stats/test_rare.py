"""Splitting and importance sampling: known probabilities, coverage, and refusals."""

import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from safetycase.stats import clopper_pearson
from safetycase.stats.rare import (
    Level,
    defensive_weight_bound,
    effective_size,
    importance_bernstein,
    importance_bounds,
    repeated_runs,
    splitting,
)


def level(passed: int, trials: int) -> Level:
    return Level(passed=passed, trials=trials)


def test_one_level_is_the_exact_interval() -> None:
    found = splitting([level(3, 100)], alpha_low=0.05, alpha_high=0.025)
    assert found.interval == clopper_pearson(3, 100, alpha_low=0.05, alpha_high=0.025)
    assert found.estimate == 0.03


def test_levels_multiply_at_a_share_of_the_alpha() -> None:
    found = splitting([level(20, 100), level(10, 100)], alpha_low=0.05, alpha_high=0.05)
    one = clopper_pearson(20, 100, alpha_low=0.025, alpha_high=0.025)
    two = clopper_pearson(10, 100, alpha_low=0.025, alpha_high=0.025)
    assert found.interval.low == pytest.approx(one.low * two.low)
    assert found.interval.high == pytest.approx(one.high * two.high)
    assert found.levels == (one, two)
    assert found.estimate == pytest.approx(0.02)


def test_five_levels_reach_what_counting_cannot() -> None:
    """1e-5 from 5 × 1,000 trials: 5,000 plain trials cannot say more than 6e-4."""
    found = splitting([level(100, 1000)] * 5, alpha_low=0.05, alpha_high=0.05)
    assert found.estimate == pytest.approx(1e-5)
    assert 2e-6 < found.interval.low < found.interval.high < 4e-5
    assert clopper_pearson(0, 5000, alpha_low=0, alpha_high=0.05).high > 5e-4


def test_splitting_covers_by_enumeration() -> None:
    rates, n, alpha = (0.3, 0.6), 12, 0.1
    truth, below, above = math.prod(rates), 0.0, 0.0
    for x in range(n + 1):
        for y in range(n + 1):
            mass = float(stats.binom.pmf(x, n, rates[0]) * stats.binom.pmf(y, n, rates[1]))
            found = splitting([level(x, n), level(y, n)], alpha_low=alpha, alpha_high=alpha)
            below += mass * (found.interval.low > truth)
            above += mass * (found.interval.high < truth)
    assert 0 < below <= alpha
    assert 0 < above <= alpha


@pytest.mark.slow
def test_a_gaussian_tail_by_fixed_levels() -> None:
    """P(Z > 4) = 3.17e-5, each level started from the exact conditional distribution."""
    truth, edges = float(stats.norm.sf(4)), (1.0, 2.0, 3.0, 4.0)
    rng, n, missed = np.random.default_rng(3), 400, 0
    for _ in range(300):
        levels, start = [], -math.inf
        for edge in edges:
            drawn = stats.norm.isf(rng.random(n) * stats.norm.sf(start))
            levels.append(level(int((drawn > edge).sum()), n))
            start = edge
        found = splitting(levels, alpha_low=0.05, alpha_high=0.05).interval
        missed += not found.low <= truth <= found.high
    assert missed / 300 <= 0.1 + 3 * math.sqrt(0.1 * 0.9 / 300)


def branching_runs(rng: np.random.Generator, runs: int, shared: bool) -> list[list[Level]]:
    """Two levels of 100; if `shared`, all trials of the second start from one ancestor."""
    found = []
    for _ in range(runs):
        luck = rng.beta(1, 4) if shared else 0.2
        found.append(
            [level(int(rng.binomial(100, 0.3)), 100), level(int(rng.binomial(100, luck)), 100)]
        )
    return found


def test_repeated_runs_tell_dependent_trials_from_independent_ones() -> None:
    rng = np.random.default_rng(8)
    checked = {
        shared: repeated_runs(
            branching_runs(rng, 20, shared), alpha_low=0.05, alpha_high=0.05, seed=1
        )
        for shared in (False, True)
    }
    assert checked[False].p_value > 0.05
    assert checked[True].p_value == pytest.approx(1 / 1000)
    assert checked[True].spread > 5 * checked[True].expected
    assert checked[False].spread < 3 * checked[False].expected


def test_the_dispersion_test_keeps_its_level() -> None:
    rng, runs = np.random.default_rng(9), 300
    rejected = 0
    for _ in range(runs):
        drawn = [[level(int(rng.binomial(30, p)), 30) for p in (0.1, 0.4)] for _ in range(6)]
        found = repeated_runs(drawn, alpha_low=0.05, alpha_high=0.05, seed=4, draws=99)
        rejected += found.p_value <= 0.1
    assert rejected / runs <= 0.1 + 3 * math.sqrt(0.09 / runs)


@pytest.mark.slow
def test_the_interval_over_runs_needs_no_independence_inside_a_run() -> None:
    rng, missed, runs = np.random.default_rng(10), 0, 200
    for _ in range(runs):
        found = repeated_runs(
            branching_runs(rng, 15, True), alpha_low=0.05, alpha_high=0.05, seed=1, draws=1
        )
        missed += not found.interval.low <= 0.3 * 0.2 <= found.interval.high
    assert missed / runs <= 0.1 + 3 * math.sqrt(0.09 / runs)


def test_runs_in_which_nothing_passed() -> None:
    found = repeated_runs([[level(0, 50)]] * 4, alpha_low=0.05, alpha_high=0.05, seed=0)
    assert found.estimate == found.interval.low == 0
    assert found.p_value == 1
    assert math.isnan(found.spread)
    assert math.isnan(found.expected)


def bernoulli_by_importance(
    rng: random.Random, n: int, rare: float, share: float
) -> tuple[list[float], list[float]]:
    """An event of probability `rare` under p, drawn half of the time under q; defensive mixture."""
    values, weights = [], []
    for _ in range(n):
        hit = rng.random() < (rare if rng.random() < share else 0.5)
        target = rare if hit else 1 - rare
        proposal = share * target + (1 - share) * 0.5
        values.append(float(hit))
        weights.append(target / proposal)
    return values, weights


@pytest.mark.slow
def test_importance_sampling_covers_and_beats_counting() -> None:
    rng, rare, runs, n = random.Random(6), 1e-3, 300, 400
    on_the_event = rare / (0.5 * rare + 0.5 * 0.5)
    missed = alarms = bernstein = 0
    for _ in range(runs):
        values, weights = bernoulli_by_importance(rng, n, rare, 0.5)
        found = importance_bounds(
            values,
            weights,
            weight_bound=defensive_weight_bound(0.5),
            product_bound=on_the_event,
            alpha_low=0.05,
            alpha_high=0.05,
        )
        missed += not found.interval.low <= rare <= found.interval.high
        alarms += not found.normalised
        wide = importance_bernstein(
            values, weights, weight_bound=2.0, product_bound=on_the_event, alpha=0.05
        )
        bernstein += not wide.low <= rare <= wide.high
    noise = 3 * math.sqrt(0.09 / runs)
    assert missed / runs <= 0.1 + noise
    assert alarms / runs <= 0.1 + noise
    assert bernstein / runs <= 0.1 + noise
    assert found.interval.high < 0.002 < clopper_pearson(0, n, alpha_low=0, alpha_high=0.05).high
    assert wide.low <= found.interval.low
    assert found.interval.high < wide.high
    loose = importance_bounds(values, weights, weight_bound=2.0, alpha_low=0.05, alpha_high=0.05)
    assert loose.interval.high > found.interval.high
    assert loose.estimate == pytest.approx(found.estimate)


def test_without_a_bound_of_all_weights_their_mean_is_unknown() -> None:
    found = importance_bounds(
        [1.0, 0.0], [0.1, 90.0], weight_bound=None, product_bound=0.1, alpha_low=0.1, alpha_high=0.1
    )
    assert found.mean_weight.high == math.inf
    assert found.interval.high <= 0.1
    with pytest.raises(ValueError, match=r"product 0\.2"):
        importance_bounds(
            [1.0], [0.2], weight_bound=None, product_bound=0.1, alpha_low=0.1, alpha_high=0.1
        )
    with pytest.raises(ValueError, match="product bound"):
        importance_bounds(
            [1.0], [0.2], weight_bound=2.0, product_bound=0.0, alpha_low=0.1, alpha_high=0.1
        )


def test_weights_of_one_are_plain_sampling() -> None:
    found = importance_bounds(
        [0.0] * 50, [1.0] * 50, weight_bound=1.0, alpha_low=0.05, alpha_high=0.05
    )
    exact = clopper_pearson(0, 50, alpha_low=0, alpha_high=0.05).high
    assert exact < found.interval.high < 1.45 * exact
    assert found.effective == pytest.approx(50)
    assert found.mean_weight.high == 1


def test_weights_that_are_no_density_ratio_are_noticed() -> None:
    found = importance_bounds(
        [1.0] * 400, [0.2] * 400, weight_bound=2.0, alpha_low=0.05, alpha_high=0.05
    )
    assert not found.normalised


def test_the_effective_size() -> None:
    assert effective_size([1, 1, 0, 0]) == pytest.approx(2)
    assert effective_size([1e200, 1e-200]) == pytest.approx(1)
    assert effective_size([0.0]) == effective_size([]) == 0
    with pytest.raises(ValueError, match="finite"):
        effective_size([math.inf])


unit = st.floats(0, 1, allow_subnormal=False)


@settings(max_examples=40)
@given(st.lists(st.tuples(unit, unit), min_size=2, max_size=10), st.floats(1, 50))
def test_the_interval_encloses_the_estimate(draws: list[tuple[float, float]], most: float) -> None:
    values = [value for value, _ in draws]
    weights = [most * share for _, share in draws]
    found = importance_bounds(values, weights, weight_bound=most, alpha_low=0.1, alpha_high=0.1)
    assert 0 <= found.interval.low <= min(1.0, found.estimate) + 1e-9
    assert min(1.0, found.estimate) - 1e-9 <= found.interval.high <= 1
    assert effective_size(weights) <= len(draws) + 1e-9


@pytest.mark.parametrize(
    ("values", "weights", "bound", "words"),
    [
        ([0.5], [1.0], None, "without a bound"),
        ([0.5], [1.0], 0.5, "at least 1"),
        ([0.5], [1.0], math.inf, "finite"),
        ([0.0], [math.inf], 2.0, "weight inf"),
        ([0.5], [3.0], 2.0, "weight 3.0"),
        ([1.5], [1.0], 2.0, "value"),
        ([math.nan], [1.0], 2.0, "value"),
        ([0.5], [math.nan], 2.0, "weight"),
        ([0.5], [], 2.0, "equal"),
        ([], [], 2.0, "at least one"),
    ],
)
def test_weights_without_a_warrant_are_refused(values, weights, bound, words) -> None:
    with pytest.raises(ValueError, match=words):
        importance_bounds(values, weights, weight_bound=bound, alpha_low=0.05, alpha_high=0.05)
    with pytest.raises(ValueError, match=words):
        importance_bernstein(values, weights, weight_bound=bound, alpha=0.05)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="impossible"):
        level(3, 2)
    with pytest.raises(ValueError, match="without trials"):
        level(0, 0)
    with pytest.raises(ValueError, match="without a level"):
        splitting([], alpha_low=0.05, alpha_high=0.05)
    for runs in ([[level(1, 2)]], [[level(1, 2)], [level(1, 3)]], [[], []]):
        with pytest.raises(ValueError, match="runs"):
            repeated_runs(runs, alpha_low=0.05, alpha_high=0.05, seed=0)
    with pytest.raises(ValueError, match="draws"):
        repeated_runs([[level(1, 2)]] * 2, alpha_low=0.05, alpha_high=0.05, seed=0, draws=0)
    with pytest.raises(ValueError, match="share"):
        defensive_weight_bound(0)
    with pytest.raises(ValueError, match="alpha"):
        importance_bernstein([0.5], [1.0], weight_bound=1.0, alpha=0)
