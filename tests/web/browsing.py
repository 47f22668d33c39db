"""Headless Chromium at a server of this machine, and axe to look at what it shows."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tarfile
import time
from pathlib import Path
from typing import Any

import pytest
from tests.verifier.browser import CHROMIUM, Browser

ROOT = Path(__file__).resolve().parents[2]
HERE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
NO_CHROMIUM = "no chromium here: no page was seen by a browser"
AXE = "axe-core@4.11.0"

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason=NO_CHROMIUM)


class Tab(Browser):
    """A page of a browser of its own, with what a reader does to one."""

    def __init__(self, profile: Path) -> None:
        super().__init__(profile, more=(HERE,))
        self.call("Log.enable")

    def size(self, width: int, height: int = 1000) -> None:
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip

    def scripts(self, on: bool) -> None:
        self.call("Emulation.setScriptExecutionDisabled", value=not on)

    def go(self, url: str) -> None:
        """Open a page and wait until it is there, with scripts or without."""
        self.call("Page.stopLoading")
        self.events = [e for e in self.events if e.get("method") != "Page.loadEventFired"]
        self.call("Page.navigate", url=url)
        while not any(e.get("method") == "Page.loadEventFired" for e in self.events):
            self.events.append(self._next())

    def wait(self, condition: str, seconds: float = 20) -> None:
        """Wait until an expression is true of the page, whichever it is by then."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with contextlib.suppress(AssertionError):  # it may be on its way to another one
                if self.run(f"Boolean({condition})"):
                    return
            time.sleep(0.05)
        raise AssertionError(f"it did not come to be: {condition}")

    def press(self, key: str, **more: Any) -> None:
        codes = {"ArrowDown": 40, "ArrowUp": 38, "ArrowLeft": 37, "ArrowRight": 39,
                 "Enter": 13, "Escape": 27, "Tab": 9, "Home": 36, "End": 35}  # fmt: skip
        text = {} if key in codes else {"text": key}
        code = codes.get(key, ord(key[0].upper()))
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key,
                  windowsVirtualKeyCode=code, **text, **more)  # fmt: skip
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def shot(self, path: Path) -> None:
        import base64

        data = self.call("Page.captureScreenshot", format="png")["data"]
        path.write_bytes(base64.b64decode(data))

    def overflow(self) -> str:
        """What is wider than the page; empty if nothing makes it scroll sideways."""
        return str(
            self.run(
                "document.documentElement.scrollWidth <= innerWidth ? '' : "
                "[...document.querySelectorAll('body *')].filter((e) => "
                "e.getBoundingClientRect().right > innerWidth + 1).slice(0, 5)"
                ".map((e) => e.tagName + '.' + e.className).join(' ') || 'something'"
            )
        )

    def asked(self) -> list[str]:
        """Every address that the browser asked for since this was last looked at."""
        found = [
            e["params"]["request"]["url"]
            for e in self.events
            if e.get("method") == "Network.requestWillBeSent"
            and not e["params"]["request"]["url"].startswith("data:image/svg+xml")
        ]
        self.events = [e for e in self.events if e.get("method") != "Network.requestWillBeSent"]
        return found

    def complaints(self) -> list[str]:
        """What the browser said went wrong, such as against the policy; and dialogs that opened."""
        found = []
        for e in self.events:
            if e.get("method") == "Log.entryAdded" and e["params"]["entry"]["level"] == "error":
                found.append(f"{e['params']['entry']['text']} {e['params']['entry'].get('url')}")
            if e.get("method") in ("Page.javascriptDialogOpening", "Runtime.exceptionThrown"):
                found.append(str(e["params"]))
        return found


def axe_source() -> str:
    """The script of axe-core, fetched once; skips the test where it cannot be had.

    It is a tool of the tests alone (MPL-2.0) and no part of the package.
    """
    kept = ROOT / ".cache" / f"{AXE.replace('@', '-')}.js"
    if not kept.exists():
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip("no npm here to fetch axe-core: accessibility was not checked")
        kept.parent.mkdir(exist_ok=True)
        done = subprocess.run(
            [npm, "pack", AXE, "--silent", f"--pack-destination={kept.parent}"],
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        if done.returncode:
            pytest.skip("npm cannot fetch axe-core here: accessibility was not checked")
        packed = kept.parent / done.stdout.strip().splitlines()[-1]
        with tarfile.open(packed) as archive:
            member = archive.extractfile("package/axe.min.js")
            assert member is not None
            kept.write_bytes(member.read())
        packed.unlink()
    return kept.read_text("utf-8")


def violations(tab: Tab, axe: str) -> list[str]:
    """What axe finds serious or critical on the page as it is shown."""
    tab.run(f"{axe};0")
    found = tab.run(
        "axe.run(document, {resultTypes: ['violations']}).then((r) => r.violations"
        ".filter((v) => ['serious', 'critical'].includes(v.impact))"
        ".map((v) => v.id + ': ' + v.nodes.slice(0, 3).map((n) => n.html.slice(0, 200) + ' '"
        " + n.failureSummary).join(' | ')))"
    )
    return list(found)
