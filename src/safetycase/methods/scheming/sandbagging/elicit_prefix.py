"""Search for a few tokens before the question that free an ability, guided by the gradient.

One coordinate at a time, as in Zou et al. 2023, arXiv:2307.15043, algorithm 1 (GCG), with few
candidates: what a search this short does not find may still be there.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from safetycase.methods.organisms.asking import Asking, form, turns
from safetycase.methods.organisms.model import Subject, chat, decoded, replies_logprobs
from safetycase.methods.organisms.packing import Packed, mask_of, pack
from safetycase.plugin.contract import Progress

__all__ = ["Prefix", "searched"]

BATCH, CANDIDATES, TOP = 6, 8, 32
START = "! ! ! ! ! ! ! !"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefix:
    """Token ids between the examples and the question, and how well they did in the search."""

    ids: tuple[int, ...]
    examples: tuple[Asking, ...]
    note: str

    def packs(self, subject: Subject, asked: Sequence[Asking]) -> list[Packed]:
        """The askings with the prefix in its place."""
        return [_pack(subject, asking, self.examples, self.ids)[0] for asking in asked]


def searched(
    subject: Subject,
    train: Sequence[Asking],
    *,
    examples: tuple[Asking, ...] = (),
    tokens: int,
    steps: int,
    generator: random.Random,
    progress: Progress,
) -> Prefix:
    """The prefix with the least loss on solved items, after `steps` rounds of token swaps."""
    ids = tuple(subject.tokenizer.encode(START, add_special_tokens=False)[:tokens])
    first = last = 0.0
    for step in range(steps):
        asked = generator.sample(list(train), min(BATCH, len(train)))
        slopes, loss = _slopes(subject, asked, examples, ids)
        tried = [ids]
        for _ in range(CANDIDATES):
            at = generator.randrange(len(ids))
            best = slopes[at].topk(min(TOP, slopes.shape[1])).indices.tolist()
            tried.append((*ids[:at], generator.choice(best), *ids[at + 1 :]))
        losses = [loss, *(_loss(subject, asked, examples, other) for other in tried[1:])]
        ids = tried[min(range(len(tried)), key=losses.__getitem__)]
        first, last = first or loss, min(losses)
        progress(step + 1, steps, f"prefix search, loss {last:.2f}")
    note = f"{len(ids)} tokens after {steps} steps, loss {first:.2f} to {last:.2f}"
    return Prefix(ids=ids, examples=examples, note=note)


def _pack(
    subject: Subject, asking: Asking, examples: Sequence[Asking], ids: Sequence[int]
) -> tuple[Packed, int]:
    """The pack, and the place of the first token of the prefix."""

    def encode(text: str) -> list[int]:
        found: list[int] = subject.tokenizer.encode(text, add_special_tokens=False)
        return found

    asked = form(asking)
    head, _, tail = chat(subject, turns(asking, examples)).rpartition(asked)
    before = encode(head)
    prompt = [*before, *ids, *encode(f" {asked}{tail}")]
    return pack(prompt, [encode(reply) for reply in asking.replies]), len(before)


def _right(
    subject: Subject, asked: Sequence[Asking], examples: Sequence[Asking], ids: Sequence[int]
) -> tuple[Any, list[int]]:
    found = [_pack(subject, asking, examples, ids) for asking in asked]
    packs = [
        replace(p, reads=(p.reads[a.options.index(a.right)],))
        for (p, _), a in zip(found, asked, strict=True)
    ]
    return packs, [place for _, place in found]


def _loss(
    subject: Subject, asked: Sequence[Asking], examples: Sequence[Asking], ids: Sequence[int]
) -> float:
    import torch

    packs, _ = _right(subject, asked, examples, ids)
    numbers, positions, mask = mask_of(packs)
    with torch.inference_mode():
        output = decoded(subject, mask, positions, ids=numbers)
        return float(-torch.cat(replies_logprobs(subject, output, packs)).mean())


def _slopes(
    subject: Subject, asked: Sequence[Asking], examples: Sequence[Asking], ids: Sequence[int]
) -> tuple[Any, float]:
    """How much each token in each place would lower the loss, to first order: (places, words)."""
    import torch

    packs, places = _right(subject, asked, examples, ids)
    numbers, positions, mask = mask_of(packs)
    words = subject.model.model.embed_tokens.weight
    embedded = words[numbers].detach().requires_grad_()
    output = decoded(subject, mask, positions, embedded=embedded)
    loss = -torch.cat(replies_logprobs(subject, output, packs)).mean()
    (slope,) = torch.autograd.grad(loss, embedded)
    here = torch.stack([slope[n, at : at + len(ids)] for n, at in enumerate(places)]).sum(0)
    return -(here.float() @ words.float().T), float(loss.detach())
