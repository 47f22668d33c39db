"""Somebody moves the criterion after seeing the result."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.threats.conftest import Sc, lines_of, statement


@pytest.mark.parametrize(
    "criterion", ["rate <= 0.01", "rate <= 0.99", "rate < 0.20", "not rate <= 0.20"]
)
def test_a_result_counts_only_for_the_criterion_it_was_registered_with(
    attacked: Path, sc: Sc, criterion: str
) -> None:
    path = attacked / "case.yaml"
    text = path.read_text("utf-8")
    path.write_text(text.replace("holds_when: rate <= 0.20", f"holds_when: {criterion}", 1))
    state = sc("status", attacked, "--json").json["states"]
    assert state["E-COIN"]["freshness"]["word"] != "fresh"
    assert state["RARE"]["support"] == "open"


@pytest.mark.parametrize(
    "criterion", ["rate <= .nan", "rate <= nan", "rate <= 1e999", "rate <= 0.2 or 1 <= 1"]
)
def test_a_criterion_that_cannot_fail_is_refused(attacked: Path, sc: Sc, criterion: str) -> None:
    path = attacked / "case.yaml"
    text = path.read_text("utf-8")
    path.write_text(text.replace("holds_when: rate <= 0.20", f"holds_when: {criterion}", 1))
    assert sc("check", attacked).code == 2


def test_criterion_level_plan_and_refutation_stand_before_the_first_run(attacked: Path) -> None:
    said = [statement(line) for line in lines_of(attacked)]
    registered = {
        s["predicate"]["seq"]: s["predicate"]["body"]
        for s in said
        if "registration" in s["predicateType"]
    }
    for entry in said:
        if "attempt-start" in entry["predicateType"]:
            number = entry["predicate"]["body"]["registration"]
            assert number < entry["predicate"]["seq"]
            body = registered[number]
            assert body["criterion"] == "rate <= 0.20"
            assert body["level"]
            assert body["plan"]
            assert body["refutes_when"]
