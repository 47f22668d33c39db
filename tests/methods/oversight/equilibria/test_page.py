"""The page on approximate equilibria: its snippet runs, and its table is what the code does."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from safetycase.methods.oversight.equilibria.method import METHOD
from safetycase.methods.oversight.equilibria.search import Budget

PAGE = (Path(__file__).resolve().parents[4] / "docs/reference/approximate-equilibria.md").read_text(
    "utf-8"
)


def test_the_snippet_gives_what_it_says() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    names: dict[str, object] = {}
    compared = 0
    for line in code.splitlines():
        expression, _, said = line.partition("  # ")
        if not said:
            exec(line, names)
            continue
        for got, want in zip(eval(expression, names), ast.literal_eval(said), strict=True):
            assert got == pytest.approx(want, abs=2e-3)
            compared += 1
    assert compared == 3


def test_the_page_names_every_level_with_its_limit_and_every_measure() -> None:
    for level, most in Budget().entries:
        (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| `{level}` |")]
        assert f"{most:,}" in row
    for measure in METHOD.measures:
        assert f"| `{measure.name}` |" in PAGE
