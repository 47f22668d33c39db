"""The served pages in a real browser: both widths, scripts on and off, keys, news, hostile text."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.conftest import COIN, Ran, write_case
from tests.web.browsing import Tab, axe_source, needs_chromium, violations
from tests.web.reviewed import reviewed
from tests.web.serving import SECRET, Served, serving

from safetycase.ledger import fold, read

pytestmark = [pytest.mark.browser, pytest.mark.slow, needs_chromium]

ROOT = Path(__file__).resolve().parents[2]
VIEWS = ("/", "/map", "/evidence", "/attempts", "/agenda", "/monitors", "/review", "/findings",
         "/changes", "/record", "/help", "/?kind=claim&status=open", "/nothing",
         "/confidence", "/review/checklist")  # fmt: skip


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    with Tab(tmp_path_factory.mktemp("profile")) as tab:
        assert isinstance(tab, Tab)
        yield tab


@pytest.fixture(autouse=True)
def _nothing_open(tab: Tab) -> None:
    """What another test left open asks its server no more."""
    tab.go("about:blank")


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A case that is shipped, with every form that there is."""
    folder = tmp_path_factory.mktemp("shipped") / "case"
    shutil.copytree(ROOT / "cases" / "internal-assistant", folder)
    with serving(folder, run_command=("false",), may_review=True) as server:
        yield server


def pages(server: Served) -> list[str]:
    """Every view, and an element of each kind."""
    found = list(VIEWS)
    assessment = server.app.shared.good.assessment
    kinds: set[str] = set()
    for name, state in assessment.states.items():
        if state.kind not in kinds and "/" not in name:
            kinds.add(state.kind)
            found.append(f"/claim/{name}")
    return [*found, "/run"] if server.app.shared.runs else found


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
@pytest.mark.parametrize("width", [360, 1600])
def test_every_page_fits_and_breaks_no_rule(
    tab: Tab, shipped: Served, width: int, scripts: bool
) -> None:
    tab.events.clear()
    tab.size(width)
    tab.scripts(scripts)
    try:
        for path in pages(shipped):
            tab.go(f"{shipped.url}{path}")
            assert tab.run("document.querySelector('main').innerText.length") > 20, path
            assert tab.overflow() == "", path
        complaints = [c for c in tab.complaints() if "404" not in c]
        assert complaints == []
        assert [url for url in tab.asked() if not url.startswith(shipped.url)] == []
    finally:
        tab.scripts(True)


def test_filters_and_folds_work_with_scripts_off(tab: Tab, shipped: Served) -> None:
    tab.size(1600)
    tab.scripts(False)
    try:
        tab.go(f"{shipped.url}/")
        tab.run("document.querySelector('form.find select[name=kind]').value = 'evidence'")
        tab.run("document.querySelector('form.find button').click()")
        tab.wait("location.search.includes('kind=evidence') && document.readyState == 'complete'")
        assert "element" in tab.run("document.querySelector('form.find output').textContent")
        tab.go(f"{shipped.url}/")
        tab.wait("document.querySelector('main .outline details[open]') !== null")
        before = tab.run("document.querySelectorAll('main details[open]').length")
        tab.run("document.querySelector('main .outline details[open] > summary').click()")
        assert tab.run("document.querySelectorAll('main details[open]').length") == before - 1
    finally:
        tab.scripts(True)


def test_the_keyboard_finds_walks_and_tells_its_keys(tab: Tab, shipped: Served) -> None:
    tab.size(1600)
    tab.go(f"{shipped.url}/")
    tab.press("?")
    tab.wait("document.querySelector('dialog[open]') !== null")
    tab.press("Escape")
    tab.wait("document.querySelector('dialog[open]') === null")
    tab.press("/")
    tab.wait("document.activeElement.matches('input[type=search]')")
    tab.run("document.activeElement.blur()")
    tab.run("document.querySelector('.outline [role=row][tabindex=\"0\"]').focus()")
    first = tab.run("document.activeElement.textContent")
    tab.press("ArrowDown")
    assert tab.run("document.activeElement.getAttribute('role')") == "row"
    assert tab.run("document.activeElement.textContent") != first
    tab.press("ArrowUp")
    tab.press("ArrowLeft")
    tab.wait("document.activeElement.getAttribute('aria-expanded') === 'false'")
    tab.press("ArrowRight")
    tab.wait("document.activeElement.getAttribute('aria-expanded') === 'true'")


def test_an_open_page_follows_the_file_and_keeps_its_place(tab: Tab, tmp_path: Path) -> None:
    folder = write_case(tmp_path / "coin", COIN, {"items.txt": "x\n"})
    case = folder / "case.yaml"
    with serving(folder) as server:
        tab.size(1600)
        tab.go(f"{server.url}/")
        tab.run("document.querySelector('main .outline details[open] > summary').click()")
        folded = tab.run("document.querySelectorAll('main .outline details[open]').length")
        case.write_text(COIN.replace("The coin is safe.", "The coin is quite safe."), "utf-8")
        tab.wait("document.body && document.body.innerText.includes('The coin is quite safe.')")
        # The script folds it again once it runs, which is after the page is there.
        tab.wait(f"document.querySelectorAll('main .outline details[open]').length === {folded}")
        # Who is writing is told, and keeps what was written.
        tab.run("document.querySelector('input[type=search]').focus()")
        tab.press("a")
        case.write_text(COIN.replace("The coin is safe.", "The coin is very safe."), "utf-8")
        tab.wait("document.querySelector('#news') !== null")
        assert tab.run("document.querySelector('input[type=search]').value") == "a"
        assert "very safe" not in tab.run("document.body.innerText")
        tab.run("document.querySelector('#news a').click()")
        tab.wait("document.body && document.body.innerText.includes('The coin is very safe.')")
        # A broken file shows what is wrong on the first page, and heals by itself.
        case.write_text("case: [\n", "utf-8")
        tab.wait("document.body && document.body.innerText.includes('cannot be read now')")
        case.write_text(COIN, "utf-8")
        tab.wait("document.body && document.body.innerText.includes('The coin is safe.')")
    tab.wait("document.querySelector('#news')?.textContent.includes('does not answer')")


HOSTILE = (
    "<script>window.owned=1</script>",
    "<img src=x onerror=window.owned=2>",
    "javascript:window.owned=3",
    "\"><svg onload=window.owned=4>",
    "' onfocus=window.owned=5 autofocus '",
    "</textarea><script>window.owned=6</script>",
    "{{ 7 * 7 }}{% raw %}",
    "\u202e\u2066evil\u200b\x1b[31m",
    "=HYPERLINK(\"http://evil.example\")",
    "https://evil.example/?[x](javascript:window.owned=7)",
    "</style><script>window.owned=8</script>",
)  # fmt: skip


def hostile(tmp: Path) -> Path:
    """A case with an attack in every field that takes text."""
    import json

    whole = " ".join(HOSTILE)
    long = "<b onclick=window.owned=9>" * 40_000
    says = json.dumps(whole, ensure_ascii=True)
    text = COIN
    for plain in ("A coin", "throwing the coin", "too many heads", "a head", "The coin is safe.",
                  "Heads are the only route.", "Every run is in the record.", "lead",
                  "It is the coin."):  # fmt: skip
        text = text.replace(f": {plain}\n", f": {says}\n").replace(f": {plain}", f": {says}")
    text = text.replace("Heads are rare.", json.dumps(whole + long))
    return write_case(tmp / "hostile", text, {"items.txt": whole + "\n"})


def test_hostile_text_runs_nothing_and_asks_nobody(tab: Tab, tmp_path: Path) -> None:
    import sys

    says = f"import sys; sys.stderr.write({' '.join(HOSTILE)!r} + chr(10))"
    with serving(hostile(tmp_path), run_command=(sys.executable, "-c", says)) as server:
        assert server.app.shared.good is not None, server.app.shared.reading.findings
        tab.events.clear()
        assert server.post("/run", {"csrf": SECRET}).status == 303
        server.until(lambda: not server.app.shared.runs.latest.goes_on)
        paths = pages(server)
        paths += ["/?q=%3Cscript%3Ewindow.owned=10%3C/script%3E&kind=%22%3E%3Cscript%3E",
                  "/changes?since=%3Cimg%20src=x%20onerror=window.owned=11%3E",
                  "/map?focus=%3Cimg%20src=x%20onerror=window.owned=12%3E",
                  "/claim/%3Cimg%20src=x%20onerror=window.owned=13%3E"]  # fmt: skip
        for width in (360, 1600):
            tab.size(width)
            for path in paths:
                tab.go(f"{server.url}{path}")
                assert tab.run("window.owned") is None, path
                assert tab.overflow() == "", path
                assert not tab.run(
                    "document.querySelector('main img, main iframe, main object')"
                ), path
        tab.go(f"{server.url}/claim/SAFE")
        assert "<script>window.owned=1</script>" in tab.run("document.body.innerText")
        assert [url for url in tab.asked() if not url.startswith(server.url)] == []
        assert [c for c in tab.complaints() if "404" not in c] == []


def test_a_reviewer_signs_in_a_browser(
    tab: Tab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    axe = axe_source()
    folder = reviewed(tmp_path)
    monkeypatch.setenv("SAFETYCASE_KEY", str(tmp_path / "Grace.pem"))
    with serving(folder, may_review=True) as server:
        tab.events.clear()
        for width in (360, 1600):
            tab.size(width)
            for verb in ("challenge", "sign", "override", "respond"):
                on = "" if verb == "respond" else "?on=RARE"
                tab.go(f"{server.url}/review/{verb}{on}")
                assert tab.overflow() == "", verb
                assert violations(tab, axe) == [], verb
        tab.scripts(False)
        tab.go(f"{server.url}/claim/RARE")
        tab.run("document.querySelector('a[href*=\"/review/challenge\"]').click()")
        tab.wait("document.querySelector('textarea[name=says]')")
        tab.run("document.querySelector('select').value = 'major'")
        tab.run("document.querySelector('textarea').value = 'One\\ntwo \"<b>\" lines'")
        tab.run("document.querySelector('form.fields button').click()")
        tab.wait("document.querySelector('input[name=seen]')")
        assert tab.overflow() == ""
        assert "supported → contested" in tab.run("document.querySelector('main').innerText")
        tab.scripts(True)
        assert violations(tab, axe) == []
        tab.run("document.querySelector('form button').click()")
        tab.wait("location.pathname === '/claim/RARE' && document.readyState === 'complete'")
        assert "contested" in tab.run("document.querySelector('main').innerText")
        assert tab.complaints() == []
    (record,) = fold(read(folder / "ledger")).challenges
    assert record.says == 'One\ntwo "<b>" lines'


def test_hostile_words_of_a_review_run_nothing(
    tab: Tab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a form that is shown again, on the page before signing, and wherever it shows after."""
    import json

    whole = json.dumps("\n".join(HOSTILE))
    folder = reviewed(tmp_path)
    monkeypatch.setenv("SAFETYCASE_KEY", str(tmp_path / "Grace.pem"))
    fill = (
        "document.querySelectorAll('form.fields textarea').forEach((e) => { e.value = %s; });"
        "document.querySelectorAll('form.fields input[type=text]').forEach((e) => {"
        " e.value = %s.slice(0, e.maxLength).replaceAll('\\n', ' '); });"
        "document.querySelectorAll('form.fields select').forEach((e) => {"
        " e.selectedIndex = %d; });"
        "document.querySelector('form.fields').noValidate = true;"
        "document.querySelector('form.fields button').click()"
    )
    with serving(folder, may_review=True) as server:
        tab.events.clear()
        tab.size(360)
        for verb, choice in (("challenge", 2), ("sign", 1), ("dissent", 0)):
            tab.go(f"{server.url}/review/{verb}?on=RARE")
            tab.run(fill % (whole, whole, choice))
            if verb == "sign":  # conditions with a plain acceptance, and hours that are none
                tab.wait("document.querySelector('[role=alert]')")
                assert tab.overflow() == ""
                tab.run("document.querySelector('[name=hours]').value = ''")
                tab.run("document.querySelector('select').selectedIndex = 2")
                tab.run("document.querySelector('form.fields button').click()")
            tab.wait("document.querySelector('input[name=seen]')")
            assert tab.overflow() == "", verb
            assert tab.run("window.owned") is None
            tab.run("document.querySelector('form button').click()")
            tab.wait("location.pathname === '/claim/RARE' && document.readyState === 'complete'")
        for path in ("/claim/RARE", "/review", "/", "/review/respond", "/review/resolve?on=C1"):
            tab.go(f"{server.url}{path}")
            assert tab.overflow() == "", path
            assert tab.run("window.owned") is None, path
            assert not tab.run("document.querySelector('main img, main script, main b[onclick]')")
        assert [url for url in tab.asked() if not url.startswith(server.url)] == []
        assert [c for c in tab.complaints() if "422" not in c] == []
    assert fold(read(folder / "ledger")).dissents[0].says == "\n".join(HOSTILE).strip()


def test_a_reader_checks_a_bundle_in_a_served_page(
    tab: Tab, tmp_path: Path, sc: Callable[..., Ran]
) -> None:
    folder = reviewed(tmp_path)
    bundle = tmp_path / "own.scbundle"
    assert sc("record", "bundle", folder, "-o", bundle).code == 0
    with serving(folder) as server:
        tab.events.clear()
        tab.go(f"{server.url}/record")
        tab.wait("document.querySelector('#check-record input[type=file]')")
        tab.choose("#check-record input[type=file]", bundle)
        done = "document.querySelector('#check-record').innerText.includes('verified: 3 records')"
        tab.wait(done)
        said = tab.run("document.querySelector('#check-record').innerText")
        assert "It is the record that this report was made from." in said
        assert tab.complaints() == []


def test_axe_finds_nothing_serious(tab: Tab, shipped: Served) -> None:
    axe = axe_source()
    found = {}
    for width, paths in ((1600, pages(shipped)), (360, ("/", "/map", "/run", "/evidence"))):
        tab.size(width)
        for path in paths:
            tab.go(f"{shipped.url}{path}")
            if wrong := violations(tab, axe):
                found[f"{path} at {width}"] = wrong
    assert found == {}
