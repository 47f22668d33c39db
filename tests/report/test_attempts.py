"""Attempts in sentences: by outcome beside the budget, exploratory ones apart, and the order."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from tests.report.conftest import leaf, tally

from safetycase.assess.records import Assessment, LeafResult
from safetycase.report import render_html
from safetycase.report.attempts import OUTSIDE, attempts_told, order_told


def tried(**more: Any) -> LeafResult:
    return leaf(
        "E-CONTROL", "RECALL", "recall >= 0.6", None,
        tally=dataclasses.replace(tally("E-CONTROL"), **more),
    )  # fmt: skip


def test_a_used_up_budget_is_said() -> None:
    found = tried(planned=2, left=0, used_up=True, outcomes={"failed": 2, "lost": 1})
    assert next(iter(attempts_told(found))) == (
        "Attempts: 2 failed · 1 lost, of 2 wanted; 3 of the 3 allowed, so that its budget is used "
        "up."
    )


def test_earlier_and_exploratory_attempts_stand_apart() -> None:
    found = tried(earlier={"completed": 1}, earlier_registrations=1, exploratory={"completed": 4})
    told = list(attempts_told(found))
    assert "At 1 earlier registration: 1 completed." in told
    assert told[-1] == ("Exploratory, which never count: 4 completed (at most 10 on one recipe).")


@pytest.mark.parametrize("grade", ["none", "self", "cosigned", "public"])
def test_every_grade_is_explained(grade: str) -> None:
    told = order_told(tried(ordering=grade))
    assert told.startswith(f"Order: {grade} (")
    assert "not known" not in told


def test_nothing_is_said_of_what_has_no_registration() -> None:
    assert order_told(tried(registration=None)) == ""
    assert next(iter(attempts_told(tried(registration=None)))) == (
        "Attempts: none is registered; 1 wanted, 3 allowed."
    )


def test_the_page_shows_them_and_what_no_record_shows(assessment: Assessment) -> None:
    page = render_html(assessment, version="0")
    assert "of the 3 allowed" in page
    assert "Order: self" in page
    assert "Exploratory, which never count: 1 completed" in page
    assert page.count(OUTSIDE) == 1
