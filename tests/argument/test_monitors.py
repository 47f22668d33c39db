"""A live monitor in the language: read, refused in words, printed, renamed, laid out, completed."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.argument.test_load import as_json
from tests.conftest import COIN

from safetycase.argument.edits import apply
from safetycase.argument.fmt import formatted
from safetycase.argument.load import load
from safetycase.argument.model import Canaries, Case, Monitor
from safetycase.argument.printer import dump
from safetycase.argument.refactor import rename
from safetycase.argument.schema import case_schema
from safetycase.workspace.editing import Session

WATCHED = (
    COIN
    + """\
monitors:
  - monitor: M-HEADS
    says: Share of heads in use.
    owner: ops
    conditions: [RARE]
    alarm_when: heads > 0.30   # what was measured, and a margin
    metric: throw.result
    kind: mean
    detector: restarted
    alternative: [0.35, 0.45]
    budget: 0.01
    run_length: 100000
    weight_at_most: 20
    warns_only: true
    reference: throws.jsonl
    canaries: {metric: throw.planted, recall: 0.95, at_least: 0.8, budget: 0.02}
    window: 1 day
    heartbeat: 5 minutes
    silent_after: 36 hours
    loss: 0.02
    answer_within: 3 days
    reconstructed: true
"""
)


def case_of(text: str) -> Case:
    loaded = load(text)
    assert loaded.findings == ()
    assert loaded.case is not None
    return loaded.case


def monitor_of(case: Case, name: str = "M-HEADS") -> Monitor:
    found = case.elements[name]
    assert isinstance(found, Monitor)
    return found


def test_every_field_of_a_monitor_is_read() -> None:
    found = monitor_of(case_of(WATCHED))
    untouched = {
        f.name
        for f in dataclasses.fields(found)
        if f.default is not dataclasses.MISSING and getattr(found, f.name) == f.default
    }
    assert untouched == set()
    assert found.alternative == (0.35, 0.45)
    assert found.canaries == Canaries(
        metric="throw.planted", recall=0.95, at_least=0.8, budget=0.02
    )
    assert found.heartbeat is not None
    assert found.heartbeat.seconds == 300


def test_an_editor_accepts_what_is_read_and_marks_what_is_not() -> None:
    validator = jsonschema.Draft202012Validator(case_schema())
    assert list(validator.iter_errors(as_json(WATCHED))) == []
    for before, after in (
        ("kind: mean", "kind: share"),
        ("5 minutes", "5 min"),
        ("loss:", "lost:"),
    ):
        assert list(validator.iter_errors(as_json(WATCHED.replace(before, after))))


@pytest.mark.parametrize(
    ("before", "after", "code", "says", "hint"),
    [
        ("kind: mean", "kind: share", "F022", "`kind` of monitor M-HEADS is `share`", "rate"),
        ("detector: restarted", "detector: eprocess", "F022", "is `eprocess`", "`e-process`"),
        ("heads > 0.30", "heads > 0.3 0.4", "F024", "the criterion cannot be read", ""),
        ("[0.35, 0.45]", "0.35", "F005", "`alternative` of monitor M-HEADS", ""),
        ("[0.35, 0.45]", "[0.35, much]", "F023", "is `much`", "a number"),
        ("budget: 0.01", "budget: small", "F023", "is `small`", "a number"),
        ("budget: 0.01", "budgets: 0.01", "F020", "has no key `budgets`", "`budget`"),
        ("warns_only: true", "warns_only: yes", "F007", "yes", ""),
        ("at_least: 0.8, ", "", "F021", "lacks `at_least`", ""),
        ("{metric: throw.planted, recall: 0.95, at_least: 0.8, budget: 0.02}", "0.9", "F005",
         "`canaries` of monitor M-HEADS is a mapping", ""),
        ("5 minutes", "5 min", "F023", "is `5 min`", "a length of time"),
        ("5 minutes", "0 minutes", "F023", "is `0 minutes`", "a length of time"),
        ("loss: 0.02", "loss: 2 %", "F023", "is `2 %`", "a number"),
        ("loss: 0.02", "loss: .nan", "F007", "`.nan`", ""),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named_at_its_place(
    before: str, after: str, code: str, says: str, hint: str
) -> None:
    assert WATCHED.count(before) == 1
    text = WATCHED.replace(before, after)
    line = WATCHED[: WATCHED.index(before)].count("\n") + 1
    found = [f for f in load(text).findings if f.code == code]
    assert [f.span.line for f in found] == [line]
    assert says in found[0].message
    assert hint in (found[0].hint or "")


def test_a_monitor_is_printed_as_it_is_read() -> None:
    case = case_of(WATCHED)
    assert monitor_of(case_of(dump(case))) == monitor_of(case)


def test_laying_out_keeps_a_monitor_and_its_comment() -> None:
    ragged = WATCHED.replace("    alarm_when: heads > 0.30 ", "    alarm_when:    heads > 0.30 ")
    found = formatted(ragged, "case.yaml")
    assert found.findings == ()
    assert "# what was measured, and a margin" in found.text
    assert monitor_of(case_of(found.text)) == monitor_of(case_of(WATCHED))


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        ("M-HEADS", "M-TOSSES", {"id": "M-TOSSES"}),
        ("RARE", "SELDOM", {"conditions": ("SELDOM",)}),
    ],
)
def test_renaming_a_monitor_or_what_it_watches_keeps_the_rest(
    old: str, new: str, change: Mapping[str, Any]
) -> None:
    done = rename({"case.yaml": WATCHED}, old, new)
    assert done.findings == ()
    after = case_of(apply(WATCHED, done.edits["case.yaml"]))
    wanted = dataclasses.replace(monitor_of(case_of(WATCHED)), **change)
    assert monitor_of(after, wanted.id) == wanted


def test_an_editor_says_when_it_alarms_and_completes_its_words(tmp_path: Path) -> None:
    (tmp_path / "case.yaml").write_text(WATCHED, "utf-8")
    session = Session(tmp_path)
    session.check()
    assert "alarms when `heads > 0.30`" in session.hover("M-HEADS")
    line = WATCHED[: WATCHED.index("    detector:")].count("\n") + 1
    words = {found.word for found in session.complete("case.yaml", line, len("    detector: ") + 1)}
    assert words == {"e-process", "restarted", "cusum", "threshold"}
    keys = {found.word for found in session.complete("case.yaml", line, 5)}
    assert {f.name for f in dataclasses.fields(Monitor)} - {"id"} <= keys
