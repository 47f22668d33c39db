"""Belief, plausibility and conflict are the ends over all laws."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.confidence.worlds import graphs, largest_failure

from safetycase.confidence.belief import believe
from safetycase.confidence.graph import ALL, NOT, Builder, Graph, Query, extend


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(graphs(), st.integers(0, 30))
def test_the_four_ends(case: tuple[Graph, int], other: int) -> None:
    graph, phi = case
    psi = other % len(graph)
    size = len(graph)
    wide = extend(
        graph,
        (NOT, (phi,)),
        (NOT, (psi,)),
        (ALL, (phi, size + 1)),
        (ALL, (psi, size)),
        (ALL, (phi, psi)),
        (NOT, (size + 4,)),
    )
    ends = [largest_failure(wide, node) or 0.0 for node in range(size + 2, size + 6)]
    found = believe(graph, Query(support=phi, rebuttal=psi))
    assert found.bel == pytest.approx(1 - ends[0], abs=3e-6)
    assert found.pl == pytest.approx(ends[1], abs=3e-6)
    assert found.conflict_low == pytest.approx(1 - ends[2], abs=3e-6)
    assert found.conflict_high == pytest.approx(ends[3], abs=3e-6)
    assert found.bel <= 1 - ends[0] + 1e-9
    assert found.bel <= found.pl


def test_two_sure_voices_are_a_conflict_not_a_belief() -> None:
    builder = Builder()
    for_, against = builder.event("for", 0.99, 0.99), builder.event("against", 0.99, 0.99)
    found = believe(builder.freeze(), Query(support=for_, rebuttal=against))
    assert found.bel == 0.0
    assert found.pl == 1.0
    assert found.conflict_low == pytest.approx(0.98)


def test_nothing_known_is_nothing_believed() -> None:
    builder = Builder()
    builder.event("a")
    found = believe(builder.freeze(), Query(support=0))
    assert (found.bel, found.pl) == (0.0, 1.0)
    assert found.rebuttal is None


def test_an_answered_attack() -> None:
    builder = Builder()
    a, attack, answer = builder.event("a", 0.9), builder.event("d"), builder.event("c", 0.8)
    stands = builder.all([attack, builder.negate(answer)])
    support = builder.all([a, builder.negate(stands)])
    assert believe(builder.freeze(), Query(support=support)).bel == pytest.approx(0.7)
