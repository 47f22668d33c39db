"""C138: a judge that is the subject, or of its kind."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.conftest import COIN, write_case

from safetycase.checks.judge_rules import family_of
from safetycase.workspace.checking import check_folder


@pytest.mark.parametrize(
    ("weights", "known"),
    [
        ("openai/gpt-4o-mini", ("openai", "gpt")),
        ("openrouter/anthropic/claude-sonnet-4", ("anthropic", "claude")),
        ("hf/meta-llama/Llama-3-8B", ("meta-llama", "llama")),
        ("ollama/llama3", ("", "llama")),
        ("smollm2-135m-instruct", ("", "smollm")),
        ("models/SmolLM2-360M.gguf", ("", "smollm")),
        ("", ("", "")),
        ("///", ("", "")),
        ("4096", ("", "")),
    ],
)
def test_the_family_of_a_name(weights: str, known: tuple[str, str]) -> None:
    assert family_of(weights) == known


@pytest.mark.parametrize(
    ("parameters", "fires"),
    [
        ("{judge: m}", "is the subject `m` itself"),
        ("{task_args: {grader_model: smollm2-360m}}", "is of the family `smollm`"),
        ("{grader: smollm2-135m-instruct}", "is the subject `m` itself"),
        ("{judges: [openai/gpt-4o, hf/HuggingFaceTB/SmolLM2-1.7B]}", "is of the family `smollm`"),
        ("{judge: openai/gpt-4o}", ""),
        ("{judge: human}", ""),
        ("{judge: 3, note: smollm2}", ""),
    ],
)
def test_a_judge_anywhere_in_the_parameters(tmp_path: Path, parameters: str, fires: str) -> None:
    text = COIN.replace("{n: 400, rate: 5}", parameters)
    checked = check_folder(write_case(tmp_path / "c", text, {"items.txt": "x"}))
    found = [f for f in checked.findings if f.code == "C138"]
    assert [fires in f.message for f in found] == ([True] if fires else [])
    assert all(f.severity == "warning" and f.span.line > 1 for f in found)
