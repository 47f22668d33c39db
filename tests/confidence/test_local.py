"""Layer 1 over a whole graph: sound for every node, sharp where nothing is shared."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.confidence.worlds import graphs, largest_failure

from safetycase.confidence.graph import Builder, Graph
from safetycase.confidence.local import Incremental, local, most_at_least
from safetycase.confidence.proof import evaluate, proof_set


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(graphs())
def test_every_node_is_bounded(case: tuple[Graph, int]) -> None:
    graph, _ = case
    low, high = local(graph)
    for node in range(max(0, len(graph) - 4), len(graph)):
        truth = largest_failure(graph, node)
        assert truth is not None
        assert low[node] <= 1 - truth + 1e-9
        assert low[node] <= high[node]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=6), st.integers(1, 6))
def test_k_of_n_is_sharp(lows: list[float], k: int) -> None:
    builder = Builder()
    top = builder.at_least(k, [builder.event(f"e{i}", low) for i, low in enumerate(lows)])
    graph = builder.freeze()
    truth = largest_failure(graph, top)
    assert local(graph)[0][top] == pytest.approx(1 - (truth or 0.0), abs=1e-7)


def test_most_at_least() -> None:
    assert most_at_least(0, []) == 1.0
    assert most_at_least(1, []) == 0.0
    assert most_at_least(2, [0.1, 0.1, 0.1]) == pytest.approx(0.15)
    assert most_at_least(2, [1.0, 0.1, 0.1]) == pytest.approx(0.2)
    assert most_at_least(2, [0.0, 0.0, 1.0]) == 0.0


def test_a_part_given_twice() -> None:
    builder = Builder()
    a, b = builder.event("a", 0.9, 0.95), builder.event("b", 0.8, 0.85)
    nodes = [builder.all([a, a]), builder.any([a, a]), builder.at_least(2, [a, a, b])]
    low, high = local(builder.freeze())
    assert (low[nodes[0]], high[nodes[0]]) == (0.9, 0.95)
    assert (low[nodes[1]], high[nodes[1]]) == (0.9, 0.95)
    assert low[nodes[2]] <= 0.9
    assert high[nodes[2]] >= 0.95


@settings(max_examples=60, deadline=None)
@given(graphs(), st.lists(st.tuples(st.integers(0, 6), st.floats(0, 1), st.floats(0, 1))))
def test_changes_arrive_above(
    case: tuple[Graph, int], changes: list[tuple[int, float, float]]
) -> None:
    graph, _ = case
    events = graph.events(range(len(graph)))
    kept = Incremental(graph)
    lows, highs = list(graph.low), list(graph.high)
    for at, one, two in changes:
        event = events[at % len(events)]
        lows[event], highs[event] = min(one, two), max(one, two)
        before = [kept.low(i) for i in range(len(graph))]
        changed = kept.set(event, lows[event], highs[event])
        assert all(kept.low(i) == before[i] for i in range(len(graph)) if i not in changed)
    fresh = Graph(
        names=graph.names,
        ops=graph.ops,
        parts=graph.parts,
        k=graph.k,
        low=tuple(lows),
        high=tuple(highs),
    )
    low, high = local(fresh)
    assert [kept.low(i) for i in range(len(graph))] == low
    assert [kept.high(i) for i in range(len(graph))] == high


def test_only_an_event_has_an_interval_to_set() -> None:
    builder = Builder()
    top = builder.all([builder.event("a")])
    kept = Incremental(builder.freeze())
    with pytest.raises(ValueError, match="is no event"):
        kept.set(top, 0, 1)
    with pytest.raises(ValueError, match="no interval"):
        kept.set(0, 0.5, 0.4)
    with pytest.raises(ValueError, match="no interval"):
        kept.set(0, float("nan"), 1)


@settings(max_examples=60, deadline=None)
@given(graphs(), st.booleans())
def test_a_proof_set_forces_the_node(case: tuple[Graph, int], exact: bool) -> None:
    graph, node = case
    found = proof_set(graph, node, exact=exact)
    truth = largest_failure(graph, node)
    assert truth is not None
    assert found.doubt >= truth - 1e-9
    if found.doubt < 1:
        assert evaluate(graph, graph.below([node]), dict(found.literals)).get(node) is True
        doubts = [1 - graph.low[e] if h else graph.high[e] for e, h in found.literals]
        assert found.doubt == pytest.approx(sum(doubts))
        assert proof_set(graph, node, exact=True).doubt <= found.doubt


def test_the_exact_proof_shares_what_the_greedy_one_does_not_see() -> None:
    builder = Builder()
    shared = builder.event("shared", 0.9)
    legs = []
    for i in range(4):
        alone = builder.event(f"alone {i}", 0.93)
        legs.append(builder.any([shared, alone]))
    top = builder.all(legs)
    graph = builder.freeze()
    assert proof_set(graph, top).doubt == pytest.approx(0.28)
    assert proof_set(graph, top, exact=True).doubt == pytest.approx(0.1)


@pytest.mark.slow
def test_a_deep_chain_is_no_limit() -> None:
    builder = Builder()
    node = builder.event("e", 0.9)
    for i in range(20_000):
        node = builder.negate(node) if i % 2 else builder.all([builder.any([node])])
    graph = builder.freeze()
    for exact in (False, True):
        found = proof_set(graph, node, exact=exact)
        assert found.doubt == pytest.approx(1 - local(graph)[0][node])
