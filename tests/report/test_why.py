"""The explanation of a status."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

import pytest

from safetycase.assess.records import Reason
from safetycase.report import UnknownElement, why_lines
from safetycase.report.clean import columns


@pytest.mark.parametrize("name", ["SAFE", "E-POISON-TASKS", "ROUTES-COMPLETE", "D-SANDBAGGING"])
def test_golden(assessment, golden, name):
    golden(f"why-{name}.txt", "\n".join(why_lines(assessment, name)))


def test_every_element_has_an_explanation(assessment):
    for name in assessment.states:
        lines = why_lines(assessment, name)
        assert any(line.startswith(name) for line in lines)


def test_it_goes_down_to_the_run_the_number_and_the_line(assessment):
    text = " ".join(" ".join(why_lines(assessment, "SAFE")).split())
    assert "The run of 2026-11-20 10:05 UTC, attempt E-POISON-TASKS#10, seed 7" in text
    assert "success_rate ≥ 41 % at 95 % (n 100)" in text
    assert "It was asked for: success_rate <= 0.01" in text
    assert "failed: the server stopped: out of memory" in text
    assert f"(evidence, {assessment.case.span('E-POISON-TASKS').file}:" in text
    assert str(assessment.case.span("E-POISON-TASKS").line) in text


def test_each_status_word_is_explained_once(assessment):
    text = "\n".join(why_lines(assessment, "SAFE", width=400))
    for phrase in (
        "not enough is known to say that it is true or false",
        "a doubt against it stands unanswered",
        "measured on exactly what is judged now",
        "what was found speaks against it",
    ):
        assert text.count(phrase) == 1


def test_an_element_is_explained_once_and_then_referred_to(make):
    whole = make()
    twice = replace(
        whole.states["WEIGHTS"],
        reasons=(
            Reason(says="It needs RECALL too.", about="RECALL"),
            Reason(says="And the root.", about="SAFE"),
        ),
    )
    text = "\n".join(
        why_lines(replace(whole, states={**whole.states, "WEIGHTS": twice}), "SAFE", width=200)
    )
    assert text.count("The audit finds at least 60 %") == 1
    assert "It needs RECALL too. (see 1.2.1)" in text
    assert "And the root. (as said above)" in text


def test_attackers_that_no_reason_names_are_told(make):
    whole = make()
    state = replace(whole.states["RECALL"], attackers=("D-RED-TEAM",))
    text = "\n".join(why_lines(replace(whole, states={**whole.states, "RECALL": state}), "RECALL"))
    assert "A doubt stands against it." in text
    assert "D-RED-TEAM ▲ stands" in text


def test_a_very_long_chain_neither_recurses_nor_overflows(make):
    whole = make()
    state = whole.states["WEIGHTS"]
    chain = {
        f"C{i}": replace(
            state,
            id=f"C{i}",
            kind="claim",
            reasons=(
                Reason(says="This.", about=f"C{i + 1}"),
                Reason(says="That.", about=None),
            ),
        )
        for i in range(3000)
    }
    lines = why_lines(replace(whole, states={**whole.states, **chain}), "C0", width=60)
    assert (
        sum("is ○ open" in line for line in lines) == 3001
    )  # the last names one that is not there
    assert all(columns(line) <= 60 for line in lines)


@pytest.mark.parametrize("width", [40, 80, 120])
def test_width_and_visibility_with_hostile_text(spoiled, width):
    whole = spoiled()
    for line in why_lines(whole, whole.case.root, width=width):
        assert columns(line) <= width
        assert all(unicodedata.category(c) not in {"Cc", "Cf", "Cs"} for c in line)


def test_an_unknown_id_is_met_with_the_nearest_one(assessment):
    with pytest.raises(UnknownElement, match="did you mean `POISONING`"):
        why_lines(assessment, "POISNING")
    with pytest.raises(UnknownElement) as caught:
        why_lines(assessment, "\x1b[31m")
    assert "\x1b" not in str(caught.value)
