"""The stated-model value: exact where it can be, drawn with an interval that covers where not."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.confidence.graphs import independent, random_graph, truth, worlds

from safetycase.confidence.dependence import unknown_bound
from safetycase.confidence.graph import Builder, Declaration, Graph
from safetycase.confidence.reference import reference
from safetycase.confidence.sampling import sample

SEEDS = st.integers(0, 10**6)


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.sampled_from(["low", "mid", "high"]))
def test_the_value_is_that_of_all_worlds(seed: int, at: str) -> None:
    graph, top = random_graph(seed)
    events = graph.events([top])
    middle = {e: (graph.low[e] + graph.high[e]) / 2 for e in events}
    points = {"low": dict(enumerate(graph.low)), "mid": middle, "high": dict(enumerate(graph.high))}
    found = reference(graph, top, at=at)  # type: ignore[arg-type]
    assert found.exact
    assert found.low == found.value == found.high
    assert found.value == pytest.approx(independent(graph, top, points[at]), abs=1e-12)
    assert set(found.importances) == set(events)


def test_importance_measures_of_a_known_example() -> None:
    """a and (b or c): risk .1 + .9 · .2 · .3."""
    builder = Builder()
    a, b, c = builder.event("a", 0.9), builder.event("b", 0.8), builder.event("c", 0.7)
    top = builder.all([a, builder.any([b, c])])
    found = reference(builder.freeze(), top)
    risk = 0.1 + 0.9 * 0.06
    assert 1 - found.value == pytest.approx(risk)
    of_a, of_b = found.importances[a], found.importances[b]
    assert of_a.birnbaum == pytest.approx(0.94)
    assert of_a.achievement == pytest.approx(1 / risk)
    assert of_a.reduction == pytest.approx(risk / 0.06)
    assert of_a.fussell_vesely == pytest.approx(1 - 0.06 / risk)
    assert of_b.birnbaum == pytest.approx(0.9 * 0.3)
    assert of_b.achievement == pytest.approx((0.1 + 0.9 * 0.3) / risk)
    assert of_b.reduction == pytest.approx(risk / 0.1)


def test_no_risk_and_all_risk_are_no_trouble() -> None:
    builder = Builder()
    sure, lost = builder.event("sure", 1.0), builder.event("lost", 0.0, 0.0)
    graph = builder.freeze()
    assert reference(graph, sure).importances[sure].achievement == 1.0
    assert reference(graph, lost).importances[lost].reduction == math.inf


def test_a_declared_common_cause_enters_the_model() -> None:
    builder = Builder()
    events = [builder.event(n, 0.9) for n in "abc"]
    some = builder.any(events)
    graph = builder.freeze()
    cause = Declaration(id="power", kind="common cause", among=tuple(events), number=0.5)
    found = reference(graph, some, declarations=[cause])
    own = 1 - 0.9 / 0.95
    assert 1 - found.value == pytest.approx(0.05 + 0.95 * own**3)
    assert found.causes["power"].reduction == pytest.approx((1 - found.value) / own**3)
    # What an event does by its own cause, at an unchanged shared cause.
    assert found.importances[events[0]].birnbaum == pytest.approx(own**2)
    assert reference(graph, some).value == pytest.approx(0.999)
    broken = Declaration(id="power", kind="common cause", among=tuple(events))
    assert reference(graph, some, declarations=[broken]).causes == {}


def tangled(seed: int) -> tuple[Graph, int]:
    rng = random.Random(seed)
    builder = Builder()
    events = [builder.event(f"e{i}", 0.6 + 0.1 * rng.random()) for i in range(120)]
    legs = [builder.any(rng.sample(events, 3)) for _ in range(300)]
    top = builder.at_least(287, legs)
    return builder.freeze(), top


@pytest.mark.slow
def test_a_graph_no_diagram_fits_is_drawn_reproducibly() -> None:
    graph, top = tangled(1)
    found = reference(graph, top, nodes=3_000, draws=4_000, seed=7)
    assert not found.exact
    assert found.low <= found.value <= found.high
    assert found.high - found.low < 0.1
    assert found == reference(graph, top, nodes=3_000, draws=4_000, seed=7)
    assert found != reference(graph, top, nodes=3_000, draws=4_000, seed=8)


@settings(max_examples=30, deadline=None)
@given(SEEDS)
def test_drawing_counts_the_worlds(seed: int) -> None:
    """With sure events every draw is the same world, whose value is known; 70 fill two words."""
    graph, top = random_graph(seed)
    for world in worlds(graph.events([top])):
        chance = [float(world.get(i, False)) for i in range(len(graph))]
        point, hits = sample(graph, top, chance, seed=seed, draws=70)
        assert hits == (70 if truth(graph, world)[top] else 0)
        assert point.value == hits / 70


def test_drawn_intervals_cover() -> None:
    graph, top = random_graph(11, events=5)
    chance = [0.4] * len(graph)
    true = independent(graph, top, dict(enumerate(chance)))
    point, hits = sample(graph, top, chance, seed=1, draws=200_000)
    assert point.value == hits / 200_000 == pytest.approx(true, abs=0.005)
    for e in graph.events([top]):
        with_it = independent(graph, top, {**dict(enumerate(chance)), e: 1.0})
        without = independent(graph, top, {**dict(enumerate(chance)), e: 0.0})
        assert point.importance[e] == pytest.approx(with_it - without, abs=0.02)


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_the_value_lies_above_the_bound(seed: int) -> None:
    graph, top = random_graph(seed)
    for at in ("low", "mid", "high"):
        assert reference(graph, top, at=at).value >= unknown_bound(graph, top) - 1e-9  # type: ignore[arg-type]
