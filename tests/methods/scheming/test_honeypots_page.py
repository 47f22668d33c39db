"""The page on honeypots: its code runs and its names exist."""

import ast
import re
from pathlib import Path

import pytest

from safetycase.methods.scheming.honeypots import method as honeypots
from safetycase.methods.scheming.rare_behaviour import method as rare_behaviour
from safetycase.methods.scheming.rare_behaviour.tail import REACH

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "honeypots.md"
TEXT = PAGE.read_text("utf-8")


def test_the_python_of_the_page_gives_the_numbers_of_its_comments() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", TEXT, re.S)
    names: dict = {}
    shown = 0
    for node in ast.parse(code).body:
        if not isinstance(node, ast.Expr):
            exec(ast.unparse(node), names)
            continue
        line = code.splitlines()[node.end_lineno - 1]
        said = float(line.rpartition("# ")[2].split(":")[0])
        assert eval(ast.unparse(node), names) == pytest.approx(said, abs=5e-4), line
        shown += 1
    assert shown == 4


def test_every_quantity_and_parameter_of_the_page_is_there() -> None:
    for method in (honeypots.METHOD, rare_behaviour.METHOD):
        for measure in method.measures:
            name = measure.name
            assert f"`{name}`" in TEXT or name.startswith("posterior_"), name
    for name in ("told_test", "other_arms", "slip_rate", "arm_check_task", "folds", "largest"):
        assert f"`{name}`" in TEXT
    assert f"**{REACH:,} times**" in TEXT
