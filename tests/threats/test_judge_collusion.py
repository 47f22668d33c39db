"""A model is judged by itself, or by one of its kind."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import COIN, write_case
from tests.threats.conftest import Sc

MODELS = "models: {m: {weights: openai/gpt-4o-mini, provider: inspect}}"


def test_a_judge_of_the_subjects_family_is_a_finding(sc: Sc, tmp_path: Path) -> None:
    base = COIN.replace("models: {m: {weights: smollm2-135m-instruct}}", MODELS)
    for judge, found in (("openai/gpt-4o", True), ("anthropic/claude-sonnet-4", False)):
        text = base.replace("with: {n: 400, rate: 5}", f"with: {{n: 400, judge: {judge}}}")
        folder = write_case(tmp_path / judge.replace("/", "-"), text, {"items.txt": "x"})
        checked = sc("check", folder)
        assert ("C138" in checked.out) is found, checked.out
