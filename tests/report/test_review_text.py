"""The review in the terminal: within the width, nothing invisible, dissent beside the verdict."""

from __future__ import annotations

import dataclasses

import pytest
from tests.assess.reviewed_cases import (
    KEYS,
    challenge,
    dissent,
    override,
    plain,
    response,
    reviewed,
    ruling,
    sign_off,
)

from safetycase.report import to_json
from safetycase.report.clean import columns
from safetycase.report.review_text import NOBODY, counts_told, review_lines
from safetycase.report.text import verdict_lines

CASE = plain()
HOSTILE = "<script>alert(1)</script> \x1b[31m‮ ‏ =HYPERLINK(1)\n\n# no\x00 " + "long" * 250_000
WHOLE = reviewed(
    CASE,
    challenge(CASE, "RARE", "minor"),
    challenge(CASE, "FAIR", "critical", id="C2", seq=11, says=HOSTILE, by=HOSTILE),
    challenge(CASE, "GONE", id="C3", seq=12),
    response("C3", says=HOSTILE),
    ruling("conceded", "C3", reason=HOSTILE),
    challenge(CASE, "SAFE", id="C4", seq=13),
    response("C4"),
    ruling("answered", "C4"),
    sign_off(CASE, says=HOSTILE, competence=HOSTILE),
    sign_off(
        CASE, seq=21, digest="0" * 64, verdict="accept-with-conditions", conditions=("in May",)
    ),
    sign_off(CASE, seq=22, by="lead", verdict="reject", hours=None),
    dissent(CASE, says=HOSTILE),
    override(CASE, reason=HOSTILE),
    override(CASE, seq=41, expires="2026-11-01T00:00:00Z"),
)


@pytest.mark.parametrize("width", [30, 60, 100, 140])
def test_every_line_fits_and_shows_what_it_holds(width: int) -> None:
    lines = review_lines(WHOLE, width=width, since={21: ["LOOKS: warrant changed"]})
    assert max(map(columns, lines)) <= width
    text = "".join(lines)
    assert "\x1b" not in text
    assert "‮" not in text
    assert "\x00" not in text
    assert len(text) < 60_000


def test_what_stands_comes_first_the_gravest_of_it_first() -> None:
    lines = [line for line in review_lines(WHOLE, width=140) if line[2:3] in {*"▲△✓✕○⚑⚠"}]
    heads = [" ".join(line.split()[:4]) for line in lines]
    assert heads[:4] == [
        "▲ C2 critical ·", "▲ C3 major ·", "△ C1 minor ·", "✓ C4 major ·",
    ]  # fmt: skip
    assert heads[4:] == [
        "✓ SAFE accept ·", "○ SAFE accept-with-conditions ·", "✕ SAFE reject ·",
        "⚑ Ida dissents from", "⚠ SAFE · in", "⚠ SAFE · over",
    ]  # fmt: skip


def test_counts_are_told_and_zero_is_a_finding() -> None:
    assert counts_told(WHOLE.review) == (
        "4 challenges raised: 2 open, 1 answered, 1 conceded, 0 withdrawn"
    )
    text = " ".join(" ".join(review_lines(reviewed(CASE))).split())
    assert text.startswith(NOBODY)
    assert "since: LOOKS: warrant changed" in " ".join(
        line.strip() for line in review_lines(WHOLE, since={21: ["LOOKS: warrant changed"]})
    )


def test_what_stands_is_told_beside_the_verdict_and_nothing_else() -> None:
    text = " ".join(" ".join(verdict_lines(WHOLE, width=100)).split())
    assert "▲ Challenge C2 (critical, open) of" in text
    assert "▲ Challenge C3 (major, conceded) of Grace against GONE" in text
    assert "△ Challenge C1 (minor, open)" in text
    assert "⚑ Ida dissents from SAFE" in text
    assert "Challenge C4" not in text
    assert (
        "Review: 4 challenges raised: 2 open, 1 answered, 1 conceded, 0 withdrawn; 2 of 3 "
        "sign-offs count now, of which 1 rejects; dissents: 1."
    ) in text
    assert "✕ lead rejects SAFE (record 22, 2026-11-19): It convinces." in text
    bare = " ".join(" ".join(verdict_lines(reviewed(CASE), width=100)).split())
    assert "Review: nobody challenged this case, and nobody signed it off." in bare
    many = [challenge(CASE, "RARE", "minor", id=f"M{i}", seq=50 + i) for i in range(30)]
    more = " ".join(" ".join(verdict_lines(reviewed(CASE, *many), width=100)).split())
    assert "and 22 more: safetycase review" in more


def test_the_json_has_every_record_and_what_it_is_worth() -> None:
    told = to_json(WHOLE)["review"]
    assert isinstance(told, dict)
    assert told["counts"] == {
        "raised": 4, "raised_by_authors": 0, "open": 2,
        "answered": 1, "conceded": 1, "withdrawn": 0,
    }  # fmt: skip
    assert [(c["id"], c["stands"], c["contests"]) for c in told["challenges"]] == [
        ("C1", True, False), ("C2", True, True), ("C3", True, True), ("C4", False, False),
    ]  # fmt: skip
    assert [s["counts"] for s in told["sign_offs"]] == [True, False, True]
    assert told["sign_offs"][2]["because"] == ""  # whoever owns part of it may still reject it
    assert [o["in_force"] for o in told["overrides"]] == [True, False]
    assert [d["by"] for d in told["dissents"]] == ["Ida"]


def test_a_challenge_with_a_key_that_nobody_let_in_is_told_apart() -> None:
    keys = (*KEYS[:2], dataclasses.replace(KEYS[2], vouched=False))
    found = reviewed(CASE, challenge(CASE, "RARE"), keys=keys)
    assert counts_told(found.review).startswith(
        "1 challenge raised, 1 with a key that no author let in: 1 open"
    )
