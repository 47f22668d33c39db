"""The page on sandbagging: its snippet runs, and its numbers are what the code gives."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from safetycase.methods.organisms.locks import CLEAN, LOCKS
from safetycase.methods.scheming.consistency import planted
from safetycase.methods.scheming.consistency.method import METHOD as CONSISTENCY
from safetycase.methods.scheming.sandbagging.method import METHOD as SANDBAGGING
from safetycase.methods.scheming.sandbagging.method import Parameters
from safetycase.stats import clopper_pearson

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "sandbagging.md"
TEXT = PAGE.read_text("utf-8")


def test_the_snippet_gives_what_its_comments_say() -> None:
    names: dict[str, Any] = {}
    (block,) = re.findall(r"```python\n(.*?)```", TEXT, re.S)
    checked = 0
    for line in block.splitlines():
        code, _, said = line.partition("  # ")
        if said:
            assert eval(code, names) == float(said)
            checked += 1
        else:
            exec(code, names)
    assert checked == 2


def test_every_family_elicitor_and_measure_named_exists() -> None:
    for family in (*LOCKS, *CLEAN):
        assert f"| `{family}` |" in TEXT
    for elicitor in ("noise", "fine-tuning", "few-shot", "prompts", "prefix-search"):
        assert f"| `{elicitor}` |" in TEXT
    assert "prefix-search" not in Parameters().elicitors
    measures = {m.name for m in (*SANDBAGGING.measures, *CONSISTENCY.measures)}
    for name in ("gain", "power", "false_alarms", "fine_tuning_over_control", "profile_ratio"):
        assert name in measures
        assert name in TEXT


def test_what_one_and_fourteen_organisms_can_show() -> None:
    assert clopper_pearson(1, 1, alpha_low=0.05, alpha_high=0).low == pytest.approx(0.05)
    assert clopper_pearson(13, 13, alpha_low=0.05, alpha_high=0).low < 0.8
    assert clopper_pearson(14, 14, alpha_low=0.05, alpha_high=0).low > 0.8


@pytest.mark.slow
def test_the_power_of_the_looks_at_answers_is_as_the_page_says() -> None:
    shown = {
        "honest": "honest, as able as the reference",
        "imitator": "honest and weaker, or *imitating a weaker model item by item*",
        "random-failer": "fails at random",
        "inverter": "inverts",
    }
    for family, label in shown.items():
        found = planted.rate(
            family, planted._PLAIN, runs=200, alpha=0.05, honest_ratio=1 / 3, seed=1
        )
        assert f"| {label} | {found.successes} of 200 |" in TEXT
