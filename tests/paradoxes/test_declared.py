"""What a declared dependence buys is true in every law that satisfies the declaration."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pytest
from tests.paradoxes.declared_worlds import DECLARED, DeclaredTrial, declared_trials
from tests.paradoxes.engine import bel

from safetycase.confidence.caps import caps_of
from safetycase.confidence.dependence import declared_bound
from safetycase.confidence.graph import Builder, Declaration
from safetycase.confidence.packing import worst


def declared(one: DeclaredTrial) -> float:
    """The lower bound under the declaration; caps are priced by the packing."""
    caps = caps_of(one.graph, [one.declaration]).caps
    if caps:
        return 1 - worst(one.graph, one.node, caps=caps).doubt
    return declared_bound(one.graph, one.node, [one.declaration], unknown=bel).low


def hold(found: Iterable[DeclaredTrial], kinds: tuple[str, ...]) -> None:
    """No overclaim, never less than without the declaration, and each kind is worth something."""
    better: Counter[str] = Counter()
    for one in found:
        low, unknown = declared(one), bel(one.graph, one.node)
        assert low <= one.truth + 1e-9, one
        assert low >= unknown - 2e-6, one
        better[one.declaration.kind] += low > unknown + 1e-6
    assert all(better[kind] for kind in kinds), better


@pytest.mark.slow
def test_a_sample() -> None:
    hold(declared_trials(60), ("independent", "associated", "contained", "common cause"))


@pytest.mark.slow
def test_many() -> None:
    hold(declared_trials(1800, start=1000), DECLARED)


def test_a_declaration_that_does_not_hold_is_worth_what_its_doubt_says() -> None:
    """Two legs that fail together, declared independent: sure of it .96, at a doubt of .5 less."""
    build = Builder()
    legs = tuple(build.event(name, 0.8) for name in "ab")
    node = build.any(legs)
    graph = build.freeze()
    for doubt, expected in ((0.0, 0.96), (0.1, 0.86), (0.5, 0.8), (1.0, 0.8)):
        said = Declaration(id="D", kind="independent", among=legs, doubt=doubt)
        found = declared_bound(graph, node, [said], unknown=bel).low
        assert found == pytest.approx(expected, abs=1e-6)
