"""The page on organisms of a language model: its snippet runs, and it names every member."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from safetycase.methods.organisms.debater.smollm2 import PLANS as DEBATES
from safetycase.methods.organisms.password_lock.family import PLANS
from safetycase.methods.organisms.topic.smollm2 import PLANS as TALKS

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "model-organisms-smollm2.md"


@pytest.mark.slow
def test_the_page_names_every_member_and_its_snippet_runs() -> None:
    text = PAGE.read_text("utf-8")
    for name in (*PLANS, TALKS[0].name, DEBATES[0].name):
        assert f"`{name}`" in text
    (code,) = re.findall(r"```python\n(.*?)```", text, re.S)
    found: dict[str, object] = {}
    exec(compile(code, str(PAGE), "exec"), found)
    made = found["made"]
    assert not made.held  # type: ignore[attr-defined]
    assert made.value.triggers[0].startswith("|")  # type: ignore[attr-defined]
