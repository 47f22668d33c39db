"""The diagram says what adding up all worlds says, on graphs with every operation."""

from __future__ import annotations

import math
import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.confidence.graphs import independent, random_graph, truth, worlds

from safetycase.confidence.diagram import OutOfBudget, compile_diagram
from safetycase.confidence.graph import ALL, ANY, EVENT, NOT, Builder, Graph

SEEDS = st.integers(0, 10**6)


def chances(graph: Graph, seed: int) -> dict[int, float]:
    rng = random.Random(seed)
    return {
        e: rng.choice([0.0, 1.0, rng.random(), rng.random()])
        for e in range(len(graph))
        if graph.ops[e] == EVENT
    }


@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_probability_and_importances_are_those_of_all_worlds(seed: int) -> None:
    graph, top = random_graph(seed)
    chance = chances(graph, seed)
    point = compile_diagram(graph, top).point(chance)
    assert point.value == pytest.approx(independent(graph, top, chance), abs=1e-12)
    assert compile_diagram(graph, top).probability(chance) == pytest.approx(point.value, abs=1e-15)
    for event in graph.events([top]):
        with_it = independent(graph, top, {**chance, event: 1.0})
        without = independent(graph, top, {**chance, event: 0.0})
        assert point.importance.get(event, 0.0) == pytest.approx(with_it - without, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_the_value_under_partial_knowledge_is_exact(seed: int) -> None:
    graph, top = random_graph(seed)
    rng = random.Random(seed)
    diagram = compile_diagram(graph, top)
    events = graph.events([top])
    known = {e: rng.random() < 0.5 for e in events if rng.random() < 0.6}
    rest = [e for e in events if e not in known]
    seen = {truth(graph, {**known, **world})[top] for world in worlds(rest)}
    assert diagram.value(known) == (seen.pop() if len(seen) == 1 else None)


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.booleans())
def test_the_lightest_implicant_of_a_monotone_node_is_lightest(seed: int, value: bool) -> None:
    graph, top = random_graph(seed, negations=False)
    rng = random.Random(seed)
    weight = {e: rng.choice([0.0, rng.random(), 1.0]) for e in graph.events([top])}
    ways = [
        math.fsum(weight[e] for e, v in world.items() if v == value)
        for world in worlds(graph.events([top]))
        if truth(graph, world)[top] == value
    ]
    weights = ({}, weight) if value else (weight, {})
    found = compile_diagram(graph, top).lightest(*weights, value=value)
    if not ways:
        assert found is None
    else:
        assert found is not None
        assert found.weight == pytest.approx(min(ways), abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.booleans())
def test_implicants_force_the_node_and_cover_every_world(seed: int, value: bool) -> None:
    """Also where negations give literals of both signs a weight."""
    graph, top = random_graph(seed)
    rng = random.Random(seed)
    events = graph.events([top])
    falsity, truth_ = ({e: rng.random() for e in events} for _ in range(2))
    diagram = compile_diagram(graph, top)
    found = diagram.lightest_each(falsity, truth_, value=value, limit=99)
    reached = [w for w in worlds(events) if truth(graph, w)[top] == value]
    assert bool(found) == bool(reached)
    for way in found:
        assert diagram.value(dict(way.literals)) is value
        assert way.weight == pytest.approx(
            math.fsum((truth_ if v else falsity)[e] for e, v in way.literals)
        )
        assert way.weight >= found[0].weight - 1e-12
    for world in reached:  # no world is cheaper than the lightest path: a price on paths is sound
        total = math.fsum((truth_ if v else falsity)[e] for e, v in world.items())
        assert total >= found[0].weight - 1e-12
    # Every world in which an event does its part is met by a path with that literal, or does not
    # need it.
    for e, v in {literal for way in found for literal in way.literals}:
        assert any(world[e] is v for world in reached)


@pytest.mark.parametrize("seed", range(6))
def test_it_agrees_with_a_bayesian_network(seed: int) -> None:
    gum = pytest.importorskip("pyagrum")
    rng = random.Random(seed)
    builder = Builder()
    nodes = [builder.event(f"e{i}") for i in range(14)]
    for _ in range(16):
        parts = rng.sample(nodes[-14:], 3)
        make = rng.choice([builder.all, builder.any])
        nodes.append(make(parts) if rng.random() < 0.85 else builder.negate(parts[0]))
    graph = builder.freeze()
    chance = {e: rng.random() for e in range(14)}
    net = gum.BayesNet()
    for i, op in enumerate(graph.ops):
        variable = gum.LabelizedVariable(f"n{i}", "", 2)
        net.addAND(variable) if op == ALL else net.addOR(variable) if op == ANY else net.add(
            variable
        )
        for part in graph.parts[i]:
            net.addArc(f"n{part}", f"n{i}")
        if op == EVENT:
            net.cpt(f"n{i}").fillWith([1 - chance[i], chance[i]])
        elif op == NOT:
            net.cpt(f"n{i}")[:] = [[0, 1], [1, 0]]
    inference = gum.LazyPropagation(net)
    inference.makeInference()
    for node in nodes[14:]:
        mine = compile_diagram(graph, node).probability(chance)
        assert mine == pytest.approx(inference.posterior(f"n{node}")[1], abs=1e-9)


def test_a_deep_chain_and_a_wide_gate_are_no_trouble() -> None:
    builder = Builder()
    shared = builder.event("s")
    node = builder.event("first")
    for i in range(5000):
        combine = builder.all if i % 2 else builder.any
        node = combine([node, builder.event(f"x{i}"), *([shared] if i % 500 == 0 else [])])
    wide = builder.at_least(3, [builder.event(f"y{i}") for i in range(5000)])
    graph = builder.freeze()
    assert 0 < compile_diagram(graph, node).probability([0.5] * len(graph)) < 1
    assert compile_diagram(graph, wide).probability([1e-3] * len(graph)) == pytest.approx(
        0.8756, abs=1e-3
    )


@pytest.mark.slow
def test_a_diagram_that_would_be_too_large_is_refused_soon() -> None:
    rng = random.Random(3)
    builder = Builder()
    events = [builder.event(f"e{i}") for i in range(200)]
    clauses = [builder.any(rng.sample(events, 3)) for _ in range(600)]
    top = builder.all(clauses)
    many = builder.at_least(30_000, [builder.event(f"f{i}") for i in range(60_000)])
    start = time.process_time()
    for node in (top, many):
        with pytest.raises(OutOfBudget):
            compile_diagram(builder.freeze(), node, nodes=20_000)
    assert time.process_time() - start < 3


def test_constants_and_repeats() -> None:
    builder = Builder()
    a, b = builder.event("a"), builder.event("b")
    true, false = builder.all([]), builder.any([])
    cases = {
        builder.all([a, a]): 0.3,
        builder.any([a, a, false]): 0.3,
        builder.all([a, builder.negate(a)]): 0.0,
        builder.any([a, builder.negate(a)]): 1.0,
        builder.at_least(2, [a, a, b]): 0.3,
        builder.at_least(2, [a, builder.negate(a), b, true]): 1.0,
        builder.at_least(3, [a, builder.negate(a), b, true]): 0.6,
        builder.at_least(0, []): 1.0,
        builder.at_least(1, []): 0.0,
        true: 1.0,
        a: 0.3,
        builder.negate(a): 0.7,
    }
    graph = builder.freeze()
    for node, value in cases.items():
        diagram = compile_diagram(graph, node)
        assert diagram.probability({a: 0.3, b: 0.6}) == pytest.approx(value, abs=1e-15)
        assert (diagram.lightest({}, {}) is None) == (value == 1)
