"""The report as a PDF file, printed from the page by a headless browser.

No PDF library is used: the page already prints, and a second layout of the same report would have
to be kept equal to it. The browser reaches no network, and the page's own policy lets no script
run but the verifier, which waits for a reader.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import click

from safetycase.cli.common import printable
from safetycase.cli.writing import fresh, put

__all__ = ["BROWSER", "find_browser", "print_pdf"]

BROWSER: Final = "SAFETYCASE_BROWSER"
"""The environment variable that names the browser to print with."""
NAMES: Final = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
    "microsoft-edge",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
SECONDS: Final = 900
"""How long the browser may take; thousands of claims are hundreds of pages."""
FLAGS: Final = (
    "--headless",
    "--disable-gpu",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--no-pdf-header-footer",
    "--generate-pdf-document-outline",
)
START: Final = b"%PDF-"


def find_browser(environment: Mapping[str, str]) -> str | None:
    """The browser to print with: the one that `SAFETYCASE_BROWSER` names, or one on the path."""
    named = environment.get(BROWSER)
    if named:
        return shutil.which(named)
    found = (shutil.which(name, path=environment.get("PATH")) for name in NAMES)
    return next(filter(None, found), None)


def print_pdf(page: Path, out: Path) -> None:
    """Print the HTML file `page` to `out`, whole or not at all.

    Raises `click.ClickException` with the way out if there is no browser, or if it fails.
    """
    browser = find_browser(os.environ)
    if browser is None:
        named = os.environ.get(BROWSER)
        missing = f"{BROWSER} names `{printable(named)}`, which is" if named else "Chromium is"
        raise click.ClickException(
            f"{missing} not there, and the PDF is printed by it. Install Chromium or Chrome, or "
            f"set {BROWSER} to one; or print what `safetycase report` writes from any browser"
        )
    with tempfile.TemporaryDirectory(prefix="safetycase-pdf-") as folder:
        made = Path(folder) / "report.pdf"
        says = _printed(browser, page, made, Path(folder) / "profile")
        if not made.is_file() or made.read_bytes()[: len(START)] != START:
            raise click.ClickException(
                f"{printable(browser)} made no PDF of the page"
                + (f": {printable(says)}" if says else "")
                + "; print what `safetycase report` writes from another browser"
            )
        with fresh(out) as (file, temporary), made.open("rb") as printed:
            shutil.copyfileobj(printed, file)
        put(temporary, out)


def _printed(browser: str, page: Path, made: Path, profile: Path) -> str:
    """Run the browser; the last thing it said."""
    # A browser started by root refuses its sandbox; no script runs in the page that is not ours.
    rooted = ("--no-sandbox",) if hasattr(os, "geteuid") and os.geteuid() == 0 else ()
    command = [
        browser,
        *FLAGS,
        *rooted,
        f"--user-data-dir={profile}",
        f"--print-to-pdf={made}",
        page.resolve().as_uri(),
    ]
    try:
        done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return f"it took longer than {SECONDS} s"
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:300] if lines else f"it ended with code {done.returncode}"
