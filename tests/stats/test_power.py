"""Power of paired, two-sample and clustered designs against plain enumeration and simulation."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from safetycase.stats import (
    Clustered,
    Difference,
    Proportion,
    bounds,
    mean_upper,
    sample_size_upper,
)
from safetycase.stats.designs import Pairs, mcnemar
from safetycase.stats.power import (
    _one_bet,
    beta_binomial,
    design_effect,
    power_clustered,
    power_difference,
    power_paired,
    sample_size_clustered,
    sample_size_difference,
    sample_size_paired,
)


@pytest.mark.parametrize(
    ("n", "a", "b"), [(12, 0.4, 0.1), (25, 0.3, 0.05), (9, 0.7, 0.3), (1, 1, 0)]
)
def test_paired_power_is_the_sum_over_outcomes(n: int, a: float, b: float) -> None:
    expected = 0.0
    for x in range(n + 1):
        for y in range(n + 1 - x):
            rest = n - x - y
            found = mcnemar(Pairs(both=0, only_a=x, only_b=y, neither=rest))
            mass = math.comb(n, x) * math.comb(n - x, y) * a**x * b**y * (1 - a - b) ** rest
            expected += mass * (found.greater <= 0.05)
    assert power_paired(n, a, b, 0.05) == pytest.approx(expected, abs=1e-12)


@pytest.mark.slow
def test_the_paired_sample_size_is_the_first() -> None:
    n = sample_size_paired(0.25, 0.1, 0.025, 0.8)
    assert power_paired(n, 0.25, 0.1, 0.025) >= 0.8
    assert all(power_paired(m, 0.25, 0.1, 0.025) < 0.8 for m in range(1, n))
    # The normal approximation of Miettinen (1968), Biometrics 24:339, is near and below.
    share, gap = 0.35, 0.15
    level, power = float(stats.norm.isf(0.025)), float(stats.norm.isf(0.2))
    approximate = (level * math.sqrt(share) + power * math.sqrt(share - gap**2)) ** 2 / gap**2
    assert approximate < n < approximate * 1.2


def test_two_sample_power_is_the_sum_over_outcomes() -> None:
    n_a, n_b, p_a, p_b, alpha, margin = 14, 11, 0.8, 0.25, 0.05, 0.1
    expected = 0.0
    for x, y in itertools.product(range(n_a + 1), range(n_b + 1)):
        difference = Difference(
            a=Proportion(successes=x, trials=n_a), b=Proportion(successes=y, trials=n_b)
        )
        low = bounds(difference, alpha_low=alpha, alpha_high=0.5).low
        mass = stats.binom.pmf(x, n_a, p_a) * stats.binom.pmf(y, n_b, p_b)
        expected += float(mass) * (low > -margin)
    found = power_difference(n_a, n_b, p_a, p_b, alpha, margin=margin)
    assert found == pytest.approx(expected, abs=1e-9)
    assert power_difference(n_a, n_b, p_a, p_b, alpha) < found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("a", "b", "margin", "power"),
    [(0.9, 0.6, 0.0, 0.8), (0.9, 0.9, 0.15, 0.9), (1.0, 0.0, 0, 0.99)],
)
def test_the_two_sample_size_is_the_first_nearby(
    a: float, b: float, margin: float, power: float
) -> None:
    n = sample_size_difference(a, b, 0.05, power, margin=margin)
    assert power_difference(n, n, a, b, 0.05, margin=margin) >= power
    below = range(max(1, n - 20), n)
    assert all(power_difference(m, m, a, b, 0.05, margin=margin) < power for m in below)


@pytest.mark.parametrize(("size", "rate", "icc"), [(5, 0.1, 0.2), (10, 0.3, 0.05), (3, 0.5, 0.9)])
def test_the_beta_binomial_has_its_moments(size: int, rate: float, icc: float) -> None:
    mass = beta_binomial(size, rate, icc)
    a, b = rate * (1 / icc - 1), (1 - rate) * (1 / icc - 1)
    expected = stats.betabinom.pmf(range(size + 1), size, a, b)
    assert mass == pytest.approx([float(p) for p in expected], rel=1e-10)
    mean = sum(k * p for k, p in enumerate(mass))
    variance = sum(k * k * p for k, p in enumerate(mass)) - mean**2
    inflated = variance / (size * rate * (1 - rate))
    assert inflated == pytest.approx(design_effect(size, icc))


def test_the_beta_binomial_at_its_limits() -> None:
    assert beta_binomial(4, 0.3, 1.0) == pytest.approx([0.7, 0, 0, 0, 0.3])
    assert beta_binomial(2, 0.5, 0.0) == pytest.approx([0.25, 0.5, 0.25])
    assert beta_binomial(3, 0.0, 0.4) == [1, 0, 0, 0]


@pytest.mark.slow
@pytest.mark.parametrize(("size", "icc"), [(2, 0.2), (3, 0.0), (2, 1.0)])
def test_clustered_power_is_the_sum_over_outcomes(size: int, icc: float) -> None:
    clusters, rate, threshold, alpha = 6, 0.1, 0.6, 0.1
    mass = beta_binomial(size, rate, icc)
    expected = 0.0
    for outcome in itertools.product(range(size + 1), repeat=clusters):
        upper = mean_upper([k / size for k in outcome], alpha)
        expected += math.prod(mass[k] for k in outcome) * (upper <= threshold)
    found = power_clustered(
        clusters, size, true_rate=rate, icc=icc, threshold=threshold, alpha=alpha
    )
    assert found.exact
    assert found.power == pytest.approx(expected, abs=1e-9)
    assert 0.01 < found.power < 1


def test_the_bound_is_below_the_exact_power_and_near_it(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = {"true_rate": 0.05, "icc": 0.1, "threshold": 0.2, "alpha": 0.05}
    exact = power_clustered(40, 3, **arguments)
    monkeypatch.setattr("safetycase.stats.power._LISTED", 0)
    bound = power_clustered(40, 3, **arguments)
    assert (exact.exact, bound.exact) == (True, False)
    assert exact.power - 0.15 < bound.power <= exact.power


@pytest.mark.parametrize("goal", [1.4 + 1e-7, 1.4 - 1e-3, 0.4 + 1e-7, -1.6, -2.9, 2.1 + 1e-6])
def test_a_single_bet_is_bounded_from_below(goal: float) -> None:
    """Steps −1, 0 and 0.7 of three clusters against all their sums; −∞ ends the bet."""
    mass, step = np.array([0.1, 0.3, 0.4, 0.2]), np.array([-np.inf, -1.0, 0.0, 0.7])
    exact = sum(
        math.prod(mass[list(which)])
        for which in itertools.product(range(4), repeat=3)
        if sum(step[list(which)]) >= goal
    )
    found = _one_bet(3, mass, step, goal)
    assert exact - 1e-8 < found <= exact


@pytest.mark.slow
def test_clustered_power_is_what_simulation_gives() -> None:
    clusters, size, rate, icc, threshold, alpha = 60, 10, 0.05, 0.2, 0.15, 0.05
    found = power_clustered(
        clusters, size, true_rate=rate, icc=icc, threshold=threshold, alpha=alpha
    )
    rng, runs = np.random.default_rng(11), 300
    scale = 1 / icc - 1
    rates = rng.beta(rate * scale, (1 - rate) * scale, (runs, clusters))
    counts = rng.binomial(size, rates)
    met = sum(
        bounds(
            Clustered(clusters=tuple((int(k), size, 0) for k in row)), alpha_low=0, alpha_high=alpha
        ).high
        <= threshold
        for row in counts
    )
    noise = 3 * math.sqrt(met / runs * (1 - met / runs) / runs)
    assert not found.exact
    assert met / runs - 0.2 < found.power <= met / runs + noise


def test_the_design_effect_alone_plans_too_few_clusters() -> None:
    plan = {"true_rate": 0.05, "icc": 0.2, "threshold": 0.15, "alpha": 0.05}
    clusters = sample_size_clustered(5, power=0.8, **plan)
    items = sample_size_upper(0.15, 0.05, 0.05, 0.8)
    by_effect = math.ceil(items * design_effect(5, 0.2) / 5)
    assert power_clustered(clusters, 5, **plan).power >= 0.8
    assert power_clustered(clusters - 1, 5, **plan).power < 0.8
    assert by_effect < clusters < 4 * by_effect


@pytest.mark.slow
@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: sample_size_paired(0.1, 0.1, 0.05, 0.8), "not above"),
        (lambda: sample_size_paired(0.1001, 0.1, 0.05, 0.8), "not even"),
        (lambda: power_paired(0, 0.1, 0.1, 0.05), "pairs"),
        (lambda: power_paired(5, 0.7, 0.7, 0.05), "more than 1"),
        (lambda: power_paired(5, math.nan, 0.7, 0.05), "rate"),
        (lambda: power_difference(0, 4, 0.1, 0.1, 0.05), "trials"),
        (lambda: power_difference(4, 4, 0.1, 0.1, 0.05, margin=-0.1), "margin"),
        (lambda: power_difference(4, 4, 0.1, 0.1, 0), "alpha"),
        (lambda: sample_size_difference(0.1, 0.2, 0.05, 0.8), "differ"),
        (lambda: sample_size_difference(0.3, 0.2, 0.05, 1), "power"),
        (lambda: design_effect(0, 0.1), "size"),
        (lambda: power_clustered(0, 1, true_rate=0, icc=0, threshold=0.1, alpha=0.1), "clusters"),
        (lambda: power_clustered(1, 1, true_rate=0, icc=2, threshold=0.1, alpha=0.1), "rate"),
        (
            lambda: sample_size_clustered(
                5, true_rate=0.2, icc=0.1, threshold=0.1, alpha=0.05, power=0.8
            ),
            "not below",
        ),
    ],
)
def test_what_no_design_can_give_is_refused(call, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()
