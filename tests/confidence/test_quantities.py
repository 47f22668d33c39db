"""Bounds with doubts: whatever the dependence, the composed bound fails no oftener than it says."""

from __future__ import annotations

import itertools
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safetycase.argument.expression import parse_formula
from safetycase.confidence.quantities import (
    Bounded,
    affine,
    compose,
    expected_risk,
    largest,
    product,
    risk_over_paths,
    smallest,
    total,
)

A = Bounded(high=0.01, sources={"run a": 0.05})
B = Bounded(high=0.02, low=0.0, sources={"run b": 0.05})
SHARED = Bounded(high=3.0, low=1.0, sources={"run a": 0.05, "judge": 0.01})


def test_known_answers() -> None:
    assert total([A, B]).high == pytest.approx(0.03)
    assert total([A, B]).low == -math.inf
    assert total([A, B]).doubt == pytest.approx(0.10)
    assert total([A, SHARED]).doubt == pytest.approx(0.06)  # run a is charged once
    assert product([A, B, SHARED]).high == pytest.approx(0.0006)
    assert product([A, B]).low == 0.0
    assert affine(SHARED, scale=-2, offset=1) == Bounded(low=-5, high=-1, sources=SHARED.sources)
    assert affine(A, scale=0, offset=2) == Bounded(low=2, high=2)
    assert largest([A, SHARED]).high == 3.0
    assert smallest([A, SHARED]) == A  # A alone bounds the smaller from above
    both = smallest([B, SHARED])
    assert (both.low, both.high, both.doubt) == (0.0, 0.02, pytest.approx(0.11))
    assert total([]).high == 0.0
    assert product([]).high == 1.0


def test_formulas_of_the_case_language() -> None:
    formula = parse_formula("samples * rate - caught")
    found = compose(
        formula.on,
        {
            "samples": Bounded(low=100, high=100),
            "rate": Bounded(low=0, high=0.01, sources={"run a": 0.05}),
            "caught": Bounded(low=0.2, high=0.4, sources={"run b": 0.02}),
        },
    )
    assert (found.low, found.high) == (pytest.approx(-0.4), pytest.approx(0.8))
    assert found.doubt == pytest.approx(0.07)
    open_ended = compose(parse_formula("a - b").on, {"a": A, "b": affine(A, scale=1)})
    assert open_ended.high == math.inf


@pytest.mark.parametrize(
    ("rate", "doubt", "risk"), [(0.01, 0.05, 0.0595), (0, 0.05, 0.05), (1, 0.5, 1.0), (0.3, 0, 0.3)]
)
def test_expected_risk(rate: float, doubt: float, risk: float) -> None:
    assert expected_risk(rate, doubt) == pytest.approx(risk)


def test_risks_add_over_paths_and_do_not_saturate_like_doubts() -> None:
    """Two paths that rest on one source pay for it once."""
    apart = [Bounded(high=0.001, sources={f"run {i}": 0.001}) for i in range(100)]
    assert risk_over_paths(apart) == pytest.approx(1 - (1 - 0.1) * (1 - 0.1), abs=1e-3)
    shared = [Bounded(high=0.001, sources={"judge": 0.05}) for _ in range(10)]
    assert risk_over_paths(shared) == pytest.approx(0.01 + 0.05 - 0.0005)
    assert risk_over_paths([]) == 0.0
    assert risk_over_paths([Bounded(high=math.inf)]) == 1.0


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_no_law_breaks_the_composed_bounds(seed: int) -> None:
    """Three sources fail by any joint law; a statement all of whose sources hold is true."""
    rng = random.Random(seed)
    names = ["x", "y", "z"]
    atoms = [(w, rng.random()) for w in itertools.product((0, 1), repeat=3)]
    mass = sum(p for _, p in atoms)
    doubts = {n: sum(p for w, p in atoms if w[i]) / mass for i, n in enumerate(names)}
    ends = sorted(rng.uniform(0, 2) for _ in range(4))
    parts = [
        Bounded(low=ends[0], high=ends[2], sources={n: doubts[n] for n in rng.sample(names, 2)}),
        Bounded(low=ends[1], high=ends[3], sources={n: doubts[n] for n in rng.sample(names, 1)}),
    ]
    ways = {
        "sum": (total(parts), lambda v: v[0] + v[1]),
        "product": (product(parts), lambda v: v[0] * v[1]),
        "largest": (largest(parts), max),
        "smallest": (smallest(parts), min),
        "scaled": (affine(parts[0], scale=-3, offset=1), lambda v: 1 - 3 * v[0]),
    }
    for bound, value in ways.values():
        missed = 0.0
        for failed, p in atoms:
            broken = {n for n, f in zip(names, failed, strict=True) if f}
            theta = [
                rng.uniform(0, 9) if broken & set(q.sources) else rng.uniform(q.low, q.high)
                for q in parts
            ]
            missed += (p / mass) * (not bound.low - 1e-12 <= value(theta) <= bound.high + 1e-12)
        assert missed <= bound.doubt + 1e-12


def test_what_is_no_bound_is_refused() -> None:
    for make in (
        lambda: Bounded(low=1, high=0),
        lambda: Bounded(high=math.nan),
        lambda: Bounded(high=1, sources={"x": 1.5}),
        lambda: Bounded(high=1, sources={"x": math.nan}),
        lambda: product([Bounded(high=-1)]),
        lambda: affine(A, scale=math.inf),
        lambda: expected_risk(2, 0.1),
        lambda: risk_over_paths([Bounded(high=-0.1)]),
    ):
        with pytest.raises(ValueError):
            make()
