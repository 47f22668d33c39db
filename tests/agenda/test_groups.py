"""Complement groups: known answers, brute force over subsets, and what is refused."""

import itertools
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.agenda.makers import by_enumeration, random_dag

from safetycase.agenda.groups import groups, groups_by_value
from safetycase.confidence.graph import Builder


def test_two_open_siblings_are_recommended_as_a_pair() -> None:
    build = Builder()
    a, b, c = (build.event(n) for n in "abc")
    root = build.all([a, b, c])
    found = groups(build.freeze(), root, {"A": a, "B": b}, [0, 0, 0.9, 0])
    assert [(g.items, g.gain, g.together) for g in found.groups] == [(("A", "B"), 0.9, True)]
    assert (found.substitutes, found.idle, found.base, found.truncated) == ((), (), 0, False)


def test_legs_of_an_alternative_are_substitutes() -> None:
    build = Builder()
    a, b, c, d = (build.event(n) for n in "abcd")
    root = build.all([a, build.any([b, c])])
    found = groups(build.freeze(), root, {"A": a, "B": b, "C": c, "D": d}, [0] * 6)
    assert {g.items for g in found.groups} == {("A", "B"), ("A", "C")}
    assert found.substitutes == (("B", "C"),)
    assert found.idle == ("D",)


def test_two_of_three_gives_every_pair() -> None:
    build = Builder()
    events = {n: build.event(n) for n in "abc"}
    root = build.at_least(2, list(events.values()))
    found = groups(build.freeze(), root, events, [0] * 4)
    assert {g.items for g in found.groups} == {("a", "b"), ("a", "c"), ("b", "c")}


def test_a_leg_that_may_stand_does_not_hide_the_group_beside_it() -> None:
    build = Builder()
    a, b, leg = (build.event(n) for n in ("a", "b", "leg"))
    root = build.any([leg, build.all([a, b])])
    graph = build.freeze()
    found = groups(graph, root, {"A": a, "B": b}, [0, 0, 0.7, 0, 0])
    assert found.base == pytest.approx(0.7)
    assert [(g.items, pytest.approx(g.gain)) for g in found.groups] == [(("A", "B"), 0.3)]
    assert groups(graph, root, {"A": a, "B": b}, [0, 0, 1.0, 0, 0]).groups == ()


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_equals_brute_force_over_all_subsets(seed: int) -> None:
    draw = random.Random(seed)
    graph, root = random_dag(draw, 6, 6)
    items = {f"i{e}": e for e in draw.sample(range(6), draw.randint(1, 5))}
    point = [draw.choice((0.0, 0.3, 0.8, 1.0)) for _ in range(len(graph))]

    def value(solved: frozenset[str]) -> float:
        moved = list(point)
        for name, event in items.items():
            moved[event] = float(name in solved)
        return by_enumeration(graph, root, moved)

    minimal: set[frozenset[str]] = set()
    for size in range(1, len(items) + 1):
        for chosen in map(frozenset, itertools.combinations(items, size)):
            gains = value(chosen) > value(frozenset()) + 1e-12
            if gains and not any(smaller < chosen for smaller in minimal):
                minimal.add(chosen)
    found = groups(graph, root, items, point)
    assert not found.truncated
    assert {frozenset(g.items) for g in found.groups} == minimal
    for group in found.groups:
        gain = value(frozenset(group.items)) - value(frozenset())
        assert group.gain == pytest.approx(gain, abs=1e-12)
    generic = groups_by_value(list(items), value, largest=6)
    assert {frozenset(g.items) for g in generic.groups} == minimal
    assert generic.substitutes == found.substitutes


def test_the_limit_on_size_is_told() -> None:
    build = Builder()
    events = {f"i{k}": build.event(f"e{k}") for k in range(4)}
    root = build.all(list(events.values()))
    graph = build.freeze()
    found = groups(graph, root, events, [0] * 5, largest=3)
    assert (found.groups, found.truncated) == ((), True)
    assert len(groups(graph, root, events, [0] * 5, largest=4).groups) == 1

    def value(solved: frozenset[str]) -> float:
        return float(len(solved) == 4)

    assert groups_by_value(list(events), value, largest=3).truncated
    assert not groups_by_value(list(events), value, largest=4).truncated
    assert groups_by_value(list(events), value, largest=4, most=3).truncated


def test_the_limit_on_number_is_told_and_memory_stays_bounded() -> None:
    """Twelve gates of twelve legs each: 12^12 minimal proofs."""
    build = Builder()
    events = {f"i{k}": build.event(f"e{k}") for k in range(144)}
    numbers = list(events.values())
    root = build.all([build.any(numbers[k : k + 12]) for k in range(0, 144, 12)])
    found = groups(build.freeze(), root, events, [0.0] * 157, largest=12)
    assert found.truncated
    assert 0 < len(found.groups) <= 500
    assert all(g.gain == 1.0 for g in found.groups)


def test_a_group_of_three_hundred_siblings() -> None:
    build = Builder()
    events = {f"i{k}": build.event(f"e{k}") for k in range(300)}
    root = build.all(list(events.values()))
    found = groups(build.freeze(), root, events, [0.0] * 301, largest=300)
    assert [len(g.items) for g in found.groups] == [300]


def test_refuses_open_items_that_do_harm_or_are_no_events() -> None:
    build = Builder()
    a, b = build.event("a"), build.event("b")
    root = build.all([b, build.negate(a)])
    graph = build.freeze()
    with pytest.raises(ValueError, match="negates"):
        groups(graph, root, {"A": a}, [0, 0.5, 0, 0])
    assert groups(graph, root, {"B": b}, [0.25, 0, 0, 0]).groups[0].gain == pytest.approx(0.75)
    with pytest.raises(ValueError, match="no event"):
        groups(graph, root, {"A": root}, [0, 0, 0, 0])
    with pytest.raises(ValueError, match="one event"):
        groups(graph, root, {"A": b, "B": b}, [0, 0, 0, 0])
    with pytest.raises(ValueError, match="no number"):
        groups_by_value(["A"], lambda _: math.nan)
    with pytest.raises(ValueError, match="twice"):
        groups_by_value(["A", "A"], lambda _: 0.0)
