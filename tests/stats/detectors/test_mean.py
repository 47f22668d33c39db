"""The e-process of a bounded mean: validity, power against the rate's, exact states."""

from __future__ import annotations

import json
import math
import random
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safetycase.stats.detectors import MeanProcess, RateProcess, anytime_radius


@pytest.mark.parametrize("above", [True, False])
@pytest.mark.parametrize("points", [(0.0, 1.0), (0.2, 0.9), (0.0, 0.5, 1.0)])
def test_at_the_boundary_it_expects_exactly_one(above: bool, points: tuple[float, ...]) -> None:
    """All streams of six values from a few points with equal chances; the mean is the threshold."""
    theta = sum(points) / len(points)
    total = 0.0
    for values in product(points, repeat=6):
        process = MeanProcess(theta, above=above, alternatives=(0.9 if above else 0.1,))
        for value in values:
            process.update(value)
        total += process.e_value / len(points) ** 6
    assert total == pytest.approx(1.0, rel=1e-9)


def test_less_spread_is_found_sooner_than_zeros_and_ones() -> None:
    """The bet that is learnt: values near 0.55 against a mean of at most 0.5."""
    draw = random.Random(3)
    narrow, wide = MeanProcess(0.5), MeanProcess(0.5)
    delay = next(n for n in range(10**5) if narrow.observe(0.55 + 0.1 * (draw.random() - 0.5)))
    coin = next(n for n in range(10**5) if wide.observe(float(draw.random() < 0.55)))
    assert delay < 60 < coin


@pytest.mark.slow
def test_on_zeros_and_ones_it_is_not_much_slower_than_the_likelihood_ratio() -> None:
    draw = random.Random(5)
    delays: dict[type, list[int]] = {MeanProcess: [], RateProcess: []}
    for _ in range(60):
        for kind, found in delays.items():
            process = kind(0.1, alternatives=(0.2,))
            found.append(next(n for n in range(10**5) if process.observe(draw.random() < 0.2)))
    middle = {kind: sorted(found)[30] for kind, found in delays.items()}
    assert middle[MeanProcess] <= 1.5 * middle[RateProcess]


@pytest.mark.slow
@pytest.mark.parametrize("above", [True, False])
def test_false_alarms_stay_within_the_budget_in_simulation(above: bool) -> None:
    """2,000 runs of 200 values: Beta(0.5, 4.5), whose mean is the threshold, and its mirror."""
    draw, alarms, runs = random.Random(11), 0, 2000
    for _ in range(runs):
        process = MeanProcess(0.1 if above else 0.9, above=above)
        for _ in range(200):
            value = draw.betavariate(0.5, 4.5)
            if process.observe(value if above else 1 - value):
                alarms += 1
                break
    assert 0 < alarms / runs <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)


@given(
    st.lists(st.tuples(st.floats(0, 1), st.sampled_from([1.0, 1.5, 2.0])), max_size=60),
    st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_its_state_is_json_and_goes_on_exactly(
    values: list[tuple[float, float]], above: bool
) -> None:
    one = MeanProcess(0.3, above=above, weight_at_most=2)
    other = MeanProcess(0.3, above=above, weight_at_most=2)
    for value, weight in values:
        other.restore(json.loads(json.dumps(one.state(), allow_nan=False)))
        assert other.update(value, weight) == one.update(value, weight)
        assert one.e_value >= 0


@given(st.lists(st.floats(0, 1), min_size=1, max_size=80))
@settings(max_examples=40, deadline=None)
def test_observe_says_when_the_evidence_is_there(values: list[float]) -> None:
    fast, slow = MeanProcess(0.3, alarm_at=2), MeanProcess(0.3, alarm_at=2)
    for value in values:
        before = slow.e_value
        reached = slow.update(value) >= 2
        assert fast.observe(value) == (reached and (before < 2 or value > 0.3))


@pytest.mark.parametrize("value", [math.nan, -0.1, 1.1])
def test_it_refuses_values_that_are_none(value: float) -> None:
    with pytest.raises(ValueError, match="value"):
        MeanProcess(0.5).update(value)


@pytest.mark.parametrize("theta", [0.0, 1.0, math.nan])
def test_it_refuses_thresholds_at_the_ends(theta: float) -> None:
    with pytest.raises(ValueError, match="threshold"):
        MeanProcess(theta)


@pytest.mark.slow
def test_the_interval_of_a_mean_holds_at_every_look() -> None:
    """Fair coins have the most spread; 400 runs, looked at after each of 400 values."""
    draw, missed = random.Random(23), 0
    radii = [anytime_radius(n, 0.05) for n in range(1, 401)]
    for _ in range(400):
        total, out = 0.0, False
        for n, radius in enumerate(radii, 1):
            total += draw.random() < 0.5
            out = out or abs(total / n - 0.5) > radius
        missed += out
    assert missed / 400 <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 400)


def test_the_radius_has_its_closed_form() -> None:
    # (25 + 12.5) log(37.5/(12.5 · 0.0025)) = 265.88…, whose root is 16.31.
    assert anytime_radius(100, 0.05) == pytest.approx(0.1631, abs=1e-4)
    for values, doubt in ((0, 0.05), (10, 0.0), (10, math.nan)):
        with pytest.raises(ValueError, match="doubt"):
            anytime_radius(values, doubt)
