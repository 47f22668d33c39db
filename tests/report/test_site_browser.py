"""The pages in a real browser: nothing hostile runs, everything fits, and the keys work."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.report.conftest import HOSTILE, make_assessment, spoil
from tests.verifier.browser import CHROMIUM, Browser

from safetycase.assess.records import Assessment
from safetycase.report.page import render_single
from safetycase.report.site import Source, assets, element_path, paths, render

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: no browser saw the pages"),
]
ATTACK = (
    "<img src=x onerror=window.owned=1><svg onload=window.owned=1><script>window.owned=1</script>"
    "<a href=javascript:window.owned=1>click</a>\"' onfocus=window.owned=1 autofocus x='"
)
FITS = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
FOCUS = "for (const a of document.querySelectorAll('main a'))"
MARK = "getComputedStyle(document.querySelector('.top i[class]'), '::before')"
HITS = "[...document.querySelectorAll('.outline .hit')]"


def spoiled(by: str) -> Assessment:
    whole = make_assessment()
    ids = frozenset([*whole.case.elements, *whole.states])
    return spoil(whole, ids, by)


def written(folder: Path, source: Source) -> None:
    for path in paths(source):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(render(source, path), "utf-8")
    for name, text in assets().items():
        (folder / name).write_text(text, "utf-8")
    (folder / "single.html").write_text(render_single(source), "utf-8")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    written(folder, Source(assessment=make_assessment(), version="1"))
    return folder


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Source]:
    folder = tmp_path_factory.mktemp("hostile")
    source = Source(assessment=spoiled(ATTACK + HOSTILE), version=ATTACK, since=ATTACK)
    written(folder, source)
    return folder, source


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("profile")) as made:
        yield made


@pytest.fixture
def see(browser: Browser) -> Iterator[Callable[..., Browser]]:
    """Open a page at a width, with scripts or without, and forget what came before."""

    def opened(page: Path, *, width: int = 1600, scripts: bool = True, at: str = "") -> Browser:
        browser.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=False,
        )
        browser.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        browser.call("Page.navigate", url="about:blank")
        browser.events.clear()
        browser.call("Page.navigate", url=page.as_uri() + at)
        # A page whose scripts are off has no timers: it is asked again from here.
        for _ in range(500):
            if browser.run("document.readyState === 'complete' && location.href !== 'about:blank'"):
                return browser
            time.sleep(0.02)
        raise AssertionError(f"{page} did not load")

    yield opened
    browser.call("Emulation.setScriptExecutionDisabled", value=False)


def said(browser: Browser, method: str) -> list[Any]:
    browser.run("1")  # everything that was sent before is read
    return [e["params"] for e in browser.events if e.get("method") == method]


def requested(browser: Browser) -> set[str]:
    return {each["request"]["url"] for each in said(browser, "Network.requestWillBeSent")}


@pytest.mark.parametrize("width", [360, 1600])
def test_hostile_text_runs_nothing_asks_nobody_and_can_be_read(see, hostile, width) -> None:
    folder, source = hostile
    names = [element_path(source, name) for name in list(source.assessment.case.elements)[:4]]
    for path in ("single.html", "index.html", "map.html", "evidence.html", "help.html", *names):
        browser = see(folder / path, width=width)
        assert browser.run("window.owned === undefined"), path
        assert browser.run("document.documentElement.dataset.ready") == "yes", path
        assert browser.run("document.body.innerText.includes('onerror=window.owned=1')"), path
        assert said(browser, "Page.javascriptDialogOpening") == []
        assert {url[:8] for url in requested(browser)} <= {"file:///", "data:ima"}
        assert browser.run(FITS), path
    browser = see(folder / "single.html", width=width)
    browser.run(f"{FOCUS} a.dispatchEvent(new Event('focus'))")
    browser.run("for (const d of document.querySelectorAll('details')) d.open = true")
    assert browser.run("window.owned === undefined")


@pytest.mark.parametrize("width", [360, 1600])
@pytest.mark.parametrize("scripts", [True, False])
def test_every_view_fits_the_screen_with_scripts_and_without(see, site, width, scripts) -> None:
    for page in (*sorted(site.glob("*.html")), *sorted(site.glob("claim/E-*.html"))):
        browser = see(page, width=width, scripts=scripts)
        assert browser.run(FITS), page
        # The stylesheet was let in, also from beside the page.
        assert browser.run("getComputedStyle(document.body).display") == "grid"
        assert browser.run(f"{MARK}.width") not in ("auto", "0px")
        assert "data:image" in browser.run(f"{MARK}.maskImage")


def test_without_scripts_rows_fold_and_maps_are_walked_by_links(see, site) -> None:
    browser = see(site / "single.html", scripts=False)
    assert browser.run("document.querySelector('[data-find]').offsetParent === null")
    browser.run("document.querySelector('.outline summary').click()")
    assert browser.run("document.querySelector('.outline details').open") is False
    see(site / "single.html", scripts=False, at="#map-claim-POISONING")
    figures = "[...document.querySelectorAll('.maps > figure')]"
    shown = f"{figures}.filter((f) => f.offsetParent).map((f) => f.id)"
    assert browser.run(shown) == ["map-claim-POISONING"]
    see(site / "map.html", scripts=False)
    href = browser.run("document.querySelector('svg.map a[href*=POISONING]').href.baseVal")
    assert href.endswith("map/POISONING.html")


def test_keys_walk_fold_and_find(see, site) -> None:
    browser = see(site / "single.html")

    def press(key: str) -> None:
        browser.run(
            "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', "
            f"{{key: {key!r}, bubbles: true, cancelable: true}}))"
        )

    def at() -> str:
        return browser.run("document.activeElement.querySelector('a')?.textContent ?? ''")

    assert browser.run("document.querySelector('[data-tree]').getAttribute('role')") == "treegrid"
    browser.run("document.querySelector('.outline summary').focus()")
    assert at() == "SAFE"
    press("ArrowRight")
    assert at() == "ROUTES"
    press("ArrowLeft")
    browser.wait("document.activeElement.getAttribute('aria-expanded') === 'false'")
    press("ArrowLeft")
    assert at() == "SAFE"
    press("End")
    last = at()
    assert last not in ("SAFE", "ROUTES")
    press("Home")
    press("n")
    assert at() != "SAFE"
    assert browser.run("document.querySelectorAll('[role=row][aria-level]').length") > 10
    assert browser.run("document.querySelectorAll('[role=row][tabindex=\"0\"]').length") == 1

    browser.run("document.querySelector('.outline summary').focus()")
    press("/")
    assert browser.run("document.activeElement.name") == "q"
    browser.run(
        "document.activeElement.value = 'poisoned samples';"
        "document.activeElement.dispatchEvent(new Event('input', {bubbles: true}))"
    )
    assert browser.run("document.querySelector('output').textContent") == "1 element"
    assert "CONTROL" in browser.run(f"{HITS}.map((e) => e.querySelector('a').textContent)")
    assert browser.run("location.hash") == "#?q=poisoned+samples"
    press("Escape")
    assert browser.run("document.querySelector('.outline').classList.contains('found')") is False
    press("?")
    assert browser.run("document.querySelector('dialog').open") is True
    press("?")
    assert browser.run("document.querySelector('dialog').open") is False


def test_an_address_keeps_what_was_asked(see, site) -> None:
    browser = see(site / "single.html", at="#?status=refuted")
    assert browser.run("document.querySelector('[name=status]').value") == "refuted"
    assert browser.run(f"{HITS}.length") > 0
    assert browser.run(f"{HITS}.every((e) => e.textContent.includes('refuted'))")


def test_a_row_that_an_address_names_is_opened(see, tmp_path, monkeypatch) -> None:
    from safetycase.report import page as module
    from safetycase.report import rows

    monkeypatch.setattr(module, "MOST", 0)
    monkeypatch.setattr(rows, "OPEN_ROWS", 1)
    monkeypatch.setattr(rows, "OPEN_DEPTH", 1)
    (tmp_path / "small.html").write_text(
        render_single(Source(assessment=make_assessment(), version="1")), "utf-8"
    )
    browser = see(tmp_path / "small.html", at="#claim-RECALL")
    browser.wait("document.getElementById('claim-RECALL').offsetParent !== null")


def test_what_is_folded_is_printed(see, site) -> None:
    browser = see(site / "single.html")
    browser.run("for (const d of document.querySelectorAll('.outline details')) d.open = false")
    inner = "document.querySelector('.outline details details summary').checkVisibility()"
    shown = f"{inner} || document.querySelector('.outline details details').offsetHeight > 0"
    assert browser.run(inner) is False
    browser.call("Emulation.setEmulatedMedia", media="print")
    try:
        assert browser.run(shown) is True
        assert browser.run("document.querySelector('nav').offsetParent === null")
        assert browser.run("getComputedStyle(document.querySelector('.find')).display") == "none"
    finally:
        browser.call("Emulation.setEmulatedMedia", media="")


LONG = "a-name-of-" + "-".join(["many-parts"] * 6)


def test_nothing_makes_a_browser_print_it_smaller(see, tmp_path) -> None:
    """What is wider than the paper makes a browser shrink the text of every page."""
    page = tmp_path / "page.html"
    text = render_single(Source(assessment=make_assessment(), version="1"))
    page.write_text(
        text.replace("E-CONTROL", LONG).replace("case.yaml", f"{LONG}/case.yaml"), "utf-8"
    )
    browser = see(page, width=700)
    browser.call("Emulation.setEmulatedMedia", media="print")
    try:
        assert browser.run(FITS), browser.run("document.documentElement.scrollWidth")
    finally:
        browser.call("Emulation.setEmulatedMedia", media="")


def test_a_mark_is_printed_as_a_drawing_in_its_colour(see, site) -> None:
    browser = see(site / "single.html")
    browser.call("Emulation.setEmulatedMedia", media="print")
    try:
        assert browser.run(f"{MARK}.maskImage") == "none"
        drawn = browser.run(f"{MARK}.backgroundImage")
        assert drawn.startswith('url("data:image/svg+xml,')
        assert "mask" not in drawn
        assert "color=%27%23" in drawn or "color='%23" in drawn
    finally:
        browser.call("Emulation.setEmulatedMedia", media="")


@pytest.mark.parametrize("page", ["index.html", "single.html"])
def test_on_a_telephone_a_table_of_sentences_is_read_without_scrolling_sideways(
    see, site, page
) -> None:
    """Each row is a card, whose cells say what they are; to a screen reader it stays a table."""
    browser = see(site / page, width=360)
    assert browser.run("document.querySelectorAll('.cards').length") > 0
    fits = "[...document.querySelectorAll('.cards')].every((t) => t.parentElement.scrollWidth <= "
    assert browser.run(f"{fits} t.parentElement.clientWidth)")
    told = "getComputedStyle(document.querySelector('.cards td:last-child'), '::before').content"
    assert ":" in browser.run(told)
    roles = "[...document.querySelectorAll('.cards, .cards tr, .cards th, .cards td')]"
    assert browser.run(f"{roles}.every((e) => e.hasAttribute('role'))")
