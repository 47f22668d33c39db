"""Intervals of rates against published tables and exact enumeration."""

import math

import pytest
from scipy import stats

from safetycase.stats import (
    Proportion,
    all_clear,
    clopper_pearson,
    newcombe,
    rate_confidence,
    wilson,
)
from safetycase.stats.binomial import at_least, at_most


# Phuong et al. (2025), arXiv:2505.01420, the 95 % intervals of its tables, in per cent.
@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        (0, 50, 0.0, 7.1), (22, 48, 32.6, 59.7), (45, 102, 34.9, 53.8), (62, 400, 12.3, 19.4),
        (29, 400, 5.1, 10.2), (9, 400, 1.2, 4.2), (35, 99, 26.6, 45.2), (23, 100, 15.8, 32.2),
    ],
)  # fmt: skip
def test_wilson_gives_the_published_intervals(
    successes: int, trials: int, low: float, high: float
) -> None:
    interval = wilson(successes, trials, 0.95)
    assert round(100 * interval.low, 1) == low
    assert round(100 * interval.high, 1) == high


# Newcombe (1998), Statistics in Medicine 17:873, table II, method 10.
@pytest.mark.parametrize(
    ("a", "b", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339), ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062), ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775), ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0000), ((10, 10), (0, 10), 0.6075, 1.0000),
    ],
)  # fmt: skip
def test_newcombe_gives_the_published_intervals(
    a: tuple[int, int], b: tuple[int, int], low: float, high: float
) -> None:
    interval = newcombe(
        Proportion(successes=a[0], trials=a[1]), Proportion(successes=b[0], trials=b[1]), 0.95
    )
    assert interval.low == pytest.approx(low, abs=5.1e-5)
    assert interval.high == pytest.approx(high, abs=5.1e-5)


@pytest.mark.parametrize(
    ("successes", "trials", "upper"),
    [(0, 50, 0.0582), (0, 300, 0.00994), (1, 300, 0.0157), (0, 1000, 0.00299)],
)
def test_exact_upper_bounds_at_95(successes: int, trials: int, upper: float) -> None:
    high = clopper_pearson(successes, trials, alpha_low=0.05, alpha_high=0.05).high
    assert float(f"{high:.3g}") == upper


@pytest.mark.parametrize(
    ("successes", "trials", "lower"),
    [(170, 187, 0.867), (37, 37, 0.922), (45, 46, 0.901), (59, 60, 0.923)],
)
def test_exact_lower_bounds_at_95(successes: int, trials: int, lower: float) -> None:
    low = clopper_pearson(successes, trials, alpha_low=0.05, alpha_high=0.05).low
    assert round(low, 3) == lower


@pytest.mark.parametrize("alpha", [1e-12, 0.005, 0.05, 0.5, 0.99])
@pytest.mark.parametrize(
    ("successes", "trials"), [(0, 7), (7, 7), (1, 300), (12, 240), (5000, 10**6)]
)
def test_clopper_pearson_agrees_with_scipy(successes: int, trials: int, alpha: float) -> None:
    interval = clopper_pearson(successes, trials, alpha_low=alpha, alpha_high=alpha)
    k, n = successes, trials
    low = stats.beta.ppf(alpha, k, n - k + 1) if k else 0.0
    high = stats.beta.isf(alpha, k + 1, n - k) if k < n else 1.0
    assert interval.low == pytest.approx(float(low), rel=1e-9)
    assert interval.high == pytest.approx(float(high), rel=1e-9)


def test_clopper_pearson_covers_exactly_by_enumeration() -> None:
    n, alpha = 20, 0.05
    intervals = [clopper_pearson(k, n, alpha_low=alpha, alpha_high=alpha) for k in range(n + 1)]
    worst_above = worst_below = 0.0
    rates = [i / 400 for i in range(1, 400)] + [i.high - 1e-9 for i in intervals[:-1]]
    for rate in rates:
        mass = [math.comb(n, k) * rate**k * (1 - rate) ** (n - k) for k in range(n + 1)]
        above = sum(m for m, i in zip(mass, intervals, strict=True) if rate > i.high)
        below = sum(m for m, i in zip(mass, intervals, strict=True) if rate < i.low)
        worst_above, worst_below = max(worst_above, above), max(worst_below, below)
    assert worst_below <= alpha
    assert worst_above <= alpha
    # Wilson, at the same level, misses far more often near zero: it is not used for verdicts.
    rate = wilson(0, n, 0.9).high + 1e-9
    assert (1 - rate) ** n > alpha


def test_clopper_pearson_edges() -> None:
    everything = clopper_pearson(0, 0, alpha_low=0.05, alpha_high=0.05)
    assert (everything.low, everything.high) == (0, 1)
    certain = clopper_pearson(3, 10, alpha_low=0, alpha_high=0)
    assert (certain.low, certain.high) == (0, 1)
    with pytest.raises(ValueError, match="alpha"):
        clopper_pearson(3, 10, alpha_low=1, alpha_high=0.05)
    with pytest.raises(ValueError, match="impossible"):
        clopper_pearson(11, 10, alpha_low=0.05, alpha_high=0.05)
    assert (wilson(0, 0, 0.95).low, wilson(0, 0, 0.95).high) == (0, 1)
    assert (wilson(0, 9, 0.95).low, wilson(9, 9, 0.95).high) == (0, 1)
    nothing = Proportion(successes=0, trials=0)
    assert newcombe(nothing, Proportion(successes=1, trials=2), 0.95).low == -1


@pytest.mark.parametrize(("k", "n", "threshold"), [(0, 299, 0.01), (3, 50, 0.2), (9, 400, 0.03)])
def test_rate_confidence_is_the_bound_read_backwards(k: int, n: int, threshold: float) -> None:
    low, high = rate_confidence(k, n, threshold)
    assert low == pytest.approx(float(stats.beta.cdf(threshold, k + 1, n - k)), rel=1e-10)
    expected = float(stats.beta.cdf(threshold, k, n - k + 1)) if k else 1.0
    assert high == pytest.approx(expected, rel=1e-10)
    upper = clopper_pearson(k, n, alpha_low=0, alpha_high=1 - low).high
    assert upper == pytest.approx(threshold)
    if k:
        lower = clopper_pearson(k, n, alpha_low=high, alpha_high=0).low
        assert lower == pytest.approx(threshold)


def test_rate_confidence_edges() -> None:
    assert rate_confidence(0, 0, 0.1) == (0, 1)  # nothing known: no evidence is not one half
    assert rate_confidence(5, 5, 0.5) == pytest.approx((0, 0.5**5))
    assert rate_confidence(2, 9, 1.0) == (1, 1)
    assert rate_confidence(2, 9, -0.1) == (0, 0)
    assert rate_confidence(0, 9, 0.0) == (0, 1)


def test_all_clear_has_its_closed_form() -> None:
    assert all_clear(300, 1000) == pytest.approx(300 / 1300)
    k, n, future = 2, 300, 1000
    expected = math.exp(
        math.lgamma(n - k + future) - math.lgamma(n + 1 + future)
        - math.lgamma(n - k) + math.lgamma(n + 1)
    )  # fmt: skip
    assert all_clear(n, future, failures=k) == pytest.approx(expected, rel=1e-10)
    assert all_clear(10, 0) == 1
    assert all_clear(10, 5, failures=10) == 0
    with pytest.raises(ValueError, match="future"):
        all_clear(10, -1)


def test_binomial_tails() -> None:
    for k in range(-1, 8):
        assert at_most(k, 6, 0.3) == pytest.approx(float(stats.binom.cdf(k, 6, 0.3)), abs=1e-14)
        assert at_least(k, 6, 0.3) == pytest.approx(float(stats.binom.sf(k - 1, 6, 0.3)), abs=1e-14)
    assert at_most(-1, 6, 0.0) == at_least(7, 6, 1.0) == 0
    assert at_most(2, 6, 0.0) == at_least(2, 6, 1.0) == 1
    assert at_most(2, 6, 1.0) == at_least(2, 6, 0.0) == 0
