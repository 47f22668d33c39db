"""Numbers as people read them."""

from __future__ import annotations

import dataclasses

import pytest

from safetycase.argument.expression import parse
from safetycase.argument.model import Claim
from safetycase.assess.records import Confidence, QuantityResult
from safetycase.report.numbers import (
    bound_text,
    confidence_text,
    estimate_text,
    n_text,
    quantity_text,
    share,
    sides_of,
    value_text,
)
from safetycase.stats import Interval

HIGH, LOW = frozenset({"high"}), frozenset({"low"})


def quantity(low, high, *, estimate=0.0, unit="proportion", safer="lower", clusters=50):
    return QuantityResult(
        name="q",
        measured_as="q",
        estimate=estimate,
        interval=Interval(low, high),
        level=0.95,
        n=50,
        clusters=clusters,
        unit=unit,
        safer=safer,
        text="",
    )


def test_no_failure_in_fifty_is_the_textbook_bound():
    # Clopper–Pearson one-sided at 95 %: 1 - 0.05 ** (1 / 50) = 0.0582.
    assert bound_text(quantity(0.0, 1 - 0.05 ** (1 / 50)), HIGH) == "≤ 5.8 % at 95 %"
    assert estimate_text(quantity(0.0, 0.0582)) == "none seen"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.2, "20 %"),
        (0.0582, "5.8 %"),
        (0.00582, "0.58 %"),
        (0.0000123, "0.0012 %"),
        (0.9997, "99.97 %"),
        (0.99999, "99.999 %"),
        (0.873, "87.3 %"),
        (-0.0412, "−4.1 %"),
        (1.0, "100 %"),
    ],
)
def test_shares(value, shown):
    assert share(value) == shown


def test_a_near_miss_does_not_look_like_the_threshold():
    assert share(0.20004, apart_from=0.2) == "20.004 %"
    assert bound_text(quantity(0.1, 0.20004), HIGH, threshold=0.2) == "≤ 20.004 % at 95 %"
    assert share(0.2, apart_from=0.2) == "20 %"


def test_both_ends_where_both_matter():
    both = HIGH | LOW
    assert bound_text(quantity(0.35, 0.65), both) == "35 % to 65 %, each end at 95 %"
    assert bound_text(quantity(0.0, 1.0), both) == "anything from none to all at 95 %"
    assert bound_text(quantity(0.0, 1.0), HIGH) == "anything from none to all at 95 %"
    assert bound_text(quantity(0.94, 1.0), both) == "≥ 94 % at 95 %"
    assert bound_text(quantity(2.0, 7.5, unit="nats"), LOW) == "≥ 2 nats at 95 %"


def test_the_end_that_tells_the_outcome():
    claim = Claim(id="C", says="x", holds_when=parse("q <= 0.2"))
    q = quantity(0.41, 0.59)
    assert sides_of(claim, q, "supports") == HIGH
    assert sides_of(claim, q, "refutes") == LOW
    assert sides_of(claim, q, "inconclusive") == HIGH | LOW
    assert quantity_text(claim, q, "refutes") == "q ≥ 41 % at 95 % (n 50)"
    units = quantity(0.0, 0.1, clusters=10)
    assert quantity_text(claim, units, "supports") == (
        "q ≤ 10 % at 95 % (n 50 in 10 independent units)"
    )


def test_without_a_criterion_the_safer_direction_tells():
    assert sides_of(None, quantity(0.1, 0.2, safer="higher"), "supports") == LOW
    assert sides_of(None, quantity(0.1, 0.2, safer="neither"), "supports") == HIGH | LOW


def test_numbers_that_are_none():
    assert value_text(float("nan"), "nats") == "?"
    assert value_text(float("inf"), "nats") == "∞"
    assert share(float("nan")) == "?"


def test_confidence_is_rounded_outwards():
    assert confidence_text(Confidence(low=0.9319, high=0.9871)) == "between 0.931 and 0.988"
    assert confidence_text(Confidence(low=0.9, high=1.0)) == "between 0.9 and 1"


def test_very_little_is_not_nothing() -> None:
    assert share(1.25e-13) == "1.3e−11 %"
    assert share(5e-8) == "5e−06 %"
    assert share(0.0) == "0 %"


def test_an_interval_that_was_worked_out_has_no_n() -> None:
    counted = quantity(0.1, 0.2)
    assert n_text(counted) == "n 50"
    assert n_text(dataclasses.replace(counted, n=0, clusters=0)) == "n 0"
    assert n_text(dataclasses.replace(counted, n=0, clusters=0, computed=True)) == "computed"
