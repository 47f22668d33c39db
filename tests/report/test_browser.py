"""The page in a real browser: it renders, runs nothing, and asks nobody for anything."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import COIN, Ran, write_case

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: the page was not seen by a browser")
@pytest.mark.parametrize("width", [360, 1600])
def test_a_hostile_case_renders_and_runs_nothing(
    sc: Callable[..., Ran], tmp_path: Path, width: int
) -> None:
    text = COIN.replace("toy/coin", "toy/hostile").replace("{n: 400, rate: 5}", "{n: 400}")
    text = text.replace("Heads are rare.", "<img src=x onerror=document.title='owned'>")
    folder = write_case(tmp_path / "c", text, {"items.txt": "x"})
    assert sc("run", folder).code == 0
    page = folder / "report" / "index.html"
    shot = tmp_path / "page.png"
    common = [
        str(CHROMIUM),
        *FLAGS,
        f"--user-data-dir={tmp_path / 'profile'}",
        f"--window-size={width},1200",
    ]
    done = subprocess.run(
        [*common, "--dump-dom", page.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-500:]
    assert "<title>owned" not in done.stdout
    assert "E-COIN" in done.stdout
    assert "onerror=document" in done.stdout  # shown as text
    assert '<img src="x"' not in done.stdout
    subprocess.run(
        [*common, f"--screenshot={shot}", page.as_uri()],
        capture_output=True,
        timeout=120,
        check=True,
    )
    assert shot.stat().st_size > 10_000
