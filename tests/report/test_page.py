"""The page: safe, self-contained, complete, and readable by everyone."""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from safetycase.assess.records import Confidence
from safetycase.report import render_html
from safetycase.report.clean import anchor
from safetycase.report.environment import script
from safetycase.report.mark_classes import mark_class
from safetycase.report.marks import CHANNELS

VOID = {"meta", "br", "path", "circle", "rect", "use", "link", "img", "input", "hr"}


class Page(HTMLParser):
    """Tags, attributes, text and the balance of a document."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.style = ""
        self.scripts: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        assert self.open, f"</{tag}> without a start"
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "style":
            self.style += data
        elif self.open and self.open[-1] == "script":
            self.scripts.append(data)
        else:
            self.text.append(data)

    @property
    def words(self) -> str:
        return " ".join("".join(self.text).split())

    def all(self, name: str) -> list[str]:
        return [value for _tag, attrs in self.tags for key, value in attrs.items() if key == name]


def parse(assessment) -> Page:
    page = Page(render_html(assessment, version="0.1.0"))
    assert page.open == []
    return page


def assert_harmless(html: str) -> Page:
    page = Page(html)
    assert page.open == []
    names = {tag for tag, _ in page.tags}
    assert not names & {"img", "iframe", "object", "embed", "link", "base"}
    assert page.scripts == [script()]
    for tag, attrs in page.tags:
        for key, value in attrs.items():
            assert not key.startswith("on"), (tag, key)
            assert key not in ("style", "src", "srcset", "xlink:href", "action"), (tag, key)
            if key == "href":
                assert value.startswith("#"), value
            assert "url(" not in (value or "") or value.startswith("url(#")
    assert set(re.findall(r"url\((.{20})", page.style)) == {'"data:image/svg+xml,'}
    assert "@import" not in page.style
    bad = {c for c in html if c != "\n" and unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl"}}
    assert bad == set()
    return page


def test_the_page_is_harmless_and_self_contained(assessment):
    assert_harmless(render_html(assessment, version="0.1.0"))


def test_hostile_text_in_every_field_stays_text(spoiled):
    whole = spoiled()
    page = assert_harmless(render_html(whole, version="<b>\x1b"))
    assert "alert(1)" in page.words
    assert "{{7*7}}" in page.words
    assert "[U+202E]" in page.words
    assert "␛" in page.words


@pytest.mark.slow
def test_endless_text_is_cut_and_says_so(spoiled):
    html = render_html(spoiled("A" * 1_000_000), version="1")
    page = assert_harmless(html)
    assert len(html) < 3_000_000
    assert "characters in all]" in page.words


def test_the_policy_allows_this_style_and_nothing_else(assessment):
    page = parse(assessment)
    policy = next(
        a["content"] for t, a in page.tags if a.get("http-equiv") == "Content-Security-Policy"
    )
    digest = base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_every_element_has_its_section_and_every_link_its_target(assessment):
    page = parse(assessment)
    ids = page.all("id")
    assert len(ids) == len(set(ids))
    for name in {*assessment.case.elements, *assessment.states}:
        assert anchor(name) in ids
    assert {link[1:] for link in page.all("href")} <= set(ids)
    for key in ("aria-labelledby",):
        for value in page.all(key):
            assert set(value.split()) <= set(ids)


def test_what_a_reviewer_looks_for_is_there(assessment):
    words = parse(assessment).words
    for expected in (
        "internal deployment of release 1",
        "safety board",
        "2027-06-01",
        "at least 100 poisoned samples",
        "not enough is known, and unknown is not safe",
        "the evidence of WEIGHTS is stale",
        "Doubts that stand",
        "One phrasing scored significantly below chance.",
        "safetycase run . --only E-CONTROL",
        "Items of this size say nothing about larger models.",
        "P(pass | claim false) ≤ 4.9 % at 95 %",
        "none passed",
        "46 of 100 caught, 5 strategies",
        "interrupted by the operator",
        "the server stopped: out of memory",
        "exploratory, supports nothing",
        "planned: 1 completed attempt, n 600, 120 independent units",
        "A portfolio of elicitors recovers 95 % of planted abilities",
        "fine-tuning on 200 solved items",
        "the claim ALIGNMENT has no evidence",
        "case.yaml:",
        "sha256:" + "c4" * 32,
        "sha256:" + "ab" * 32,
        "safetycase verify",
        "16 entries",
        "The other paths do not use the ability to harm.",
        "with a stated doubt of 0.05",
    ):
        assert expected in words, expected


def test_no_measured_share_is_a_bare_zero(assessment):
    html = render_html(assessment, version="1")
    prose = re.sub(r"<svg.*?</svg>", "", html, flags=re.S)  # an axis may start at 0 %
    assert not re.search(r"(?<![\d.,])0(\.0+)? %", prose)


def test_every_status_is_a_word_with_a_shape(assessment):
    html = render_html(assessment, version="1")
    words = {
        mark_class(mark, channel): word
        for channel, _title, marks in CHANNELS
        for word, mark in marks.items()
    }
    chips = re.findall(r'<i class="?(\w+)"?>(.*?)</i>', html)
    assert len(chips) > 150
    for name, word in chips:
        # Beside a reference the word is for those who do not see the shape.
        assert word == "" or words[name] in word, (name, word)
    style = parse(assessment).style
    assert {name for name, _ in chips} <= set(words)
    for name in words:
        assert f".{name}::before {{ --shape: url(" in style


def test_no_two_marks_of_a_channel_look_alike():
    for _channel, _title, marks in CHANNELS:
        drawn = [mark.draw for mark in marks.values()]
        assert len(set(drawn)) == len(drawn)


def test_the_order_puts_doubts_before_support(assessment):
    html = render_html(assessment, version="1")
    places = [html.index(f'id="{i}"') for i in ("main", "doubts", "assumptions", "outline")]
    assert places == sorted(places)
    section = html[html.index(f'id="{anchor("RECALL")}"') :]
    assert section.index("Doubts about it") < section.index("Rests on")


def test_it_can_be_read_without_a_mouse_or_eyes(assessment):
    page = parse(assessment)
    assert ("html", {"lang": "en"}) in page.tags
    assert any(t == "a" and a.get("class") == "skip" for t, a in page.tags)
    assert [t for t, _ in page.tags].count("h1") == 1
    for tag, attrs in page.tags:
        if tag == "th":
            assert attrs.get("scope") in ("col", "row")
        if tag == "svg":
            assert attrs.get("aria-hidden") == "true" or attrs.get("aria-labelledby")
    assert {t for t, _ in page.tags} >= {"main", "nav", "header", "title"}


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """WCAG 2.1, relative luminance and contrast ratio."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_enough_in_light_and_dark(assessment):
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    style = parse(assessment).style
    blocks = re.findall(r":root \{(.*?)\}", style, flags=re.S)[:2]
    for block in blocks:
        colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
        for ink in ("ink", "quiet", "link", "good", "bad", "doubt", "taken", "open"):
            for ground in ("paper", "card", "shade"):
                assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
        for tone in ("good", "bad", "doubt", "open"):
            for ink in (tone, "ink", "quiet"):
                assert contrast(colours[ink], colours[f"{tone}-wash"]) >= 4.5, (ink, tone)


def test_confidence_is_drawn_where_there_is_a_number(make):
    whole = make()
    root = replace(
        whole.root, support="supported", truth="true", confidence=Confidence(low=0.93, high=0.99)
    )
    held = replace(whole, verdict="holds", states={**whole.states, "SAFE": root})
    words = parse(held).words
    assert "probability between 0.93 and 0.99" in words
    assert "it is not the probability that the system is safe" in words
    assert "Why there is no confidence number" not in words


def test_an_empty_record_and_a_broken_plot_are_told(make):
    whole = make()
    broken = replace(whole.leaves["E-CONTROL"], plots=({"kind": "curve", "title": "T"},))
    page = parse(
        replace(
            whole,
            attempts=(),
            record_length=0,
            record_head=None,
            leaves={"E-CONTROL": broken},
            findings=(),
        )
    )
    assert "This picture cannot be drawn" in page.words
    assert "The record holds no attempt." in page.words
    assert "Nothing about this evidence is in the record." in page.words


def test_attempts_at_evidence_that_is_gone_are_shown(make):
    whole = make()
    stranger = replace(whole.attempts[0], evidence="E-OLD")
    assert "E-OLD" in parse(replace(whole, attempts=(*whole.attempts, stranger))).words


def test_the_same_assessment_gives_the_same_bytes(make):
    assert render_html(make(), version="1") == render_html(make(), version="1")


def test_a_long_outline_starts_folded(assessment, monkeypatch):
    from safetycase.report import rows as module

    monkeypatch.setattr(module, "OPEN_ROWS", 3)
    html = render_html(assessment, version="1")
    outline = html[html.index('id="outline"') : html.index('id="map"')]
    rows = re.findall(r"<details[^>]*?( open)?><summary>", outline)
    assert " open" in rows
    assert "" in rows
