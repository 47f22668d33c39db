"""The incomplete beta function and the normal quantile against scipy."""

import math

import pytest
from scipy import special, stats

from safetycase.stats import incomplete_beta, incomplete_beta_inverse
from safetycase.stats.special import bracket_root, log_beta_tails, logistic, normal_quantile

SHAPES = [
    (0.5, 0.5), (1, 1), (1, 299), (13, 228), (2.5, 400), (50, 50), (0.03, 272.0),
    (5e3, 2e4), (1e6, 7.5), (7.5, 1e6), (1e6, 1e6), (3e5, 9e5),
]  # fmt: skip


@pytest.mark.parametrize(("a", "b"), SHAPES)
@pytest.mark.parametrize("probability", [1e-12, 0.005, 0.3, 0.5, 0.8, 0.999])
def test_incomplete_beta_agrees_with_scipy(a: float, b: float, probability: float) -> None:
    x = float(special.betaincinv(a, b, probability))
    if not 1e-300 < x < 1:
        pytest.skip("the quantile is no inner point of [0, 1] in floating point")
    assert incomplete_beta(x, a, b) == pytest.approx(float(special.betainc(a, b, x)), rel=2e-12)


@pytest.mark.parametrize(("a", "b"), SHAPES)
@pytest.mark.parametrize("probability", [1e-9, 0.005, 0.5, 0.95])
def test_the_inverse_inverts(a: float, b: float, probability: float) -> None:
    x = incomplete_beta_inverse(probability, a, b)
    assert x == pytest.approx(float(special.betaincinv(a, b, probability)), rel=1e-9, abs=1e-300)


def test_far_tails_keep_their_digits() -> None:
    # I_x(a, 1) = x^a: at 1e-2000 the number underflows but its logarithm does not.
    assert log_beta_tails(0.01, 0.99, 1000, 1)[0] == pytest.approx(1000 * math.log(0.01), rel=1e-13)
    assert log_beta_tails(1e-9, 1 - 1e-9, 1, 5)[1] == pytest.approx(-5e-9, rel=1e-6)


@pytest.mark.parametrize("x", [1e-6, 0.2, 0.5, 0.77])
def test_the_two_tails_add_up_to_one(x: float) -> None:
    one, other = log_beta_tails(x, 1 - x, 3.5, 8)
    assert math.exp(one) + math.exp(other) == pytest.approx(1, abs=1e-14)


def test_edges_and_refusals() -> None:
    assert incomplete_beta(0, 2, 3) == incomplete_beta(-1, 2, 3) == 0
    assert incomplete_beta(1, 2, 3) == incomplete_beta(2, 2, 3) == 1
    assert incomplete_beta_inverse(0, 2, 3) == 0
    assert incomplete_beta_inverse(1, 2, 3) == 1
    with pytest.raises(ValueError, match="a, b > 0"):
        incomplete_beta(0.5, 0, 1)
    with pytest.raises(ValueError, match="a, b > 0"):
        incomplete_beta_inverse(0.5, 1, -1)
    with pytest.raises(ValueError, match="not a probability"):
        incomplete_beta_inverse(1.5, 1, 1)


@pytest.mark.parametrize("probability", [1e-12, 0.025, 0.3, 0.5, 0.95, 0.9999])
def test_normal_quantile_agrees_with_scipy(probability: float) -> None:
    expected = float(stats.norm.ppf(probability))
    assert normal_quantile(probability) == pytest.approx(expected, rel=1e-12, abs=1e-13)


def test_logistic_keeps_both_digits() -> None:
    assert logistic(-50.0) == pytest.approx((math.exp(-50), 1.0), rel=1e-14)
    assert logistic(50.0)[1] == pytest.approx(math.exp(-50), rel=1e-14)


def test_the_root_finder_brackets_a_root_and_stops_at_its_limits() -> None:
    low, high = bracket_root(lambda t: t**3 - 8, 0.0)
    assert low <= 2 <= high
    assert high - low < 1e-13
    assert bracket_root(lambda _: 1.0, 0.0) == (-700, -700)
    assert bracket_root(lambda _: -1.0, 0.0) == (700, 700)
    assert bracket_root(lambda _: -1.0, 0.0, most=3.0) == (3, 3)


def test_the_root_finder_is_quick_on_a_kink() -> None:
    calls = []

    def rising(t: float) -> float:
        calls.append(t)
        return -1e-9 if t < 1 / 3 else 1e9 * (t - 1 / 3)

    low, high = bracket_root(rising, 0.0)
    assert low <= 1 / 3 <= high
    assert len(calls) < 70  # bisection's own pace
