"""The reference schemes give the numbers their sources (or a hand) give."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.paradoxes.schemes import (
    Opinion,
    at_least_k,
    averaging,
    baconian,
    dempster,
    dempster_on_sets,
    dempster_shafer,
    evidential_reasoning,
    noisy_or,
    opinion,
    product,
    restricted_primal,
    sl_and,
    sl_averaging,
    sl_cumulative,
    sl_discount,
    sl_or,
    subjective_logic,
    sum_of_doubts,
    uniform_prior,
    weakest_link,
)

from safetycase.confidence.graph import Builder, Graph

CHANCES = {0: 0.9, 1: 0.8, 2: 0.7}


def shape(rule: str) -> Graph:
    build = Builder()
    parts = [build.event(name) for name in "abc"]
    if rule == "not":
        build.negate(build.all(parts))
    elif rule == "2 of 3":
        build.at_least(2, parts)
    else:
        (build.all if rule == "all" else build.any)(parts)
    return build.freeze()


@pytest.mark.parametrize(
    ("rule", "multiplied", "weakest", "mean"),
    [
        ("all", 0.504, 0.7, 0.8),
        ("any", 0.994, 0.9, 0.8),
        ("2 of 3", 0.902, 0.8, 0.8),
        ("not", 0.496, 0.3, 0.2),
    ],
)
def test_the_point_rules(rule: str, multiplied: float, weakest: float, mean: float) -> None:
    graph = shape(rule)
    top = len(graph) - 1
    assert product(graph, top, CHANCES) == pytest.approx(multiplied)
    assert weakest_link(graph, top, CHANCES) == pytest.approx(weakest)
    assert averaging(graph, top, CHANCES) == pytest.approx(mean)


def test_doubts_add_at_every_node() -> None:
    assert sum_of_doubts(shape("all"), 3, CHANCES) == pytest.approx(0.4)
    assert sum_of_doubts(shape("any"), 3, CHANCES) == 0.9
    with pytest.raises(ValueError, match="negation"):
        sum_of_doubts(shape("not"), 4, CHANCES)
    with pytest.raises(ValueError, match="k of n"):
        sum_of_doubts(shape("2 of 3"), 3, CHANCES)


def test_the_tail_of_independent_events_by_enumeration() -> None:
    chances = (0.1, 0.5, 0.7, 0.9)
    for k in range(6):
        by_hand = 0.0
        for world in itertools.product((0, 1), repeat=4):
            weight = 1.0
            for holds, p in zip(world, chances, strict=True):
                weight *= p if holds else 1 - p
            by_hand += weight * (sum(world) >= k)
        assert at_least_k(k, chances) == pytest.approx(by_hand)


unit = st.floats(0.0, 1.0)


@st.composite
def opinions(draw: st.DrawFn) -> Opinion:
    low, high = sorted((draw(unit), draw(unit)))
    return Opinion(b=low, d=1 - high, u=high - low, a=draw(st.floats(0.05, 0.95)))


@settings(max_examples=60)
@given(opinions(), opinions())
def test_the_operators_keep_mass_and_expectation(x: Opinion, y: Opinion) -> None:
    for made, expected in (
        (sl_and(x, y), x.expected * y.expected),
        (sl_or(x, y), x.expected + y.expected - x.expected * y.expected),
    ):
        assert made.b + made.d + made.u == pytest.approx(1)
        assert made.expected == pytest.approx(expected)
        assert min(made.b, made.d, made.u) >= -1e-12


def test_subjective_logic_by_hand() -> None:
    x, y = Opinion(b=0.7, d=0.1, u=0.2), Opinion(b=0.5, d=0.2, u=0.3)
    both = sl_and(x, y)
    # .35 + (.25 x .7 x .3 + .25 x .2 x .5) / .75, and .06 + (.5 x .7 x .3 + .5 x .2 x .5) / .75
    assert (both.b, both.d, both.u) == pytest.approx(
        (0.35 + 0.0775 / 0.75, 0.28, 0.06 + 0.155 / 0.75)
    )
    fused = sl_cumulative(x, y)
    assert (fused.b, fused.d, fused.u) == pytest.approx((0.31 / 0.44, 0.07 / 0.44, 0.06 / 0.44))
    mean = sl_averaging(x, y)
    assert (mean.b, mean.d, mean.u) == pytest.approx((0.62, 0.14, 0.24))
    told = sl_discount(Opinion(b=0.8, d=0.0, u=0.2), x)
    assert (told.b, told.d, told.u) == pytest.approx((0.63, 0.09, 0.28))
    assert subjective_logic(shape("2 of 3"), 3, dict.fromkeys(range(3), opinion(1, 1))).b == 1
    exact = {i: opinion(p, p) for i, p in CHANCES.items()}
    assert subjective_logic(shape("all"), 3, exact).b == pytest.approx(0.504)
    assert subjective_logic(shape("any"), 3, exact).b == pytest.approx(0.994)


def test_dempsters_rule_by_hand() -> None:
    agreed = dempster(opinion(0.9, 1), opinion(0.9, 1))
    assert (agreed.b, agreed.d, agreed.u) == pytest.approx((0.99, 0, 0.01))
    against = dempster(opinion(0.6, 0.6), opinion(0.7, 0.7))
    assert (against.b, against.d) == pytest.approx((0.42 / 0.54, 0.12 / 0.54))
    assert dempster(opinion(1, 1), opinion(0, 0)).u == 1
    on_sets = dempster_on_sets(
        {frozenset("t"): 0.6, frozenset("f"): 0.4}, {frozenset("t"): 0.7, frozenset("f"): 0.3}
    )
    assert on_sets[frozenset("t")] == pytest.approx(against.b)
    exact = {i: opinion(p, p) for i, p in CHANCES.items()}
    assert dempster_shafer(shape("all"), 3, exact).b == pytest.approx(0.504)
    assert dempster_shafer(shape("any"), 3, exact).b == pytest.approx(0.504 / (0.504 + 0.006))
    assert dempster_shafer(shape("2 of 3"), 3, exact).b == pytest.approx(0.902)
    support = {i: opinion(p, 1) for i, p in CHANCES.items()}
    assert dempster_shafer(shape("any"), 3, support).b == pytest.approx(0.994)


def test_evidential_reasoning_by_hand() -> None:
    assert evidential_reasoning([1, 1], [1, 1]) == pytest.approx(1)
    assert evidential_reasoning([1, 0], [1, 1]) == pytest.approx(0.5)
    # .8 and .6 at equal weight: yes .4, .3, no .1, .2, each with .5 not assigned; conflict .11.
    assert evidential_reasoning([0.8, 0.6], [1, 1]) == pytest.approx(0.47 / (0.47 + 0.17))


def test_the_small_ones() -> None:
    assert baconian(9, 10) == 0.9
    assert noisy_or([0.9, 0.9]) == pytest.approx(0.99)
    assert noisy_or([], leak=0.2) == pytest.approx(0.2)
    assert uniform_prior(0, 0) == 0.5
    cuts = [frozenset({0, 1}), frozenset({0, 2}), frozenset({1, 2})]
    assert restricted_primal(cuts, dict.fromkeys(range(3), 0.1)) == pytest.approx(0.15)
    assert restricted_primal(cuts[:1], dict.fromkeys(range(3), 0.1)) == pytest.approx(0.1)
