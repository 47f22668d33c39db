"""The page on the local learning coefficient: its Python runs, its verdicts are those there are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from safetycase.methods.convergence.llc.evidence import MEASURES
from safetycase.methods.convergence.llc.judging import ACCEPTED, LEAST_ACCEPTED
from safetycase.methods.convergence.llc.records import Sampler, Sampling, Verdict
from safetycase.methods.convergence.llc.walking import STUCK

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "reference" / "local-learning-coefficient.md").read_text("utf-8")


def test_the_python_of_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    exec(code, {})
    expected = re.findall(r"# ([\d.]+)", code)
    assert capsys.readouterr().out.split() == [one.rstrip(".") for one in expected]


def test_verdicts_samplers_and_quantities_are_those_there_are() -> None:
    rows = re.findall(r"^\| `([^`]+)`(?: \(the default[^)]*\))? \|", PAGE, re.M)
    assert set(rows) >= set(get_args(Verdict)) - {"estimate"}
    assert set(rows) >= set(get_args(Sampler))
    assert set(rows) >= {measure.name for measure in MEASURES}


def test_the_limits_of_the_page_are_those_there_are() -> None:
    assert f"accepts nothing for {STUCK} proposals" in PAGE
    assert f"fewer than {ACCEPTED:.0%}".replace("%", " %") in PAGE
    assert f"fewer than {LEAST_ACCEPTED:.0%} by".replace("%", " %") in PAGE
    assert f"R̂ is above {Sampling().largest_rhat}" in PAGE
    assert f"fewer than {Sampling().fewest_effective:g} independent" in PAGE
