"""The page on executors: its example runs, and its options are those there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from safetycase.evidence.executors import ray, results, slurm

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "reference" / "executors.md").read_text("utf-8")


@pytest.mark.slow
def test_the_python_of_the_page_runs_as_written() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    exec(code, {})


def test_every_option_is_on_the_page() -> None:
    for name in (*ray.OPTIONS, *slurm.OPTIONS):
        assert f"`{name}`" in PAGE
    assert f"| `queue_seconds` | {ray.OPTIONS['queue_seconds']} |" in PAGE


def test_the_executors_of_the_page_are_those_that_are_offered() -> None:
    listed = re.findall(r"^\| `(\w+)`(?: \(default\))? \| (?:in|on|as)", PAGE, re.M)
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    group = text.split('[project.entry-points."safetycase.executors"]')[1].split("\n[")[0]
    assert listed == re.findall(r'^"(\w+)"', group, re.M)


def test_the_limits_of_the_page_are_those_there_are() -> None:
    assert (results.LOG_BYTES, results.RESULT_BYTES) == (2_000_000, 64 << 20)
    assert "last 2 MB, a result may have 64 MiB" in PAGE
