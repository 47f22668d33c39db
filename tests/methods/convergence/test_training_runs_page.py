"""The page on training runs: its Python gives its numbers, and what it names is there."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from safetycase.methods.convergence.closed_forms import episodes_to_see
from safetycase.methods.convergence.escape import checks as escape_checks
from safetycase.methods.convergence.escape.laws import bandit_steps
from safetycase.methods.convergence.escape.method import METHOD as ESCAPE
from safetycase.methods.convergence.escape.trainers import TRAINERS
from safetycase.methods.convergence.training_run import checks
from safetycase.methods.convergence.training_run.method import METHOD

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "training-runs.md").read_text("utf-8")


def test_the_python_of_the_page_gives_its_numbers() -> None:
    names: dict[str, Any] = {}
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    for block in blocks:
        exec(block, names)
    seen = re.findall(r"^(\S.*?)  # ([\d.e-]+)$", "\n".join(blocks), re.M)
    assert len(seen) == 6
    for expression, number in seen:
        assert float(eval(expression, names)) == pytest.approx(float(number), rel=1e-3)
    planted, twin = (names["make"](1e-3, 7, part) for part in ("planted", "clean-twin"))
    assert planted.withheld == pytest.approx(1e-3)
    assert twin.withheld == pytest.approx(1 - 1.5e-3)


def test_the_table_of_rollouts_is_computed() -> None:
    rows = re.findall(r"^\| (0\.0*1) \| ([\d,]+) \| ([\d,]+) \|$", PAGE, re.M)
    assert len(rows) == 5
    for epsilon, at_95, at_99 in rows:
        assert int(at_95.replace(",", "")) == episodes_to_see(float(epsilon), 0.95)
        assert int(at_99.replace(",", "")) == episodes_to_see(float(epsilon), 0.99)


def test_quantities_and_doubts_of_the_page_are_there() -> None:
    for measure in (*METHOD.measures, *ESCAPE.measures):
        assert f"`{measure.name}`" in PAGE
    doubts = re.findall(r'name="([a-z]+(?:-[a-z]+)+)"', inspect.getsource(checks))
    assert len(doubts) == 4
    doubts += re.findall(r'name="([a-z]+(?:-[a-z]+)+)"', inspect.getsource(escape_checks))
    for name in (*doubts, *TRAINERS):
        assert f"`{name}`" in PAGE


def test_the_steps_of_the_page_are_those_of_the_recursion() -> None:
    rows = re.findall(r"^\| (0\.0*1) \| ([\d,]+) \| ([\d.]+) \| [\d.,]+ \|$", PAGE, re.M)
    assert len(rows) == 5
    for epsilon, steps, product in rows[:4]:
        found = bandit_steps(float(epsilon), 8, 1 / 9, 0.5, 20_000)
        assert found == int(steps.replace(",", ""))
        assert found * float(epsilon) == pytest.approx(float(product), abs=5e-5)
