"""No joint law that satisfies a declaration puts a claim below the bound that rests on it."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from tests.confidence.graphs import random_graph, truth, worlds

from safetycase.confidence.declarations import contradictions
from safetycase.confidence.dependence import declared_bound, unknown_bound
from safetycase.confidence.frechet import Classes, at_least_low, frechet
from safetycase.confidence.graph import Builder, Declaration, Graph
from safetycase.confidence.reference import reference

SEEDS = st.integers(0, 10**6)
Law = Mapping[tuple[bool, ...], float]


def least(
    graph: Graph,
    node: int,
    *,
    laws: Sequence[tuple[tuple[int, ...], Law]] = (),
    never: Callable[[Mapping[int, bool]], bool] = lambda world: False,
) -> float | None:
    """The least P(node) over joint laws with these intervals, exactly.

    `laws`: (events, their joint law); these vectors are independent of one another. Worlds for
    which `never` is true have probability 0. None if no such law exists.
    """
    events = graph.events(range(len(graph)))
    all_worlds = [w for w in worlds(events) if not never(w)]
    if not all_worlds:
        return None
    cost = [float(truth(graph, w)[node]) for w in all_worlds]
    rows, ends = [], []
    for e in events:
        rows += [[-float(w[e]) for w in all_worlds], [float(w[e]) for w in all_worlds]]
        ends += [-graph.low[e] + 1e-9, graph.high[e] + 1e-9]
    same, values = [[1.0] * len(all_worlds)], [1.0]
    for choice in itertools.product(*(law.items() for _, law in laws)):
        wanted = {
            e: v
            for (own, _), (world, _) in zip(laws, choice, strict=True)
            for e, v in zip(own, world, strict=True)
        }
        same.append([float(all(w[e] == v for e, v in wanted.items())) for w in all_worlds])
        values.append(math.prod(p for _, p in choice))
    found = linprog(cost, A_ub=rows, b_ub=ends, A_eq=same, b_eq=values, bounds=(0, 1))
    return float(found.fun) if found.status == 0 else None


def some_law(graph: Graph, events: Sequence[int], rng: random.Random) -> Law:
    """A joint law of a few events within their intervals, at a corner in a random direction."""
    points = list(itertools.product((False, True), repeat=len(events)))
    rows = [[s * float(w[i]) for w in points] for i in range(len(events)) for s in (-1, 1)]
    ends = [x for e in events for x in (-graph.low[e], graph.high[e])]
    found = linprog(
        [rng.gauss(sum(w) if rng.random() < 0.7 else 0, 1) for w in points],
        A_ub=rows,
        b_ub=ends,
        A_eq=[[1.0] * len(points)],
        b_eq=[1.0],
        bounds=(0, 1),
    )
    total = float(found.x.sum())
    return {w: float(p) / total for w, p in zip(points, found.x, strict=True)}


def check(low: float, true: float | None) -> None:
    if true is not None:
        assert low <= true + 1e-6


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_without_declarations_nothing_is_overclaimed(seed: int) -> None:
    graph, top = random_graph(seed)
    true = least(graph, top)
    check(unknown_bound(graph, top), true)
    low, high = frechet(graph, Classes())
    for node in range(len(graph)):
        check(low[node], least(graph, node))
        assert high[node] >= low[node] - 1e-9
    assert declared_bound(graph, top, []).low == unknown_bound(graph, top)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_contained(seed: int) -> None:
    graph, top = random_graph(seed, events=4)
    rng = random.Random(seed)
    pairs = [tuple(rng.sample(range(len(graph)), 2)) for _ in range(rng.randint(1, 3))]
    declarations = [
        Declaration(id=f"d{i}", kind="contained", among=pair, doubt=0)
        for i, pair in enumerate(pairs)
    ]

    def never(world: Mapping[int, bool]) -> bool:
        values = truth(graph, world)
        return any(values[a] and not values[b] for a, b in pairs)

    check(declared_bound(graph, top, declarations).low, least(graph, top, never=never))


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(SEEDS)
def test_independent_groups(seed: int) -> None:
    """Also where the events outside the groups conspire with them in the worst way."""
    graph, _ = random_graph(seed, events=6, gates=0)
    rng = random.Random(seed)
    graph, tops = _over(graph, [[0, 1], [2, 3], [4]], rng)
    for count in (2, 3):
        groups = tops[:count]
        independent = Declaration(id="d", kind="independent", among=tuple(groups), doubt=0)
        own = [graph.events([g]) for g in groups]
        for top in (len(graph) - 1, len(graph) - 2):
            low = declared_bound(graph, top, [independent]).low
            for _ in range(2):
                laws = [(es, some_law(graph, es, rng)) for es in own]
                check(low, least(graph, top, laws=laws))


def _over(
    graph: Graph, groups: Sequence[Sequence[int]], rng: random.Random
) -> tuple[Graph, list[int]]:
    """Gates over each group of events, and gates over these and everything else."""
    builder = Builder()
    for name, low, high in zip(graph.names, graph.low, graph.high, strict=True):
        builder.event(name, low, high)
    tops = [
        rng.choice([builder.all, builder.any])(group) if len(group) > 1 else group[0]
        for group in groups
    ]
    pool = [*range(len(graph)), *tops, *tops]
    for _ in range(6):
        parts = rng.sample(pool[-9:] + tops, 3)
        kind = rng.randrange(5)
        if kind == 0:
            pool.append(builder.negate(parts[0]))
        elif kind == 1:
            pool.append(builder.at_least(2, parts))
        else:
            pool.append(rng.choice([builder.all, builder.any])(parts))
    builder.all(tops)
    builder.any([builder.all([*tops[:2], rng.choice(pool)]), rng.choice(pool)])
    return builder.freeze(), tops


@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_associated(seed: int) -> None:
    """Increasing functions of independent causes are associated; any such law may be the truth."""
    rng = random.Random(seed)
    causes = [rng.choice([0.5, 0.8, 0.95, rng.random()]) for _ in range(4)]
    rules = [
        [rng.sample(range(4), rng.randint(1, 3)) for _ in range(rng.randint(1, 3))]
        for _ in range(4)
    ]
    law: dict[tuple[bool, ...], float] = {}
    for bits in itertools.product((False, True), repeat=4):
        p = math.prod(c if b else 1 - c for c, b in zip(causes, bits, strict=True))
        world = tuple(any(all(bits[j] for j in term) for term in rule) for rule in rules)
        law[world] = law.get(world, 0.0) + p
    shape, top = random_graph(seed, events=5, gates=6)
    low, high = list(shape.low), list(shape.high)
    for i in range(4):
        p = math.fsum(q for w, q in law.items() if w[i])
        low[i], high[i] = min(1.0, p * rng.choice([1, 0.9])), rng.choice([min(1.0, p), 1.0])
        high[i] = max(low[i], high[i])
    graph = replace(shape, low=tuple(low), high=tuple(high))
    associated = Declaration(id="d", kind="associated", among=(0, 1, 2, 3), doubt=0)
    check(
        declared_bound(graph, top, [associated]).low,
        least(graph, top, laws=[((0, 1, 2, 3), law)]),
    )


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_common_cause(seed: int) -> None:
    graph, top = random_graph(seed, events=5)
    rng = random.Random(seed)
    beta = rng.choice([0.0, 0.1, 0.5, 1.0])
    among = (0, 1, 2)
    cause = Declaration(id="d", kind="common cause", among=among, doubt=0, number=beta)
    low = declared_bound(graph, top, [cause]).low
    share = beta * min(1 - graph.low[e] for e in among)
    for _ in range(3):
        own = []
        for e in among:
            p = rng.choice([graph.low[e], graph.high[e], rng.uniform(graph.low[e], graph.high[e])])
            own.append(min(1.0, p / (1 - share)) if share < 1 else 0.0)
        law = {
            w: (share if not any(w) else 0.0)
            + (1 - share) * math.prod(y if v else 1 - y for y, v in zip(own, w, strict=True))
            for w in itertools.product((False, True), repeat=3)
        }
        check(low, least(graph, top, laws=[(among, law)]))


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(SEEDS)
def test_a_common_cause_inside_an_independent_group(seed: int) -> None:
    rng = random.Random(seed)
    plain, _ = random_graph(seed, events=6, gates=0)
    graph, tops = _over(plain, [[0, 1, 2], [3, 4]], rng)
    declarations = [
        Declaration(id="i", kind="independent", among=tuple(tops), doubt=0),
        Declaration(id="c", kind="common cause", among=(0, 1, 2), doubt=0, number=0.3),
    ]
    share = 0.3 * min(1 - graph.low[e] for e in (0, 1, 2))
    own = [min(1.0, rng.uniform(graph.low[e], graph.high[e]) / (1 - share)) for e in (0, 1, 2)]
    law = {
        w: (share if not any(w) else 0.0)
        + (1 - share) * math.prod(y if v else 1 - y for y, v in zip(own, w, strict=True))
        for w in itertools.product((False, True), repeat=3)
    }
    for top in (len(graph) - 1, len(graph) - 2, len(graph) - 4):
        low = declared_bound(graph, top, declarations).low
        laws = [((0, 1, 2), law), ((3, 4), some_law(graph, (3, 4), rng))]
        check(low, least(graph, top, laws=laws))


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_partition(seed: int) -> None:
    """The worst law of (case, events): the intervals hold within each case."""
    rng = random.Random(seed)
    builder = Builder()
    events = [builder.event(f"e{i}", *sorted((rng.random() ** 0.3, 1.0))) for i in range(5)]
    combine = rng.choice([builder.all, builder.any])
    cases = [combine(events[:2]), events[2]]
    step = builder.all([*cases, events[3]])
    top = rng.choice([step, builder.any([step, events[4]]), builder.all([step, events[4]])])
    graph = builder.freeze()
    weight = rng.random()
    weights = (weight, 1 - weight)
    declared = Declaration(id="d", kind="partition", among=tuple(cases), doubt=0, weights=weights)
    states = [(c, w) for c in (0, 1) for w in worlds(events)]

    def holds(case: int, world: Mapping[int, bool]) -> bool:
        values = truth(graph, world)
        step_holds = values[cases[case]] and values[3]
        if top == step:
            return step_holds
        other = values[4]
        return (step_holds or other) if graph.ops[top] == 2 else (step_holds and other)

    rows, ends = [], []
    for e in events:
        scope = {0: 0, 1: 0, 2: 1}.get(e)
        share = 1.0 if scope is None else weights[scope]
        rows.append([-float(w[e] and scope in (None, c)) for c, w in states])
        ends.append(-graph.low[e] * share)
    same = [[float(c == case) for c, _ in states] for case in (0, 1)]
    cost = [float(holds(c, w)) for c, w in states]
    found = linprog(cost, A_ub=rows, b_ub=ends, A_eq=same, b_eq=weights, bounds=(0, 1))
    check(declared_bound(graph, top, [declared]).low, float(found.fun))
    if top == step:
        assert declared_bound(graph, top, [declared]).low >= unknown_bound(graph, top)


def test_a_partition_whose_case_is_used_elsewhere_is_read_as_all() -> None:
    builder = Builder()
    a, b, c = (builder.event(n, 0.9) for n in "abc")
    step = builder.all([a, b])
    clean = builder.all([step, c])
    twice = builder.all([step, builder.any([a, c])])
    graph = builder.freeze()
    cases = Declaration(id="cases", kind="partition", among=(a, b), doubt=0, weights=(0.5, 0.5))
    assert declared_bound(graph, step, [cases]).low == pytest.approx(0.9)
    assert declared_bound(graph, clean, [cases]).low == pytest.approx(0.8)
    found = declared_bound(graph, twice, [cases])
    assert found.low == pytest.approx(0.8)
    assert found.used == ()
    assert "`a` is used outside its case" in found.refused["cases"]
    assert found.notes


def trio() -> tuple[Graph, int, int, int]:
    builder = Builder()
    events = [builder.event(n, 0.9) for n in "abc"]
    nodes = builder.all(events), builder.any(events), builder.at_least(2, events)
    return builder.freeze(), *nodes


def declare(kind: str, *, doubt: float = 0, **more: object) -> Declaration:
    return Declaration(id=kind, kind=kind, among=(0, 1, 2), doubt=doubt, **more)  # type: ignore[arg-type]


def test_known_answers() -> None:
    graph, every, some, two = trio()
    share = 0.01
    own = 0.9 / (1 - share)
    answers = [
        (declare("independent"), every, 0.9**3),
        (declare("independent"), some, 1 - 0.1**3),
        (declare("independent"), two, 3 * 0.9**2 * 0.1 + 0.9**3),
        (declare("associated"), every, 0.9**3),
        (declare("associated"), some, 0.9),  # they may all be the same event
        (declare("common cause", number=0.1), every, (1 - share) * own**3),
        (declare("common cause", number=0.1), some, (1 - share) * (1 - (1 - own) ** 3)),
        (declare("common cause", number=1.0), some, 0.9),
        (declare("partition", weights=(0.2, 0.3, 0.5)), every, 0.9),
        (Declaration(id="contained", kind="contained", among=(0, 1), doubt=0), every, 0.8),
    ]
    for declaration, node, value in answers:
        assert declared_bound(graph, node, [declaration]).low == pytest.approx(value, abs=1e-9)


def test_a_doubtful_declaration_is_worth_what_is_left_of_its_gain() -> None:
    graph, every, *_ = trio()
    for doubt in (0.0, 0.01, 0.02, 0.5, 1.0):
        found = declared_bound(graph, every, [declare("independent", doubt=doubt)])
        assert found.low == pytest.approx(max(0.7, 0.729 - doubt), abs=1e-9)
        assert found.used == (("independent",) if doubt < 0.029 else ())
    assert "its doubt is 1" in found.refused["independent"]


def test_only_declarations_that_pay_are_used() -> None:
    graph, every, *_ = trio()
    good = declare("independent", doubt=0.001)
    idle = Declaration(id="idle", kind="contained", among=(2, every + 2), doubt=0.001)
    found = declared_bound(graph, every, [idle, good])
    assert found.used == ("independent",)
    assert found.low == pytest.approx(0.728, abs=1e-9)


def test_associated_falls_back_across_a_negation_and_says_so() -> None:
    builder = Builder()
    a, b, c = (builder.event(n, 0.9, 0.95) for n in "abc")
    node = builder.all([a, b, builder.negate(c)])
    graph = builder.freeze()
    found = declared_bound(graph, node, [declare("associated")])
    assert found.low <= unknown_bound(graph, node) + 0.01
    assert found.notes


def test_groups_that_share_an_event_are_refused() -> None:
    builder = Builder()
    a, b, c = (builder.event(n, 0.9) for n in "abc")
    one, two = builder.all([a, b]), builder.all([b, c])
    top = builder.all([one, two])
    graph = builder.freeze()
    shared = Declaration(id="d", kind="independent", among=(one, two), doubt=0)
    found = declared_bound(graph, top, [shared])
    assert "both rest on `b`" in found.refused["d"]
    assert found.low == unknown_bound(graph, top)


CONTRADICTORY = [
    ([Declaration(id="x", kind="partition", among=(0, 1), weights=(0.5, 0.4))], "add up to 0.9"),
    ([Declaration(id="x", kind="partition", among=(0, 1), weights=(1.0,))], "1 weights for 2"),
    ([Declaration(id="x", kind="contained", among=(0, 3))], "holds with at least 0.9"),
    (
        [
            Declaration(id="x", kind="contained", among=(0, 1)),
            Declaration(id="y", kind="contained", among=(1, 3)),
        ],
        "holds with at least 0.9",
    ),
    (
        [
            Declaration(id="x", kind="exclusive", among=(0, 1)),
            Declaration(id="y", kind="independent", among=(0, 1)),
        ],
        "fail together with 0.01",
    ),
    (
        [
            Declaration(id="x", kind="common cause", among=(0, 1), number=0.1),
            Declaration(id="y", kind="common cause", among=(1, 2), number=0.1),
        ],
        "shares an event with common cause `x`",
    ),
    (
        [
            Declaration(id="x", kind="common cause", among=(0, 1), number=0.1),
            Declaration(id="y", kind="independent", among=(0, 1)),
        ],
        "share a cause",
    ),
    (
        [
            Declaration(id="x", kind="pairwise cap", among=(0, 1), number=0.001),
            Declaration(id="y", kind="common cause", among=(0, 1), number=0.1),
        ],
        "fail together with 0.01",
    ),
    ([Declaration(id="x", kind="pairwise cap", among=(3, 4), number=0.1)], "at least 0.2"),
    ([Declaration(id="x", kind="exclusive", among=(3, 4))], "fail together"),
    (
        [
            Declaration(id="x", kind="contained", among=(0, 3)),
            Declaration(id="y", kind="independent", among=(0, 3)),
        ],
        "are independent by `y`",
    ),
    ([Declaration(id="x", kind="pairwise cap", among=(0, 1))], "needs a number"),
    ([Declaration(id="x", kind="associated", among=(0, 5))], "no single event"),
    ([Declaration(id="x", kind="associated", among=(0, 99))], "does not have"),
    ([Declaration(id="x", kind="associated", among=(0, 0))], "twice"),
    ([Declaration(id="x", kind="contained", among=(0,))], "cannot hold among 1"),
    ([Declaration(id="x", kind="contained", among=(0, 1))] * 2, "have this name"),
]


@pytest.mark.parametrize(("declarations", "reason"), CONTRADICTORY)
def test_contradictions_are_named(declarations: list[Declaration], reason: str) -> None:
    builder = Builder()
    for name in "abc":
        builder.event(name, 0.9)
    builder.event("d", 0.2, 0.4)
    builder.event("e", 0.2, 0.4)
    top = builder.all(range(5))
    graph = builder.freeze()
    found = contradictions(graph, declarations)
    assert any(reason in why for _, why in found), found
    assert declared_bound(graph, top, declarations).low >= 0


def test_what_can_hold_is_no_contradiction() -> None:
    graph, *_ = trio()
    fine = [
        declare("associated"),
        Declaration(id="1", kind="contained", among=(0, 1)),
        Declaration(id="2", kind="contained", among=(1, 0)),
        Declaration(id="3", kind="pairwise cap", among=(0, 1, 2), number=0.02),
        declare("independent"),
    ]
    assert contradictions(graph, [fine[0], *fine[3:]]) == []
    assert contradictions(graph, fine[:3]) == []


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=5), st.integers(0, 6))
def test_k_of_n_is_exact(lows: list[float], k: int) -> None:
    builder = Builder()
    node = builder.at_least(k, [builder.event(f"e{i}", low) for i, low in enumerate(lows)])
    exact = least(builder.freeze(), node)
    assert exact is not None
    assert at_least_low(k, lows) == pytest.approx(exact, abs=1e-6)


def test_association_lies_between_unknown_dependence_and_independence() -> None:
    graph, every, *_ = trio()
    assert unknown_bound(graph, every) == pytest.approx(0.7)
    found = declared_bound(graph, every, [declare("associated", doubt=0.01)])
    assert found.low == pytest.approx(0.719)
    assert reference(graph, every).value == pytest.approx(0.729)


def test_the_bound_on_a_shared_assumption_uses_independence_of_the_legs() -> None:
    """Thirty independent legs of doubt .002 and one assumption of doubt .05 that all rest on."""
    builder = Builder()
    shared = builder.event("shared", 0.95)
    legs = [builder.event(f"leg{i}", 0.998) for i in range(30)]
    top = builder.all([builder.all([leg, shared]) for leg in legs])
    graph = builder.freeze()
    assert unknown_bound(graph, top) == pytest.approx(0.89)
    legs_only = Declaration(id="d", kind="independent", among=tuple(legs), doubt=0)
    found = declared_bound(graph, top, [legs_only])
    assert found.low == pytest.approx(0.998**30 - 0.05, abs=1e-9)
    everything = Declaration(id="d", kind="independent", among=(shared, *legs), doubt=0)
    found = declared_bound(graph, top, [everything])
    assert found.low == pytest.approx(0.998**30 * 0.95, abs=1e-9)
