"""`new`: a case from a template, asked for, taken, or refused with what is missing."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import Ran

from safetycase.plugin.library import templates

pytestmark = pytest.mark.slow

Sc = Callable[..., Ran]


@pytest.mark.parametrize("name", templates().names())
def test_every_template_starts_a_case_that_checks(sc: Sc, tmp_path: Path, name: str) -> None:
    made = sc("new", tmp_path / "made", "--template", name, "--examples", "--now", "2026-06-01")
    assert made.code == 0, made.out + made.err
    checked = sc("check", tmp_path / "made")
    assert checked.code == 0, checked.out
    status = sc("status", tmp_path / "made", "--json", "--now", "2026-06-01")
    assert status.code == 4
    assert status.json["verdict"] == "unknown"
    states = status.json["states"]
    assert {n for n, s in states.items() if s["posed"] != "ready"} == set()
    # Doubts may stand; no claim, step or leaf is supported before anything ran.
    shown = {n for n, s in states.items() if s["support"] in ("supported", "refuted")}
    assert {states[n]["kind"] for n in shown} <= {"defeater"}
    page = tmp_path / "page.html"
    assert sc("report", tmp_path / "made", "--out", page, "--now", "2026-06-01").code == 0
    text = page.read_text("utf-8")
    anchors = set(re.findall(r'id="([^"]+)"', text))
    assert set(re.findall(r'href="#([^"]+)"', text)) <= anchors
    assert "nothing executes it, so it supports nothing" in text


def test_it_says_what_it_has_to_know(sc: Sc, tmp_path: Path) -> None:
    ran = sc("new", tmp_path / "made", "--template", "control")
    assert ran.code == 2
    assert "decision.owner: Who decides." in ran.err
    assert "outcome:" in ran.err
    assert not (tmp_path / "made").exists()


def test_answers_come_from_a_file_and_from_words(sc: Sc, tmp_path: Path) -> None:
    (tmp_path / "answers.yaml").write_text(
        "title: 'A: #1 \"title\"'\ndecision.owner: the board\noutcome: loss of data\n"
        "review_by: 2031-02-03\n",
        "utf-8",
    )
    ran = sc(
        "new",
        tmp_path / "made",
        "--template",
        "control",
        "--answers",
        tmp_path / "answers.yaml",
        "--set",
        "units=7000",
        "--set",
        "affordances=[prompting, clock]",
        "--examples",
    )
    assert ran.code == 0, ran.out + ran.err
    shown = sc("status", tmp_path / "made", "--json").json["case"]
    assert shown["title"] == 'A: #1 "title"'
    text = (tmp_path / "made" / "case.yaml").read_text("utf-8")
    assert "units: 7000" in text
    assert "affordances: [prompting, clock]" in text
    assert "review_by: 2031-02-03" in text


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--template", "contrl", "--examples"], "did you mean `control`"),
        (["--template", "control", "--examples", "--set", "unit=3"], "nothing asks for `unit`"),
        (["--template", "control", "--examples", "--set", "units"], "write KEY=VALUE"),
        (["--template", "control", "--examples", "--set", "affordances=[a"], "cannot be read"),
    ],
)
def test_what_does_not_fit_is_said(sc: Sc, tmp_path: Path, words: list[str], says: str) -> None:
    ran = sc("new", tmp_path / "made", *words)
    assert ran.code == 2
    assert says in ran.err


def test_an_answer_of_the_wrong_type_is_a_finding(sc: Sc, tmp_path: Path) -> None:
    ran = sc("new", tmp_path / "made", "--template", "control", "--examples", "--set", "units=many")
    assert ran.code == 2
    assert "F044" in ran.out


def test_a_case_that_is_there_is_kept(sc: Sc, coin: Path) -> None:
    before = (coin / "case.yaml").read_text("utf-8")
    ran = sc("new", coin, "--template", "control", "--examples")
    assert ran.code == 2
    assert "is there already" in ran.err
    assert (coin / "case.yaml").read_text("utf-8") == before


def test_the_list_names_every_template_with_its_source(sc: Sc) -> None:
    found = sc("new", "--list", "--json").json
    assert {"scheming", "debate", "control"} <= set(found)
    assert all("arXiv" in entry["source"] for entry in found.values())


def test_a_folder_without_a_template_is_told_what_there_is(sc: Sc, tmp_path: Path) -> None:
    done = sc("new", "my case")
    assert (done.code, done.out, (tmp_path / "my case").exists()) == (2, "", False)
    assert "`safetycase new 'my case' --template NAME` with one of big, control," in done.err


def test_what_to_do_next_can_be_pasted_into_a_shell(sc: Sc, tmp_path: Path) -> None:
    done = sc("new", "my case", "--template", "control", "--examples")
    assert "`safetycase status 'my case'`" in done.out
