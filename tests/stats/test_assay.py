"""Silence counts as much as the test could have found."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from safetycase.stats.assay import (
    doubt_after_silence,
    next_detection,
    portfolio_power,
    power_lower,
    power_needed,
    silent_assay,
)

unit = st.floats(0, 1)
counts = st.tuples(st.integers(0, 60), st.integers(0, 60)).map(lambda p: (min(p), max(p)))


def test_a_test_of_power_5_percent_leaves_nearly_all_of_the_doubt() -> None:
    """P10."""
    assert doubt_after_silence(0.5, 0.05) == pytest.approx(0.487, abs=5e-4)
    assert doubt_after_silence(0.5, 0.05) == pytest.approx(0.5 * 0.95 / (0.5 * 0.95 + 0.5))


def test_the_edges() -> None:
    assert doubt_after_silence(0.3, 0.0) == pytest.approx(0.7)
    assert doubt_after_silence(0.3, 1.0) == 0.0
    assert doubt_after_silence(0.0, 0.9) == 1.0
    assert doubt_after_silence(1.0, 0.2) == 0.0
    assert doubt_after_silence(0.0, 1.0) == 1.0  # silence cannot happen: nothing is known
    assert doubt_after_silence(0.5, 0.5, 0.0) == 1.0


def test_the_formula_is_the_frequency_among_silent_tests() -> None:
    rng = random.Random(4)
    unsafe = silent = 0
    for _ in range(100_000):
        safe = rng.random() < 0.7
        flag = rng.random() < (0.1 if safe else 0.6)
        silent += not flag
        unsafe += not flag and not safe
    assert unsafe / silent == pytest.approx(doubt_after_silence(0.7, 0.6, 0.9), abs=0.006)


@given(unit, unit, unit, unit)
def test_more_power_specificity_or_prior_never_raise_the_doubt(
    prior: float, power: float, specificity: float, toward: float
) -> None:
    here = doubt_after_silence(prior, power, specificity)
    up = [value + toward * (1 - value) for value in (prior, power, specificity)]
    assert 0 <= here <= 1
    if prior > 0 and specificity > 0:
        assert doubt_after_silence(up[0], power, specificity) <= here + 1e-12
        assert doubt_after_silence(prior, up[1], specificity) <= here + 1e-12
        assert doubt_after_silence(prior, power, up[2]) <= here + 1e-12
    if specificity == 1:
        assert here <= 1 - prior + 1e-12


@given(counts)
def test_the_power_is_the_exact_lower_bound(look: tuple[int, int]) -> None:
    k, m = look
    expected = float(scipy_stats.beta.ppf(0.05, k, m - k + 1)) if k else 0.0
    assert power_lower(k, m, 0.05) == pytest.approx(expected, abs=1e-9)
    assert power_lower(k, m, 0.05) <= next_detection(k, m) + 0.5 / (m + 1)
    assert next_detection(k, m) == pytest.approx(k / (m + 1))
    assert power_lower(k + 1, m + 1, 0.05) >= power_lower(k, m, 0.05) - 1e-12
    assert power_lower(k, m + 1, 0.05) <= power_lower(k, m, 0.05) + 1e-12


def test_an_assay_from_counts() -> None:
    assay = silent_assay(18, 20, controls=(40, 40), prior=0.5, alpha=0.05)
    assert assay.power == pytest.approx(float(scipy_stats.beta.ppf(0.025, 18, 3)))
    assert assay.specificity == pytest.approx(0.025 ** (1 / 40))
    assert assay.doubt == pytest.approx(doubt_after_silence(0.5, assay.power, assay.specificity))
    assert assay.doubt < assay.charged < assay.doubt + 0.05
    assert silent_assay(0, 0, controls=(40, 40), prior=0.5, alpha=0.05).doubt >= 0.5
    assert silent_assay(20, 20, controls=(0, 0), prior=0.5, alpha=0.05).doubt == 1.0


def test_the_doubt_from_counts_is_too_small_no_more_often_than_alpha() -> None:
    rng = random.Random(21)
    runs, alpha, power, specificity = 3000, 0.1, 0.7, 0.9
    true = doubt_after_silence(0.5, power, specificity)
    seen: dict[tuple[int, int], float] = {}
    low = 0
    for _ in range(runs):
        k = sum(rng.random() < power for _ in range(25))
        c = sum(rng.random() < specificity for _ in range(30))
        if (k, c) not in seen:
            seen[k, c] = silent_assay(k, 25, controls=(c, 30), prior=0.5, alpha=alpha).doubt
        low += seen[k, c] < true
    assert low / runs <= alpha + 3 * math.sqrt(alpha * (1 - alpha) / runs)


def test_a_portfolio_is_as_good_as_its_best_tool_less_the_charge_for_choosing_it() -> None:
    results = [(3, 20), (18, 20), (10, 20)]
    assert portfolio_power(results, 0.05) == power_lower(18, 20, 0.05 / 3)
    assert portfolio_power(results, 0.05) < power_lower(18, 20, 0.05)
    assert portfolio_power([], 0.05) == 0.0
    assert portfolio_power([(0, 0)], 0.05) == 0.0


@given(st.floats(0.01, 0.999), st.floats(0.001, 0.999), st.floats(0.01, 1))
def test_the_power_needed_is_the_least_that_is_enough(
    prior: float, doubt: float, specificity: float
) -> None:
    needed = power_needed(prior, doubt, specificity)
    assert 0 <= needed <= 1
    if needed < 1:
        assert doubt_after_silence(prior, needed, specificity) <= doubt + 1e-9
    if 0.01 < needed < 1:
        assert doubt_after_silence(prior, needed - 0.01, specificity) > doubt - 1e-9


def test_the_power_needed_for_five_percent() -> None:
    assert power_needed(0.5, 0.05) == pytest.approx(1 - 0.05 / 0.95)
    assert power_needed(1.0, 0.05) == 0.0
    assert power_needed(0.99, 0.05) == 0.0
    assert power_needed(0.0, 0.05) == 1.0


@pytest.mark.parametrize("bad", [-0.1, 1.1, math.nan, math.inf])
def test_what_is_no_probability_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="prior"):
        doubt_after_silence(bad, 0.5)
    with pytest.raises(ValueError, match="power"):
        doubt_after_silence(0.5, bad)
    with pytest.raises(ValueError, match="specificity"):
        doubt_after_silence(0.5, 0.5, bad)
    with pytest.raises(ValueError, match="doubt"):
        power_needed(0.5, bad)
    with pytest.raises(ValueError, match="alpha"):
        silent_assay(1, 2, controls=(1, 1), prior=0.5, alpha=bad)
    for k, m in ((3, 2), (-1, 2), (True, 2)):
        with pytest.raises(ValueError):
            power_lower(k, m, 0.05)
        with pytest.raises(ValueError):
            next_detection(k, m)
