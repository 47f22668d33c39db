"""The verdict tree of the terminal."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import replace

import pytest

from safetycase.argument.plain_json import plain_json
from safetycase.assess.records import Confidence
from safetycase.report import verdict_lines
from safetycase.report.clean import columns, shorten, visible, wrap
from safetycase.report.marks import CHANNELS

ANSI = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize("width", [60, 100, 140])
def test_golden(assessment, golden, width):
    golden(f"verdict-{width}.txt", "\n".join(verdict_lines(assessment, width=width)))


@pytest.mark.parametrize("width", [30, 48, 71, 72, 100, 200])
def test_no_line_is_wider_than_asked(assessment, spoiled, width):
    for subject in (assessment, spoiled(), spoiled("漢字かな交じり文" * 30)):
        for line in verdict_lines(subject, width=width):
            assert columns(line) <= width, line


def test_colour_changes_no_letter(assessment):
    plain = verdict_lines(assessment)
    coloured = verdict_lines(assessment, colour=True)
    assert [ANSI.sub("", line) for line in coloured] == plain
    assert any("\x1b[31m" in line for line in coloured)
    assert not any("\x1b" in line for line in plain)


def test_every_status_is_a_word_and_a_shape(assessment):
    text = "\n".join(verdict_lines(assessment, width=140))
    for shape, word in (
        ("✕ HARM-INABILITY", "refuted"),
        ("◆ POISONING", "contested"),
        ("◇ ROUTES-COMPLETE", "assumed"),
        ("▲ doubt D-SANDBAGGING", "stands"),
        ("◭ doubt D-RED-TEAM", "accepted"),
        ("○ LEGIBLE", "open"),
        ("○ E-WEIGHTS", "◧ stale"),
    ):
        line = next(line for line in text.splitlines() if shape in line)
        assert word in line.partition(shape)[2]


def test_words_and_shapes_are_unique_within_a_channel():
    for name, _title, marks in CHANNELS:
        glyphs = [mark.glyph for mark in marks.values()]
        drawings = [mark.draw for mark in marks.values()]
        assert len(set(glyphs)) == len(glyphs), name
        assert len(set(drawings)) == len(drawings), name
        assert all(mark.phrase and mark.word == word for word, mark in marks.items())


def test_doubts_and_assumptions_come_above_support(assessment):
    lines = verdict_lines(assessment)[6:]
    at = {
        name: next(i for i, line in enumerate(lines) if f" {name} " in line)
        for name in ("ROUTES-COMPLETE", "POISONING", "D-RED-TEAM", "E-CONTROL", "AUDITOR-STEADY")
    }
    assert at["ROUTES-COMPLETE"] < at["POISONING"]
    assert at["AUDITOR-STEADY"] < at["D-RED-TEAM"] < at["E-CONTROL"]


def test_no_measured_share_is_a_bare_zero(assessment):
    text = "\n".join(verdict_lines(assessment, width=200))
    assert "≤ 5.8 % at 95 %" in text
    assert not re.search(r"(?<![\d.,])0(\.0+)? %", text)


def test_nothing_invisible_reaches_the_terminal(spoiled):
    for line in verdict_lines(spoiled(), width=160):
        assert all(unicodedata.category(c) not in {"Cc", "Cf", "Cs"} for c in line)


def test_a_case_that_holds_shows_its_confidence(make):
    whole = make()
    root = replace(
        whole.root,
        support="supported",
        truth="true",
        residual=True,
        confidence=Confidence(low=0.9312, high=0.9876),
    )
    held = replace(
        whole, verdict="holds", headline="The case holds.", states={**whole.states, "SAFE": root}
    )
    text = "\n".join(verdict_lines(held))
    assert "● HOLDS — The case holds." in text
    assert "between 0.931 and 0.988 (the decision asks for 0.9)" in text
    assert "supported (residual)" in text
    assert "No confidence number" not in text


def test_a_finding_shows_as_not_ready(make):
    whole = make()
    state = replace(whole.states["WEIGHTS"], posed="not ready")
    lines = verdict_lines(replace(whole, states={**whole.states, "WEIGHTS": state}))
    assert "not ready" in next(line for line in lines if "○ WEIGHTS " in line)


def test_helpers_of_text():
    assert visible("a\x1b[0m\x7f\u202e\ud800b") == "a␛[0m␡[U+202E][U+D800]b"
    assert visible("x" * 50, limit=10) == "x" * 10 + " … [cut here: 50 characters in all]"
    assert shorten("漢字漢字", 5) == "漢字…"
    assert wrap("measured ≤ 5.8 % of", 14) == ["measured", "≤ 5.8 % of"]
    assert all(columns(line) <= 7 for line in wrap("a" * 40 + " b", 7, first="- "))


def test_json_hides_nothing_and_loses_nothing():
    """No character that a terminal obeys, none without bytes, and the same value when read."""
    value = {"é\u202e": ["漢\x9b31m\x7f\x1b", "\ud800", "\U000e0041", "a\u2028b\u200d"]}
    text = plain_json(value)
    assert json.loads(text) == value
    assert "é" in text
    assert "漢" in text
    assert all(c == "\n" or unicodedata.category(c)[0] not in "C" for c in text)
    assert "\u2028" not in text
    text.encode()
    with pytest.raises(ValueError, match="JSON compliant"):
        plain_json(float("nan"))
