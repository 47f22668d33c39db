"""The interval for clusters: valid by enumeration, by simulation, and narrow where it can be."""

import itertools
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safetycase.stats import Clustered, bounds, clopper_pearson, mean_lower, mean_upper
from safetycase.stats.betting import _log_wealth, shares

ALPHAS = (0.005, 0.05, 0.3)


def hoeffding_upper(values: list[float], alpha: float) -> float:
    """Hoeffding (1963), JASA 58:13, theorem 1."""
    n = len(values)
    return min(1.0, sum(values) / n + math.sqrt(math.log(1 / alpha) / (2 * n)))


def empirical_bernstein_upper(values: list[float], alpha: float) -> float:
    """Maurer & Pontil (2009), COLT, theorem 4."""
    n = len(values)
    mean = sum(values) / n
    variance = sum((v - mean) ** 2 for v in values) / (n - 1)
    log = math.log(2 / alpha)
    return min(1.0, mean + math.sqrt(2 * variance * log / n) + 7 * log / (3 * (n - 1)))


def expectation(law: dict[float, float]) -> float:
    return sum(value * mass for value, mass in law.items())


@pytest.mark.parametrize("n", [1, 2, 10, 60, 1000])
def test_the_mixture_is_a_mixture(n: int) -> None:
    bets = shares(n)
    assert math.fsum(weight for _, weight in bets) == pytest.approx(1, abs=1e-12)
    assert all(0 < share <= 1 and weight > 0 for share, weight in bets)


LAWS = [
    {0.0: 0.9, 1.0: 0.1},
    {0.0: 0.02, 1.0: 0.98},
    {0.0: 0.3, 0.5: 0.5, 1.0: 0.2},
    {0.0: 0.01, 0.25: 0.98, 1.0: 0.01},
]
MIXED = [LAWS[0], LAWS[1], LAWS[2], LAWS[2], LAWS[3], {0.5: 1.0}, LAWS[0]]


@pytest.mark.parametrize("laws", [[law] * 7 for law in LAWS] + [MIXED], ids=range(5))
def test_both_sides_are_valid_by_enumeration(laws: list[dict[float, float]]) -> None:
    """Every outcome of seven clusters, also of clusters that differ in distribution."""
    mean = math.fsum(expectation(law) for law in laws) / len(laws)
    bets = shares(len(laws))
    wealth = 0.0
    below = dict.fromkeys(ALPHAS, 0.0)
    above = dict.fromkeys(ALPHAS, 0.0)
    known: dict[tuple[float, ...], tuple[float, dict[float, tuple[float, float]]]] = {}
    for outcome in itertools.product(*(law.items() for law in laws)):
        values = tuple(sorted(value for value, _ in outcome))
        mass = math.prod(m for _, m in outcome)
        if values not in known:
            counts = [(v, values.count(v)) for v in sorted(set(values))]
            known[values] = (
                math.exp(_log_wealth(counts, bets, mean)),
                {a: (mean_lower(values, a), mean_upper(values, a)) for a in ALPHAS},
            )
        capital, ends = known[values]
        wealth += mass * capital
        for alpha in ALPHAS:
            below[alpha] += mass * (ends[alpha][0] > mean)
            above[alpha] += mass * (ends[alpha][1] < mean)
    assert wealth <= 1 + 1e-9
    for alpha in ALPHAS:
        assert below[alpha] <= alpha
        assert above[alpha] <= alpha


def beta_binomial(rng: random.Random, clusters: int, items: int, mean: float, icc: float):
    size = 1 / icc - 1
    for _ in range(clusters):
        rate = rng.betavariate(mean * size, (1 - mean) * size)
        yield sum(rng.random() < rate for _ in range(items)), items, 0


@pytest.mark.slow
@pytest.mark.parametrize(("clusters", "items", "mean"), [(30, 10, 0.2), (12, 20, 0.5)])
def test_it_covers_clustered_items_and_the_naive_interval_does_not(
    clusters: int, items: int, mean: float
) -> None:
    rng = random.Random(20240131)
    runs, alpha = 600, 0.05
    missed = naive = 0
    for _ in range(runs):
        rows = tuple(beta_binomial(rng, clusters, items, mean, icc=0.2))
        upper = bounds(Clustered(clusters=rows), alpha_low=0, alpha_high=alpha).high
        pooled = clopper_pearson(
            sum(k for k, _, _ in rows), clusters * items, alpha_low=0, alpha_high=alpha
        ).high
        missed += upper < mean
        naive += pooled < mean
    noise = 3 * math.sqrt(alpha * (1 - alpha) / runs)
    assert missed / runs <= alpha + noise
    assert naive / runs > alpha + noise  # items of one cluster are not independent trials


def test_agreeing_clusters_give_a_narrow_interval() -> None:
    values = [0.25] * 60
    upper, lower = mean_upper(values, 0.005), mean_lower(values, 0.005)
    # With the whole stake on every round the bound is 1 − 0.75 (alpha · weight)^(1/60).
    whole = 1 - 0.75 * (0.005 * shares(60)[0][1]) ** (1 / 60)
    assert upper <= whole
    assert upper == pytest.approx(0.3250, abs=5e-5)
    assert lower == pytest.approx(0.2250, abs=5e-5)
    assert upper < hoeffding_upper(values, 0.005) - 0.1
    assert upper < empirical_bernstein_upper(values, 0.005) - 0.1


@pytest.mark.parametrize("n", [10, 60, 200])
def test_without_a_failure_it_is_near_the_exact_bound(n: int) -> None:
    upper = mean_upper([0.0] * n, 0.05)
    exact = clopper_pearson(0, n, alpha_low=0, alpha_high=0.05).high
    assert exact < upper < 1.45 * exact
    # What the mixture costs is the logarithm of the weight of its best bet, no more.
    assert upper <= 1 - (0.05 * shares(n)[0][1]) ** (1 / n) + 1e-12


@pytest.mark.parametrize("hits", [1, 6, 18, 30])
def test_it_is_never_far_from_the_exact_bound_for_zeros_and_ones(hits: int) -> None:
    values = [1.0] * hits + [0.0] * (60 - hits)
    upper = mean_upper(values, 0.005)
    exact = clopper_pearson(hits, 60, alpha_low=0, alpha_high=0.005).high
    assert exact < upper < exact + 0.075
    assert upper < hoeffding_upper(values, 0.005) + 0.03
    assert upper < empirical_bernstein_upper(values, 0.005)


unit = st.floats(0, 1, allow_subnormal=False)


@given(st.lists(unit, min_size=1, max_size=12), st.floats(1e-9, 0.999), st.randoms())
def test_order_does_not_matter_and_the_ends_enclose_the_mean(
    values: list[float], alpha: float, rng: random.Random
) -> None:
    lower, upper = mean_lower(values, alpha), mean_upper(values, alpha)
    mean = math.fsum(values) / len(values)
    assert 0 <= lower <= mean + 1e-12
    assert mean - 1e-12 <= upper <= 1
    rng.shuffle(values)
    assert mean_lower(values, alpha) == lower


@given(st.lists(unit, min_size=1, max_size=8), st.integers(0, 7), unit)
def test_a_larger_value_never_lowers_a_bound(values: list[float], at: int, new: float) -> None:
    at %= len(values)
    raised = [*values[:at], max(values[at], new), *values[at + 1 :]]
    assert mean_lower(raised, 0.05) >= mean_lower(values, 0.05) - 1e-12
    assert mean_upper(raised, 0.05) >= mean_upper(values, 0.05) - 1e-12


def test_edges() -> None:
    assert mean_lower([], 0.05) == 0
    assert mean_upper([], 0.05) == 1
    assert mean_lower([0.0, 0.0], 0.05) == 0
    assert mean_upper([1.0, 1.0], 0.05) == 1
    assert mean_lower([0.7], 0) == 0
    with pytest.raises(ValueError, match="alpha"):
        mean_lower([0.5], 1.0)
    assert mean_lower([5e-324, 0.0], 0.05) == 0
