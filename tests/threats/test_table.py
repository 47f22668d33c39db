"""Every row of the table of threats has its test, and every test its row."""

from __future__ import annotations

import ast
import re
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parent.parent / "docs" / "reference" / "threats.md"


def test_every_row_names_a_test_that_tests_and_no_test_is_unnamed() -> None:
    rows = re.findall(
        r"^\| (?!attack|-)(.+?) \| (.+?) \| `(test_\w+\.py)` \|$", PAGE.read_text(), re.M
    )
    named = [name for _, _, name in rows]
    assert len(named) == len(set(named)) == 24
    there = {path.name for path in HERE.glob("test_*.py")} - {"test_table.py"}
    assert set(named) == there
    for name in named:
        tree = ast.parse((HERE / name).read_text("utf-8"))
        tests = [
            n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name.startswith("test_")
        ]
        assert tests, name
        for test in tests:
            checks = [
                n
                for n in ast.walk(test)
                if isinstance(n, ast.Assert)
                or (isinstance(n, ast.Attribute) and n.attr in ("raises", "fail"))
            ]
            assert checks, f"{name}::{test.name} asserts nothing"
