"""The example of the confidence page runs, and gives what layer 1 cannot."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from safetycase.confidence.local import local

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "confidence.md"


def test_thirty_legs_on_one_assumption() -> None:
    (block,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.S)
    names: dict[str, object] = {}
    exec(block, names)
    found, build = names["found"], names["build"]
    assert found.bel == pytest.approx(0.89)  # type: ignore[attr-defined]
    graph = build.freeze()  # type: ignore[attr-defined]
    assert local(graph)[0][-1] == 0.0
