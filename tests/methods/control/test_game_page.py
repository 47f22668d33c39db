"""The page on control games: its Python runs, and gives the numbers beside it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from safetycase.methods.control.game.method import Parameters
from safetycase.methods.control.game.scores import read_scores
from safetycase.methods.control.game.values import OWN

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "control-games.md").read_text("utf-8")


@pytest.mark.slow
def test_the_python_of_the_page_gives_its_numbers() -> None:
    names: dict[str, Any] = {}
    seen = 0
    for block in re.findall(r"```python\n(.*?)```", PAGE, re.S):
        exec(block, names)
        for expression, number in re.findall(r"^(\S.*?)  # ([\d.]+)$", block, re.M):
            assert float(eval(expression, names)) == pytest.approx(float(number), abs=6e-4)
            seen += 1
    assert seen == 10


def test_the_classes_and_definitions_of_the_page_are_those_there_are() -> None:
    assert re.findall(r"^\| `([a-z-]+)` \| (?:the|also|tasks)", PAGE, re.M) == list(OWN)
    for name in re.findall(r"^\| `(\w+_\w+)`", PAGE, re.M):
        Parameters(tasks=1, audits=0, audit_rate=0.0, defer_rate=0.0, definition=name)


def test_the_rows_of_the_page_are_a_file_of_scores(tmp_path: Path) -> None:
    (rows,) = re.findall(r"```text\n(\{.*?)```", PAGE, re.S)
    path = tmp_path / "scores.jsonl"
    path.write_text(rows, "utf-8")
    assert read_scores(path).attacks == {"subtle": (0.93,)}
