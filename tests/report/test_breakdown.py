"""The record behind every display of a number refuses what is no number."""

from __future__ import annotations

import math
from typing import Any

import pytest

from safetycase.assess.breakdown import Breakdown, Flip, Line, Link, Part, Scenario, Step, Way


@pytest.mark.parametrize("bel", [0.0, 1.0])
def test_the_edges_are_numbers(bel: float) -> None:
    assert Breakdown(claim="C", says="", bel=bel, pl=1.0).bel == bel


@pytest.mark.parametrize(
    "changes",
    [
        {"bel": math.nan},
        {"pl": math.nan},
        {"bel": math.inf},
        {"bel": -0.1},
        {"pl": 1.1},
        {"bel": 0.9, "pl": 0.8},
        {"conflict_low": 0.2, "conflict_high": 0.1},
        {"reference": math.nan},
        {"target": 2.0},
        {"gap": -0.5},
    ],
)
def test_what_is_no_probability_is_refused(changes: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"outside|below"):
        Breakdown(**{"claim": "C", "says": "", "bel": 0.5, "pl": 1.0, **changes})


@pytest.mark.parametrize(
    ("record", "fields"),
    [
        (Line, {"id": "A", "says": "", "what": "leaf", "doubt": math.nan}),
        (Part, {"name": "A", "amount": math.inf}),
        (Link, {"id": "A", "price": math.nan, "price_low": 0, "price_high": 1, "doubt": 0.1}),
        (Link, {"id": "A", "price": 2.0, "price_low": 0, "price_high": 1, "doubt": 0.1}),
        (Scenario, {"mass": math.nan, "fails": ()}),
        (Way, {"name": "declared", "low": math.nan}),
        (Way, {"name": "declared", "low": 0.5, "high": 0.4}),
        (Step, {"id": "A", "premises": 2, "lambda_crit": math.nan}),
        (Step, {"id": "A", "premises": 2, "lambda_crit": 2.0, "modulus": -1.0}),
    ],
)
def test_parts_refuse_it_too(record: Any, fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"outside|below"):
        record(**fields)


def test_a_record_does_not_change() -> None:
    with pytest.raises(AttributeError):
        Flip(ids=("A",)).says = "x"  # type: ignore[misc]
