"""The page on protocols with an oracle: its Python runs, and gives the numbers beside it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).parents[4] / "docs" / "reference" / "protocols-oracle.md"


def test_the_python_of_the_page_gives_its_numbers() -> None:
    names: dict[str, Any] = {}
    seen = 0
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.S):
        exec(block, names)
        for expression, number in re.findall(r"^(\S.*?)  # ([\d.e-]+)$", block, re.M):
            assert float(eval(expression, names)) == pytest.approx(float(number), rel=2e-3)
            seen += 1
    assert seen >= 3
