"""The page on games with hidden information: its Python runs, and gives the numbers beside it."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOM = Path(__file__).parents[4] / "src" / "safetycase" / "methods" / "games" / "extensive"
PAGE = Path(__file__).parents[4] / "docs" / "reference" / "extensive-games.md"


def test_the_python_of_the_page_gives_its_numbers() -> None:
    names: dict[str, Any] = {}
    seen = 0
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.S):
        exec(block, names)
        for expression, number in re.findall(r"^(\S.*?)  # (-?[\d.]+)$", block, re.M):
            assert float(eval(expression, names)) == pytest.approx(float(number), abs=5e-5)
            seen += 1
    assert seen == 8


def test_every_solver_of_the_page_is_there() -> None:
    listed = re.findall(r"^\| `(\w+)\.(\w+)` \|", PAGE.read_text("utf-8"), re.M)
    assert len(listed) == 8
    for module, name in listed:
        room = importlib.import_module(f"safetycase.methods.games.extensive.{module}")
        assert name in room.__all__
        assert callable(getattr(room, name))


def test_nothing_heavy_is_loaded_before_it_is_needed() -> None:
    names = sorted(path.stem for path in ROOM.glob("*.py") if path.stem != "__init__")
    assert "zero_sum" in names
    lines = [f"import safetycase.methods.games.extensive.{name}" for name in names]
    lines += ["import sys", "print({'numpy', 'scipy', 'highspy', 'torch'} & set(sys.modules))"]
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(ROOM.parents[3])},
    )
    assert done.stdout.strip() == "set()"
