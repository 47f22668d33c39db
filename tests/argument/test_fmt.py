"""Laying out a file keeps its data and its comments, and settles at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.argument.strategies import cases
from tests.conftest import COIN, HEADER

from safetycase.argument.fmt import comments_of, format_text, formatted
from safetycase.argument.load import load
from safetycase.argument.model import Case
from safetycase.argument.printer import dump

QUICK = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
SHIPPED = Path(__file__).parents[2] / "cases" / "internal-assistant" / "case.yaml"
UGLY = """\
# first
case:   toy   # the name
title: 'A coin'
maturity: sketch
target: 0.90


decision: {supports: throwing,   owner: board, expires: 2099-06-01}
models: {m: {weights: w}}
system: {model: m, scaffold: none}
deployment:
    users: 40 staff
    volume: "10000 throws per month"
    horizon: 12 months
    distribution: throws
harm: {what: heads, mistake: a head}

# the top
root:
    claim: SAFE   # the root
    says: >-
        It is
        safe.
    by:
        argument: A
        kind: decomposition
        because: b
        premises:
        # before the first
        - P
        # before the second
        - claim: Q
          says: q
claims:
- claim: P
  says: p
# the end
"""
NEAT = """\
# first
case: toy     # the name
title: 'A coin'
maturity: sketch
target: 0.90


decision: {supports: throwing, owner: board, expires: 2099-06-01}
models: {m: {weights: w}}
system: {model: m, scaffold: none}
deployment:
  users: 40 staff
  volume: "10000 throws per month"
  horizon: 12 months
  distribution: throws
harm: {what: heads, mistake: a head}

# the top
root:
  claim: SAFE     # the root
  says: >-
    It is
    safe.
  by:
    argument: A
    kind: decomposition
    because: b
    premises:
      # before the first
      - P
      # before the second
      - claim: Q
        says: q
claims:
  - claim: P
    says: p
# the end
"""


def test_indentation_is_evened_and_everything_else_stays() -> None:
    found = formatted(UGLY)
    assert found.findings == ()
    assert found.text == NEAT
    assert format_text(NEAT) == NEAT
    assert load(found.text).case == load(UGLY).case


@pytest.mark.slow
@pytest.mark.parametrize("text", [COIN, SHIPPED.read_text("utf-8")])
def test_real_cases_keep_their_meaning_and_comments(text: str) -> None:
    found = formatted(text)
    assert found.findings == ()
    assert load(found.text).case == load(text).case
    assert [c for _, c in comments_of(found.text)] == [c for _, c in comments_of(text)]
    assert format_text(found.text) == found.text


@pytest.mark.slow
@QUICK
@given(cases(), st.data())
def test_no_comment_and_no_value_is_lost(one: Case, data: Any) -> None:
    lines = dump(one).splitlines()
    marks = data.draw(
        st.lists(st.tuples(st.integers(0, len(lines) - 1), st.booleans()), max_size=6)
    )
    for number, (at, own) in enumerate(sorted(marks, reverse=True)):
        indent = len(lines[at]) - len(lines[at].lstrip())
        if own:
            lines.insert(at, " " * indent + f"# own {number}")
        elif load("\n".join([*lines[:at], lines[at] + f"  # end {number}", *lines[at + 1 :]])).case:
            lines[at] += f"  # end {number}"
    text = "\n".join([*lines, ""])
    before, found = load(text).case, formatted(text)
    assert load(found.text).case == before
    assert [c for _, c in comments_of(found.text)] == [c for _, c in comments_of(text)]
    assert format_text(found.text) == found.text
    if found.findings:
        assert found.text == text
        assert found.findings[0].code == "F090"


@pytest.mark.slow
@QUICK
@given(cases())
def test_what_is_printed_can_be_laid_out(one: Case) -> None:
    found = formatted(dump(one))
    assert found.findings == ()
    assert load(found.text).case == one


@pytest.mark.slow
@given(st.text(alphabet="ab: -#\n[]{},'\"|>&*!%?~\t", max_size=60))
@settings(max_examples=60, deadline=None)
def test_any_text_comes_back_whole_or_with_a_finding(text: str) -> None:
    found = formatted(text)
    assert found.text == text or not found.findings
    assert format_text(found.text) == found.text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: [", "F002"),
        ("", "F002"),
        ("a: &x 1\nb: *x\n", "F003"),
        ("a: !tag 1\n", "F004"),
        ("a: " + "[" * 100 + "]" * 100 + "\n", "F090"),
    ],
)
def test_a_file_that_cannot_be_laid_out_is_left_alone(text: str, code: str) -> None:
    found = formatted(text)
    assert found.text == text
    assert found.findings[0].code == code


def test_comments_are_told_from_text() -> None:
    text = 'a: "# no"  # yes\nb: x#y\n# own\nc: |\n  # no\nd: [1,  # in\n  2]\n'
    assert comments_of(text) == [(1, "# yes"), (3, "# own"), (6, "# in")]


def test_words_that_look_like_numbers_stay_as_they_were_written() -> None:
    text = HEADER + 'root: {claim: A, says: "012", because: 1e-5}\n'
    assert format_text(text) == text
