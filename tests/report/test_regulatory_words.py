"""What a report to a regulator says of steps, dates and hazards is what the case says, no more."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.conftest import COIN, HEADER, write_case

from safetycase.ledger import History
from safetycase.report.regulatory import Material, document
from safetycase.workspace.folder import open_case

NOW = datetime(2026, 11, 27, tzinfo=UTC)
STEPS = (
    HEADER
    + """\
root:
  claim: SAFE
  says: The coin is safe.
  by:
    argument: STEP
    kind: incorporation
    because: They are independent.
    premises: [A, B]
claims:
  - {claim: A, says: One., by: {evidence: E-A, because: Seen.}}
  - {claim: B, says: Two., by: {evidence: E-B, because: Seen.}}
hazards:
  - {hazard: H, says: A head., covered_by: [A]}
contexts:
  - {context: FORECAST, says: We comply with every measure.}
"""
)


def told(tmp_path: Path, text: str, form: str = "eu-code") -> list[str]:
    space = open_case(write_case(tmp_path / "c", text, {"items.txt": "head\n"}), NOW)
    made = document(form, Material(assessment=space.assess(), history=History()))
    return [s.text for section in made.sections for s in section.sentences]


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("kind: incorporation", "It would follow from A, B, because: They are independent."),
        ("kind: alternatives", "It would follow from any one of A, B, because: They"),
        ("kind: incorporation\n    rule: k of n\n    k: 1", "would follow from 1 of A, B, because"),
        ("kind: incorporation\n    side_conditions: [B]", "A, B, on the condition of B, because"),
    ],
)  # fmt: skip
def test_a_step_says_how_much_it_rests_on_and_that_it_is_not_shown(
    tmp_path: Path, kind: str, says: str
) -> None:
    found = told(tmp_path, STEPS.replace("kind: incorporation", kind))
    assert any(says in text for text in found)
    assert not any(text.startswith("It follows") for text in found)


def test_a_hazard_is_not_called_covered_by_what_is_not_shown(tmp_path: Path) -> None:
    assert "Hazard “A head”: to be covered by A (open)." in told(tmp_path, STEPS)


def test_what_an_author_says_in_a_context_is_quoted(tmp_path: Path) -> None:
    found = told(tmp_path, STEPS)
    assert "The case says: “We comply with every measure”." in found


def test_the_day_that_a_decision_ends_on_is_still_one_of_it(tmp_path: Path) -> None:
    text = COIN.replace("expires: 2099-06-01", "expires: 2026-11-27")
    space = open_case(write_case(tmp_path / "c", text, {"items.txt": "head\n"}), NOW)
    assert "expired" not in space.assess().headline
    found = told(tmp_path, text)
    assert "After 2026-11-27 the decision has no case behind it." in found


def test_a_template_is_called_what_it_is(tmp_path: Path) -> None:
    found = told(tmp_path, COIN.replace("maturity: sketch", "maturity: template"))
    assert "The case is a template, which never passes a release gate." in found
