"""No law makes the engine claim more than the truth; every criticised scheme does so, and often."""

from __future__ import annotations

import pytest
from tests.paradoxes.engine import MODEL, OURS, bel, belief, local_low, proof_low, worst_within
from tests.paradoxes.rivals import RIVALS
from tests.paradoxes.worlds import KINDS, Trial, table, tally, trials

from safetycase.confidence.checker import check
from safetycase.confidence.graph import Builder, Query
from safetycase.confidence.packing import worst


def hold(start: int, count: int) -> None:
    """The engine makes no overclaim in these trials, its layers are in order, and its rivals do."""
    found = list(trials(count, start=start))
    for name, counted in tally(found, OURS).items():
        assert counted.overclaims == 0, (name, counted)
    for name, counted in tally(found, {**RIVALS, **MODEL}).items():
        assert counted.overclaims > 0.1 * count, (name, counted)
        assert counted.most > 0.1, (name, counted)
    for one in found:
        best = bel(one.graph, one.node)
        assert best >= local_low(one.graph, one.node) - 1e-9
        assert best >= proof_low(one.graph, one.node) - 1e-9


def exactly_told(one: Trial) -> bool:
    """Whether the intervals of the trial are points."""
    return all(one.graph.low[i] == one.graph.high[i] == p for i, p in one.chances.items())


@pytest.mark.slow
def test_a_sample() -> None:
    hold(0, 60)


@pytest.mark.slow
@pytest.mark.parametrize("start", [1000, 2000])
def test_a_thousand_at_a_time(start: int) -> None:
    hold(start, 1000)


def test_the_packing_is_the_truth_of_the_worst_law() -> None:
    """Against a law made to hurt, with the marginals told exactly, nothing is given away."""
    met = 0
    for one in trials(200, start=10_000):
        if one.kind == "adversarial" and exactly_told(one):
            assert bel(one.graph, one.node) == pytest.approx(one.truth, abs=2e-6)
            met += 1
    assert met >= 15


@pytest.mark.slow
def test_a_solver_that_is_stopped_early_makes_no_overclaim() -> None:
    looser = 0
    for one in trials(50, start=20_000):
        for rounds in (0, 1):
            assert worst_within(one.graph, one.node, rounds) <= one.truth + 1e-9
        looser += worst_within(one.graph, one.node, 0) < bel(one.graph, one.node) - 1e-6
    assert looser > 0  # so that stopping made a difference


@pytest.mark.slow
def test_every_certificate_is_checked_and_a_bolder_one_is_not() -> None:
    import dataclasses

    for one in trials(200, start=30_000):
        found = worst(one.graph, one.node)
        assert check(found.certificate, graph=one.graph, node=one.node).state == "checked"
        bolder = dataclasses.replace(found.certificate, doubt=found.doubt * 0.98)
        if found.doubt > 0:
            assert check(bolder, graph=one.graph, node=one.node).state == "rejected"


@pytest.mark.slow
def test_bel_pl_and_conflict_hold_for_a_claim_that_is_rebutted() -> None:
    """Another node of the same argument rebuts it, so that both sides rest on the same events."""
    for one in trials(50, start=40_000):
        rebuttal = len(one.chances) + (one.node - len(one.chances)) // 2
        found = belief(one.graph, Query(support=one.node, rebuttal=rebuttal))
        for_, against = table(one.graph, one.node), table(one.graph, rebuttal)
        assert found.bel <= one.probability(for_ & ~against) + 1e-9
        assert found.pl >= 1 - one.probability(against & ~for_) - 1e-9
        both = one.probability(for_ & against)
        assert found.conflict_low - 1e-9 <= both <= found.conflict_high + 1e-9
        assert found.bel <= found.pl + 1e-12


def test_the_worlds_are_what_they_say() -> None:
    """A hand-made graph has the truth table one writes down, and trials repeat."""
    build = Builder()
    a, b, c = (build.event(name) for name in "abc")
    node = build.any([build.all([a, b]), build.negate(c)])
    graph = build.freeze()
    assert table(graph, node).tolist() == [True, True, True, True, False, False, False, True]
    assert build.at_least(2, [a, b, c])
    two = build.freeze()
    assert table(two, len(two) - 1).sum() == 4
    first, again = list(trials(8)), list(trials(8))
    assert first == again
    assert [one.kind for one in first] == [*KINDS, *KINDS]
    for one in first:
        low, high = one.graph.low, one.graph.high
        assert all(low[i] - 1e-12 <= p <= high[i] + 1e-12 for i, p in one.chances.items())
        assert 0 <= one.truth <= 1 + 1e-12
