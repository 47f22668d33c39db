"""The page on side objectives: its Python runs, and what it names is there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from safetycase.methods.deployment.side_objectives import worlds
from safetycase.methods.deployment.side_objectives.analysis import instrument
from safetycase.methods.deployment.side_objectives.method import METHOD, Parameters
from safetycase.methods.deployment.side_objectives.objectives import OBJECTIVES

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "side-objectives.md").read_text("utf-8")


def test_the_python_of_the_page_gives_its_values() -> None:
    names: dict[str, Any] = {}
    (block,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    exec(block, names)
    seen = re.findall(r"^(?:\w+ = )?(\S[^#=\n]*(?:[<>=]=?[^#\n]*)?)  # (\S+)$", block, re.M)
    assert len(seen) == 4
    for expression, value in seen:
        assert str(eval(expression, names)) == value
    assert len(block.strip().splitlines()) <= 15


def test_what_the_page_names_is_there() -> None:
    assert [m.name for m in METHOD.measures] == re.findall(r"^\| `(\w+)` \| \w+ \|", PAGE, re.M)
    (leaf,) = re.findall(r"with:\n(.*?)inputs:", PAGE, re.S)
    given = dict(re.findall(r"^  (\w+): (\S+)$", leaf, re.M))
    made = Parameters(
        pairs=given["pairs"],
        queries=int(given["queries"]),
        excess=float(given["excess"]),
        reward_least=float(given["reward_least"]),
    )
    assert made.tolerated == 0.02
    assert worlds.coded.__name__ in PAGE
    for kind in OBJECTIVES:
        assert kind in PAGE
    assert instrument.__doc__
    for check in ("reference against reference", "references meet the reward bound"):
        assert check in PAGE
