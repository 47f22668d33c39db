"""Somebody writes a script into a case, a record or a model's answer, and waits for a reader."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.conftest import COIN, write_case
from tests.report.test_browser import FLAGS
from tests.threats.conftest import Sc

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
MARK = "document.documentElement.dataset.owned=1"
PAYLOADS = (
    f"<script>{MARK}</script>",
    f"</style></script><script>{MARK}</script>",
    f"<img src=x onerror={MARK}>",
    f'"><svg/onload="{MARK}">',
    f"'><details open ontoggle={MARK}>",
    f"javascript:{MARK}",
    f"<iframe srcdoc='<script>parent.{MARK}</script>'></iframe>",
    f"]]><script>{MARK}</script>",
    "<meta http-equiv=refresh content=0;url=https://x.org>",
    f"<a href='javascript:{MARK}' autofocus onfocus={MARK}>x</a>",
    "<base href=https://x.org/>",
)
FIELDS = re.compile(
    r"(?P<key>says|because|title|supports|owner|what|mistake|scaffold|users|distribution|items)"
    r": (?P<text>[^,{}\[\]\n]+)(?=[,}\n])"
)


def poisoned() -> str:
    """The case with a payload in every text it has, each in its turn."""
    number = 0

    def put(match: re.Match[str]) -> str:
        nonlocal number
        number += 1
        text = match["text"].strip() + " " + PAYLOADS[number % len(PAYLOADS)]
        return f"{match['key']}: {json.dumps(text)}"

    case = COIN.replace("toy/coin", "toy/hostile").replace("{n: 400, rate: 5}", "{n: 400}")
    text = FIELDS.sub(put, case)
    # A fact starts with its number.
    text = re.sub(r'users: "[^\n]*', "users: 40 staff", text)
    assert number > 12
    return text


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: the page was not seen by a browser")
def test_no_script_of_a_case_or_a_model_runs_in_a_browser(sc: Sc, tmp_path: Path) -> None:
    name = "items<img src=x onerror=alert(1)>.txt"
    text = poisoned().replace("[items.txt]", f"[{json.dumps(name)}]")
    folder = write_case(tmp_path / "c", text, {name: "x"})
    checked = sc("check", folder)
    assert checked.code == 0, checked.out
    assert sc("run", folder).code == 0
    page = folder / "report" / "index.html"
    done = subprocess.run(
        [
            str(CHROMIUM),
            *FLAGS,
            f"--user-data-dir={tmp_path / 'profile'}",
            "--virtual-time-budget=3000",
            "--dump-dom",
            page.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-500:]
    dom = done.stdout
    assert "E-COIN" in dom
    head = dom[: dom.index("<body")]
    assert "data-owned" not in head
    assert not re.search(r"<(?:img|iframe|base|svg[^>]*onload)[^>]*(?:x\.org|onerror|srcdoc)", dom)
    assert "onerror=" in dom  # shown, as text
    assert "default-src 'none'" in head


@pytest.mark.slow
def test_every_field_is_escaped_in_the_page_and_drawings(sc: Sc, tmp_path: Path) -> None:
    folder = write_case(tmp_path / "c", poisoned(), {"items.txt": "x"})
    assert sc("report", folder).code in (0, 4)
    page = (folder / "report" / "index.html").read_text("utf-8")
    assert page.count("&lt;script&gt;") > 3
    for payload in PAYLOADS:
        if payload.startswith("<"):
            assert payload not in page, payload
    for notation in ("gsn", "cae"):
        drawn = sc("draw", folder, "--as", notation)
        assert "<svg" in drawn.out
        for payload in PAYLOADS:
            assert not payload.startswith("<") or payload not in drawn.out, payload
