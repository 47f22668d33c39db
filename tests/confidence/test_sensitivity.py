"""Flipping sets, lifting sets, the split of the gap and the amplification of doubt."""

from __future__ import annotations

import itertools
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.confidence.graphs import random_graph, truth, worlds

from safetycase.confidence.cutsets import deciding_sets
from safetycase.confidence.dependence import unknown_bound
from safetycase.confidence.graph import Builder, Graph, Query
from safetycase.confidence.literals import signs_of
from safetycase.confidence.sensitivity import (
    amplification,
    believed,
    claim_amplification,
    flips,
    gap_split,
    lift_to,
    what_if,
)

SEEDS = st.integers(0, 10**6)


def brute_sets(graph: Graph, node: int, value: bool, size: int) -> set[tuple[int, ...]]:
    """Minimal sets of events which, all being `value`, decide a monotone node."""
    events = graph.events([node])
    found: list[frozenset[int]] = []
    for n in range(size + 1):
        for chosen in itertools.combinations(events, n):
            world = {e: (e in chosen) == value for e in events}
            if truth(graph, world)[node] == value and not any(f <= set(chosen) for f in found):
                found.append(frozenset(chosen))
    return {tuple(sorted(f)) for f in found}


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.booleans(), st.integers(1, 5))
def test_deciding_sets_of_a_monotone_node_are_the_minimal_ones(
    seed: int, value: bool, size: int
) -> None:
    graph, top = random_graph(seed, negations=False, events=6, gates=8)
    found = deciding_sets(graph, top, value=value, size=size)
    assert found.complete
    assert {tuple(e for e, _ in s) for s in found.sets} == brute_sets(graph, top, value, size)
    assert all(v is value for s in found.sets for _, v in s)


@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_flips_flip_whatever_else_holds(seed: int) -> None:
    graph, top = random_graph(seed)
    found = flips(graph, top, size=4)
    keys = [(len(f.literals), -f.doubt) for f in found.sets]
    assert keys == sorted(keys)
    for flip in found.sets:
        rest = [e for e in graph.events([top]) if e not in dict(flip.literals)]
        for world in worlds(rest):
            assert not truth(graph, {**world, **dict(flip.literals)})[top]


def test_flips_are_ranked_by_size_and_then_by_doubt() -> None:
    builder = Builder()
    a, b, c, d = (
        builder.event(n, low) for n, low in zip("abcd", (0.99, 0.9, 0.7, 0.8), strict=True)
    )
    top = builder.all([a, b, builder.any([c, d])])
    found = flips(builder.freeze(), top)
    assert [f.literals for f in found.sets] == [
        ((b, False),),
        ((a, False),),
        ((c, False), (d, False)),
    ]
    assert found.sets[2].doubt == pytest.approx(0.2)
    assert found.complete


def test_too_many_sets_are_cut_and_it_says_so() -> None:
    builder = Builder()
    legs = [builder.any([builder.event(f"{i}.{j}") for j in range(60)]) for i in range(3)]
    top = builder.all(legs)
    found = deciding_sets(builder.freeze(), top, value=True, size=3, limit=100)
    assert len(found.sets) == 100
    assert not found.complete
    wide = deciding_sets(builder.freeze(), top, value=False, size=3)
    assert wide.sets == ()
    assert wide.complete


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_lifting_sets_are_the_smallest(seed: int) -> None:
    graph, top = random_graph(seed, events=5)
    rng = random.Random(seed)
    target = rng.uniform(0.3, 1.0)
    found = lift_to(graph, top, target)
    events = graph.events([top])
    assert found.smallest
    for chosen, bound in zip(found.sets, found.bounds, strict=True):
        assert bound >= target
        assert unknown_bound(what_if(graph, dict(chosen)), top) == bound
    if found.sets:
        size, signs = len(found.sets[0]), signs_of(graph, top)
        for n in range(size):
            for chosen in itertools.combinations(events, n):
                for values in itertools.product((False, True), repeat=n):
                    fixed = dict(zip(chosen, values, strict=True))
                    in_favour = all(v in signs[e] for e, v in fixed.items())
                    lifted = unknown_bound(what_if(graph, fixed), top)
                    assert not in_favour or lifted < target + 1e-9


def test_lifting_a_known_case() -> None:
    """Three open premises and one good one: all three are needed, and no two will do."""
    builder = Builder()
    events = [builder.event(f"e{i}", low) for i, low in enumerate((0.5, 0.5, 0.5, 0.98))]
    top = builder.all(events)
    graph = builder.freeze()
    found = lift_to(graph, top, 0.95)
    assert found.sets == (tuple((e, True) for e in events[:3]),)
    assert found.bounds[0] == pytest.approx(0.98)
    assert lift_to(graph, top, 0.0).sets == ((),)
    starved = lift_to(graph, top, 0.95, evaluations=4)
    assert not starved.smallest
    assert starved.bounds[0] >= 0.95
    out_of_reach = lift_to(graph, top, 0.95, candidates=events[:2])
    assert out_of_reach.sets == ()
    assert out_of_reach.reach == pytest.approx(0.48)


def test_the_split_of_the_gap_adds_up() -> None:
    builder = Builder()
    a, b = builder.event("a", 0.9), builder.event("b", 0.8)
    doubt = builder.event("open defeater", 0.0, 1.0)
    support = builder.all([a, b, builder.negate(doubt)])
    graph = builder.freeze()
    found = gap_split(graph, Query(support=support), defeaters=[doubt])
    assert found.gap == pytest.approx(1.0)
    assert found.defeaters == pytest.approx(0.7)  # without it Bel is .7
    assert found.imprecision == pytest.approx(0.15)  # at .95 and .9 it is .85
    assert found.dependence == pytest.approx(0.95 * 0.9 - 0.85)
    assert found.silence == pytest.approx(1 - 0.95 * 0.9)


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_the_split_of_any_gap_adds_up(seed: int) -> None:
    graph, top = random_graph(seed)
    rng = random.Random(seed)
    query = Query(support=top, rebuttal=rng.choice([None, 0, len(graph) - 2]))
    found = gap_split(graph, query, defeaters=rng.sample(range(5), 2))
    bel, pl = believed(graph, query)
    assert found.gap == pytest.approx(pl - bel)
    parts = (found.defeaters, found.imprecision, found.dependence, found.silence)
    assert math.fsum(parts) == pytest.approx(found.gap, abs=1e-9)
    assert bel <= pl + 1e-9
    assert found.dependence >= -1e-9
    assert -1e-9 <= found.silence <= 1 + 1e-9


@pytest.mark.parametrize(
    ("k", "n", "critical"), [(5, 5, 5.0), (1, 4, 1.0), (2, 3, 1.5), (0, 3, 0.0), (4, 3, math.inf)]
)
def test_amplification_of_a_step(k: int, n: int, critical: float) -> None:
    builder = Builder()
    events = [builder.event(f"e{i}", 0.99) for i in range(n)]
    node = builder.at_least(k, events)
    graph = builder.freeze()
    found = amplification(graph, node)
    assert found.critical == critical
    if 0 < k <= n:
        assert found.present == pytest.approx(critical, rel=1e-6)
        assert found.doubt == pytest.approx(critical * 0.01)
        assert claim_amplification(graph, node) == pytest.approx(critical, rel=1e-3)


def test_amplification_at_the_present_doubts() -> None:
    builder = Builder()
    lost = builder.all([builder.event(f"l{i}", 0.5) for i in range(4)])
    one_bad = builder.at_least(
        2, [builder.event(f"b{i}", low) for i, low in enumerate((0, 0.9, 0.9))]
    )
    some = builder.any([builder.event("s0", 0.3), builder.event("s1", 0.8)])
    graph = builder.freeze()
    assert amplification(graph, lost).present == 0.0
    assert amplification(graph, one_bad).present == pytest.approx(2.0, rel=1e-6)
    assert amplification(graph, some).present == pytest.approx(1.0, rel=1e-6)
    assert amplification(graph, some).doubt == pytest.approx(0.2)


def test_a_shared_event_amplifies_once() -> None:
    builder = Builder()
    shared = builder.event("shared", 0.9)
    legs = [builder.all([shared, builder.event(f"x{i}", 0.9)]) for i in range(4)]
    top = builder.all(legs)
    graph = builder.freeze()
    assert claim_amplification(graph, top) == pytest.approx(5.0, rel=1e-3)
    assert amplification(graph, top).critical == 4.0


def test_what_if_changes_events_only() -> None:
    builder = Builder()
    a = builder.event("a", 0.2, 0.7)
    top = builder.all([a])
    graph = builder.freeze()
    changed = what_if(graph, {a: True})
    assert (changed.low[a], changed.high[a]) == (1.0, 1.0)
    assert what_if(graph, {a: (0.3, 0.4)}).high[a] == 0.4
    assert graph.low[a] == 0.2
    for wrong in ({top: True}, {99: True}, {a: (0.5, 0.4)}, {a: (0.1, math.nan)}):
        with pytest.raises(ValueError):
            what_if(graph, wrong)  # type: ignore[arg-type]
