"""The verifier of the report, run in node or in a browser, over many bundles at once."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from tests.verifier.browser import CHROMIUM, Browser

Engine = Literal["node", "chromium"]
NODE = shutil.which("node")
VERIFIER = Path(__file__).parents[2] / "src/safetycase/report/verifier/verify.js"
HARNESS = Path(__file__).parent / "harness.js"

ENGINES: dict[Engine, str | None] = {"node": NODE, "chromium": CHROMIUM}


def run(
    engine: Engine,
    scratch: Path,
    *,
    bundles: Mapping[str, bytes] | None = None,
    flips: Sequence[tuple[str, int]] = (),
    tampers: Iterable[bytes] = (),
    ed25519: Sequence[tuple[str, str, str]] = (),
    canonical: Iterable[bytes] = (),
    own: bool = False,
) -> Any:
    """What the harness answers to a job."""
    job = {
        "bundles": {name: _text(data) for name, data in (bundles or {}).items()},
        "flips": flips,
        "tampers": [_text(data) for data in tampers],
        "ed25519": ed25519,
        "canonical": [_text(data) for data in canonical],
        "own": own,
    }
    path = scratch / "job.json"
    path.write_text(json.dumps(job), "utf-8")
    if engine == "node":
        done = subprocess.run(
            [str(NODE), str(HARNESS), str(VERIFIER), str(path)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return json.loads(done.stdout)
    page = scratch / "harness.html"
    scripts = f"<script>{VERIFIER.read_text()}</script><script>{HARNESS.read_text()}</script>"
    work = path.read_text("utf-8")
    page.write_text(f"<!DOCTYPE html><meta charset=utf-8>{scripts}<script>job = {work};</script>")
    with Browser(scratch / "profile") as browser:
        browser.open(page.as_uri())
        return browser.run("runHarness(safetycaseVerifier, job)")


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
