"""Value of information: closed forms, laws, the two traps, and bad input."""

import math
import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats
from tests.agenda.makers import by_enumeration, random_dag, states

from safetycase.agenda.multilinear import compile_formula
from safetycase.agenda.value import (
    MODEL,
    Linear,
    Rate,
    Stakes,
    lift,
    linear,
    perfect,
    perfect_together,
    sample,
)

chances = st.floats(0, 1)


def both(point: Sequence[float]) -> float:
    return point[0] * point[1]


def test_a_worked_example() -> None:
    """P = 0.8·p + 0.1 at p = 0.5 with B = 1, L = 3: now 0 (P = 0.5 < 0.75), known 0.5·0.6."""
    found = perfect(Linear(slope=0.8, offset=0.1), 0.5, Stakes(gain=1, loss=3), cost=2)
    assert found.now == 0
    assert found.value == pytest.approx(0.5 * (4 * 0.9 - 3))
    assert found.value_per_cost == pytest.approx(0.15)
    assert found.model == MODEL


def test_the_threshold_is_where_deploying_breaks_even() -> None:
    stakes = Stakes(gain=1, loss=9)
    assert stakes.threshold == 0.9
    assert stakes.worth(0.9) == pytest.approx(0)
    assert stakes.worth(0.95) == pytest.approx(0.5)


def test_the_first_trap_two_open_siblings_are_each_worth_nothing() -> None:
    point = [0.0, 0.0]
    stakes = Stakes(gain=1, loss=1)
    for event in (0, 1):
        assert perfect(linear(both, point, event), 0.0, stakes).value == 0
    point = [0.4, 0.4]  # knowing either leaves P at 0.4 at best, below the threshold 0.5
    for event in (0, 1):
        assert perfect(linear(both, point, event), 0.4, stakes).value == 0
    assert perfect_together(both, point, [0, 1], stakes).value == pytest.approx(0.16)


def test_the_second_trap_far_from_the_threshold_only_the_lift_tells_items_apart() -> None:
    stakes = Stakes(gain=1, loss=999)

    def top(point: Sequence[float]) -> float:
        return point[0] * point[1] * point[2]

    point = [0.5, 0.9, 0.5]
    for event in range(3):
        assert perfect(linear(top, point, event), point[event], stakes).value == 0
    lifts = [lift(top, top, point, [event], cost=2.0) for event in range(3)]
    assert lifts[0].log_odds_per_cost == lifts[2].log_odds_per_cost > lifts[1].log_odds_per_cost
    logit = math.log(0.45 / 0.55) - math.log(0.225 / 0.775)
    assert lifts[0].log_odds == pytest.approx(logit)
    assert lifts[0].bound_per_cost == pytest.approx(0.225 / 2)


def test_a_lift_from_and_to_certainty_is_infinite_and_none_is_zero() -> None:
    assert lift(both, both, [0.0, 0.5], [0], 1.0).log_odds == math.inf
    assert lift(both, both, [0.0, 0.0], [0], 1.0).log_odds == 0.0


@settings(max_examples=60, deadline=None)
@given(chances, chances, chances, st.floats(0.01, 10), st.floats(0.01, 10))
def test_information_is_never_worth_less_than_nothing_nor_more_than_the_gain(
    slope: float, offset: float, p: float, gain: float, loss: float
) -> None:
    line = Linear(slope=slope * (1 - offset), offset=offset)
    value = perfect(line, p, Stakes(gain=gain, loss=loss)).value
    assert 0 <= value <= gain + 1e-12
    if p in (0, 1):
        assert value == pytest.approx(0, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_a_set_is_worth_at_least_each_of_its_parts(seed: int) -> None:
    draw = random.Random(seed)
    graph, root = random_dag(draw, 4, 4)
    top = compile_formula(graph, root).at
    point = [draw.random() for _ in range(len(graph))]
    stakes = Stakes(gain=draw.uniform(0.1, 2), loss=draw.uniform(0.1, 2))
    events = [0, 1, 2]
    together = perfect_together(top, point, events, stakes).value
    for event in events:
        alone = perfect(linear(top, point, event), point[event], stakes).value
        assert alone == pytest.approx(perfect_together(top, point, [event], stakes).value)
        assert alone <= together + 1e-12
    by_hand = -stakes.worth(by_enumeration(graph, root, point))
    for state in states(events):
        weight = math.prod(point[e] if state[e] else 1 - point[e] for e in events)
        moved = list(point)
        for e in events:
            moved[e] = float(state[e])
        by_hand += weight * stakes.worth(by_enumeration(graph, root, moved))
    assert together == pytest.approx(by_hand, abs=1e-12)


def test_sample_information_equals_the_sum_over_scipys_beta_binomial() -> None:
    rate, trials, stakes = Rate(a=0.7, b=40.0, threshold=0.02), 60, Stakes(gain=1, loss=4)
    line = Linear(slope=0.9, offset=0.05)
    known = sum(
        scipy_stats.betabinom.pmf(k, trials, rate.a, rate.b)
        * stakes.worth(0.9 * scipy_stats.beta.cdf(0.02, rate.a + k, rate.b + trials - k) + 0.05)
        for k in range(trials + 1)
    )
    now = stakes.worth(0.9 * scipy_stats.beta.cdf(0.02, rate.a, rate.b) + 0.05)
    assert sample(line, rate, trials, stakes).value == pytest.approx(known - now, rel=1e-9)
    assert sample(line, rate, trials, stakes).value > 0.01


@settings(max_examples=40, deadline=None)
@given(st.floats(0.1, 20), st.floats(0.1, 200), st.floats(0.001, 0.5), st.floats(0.05, 20))
def test_more_trials_are_worth_more_and_never_more_than_certainty(
    a: float, b: float, threshold: float, loss: float
) -> None:
    rate, stakes = Rate(a=a, b=b, threshold=threshold), Stakes(gain=1, loss=loss)
    line = Linear(slope=0.7, offset=0.2)
    values = [sample(line, rate, trials, stakes).value for trials in (0, 3, 30, 300)]
    certain = perfect(line, min(1.0, rate.confidence()), stakes).value
    assert values[0] == pytest.approx(0, abs=1e-9)
    for few, many in zip(values, [*values[1:], certain], strict=True):
        assert few <= many + 1e-9


def test_a_million_trials_are_nearly_certainty() -> None:
    rate, stakes = Rate(a=1.0, b=99.0, threshold=0.001), Stakes(gain=1, loss=1)
    line = Linear(slope=1.0, offset=0.0)
    certain = perfect(line, rate.confidence(), stakes).value
    assert sample(line, rate, 1_000_000, stakes).value == pytest.approx(certain, rel=0.03)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Stakes(gain=-1, loss=1),
        lambda: Stakes(gain=0, loss=0),
        lambda: Stakes(gain=math.nan, loss=1),
        lambda: Rate(a=0, b=1, threshold=0.5),
        lambda: Rate(a=1, b=math.inf, threshold=0.5),
        lambda: Rate(a=1, b=1, threshold=math.nan),
        lambda: Linear(slope=0.8, offset=0.3),
        lambda: Linear(slope=math.nan, offset=0.3),
        lambda: perfect(Linear(slope=0.5, offset=0), math.nan, Stakes(gain=1, loss=1)),
        lambda: perfect(Linear(slope=0.5, offset=0), 0.5, Stakes(gain=1, loss=1), cost=0),
        lambda: perfect_together(both, [0.5, 0.5], [0, 0], Stakes(gain=1, loss=1)),
        lambda: perfect_together(both, [0.5] * 20, range(15), Stakes(gain=1, loss=1)),
        lambda: perfect_together(both, [0.5, math.nan], [0, 1], Stakes(gain=1, loss=1)),
        lambda: linear(lambda _: math.nan, [0.5], 0),
        lambda: lift(both, both, [0.5, 0.5], [0], math.nan),
        lambda: sample(
            Linear(slope=0.5, offset=0),
            Rate(a=1, b=1, threshold=0.5),
            -1,
            Stakes(gain=1, loss=1),
        ),
    ],
)
def test_refuses_what_is_no_number_of_its_kind(wrong: object) -> None:
    assert callable(wrong)
    with pytest.raises(ValueError):
        wrong()
