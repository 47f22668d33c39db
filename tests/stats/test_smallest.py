"""The smallest of several rates: a bound that knows it was picked."""

from __future__ import annotations

import random

import pytest

from safetycase.stats import (
    Affine,
    Certified,
    Difference,
    Proportion,
    Smallest,
    bounds,
    clopper_pearson,
    describe,
    estimate,
    from_json,
    is_computed,
    largest,
    natural_range,
    pool,
    sample_size,
    to_json,
)

RATES = Smallest(of=(Proportion(successes=9, trials=10), Proportion(successes=3, trials=10)))


def test_known_answer() -> None:
    interval = bounds(RATES, alpha_low=0.05, alpha_high=0.05)
    assert interval.low == clopper_pearson(3, 10, alpha_low=0.05, alpha_high=0.025).low
    assert interval.high == clopper_pearson(3, 10, alpha_low=0.025, alpha_high=0.025).high
    assert estimate(RATES) == pytest.approx(0.3)
    assert sample_size(RATES).clusters == 2
    assert describe(RATES) == "3 of 10 in the worst of 2"
    assert from_json(to_json(RATES)) == RATES
    assert pool([RATES, RATES]) == Smallest(
        of=(Proportion(successes=18, trials=20), Proportion(successes=6, trials=20))
    )
    with pytest.raises(ValueError, match="of nothing"):
        Smallest(of=())


@pytest.mark.slow
def test_it_covers_where_the_picked_rate_alone_does_not() -> None:
    """Twelve equal rates: the smallest estimate is low by luck, and its own bound misses."""
    generator, rate, n, runs = random.Random(5), 0.5, 30, 400
    ours = picked = 0
    for _ in range(runs):
        counts = [sum(generator.random() < rate for _ in range(n)) for _ in range(12)]
        smallest = Smallest(of=tuple(Proportion(successes=k, trials=n) for k in counts))
        ours += bounds(smallest, alpha_low=0.05, alpha_high=0.05).high < rate
        picked += clopper_pearson(min(counts), n, alpha_low=0.05, alpha_high=0.05).high < rate
    assert ours <= 0.05 * runs + 3 * (0.05 * 0.95 * runs) ** 0.5
    assert picked > 0.2 * runs


@pytest.mark.slow
def test_the_lower_end_of_the_smallest_covers_without_a_correction() -> None:
    """It is too high only if the bound of the smallest rate itself is: 5 % in any configuration."""
    for rates in ((0.5,) * 12, (0.5, 0.9, 0.9), (0.2, 0.25, 0.3)):
        generator, n, runs, wrong = random.Random(7), 30, 400, 0
        for _ in range(runs):
            counts = [sum(generator.random() < rate for _ in range(n)) for rate in rates]
            smallest = Smallest(of=tuple(Proportion(successes=k, trials=n) for k in counts))
            wrong += bounds(smallest, alpha_low=0.05, alpha_high=0.05).low > min(rates)
        assert wrong <= 0.05 * runs + 3 * (0.05 * 0.95 * runs) ** 0.5


def test_the_largest_of_differences_is_the_smallest_of_the_negated() -> None:
    """The upper end is the largest of the single upper ends; the lower one is corrected."""
    gains = [
        Difference(a=Proportion(successes=a, trials=50), b=Proportion(successes=10, trials=50))
        for a in (12, 30, 9)
    ]
    top = largest(gains)
    found = bounds(top, alpha_low=0.05, alpha_high=0.05)
    each = [bounds(g, alpha_low=0.05 / 3, alpha_high=0.05) for g in gains]
    assert found.high == max(i.high for i in each)
    assert found.low == max(i.low for i in each)
    assert estimate(top) == pytest.approx(0.4)
    assert natural_range(top) == natural_range(gains[0])
    assert from_json(to_json(top)) == top


def test_what_was_worked_out_is_told_from_what_was_counted() -> None:
    value = Certified(low=0.1, high=0.2, level=0.95, says="a game")
    assert is_computed(value)
    assert is_computed(Affine(of=value, scale=-1.0, offset=1.0))
    assert not is_computed(RATES)
    assert not is_computed(Smallest(of=(RATES.of[0], value)))
