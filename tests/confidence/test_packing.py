"""Layer 2 equals the best law over all worlds, and its laws hold."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.confidence.worlds import (
    graphs,
    holds,
    largest_failure,
    random_graph,
    two_of_three,
    worlds,
)

from safetycase.confidence.budget import Budget
from safetycase.confidence.caps import Cap, caps_of
from safetycase.confidence.checker import check
from safetycase.confidence.graph import Builder, Declaration, Graph
from safetycase.confidence.local import local
from safetycase.confidence.packing import worst
from safetycase.confidence.proof import proof_set


def bel(build: Builder, node: int) -> float:
    return 1 - worst(build.freeze(), node).doubt


def test_two_of_three() -> None:
    graph, top = two_of_three()
    found = worst(graph, top)
    assert found.doubt == pytest.approx(0.15)
    assert found.layer == "packing"
    assert found.gap < 1e-6
    assert found.prices == pytest.approx({(i, False): 0.5 for i in range(3)})
    assert {s.literals for s in found.story} == {
        ((0, False), (1, False)),
        ((0, False), (2, False)),
        ((1, False), (2, False)),
    }
    assert proof_set(graph, top, exact=True).doubt == pytest.approx(0.2)
    assert 1 - local(graph)[0][top] == pytest.approx(0.2)
    builder = Builder()
    top = builder.at_least(2, [builder.event(name, 0.9) for name in "abc"])
    assert bel(builder, top) == pytest.approx(0.85)


def test_a_shared_assumption_is_charged_once() -> None:
    builder = Builder()
    shared = builder.event("shared", 0.95)
    legs = [builder.all([builder.event(f"leg {i}", 0.998), shared]) for i in range(30)]
    top = builder.all(legs)
    graph = builder.freeze()
    assert local(graph)[0][top] == 0.0
    assert 1 - worst(graph, top).doubt == pytest.approx(0.89)
    assert 1 - proof_set(graph, top).doubt == pytest.approx(0.89)


def test_the_same_evidence_twice_is_the_same_evidence() -> None:
    builder = Builder()
    a = builder.event("a", 0.9)
    once, again = builder.any([a, builder.all([a])]), builder.all([a, builder.any([a])])
    assert bel(builder, once) == pytest.approx(0.9)
    assert bel(builder, again) == pytest.approx(0.9)
    assert bel(builder, builder.all([a, a])) == pytest.approx(0.9)


def test_chains_of_premises() -> None:
    builder = Builder()
    ten = [builder.event("bad", 0.2), *(builder.event(f"h{i}", 0.999) for i in range(9))]
    assert bel(builder, builder.all(ten)) == pytest.approx(0.191)
    twenty = builder.all([builder.event(f"l{i}", 0.99) for i in range(20)])
    assert bel(builder, twenty) == pytest.approx(0.80)
    assert local(builder.freeze())[1][twenty] == 1.0


def test_what_is_certain_or_impossible() -> None:
    builder = Builder()
    sure, never, open_ = builder.event("s", 1, 1), builder.event("n", 0, 0), builder.event("o")
    a = builder.event("a", 0.3, 0.4)
    either = builder.any([a, builder.negate(a)])
    neither = builder.all([a, builder.negate(a)])
    nodes = [sure, never, open_, either, neither, builder.all([]), builder.any([])]
    doubts = [0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 1.0]
    graph = builder.freeze()
    for node, doubt in zip(nodes, doubts, strict=True):
        found = worst(graph, node)
        assert (found.doubt, found.at_least) == (doubt, doubt)
        assert check(found.certificate, graph=graph, node=node).state == "checked"


@settings(max_examples=60, deadline=None)
@given(graphs())
def test_it_is_the_worst_of_all_laws(case: tuple[Graph, int]) -> None:
    graph, node = case
    truth = largest_failure(graph, node)
    assert truth is not None
    found = worst(graph, node)
    assert truth - 1e-9 <= found.doubt <= truth + 3e-6
    assert found.at_least <= truth + 1e-9
    assert found.gap <= 3e-6
    assert check(found.certificate.to_json(), graph=graph, node=node).state == "checked"


@settings(max_examples=60, deadline=None)
@given(graphs())
def test_the_story_is_a_law_that_fits(case: tuple[Graph, int]) -> None:
    graph, node = case
    found = worst(graph, node)
    assert sum(s.mass for s in found.story) == pytest.approx(found.at_least, abs=1e-7)
    used: dict[tuple[int, bool], float] = {}
    for scenario in found.story:
        stated = dict(scenario.literals)
        assert len(stated) == len(scenario.literals)
        for literal in scenario.literals:
            used[literal] = used.get(literal, 0.0) + scenario.mass
        for world in worlds(graph, node):
            certain = all(graph.low[e] < 1 or world[e] for e in world)
            certain &= all(graph.high[e] > 0 or not world[e] for e in world)
            if certain and stated.items() <= world.items():
                assert not holds(graph, world)[node]
    for (event, true), mass in used.items():
        assert mass <= (graph.high[event] if true else 1 - graph.low[event]) + 1e-9


@settings(max_examples=40, deadline=None)
@given(graphs(), st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=3))
def test_pairwise_caps_are_sound(case: tuple[Graph, int], pairs: list[tuple[int, int]]) -> None:
    graph, node = case
    events = graph.events(range(len(graph)))
    caps = [
        Cap(events=(events[a], events[b]), limit=0.01 * (a + b))
        for a, b in {(min(p), max(p)) for p in pairs}
        if a != b and b < len(events)
    ]
    truth = largest_failure(graph, node, caps)
    if truth is None:
        return
    found = worst(graph, node, caps=caps)
    assert found.doubt >= truth - 1e-9
    assert found.doubt <= worst(graph, node).doubt + 3e-6
    if all(graph.high[e] == 1 for cap in caps for e in cap.events):
        assert found.doubt <= truth + 3e-6
    verdict = check(found.certificate.to_json(), graph=graph, node=node, caps=caps)
    assert verdict.state == "checked"


def test_a_cap_of_zero_makes_failures_exclusive() -> None:
    builder = Builder()
    legs = [builder.event(name, 0.9) for name in "ab"]
    top = builder.any(legs)
    graph = builder.freeze()
    exclusive = Declaration(id="D", kind="exclusive", among=tuple(legs), doubt=0.0)
    combined = Declaration(id="E", kind="exclusive", among=(legs[0], top), doubt=0.0)
    made = caps_of(graph, [exclusive, combined])
    assert set(made.refused) == {"E"}
    assert worst(graph, top).doubt == pytest.approx(0.1)
    assert worst(graph, top, caps=made.caps).doubt == pytest.approx(0.0)
    half = [Cap(events=(legs[0], legs[1]), limit=0.03)]
    found = worst(graph, top, caps=half)
    assert found.doubt == pytest.approx(0.03)
    assert check(found.certificate, graph=graph, node=top, caps=half).state == "checked"
    assert check(found.certificate, graph=graph, node=top).state == "rejected"


@settings(max_examples=30, deadline=None)
@given(graphs(), st.integers(0, 3))
def test_a_truncated_solver_is_sound(case: tuple[Graph, int], rounds: int) -> None:
    graph, node = case
    truth = largest_failure(graph, node)
    found = worst(graph, node, budget=Budget(rounds=rounds, columns=1, milp_nodes=1))
    assert truth is not None
    assert found.at_least - 1e-9 <= truth <= found.doubt + 1e-9
    assert check(found.certificate, graph=graph, node=node).state == "checked"


def changed(graph: Graph, event: int, low: float, high: float) -> Graph:
    lows, highs = list(graph.low), list(graph.high)
    lows[event], highs[event] = low, high
    return Graph(
        names=graph.names,
        ops=graph.ops,
        parts=graph.parts,
        k=graph.k,
        low=tuple(lows),
        high=tuple(highs),
    )


@settings(max_examples=40, deadline=None)
@given(graphs(), st.floats(0, 1), st.floats(0, 1))
def test_weaker_intervals_are_never_tighter(
    case: tuple[Graph, int], down: float, up: float
) -> None:
    graph, node = case
    event = graph.events(range(len(graph)))[0]
    low, high = graph.low[event] * down, graph.high[event] + (1 - graph.high[event]) * up
    wider = worst(changed(graph, event, low, high), node).doubt
    assert wider >= worst(graph, node).doubt - 3e-6


@settings(max_examples=40, deadline=None)
@given(graphs(monotone=True), st.floats(0, 1))
def test_more_of_a_leaf_never_lowers_belief(case: tuple[Graph, int], up: float) -> None:
    graph, node = case
    event = graph.events(range(len(graph)))[0]
    low = graph.low[event] + (1 - graph.low[event]) * up
    better = changed(graph, event, low, max(low, graph.high[event]))
    assert worst(better, node).doubt <= worst(graph, node).doubt + 3e-6


@settings(max_examples=30, deadline=None)
@given(graphs(), st.randoms(use_true_random=False))
def test_names_order_and_nesting_do_not_matter(case: tuple[Graph, int], rng: random.Random) -> None:
    graph, node = case
    builder, new = Builder(), {}
    for i in graph.below([node]):
        parts = [new[p] for p in graph.parts[i]]
        rng.shuffle(parts)
        if not graph.ops[i]:
            new[i] = builder.event(f"renamed {i}", graph.low[i], graph.high[i])
        elif graph.ops[i] == 1 and len(parts) > 2:
            new[i] = builder.all([builder.all(parts[:2]), builder.all(parts[1:])])
        elif graph.ops[i] == 2 and len(parts) > 1:
            new[i] = builder.any([builder.any(parts[:1]), *parts])
        else:
            kinds = [None, builder.all, builder.any, None, lambda p: builder.negate(p[0])]
            make = kinds[graph.ops[i]]
            new[i] = make(parts) if make else builder.at_least(graph.k[i], parts)
    other = worst(builder.freeze(), new[node]).doubt
    assert other == pytest.approx(worst(graph, node).doubt, abs=3e-6)


@pytest.mark.parametrize("seed", range(10))
def test_an_unsupported_addition_never_raises_belief(seed: int) -> None:
    graph, node = random_graph(seed, monotone=True, shared=True)
    builder, before = Builder(), worst(graph, node).doubt
    for i in range(len(graph)):
        parts = graph.parts[i]
        if graph.ops[i] == 0:
            builder.event(graph.names[i], graph.low[i], graph.high[i])
        elif graph.ops[i] == 3:
            builder.at_least(graph.k[i], parts)
        else:
            [builder.all, builder.any][graph.ops[i] - 1](parts)
    empty = builder.event("nobody looked")
    leg, step = builder.any([node, empty]), builder.all([node, empty])
    graph = builder.freeze()
    assert worst(graph, leg).doubt == pytest.approx(before, abs=3e-6)
    assert worst(graph, step).doubt == 1.0
