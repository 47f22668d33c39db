"""What is known of behaviour with a small probability, against counting."""

import math

import pytest

from safetycase.methods.convergence.closed_forms import (
    episodes_to_see,
    gap_allowed,
    groups_before_signal,
    largest_hidden,
    noise_hits,
    radius_needed,
    rise_needed,
    seen_within,
)


def test_episodes_groups_and_what_no_sight_leaves_open():
    assert seen_within(0.25, 2) == pytest.approx(1 - 0.75**2)
    assert seen_within(1e-12, 1e6) == pytest.approx(1e-6, rel=1e-5)
    assert [round(groups_before_signal(10.0**-k, 8)) for k in range(1, 6)] == [
        2, 13, 125, 1250, 12500,
    ]  # fmt: skip
    assert episodes_to_see(0.01, 0.95) == 299
    assert seen_within(0.01, 299) >= 0.95 > seen_within(0.01, 298)
    assert largest_hidden(299, 0.05) == pytest.approx(0.01, abs=1e-4)
    assert largest_hidden(10_000, 0.05) == pytest.approx(3e-4, rel=2e-3)  # the rule of three


def test_the_radius_goes_with_the_logarithm():
    assert rise_needed(1e-4, 0.9999) == pytest.approx(math.log(9999))
    assert radius_needed(1e-4, 0.9999) == pytest.approx(math.log(9999) / math.sqrt(2))
    assert rise_needed(0.5, 0.1) == 0.0
    assert noise_hits(1e-4, 6.5) == 0.0
    assert noise_hits(1e-4, 1e9) == pytest.approx(0.5)


def test_a_small_gradient_leaves_a_gap_open_that_is_rare():
    assert gap_allowed(5e-5, 1e-4) == pytest.approx(0.5)


@pytest.mark.parametrize(
    "asked",
    [
        lambda: seen_within(0.0, 3),
        lambda: episodes_to_see(0.1, 1.0),
        lambda: largest_hidden(0, 0.05),
        lambda: gap_allowed(float("nan"), 0.1),
        lambda: rise_needed(1.5, 0.5),
    ],
)
def test_what_is_no_probability_is_refused(asked):
    with pytest.raises(ValueError):
        asked()
