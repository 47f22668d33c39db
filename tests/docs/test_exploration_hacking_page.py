"""The page on withheld behaviour: its Python runs and prints what the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from safetycase.methods.convergence.exploration.records import NAMES
from safetycase.methods.organisms.exploration_hacking.family import DESIGN_NAMES

PAGE = (
    Path(__file__).resolve().parents[2] / "docs" / "reference" / "exploration-hacking.md"
).read_text("utf-8")


def test_every_test_and_every_design_is_on_the_page() -> None:
    assert {n for n in NAMES if f"| `{n}` |" in PAGE} == set(NAMES)
    assert {d for d in DESIGN_NAMES if f"| `{d}` |" in PAGE} == set(DESIGN_NAMES)


@pytest.mark.slow
def test_the_python_prints_what_the_page_says(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch")
    blocks = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", PAGE, re.S)
    assert len(blocks) == len(re.findall(r"```python", PAGE)) == 2
    for code, printed in blocks:
        exec(code, {})
        assert capsys.readouterr().out == printed
