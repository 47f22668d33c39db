"""The report as pages: complete, linked, safe, and the same views as in the single file."""

from __future__ import annotations

import hashlib
import html as markup
import re
from dataclasses import replace
from posixpath import dirname, join, normpath

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.report.breakdowns import make_breakdown
from tests.report.conftest import make_assessment
from tests.report.test_page import Page

from safetycase.argument.diff import diff
from safetycase.assess.reviewed import Challenged, Dissented, Responded, Review, Ruled, SignedOff
from safetycase.report.environment import script, style
from safetycase.report.filters import chosen_of, matching
from safetycase.report.links import VIEWS, slugs
from safetycase.report.lot import SHOWN, Drawn, draw
from safetycase.report.page import render_single
from safetycase.report.site import (
    Live,
    NoPage,
    Source,
    assets,
    element_of,
    element_path,
    frame,
    paths,
    render,
)
from safetycase.report.view import View

FOLDER_TAGS = {"img", "iframe", "object", "embed", "base"}


def made(assessment, **more) -> Source:
    return Source(assessment=assessment, version="1", **more)


@pytest.fixture(scope="module")
def source() -> Source:
    return made(make_assessment(), breakdown=lambda _name: make_breakdown())


@pytest.fixture(scope="module")
def pages(source) -> dict[str, Page]:
    found = {}
    for path in paths(source):
        page = Page(render(source, path))
        assert page.open == [], path
        found[path] = page
    return found


def test_there_is_a_page_of_every_view_and_element(source, pages):
    a = source.assessment
    assert paths(source)[0] == "index.html"
    assert {f"{key}.html" for key in VIEWS} <= set(pages)
    for name in {*a.case.elements, *a.states}:
        assert name in pages[element_path(source, name)].words
        assert element_of(source, element_path(source, name)) == name


def test_every_link_of_every_page_leads_to_a_page_and_a_place(pages):
    files = {**dict.fromkeys(assets()), **pages}
    for path, page in pages.items():
        for link in page.all("href"):
            target, _, place = link.partition("#")
            at = normpath(join(dirname(path), target)) if target else path
            assert at in files, (path, link)
            if place and at in pages:
                assert place in pages[at].all("id"), (path, link)


def test_ids_are_unique_on_every_page_and_headings_begin_with_one(pages):
    for path, page in pages.items():
        ids = page.all("id")
        assert len(ids) == len(set(ids)), path
        heads = [tag for tag, _ in page.tags if tag in ("h1", "h2")]
        assert heads.count("h1") == 1, path
        for value in filter(None, page.all("aria-labelledby")):
            assert set(value.split()) <= set(ids), path


def test_a_page_that_is_not_there_is_refused(source):
    for path in ("nowhere.html", "claim/nobody.html", "claim/../index.html", "map/x.html", ""):
        with pytest.raises(NoPage):
            render(source, path)
    with pytest.raises(NoPage, match="no element"):
        element_path(source, "nobody")


def assert_safe(text: str, *, live: bool = False) -> Page:
    page = Page(text)
    assert page.open == []
    assert not {tag for tag, _ in page.tags} & FOLDER_TAGS
    assert page.scripts in ([], [""], ["", ""])
    for tag, attrs in page.tags:
        for key, value in attrs.items():
            assert not key.startswith("on"), (tag, key)
            assert key not in ("style", "srcset", "xlink:href"), (tag, key)
            if key in ("href", "src", "action"):
                given = value.strip().casefold()
                ours = given.startswith(("/case/", "#")) or given == "/case"
                assert ours or (not live and ":" not in given.partition("#")[0]), value
    return page


def test_hostile_text_in_every_field_stays_text_on_every_page(spoiled):
    source = made(spoiled(), since='"><script>', difference=None)
    for path in paths(source):
        assert re.fullmatch(r"[A-Za-z0-9._~/-]+", path), path
        page = assert_safe(render(source, path))
        assert "\x1b" not in page.words
    words = assert_safe(render(source, "index.html")).words
    assert "alert(1)" in words
    assert "[U+202E]" in words


@pytest.mark.slow
def test_endless_text_is_cut_on_every_page(spoiled):
    source = made(spoiled("A" * 1_000_000))
    sizes = {path: len(render(source, path)) for path in paths(source)}
    assert max(sizes.values()) < 600_000
    index = render(source, "index.html")
    assert "characters in all]" in index


def test_the_same_source_gives_the_same_pages(source):
    again = made(make_assessment(), breakdown=lambda _name: make_breakdown())
    for path in ("index.html", "map.html", element_path(source, "PATHS")):
        assert render(source, path) == render(again, path)


@given(st.lists(st.text(max_size=160), max_size=12))
def test_names_in_paths_are_safe_and_no_two_are_alike(names):
    found = slugs(names)
    assert len({slug.casefold() for slug in found.values()}) == len(set(names))
    for slug in found.values():
        assert re.fullmatch(r"[A-Za-z0-9._~-]{1,130}", slug)
        assert not slug.startswith(".")


def test_ids_that_differ_only_in_case_or_beyond_a_length_have_pages_of_their_own():
    found = slugs(["A", "a", "x" * 300, "x" * 301, "M/A", "M~A"])
    assert len({slug.casefold() for slug in found.values()}) == 6
    assert found["A"] == "A"
    assert found["M/A"] == "M~A"


def test_a_filter_shows_what_matches_and_the_way_to_it(source):
    view = View(source.assessment)
    rows, found = matching(view, chosen_of({"status": "refuted"}))
    hits = [view.rows[i].id for i in rows if view.mark(view.rows[i].id).word == "refuted"]
    assert found == len(set(hits)) > 0
    assert view.rows[min(rows)].id == source.assessment.case.root
    words, count = matching(view, chosen_of({"q": "PERPLEXITY nobody"}))
    assert (words, count) == (frozenset(), 0)
    assert not chosen_of({"status": "<b>", "kind": "nothing"}).any


def test_a_server_filters_without_a_script(source):
    page = render(source, "index.html", live=Live(query={"kind": "evidence", "fresh": "stale"}))
    part = page[page.index('id="outline"') :]
    assert "1 element<" in part
    assert "E-WEIGHTS" in part
    assert "E-CONTROL" not in part
    assert "<option selected>evidence</option>" in part
    plain = render(source, "index.html", live=Live())
    assert "E-CONTROL" in plain[plain.index('id="outline"') :]


def test_a_server_has_its_addresses_forms_and_no_policy_of_the_page(source):
    live = Live(base="/case", csrf="secret", allow_run=True, may_review=True, notice="<b>Hi</b>")
    text = render(source, element_path(source, "E-CONTROL"), live=live)
    page = assert_safe(text, live=True)
    assert "http-equiv" not in text
    assert 'href="/case/claim/RECALL"' in text
    assert 'action="/case/run"' in text
    assert 'value="secret"' in text
    assert "<b>Hi</b>" in page.words
    calm = render(source, element_path(source, "E-CONTROL"), live=Live())
    assert "<form" not in calm
    assert "/review/challenge" not in calm
    focus = render(source, "map.html", live=Live(query={"focus": "PATHS"}))
    assert "Map around <code>PATHS</code>" in focus
    own = frame(source, "A form", "<p>body</p>", live=live)
    assert "<p>body</p>" in own
    assert "A form ·" in own


def test_the_decision_names_the_weakest_path_and_what_flips_the_answer(source):
    words = Page(render(source, "index.html")).words
    part = words[words.index("The weakest path") : words.index("What would change the verdict")]
    assert part.startswith("The weakest path open: SAFE ›")
    assert "The smallest sets that flip the answer" in part
    # Without a number the path is that of the first reasons.
    plain = Page(render(made(make_assessment()), "index.html")).words
    way = plain[plain.index("The weakest path") : plain.index("What would change the verdict")]
    for name in ("SAFE", "POISONING", "E-SELF-REASONING", "D-SANDBAGGING"):
        assert name in way, name
    assert "flip" not in way


def test_a_map_shows_two_levels_and_says_what_it_hides(source):
    text = render(source, "map.html")
    drawing = text[text.index('<svg class="map"') :]
    for name in ("SAFE", "ROUTES-COMPLETE", "POISONING", "INABILITY", "E-WEIGHTS"):
        assert f">{name}</text>" in drawing, name
    assert ">E-SELF-REASONING<" not in drawing  # three levels down
    assert "more below" in drawing
    assert "any of" in drawing
    assert 'href="./map/POISONING.html"' in drawing or 'href="map/POISONING.html"' in drawing
    assert "On it hang" in drawing
    deep = render(source, "map/INABILITY.html")
    assert "SAFE" in deep[deep.index('<svg class="map"') :]


def test_the_boxes_of_a_map_do_not_overlap(source):
    for path in (p for p in paths(source) if p.startswith("map")):
        text = render(source, path)
        boxes = [
            tuple(map(float, found))
            for found in re.findall(
                r'<rect class="box[^"]*" x="([\d.]+)" y="([\d.]+)" width="(\d+)" height="([\d.]+)"',
                text,
            )
        ]
        for n, (x, y, w, h) in enumerate(boxes):
            for u, v, wide, tall in boxes[n + 1 :]:
                assert x + w <= u or u + wide <= x or y + h <= v or v + tall <= y, path


REVIEW = Review(
    challenges=(
        Challenged(
            id="C1",
            against="RECALL",
            element="RECALL",
            severity="critical",
            says="<script>alert(1)</script> The auditors knew the seeds.",
            by="R. Viewer",
            at="2026-11-21T10:00:00Z",
            record=17,
            standing="open",
            contests=True,
            targets=("RECALL",),
            responses=(Responded(record=18, at="2026-11-21T11:00:00Z", says="No.", by="A"),),
        ),
        Challenged(
            id="C2",
            against="GONE",
            severity="minor",
            says="Why?",
            by="R. Viewer",
            at="2026-11-21T10:00:00Z",
            record=19,
            standing="answered",
            rulings=(
                Ruled(record=20, at="2026-11-22", outcome="answered", reason="Shown.", by="B"),
            ),
        ),
    ),
    sign_offs=(
        SignedOff(
            element="SAFE",
            verdict="accept-with-conditions",
            conditions=("retest in May",),
            says="Good.",
            by="S. Igner",
            competence="control evaluation",
            independence="another firm",
            hours="12.5",
            at="2026-11-22T10:00:00Z",
            record=21,
            digest="sha256:" + "ab" * 32,
            current=False,
            independent=True,
            because="what was signed has changed",
        ),
    ),
    dissents=(
        Dissented(
            element="SAFE",
            says="I do not agree.",
            by="D. Issent",
            at="2026-11-22T12:00:00Z",
            record=22,
            digest="sha256:" + "cd" * 32,
            current=True,
        ),
    ),
)


def test_review_stands_on_its_page_beside_the_elements_and_in_the_decision():
    source = made(make_assessment(review=REVIEW))
    words = assert_safe(render(source, "review.html")).words
    for told in (
        "2 challenges were raised: 1 open, 1 answered, 0 conceded, 0 withdrawn.",
        "which the case no longer has",
        "signed an earlier version",
        "does not count: what was signed has changed",
        "retest in May",
        "12.5 hours",
        "I do not agree.",
    ):
        assert told in words, told
    assert "auditors knew" in Page(render(source, element_path(source, "RECALL"))).words
    decision = Page(render(source, "index.html")).words
    assert "The auditors knew the seeds." in decision
    assert "I do not agree." in decision
    assert "2 challenges, 1 standing" in decision
    quiet = Page(render(made(make_assessment()), "review.html")).words
    assert "Nobody challenged this case." in quiet
    single = render_single(source)
    assert "I do not agree." in single
    assert "<script>alert(1)" not in single


def test_what_changed_since_a_version_is_a_page():
    whole = make_assessment()
    elements = dict(whole.case.elements)
    elements["RECALL"] = replace(elements["RECALL"], says="The auditor catches what matters.")
    was = replace(whole.case, elements=elements)
    source = made(whole, difference=diff(was, whole.case), since="v1")
    words = Page(render(source, "changes.html")).words
    assert "Changes since v1" in words
    assert "The auditor catches what matters." in words
    assert "rest on what changed" in words
    none = Page(render(made(whole), "changes.html")).words
    assert "safetycase report --since REV" in none


def test_the_agenda_is_shown_as_ranked():
    item = {
        "id": "P-SANDBAGGING",
        "what": "problem",
        "kind": "theory",
        "kind_stated": True,
        "says": "Rule it out.",
        "closed_when": "shown",
        "blocks": ["NO-SANDBAGGING"],
        "path": ["SAFE", "PATHS"],
        "carries": True,
        "place": "case.yaml:9",
        "proxy": "organisms",
        "command": None,
        "who": "",
        "tried": [],
        "shots": [],
        "library": None,
        "lift": {"bound_now": 0.0, "bound_if_solved": 0.5, "point_now": 0.1, "point_if_solved": 1},
        "value_of_knowing": None,
        "value_of_more_trials": None,
    }
    ranking = {
        "headline": {"bound": 0.0, "point": 0.1},
        "items": [item],
        "groups": [{"items": ["P-A", "P-B"], "gain": 0.2, "bound": None, "cost": 2.0}],
        "model": "independent",
        "notes": [],
        "taken_alike": {"for": [], "said": ""},
    }
    words = Page(render(made(make_assessment(), agenda=ranking), "agenda.html")).words
    assert "1 open. The headline stands at a bound of 0 and a point of 0.1" in words
    assert "bound 0 → 0.5, point 0.1 → 1" in words
    assert "Worth nothing until all are solved" in words


def test_a_lot_cannot_be_picked_and_can_be_repeated():
    names = [f"samples/{n}.json" for n in range(600)]
    drawn = draw(names, "ab" * 32)
    assert len(drawn) == SHOWN == 5
    assert draw(list(reversed(names)), "ab" * 32) == drawn
    assert draw(names, "cd" * 32) != drawn
    assert drawn == tuple(sorted(names, key=place)[:5])
    assert draw([], "x") == ()


def place(name: str) -> bytes:
    return hashlib.sha256(f"{'ab' * 32}/{name}".encode()).digest()


def test_transcripts_drawn_by_lot_say_how_and_from_what():
    lot = Drawn(
        seed="ab" * 32,
        record=12,
        where="Inspect log",
        of=600,
        samples=({"id": "s-9", "prompt": "Q <b>", "output": "A \x1b[31m", "note": "C"},),
    )
    none = Drawn(record=13, says="Inspect log cannot be read: gone")
    source = made(make_assessment(), transcripts={"E-CONTROL": lot, "E-WEIGHTS": none})
    page = assert_safe(render(source, element_path(source, "E-CONTROL")))
    assert "1 of 600 samples in Inspect log" in page.words
    assert "digest of record 12, which ended the attempt" in page.words
    assert "A ␛[31m" in page.words
    other = Page(render(source, element_path(source, "E-WEIGHTS"))).words
    assert "No sample of this run is kept" in other
    assert "gone" in other


def test_a_file_that_would_be_too_large_keeps_every_row_and_says_what_it_leaves_out(monkeypatch):
    from safetycase.report import page as module

    whole = make_assessment()
    full = render_single(made(whole))
    monkeypatch.setattr(module, "MOST", len(style()) + len(script()) + 20_000)
    small = render_single(made(whole))
    page = Page(small)
    assert len(small) < len(full)
    assert "elements have their row alone in this file" in page.words
    assert "Elements with the most to say" in page.words
    ids = page.all("id")
    assert len(ids) == len(set(ids))
    for name in whole.case.elements:
        assert f"claim-{name}" in ids
    assert {link[1:] for link in page.all("href") if link.startswith("#")} <= set(ids)


def test_words_of_the_script_are_those_of_the_pages(source):
    page = render_single(source)
    text = script()
    fine = re.search(r'data-fine="([^"]+)"', page)
    assert fine
    assert {"supported", "fresh", "ready"} <= set(markup.unescape(fine[1]).split("|"))
    assert "stands" not in fine[1].split("|")
    for name in ("data-tree", "data-find", "dialog", "data-key"):
        assert name in page
    assert len(text.splitlines()) < 400
    for forbidden in ("eval(", "innerHTML", "fetch(", "XMLHttpRequest", "localStorage", "import"):
        assert forbidden not in text


def test_a_row_shows_the_confidence_as_a_bar_and_in_words():
    from safetycase.assess.records import Confidence

    whole = make_assessment()
    root = replace(whole.root, confidence=Confidence(low=0.931, high=0.988))
    source = made(replace(whole, states={**whole.states, "SAFE": root}))
    text = render(source, "index.html")
    assert '<u class="l93 h99">0.93–0.99</u>' in text
    assert ".l93 {" in style()
    assert ".t90 {" in style()
