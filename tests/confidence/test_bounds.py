"""Layer 1: the bounds are those of Boole and Fréchet, and no joint law breaks them."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from safetycase.confidence.belief import believe
from safetycase.confidence.bounds import VACUOUS, Bounds
from safetycase.confidence.graph import Builder, Query
from safetycase.confidence.local import local


def leaf(low: float = 0.0, high: float = 1.0) -> Bounds:
    return Bounds(low=low, high=high)


def top(op: str, *parts: Bounds, k: int = 0) -> Bounds:
    build = Builder()
    events = [build.event(f"p{i}", p.low, p.high) for i, p in enumerate(parts)]
    if op == "all":
        node = build.all(events)
    elif op == "any":
        node = build.any(events)
    else:
        node = build.at_least(k, events)
    low, high = local(build.freeze())
    return Bounds(low=low[node], high=high[node])


def test_known_answers() -> None:
    # One of ten hazards at .2 decides; an average would say .92.
    assert top("all", leaf(0.2), *[leaf(0.999)] * 9).low == pytest.approx(0.191)
    assert top("all", *[leaf(0.99)] * 20).low == pytest.approx(0.80)
    assert top("all", *[leaf(0.99)] * 1000).low == 0.0
    assert top("any", leaf(0.9), leaf(0.9)).low == pytest.approx(0.9)
    assert top("k of n", *[leaf(0.9)] * 3, k=2).low == pytest.approx(0.85)
    assert top("all").low == 1.0


def test_support_and_an_equally_strong_rebuttal_are_neither_belief_nor_disbelief() -> None:
    build = Builder()
    support, rebuttal = build.event("a", 0.99, 0.99), build.event("b", 0.99, 0.99)
    both = believe(build.freeze(), Query(support=support, rebuttal=rebuttal))
    assert both.bel == pytest.approx(0.0, abs=0.01)
    assert both.pl == pytest.approx(1.0, abs=0.01)


def test_reinstatement() -> None:
    # A .9, an attacker that is sure, a counter-attacker .8.
    build = Builder()
    a, d, c = build.event("a", 0.9), build.event("d", 1.0), build.event("c", 0.8)
    attack = build.all([d, build.negate(c)])
    node = build.all([a, build.negate(attack)])
    assert local(build.freeze())[0][node] == pytest.approx(0.7)


def test_no_evidence_is_no_evidence() -> None:
    assert top("all", leaf(), leaf()) == VACUOUS
    assert top("any", leaf(), leaf()) == VACUOUS


def test_a_part_that_is_not_there_is_an_error() -> None:
    build = Builder()
    first = build.event("a")
    for part in (first + 1, -1):
        with pytest.raises(ValueError, match="not built yet"):
            build.all([part])


def test_a_shared_part_counts_for_each_path_and_depth_is_no_limit() -> None:
    build = Builder()
    x = build.event("x", 0.5)
    node = build.all([x, build.any([x])])
    assert local(build.freeze())[0][node] == 0.0
    chain = Builder()
    at = chain.event("0", 0.7)
    for _ in range(5000):
        at = chain.all([at])
    assert local(chain.freeze())[0][at] == 0.7


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=3, max_size=3), st.integers(1, 3))
def test_k_of_n_never_overclaims_the_exact_worst_case(lows: list[float], k: int) -> None:
    """The exact minimum over all joint laws is a linear program over the 8 worlds."""
    worlds = list(itertools.product((0, 1), repeat=3))
    cost = [float(sum(w) >= k) for w in worlds]
    at_least = [[-float(w[i]) for w in worlds] for i in range(3)]
    best = linprog(
        cost,
        A_ub=at_least,
        b_ub=[-low for low in lows],
        A_eq=[[1.0] * 8],
        b_eq=[1.0],
        bounds=(0, 1),
    )
    assert top("k of n", *[leaf(low) for low in lows], k=k).low <= best.fun + 1e-7
    if k in (1, 3):
        op = "any" if k == 1 else "all"
        assert top(op, *[leaf(low) for low in lows]).low == pytest.approx(best.fun, abs=1e-7)
