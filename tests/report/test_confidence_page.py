"""The page and the data with a breakdown: complete, linked, safe, and optional."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass

import pytest
from tests.report.breakdowns import ATTACK, hostile_breakdown, make_breakdown
from tests.report.test_browser import CHROMIUM, FLAGS
from tests.report.test_page import Page, assert_harmless

from safetycase.report import render_html, to_json
from safetycase.report.clean import anchor

SECTION = re.compile(r'<section id="confidence".*?</section>', re.S)


def section(html: str) -> str:
    found = SECTION.search(html)
    assert found
    return found[0]


def test_without_a_breakdown_the_page_is_as_before(assessment):
    plain = render_html(assessment, version="1")
    assert 'href="#confidence"' not in plain
    assert not SECTION.search(plain)
    unknown = make_breakdown(no_number_because=("WEIGHTS is stale",))
    assert render_html(assessment, version="1", breakdown=unknown) == plain


def test_the_section_tells_what_the_number_is_made_of(assessment):
    html = render_html(assessment, version="1", breakdown=make_breakdown())
    assert 'href="#confidence"' in html
    page = Page(section(html))
    for expected in (
        "Bel 0.84 – Pl 0.97; reference model 0.88; conflict 0; conditional on 6 assumptions",
        "The decision asks for 0.9: Bel falls short of it by 0.057.",
        "in all, so Bel is 1 − 0.157 = 0.843",
        "0.070 evidence imprecision: the intervals of 3 leaves are wide → test more",
        "fail together, while",
        "with no doubt about it Bel is 0.89",
        "were it gone, Bel would rise by at least 0.050",
        "None of them is the probability that the system is safe.",
        "It comes with a certificate",
        "an objection that nothing in the case answers yet.",
    ):
        assert expected in page.words, expected
    assert [tag for tag, _ in page.tags].count("svg") >= 2
    assert html.index('id="main"') < html.index('id="confidence"') < html.index('id="doubts"')


def test_the_ledger_links_to_its_elements(assessment):
    html = render_html(assessment, version="1", breakdown=make_breakdown())
    part = section(html)
    for name in ("E-SELF-REASONING", "ROUTES-COMPLETE", "PATHS", "D-RED-TEAM"):
        assert f'href="#{anchor(name)}"' in part
        assert f'id="{anchor(name)}"' in html
    assert f'href="#{anchor("AUDIT-APART")}"' not in part  # the case has no such element
    assert "<code>AUDIT-APART</code>" in part


def test_ids_are_unique_and_headers_scoped(assessment):
    html = render_html(assessment, version="1", breakdown=make_breakdown())
    page = assert_harmless(html)
    ids = page.all("id")
    assert len(ids) == len(set(ids))
    assert all(a.get("scope") in ("col", "row") for t, a in page.tags if t == "th")
    described = " ".join(v for v in page.all("aria-labelledby") if v).split()
    assert set(described) <= set(ids)
    assert set(re.findall(r"url\(#([^)]+)\)", html)) <= set(ids)


@pytest.mark.parametrize("by", [ATTACK, "A" * 10_000, "שלום\u202e\u2066" * 300])
def test_hostile_text_stays_text(spoiled, by):
    html = render_html(spoiled(), version="1", breakdown=hostile_breakdown(by))
    page = assert_harmless(html)
    assert len(section(html)) < 200_000
    assert by[:4] in page.words


def test_the_classes_of_the_pictures_are_in_the_stylesheet(assessment):
    html = render_html(assessment, version="1", breakdown=make_breakdown())
    page = Page(html)
    drawn = " ".join(re.findall(r'<svg[^>]*class="plot".*?</svg>', section(html), re.S))
    names = {n for group in re.findall(r'class="([^"]+)"', drawn) for n in group.split()}
    assert names
    assert {n for n in names if f".{n} " not in page.style} == set()


@pytest.mark.slow
def test_the_same_breakdown_gives_the_same_bytes(assessment):
    first, second = (
        render_html(assessment, version="1", breakdown=make_breakdown()) for _ in range(2)
    )
    assert first == second


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    kind: str
    prices: tuple[float, ...]


def test_the_data_holds_the_breakdown_unrounded(assessment):
    assert "breakdown" not in to_json(assessment)
    made = make_breakdown(
        bel=0.8431234567, certificate=Certificate(kind="proof", prices=(1.0, float("inf")))
    )
    data = to_json(assessment, breakdown=made)
    told = data["breakdown"]
    assert told["bel"] == 0.8431234567
    assert told["ledger"][1]["run"] == "E-SELF-REASONING#5"
    assert told["ways"][0]["point"] is None
    assert told["certificate"] == {"kind": "proof", "prices": [1.0, None]}
    assert json.loads(json.dumps(data, allow_nan=False)) == data


def test_hostile_text_survives_in_the_data(assessment):
    told = to_json(assessment, breakdown=hostile_breakdown())["breakdown"]
    assert told["claim"] == ATTACK
    json.dumps(told)


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: the page was not seen by a browser")
@pytest.mark.parametrize("width", [500, 1600])  # headless windows are not narrower than 500
def test_a_browser_draws_the_section_and_runs_nothing(assessment, tmp_path, width):
    page = tmp_path / "index.html"
    page.write_text(render_html(assessment, version="1", breakdown=make_breakdown()), "utf-8")
    hostile = tmp_path / "hostile.html"
    attack = "<img src=x onerror=document.title='owned'>"
    text = render_html(assessment, version="1", breakdown=hostile_breakdown(attack))
    hostile.write_text(text, "utf-8")
    common = [
        str(CHROMIUM),
        *FLAGS,
        f"--user-data-dir={tmp_path / 'profile'}",
        f"--window-size={width},1200",
    ]
    done = subprocess.run(
        [*common, "--dump-dom", hostile.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert "<title>owned" not in done.stdout
    assert '<img src="x"' not in done.stdout
    assert "onerror=document" in done.stdout  # shown as text
    shot = tmp_path / "page.png"
    subprocess.run(
        [*common, f"--screenshot={shot}", f"{page.as_uri()}"],
        capture_output=True,
        timeout=120,
        check=True,
    )
    assert shot.stat().st_size > 10_000
