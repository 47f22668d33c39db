"""Restarts: the spending, the mixture over change points, and what they buy."""

from __future__ import annotations

import json
import math
import random
from itertools import product

import pytest

from safetycase.stats.detectors import MeanProcess, RateProcess, Restarted, spent


def test_the_shares_of_all_starts_add_up_to_one() -> None:
    assert spent(1) == 0.5
    total = math.fsum(spent(start) for start in range(1, 100_001))
    assert total == pytest.approx(1 - 1 / (1 + math.log2(100_001)))
    assert math.log(spent(1) / spent(100)) == pytest.approx(7.6, abs=0.1)


def test_it_is_the_mixture_of_processes_that_began_at_each_start() -> None:
    draw = random.Random(1)
    values = [float(draw.random() < 0.4) for _ in range(95)]
    process = Restarted(RateProcess(0.3), every=10)
    for value in values:
        process.update(value)
    expected, kept = 0.0, 1.0
    for start in range(10):
        single = RateProcess(0.3)
        for value in values[10 * start :]:
            single.update(value)
        expected += spent(start + 1) * single.e_value
        kept -= spent(start + 1)
    assert process.starts == 10
    assert process.e_value == pytest.approx(expected + kept, rel=1e-9)


@pytest.mark.parametrize("kind", [RateProcess, MeanProcess])
def test_at_the_boundary_it_expects_exactly_one(kind: type) -> None:
    total = 0.0
    for values in product((0.0, 1.0), repeat=9):
        process = Restarted(kind(0.25), every=2)
        for value in values:
            process.update(value)
        total += 0.25 ** sum(values) * 0.75 ** (9 - sum(values)) * process.e_value
    assert total == pytest.approx(1.0, rel=1e-9)


@pytest.mark.slow
def test_a_change_after_a_long_good_time_is_found_much_sooner() -> None:
    """After 20,000 values at half the threshold the rate triples; medians of 41 runs."""
    draw = random.Random(9)
    delays: dict[str, list[int]] = {"plain": [], "restarted": []}
    for _ in range(41):
        plain = RateProcess(0.01, alternatives=(0.015,))
        restarted = Restarted(RateProcess(0.01, alternatives=(0.015,)), every=500)
        for _ in range(20_000):
            value = float(draw.random() < 0.005)
            plain.observe(value)
            restarted.observe(value)
        later = [float(draw.random() < 0.015) for _ in range(30_000)]
        for name, process in (("plain", plain), ("restarted", restarted)):
            found = (n for n, value in enumerate(later) if process.observe(value))
            delays[name].append(next(found, 30_000))
    plain_middle, middle = sorted(delays["plain"])[20], sorted(delays["restarted"])[20]
    assert middle < 8000
    assert middle < plain_middle / 2


@pytest.mark.slow
def test_false_alarms_stay_within_the_budget_in_simulation() -> None:
    """2,000 runs of 2,000 values at the boundary, started anew every 100."""
    draw, alarms, runs = random.Random(13), 0, 2000
    for _ in range(runs):
        process = Restarted(RateProcess(0.05, alternatives=(0.1,)), every=100)
        if any(process.observe(float(draw.random() < 0.05)) for _ in range(2000)):
            alarms += 1
    assert 0 < alarms / runs <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)


def test_its_state_is_json_and_goes_on_exactly() -> None:
    draw = random.Random(2)
    one, other = Restarted(MeanProcess(0.3), every=7), Restarted(MeanProcess(0.3), every=7)
    for _ in range(60):
        value = draw.random()
        other.restore(json.loads(json.dumps(one.state(), allow_nan=False)))
        assert other.update(value) == one.update(value)


def test_without_a_value_nothing_is_started_or_spent() -> None:
    process = Restarted(RateProcess(0.1))
    for _ in range(1000):
        process.restart()
    assert process.starts == 1
    assert process.e_value == pytest.approx(1.0)


def test_it_refuses_to_restart_after_no_values() -> None:
    with pytest.raises(ValueError, match="every"):
        Restarted(RateProcess(0.1), every=0)


def test_what_may_never_happen_is_found_after_any_start() -> None:
    process = Restarted(RateProcess(0.0), every=3)
    assert not any(process.observe(0.0) for _ in range(20))
    assert process.observe(1.0)
