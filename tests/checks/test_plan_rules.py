"""A plan that nobody can carry out is a finding where it stands."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.checks.test_probability_rules import HEAD
from tests.methods.scheming.test_challenges_case import LIVE, case

from safetycase.workspace.checking import check_folder


def found(folder: Path, leaf: str) -> list[str]:
    text = HEAD.replace("inputs: [scan.jsonl]", f"inputs: [scan.jsonl], {leaf}")
    (folder / "case.yaml").write_text(text)
    (folder / "scan.jsonl").write_text("{}\n")
    return [f.message for f in check_folder(folder).findings if f.code == "C139"]


@pytest.mark.parametrize(
    ("leaf", "says"),
    [
        ("plan: {attempts: 0}", "`attempts` is at least 1, not 0"),
        ("plan: {attempts: 1000000000}", "10000 runs of one leaf are the most"),
        ("plan: {n: -3}", "`n` is at least 1, not -3"),
        ("plan: {exploratory: -1}", "`exploratory` is at least 0, not -1"),
        ("plan: {attempts: 4, budget: 3}", "a budget of 3 cannot pay for 4 completed attempts"),
        ("plan: {n: 10, clusters: 11}", "10 items cannot stand in 11 clusters"),
        ("effort: {access: telepathy}", "`telepathy` is no access to a model"),
        ("effort: {attempts: 2}", "2 attempts are asked for and 1 planned"),
        ("effort: {steps: -1}", "an effort is a number of at least 0 or a text, not -1"),
        ("effort: {steps: [1]}", "an effort is a number of at least 0 or a text, not"),
    ],
)
def test_what_cannot_be_carried_out_is_named(tmp_path: Path, leaf: str, says: str) -> None:
    assert [m for m in found(tmp_path, leaf) if says in m]


@pytest.mark.parametrize(
    "leaf",
    [
        "plan: {attempts: 3, n: 10, clusters: 10, budget: 3, exploratory: 0}",
        "plan: {attempts: 2}, effort: {attempts: 2, access: white box, fine_tuning_steps: 400}",
        "environment: [python, inspect-ai], identity: weights",
    ],
)
def test_what_can_be_carried_out_is_no_finding(tmp_path: Path, leaf: str) -> None:
    assert not found(tmp_path, leaf)


HARM = """method: scheming/harm-inability
          with:
            items: 30
            levels: [{name: zero-shot, effort: 1}]
            inspect: {tasks: {plain/zero-shot: t.py@x}, reads: [attempts.jsonl]}
          inputs: [attempts.jsonl]
          reads: {share: worst_level_success}"""


def test_items_that_are_met_again_are_no_new_ones(tmp_path: Path) -> None:
    """Thirty items of a model that always does the same say no more when they are run twice."""
    folder = case(tmp_path)
    path, text = folder / "case.yaml", (folder / "case.yaml").read_text()
    start, end = text.index("method: scheming/chall"), text.index("          valid_for")
    more = HARM + "\n          plan: {attempts: 2}\n"
    path.write_text(text[:start] + more + text[end:])
    (found,) = [f for f in check_folder(folder).findings if f.code == "C139"]
    assert "counts `share` by items that it does not tell apart" in found.message


@pytest.mark.parametrize(("more", "live"), [("", False), (LIVE, True)])
def test_a_second_attempt_at_what_was_made_elsewhere_is_none(
    tmp_path: Path, more: str, live: bool
) -> None:
    folder = case(tmp_path, more)
    path = folder / "case.yaml"
    text = path.read_text().replace("valid_for:", "plan: {attempts: 2}\n          valid_for:")
    path.write_text(text)
    found = [f for f in check_folder(folder).findings if f.code == "C139"]
    assert [f.span.line for f in found] == ([] if live else [35])
    assert live or "the same files read again are no further attempt" in found[0].message
