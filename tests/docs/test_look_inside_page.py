"""The Python of the page on looking inside a model runs as it is written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "how-to" / "look-inside-a-model.md").read_text("utf-8")


@pytest.mark.slow
def test_a_model_and_a_loss_of_ones_own(capsys: pytest.CaptureFixture[str]) -> None:
    code = next(c for c in re.findall(r"```python\n(.*?)```", PAGE, re.S) if "estimate(" in c)
    assert len([line for line in code.splitlines() if line.strip()]) <= 15
    with torch.random.fork_rng(devices=[]):
        exec(code, {})
    first, second = capsys.readouterr().out.splitlines()
    assert first == "estimate every check was passed"
    value, low, high = map(float, re.findall(r"\d+\.\d+", second))
    assert low < value < high
