"""Stated probabilities and declared dependence: bad input is a finding, never a number."""

from __future__ import annotations

from pathlib import Path

import pytest

from safetycase.workspace.checking import check_folder

HEAD = """\
case: keys
title: An assistant that leaks no key
maturity: sketch
target: 0.90
decision: {supports: internal use, owner: safety board, expires: 2099-06-01}
models: {assistant: {weights: smollm2-135m-instruct}}
system: {model: assistant, scaffold: none}
deployment:
  {users: 40 staff, volume: 1000 requests per day, horizon: 1 month, distribution: requests}
harm: {what: a key leaks, mistake: a key in an answer}
root:
  claim: NO-LEAK
  says: The assistant leaks no key.
  by:
    argument: WAYS
    kind: decomposition
    because: A key leaks by an answer, by a log, or not at all.
    premises:
      - {assumption: REGISTRY-COMPLETE, says: All is in it., owner: board, expires: 2099-06-01}
      - {assumption: ANSWERS, says: Answers hold no key., owner: red team, expires: 2099-06-01}
      - {assumption: LOGS, says: Logs hold no key., owner: platform team, expires: 2099-06-01}
      - claim: SCANS
        says: Scans show no key.
        by: {evidence: E-SCAN, because: A scan of the answers., inputs: [scan.jsonl]}
"""


def codes(folder: Path, text: str) -> set[str]:
    (folder / "case.yaml").write_text(HEAD + text)
    (folder / "scan.jsonl").write_text("{}\n")
    return {f.code for f in check_folder(folder).findings if f.severity == "error"}


def dependence(kind: str, among: str, extra: str = "", name: str = "DEP") -> str:
    return f"""\
  - dependence: {name}
    says: It is so.
    kind: {kind}
    among: {among}
    because: It was looked at.
    owner: reviewer
    credence: {{at_least: 0.95, owner: reviewer, because: Two people looked.}}
{extra}"""


def test_a_declaration_that_fits_is_no_finding(tmp_path: Path) -> None:
    assert not codes(tmp_path, "dependences:\n" + dependence("independent", "[ANSWERS, LOGS]"))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (dependence("independent", "[ANSWERS]"), "C133"),
        (dependence("independent", "[ANSWERS, ANSWERS]"), "C133"),
        (dependence("contained", "[ANSWERS, LOGS, WAYS]"), "C133"),
        (dependence("common cause", "[ANSWERS, LOGS]"), "C133"),
        (dependence("pairwise cap", "[ANSWERS, LOGS]"), "C133"),
        (dependence("associated", "[ANSWERS, LOGS]", "    beta: 0.1\n"), "C133"),
        (dependence("associated", "[ANSWERS, SCANS]"), "C133"),
        (dependence("partition", "[ANSWERS, LOGS]", "    weights: [0.5]\n"), "C133"),
        (dependence("partition", "[ANSWERS, LOGS]", "    weights: [0.5, 0.6]\n"), "C133"),
        (dependence("common cause", "[ANSWERS, LOGS]", "    beta: 1.5\n"), "C107"),
        (dependence("common cause", "[ANSWERS, LOGS]", "    beta: -0.5\n"), "C107"),
        (dependence("pairwise cap", "[ANSWERS, LOGS]", "    at_most: 2\n"), "C107"),
        (dependence("common cause", "[ANSWERS, LOGS]", "    beta: .nan\n"), "F007"),
        (dependence("common cause", "[ANSWERS, LOGS]", "    beta: nan\n"), "F023"),
        (dependence("partition", "[ANSWERS, LOGS]", "    weights: [1.5, -0.5]\n"), "C107"),
        (dependence("independent", "[SCANS, E-SCAN]"), "C135"),
        (dependence("independent", "[NO-LEAK, LOGS]"), "C135"),
        (dependence("independent", "[ANSWERS, NOBODY]"), "F030"),
    ],
)
def test_bad_declarations_are_findings(tmp_path: Path, text: str, code: str) -> None:
    assert code in codes(tmp_path, "dependences:\n" + text)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("independent", "exclusive"),
        ("exclusive", "contained"),
        ("independent", "contained"),
        ("exclusive", "associated"),
    ],
)
def test_contradictions_are_findings(tmp_path: Path, one: str, two: str) -> None:
    text = dependence(one, "[ANSWERS, LOGS]") + dependence(two, "[LOGS, ANSWERS]", name="TWO")
    assert "C134" in codes(tmp_path, "dependences:\n" + text)


@pytest.mark.parametrize(
    "prior",
    [
        "{owner: o, because: b}",
        "{owner: o, because: b, holds: 1.2}",
        "{owner: o, because: b, holds: 0.5, valid: -1}",
        "{owner: o, because: b, holds: 0.5, rate_at_most: 0.1, with_probability: 0.5}",
        "{owner: o, because: b, rate_at_most: 0.1}",
        "{owner: o, because: b, rate_at_most: 0.1, with_probability: 0.5, floor: 0.2}",
    ],
)
def test_bad_priors_are_findings(tmp_path: Path, prior: str) -> None:
    text = f"evidence:\n  - {{evidence: E-X, because: b, prior: {prior}}}\n"
    assert "C107" in codes(tmp_path, text)


@pytest.mark.parametrize(
    "prospects",
    [
        "{solvable: {at_least: 0.9, at_most: 0.1}, each_shot: {at_least: 0, at_most: 1}, cost: 1}",
        "{solvable: {at_least: 0, at_most: 1}, each_shot: {at_least: 0, at_most: 2}, cost: 1}",
        "{solvable: {at_least: 0, at_most: 1}, each_shot: {at_least: 0, at_most: 1}, cost: 0}",
        "{solvable: {at_least: 0, at_most: 1}, each_shot: {at_least: 0, at_most: 1}, cost: 1, "
        "already: 3}",
    ],
)
def test_bad_prospects_are_findings(tmp_path: Path, prospects: str) -> None:
    prospects = prospects[:-1] + ", owner: o, because: b}"
    text = (
        "problems:\n  - {problem: P-X, says: How?, blocks: [SCANS], closed_when: shown, "
        f"prospects: {prospects}}}\n"
    )
    assert "C107" in codes(tmp_path, text)


def test_findings_and_never_numbers(tmp_path: Path) -> None:
    from datetime import UTC, datetime

    from safetycase.workspace.folder import open_case

    assert codes(tmp_path, "dependences:\n" + dependence("independent", "[NO-LEAK, LOGS]"))
    assessment = open_case(tmp_path, datetime(2026, 11, 1, tzinfo=UTC)).assess()
    assert assessment.verdict == "not posed"
    assert assessment.root.confidence is None
