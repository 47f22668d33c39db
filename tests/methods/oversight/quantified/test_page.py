"""The page on debate and its neighbours: its Python gives the numbers beside it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from safetycase.methods.oversight.protocols import (
    critique,
    cross_examination,
    debate,
    direct_judging,
)

ROOT = Path(__file__).parents[4]
PAGE = (ROOT / "docs" / "reference" / "protocols-debate.md").read_text("utf-8")
PROTOCOLS = [
    direct_judging.PROTOCOL,
    critique.PROTOCOL,
    debate.PROTOCOL,
    cross_examination.PROTOCOL,
]


def test_the_python_of_the_page_gives_its_numbers() -> None:
    names: dict[str, Any] = {}
    seen = 0
    for block in re.findall(r"```python\n(.*?)```", PAGE, re.S):
        exec(block, names)
        for expression, number in re.findall(r"^(\S.*?)  # ([\d.]+)$", block, re.M):
            assert float(eval(expression, names)) == pytest.approx(float(number), abs=6e-5)
            seen += 1
    assert seen == 9


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda p: p.name)
def test_the_page_names_every_domain_and_attack(protocol: Any) -> None:
    (section,) = re.findall(rf"## `{protocol.name}`\n(.*?)(?:\n## |\Z)", PAGE, re.S)
    for part in (*protocol.domains, *protocol.attacks):
        assert f"`{part.name}`" in section, part.name
