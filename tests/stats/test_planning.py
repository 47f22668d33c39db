"""Sample sizes and power by exact sums."""

import pytest
from scipy import stats

from safetycase.stats import clopper_pearson, power_upper, sample_size_upper, smallest_clean_n


@pytest.mark.parametrize(
    ("threshold", "alpha", "n"),
    [(0.01, 0.05, 299), (0.001, 0.05, 2995), (0.05, 0.05, 59), (0.5, 0.5, 1), (0.5, 0.25, 2)],
)
def test_smallest_clean_n(threshold: float, alpha: float, n: int) -> None:
    assert smallest_clean_n(threshold, alpha) == n


@pytest.mark.parametrize(("threshold", "alpha"), [(0.01, 0.05), (0.2, 0.005), (0.03, 0.1)])
def test_smallest_clean_n_is_the_first_whose_bound_meets_the_threshold(
    threshold: float, alpha: float
) -> None:
    n = smallest_clean_n(threshold, alpha)
    assert clopper_pearson(0, n, alpha_low=0, alpha_high=alpha).high <= threshold
    assert clopper_pearson(0, n - 1, alpha_low=0, alpha_high=alpha).high > threshold


@pytest.mark.parametrize(("n", "threshold", "rate"), [(40, 0.2, 0.05), (60, 0.3, 0.2), (5, 0.1, 0)])
def test_power_is_the_sum_over_outcomes(n: int, threshold: float, rate: float) -> None:
    expected = sum(
        float(stats.binom.pmf(k, n, rate))
        for k in range(n + 1)
        if clopper_pearson(k, n, alpha_low=0, alpha_high=0.05).high <= threshold
    )
    assert power_upper(n, threshold, rate, 0.05) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("threshold", "rate", "alpha", "power"),
    [
        (0.01, 0.001, 0.05, 0.8),
        (0.2, 0.1, 0.005, 0.9),
        (0.3, 0.0, 0.05, 0.99),
        (0.5, 0.4, 0.1, 0.5),
    ],
)
def test_sample_size_is_the_first_with_enough_power(
    threshold: float, rate: float, alpha: float, power: float
) -> None:
    n = sample_size_upper(threshold, rate, alpha, power)
    assert power_upper(n, threshold, rate, alpha) >= power
    assert all(power_upper(m, threshold, rate, alpha) < power for m in range(1, n))


@pytest.mark.parametrize(
    ("threshold", "rate", "alpha", "power"),
    [(0.1, 0.1, 0.05, 0.8), (0.1, -0.1, 0.05, 0.8), (0.1, 0, 0.05, 1), (1, 0, 0.05, 0.8)],
)
def test_what_no_sample_can_give_is_refused(
    threshold: float, rate: float, alpha: float, power: float
) -> None:
    with pytest.raises(ValueError):
        sample_size_upper(threshold, rate, alpha, power)
