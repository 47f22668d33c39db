"""Commands that execute nothing load no heavy library, whatever the case's methods need."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CASE = Path(__file__).parents[2] / "cases" / "debate"
HEAVY = ("torch", "transformers", "z3", "inspect_ai", "ray", "scipy")


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ("check", str(CASE)),
        ("status", str(CASE)),
        ("why", "OVERSIGHT/KC1-3", str(CASE)),
        ("run", str(CASE), "--only", "KC1.3", "--dry-run"),
        ("method", "list"),
        ("method", "show", "convergence/llc"),
        ("organisms", "list"),
        ("organisms", "show", "toy-trigger"),
        ("doctor",),
    ],
    ids=lambda words: " ".join(words[:2]) if len(words) > 1 else words[0],
)
def test_nothing_heavy_is_loaded(words: tuple[str, ...], tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from safetycase.cli.main import cli\n"
        f"cli.main({list(words)!r}, standalone_mode=False)\n"
        f"print('LOADED', [m for m in {HEAVY!r} if m in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert done.stdout.strip().endswith("LOADED []"), done.stdout[-300:] + done.stderr[-2000:]
