"""Splitting a budget: brute force, known answers, laws, and what greedy funding misses."""

import itertools
import math
import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.agenda.makers import (
    best_by_enumeration,
    by_enumeration,
    exactly,
    random_dag,
    random_shots,
    random_tree,
)

from safetycase.agenda.multilinear import TooTangled
from safetycase.agenda.portfolio import Shots, frontier, greedy, worth
from safetycase.confidence.bounds import Bounds
from safetycase.confidence.graph import Builder, Graph


def line(every: bool, size: int) -> tuple[Graph, int]:
    build = Builder()
    parts = [build.event(f"e{k}") for k in range(size)]
    root = build.all(parts) if every else build.any(parts)
    return build.freeze(), root


def bet(event: int, r: float = 0.5, s: float = 0.3, cost: float = 1.0, **more: object) -> Shots:
    return Shots(
        id=f"s{event}",
        event=event,
        solvable=exactly(r),
        each_shot=exactly(s),
        cost=cost,
        **more,  # type: ignore[arg-type]
    )


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_a_tree_equals_brute_force(seed: int) -> None:
    draw = random.Random(seed)
    graph, root = random_tree(draw, 4)
    shots, budget = random_shots(draw, range(4)), draw.randint(0, 5)
    found = frontier(graph, root, shots, budget)
    assert (found.exact, found.whole_costs) == (True, True)
    for units in range(len(found.value)):
        best = best_by_enumeration(graph, root, shots, found.budget(units))
        bought = found.allocation(units)
        assert found.value[units] == pytest.approx(best, abs=1e-12)
        assert bought.value.low == pytest.approx(best, abs=1e-12)
        assert bought.spent <= found.budget(units)
        assert bought.gap < 1e-12


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_small_graphs_with_shared_parts_equal_brute_force(seed: int) -> None:
    draw = random.Random(seed)
    graph, root = random_dag(draw, 4, draw.randint(2, 6))
    shots, budget = random_shots(draw, range(4)), draw.randint(0, 5)
    found = frontier(graph, root, shots, budget)
    best = best_by_enumeration(graph, root, shots, budget)
    assert found.exact
    assert found.value[-1] == pytest.approx(best, abs=1e-12)
    assert found.allocation().value.low == pytest.approx(best, abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_search_reaches_what_it_says_and_the_bound_holds(seed: int) -> None:
    """With every allocation out of reach of trial, brute force lies between value and bound."""
    draw = random.Random(seed)
    graph, root = random_dag(draw, 4, draw.randint(2, 6))
    shots, budget = random_shots(draw, range(4)), draw.randint(0, 5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("safetycase.agenda.core._ALL", 0)
        found = frontier(graph, root, shots, budget)
    best = best_by_enumeration(graph, root, shots, budget)
    assert found.value[-1] <= best + 1e-12
    assert found.bound[-1] >= best - 1e-12
    bought = found.allocation()
    assert bought.value.low == pytest.approx(found.value[-1], abs=1e-12)
    assert bought.gap == pytest.approx(found.bound[-1] - found.value[-1], abs=1e-12)
    assert found.value[-1] >= 0.9 * best


def test_only_and_with_unit_costs_is_greedy_on_the_logarithm() -> None:
    """A separable concave sum: funding the largest rise of ln P, one shot at a time, is best."""
    draw = random.Random(5)
    graph, root = line(True, 5)
    shots = [bet(e, draw.uniform(0.3, 1), draw.uniform(0.1, 0.6), already=0.05) for e in range(5)]
    counts = dict.fromkeys((s.id for s in shots), 0)
    found = frontier(graph, root, shots, 20)
    for units in range(1, 21):
        now = worth(graph, root, shots, counts).low
        rises = {
            name: worth(graph, root, shots, {**counts, name: n + 1}).low / now
            for name, n in counts.items()
        }
        counts[max(rises, key=lambda name: rises[name])] += 1
        reached = worth(graph, root, shots, counts).low
        assert found.value[units] == pytest.approx(reached, rel=1e-9)


def test_only_or_is_a_knapsack() -> None:
    """Certain shots of one use each (s = 1): the failures multiply, so weights are −ln(1 − r)."""
    draw = random.Random(7)
    graph, root = line(False, 8)
    shots = [bet(e, draw.uniform(0.1, 0.6), 1.0, draw.randint(2, 7)) for e in range(8)]
    found = frontier(graph, root, shots, 15)
    table = [0.0] * 16
    for shot in shots:
        for left in range(15, int(shot.cost) - 1, -1):
            gain = table[left - int(shot.cost)] - math.log1p(-shot.solvable.low)
            table[left] = max(table[left], gain)
    bought = found.allocation()
    assert found.value[-1] == pytest.approx(1 - math.exp(-table[15]), rel=1e-12)
    assert all(count == 1 for _, count in bought.shots)


def test_two_of_three_equals_brute_force() -> None:
    build = Builder()
    root = build.at_least(2, [build.event(f"e{k}") for k in range(3)])
    graph = build.freeze()
    shots = [bet(0, 0.9, 0.2), bet(1, 0.5, 0.6), bet(2, 0.7, 0.3)]
    found = frontier(graph, root, shots, 12)
    assert found.exact
    assert found.value[12] == pytest.approx(best_by_enumeration(graph, root, shots, 12))
    assert found.value[1] == 0.0 < found.value[2]


def test_a_shared_family_stands_or_falls_as_one() -> None:
    """Both are needed: two problems of one family beat the independence of their chances."""
    graph, root = line(True, 2)
    apart = [bet(0, 0.5, 0.9), bet(1, 0.5, 0.9)]
    kin = [bet(0, 0.5, 0.9, family="f"), bet(1, 0.5, 0.9, family="f")]
    assert worth(graph, root, apart, {"s0": 1, "s1": 1}).low == pytest.approx(0.5**2 * 0.9**2)
    assert worth(graph, root, kin, {"s0": 1, "s1": 1}).low == pytest.approx(0.5 * 0.9**2)
    either = line(False, 2)
    assert worth(*either, kin, {"s0": 1, "s1": 1}).low == pytest.approx(0.5 * 0.99)
    assert frontier(graph, root, kin, 6).exact
    assert frontier(*either, kin, 6).value[-1] <= 0.5


def test_money_spreads_over_families() -> None:
    """One problem, two approaches with the same prospects: the second family gets its share."""
    build = Builder()
    problem = build.event("problem")
    graph = build.freeze()
    ways = [
        Shots(
            id=name,
            event=problem,
            solvable=exactly(0.4),
            each_shot=exactly(0.5),
            cost=1,
            family=name,
        )
        for name in ("a", "b")
    ]
    assert dict(frontier(graph, problem, ways, 8).allocation().shots) == {"a": 4, "b": 4}


@pytest.mark.slow
@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6))
def test_families_by_enumeration_of_their_states(seed: int) -> None:
    draw = random.Random(seed)
    graph, root = random_dag(draw, 4, 4)
    r = {"f": draw.random(), "g": draw.random()}
    shots = []
    for k in range(5):
        family = draw.choice("fg")
        shots.append(
            Shots(
                id=f"s{k}",
                event=k % 4,
                solvable=exactly(r[family]),
                each_shot=exactly(draw.random()),
                cost=1,
                already=0.1 if k % 4 == 0 else 0.0,
                family=family,
            )
        )
    bought = {s.id: draw.randint(0, 3) for s in shots}
    expected = 0.0
    for f, g in itertools.product((True, False), repeat=2):
        weight = (r["f"] if f else 1 - r["f"]) * (r["g"] if g else 1 - r["g"])
        point = [0.0] * len(graph)
        for event in range(4):
            fails = 0.9 if event == 0 else 1.0
            for s in shots:
                if s.event == event and (f if s.family == "f" else g):
                    fails *= (1 - s.each_shot.low) ** bought[s.id]
            point[event] = 1 - fails
        expected += weight * by_enumeration(graph, root, point)
    assert worth(graph, root, shots, bought).low == pytest.approx(expected, abs=1e-12)
    found = frontier(graph, root, shots, 3)
    assert found.value[-1] == pytest.approx(best_by_enumeration(graph, root, shots, 3), abs=1e-9)


@pytest.mark.slow
def test_greedy_funding_is_stuck_at_nothing_where_the_exact_split_is_not() -> None:
    stuck, share = 0, 0.0
    for seed in range(40):
        draw = random.Random(seed)
        graph, root = random_tree(draw, 10)
        shots = [bet(e, draw.uniform(0.2, 0.9), draw.uniform(0.1, 0.5)) for e in range(10)]
        best = frontier(graph, root, shots, 30).allocation().value.low
        naive = greedy(graph, root, shots, 30).value.low
        assert best >= naive - 1e-12
        assert best > 0
        stuck += naive == 0
        share += naive / best / 40
    assert stuck >= 10
    assert share < 0.8


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_the_frontier_rises_with_money_and_with_better_prospects(seed: int) -> None:
    draw = random.Random(seed)
    graph, root = random_dag(draw, 5, 5)
    shots = random_shots(draw, range(5))
    found = frontier(graph, root, shots, 8)
    assert list(found.value) == sorted(found.value)
    assert list(found.bound) == sorted(found.bound)
    assert all(v <= b <= 1 for v, b in zip(found.value, found.bound, strict=True))
    better = [
        Shots(
            id=s.id,
            event=s.event,
            solvable=exactly(min(1.0, s.solvable.low * 1.2)),
            each_shot=exactly(min(1.0, s.each_shot.low + 0.1)),
            cost=s.cost,
            already=s.already,
        )
        for s in shots
    ]
    richer = frontier(graph, root, better, 8)
    assert all(b >= a - 1e-12 for a, b in zip(found.value, richer.value, strict=True))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.permutations(range(6)))
def test_names_and_numbers_do_not_matter(seed: int, order: list[int]) -> None:
    draw = random.Random(seed)
    kinds = [draw.random() < 0.5 for _ in range(3)]
    odds = [(draw.uniform(0.2, 1), draw.uniform(0.1, 0.9)) for _ in range(6)]
    values = []
    for place in (list(range(6)), order):
        build = Builder()
        events = dict(zip(place, (build.event(f"e{k}") for k in range(6)), strict=True))
        legs = [
            (build.all if kinds[0] else build.any)([events[k] for k in group])
            for group in ((0, 1, 2), (2, 3, 4))
        ]
        root = (build.all if kinds[1] else build.any)([*legs, events[5]])
        shots = [bet(events[k], *odds[k]) for k in range(6)]
        values.append(frontier(build.freeze(), root, shots, 7).value)
    assert values[0] == pytest.approx(values[1], abs=1e-12)


def test_the_range_at_both_ends_of_the_intervals() -> None:
    build = Builder()
    a, given_ = build.event("a"), build.event("given", 0.8, 0.9)
    root = build.all([a, build.negate(build.event("doubt", 0.1, 0.2)), given_])
    shots = [
        Shots(
            id="s",
            event=a,
            solvable=Bounds(low=0.5, high=1),
            each_shot=Bounds(low=0.5, high=0.75),
            cost=2,
        )
    ]
    bought = frontier(build.freeze(), root, shots, 5).allocation()
    assert bought.shots == (("s", 2),)
    assert bought.spent == 4
    assert bought.value.low == pytest.approx(0.8 * 0.8 * 0.5 * 0.75)
    assert bought.value.high == pytest.approx(0.9 * 0.9 * 1 * (1 - 0.0625))


def test_four_hundred_small_chances_do_not_underflow() -> None:
    graph, root = line(True, 400)
    shots = [bet(e, 1e-3, 0.5) for e in range(400)]
    found = frontier(graph, root, shots, 400)
    assert len(found.allocation().shots) == 400  # ln P about −3000, far below the least float


def test_costs_off_the_grid_are_rounded_up_and_bounded() -> None:
    graph, root = line(True, 3)
    shots = [bet(0, cost=math.pi), bet(1, cost=math.e), bet(2, cost=math.sqrt(2))]
    found = frontier(graph, root, shots, 40, most_units=50)
    assert (found.whole_costs, found.exact) == (False, False)
    bought = found.allocation()
    assert bought.spent <= 40
    best = best_by_enumeration(graph, root, shots, 40)
    assert bought.value.low <= best + 1e-12 <= found.bound[-1] + 1e-9
    fine = frontier(graph, root, shots, 40, most_units=2000).allocation()
    assert fine.gap <= bought.gap
    assert fine.value.low == pytest.approx(best, rel=0.02)
    tenths = [bet(0, cost=0.1), bet(1, cost=0.3), bet(2, cost=0.2)]
    assert frontier(graph, root, tenths, 1.2).whole_costs


def test_a_coarse_grid_does_not_make_cheap_shots_dear() -> None:
    graph, root = line(True, 2)
    found = frontier(graph, root, [bet(0, 0.8, 0.01, 0.1), bet(1, 0.8, 0.01, 0.1)], 1e6)
    assert not found.whole_costs
    bought = found.allocation()
    assert bought.value.low == pytest.approx(0.64, abs=1e-9)
    assert bought.spent < 10_000
    dimes = frontier(graph, root, [bet(0, cost=0.1), bet(1, cost=0.1)], 0.6).allocation()
    assert (dimes.spent, [n for _, n in dimes.shots]) == (0.6, [3, 3])


@pytest.mark.slow
def test_learning_as_one_goes_bounds_two_of_many_closely() -> None:
    build = Builder()
    root = build.at_least(2, [build.event(f"e{k}") for k in range(7)])
    shots = [bet(k, 0.4 + 0.05 * k, 0.15, 1.0 + k % 3) for k in range(7)]
    found = frontier(build.freeze(), root, shots, 100)
    assert not found.exact
    assert 0 <= found.bound[-1] - found.value[-1] < 0.01


def test_what_is_too_tangled_is_refused_quickly() -> None:
    draw = random.Random(2)
    build = Builder()
    events = [build.event(f"e{k}") for k in range(60)]
    root = build.all([build.any(draw.sample(events, 8)) for _ in range(30)])
    with pytest.raises(TooTangled, match="open at one time"):
        frontier(build.freeze(), root, [bet(e) for e in events], 100)


@pytest.mark.slow
def test_the_work_on_a_tangled_core_is_limited() -> None:
    draw = random.Random(2)
    build = Builder()
    events = [build.event(f"e{k}") for k in range(25)]
    root = build.all([build.any(draw.sample(events, 4)) for _ in range(12)])
    shots = [bet(e, draw.uniform(0.4, 0.9), draw.uniform(0.1, 0.4)) for e in events]
    start = time.process_time()
    found = frontier(build.freeze(), root, shots, 100)
    assert time.process_time() - start < 30
    assert 0.7 < found.value[-1] <= found.bound[-1] < 0.95


@pytest.mark.slow
@pytest.mark.parametrize(("problems", "budget", "seconds"), [(81, 200, 0.5), (400, 1000, 10)])
def test_large_trees_are_quick(problems: int, budget: int, seconds: float) -> None:
    """Five and two times what they need on an idle core."""
    draw = random.Random(1)
    graph, root = random_tree(draw, problems)
    shots = [
        bet(e, draw.uniform(0.2, 0.8), draw.uniform(0.05, 0.4), draw.choice((1.0, 2.0, 5.0)))
        for e in range(problems)
    ]
    start = time.process_time()
    found = frontier(graph, root, shots, budget)
    bought = found.allocation()
    assert time.process_time() - start < seconds
    assert found.exact
    assert bought.value.low == pytest.approx(found.value[-1], rel=1e-9)


def test_nothing_is_spent_on_what_adds_nothing() -> None:
    build = Builder()
    a, b, hopeless = build.event("a"), build.event("b"), build.event("hopeless", 0, 0)
    root = build.any([a, build.all([b, hopeless])])
    graph = build.freeze()
    shots = [bet(a, 0.5, 1.0), bet(b, 1.0, 0.9)]
    bought = frontier(graph, root, shots, 100).allocation()
    assert bought.shots == ((f"s{a}", 1),)
    nowhere = frontier(graph, root, [bet(b)], 5).allocation()
    assert (nowhere.shots, nowhere.spent) == ((), 0)


def test_no_money_and_no_shots() -> None:
    graph, root = line(True, 2)
    assert frontier(graph, root, [bet(0), bet(1)], 0).allocation().shots == ()
    assert frontier(graph, root, [], 3).value[-1] == 0
    assert set(frontier(graph, root, [bet(0), bet(1)], 0.5).value) == {0.0}


@pytest.mark.parametrize("budget", [-1, math.nan, math.inf])
def test_refuses_a_budget_that_is_no_amount(budget: float) -> None:
    graph, root = line(True, 2)
    for call in (frontier, greedy):
        with pytest.raises(ValueError, match="budget"):
            call(graph, root, [bet(0)], budget)


def test_refuses_contradictory_prospects() -> None:
    graph, root = line(True, 2)
    other = Shots(id="t", event=0, solvable=exactly(0.5), each_shot=exactly(0.3), cost=1)
    wrong = [
        ([bet(0), bet(0)], "named"),
        ([bet(root)], "no event"),
        ([bet(99)], "no event"),
        ([bet(0, already=0.2), other], "already"),
        ([bet(0, 0.5, family="f"), bet(1, 0.6, family="f")], "family"),
    ]
    for shots, words in wrong:
        with pytest.raises(ValueError, match=words):
            frontier(graph, root, shots, 3)
    for changes in ({"r": math.nan}, {"s": 1.5}, {"cost": 0.0}, {"cost": math.inf}):
        with pytest.raises(ValueError):
            bet(0, **changes)
    with pytest.raises(ValueError, match="chance"):
        bet(0, already=-0.1)
    with pytest.raises(ValueError, match="grid"):
        frontier(graph, root, [bet(0)], 3, most_units=0)
    with pytest.raises(ValueError, match="units"):
        frontier(graph, root, [bet(0)], 3).allocation(4)
    for bought in ({"s0": -1}, {"nobody": 1}):
        with pytest.raises(ValueError, match="bought"):
            worth(graph, root, [bet(0)], bought)


def test_refuses_to_fund_what_would_do_harm_and_what_has_two_readings() -> None:
    build = Builder()
    a, b = build.event("a"), build.event("b", 0.2, 0.4)
    root = build.all([build.negate(a), b])
    odd = build.all([build.any([a, b]), build.negate(build.all([b, a]))])
    graph = build.freeze()
    with pytest.raises(ValueError, match="negation"):
        frontier(graph, root, [bet(a)], 3)
    with pytest.raises(ValueError, match="both sides"):
        frontier(graph, odd, [], 3)
