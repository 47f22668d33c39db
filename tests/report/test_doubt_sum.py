"""The printed doubts add up to the printed total, whatever the numbers; bounds round outward."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.report.breakdowns import LEDGER, make_breakdown

from safetycase.assess.breakdown import Line
from safetycase.report.doubt_sum import MOST_LINES, doubt_sum
from safetycase.report.probability import apportion, lower, nearest, range_text, upper

unit = st.floats(0, 1, allow_nan=False)


def printed(text: str) -> Decimal:
    """The number a reader takes from the text; `<0.001` counts as nothing."""
    return Decimal(0) if "<" in text else Decimal(text.replace("−", "-"))


def line(doubt: float, name: str = "A") -> Line:
    return Line(id=name, says="", what="leaf", doubt=doubt)


@pytest.mark.slow
@given(
    doubts=st.lists(st.one_of(unit, st.floats(0, 1e-3), st.floats(0, 1e-9)), max_size=60),
    bel=st.one_of(st.none(), unit, st.floats(0.999, 1)),
)
@settings(max_examples=60, deadline=None)
def test_the_printed_lines_add_up(doubts: list[float], bel: float | None) -> None:
    value = min(max(1 - sum(doubts), 0.0), 1.0) if bel is None else bel
    b = make_breakdown(
        bel=value,
        pl=1.0,
        reference=None,
        ledger=tuple(line(d, f"E-{i}") for i, d in enumerate(doubts)),
    )
    whole = doubt_sum(b)
    assert sum((printed(e.text) for e in whole.entries), Decimal(0)) == printed(whole.total)
    assert printed(whole.total) + printed(whole.bel) == 1
    assert printed(whole.bel) <= Decimal(value) + Decimal("1e-9")
    assert len(whole.entries) <= MOST_LINES + 1
    assert all(printed(e.text) >= 0 for e in whole.entries if e.line is not None)


def test_known_sum() -> None:
    whole = doubt_sum(make_breakdown())
    assert [e.text for e in whole.entries] == [
        *("0.050", "0.041", "0.031", "0.020", "0.010", "0.005"),
        "<0.001",
    ]
    assert (whole.total, whole.bel) == ("0.157", "0.843")


def test_what_redundant_paths_save_is_a_negative_line() -> None:
    # 2 of 3 at 0.9: a proof needs two legs, a doubt of 0.2; the exact worst case is 0.15.
    b = make_breakdown(bel=0.85, ledger=(line(0.1, "A"), line(0.1, "B")))
    whole = doubt_sum(b)
    last = whole.entries[-1]
    assert (last.text, last.says) == ("−0.050", "saved because redundant paths overlap")
    assert whole.total == "0.150"


def test_doubts_beyond_all_are_not_called_saved() -> None:
    b = make_breakdown(bel=0.0, reference=None, ledger=tuple(line(0.4, f"E-{i}") for i in range(4)))
    whole = doubt_sum(b)
    assert whole.entries[-1].text == "−0.600"
    assert "no more than all" in whole.entries[-1].says
    assert (whole.total, whole.bel) == ("1.000", "0")


def test_what_no_line_explains_is_shown() -> None:
    whole = doubt_sum(make_breakdown(bel=0.7, reference=None, ledger=(line(0.1),)))
    assert [e.text for e in whole.entries] == ["0.100", "0.200"]
    assert whole.entries[-1].says == "belongs to no single line"


def test_certainty_has_no_lines() -> None:
    whole = doubt_sum(make_breakdown(bel=1.0, pl=1.0, reference=None, ledger=()))
    assert whole.entries == ()
    assert whole.bel == "1"


def test_many_lines_are_added_up_not_dropped() -> None:
    lines = tuple(line(0.3 / 10_000, f"E-{i}") for i in range(10_000))
    whole = doubt_sum(make_breakdown(bel=0.7, reference=None, ledger=lines))
    assert len(whole.entries) == MOST_LINES
    assert whole.entries[-1].says == "9,961 smaller lines together"
    assert sum(printed(e.text) for e in whole.entries) == Decimal("0.300")


def test_the_order_of_the_ledger_does_not_matter() -> None:
    turned = make_breakdown(ledger=tuple(reversed(LEDGER)))
    assert doubt_sum(turned) == doubt_sum(make_breakdown())


@given(amounts=st.lists(st.floats(-1, 1), min_size=1, max_size=30), places=st.integers(2, 6))
@settings(max_examples=60, deadline=None)
def test_apportioned_amounts_stay_within_a_unit(amounts: list[float], places: int) -> None:
    total = round(sum(amounts) * 10**places)
    units = apportion(amounts, total, places)
    assert sum(units) == total
    assert all(abs(n - a * 10**places) < 1 + 1e-6 for n, a in zip(units, amounts, strict=True))


def test_nothing_to_apportion() -> None:
    assert apportion([], 5, 2) == []


@given(unit)
@settings(max_examples=60, deadline=None)
def test_bounds_round_outward(value: float) -> None:
    slack = Decimal("1e-9")
    assert Decimal(lower(value)) <= Decimal(value) + slack
    assert Decimal(upper(value)) >= Decimal(value) - slack


@pytest.mark.parametrize(
    ("value", "down", "up"),
    [
        (0.0, "0", "0"),
        (1.0, "1", "1"),
        (0.8479, "0.84", "0.85"),
        (0.5, "0.50", "0.50"),
        (0.0312, "0.031", "0.032"),
        (0.99871, "0.998", "0.999"),
        (0.9999999, "0.999999", "1"),
        (1e-9, "0", "0.000001"),
    ],
)
def test_known_bounds(value: float, down: str, up: str) -> None:
    assert (lower(value), upper(value)) == (down, up)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (0.0413, "0.041"), (-0.05, "−0.050"), (1e-9, "<0.000001"), (-1e-9, "−<0.000001")],
)
def test_nearest(value: float, text: str) -> None:
    assert nearest(value) == text


def test_an_interval_without_width_is_one_number() -> None:
    assert range_text(0.5, 0.5) == "0.50"
    assert range_text(0.0, 0.0) == "0"
    assert range_text(0.501, 0.502) == "0.50 to 0.51"
