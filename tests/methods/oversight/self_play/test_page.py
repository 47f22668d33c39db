"""The page on self-play: its Python gives its numbers, and its tables name what there is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from safetycase.methods.oversight.self_play.games import GAMES
from safetycase.methods.oversight.self_play.method import METHOD, Parameters
from safetycase.methods.oversight.self_play.organisms import ORGANISMS
from safetycase.plugin.parameters import bind

PAGE = (Path(__file__).parents[4] / "docs" / "reference" / "self-play.md").read_text("utf-8")


def named(section: str) -> set[str]:
    """The names in the first column of the first table of a section."""
    table = PAGE.split(section, 1)[1].split("\n|---", 1)[1].split("\n\n", 1)[0]
    first = [row.split("|")[1] for row in table.splitlines()[1:]]
    return {name for cell in first for name in re.findall(r"`([a-z_-]+)`", cell)}


def test_the_python_of_the_page_gives_its_numbers() -> None:
    names: dict[str, Any] = {}
    seen = 0
    for block in re.findall(r"```python\n(.*?)```", PAGE, re.S):
        exec(block, names)
        for expression, number in re.findall(r"^(\S.*?)  # ([\d.]+)$", block, re.M):
            assert float(eval(expression, names)) == pytest.approx(float(number), abs=6e-4)
            seen += 1
    assert seen == 4


def test_the_tables_name_the_measures_games_and_organisms_there_are() -> None:
    assert named("# Training by self-play") == {measure.name for measure in METHOD.measures}
    assert named("## The game") == set(GAMES)
    assert named("## Organisms") == set(ORGANISMS) - {"none"}


def test_the_parameters_of_the_page_are_parameters() -> None:
    for name in ("game", "protocol", "domain", "size", "learner", "batch", "withheld", "organism"):
        assert f"`{name}`" in PAGE
        assert name in Parameters.__dataclass_fields__
    assert bind(Parameters, {"game": "consultancy", "learner": "reinforce"}).mismatches == ()
    assert bind(Parameters, {"game": "chess"}).mismatches
