"""The documentation holds together: every link leads somewhere, every page is led to."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.slow
def test_every_link_leads_somewhere_and_every_page_is_reached() -> None:
    site = runpy.run_path(str(ROOT / "scripts" / "site.py"))
    pages, _ = site["all_pages"]()
    assert list(site["lost"](pages)) == []


@pytest.mark.slow
def test_the_site_is_built_and_its_links_are_to_its_own_pages(tmp_path: Path) -> None:
    site = runpy.run_path(str(ROOT / "scripts" / "site.py"))
    assert site["build"](tmp_path / "site") == len(site["all_pages"]()[0])
    page = (tmp_path / "site" / "docs" / "learn" / "first-case.html").read_text("utf-8")
    assert 'href="../../docs/why/spent-alpha.html"' in page
    assert (tmp_path / "site" / "docs" / "images" / "report-outline.png").is_file()
    assert "<script" not in page
    first, paper, method = (
        page.index(f'href="../../docs/learn/{name}.html"')
        for name in ("first-case", "from-a-paper", "add-a-method")
    )
    assert first < paper < method


def test_a_folder_that_is_no_site_is_not_replaced(tmp_path: Path) -> None:
    site = runpy.run_path(str(ROOT / "scripts" / "site.py"))
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(SystemExit, match="is no site"):
        site["build"](tmp_path)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_link_that_leads_nowhere_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = runpy.run_path(str(ROOT / "scripts" / "site.py"))
    for name, text in (
        (
            "README.md",
            "# One\n\n[a](docs/two.md#gone) [b](docs/none.md) [c](docs/two.md#two-words)\n",
        ),
        ("docs/two.md", "# Two\n\n## Two words\n"),
        ("docs/three.md", "# Three\n"),
        ("CONTRIBUTING.md", "# Four\n\n[up](README.md)\n"),
    ):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    globals_ = site["all_pages"].__globals__
    monkeypatch.setitem(globals_, "ROOT", tmp_path)
    monkeypatch.setitem(globals_, "FIRST", tmp_path / "README.md")
    assert list(site["lost"](site["all_pages"]()[0])) == [
        "README.md:3: `docs/two.md#gone` leads to no heading of docs/two.md",
        "README.md:3: `docs/none.md` leads to no file",
        "CONTRIBUTING.md: no page leads here",
        "docs/three.md: no page leads here",
    ]
