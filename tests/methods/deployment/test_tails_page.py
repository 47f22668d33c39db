"""The page on tails: its Python runs, and what it names is there."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest

from safetycase.methods.deployment.search import limits, pseudo_random
from safetycase.methods.deployment.tails.method import METHOD, Parameters

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "tails.md").read_text("utf-8")


def test_the_python_of_the_page_gives_its_numbers() -> None:
    names: dict[str, Any] = {}
    (block,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    exec(block, names)
    seen = re.findall(r"^(\S.*?)  # ([\d.e-]+)$", block, re.M)
    assert len(seen) == 13
    for expression, number in seen:
        assert float(eval(expression, names)) == pytest.approx(float(number), rel=2e-3)


def test_the_quantities_and_functions_of_the_page_are_there() -> None:
    first, stakes = PAGE.split("## Low stakes: a watch, its latency, and resets")
    stakes, second = stakes.split("## Unexploitable search")
    asked = set(re.findall(r"^\| `(\w+)` \| ", stakes, re.M))
    assert asked == {"recall", "latency", "resets", "reset_every"}
    assert asked <= {field.name for field in dataclasses.fields(Parameters)}
    assert {measure.name for measure in METHOD.measures} == set(
        re.findall(r"^\| `(\w+)` \| ", first, re.M)
    )
    named = set(re.findall(r"`([a-z_]+)`(?:, `([a-z_]+)`)? \|", second))
    functions = {name for pair in named for name in pair if name}
    assert len(functions) >= 7
    for name in functions:
        assert hasattr(limits, name) or hasattr(pseudo_random, name)
