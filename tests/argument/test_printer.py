"""Printing a case and reading it back gives the same case."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from tests.argument.strategies import cases, module_cases
from tests.conftest import COIN, HEADER

from safetycase.argument.library import Library
from safetycase.argument.load import load, load_files
from safetycase.argument.model import Case
from safetycase.argument.printer import dump, dump_element, dump_files
from safetycase.argument.quoting import inline

SLOW = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
SHIPPED = Path(__file__).parents[2] / "cases" / "internal-assistant" / "case.yaml"
TEMPLATE = """\
template: control
version: 1
title: Control
source: a paper
says: Argue control.
parameters:
  monitor: {type: text, says: The monitor., example: m}
root:
  claim: CONTROL
  says: "{monitor} controls."
  by:
    argument: PARTS
    kind: decomposition
    because: Both.
    premises:
      - {claim: CAUGHT, says: It is caught.}
      - claim: MEASURED
        says: It is measured.
        by: {evidence: E-M, because: It counts.}
defeaters:
  - {defeater: D, against: CAUGHT, says: Is it?}
"""
LIBRARY = Library(
    names=lambda: ("control",),
    text=lambda name: ("control.yaml", TEMPLATE) if name == "control" else None,
)
USED = (
    HEADER
    + """\
root:
  claim: SAFE
  says: Safe.
  by:
    argument: A
    kind: decomposition
    because: so
    premises:
      - use: control@1
        as: CONTROL
        with: {monitor: "yes"}
        develops:
          CAUGHT:
            evidence: E-CAUGHT
            because: Seen.
          E-M: {method: toy/coin, with: {n: 4}, because: It counts.}
defeaters:
  - {defeater: D-OUT, against: CONTROL/MEASURED, says: Hm.}
"""
)


def again(case: Case) -> Case:
    loaded = load_files(dump_files(case))
    assert loaded.case is not None, (loaded.findings, dump_files(case))
    return loaded.case


@pytest.mark.slow
@SLOW
@given(cases())
def test_what_is_printed_is_read_back_as_the_same_case(case: Case) -> None:
    found = load(dump(case))
    assert [f for f in found.findings if f.code not in ("F021",)] == []
    assert found.case == case


@pytest.mark.slow
@SLOW
@given(module_cases())
def test_modules_are_printed_into_files_of_their_own(case: Case) -> None:
    assert set(dump_files(case)) == {"case.yaml", "modules/alpha.yaml", "modules/beta.yaml"}
    assert again(case) == case


@pytest.mark.slow
@SLOW
@given(cases())
def test_printing_is_stable(case: Case) -> None:
    assert dump(again(case)) == dump(again(again(case)))


@pytest.mark.parametrize("text", [COIN, SHIPPED.read_text("utf-8")])
def test_real_cases_are_printed_and_keep_within_the_width(text: str) -> None:
    case = load(text).case
    assert case is not None
    assert again(case) == case
    assert max(map(len, dump(case).splitlines())) <= 110


def test_the_instance_of_a_template_is_printed_as_its_use() -> None:
    case = load_files({"case.yaml": USED}, library=LIBRARY).case
    assert case is not None
    assert case.findings == ()
    text = dump(case)
    assert "use: control@1" in text
    assert "CONTROL/CAUGHT" not in text
    assert load_files({"case.yaml": text}, library=LIBRARY).case == case


def test_a_step_that_concludes_a_claim_is_not_written_at_the_claim() -> None:
    text = HEADER + (
        "root: {claim: SAFE, says: Safe.}\n"
        "arguments:\n  - {argument: A, concludes: SAFE, kind: decomposition, because: b, "
        "premises: [P]}\nclaims:\n  - {claim: P, says: p}\n"
    )
    case = load(text).case
    assert case is not None
    assert case.elements["SAFE"].by == "A"  # type: ignore[union-attr]
    assert again(case) == case


def test_long_chains_are_not_nested_deeper_than_people_can_read() -> None:
    chain = (
        "".join(f"  - {{claim: C{n}, says: c, by: A{n}}}\n" for n in range(300))
        + "  - {claim: C300, says: end}\narguments:\n"
        + "".join(
            f"  - {{argument: A{n}, kind: decomposition, because: b, premises: [C{n + 1}]}}\n"
            for n in range(300)
        )
    )
    case = load(HEADER + "root: C0\nclaims:\n" + chain).case
    assert case is not None
    assert again(case) == case
    assert max(len(line) - len(line.lstrip()) for line in dump(case).splitlines()) < 80


def test_one_element_is_printed_at_an_indent() -> None:
    case = load(COIN).case
    assert case is not None
    lines = dump_element(case, "RARE", 4).splitlines()
    assert lines[0] == "claim: RARE"
    assert lines[1] == "    says: Heads are rare."
    assert "      evidence: E-COIN" in lines
    flat = dump_element(case, "RARE", 4, nest=frozenset()).splitlines()
    assert flat[-1] == "    by: E-COIN"


def test_every_field_of_every_record_is_printed() -> None:
    """A field that the printer forgot would be lost here."""
    case = load(COIN).case
    assert case is not None
    coin = dataclasses.replace(case.elements["E-COIN"], level=0.9, artefact="x", model="m")
    changed = dataclasses.replace(case, elements={**case.elements, "E-COIN": coin})
    assert again(changed) == changed


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain words", "plain words"),
        ("no", '"no"'),
        ("012", '"012"'),
        ("a: b", '"a: b"'),
        ('say "x"', 'say "x"'),
        ("tab\there", '"tab\\there"'),
        ("line\u2028end", '"line\\u2028end"'),
    ],
)
def test_quotes_stand_only_where_they_are_needed(text: str, shown: str) -> None:
    assert inline(text) == shown
