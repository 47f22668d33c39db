"""Hostile text through every format of this room, opened in a real browser: nothing runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from tests.report.breakdowns import hostile_breakdown
from tests.report.leaves import hostile
from tests.verifier.browser import CHROMIUM, Browser

from safetycase.report.confidence_svg import waterfall_svg
from safetycase.report.intervals_svg import intervals_svg
from safetycase.report.markdown import Extra, render_markdown
from safetycase.report.ro_crate import CrateFile, preview
from safetycase.report.timeline_svg import timeline_svg

OWN = "document.documentElement.setAttribute('owned', '1')"
ATTACKS = (
    f"</title></style></desc></text></code><script>{OWN}</script>",
    f'"><img src="https://evil.example/x.png" onerror="{OWN}"><svg onload="{OWN}">',
    f"[x](javascript:{OWN}) ![x](https://evil.example/y.png) <https://evil.example>",
    f"`</code><iframe srcdoc='<script>parent.{OWN}</script>'></iframe>` |\\|",
    "\u202e\x1b]8;;https://evil.example\x07link",
)


def documents(by: str) -> dict[str, str]:
    """Everything that is made of a case whose every text is `by`, as files a browser opens."""
    case = hostile(by)
    text = render_markdown(
        case,
        version=by,
        breakdown=hostile_breakdown(by),
        extra=Extra(agenda=[by], difference=[by], since=by),
    )
    markdown = MarkdownIt("gfm-like", {"html": True, "linkify": True}).render(text)
    file = CrateFile(path=by, name=by, media_type=by, size=1, sha256="0", role="input")
    return {
        "intervals.svg": intervals_svg(case),
        "timeline.svg": timeline_svg(case),
        "waterfall.svg": waterfall_svg(hostile_breakdown(by)),
        "report.html": f'<!DOCTYPE html><meta charset="utf-8"><title>t</title>{markdown}',
        "inline.html": '<!DOCTYPE html><meta charset="utf-8"><title>t</title>'
        + intervals_svg(case, key="a", alone=False)
        + timeline_svg(case, key="b", alone=False),
        "preview.html": preview(case, (file,)),
    }


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: no format was opened in a browser")
def test_nothing_runs_and_nothing_is_fetched(tmp_path: Path) -> None:
    with Browser(tmp_path / "profile") as browser:
        raw = tmp_path / "raw.html"  # the attack works where nothing is in its way
        raw.write_text(f"<!DOCTYPE html><title>{ATTACKS[0]}", "utf-8")
        browser.open(raw.as_uri())
        browser.wait("document.documentElement.hasAttribute('owned')")
        for number, by in enumerate(ATTACKS):
            for name, text in documents(by).items():
                path = tmp_path / f"{number}-{name}"
                path.write_text(text, "utf-8")
                browser.open(path.as_uri())
                browser.wait(f"location.href === '{path.as_uri()}'")
                assert browser.run("document.documentElement.hasAttribute('owned')") is False, path
                acting = (
                    "document.querySelectorAll('script, iframe, img, image, [onload], a').length"
                )
                links = browser.run(acting)
                assert links == (2 if name == "preview.html" else 0), (path, links)
                if name.endswith(".svg"):
                    assert browser.run("document.documentElement.localName") == "svg", path
        asked = [
            event["params"]["request"]["url"]
            for event in browser.events
            if event.get("method") == "Network.requestWillBeSent"
        ]
    assert asked
    assert all(url.startswith("file:") for url in asked), asked
