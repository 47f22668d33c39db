"""From a case's own model, or a model organism, to the task of a context search."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from safetycase.methods.elicitation.language.prompts import Sought, prompts_of
from safetycase.methods.elicitation.language.task import LanguageTask, language_task
from safetycase.methods.elicitation.language.vocabulary import Alphabet
from safetycase.methods.imported.strict import input_file
from safetycase.methods.organisms.asking import read_askings, read_examples, split
from safetycase.methods.organisms.lora import SCALE, Adapter
from safetycase.methods.organisms.model import Precision, Subject, load
from safetycase.plugin.contract import Context, MethodError

__all__ = ["Search", "adapted", "case_task", "organism_task"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is looked for in a language model, and with what.

    `sought` is a context that frees the right answer, or one that brings a wrong one. A patch has
    `tokens` tokens of the `alphabet`. Items are dealt by the seed: `train_items` to search on,
    `held_out_items` to accept on.
    """

    sought: Sought = "right"
    tokens: int = 6
    alphabet: Alphabet = "words"
    train_items: int = 24
    held_out_items: int = 36
    draft_layers: int = 0
    dtype: Precision = "auto"

    def __post_init__(self) -> None:
        if not 1 <= self.tokens <= 64:
            raise ValueError("`tokens` is 1 to 64")
        if self.train_items < 1 or self.held_out_items < 8:
            raise ValueError("`train_items` is 1 or more, `held_out_items` 8 or more")
        if self.draft_layers < 0:
            raise ValueError("`draft_layers` is 0 (no draft) or more")


def adapted(subject: Subject, adapter: Adapter) -> Subject:
    """A copy of the subject with the adapter merged in; the subject stays as the reference."""
    copied = replace(subject, model=copy.deepcopy(subject.model))
    layers = copied.model.model.layers
    known = {name for name, _ in layers.named_modules()}
    import torch

    for name, (a, b) in adapter.parts.items():
        if name not in known:
            raise MethodError(f"the adapter changes `{name}`, which the model does not have")
        weight = layers.get_submodule(name).weight
        fits = a.ndim == b.ndim == 2 and len(a) == b.shape[1]
        if not fits or (len(b), a.shape[1]) != tuple(weight.shape):
            raise MethodError(
                f"the adapter changes `{name}` in another shape than {tuple(weight.shape)}"
            )
        if not (torch.isfinite(a).all() and torch.isfinite(b).all()):
            raise MethodError(f"the adapter changes `{name}` by what is no number")
        with torch.no_grad():
            weight += (SCALE * (b @ a)).to(weight.dtype)
    return copied


def case_task(
    context: Context, inputs: Sequence[str], search: Search, *, adapter: str = ""
) -> LanguageTask:
    """The task for the leaf's model: `inputs` are a file of items and maybe one of examples.

    `adapter` is a file of the case (safetensors, as `organisms.lora.Adapter` writes it) whose
    change is what is in doubt; the model without it is then the reference. `MethodError` where
    something is missing, with the way out.
    """
    if len(inputs) not in (1, 2):
        raise MethodError(
            "name one JSON Lines file of items under `inputs`, and after it one of worked "
            f"examples if there are any, not {len(inputs)} files"
        )
    askings = read_askings(input_file(context, inputs[0]))
    examples = read_examples(input_file(context, inputs[1]), askings) if inputs[1:] else ()
    parts = split(
        askings,
        train_items=search.train_items,
        held_out_items=search.held_out_items,
        each=1,
        seed=context.seed,
    )
    change = _adapter(context.case_folder / adapter) if adapter else None
    base = _loaded(context, search)
    subject = adapted(base, change) if change else base
    return _task(
        context.model.name if context.model else "", subject, base, parts, examples, search
    )


def organism_task(organism: Any, search: Search, *, name: str, seed: int) -> LanguageTask:
    """The task for a made organism of the kind `language-model`, by its own items.

    Its `value` has `subject`, `adapter`, and the askings `taught` and `held_out`, no word of which
    is taught; if it has `examples`, they are shown before each. `MethodError` where it has too few.
    """
    import random

    taught, kept = organism.taught, organism.held_out
    if len(kept) < search.held_out_items or len(taught) < search.train_items:
        raise MethodError(
            f"`{name}` has {len(taught)} taught and {len(kept)} other items where `train_items` "
            f"and `held_out_items` ask for {search.train_items} and {search.held_out_items}"
        )
    generator = random.Random(seed)  # noqa: S311 - which items, no secret
    subject = organism.subject
    prompts = [
        prompts_of(
            subject,
            generator.sample(list(some), count),
            examples=getattr(organism, "examples", ()),
            sought=search.sought,
        )
        for some, count in ((taught, search.train_items), (kept, search.held_out_items))
    ]
    return language_task(
        adapted(subject, organism.adapter),
        *prompts,
        length=search.tokens,
        name=name,
        reference=subject,
        alphabet=search.alphabet,
        draft_layers=search.draft_layers,
    )


def _task(
    name: str, subject: Subject, base: Subject, parts: Any, examples: Any, search: Search
) -> LanguageTask:
    train, held_out = (
        prompts_of(subject, some, examples=examples, sought=search.sought)
        for some in (parts.train, parts.held_out)
    )
    return language_task(
        subject,
        train,
        held_out,
        length=search.tokens,
        name=name,
        reference=base,
        alphabet=search.alphabet,
        draft_layers=search.draft_layers,
    )


def _loaded(context: Context, search: Search) -> Subject:
    if context.model is None:
        raise MethodError("the leaf names no model; a search in a language model needs one")
    if not context.model.weights_file:
        raise MethodError(
            f"the weights of `{context.model.name}` are not at hand; a search by gradient needs a "
            "`local` model and an executor on this machine"
        )
    return load(Path(context.model.weights_file), dtype=search.dtype)


def _adapter(path: Path) -> Adapter:
    try:
        return Adapter.read(path)
    except (OSError, ValueError) as error:
        raise MethodError(f"the adapter `{path.name}` cannot be read: {error}") from error
