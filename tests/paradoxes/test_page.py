"""The page of paradoxes lists what is tested, and what is tested is on the page."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parent.parent / "docs" / "why" / "what-the-paradoxes-show.md"


def test_each_of_the_thirty_has_a_row_and_a_test() -> None:
    rows = [int(n) for n in re.findall(r"^\| P(\d+) \|", PAGE.read_text("utf-8"), re.MULTILINE)]
    assert rows == list(range(1, 31))
    tests = "".join(path.read_text("utf-8") for path in HERE.glob("test_*.py"))
    named = re.findall(r"^def test_((?:p\d+_(?:and_)?)+)", tests, re.MULTILINE)
    tested = {int(n) for name in named for n in re.findall(r"p(\d+)_", name)}
    assert tested == set(range(1, 31))
