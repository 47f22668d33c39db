"""What each address shows: the views, filters, elements, data, and what is not there."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conftest import COIN, write_case
from tests.web.serving import Served, serving

from safetycase.report import site


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_case(tmp_path_factory.mktemp("pages") / "coin", COIN, {"items.txt": "head\n"})
    told = {"GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z", "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z"}
    name = ["-c", "user.name=a", "-c", "user.email=a@example"]
    for words in (["init", "-q"], ["add", "."], [*name, "commit", "-qm", "first"]):
        subprocess.run(
            ["git", *words], cwd=folder, check=True, env={"PATH": "/usr/bin:/bin", **told}
        )
    text = COIN.replace("rate <= 0.20", "rate <= 0.25")
    (folder / "case.yaml").write_text(text, "utf-8")
    return folder


@pytest.fixture(scope="module")
def case(folder: Path) -> Iterator[Served]:
    with serving(folder) as server:
        yield server


def test_every_page_of_the_report_has_an_address(case: Served) -> None:
    source = case.app.shared.good.made
    views = site.paths(source)
    assert len(views) > 10
    for path in views:
        name = path.removesuffix(".html").replace("map/", "map?focus=")
        reply = case.ask("/" if name == "index" else f"/{name}")
        assert reply.status == 200, path
        assert reply.headers["content-type"] == "text/html; charset=utf-8"
        assert 'http-equiv="Content-Security-Policy"' not in reply.text
        assert '<script type="module" src="/static/live.js" data-state="1">' in reply.text


def test_every_link_leads_somewhere(case: Served) -> None:
    left, seen = ["/"], set()
    while left:
        path = left.pop()
        if path in seen:
            continue
        seen.add(path)
        reply = case.ask(path)
        assert reply.status == 200, path
        if reply.headers["content-type"].startswith("text/html"):
            found = re.findall(r'(?:href|src|action)="([^"#]+)[^"]*"', reply.text)
            assert all(link.startswith("/") for link in found), found
            left += [link.replace("&amp;", "&") for link in found]
    assert {"/", "/claim/SAFE", "/claim/E-COIN", "/static/app.js", "/help"} <= seen


def test_an_element_is_found_by_its_id_and_a_near_miss_is_named(case: Served) -> None:
    page = case.ask("/claim/RARE").text
    assert "rate &lt;= 0.25" in page or "rate ≤ 0.25" in page
    for wrong in ("/claim/RAER", "/claim/rare"):
        reply = case.ask(wrong)
        assert reply.status == 404
        assert '<a href="/claim/RARE">' in reply.text
    assert '<a href="/agenda">' in case.ask("/agnda").text
    assert '<a href="/claim/RARE">' in case.ask("/RARE").text
    hostile = case.ask("/claim/%3Cscript%3Ealert(1)%3C/script%3E")
    assert hostile.status == 404
    assert "<script>alert" not in hostile.text


def test_filters_stand_in_the_address_and_need_no_script(case: Served) -> None:
    whole = case.ask("/").text
    only = case.ask("/?kind=evidence").text
    assert "/claim/E-COIN" in only
    assert "REGISTRY-COMPLETE" in whole
    assert '<a href="/claim/REGISTRY-COMPLETE">' not in only.partition('id="outline"')[2]
    assert "1 element" in only
    assert "0 elements" in case.ask("/?q=nothing+of+this").text
    assert "1 element" in case.ask("/?q=heads+rare").text
    assert "1 element" in case.ask("/?status=assumed").text
    assert "1 element" in case.ask("/?kind=evidence&fresh=never+run").text


def test_a_word_that_no_filter_has_is_said_and_not_guessed(case: Served) -> None:
    text = case.ask("/?kind=evidnce").text
    assert "No kind is called" in text
    assert "did you mean" in text
    assert "/claim/REGISTRY-COMPLETE" in text


def test_the_data_is_what_status_prints(case: Served, sc) -> None:
    mine = json.loads(case.ask("/api/case.json").text)
    theirs = sc("status", case.app.shared.wanted.folder, "--json", "--now", "2026-11-27T12:00:00Z")
    for key in ("states", "verdict", "elements", "record", "due"):
        assert mine.get(key) == theirs.json.get(key), key


def test_changes_since_a_revision(case: Served) -> None:
    assert case.ask("/changes").status == 200
    changed = case.ask("/changes?since=HEAD").text
    assert "RARE" in changed
    assert "0.25" in changed


@pytest.mark.parametrize(
    "word", ["nothing", "--output=/tmp/x", "/etc", ".", "../..", "HEAD:case.yaml"]
)
def test_only_revisions_are_compared_and_no_file_is_read(case: Served, word: str) -> None:
    reply = case.ask(f"/changes?since={word}")
    assert reply.status == 200
    assert "revision of git" in reply.text


def test_the_questions_of_a_reviewer(case: Served) -> None:
    whole = case.ask("/review/checklist")
    assert whole.status == 200
    assert "<h2>The case</h2>" in whole.text
    assert '<a href="/claim/E-COIN"><code>E-COIN</code></a>' in whole.text
    part = case.ask("/review/checklist?for=RARE").text
    assert "<h2>The case</h2>" not in part
    assert "REGISTRY-COMPLETE</code></a></h2>" not in part
    assert part.count("<li>") < whole.text.count("<li>")
    assert case.ask("/review/checklist?for=RAER").status == 404
    assert 'href="/review/checklist?for=RARE"' in case.ask("/claim/RARE").text
