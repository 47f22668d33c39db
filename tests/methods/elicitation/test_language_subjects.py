"""From a case's model and items, or an organism, to a task; and what is refused on the way."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from tests.methods.scheming import sandbag_tiny as small

from safetycase.methods.elicitation.language import subjects
from safetycase.methods.elicitation.language.subjects import (
    Search,
    adapted,
    case_task,
    organism_task,
)
from safetycase.methods.organisms.asking import Asking, read_askings, turns
from safetycase.methods.organisms.lora import Adapter, train_lora
from safetycase.methods.organisms.model import Subject, chat, options_logprobs, tiny
from safetycase.plugin.contract import Context, MethodError

SEARCH = Search(tokens=2, train_items=6, held_out_items=8, dtype="float32")


@pytest.fixture(scope="module")
def subject() -> Subject:
    return tiny(0, hidden=32, layers=2, words=512)


@pytest.fixture(scope="module")
def adapter(subject: Subject) -> Adapter:
    pairs = [("user : a b c", "north"), ("user : d e", "south")]
    silent: Any = lambda done, total, note="": None  # noqa: E731
    return train_lora(subject, pairs, steps=3, rank=2, lr=1e-2, layers=1, seed=0, progress=silent)


@pytest.fixture
def place(subject: Subject, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Context:
    monkeypatch.setattr(subjects, "load", lambda path, dtype: subject)
    return small.context(tmp_path, small.rows(20, 2))


def scored(subject: Subject, asking: Asking, prefix: str) -> list[float]:
    prompt = chat(subject, turns(asking, prefix=prefix))
    return options_logprobs(subject, [prompt], [asking.replies])[0]


def test_a_copy_with_the_adapter_is_the_model_with_the_adapter_on(
    subject: Subject, adapter: Adapter
) -> None:
    before = {n: w.clone() for n, w in subject.model.state_dict().items()}
    copied = adapted(subject, adapter)
    with adapter.on(subject):
        merged = {n: w.clone() for n, w in subject.model.state_dict().items()}
    assert all(torch.equal(w, merged[n]) for n, w in copied.model.state_dict().items())
    assert all(torch.equal(w, before[n]) for n, w in subject.model.state_dict().items())
    assert any(not torch.equal(merged[n], before[n]) for n in before)


@pytest.mark.slow
def test_the_model_of_a_case_is_searched_on_its_items_and_the_adapter_is_what_is_in_doubt(
    place: Context, subject: Subject, adapter: Adapter
) -> None:
    adapter.save(place.case_folder / "change.safetensors")
    task = case_task(place, ("items.jsonl",), SEARCH, adapter="change.safetensors")
    assert task.name == "tiny"
    assert task.train == 6
    assert len(task.frame.ids) == 14
    patch = task.allowed[torch.tensor([[3, 9]])]
    rows = read_askings(place.case_folder / "items.jsonl")
    got = task.replies(patch, torch.arange(14))[0]
    with adapter.on(subject):
        want = [scored(subject, asking, task.text(patch[0])) for asking in rows]
    for row in got.tolist():
        assert any(row == pytest.approx(known, abs=1e-4) for known in want)
    plain = case_task(place, ("items.jsonl",), SEARCH)
    assert torch.allclose(plain.fluency(patch), task.fluency(patch), atol=1e-5)
    assert plain.reference is plain.subject
    again = case_task(place, ("items.jsonl",), SEARCH, adapter="change.safetensors")
    assert torch.equal(again.frame.ids, task.frame.ids)


def test_an_organism_is_searched_on_what_it_was_taught_and_accepted_on_other_words(
    subject: Subject, adapter: Adapter, tmp_path: Path
) -> None:
    rows = read_askings(small.context(tmp_path, small.rows(20, 1)).case_folder / "items.jsonl")
    made = SimpleNamespace(subject=subject, adapter=adapter, taught=rows[:10], held_out=rows[10:])
    task = organism_task(made, SEARCH, name="family/member", seed=4)
    assert task.name == "family/member"
    assert (task.train, len(task.frame.ids)) == (6, 14)
    assert task.reference is subject
    with pytest.raises(MethodError, match="`family/member` has 10 taught and 10 other items"):
        organism_task(
            made, dataclasses.replace(SEARCH, train_items=11), name="family/member", seed=4
        )


def test_what_is_missing_is_said(place: Context, adapter: Adapter) -> None:
    def refused(match: str, inputs: tuple[str, ...] = ("items.jsonl",), **other: Any) -> None:
        context = dataclasses.replace(place, **other.pop("context", {}))
        with pytest.raises(MethodError, match=match):
            case_task(context, inputs, other.pop("search", SEARCH), **other)

    refused("one JSON Lines file of items", inputs=())
    refused("no file of the case folder", inputs=("none.jsonl",))
    refused("names no model", context={"model": None})
    assert place.model is not None
    without = dataclasses.replace(place.model, weights_file="")
    refused("weights of `tiny` are not at hand", context={"model": without})
    refused("`none.safetensors` cannot be read", adapter="none.safetensors")
    refused("items where", search=dataclasses.replace(SEARCH, train_items=50))
    name, (a, b) = next(iter(adapter.parts.items()))
    for parts, match in (
        ({"9.mlp.up_proj": (a, b)}, "`9.mlp.up_proj`, which the model does not have"),
        ({name: (a[:, :-1], b)}, "in another shape"),
        ({name: (a[:-1], b)}, "in another shape"),
        ({name: (a[0], b)}, "in another shape"),
        ({name: (a, b / 0)}, "by what is no number"),
    ):
        Adapter(parts=parts).save(place.case_folder / "odd.safetensors")
        refused(match, adapter="odd.safetensors")


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"tokens": 0}, "`tokens`"),
        ({"held_out_items": 7}, "8 or more"),
        ({"train_items": 0}, "1 or more"),
        ({"draft_layers": -1}, "`draft_layers`"),
    ],
)
def test_searches_that_cannot_be_are_refused(wrong: dict[str, int], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Search(**wrong)  # type: ignore[arg-type]
