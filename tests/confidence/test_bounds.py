"""Layer 1: the bounds are those of Boole and Fréchet, and no joint law breaks them."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from safetycase.confidence.bounds import VACUOUS, Bounds, Node, propagate


def leaf(low: float, high: float = 1.0) -> Node:
    return Node(op="leaf", interval=Bounds(low=low, high=high))


def top(op: str, *parts: Node, k: int = 0) -> Bounds:
    names = tuple(f"p{i}" for i in range(len(parts)))
    nodes = dict(zip(names, parts, strict=True))
    return propagate({**nodes, "top": Node(op=op, parts=names, k=k)})["top"]


def test_known_answers() -> None:
    # One of ten hazards at .2 decides; an average would say .92.
    assert top("all", leaf(0.2), *[leaf(0.999)] * 9).low == pytest.approx(0.191)
    assert top("all", *[leaf(0.99)] * 20).low == pytest.approx(0.80)
    assert top("all", *[leaf(0.99)] * 1000).low == 0.0
    assert top("any", leaf(0.9), leaf(0.9)).low == pytest.approx(0.9)
    assert top("k of n", *[leaf(0.9)] * 3, k=2).low == pytest.approx(0.85)
    assert top("all").low == 1.0
    # Strong support and an equally strong rebuttal: neither believed nor disbelieved.
    both = top("net", leaf(0.99, 0.99), leaf(0.99, 0.99))
    assert both.low == pytest.approx(0.0)
    assert both.high == pytest.approx(1.0)
    # Reinstatement: A .9, an attacker that is sure, a counter-attacker .8.
    nodes = {
        "a": leaf(0.9),
        "d": leaf(1.0),
        "c": leaf(0.8),
        "not c": Node(op="not", parts=("c",)),
        "d*": Node(op="all", parts=("d", "not c")),
        "a*": Node(op="net", parts=("a", "d*")),
    }
    assert propagate(nodes)["a*"].low == pytest.approx(0.7)


def test_no_evidence_is_no_evidence() -> None:
    assert top("all", Node(op="leaf"), Node(op="leaf")) == VACUOUS
    assert top("any", Node(op="leaf"), Node(op="leaf")) == VACUOUS


def test_circles_and_dangling_parts_are_errors() -> None:
    with pytest.raises(ValueError, match="circle"):
        propagate({"a": Node(op="all", parts=("b",)), "b": Node(op="all", parts=("a",))})
    with pytest.raises(KeyError):
        propagate({"a": Node(op="all", parts=("b",))})


def test_a_shared_part_is_no_circle_and_depth_is_no_limit() -> None:
    nodes = {
        "x": leaf(0.5),
        "a": Node(op="all", parts=("x", "b")),
        "b": Node(op="any", parts=("x",)),
    }
    assert propagate(nodes)["a"].low == 0.0
    chain = {"0": leaf(0.7)} | {str(i): Node(op="all", parts=(str(i - 1),)) for i in range(1, 5000)}
    assert propagate(dict(reversed(list(chain.items()))))["4999"].low == 0.7


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
