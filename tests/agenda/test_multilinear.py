"""The exact probability, against the enumeration of all states."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.agenda.makers import by_enumeration, random_dag

from safetycase.agenda.multilinear import TooTangled, compile_formula, dominators, slopes
from safetycase.confidence.graph import Builder


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_equals_enumeration(seed: int) -> None:
    draw = random.Random(seed)
    graph, root = random_dag(draw, draw.randint(1, 7), draw.randint(1, 8), negate=True)
    point = [draw.random() for _ in range(len(graph))]
    value = compile_formula(graph, root).at(point)
    assert value == pytest.approx(by_enumeration(graph, root, point), abs=1e-12)


def test_a_part_used_twice_counts_once() -> None:
    build = Builder()
    a = build.event("a")
    twice = build.all([a, a])
    assert compile_formula(build.freeze(), twice).at([0.9, 0.0]) == pytest.approx(0.9)


def test_a_shared_assumption_is_charged_once() -> None:
    """Thirty steps that each rest on one assumption of chance 0.95, and are otherwise sure."""
    build = Builder()
    shared = build.event("assumption")
    steps = [build.all([shared, build.event(f"e{k}")]) for k in range(30)]
    root = build.all(steps)
    graph = build.freeze()
    point = [1.0] * len(graph)
    point[shared] = 0.95
    assert compile_formula(graph, root).at(point) == pytest.approx(0.95, abs=1e-12)


def test_a_long_chain_of_overlaps_stays_narrow() -> None:
    """(e0 or e1) and (e1 or e2) …: the number without two failures in a row, by recurrence."""
    build = Builder()
    events = [build.event(f"e{k}") for k in range(101)]
    root = build.all([build.any([events[k], events[k + 1]]) for k in range(100)])
    graph = build.freeze()
    formula = compile_formula(graph, root)
    assert formula.width <= 3
    up, down = 0.9, 0.1
    for _ in range(100):
        up, down = (up + down) * 0.9, up * 0.1
    assert formula.at([0.9] * len(graph)) == pytest.approx(up + down, rel=1e-12)


def test_slopes_are_differences_of_the_ends() -> None:
    build = Builder()
    a, b, c = (build.event(n) for n in "abc")
    root = build.all([a, build.any([b, c])])
    found = slopes(compile_formula(build.freeze(), root), [0.5, 0.2, 0.4, 0, 0], [a, b, c])
    assert found == pytest.approx({a: 0.52, b: 0.3, c: 0.4})


def test_the_immediate_dominator_is_where_all_paths_meet() -> None:
    build = Builder()
    a, b = build.event("a"), build.event("b")
    left, right = build.any([a, b]), build.any([a])
    root = build.all([left, right])
    assert dominators(build.freeze(), root) == {a: root, b: left, left: root, right: root}


@pytest.mark.parametrize("bad", [float("nan"), -0.1, 1.1])
def test_refuses_what_is_no_probability(bad: float) -> None:
    build = Builder()
    root = build.all([build.event("a"), build.event("b")])
    with pytest.raises(ValueError, match="outside"):
        compile_formula(build.freeze(), root).at([bad, 0.5, 0])


def test_refuses_what_would_not_fit_in_memory() -> None:
    build = Builder()
    draw = random.Random(1)
    events = [build.event(f"e{k}") for k in range(60)]
    root = build.all([build.any(draw.sample(events, 8)) for _ in range(60)])
    graph = build.freeze()
    with pytest.raises(TooTangled, match="open at one time"):
        compile_formula(graph, root).many(np.full((1, len(graph)), 0.5))
