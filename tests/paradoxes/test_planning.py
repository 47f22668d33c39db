"""P29: two problems that are both open and both needed: one alone is worth nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from tests.paradoxes import schemes

from safetycase.agenda.groups import groups
from safetycase.agenda.portfolio import Shots, frontier, greedy
from safetycase.agenda.value import Stakes, linear, perfect, perfect_together
from safetycase.confidence.bounds import Bounds
from safetycase.confidence.graph import Builder, Graph

STAKES = Stakes(gain=1.0, loss=4.0)  # deployed above .8


def siblings() -> tuple[Graph, int, dict[str, int]]:
    """A claim that needs two open problems and a leaf of .95."""
    build = Builder()
    items = {name: build.event(name) for name in ("HONEST", "CONVERGED")}
    leaf = build.event("leaf", 0.95)
    node = build.all([*items.values(), leaf])
    return build.freeze(), node, items


def test_p29_the_pair_is_recommended() -> None:
    graph, node, items = siblings()
    found = groups(graph, node, items, [0.0, 0.0, 0.95, 0.0])
    assert [set(group.items) for group in found.groups] == [set(items)]
    assert found.groups[0].together
    assert found.groups[0].gain == pytest.approx(0.95)
    assert not found.idle
    # Solved one at a time each of them looks idle.
    for solved in items.values():
        chances = {event: float(event == solved) for event in items.values()} | {2: 0.95}
        assert schemes.product(graph, node, chances) == 0.0


def test_p29_learning_of_one_is_worth_nothing_and_of_both_much() -> None:
    def top(point: Sequence[float]) -> float:
        return math.prod(point)

    point = [0.4, 0.4, 0.95]
    for event in (0, 1):
        assert perfect(linear(top, point, event), point[event], STAKES).value == 0.0
    together = perfect_together(top, point, [0, 1], STAKES).value
    assert together == pytest.approx(0.16 * STAKES.worth(0.95))
    assert together > 0.1


def test_p29_funding_one_shot_at_a_time_never_starts() -> None:
    graph, node, items = siblings()
    half = Bounds(low=0.5, high=0.8)
    shots = [
        Shots(id=name, event=event, solvable=half, each_shot=Bounds(low=0.3, high=0.5), cost=1.0)
        for name, event in items.items()
    ]
    stuck = greedy(graph, node, shots, 10.0)
    assert (stuck.spent, stuck.value.low) == (0, 0)
    best = frontier(graph, node, shots, 10.0).allocation()
    assert dict(best.shots) == dict.fromkeys(items, 5)
    assert best.value.low == pytest.approx(0.95 * (0.5 * (1 - 0.7**5)) ** 2)
