"""The statistics against exact sums, closed forms and published tables."""

import itertools
import math
from fractions import Fraction

import pytest

from safetycase.stats import Proportion, binomial, bounds, intervals, newcombe, wilson
from safetycase.stats.sequential import anytime_doubt, clean_trials, looks_of


def tail(n, k, rate):
    """P(at most k of n), exactly."""
    return sum(math.comb(n, i) * rate**i * (1 - rate) ** (n - i) for i in range(k + 1))


@pytest.mark.parametrize(("n", "k"), [(1, 0), (10, 0), (10, 3), (50, 0), (50, 7), (200, 1)])
def test_an_upper_bound_leaves_exactly_its_error(n, k):
    high = binomial.clopper_pearson(k, n, alpha_low=0.05, alpha_high=0.05).high
    assert float(tail(n, k, Fraction(high))) == pytest.approx(0.05, abs=1e-9)


def test_no_failure_in_fifty_is_not_nothing():
    high = binomial.clopper_pearson(0, 50, alpha_low=0.05, alpha_high=0.05).high
    assert high == pytest.approx(1 - 0.05 ** (1 / 50), abs=1e-12)
    assert 0.0581 < high < 0.0582


@pytest.mark.parametrize(
    "rate", [Fraction(1, 100), Fraction(1, 10), Fraction(1, 3), Fraction(1, 2)]
)
def test_the_interval_misses_no_more_often_than_it_says(rate):
    n, missed = 25, Fraction(0)
    for k in range(n + 1):
        found = bounds(Proportion(successes=k, trials=n), alpha_low=0.05, alpha_high=0.05)
        if not found.low <= rate <= found.high:
            missed += math.comb(n, k) * rate**k * (1 - rate) ** (n - k)
    assert missed <= Fraction(1, 10)


def test_items_without_a_score_count_against_either_bound():
    whole = bounds(Proportion(successes=0, trials=40), alpha_low=0.05, alpha_high=0.05)
    holed = bounds(Proportion(successes=0, trials=40, missing=10), alpha_low=0.05, alpha_high=0.05)
    worst = bounds(Proportion(successes=10, trials=50), alpha_low=0.05, alpha_high=0.05)
    assert holed.high >= worst.high - 1e-12 > whole.high


# Phuong et al. (2025), arXiv:2505.01420: 95 % intervals of its tables, in per cent.
@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [(0, 50, 0.0, 7.1), (22, 48, 32.6, 59.7), (62, 400, 12.3, 19.4), (35, 99, 26.6, 45.2)],
)
def test_published_intervals_of_one_rate(k, n, low, high):
    found = wilson(k, n, 0.95)
    assert (round(100 * found.low, 1), round(100 * found.high, 1)) == (low, high)


# Newcombe (1998), Statistics in Medicine 17:873, table II, method 10.
@pytest.mark.parametrize(
    ("a", "b", "low", "high"),
    [((56, 70), (48, 80), 0.0524, 0.3339), ((9, 10), (3, 10), 0.1705, 0.8090)],
)
def test_published_intervals_of_a_difference(a, b, low, high):
    one, two = (Proportion(successes=k, trials=n) for k, n in (a, b))
    found = newcombe(one, two, 0.95)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5.1e-5)


def test_a_clean_record_says_little_of_many_more():
    # n / (n + N): the rule of succession for all of the next N.
    assert binomial.all_clear(1000, 1000) == pytest.approx(0.5)
    assert binomial.all_clear(100, 10_000) == pytest.approx(100 / 10_100)


def test_confidence_in_a_rate_is_the_beta_integral():
    # I_x(1, n) = 1 − (1 − x)^n
    low, high = binomial.rate_confidence(0, 60, 0.05)
    truth = 1 - 0.95**60
    assert low <= truth + 1e-12
    assert low == pytest.approx(truth, abs=1e-9)
    assert high >= low


def test_looking_after_every_trial_costs_what_it_says():
    # At a rate of exactly one half: the share of all paths on which the doubt ever falls below α.
    alpha, n, rate = 0.2, 12, 0.5
    fooled = 0
    for path in itertools.product([False, True], repeat=n):
        fooled += anytime_doubt(looks_of(path), rate) < alpha
    assert fooled / 2**n <= alpha
    assert clean_trials(0.5, alpha) <= n  # the test is able to fool itself at all


def test_a_level_that_is_none_is_refused():
    with pytest.raises(ValueError, match=r".+"):
        intervals.bounds(Proportion(successes=1, trials=2), alpha_low=-0.1, alpha_high=0.05)
