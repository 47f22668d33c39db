"""A simplified graph is true in the same states, and shares less."""

import random
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.agenda.makers import holds, random_dag, states

from safetycase.agenda.simplify import modules, simplify
from safetycase.confidence.graph import Builder, Graph


def most_uses(graph: Graph, root: int) -> int:
    uses = Counter(p for node in graph.below([root]) for p in graph.parts[node])
    return max(uses.values(), default=0)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_true_in_the_same_states(seed: int) -> None:
    draw = random.Random(seed)
    events = draw.randint(1, 6)
    graph, root = random_dag(draw, events, draw.randint(1, 9), negate=True)
    known = {e: draw.random() < 0.5 for e in range(events) if draw.random() < 0.1}
    made, top, places = simplify(graph, root, known)
    assert set(made.events([top])) <= set(places.values())
    for state in states(graph.events([root])):
        if all(state.get(e, v) == v for e, v in known.items()):
            moved = {places[e]: v for e, v in state.items() if e in places}
            assert holds(made, top, moved) == holds(graph, root, state)


def test_an_assumption_of_every_step_ends_up_in_one_place() -> None:
    build = Builder()
    shared = build.event("assumption")
    steps = [
        build.all([shared, build.any([build.event(f"a{k}"), build.event(f"b{k}")])])
        for k in range(10)
    ]
    root = build.all([build.any(steps[:5]), *steps[5:]])
    made, top, places = simplify(build.freeze(), root, {})
    assert most_uses(made, top) == 1
    assert places[shared] in made.parts[top]


def test_what_a_gate_requires_is_given_below_it() -> None:
    build = Builder()
    x, a, b = (build.event(n) for n in "xab")
    root = build.all([x, build.any([build.all([build.any([x, a]), b]), a])])
    made, top, _ = simplify(build.freeze(), root, {})  # x and (b or a)
    assert most_uses(made, top) == 1
    assert len(made.events([top])) == 3


def test_a_long_chain_needs_no_recursion() -> None:
    build = Builder()
    node = build.event("e")
    for k in range(2000):
        node = (build.all if k % 2 else build.any)([node, build.event(f"e{k}")])
    graph = build.freeze()
    made, top, _ = simplify(graph, node, {0: False})
    assert len(made.events([top])) == 2000


def test_modules_are_the_only_way_to_what_is_below() -> None:
    build = Builder()
    a, b, c, d = (build.event(n) for n in "abcd")
    tree = build.all([a, b])
    left, right = build.any([tree, c]), build.any([c, d])
    root = build.all([left, right])
    assert modules(build.freeze(), root) == {a, b, c, d, tree, root}
