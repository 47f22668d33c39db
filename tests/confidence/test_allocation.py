"""Doubt budgets: what is shared adds up, and no other sharing is cheaper."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from safetycase.confidence.allocation import Part, allocate


def test_equal_leaves_share_equally() -> None:
    parts = [Part(id=str(i), rate=-math.log1p(-0.01)) for i in range(5)]
    found = allocate(parts, 0.95)
    assert found.doubts == pytest.approx(dict.fromkeys("01234", 0.01))
    assert found.possible


def test_fixed_doubts_come_first_and_can_be_too_much() -> None:
    parts = [Part(id="a", doubt=0.03), Part(id="b"), Part(id="c", rate=0.1)]
    found = allocate(parts, 0.95)
    assert found.doubts == pytest.approx({"a": 0.03, "b": 0.01, "c": 0.01})
    beyond = allocate([Part(id="a", doubt=0.06), Part(id="b")], 0.95)
    assert not beyond.possible
    assert beyond.spare == pytest.approx(-0.01)
    assert "b" not in beyond.doubts


@given(
    st.lists(st.tuples(st.floats(0.001, 0.7), st.floats(0.01, 100)), min_size=2, max_size=4),
    st.floats(0.5, 0.99),
)
@settings(max_examples=25, deadline=None)
def test_no_other_sharing_is_cheaper(leaves: list[tuple[float, float]], target: float) -> None:
    parts = [Part(id=str(i), rate=r, cost_per_item=c) for i, (r, c) in enumerate(leaves)]
    found = allocate(parts, target)
    assert math.fsum(found.doubts.values()) == pytest.approx(1 - target)

    def cost(shares: list[float]) -> float:
        return math.fsum(c * math.log(1 / q) / r for (r, c), q in zip(leaves, shares, strict=True))

    ours = cost([found.doubts[p.id] for p in parts])
    start = [(1 - target) / len(parts)] * len(parts)
    other = minimize(
        lambda x: cost(list(abs(x) + 1e-12)) / max(1.0, ours),
        start,
        constraints=[{"type": "eq", "fun": lambda x: sum(abs(x)) - (1 - target)}],
        options={"maxiter": 200},
    )
    shares = abs(other.x) + 1e-12
    shares *= (1 - target) / shares.sum()  # the optimiser keeps to the sum up to a tolerance
    assert ours <= cost(list(shares)) * (1 + 1e-6) + 1e-9


@pytest.mark.parametrize("target", [0.0, 1.0, -1.0, math.nan])
def test_a_target_is_a_probability_short_of_certainty(target: float) -> None:
    with pytest.raises(ValueError, match="target"):
        allocate([Part(id="a")], target)


@pytest.mark.parametrize(
    "part",
    [
        Part(id="a", doubt=math.nan),
        Part(id="a", doubt=1.5),
        Part(id="a", rate=0.0),
        Part(id="a", rate=math.inf),
        Part(id="a", rate=0.1, cost_per_item=-1),
    ],
)
def test_numbers_out_of_range_are_refused(part: Part) -> None:
    with pytest.raises(ValueError, match="`a`"):
        allocate([part], 0.9)
