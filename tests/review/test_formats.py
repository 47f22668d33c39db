"""SARIF, JUnit and the step summary of one evaluation: valid, stable, complete, and harmless."""

from __future__ import annotations

import dataclasses
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from tests.review.conftest import Ask
from tests.review.formats import SARIF
from tests.review.green import digest, override, say

from safetycase.argument.findings import Finding, Span
from safetycase.assess.gated import Gated, Judged, Remark
from safetycase.cli.report_checks import write_junit, write_sarif
from safetycase.report.gate_text import gate_json, gate_lines
from safetycase.report.junit import to_junit
from safetycase.report.sarif import MOST_RESULTS, to_sarif
from safetycase.report.step_summary import MOST_BYTES, step_summary
from safetycase.workspace.folder import open_case

HOSTILE = (
    "<script>alert(1)</script> ![x](https://x.example/p) [a](javascript:alert(1)) @all | `x` "
    "\x1b[31m\u202e {0} =cmd()|' /C calc'!A0 \ud800 \x00 ]]> <!-- &"
)


def sarif(found: Gated, *findings: Finding) -> dict[str, Any]:
    data = to_sarif(found.assessment, findings, found.clauses, version="1.2.3")
    jsonschema.validate(data, SARIF)
    (run,) = data["runs"]
    assert isinstance(run, dict)
    return run


def finding(message: str = "the id `X` is used twice", **more: Any) -> Finding:
    span = Span(file="cases/my case/case.yaml", line=12, column=3, end_line=12, end_column=9)
    base = {"code": "F013", "span": span, "message": message, "subject": "RARE"}
    return Finding(**{**base, **more})


def spoiled(found: Gated, text: str) -> Gated:
    """The answer with a text in every place that a case or a record can fill."""
    bad = Judged(
        clause=text,
        kind="sign-off",
        state="fail",
        says=text,
        hint=text,
        remarks=(Remark(element="RARE", says=text, at=finding().span),),
    )
    return dataclasses.replace(found, clauses=(bad, *found.clauses), policy=text)


def test_a_result_stands_at_its_place_with_its_rule(green: Path, ask: Ask) -> None:
    run = sarif(ask(green), finding(), finding(severity="warning", code="C102"))
    rules = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
    assert {"F013", "C102", "gate/sign-off", "gate/review-asked"} == set(rules)
    first = next(r for r in run["results"] if r["ruleId"] == "F013")
    assert first["level"] == "error"
    assert run["tool"]["driver"]["rules"][first["ruleIndex"]]["id"] == "F013"
    (place,) = first["locations"]
    assert place["physicalLocation"] == {
        "artifactLocation": {"uri": "cases/my%20case/case.yaml", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 12, "startColumn": 3, "endLine": 12, "endColumn": 9},
    }
    assert place["logicalLocations"][0] == {
        "name": "RARE",
        "fullyQualifiedName": "RARE",
        "kind": "claim",
    }
    assert [r["level"] for r in run["results"]][-1] == "warning"
    assert "verdict-holds" in run["properties"]["passed"]


def test_a_fingerprint_outlives_moved_lines_and_tells_two_alike_apart(
    green: Path, ask: Ask
) -> None:
    here = finding("`X` is used twice, first in line 3 at case.yaml:3:5")
    moved = dataclasses.replace(
        finding("`X` is used twice, first in line 33 at case.yaml:33:5"),
        span=Span(file="cases/my case/case.yaml", line=99, column=1),
    )
    found = ask(green)

    def prints(*findings: Finding) -> list[str]:
        results = sarif(found, *findings)["results"]
        return [r["partialFingerprints"]["safetycase/v1"] for r in results if r["ruleId"] == "F013"]

    assert prints(here) == prints(moved)
    assert prints(here) != prints(finding("another thing"))
    assert prints(here) != prints(dataclasses.replace(here, subject="SAFE"))
    assert len(set(prints(here, here))) == 2


def test_moving_lines_of_the_case_changes_no_fingerprint(green: Path, ask: Ask) -> None:
    def prints() -> set[str]:
        found = ask(green)
        return {r["partialFingerprints"]["safetycase/v1"] for r in sarif(found)["results"]}

    before = prints()
    path = green / "case.yaml"
    path.write_text("# moved\n\n\n" + path.read_text("utf-8"), "utf-8")
    assert prints() == before
    assert len(before) >= 2


def test_an_override_is_a_suppression_with_its_reason(green: Path, ask: Ask) -> None:
    override(green, "sign-off", reason="Grace is ill")
    run = sarif(ask(green))
    (result,) = [r for r in run["results"] if r["ruleId"] == "gate/sign-off"]
    (hushed,) = result["suppressions"]
    assert (hushed["kind"], hushed["status"]) == ("external", "accepted")
    assert "Grace is ill" in hushed["justification"]
    assert all("suppressions" not in r for r in run["results"] if r is not result)


def test_what_is_over_the_limit_is_left_out_worst_first_and_said(
    green: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MOST_RESULTS == 5_000  # what GitHub shows
    monkeypatch.setattr("safetycase.report.sarif.MOST_RESULTS", 100)
    many = [finding(f"number {n}", severity="note") for n in range(105)]
    run = sarif(ask(green), *many)
    assert len(run["results"]) == 100
    errors = sum(r["level"] == "error" for r in run["results"])
    assert errors >= 2
    assert run["properties"]["leftOut"] == 5 + errors
    (told,) = run["invocations"][0]["toolExecutionNotifications"]
    assert f"{5 + errors} results are left out ({5 + errors} notes)" in told["message"]["text"]


def test_a_report_is_written_in_both_formats_without_a_gate(green: Path) -> None:
    path = green / "case.yaml"
    text = path.read_text("utf-8").replace("title: A coin", "title: A coin\nprofiles: [review]")
    path.write_text(text, "utf-8")
    space = open_case(green, datetime.now(UTC))
    assessment = space.assess()
    written = write_sarif(space, assessment, None)
    assert written == green / "report" / "findings.sarif"
    data = json.loads(written.read_text("utf-8"))
    jsonschema.validate(data, SARIF)
    rules = {rule["id"]: rule for rule in data["runs"][0]["tool"]["driver"]["rules"]}
    assert any(rule["properties"]["tags"][1] == "review" for rule in rules.values()), rules
    junit = write_junit(space, assessment, green.parent / "j.xml")
    assert suites(junit.read_text("utf-8")).keys() == {"SAFE", "RARE"}


def suites(text: str) -> dict[str, ElementTree.Element]:
    root = ElementTree.fromstring(text)
    assert root.tag == "testsuites"
    assert int(root.get("tests", "")) == len(root.findall(".//testcase"))
    assert int(root.get("failures", "")) == len(root.findall(".//failure"))
    assert int(root.get("skipped", "")) == len(root.findall(".//skipped"))
    return {str(case.get("name")): case for case in root.findall(".//testcase")}


def test_each_claim_and_clause_is_a_test_and_unknown_is_a_failure(green: Path, ask: Ask) -> None:
    (green / "items.txt").write_text("other\n", "utf-8")
    found = ask(green)
    cases = suites(to_junit(found.assessment, found.clauses))
    assert {"SAFE", "RARE"} < set(cases)
    assert {c.clause for c in found.clauses} < set(cases)
    rare = cases["RARE"].find("failure")
    assert rare is not None
    assert rare.get("type") == "open"
    assert "stale" in (rare.text or "")
    assert cases["RARE"].get("file", "").endswith("case.yaml")
    assert int(cases["RARE"].get("line", "0")) > 1
    skipped = suites(to_junit(found.assessment, found.clauses, unknown="skipped"))
    assert skipped["RARE"].find("skipped") is not None
    assert skipped["leaves-fresh"].find("skipped") is not None
    assert skipped["sign-off"].find("failure") is not None


def test_what_passes_has_no_failure(reviewed: Path, ask: Ask) -> None:
    found = ask(reviewed)
    cases = suites(to_junit(found.assessment, found.clauses))
    assert [case for case in cases.values() if len(case)] == []
    assert suites(to_junit(found.assessment)).keys() == {"SAFE", "RARE"}


def test_an_overridden_clause_passes_and_says_by_whom(green: Path, ask: Ask) -> None:
    override(green, "sign-off")
    found = ask(green)
    out = suites(to_junit(found.assessment, found.clauses))["sign-off"].find("system-out")
    assert out is not None
    assert "overridden by Ada, on the authority of the board" in (out.text or "")


def test_overrides_and_dissents_are_shown_whatever_the_answer_is(reviewed: Path, ask: Ask) -> None:
    number = override(reviewed, "sign-off", reason="to be sure")
    say(reviewed, "Alan", "dissent", element="SAFE", digest=digest(reviewed, "SAFE"), says="No.",
        by="Alan")  # fmt: skip
    found = ask(reviewed)
    assert found.passed
    text = " ".join(" ".join(gate_lines(found, width=80)).split())
    assert "override of sign-off for SAFE by Ada, on the authority of the board" in text
    assert f"to be sure (record {number}, in force)" in text
    assert f"dissent of Alan from SAFE: No. (record {number + 1})" in text
    summary = step_summary(found)
    assert "**Override** of sign-off by Ada" in summary
    assert "**Dissent** of Alan from SAFE: No." in summary
    data = gate_json(found)
    assert [(o["by"], o["in_force"]) for o in data["overrides"]] == [("Ada", True)]
    assert [d["by"] for d in data["dissents"]] == ["Alan"]


def test_the_summary_shows_every_clause_and_what_is_always_shown(green: Path, ask: Ask) -> None:
    say(green, "Alan", "dissent", element="SAFE", digest=digest(green, "SAFE"), says="No.",
        by="Alan")  # fmt: skip
    found = ask(green)
    text = step_summary(found)
    assert text.startswith("### A coin: release gate: SHUT")
    for clause in found.clauses:
        assert f"| {clause.clause} |" in text
    assert "**Dissent** of Alan from SAFE: No." in text
    assert text.count("<details>") == text.count("</details>")


def test_a_long_summary_is_cut_with_a_pointer(green: Path, ask: Ask) -> None:
    found = ask(green)
    many = tuple(
        Judged(clause=f"c{n}", kind="sign-off", state="fail", says="é" * 150) for n in range(2000)
    )
    huge = dataclasses.replace(found, clauses=many)
    assert MOST_BYTES == 2**20
    text = step_summary(huge, most=200_000)
    assert 199_000 < len(text.encode()) <= 200_000
    assert text.rstrip().endswith("the SARIF file the places.")
    assert "`safetycase gate --json`" in text
    assert len(step_summary(found, most=1500).encode()) <= 1500


@pytest.mark.parametrize("text", [HOSTILE, "A" * 1_000_000])
def test_no_text_breaks_out_of_any_format(green: Path, ask: Ask, text: str) -> None:
    found = spoiled(ask(green), text)
    run = sarif(found, finding(text))
    says = [r["message"]["text"] for r in run["results"]]
    assert all("\x1b" not in s and "\u202e" not in s and len(s) < 5000 for s in says)
    assert all("](" not in s and not re.search(r"(?<!\{)\{\d+\}", s) for s in says)
    xml = to_junit(found.assessment, found.clauses)
    assert suites(xml)
    assert "<script>" not in xml
    summary = step_summary(found)
    assert "<script>" not in summary
    assert "![x]" not in summary
    assert "@all" not in summary
    assert len(summary) < 50_000
    lines = gate_lines(found, width=80)
    assert all(len(each) <= 80 and "\x1b" not in each and "\u202e" not in each for each in lines)
    assert gate_json(found)["clauses"][0]["says"] == text
