"""The report in Markdown: whole, the same bytes again, and nothing in it acts."""

from __future__ import annotations

import dataclasses
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from tests.report.breakdowns import ATTACK, hostile_breakdown, make_breakdown
from tests.report.conftest import make_assessment
from tests.report.leaves import hostile, many, small

from safetycase.assess.reviewed import Challenged, Dissented, Responded, Review, Ruled, SignedOff
from safetycase.report.markdown import Extra, render_markdown
from safetycase.report.markdown_text import block, code, md, table

READER = MarkdownIt("gfm-like", {"html": True, "linkify": True})
ATTACKS = [
    ATTACK,
    "<script>alert(1)</script>",
    "[click](javascript:alert(1)) ![x](https://evil.example/x.png)",
    "https://evil.example www.evil.example mail@evil.example @everyone #12 owner/repo#3 GH-7",
    "`x` ``y`` | a | b |\\",
    "a\\|b `|` \\` \\\\|<img src=x onerror=alert(1)>",
    "# heading",
    "- item\n\n    code",
    "1. item",
    "> quote",
    "---",
    "***bold***",
    "~~~\n```\n</details><!-- ",
    "$x$ :tada: [^1]: note",
    "&lt;b&gt; &#60;i&#62; &amp;",
    "| - | - |",
    "\u202eexe.gnp\x1b[31m\x00",
    "+1",
    "[ ] task",
    "deadbeefdeadbeef",
]
ACTING = {"html_inline", "html_block", "link_open", "image"}


def tokens(text: str):
    for token in READER.parse(text):
        yield token
        yield from token.children or ()


def acting(text: str) -> set[str]:
    return {token.type for token in tokens(text)} & ACTING


def shown(text: str) -> str:
    """What a reader sees of inline Markdown."""
    return "".join(
        token.content
        for token in tokens(text)
        if token.type in ("text", "code_inline", "text_special")
    )


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("place", ["{}", "- {}", "- {} after {}", "> **x** {}"])
def test_text_is_shown_and_does_nothing(attack, place):
    plain = place.format("x", "x")
    for made in (md(attack), code(attack)):
        text = place.format(made, made)
        assert not acting(text), text
        kinds = [t.type for t in READER.parse(text)]
        assert kinds == [t.type for t in READER.parse(plain)], text


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_cell_stays_a_cell(attack):
    rows = [(md(attack), code(attack), "end"), (code(attack), md(attack), "end")]
    text = "\n".join(table(("one", "two", "three"), rows))
    assert not acting(text)
    kinds = [t.type for t in READER.parse(text)]
    assert kinds.count("td_open") == 6
    assert kinds.count("tr_open") == 3
    last = [t.content for t in READER.parse(text) if t.type == "inline"][-1]
    assert last == "end"


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_reader_sees_the_text_itself(attack):
    from safetycase.report.clean import one_line

    assert shown(md(attack)).replace("`", "") == one_line(attack).replace("`", "")


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_line_ends_a_block(attack):
    text = "\n".join([*block(attack.split("\n")), "after"])
    kinds = [t.type for t in READER.parse(text)]
    assert kinds == ["fence", "paragraph_open", "inline", "paragraph_close"]


PIECES = [
    *"`|\\<>&*_[]()#@!~$:./-+=1 aw\"'",
    *("www.", "http://x.y", "<b>", "<!--", "&lt;", "``", "```", "\\|", "\n", "@me", "#1", "]("),
]


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=14).map("".join))
def test_no_text_leaves_its_place(text):
    for make in (md, code):
        if not text.strip():
            continue
        for place in ("- {} x {}", "| a | {} | end |\n|---|---|---|\n| {} | {} | end |"):
            made, plain = place.format(*[make(text)] * 3), place.format("x", "x", "x")
            assert not acting(made), made
            assert [t.type for t in READER.parse(made)] == [t.type for t in READER.parse(plain)]


def test_words_that_github_acts_on_are_code():
    assert md("ask @team about #12.") == "ask `@team` about `#12`."
    assert md("(see https://x.example/a_b)") == "(see `https://x.example/a_b`)"
    assert md("a report of it: `safetycase watch`.") == "a report of it: `safetycase watch`."
    assert md("24.4 % at 1. May") == "24.4 % at 1. May"
    assert md("1. May") == "1\\. May"
    assert md("rate <= 0.2 at 10:30") == "rate &lt;= 0.2 at 10:30"


def test_the_whole_report():
    text = render_markdown(make_assessment(), version="1.2", breakdown=make_breakdown())
    assert text == render_markdown(make_assessment(), version="1.2", breakdown=make_breakdown())
    assert text.startswith("# ")
    heads = re.findall(r"^## (.*)$", text, re.M)
    assert heads == [
        "What would change this",
        "Open doubts",
        "Assumptions",
        "The argument",
        "Confidence",
        "Evidence",
        "Attempts",
        "Open problems",
        "Until when",
        "Review",
        "Findings",
    ]
    assert "> **○ unknown.**" in text
    assert "`E-SELF-REASONING`" in text
    assert "precursor\\_advantage ≤ 7.2 % at 97.5 %" in text
    assert "safetycase run" in text
    assert "the server stopped: out of memory" in text
    assert "`D-SANDBAGGING` against `E-SELF-REASONING`" in text
    assert "Nobody has challenged any part of this case." in text
    assert "Bel 0.843" in text or "Bel 0.84" in text
    assert not acting(text)


def test_every_kind_of_leaf_is_in_the_table():
    text = render_markdown(small(), version="1")
    for words in ("● supports", "✕ refutes", "○ inconclusive", "⧗ expired", "⊘ invalidated"):
        assert f"| {words} |" in text, words
    assert "◆ supports, but is contested" in text
    assert "2026-12-01" in text


def test_what_reviewers_said():
    challenge = Challenged(
        id="CH-1",
        against="SAFE",
        severity="major",
        says="No counter-case <b>.",
        by="eve",
        at="2026-11-22T09:00:00Z",
        record=20,
        standing="open",
        responses=(Responded(record=21, at="2026-11-22T10:00:00Z", says="It is there.", by="ann"),),
        rulings=(
            Ruled(record=22, at="2026-11-22T11:00:00Z", outcome="conceded", reason="yes", by="bo"),
        ),
        contests=True,
    )
    signed = SignedOff(
        element="SAFE",
        verdict="accept",
        conditions=("watch it",),
        says="Read all of it.",
        by="eve",
        competence="ten years",
        independence="another house",
        hours="6.5",
        at="2026-11-22T09:00:00Z",
        record=23,
        digest="aa",
        current=False,
        independent=True,
        because="an earlier version was signed",
    )
    dissent = Dissented(
        element="SAFE",
        says="I would not.",
        by="mallory",
        at="2026-11-22T09:00:00Z",
        record=24,
        digest="aa",
        current=True,
    )
    review = Review(challenges=(challenge,), sign_offs=(signed,), dissents=(dissent,))
    text = render_markdown(dataclasses.replace(small(), review=review), version="1")
    assert text.index("**Dissent** of mallory") < text.index("**Challenge** `CH-1`")
    assert "1 challenge was raised: 1 open." in text
    assert "major, open, and contests it, against `SAFE` by eve" in text
    assert "No counter-case &lt;b&gt;." in text
    assert "answer of ann (record 21): It is there." in text
    assert "ruled conceded by bo (record 22): yes" in text
    assert "does not count: an earlier version was signed" in text
    assert "on condition: watch it" in text


@pytest.mark.parametrize("by", [*ATTACKS, "A" * 1_000_000])
def test_a_hostile_case_stays_text(by):
    extra = Extra(agenda=[by, "```"], difference=[by], since=by)
    text = render_markdown(hostile(by), version=by, breakdown=hostile_breakdown(by), extra=extra)
    assert not acting(text)
    assert len(text) < 200_000
    assert all(c not in text for c in "\x00\x1b\u202e")


def test_many_leaves_make_a_table_of_them():
    text = render_markdown(many(300), version="1")
    assert sum(line.startswith("| `E-") for line in text.splitlines()) == 600
