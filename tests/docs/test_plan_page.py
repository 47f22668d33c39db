"""The how-to for planning is executed as it is written."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import Ran

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "how-to" / "plan-the-evidence.md").read_text("utf-8")


@pytest.mark.slow
def test_the_commands_do_what_the_page_says(sc: Callable[..., Ran]) -> None:
    commands = re.findall(r"^\$ safetycase (.*)$", PAGE, re.M)
    assert len(commands) == 2
    first, second = (sc(*command.split(), cwd=ROOT) for command in commands)
    assert (first.code, second.code) == (0, 0), first.err + second.err
    for sort in ("Measured", "Judged", "Open"):
        assert sort in first.out
    assert "Fixed" in second.out
    assert "CONTROLLED" in second.out
    assert sc("plan", "cases/three-pillars", "--target", "0.95", cwd=ROOT).code == 4
