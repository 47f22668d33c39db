"""Order of experiments: the ratio rule against the best of all strategies."""

import itertools
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.agenda.makers import by_enumeration, random_tree

from safetycase.agenda.order import Experiment, best_cost, order
from safetycase.confidence.graph import Builder, Graph


def experiments(draw: random.Random, events: range) -> dict[int, Experiment]:
    return {
        e: Experiment(probability=draw.uniform(0.05, 0.95), cost=draw.uniform(0.5, 5))
        for e in events
    }


def flat(every: bool, size: int) -> tuple[Graph, int]:
    build = Builder()
    parts = [build.event(f"e{k}") for k in range(size)]
    root = build.all(parts) if every else build.any(parts)
    return build.freeze(), root


def test_what_is_cheap_and_likely_to_fail_comes_first() -> None:
    graph, root = flat(True, 3)
    tests = {
        0: Experiment(probability=0.5, cost=4),  # 8
        1: Experiment(probability=0.9, cost=1),  # 10
        2: Experiment(probability=0.2, cost=2),  # 2.5
    }
    found = order(graph, root, tests)
    assert found.events == (2, 0, 1)
    assert found.expected_cost == pytest.approx(2 + 0.2 * (4 + 0.5 * 1))
    assert found.probability == pytest.approx(0.09)
    assert (found.optimal, found.why) == (True, "ascending cost/(1 − p)")


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.booleans())
def test_optimal_for_all_and_for_any(seed: int, every: bool) -> None:
    draw = random.Random(seed)
    size = draw.randint(1, 6)
    graph, root = flat(every, size)
    tests = experiments(draw, range(size))
    found = order(graph, root, tests)
    assert found.optimal
    assert found.expected_cost == pytest.approx(best_cost(graph, root, tests))
    costs = []
    for line in itertools.permutations(range(size)):
        total, reached = 0.0, 1.0
        for e in line:
            total += reached * tests[e].cost
            reached *= tests[e].probability if every else 1 - tests[e].probability
        costs.append(total)
    assert found.expected_cost == pytest.approx(min(costs))


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.booleans())
def test_optimal_for_two_levels(seed: int, every: bool) -> None:
    draw = random.Random(seed)
    build = Builder()
    blocks, size = [], 0
    for _ in range(draw.randint(1, 3)):
        parts = [build.event(f"e{size + k}") for k in range(draw.randint(1, 3))]
        size += len(parts)
        blocks.append((build.any if every else build.all)(parts))
    root = (build.all if every else build.any)(blocks)
    graph, tests = build.freeze(), experiments(draw, range(len(build.freeze())))
    found = order(graph, root, tests)
    assert found.optimal
    assert found.expected_cost == pytest.approx(best_cost(graph, root, tests))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_never_better_than_the_best_and_the_chance_is_right(seed: int) -> None:
    draw = random.Random(seed)
    size = draw.randint(1, 6)
    graph, root = random_tree(draw, size, count=True)
    tests = experiments(draw, range(size))
    found = order(graph, root, tests)
    best = best_cost(graph, root, tests)
    assert found.expected_cost >= best - 1e-9
    if found.optimal:
        assert found.expected_cost == pytest.approx(best)
    point = [tests[e].probability if e in tests else 0.0 for e in range(len(graph))]
    assert found.probability == pytest.approx(by_enumeration(graph, root, point))
    assert sorted(found.events) == list(graph.events([root]))


@pytest.mark.slow
def test_below_two_levels_the_rule_is_labelled_and_can_lose() -> None:
    """Found by search: three levels where depth-first order costs more than the best strategy."""
    worst = 0.0
    for seed in range(60):
        draw = random.Random(seed)
        build = Builder()
        e = [build.event(f"e{k}") for k in range(6)]
        inner = build.any([e[0], build.all([e[1], e[2]])])
        root = build.all([inner, build.any([e[3], build.all([e[4], e[5]])])])
        graph, tests = build.freeze(), experiments(draw, range(6))
        found = order(graph, root, tests)
        assert not found.optimal
        assert "rule of thumb" in found.why
        worst = max(worst, found.expected_cost / best_cost(graph, root, tests))
    assert worst > 1.0001


def test_events_without_a_test_are_taken_as_given() -> None:
    build = Builder()
    a, b, given_, ruled_out = (
        build.event("a"),
        build.event("b"),
        build.event("given", 0.5, 1),
        build.event("out", 0, 0),
    )
    root = build.all([build.any([a, ruled_out]), given_, build.at_least(1, [b])])
    tests = {e: Experiment(probability=0.5, cost=1) for e in (a, b)}
    assert order(build.freeze(), root, tests).events == (a, b)
    decided = build.any([a, given_])
    found = order(build.freeze(), decided, tests)
    assert (found.events, found.expected_cost, found.probability) == ((), 0, 1)


def test_refuses_what_has_no_order() -> None:
    build = Builder()
    a, b = build.event("a"), build.event("b")
    twice = build.all([build.any([a, b]), a])
    negated = build.negate(b)
    graph = build.freeze()
    tests = {e: Experiment(probability=0.5, cost=1) for e in (a, b)}
    with pytest.raises(ValueError, match="more than once"):
        order(graph, twice, tests)
    with pytest.raises(ValueError, match="negates"):
        order(graph, negated, tests)
    assert best_cost(graph, twice, tests) == pytest.approx(1)
    for probability, cost in ((math.nan, 1), (0.5, 0), (0.5, math.inf), (1.5, 1)):
        with pytest.raises(ValueError):
            Experiment(probability=probability, cost=cost)
    wide, root = flat(True, 11)
    with pytest.raises(ValueError, match="at most 10"):
        best_cost(wide, root, experiments(random.Random(1), range(11)))
