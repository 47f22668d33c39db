"""The calculus against a linear programme over every world, and against closed forms.

Nothing here comes from the tests of the program: the worst case over all joint distributions is
worked out anew, from its definition.
"""

import itertools
import random

import numpy
import pytest
from scipy.optimize import linprog

from safetycase.confidence import checker, local, packing
from safetycase.confidence.graph import Builder

ALL, ANY, NOT = "all", "any", "not"


def tree(rng, events, depth):
    """A random expression over numbered events."""
    if depth == 0 or rng.random() < 0.25:
        return rng.randrange(events)
    kind = rng.choice([ALL, ALL, ANY, ANY, NOT])
    parts = 1 if kind == NOT else rng.randint(2, 3)
    return (kind, *(tree(rng, events, depth - 1) for _ in range(parts)))


def true(expression, world):
    """Its value when the events are as in `world`."""
    if isinstance(expression, int):
        return world[expression]
    kind, *parts = expression
    values = [true(part, world) for part in parts]
    if kind == NOT:
        return not values[0]
    return all(values) if kind == ALL else any(values)


def built(expression, builder, events):
    """The same as a node of the program's graph."""
    if isinstance(expression, int):
        return events[expression]
    kind, *parts = expression
    nodes = [built(part, builder, events) for part in parts]
    if kind == NOT:
        return builder.negate(nodes[0])
    return builder.all(nodes) if kind == ALL else builder.any(nodes)


def least(expression, lows):
    """The least probability of the expression over every joint law of the events."""
    worlds = list(itertools.product([False, True], repeat=len(lows)))
    holds = numpy.array([true(expression, world) for world in worlds], dtype=float)
    rows, ends = [], []
    for event, low in enumerate(lows):
        rows.append([-float(world[event]) for world in worlds])
        ends.append(-low)
    found = linprog(holds, A_ub=rows, b_ub=ends, A_eq=[[1.0] * len(worlds)], b_eq=[1.0])
    assert found.status == 0
    return found.fun


def asked(expression, lows):
    """What the program says of it: its graph, the node, the bound of each layer."""
    builder = Builder()
    events = [builder.event(f"e{i}", low) for i, low in enumerate(lows)]
    node = built(expression, builder, events)
    graph = builder.freeze()
    return graph, node, local.local(graph)[0][node], packing.worst(graph, node)


@pytest.mark.parametrize("seed", range(60))
def test_no_bound_is_above_the_least_probability_there_is(seed):
    rng = random.Random(seed)
    lows = [rng.choice([0.5, 0.8, 0.9, 0.95, 0.99]) for _ in range(rng.randint(2, 5))]
    expression = tree(rng, len(lows), 3)
    graph, node, quick, exact = asked(expression, lows)
    truth = least(expression, lows)
    assert quick <= truth + 1e-7
    assert 1 - exact.doubt <= truth + 1e-7
    assert 1 - exact.at_least >= truth - 1e-7
    verdict = checker.check(exact.certificate.to_json(), graph=graph, node=node)
    assert verdict.state == "checked", verdict.reason


def test_doubts_add_up_where_everything_has_to_hold():
    for n, low in ((2, 0.9), (5, 0.95), (30, 0.99)):
        *_, exact = asked((ALL, *range(n)), [low] * n)
        assert exact.doubt == pytest.approx(n * (1 - low))


def test_the_better_of_two_is_no_better_than_the_best():
    *_, exact = asked((ANY, 0, 1), [0.9, 0.8])
    assert 1 - exact.doubt == pytest.approx(0.9)


def test_two_of_three():
    # Each pair of failures can share the mass of a third: 3 · 0.1 / 2 (Boole, Fréchet).
    pairs = (ANY, (ALL, 0, 1), (ALL, 0, 2), (ALL, 1, 2))
    *_, exact = asked(pairs, [0.9, 0.9, 0.9])
    assert exact.doubt == pytest.approx(0.15)


def test_a_shared_part_is_charged_once():
    shared = (ALL, (ALL, 0, 1), (ALL, 0, 2), (ALL, 0, 3))
    *_, exact = asked(shared, [0.9, 0.99, 0.99, 0.99])
    assert exact.doubt == pytest.approx(0.1 + 3 * 0.01)


def test_nothing_known_is_no_support():
    *_, exact = asked((ALL, 0, 1), [0.0, 1.0])
    assert exact.doubt == pytest.approx(1.0)


def test_a_certificate_for_less_doubt_is_rejected():
    graph, node, _, exact = asked((ALL, 0, 1), [0.9, 0.9])
    data = exact.certificate.to_json()
    assert checker.check(data, graph=graph, node=node).state == "checked"
    told = data.replace(b"0.2", b"0.1") if b"0.2" in data else data
    spoilt = told if told != data else data.replace(b"0.19", b"0.09")
    assert spoilt != data
    assert checker.check(spoilt, graph=graph, node=node).state == "rejected"
