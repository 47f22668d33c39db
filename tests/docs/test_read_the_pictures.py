"""The page on the pictures: its commands run, and what they draw is what the page shows."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import Ran
from tests.report.leaves import texts

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "how-to" / "read-the-pictures.md"
IMAGES = ROOT / "docs" / "images"


@pytest.mark.slow
def test_the_page_works_as_written(sc: Callable[..., Ran], tmp_path: Path) -> None:
    page = PAGE.read_text("utf-8")
    for name in ("three-pillars", "control-replay"):
        shutil.copytree(
            ROOT / "cases" / name,
            tmp_path / "cases" / name,
            ignore=shutil.ignore_patterns("ledger"),
        )
    commands = re.findall(r"^\$ safetycase (.+)$", page, re.M)
    assert len(commands) == 4
    for command in commands:
        done = sc(*shlex.split(command), cwd=tmp_path, timeout=300)
        assert done.code == 0, (command, done.err)
    for name in ("waterfall", "intervals", "timeline"):
        made, kept = tmp_path / f"{name}.svg", IMAGES / f"{name}.svg"
        if os.environ.get("SAFETYCASE_ACCEPT"):
            shutil.copyfile(made, kept)
        # When it ran is the one thing that differs; the timeline is drawn to it.
        assert undated(texts(made.read_text("utf-8"))) == undated(texts(kept.read_text("utf-8")))
        assert f"(../images/{name}.svg)" in page
    for name in ("waterfall", "intervals"):
        assert (tmp_path / f"{name}.svg").read_text("utf-8") == (IMAGES / f"{name}.svg").read_text(
            "utf-8"
        )


def undated(found: list[str]) -> list[str]:
    """The texts without dates; the axis of time has more or fewer of them."""
    marked = [re.sub(r"\b\d{4}-\d\d(-\d\d)?\b|\b\d\d-\d\d\b", "DATE", text) for text in found]
    return [text for text in marked if text != "DATE"]
