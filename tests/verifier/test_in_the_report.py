"""The report checks a bundle in the page, as its reader would do it, in a real browser."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest
from tests.conftest import Ran
from tests.verifier.browser import CHROMIUM, Browser
from tests.verifier.bundles import GOLDEN

SCRIPT = re.compile(r"<script[^>]*>(.*?)</script>", re.DOTALL)


@pytest.mark.slow
def test_two_scripts_and_the_policy_names_them(sc: Callable[..., Ran], coin: Path) -> None:
    assert sc("report", coin).code == 0
    page = coin / "report" / "index.html"
    assert page.read_text("utf-8").count("<script") == 1  # there is no record to check yet
    assert sc("run", coin).code in (0, 4)
    html = page.read_text("utf-8")
    scripts = SCRIPT.findall(html)
    assert len(scripts) == html.count("<script") == 2
    (policy,) = re.findall(r"script-src ([^;]*);", unescape(html))
    digests = [base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts]
    assert sorted(policy.replace("'", "").split()) == sorted(f"sha256-{d}" for d in digests)
    for word in ("fetch(", "XMLHttpRequest", "WebSocket", "innerHTML", "eval(", "import("):
        assert not any(word in script for script in scripts)


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: the page was not seen by a browser")
def test_a_reader_checks_bundles_in_the_page(
    sc: Callable[..., Ran], coin: Path, tmp_path: Path
) -> None:
    assert sc("run", coin).code in (0, 4)
    assert sc("record", "bundle", coin, "-o", tmp_path / "good.scbundle").code == 0
    data = bytearray((tmp_path / "good.scbundle").read_bytes())
    at = data.index(b'"sig":"', data.index(b'"sig":"') + 1) + 17
    data[at] = ord("B") if data[at] == ord("A") else ord("A")
    (tmp_path / "bad.scbundle").write_bytes(data)
    theirs = GOLDEN / "roles.scbundle"
    page = coin / "report" / "index.html"
    with Browser(tmp_path / "profile") as browser:
        browser.call("Emulation.setEmulatedMedia", features=[])
        browser.open(page.as_uri())
        said = check(browser, tmp_path / "good.scbundle")
        assert re.search(r"good.scbundle: verified: 5 records and \d+ artefacts", said), said
        assert "It is the record that this report was made from." in said
        said = check(browser, tmp_path / "bad.scbundle")
        assert "NOT VERIFIED: record 2 (registration, line 2) has a signature that does not" in said
        said = check(browser, theirs)
        assert "roles.scbundle: verified: 14 records and 2 artefacts" in said
        assert "It is the record of another case than this report's." in said
        assert "Åsa Ström, reviewer (reviewer)" in said
        said = check(browser, page)  # no bundle at all
        assert "NOT VERIFIED: the file is no bundle" in said
        loads = [e for e in browser.events if e["method"] == "Network.requestWillBeSent"]
        asked = {e["params"]["request"]["url"] for e in loads}
        asked -= {url for url in asked if url.startswith("data:")}  # the shapes of the marks
        assert asked <= {page.as_uri(), "about:blank"}
        problems = [e for e in browser.events if e["method"] == "Runtime.exceptionThrown"]
        assert problems == []
        shot = browser.call("Page.captureScreenshot", captureBeyondViewport=True)["data"]
    (tmp_path / "page.png").write_bytes(base64.b64decode(shot))
    assert (tmp_path / "page.png").stat().st_size > 10_000


def check(browser: Browser, file: Path) -> str:
    """What the page says of a file."""
    browser.run("delete document.getElementById('check-record').dataset.verdict")
    browser.choose("#bundle-file", file)
    browser.wait("document.getElementById('check-record').dataset.verdict")
    return str(browser.run("document.querySelector('#check-record .checked').innerText"))
