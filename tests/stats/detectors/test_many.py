"""Many indicators: whose alarm counts, and what e-BH adds."""

from __future__ import annotations

import math

import pytest

from safetycase.stats.detectors import many


def test_budgets_decide_and_discoveries_order_the_work() -> None:
    found = many([25.0, 900.0, 1.5, 45.0], [0.05, 0.001, 0.5, 0.01], level=0.1)
    assert found.alarms == (0,)  # 900 × 0.001 and 45 × 0.01 are below one, 1.5 × 0.5 too
    assert found.union == pytest.approx(0.561)
    assert found.discoveries == (0, 1, 3)  # 4/(0.1 × 3) = 13.3


def test_nothing_alarms_among_none() -> None:
    found = many([], [])
    assert (found.alarms, found.union, found.discoveries) == ((), 0.0, ())


@pytest.mark.parametrize(
    ("values", "budgets"), [([1.0], []), ([1.0], [0.0]), ([1.0], [1.0]), ([math.nan], [0.1])]
)
def test_it_refuses_what_cannot_be(values: list[float], budgets: list[float]) -> None:
    with pytest.raises(ValueError, match=r"e-value|budget"):
        many(values, budgets)
