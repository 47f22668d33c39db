"""CUSUM: run lengths against closed forms, enumeration and simulation."""

from __future__ import annotations

import json
import math
import random

import numpy as np
import pytest

from safetycase.stats.detectors import Cusum
from safetycase.stats.detectors.run_length import (
    Lattice,
    average_run_length,
    chance_within,
    height_for,
    lattice_of,
)


@pytest.mark.parametrize(("rate", "up"), [(0.01, 68), (0.3, 4), (0.5, 1), (0.001, 690)])
def test_two_failures_close_together_have_a_closed_form(rate: float, up: int) -> None:
    """A height of up + 1 waits for two ones with fewer than `up` zeros in between.

    Each try takes 1/p to the first one, and ends within `up` values with probability
    r = 1 − (1 − p)^up; so the average is 1/p + 1/(p r).
    """
    lattice = Lattice(up=up, down=1)
    closed = 1 / rate + 1 / (rate * (1 - (1 - rate) ** up))
    assert average_run_length(rate, lattice, up + 1) == pytest.approx(closed, rel=1e-9)
    assert average_run_length(rate, lattice, up) == pytest.approx(1 / rate, rel=1e-9)


@pytest.mark.parametrize("lattice", [Lattice(up=3, down=2), Lattice(up=2, down=5)])
def test_the_run_length_is_the_sum_of_the_chances_to_run_on(lattice: Lattice) -> None:
    """E[T] = Σ P(T > n), with the chances from moving mass: another way to the same number."""
    chances = chance_within(0.4, lattice, 7, 4000)
    assert chances[-1] == pytest.approx(1.0, abs=1e-9)
    survived = 1 + sum(1 - chance for chance in chances)
    assert average_run_length(0.4, lattice, 7) == pytest.approx(survived, rel=1e-6)


@pytest.mark.slow
def test_false_alarms_and_delays_are_those_of_the_published_simulation() -> None:
    """p0 = 1 % to 2 %, h = 4, 5, 6: 65, 33 and 12.5 % in 20,000; medians 645, 905 and 1,129."""
    lattice = lattice_of(0.01, 0.02)
    assert lattice == Lattice(up=68, down=1)
    odds = math.log(0.02 / 0.01) - math.log(0.98 / 0.99)
    known = {4: (0.65, 645), 5: (0.33, 905), 6: (0.125, 1129)}
    for nats, (false, delay) in known.items():
        height = round(nats / odds * (lattice.up + lattice.down))
        assert chance_within(0.01, lattice, height, 20_000)[-1] <= false
        later = chance_within(0.02, lattice, height, 3000)
        middle = next(n for n, chance in enumerate(later, 1) if chance >= 0.5)
        assert middle == pytest.approx(delay, rel=0.15)


@pytest.mark.parametrize(
    ("theta", "other", "above"),
    [(0.3, 0.4, True), (0.05, 0.1, True), (0.9, 0.8, False), (0.02, 0.2, True)],
)
def test_the_declared_run_length_is_reached_and_not_by_much_exceeded(
    theta: float, other: float, above: bool
) -> None:
    cusum = Cusum(theta, above=above, alternative=other, run_length=5000)
    assert cusum.reached is not None
    assert 5000 <= cusum.reached <= 6000


@pytest.mark.slow
def test_the_run_length_is_what_simulation_gives() -> None:
    draw, values = random.Random(17), 400_000
    cusum = Cusum(0.3, alternative=0.45, run_length=400)
    for _ in range(values):
        cusum.observe(float(draw.random() < 0.3))
    assert cusum.reached is not None
    # The number of warnings in so many values has a variance of about its mean.
    error = cusum.reached / math.sqrt(cusum.warnings)
    assert values / cusum.warnings == pytest.approx(cusum.reached, abs=4 * error)


@pytest.mark.slow
def test_means_and_weights_run_at_least_as_long_as_declared() -> None:
    draw = random.Random(19)
    mean = Cusum(0.3, run_length=200, binary=False)
    weighted = Cusum(0.3, run_length=200, weight_at_most=3)
    for _ in range(100_000):
        mean.observe(draw.betavariate(3, 7))
        weighted.observe(float(draw.random() < 0.3), 1.0 if draw.random() < 0.5 else 3.0)
    for cusum in (mean, weighted):
        assert cusum.reached is None
        assert cusum.height == pytest.approx(math.log(200))
        assert 0 < cusum.warnings <= 100_000 / 200 + 3 * math.sqrt(500)


def test_fewer_ones_are_seen_from_below() -> None:
    cusum = Cusum(0.9, above=False, alternative=0.5, run_length=1000)
    assert not any(cusum.observe(1.0) for _ in range(100))
    assert any(cusum.observe(0.0) for _ in range(20))
    assert cusum.statistic == 0


def test_very_rare_failures_fall_back_to_the_bound() -> None:
    cusum = Cusum(1e-5, alternative=2e-5, run_length=1e7)
    assert cusum.reached is None
    assert cusum.height == pytest.approx(math.log(1e7))


def test_heights_are_the_least() -> None:
    lattice = Lattice(up=9, down=1)
    height, reached = height_for(0.05, lattice, 1000)
    assert average_run_length(0.05, lattice, height) == reached >= 1000
    assert average_run_length(0.05, lattice, height - 1) < 1000


def test_dense_equations_give_the_same() -> None:
    """Against a plain solution of the full system, reflecting at zero."""
    lattice, height, rate = Lattice(up=5, down=3), 23, 0.35
    system = np.eye(height)
    for state in range(height):
        system[state, max(0, state - 3)] -= 1 - rate
        if state + 5 < height:
            system[state, state + 5] -= rate
    plain = np.linalg.solve(system, np.ones(height))[0]
    assert average_run_length(rate, lattice, height) == pytest.approx(plain, rel=1e-10)


def test_its_state_is_json_and_goes_on_exactly() -> None:
    draw = random.Random(4)
    for binary in (True, False):
        one = Cusum(0.3, run_length=50, binary=binary)
        other = Cusum(0.3, run_length=50, binary=binary)
        for _ in range(200):
            value = float(draw.random() < 0.5)
            other.restore(json.loads(json.dumps(one.state(), allow_nan=False)))
            assert other.update(value) == one.update(value)
        assert other.warnings == one.warnings > 0


@pytest.mark.parametrize(
    "arguments",
    [
        {"threshold": 0.0},
        {"threshold": 0.5, "alternative": 0.4},
        {"threshold": 0.5, "run_length": 1},
        {"threshold": 0.5, "weight_at_most": math.inf},
    ],
)
def test_it_refuses_what_cannot_be(arguments: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"threshold|alternative|run_length"):
        Cusum(**{"run_length": 100, **arguments})  # type: ignore[arg-type]


def test_it_refuses_values_and_weights_that_are_none() -> None:
    for value, weight in ((0.5, 1.0), (math.nan, 1.0), (1.0, 2.0)):
        with pytest.raises(ValueError, match=r"value|weight"):
            Cusum(0.5, run_length=100).update(value, weight)
