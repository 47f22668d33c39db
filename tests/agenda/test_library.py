"""The library of problems: whole, readable, and what the shipped templates refer to."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from safetycase.agenda.library import instance_findings, read_library, shipped
from safetycase.argument.model import Problem
from safetycase.workspace.folder import open_case

CASES = Path(__file__).resolve().parents[2] / "cases"
ONE = """\
library: mine
problems:
  - problem: Q1
    title: A title
    says: A statement.
    area: an area
    kind: theory
    recognised_when: One sees it.
    proxy: A run.
    sources: [somebody 2026]
"""


def test_the_shipped_problems_are_numbered_and_say_everything() -> None:
    entries = shipped()
    assert list(entries) == [f"aisi/P{n}" for n in range(1, 17)]
    for entry in entries.values():
        for text in (entry.title, entry.says, entry.recognised_when, entry.proxy, entry.area):
            assert len(text) > 8, entry.id
        assert entry.sources
    assert entries["aisi/P2"].title == "Obfuscated arguments"


def test_the_debate_case_refers_to_problems_that_are_there() -> None:
    case = open_case(CASES / "debate-sketch", datetime(2026, 12, 1, tzinfo=UTC)).case
    assert case is not None
    named = {
        name: e.instance_of
        for name, e in case.elements.items()
        if isinstance(e, Problem) and e.instance_of
    }
    assert named["OVERSIGHT/OP4"] == "aisi/P2"
    assert len(named) == 9
    assert set(named.values()) <= shipped().keys()
    assert instance_findings(case, "C000") == ()


def test_an_unknown_problem_is_a_warning_at_its_line() -> None:
    case = open_case(CASES / "debate-sketch", datetime(2026, 12, 1, tzinfo=UTC)).case
    assert case is not None
    few = {k: v for k, v in shipped().items() if k != "aisi/P2"}
    (found,) = instance_findings(case, "C000", few)
    assert (found.code, found.severity, found.subject) == ("C000", "warning", "OVERSIGHT/OP4")
    assert "`aisi/P2` is no problem of an installed library" in found.message
    assert found.span.file.endswith("debate.yaml")
    assert found.span.line > 1000
    assert found.hint
    assert "did you mean" in found.hint


def test_a_library_is_read_whole() -> None:
    entries, findings = read_library(ONE, "mine.yaml")
    assert findings == ()
    assert [e.id for e in entries] == ["mine/Q1"]
    assert entries[0].sources == ("somebody 2026",)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("library: mine\n", "", "a library has no name"),
        ("    says: A statement.\n", "", "has no `says`"),
        ("kind: theory", "kind: magic", "`magic` is no kind of problem"),
        ("sources: [somebody 2026]", "sources: []", "has no `sources`"),
        ("    area:", "    aera:", "`aera` is no key"),
        ("    says: A statement.", "    says: [a]", "one value, not a list"),
        ("problems:\n", "problems: &x\n", ""),
        ("  - problem: Q1", "  - *x", "not YAML"),
    ],
)
def test_what_is_wrong_with_a_library_is_a_finding(old: str, new: str, says: str) -> None:
    entries, findings = read_library(ONE.replace(old, new), "mine.yaml")
    if says:
        assert any(says in f.message for f in findings), findings
        assert entries == () or "name" in says
    else:
        assert findings == ()


def test_the_same_problem_twice_is_a_finding() -> None:
    _, _, body = ONE.partition("problems:\n")
    entries, findings = read_library(ONE + body, "mine.yaml")
    assert len(entries) == 1
    assert "`mine/Q1` is in the library twice" in findings[0].message
