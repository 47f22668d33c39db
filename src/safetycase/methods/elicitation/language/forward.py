"""Many patches in many prompts through a language model at the least cost.

What all prompts begin with goes through the layers once; its keys and values are used again for
every patch. All replies to a prompt are scored in one pass, and the output map is computed where a
reply is read and nowhere else.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

from safetycase.methods.elicitation.language.prompts import Prompt, head_of
from safetycase.methods.organisms.model import Subject
from safetycase.methods.organisms.packing import mask_of, pack
from safetycase.plugin.contract import MethodError

__all__ = [
    "Frame",
    "Head",
    "caching",
    "chunks",
    "exit_at",
    "frame",
    "head_for",
    "logprobs",
    "shared",
    "states",
    "tails",
]

TOKENS = 1536


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """C prompts as tensors, padded to L tokens after the head, with a gap of k tokens.

    `ids`, `positions` (C, L), `mask` (C, L, H + L), `gap` (C,): where the patch begins, `lengths`
    (C,). What is read: `places` (C, U) in the sequence; `slots` (C, R) which of these places,
    `tokens` (C, R) which token there, `owner` (C, R) of which reply (`replies` where none).
    `sought`, `offered` (C, replies) and `abstains` (C,) are bools.
    """

    head: tuple[int, ...]
    length: int
    replies: int
    ids: Any
    positions: Any
    mask: Any
    gap: Any
    lengths: Any
    places: Any
    slots: Any
    tokens: Any
    owner: Any
    sought: Any
    offered: Any
    abstains: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Keys and values of the head, a pair of (1, heads, H, d) for each layer."""

    layers: tuple[tuple[Any, Any], ...]

    def cache(self, count: int, tokens: int | None = None) -> Any:
        """A cache of transformers for a batch of `count`, of the first `tokens` of the head."""
        from transformers import DynamicCache

        found = DynamicCache()
        for number, pair in enumerate(self.layers):
            keys, values = (part[:, :, :tokens].expand(count, -1, -1, -1) for part in pair)
            found.update(keys, values, number)
        return found


def frame(prompts: Sequence[Prompt], length: int) -> Frame:
    """The prompts with a gap of `length` tokens; the gap is filled when they are run."""
    import torch

    head = head_of(prompts)
    if not head:
        raise MethodError("the prompts have nothing in common before the gap")
    rests = [p.before[len(head) :] for p in prompts]
    packs = [
        pack([*rest, *[0] * length, *p.after], p.replies)
        for rest, p in zip(rests, prompts, strict=True)
    ]
    ids, positions, mask = mask_of(packs)
    seen = torch.ones(*mask.shape[:1], mask.shape[2], len(head), dtype=torch.bool)
    replies = max(len(p.replies) for p in prompts)
    places, rows = [], []
    for one in packs:
        order = sorted({at for reads in one.reads for at, _ in reads})
        places.append(order)
        rows.append(
            [(order.index(at), t, k) for k, reads in enumerate(one.reads) for at, t in reads]
        )
    blank = (0, 0, replies)
    read = torch.tensor(_padded(rows, blank))
    return Frame(
        head=head,
        length=length,
        replies=replies,
        ids=ids,
        positions=positions + len(head),
        mask=torch.cat([seen, mask[:, 0]], dim=2),
        gap=torch.tensor([len(rest) for rest in rests]),
        lengths=torch.tensor([len(one.ids) for one in packs]),
        places=torch.tensor(_padded(places, 0)),
        slots=read[..., 0],
        tokens=read[..., 1],
        owner=read[..., 2],
        sought=torch.tensor([[k in p.sought for k in range(replies)] for p in prompts]),
        offered=torch.tensor([[k < len(p.replies) for k in range(replies)] for p in prompts]),
        abstains=torch.tensor([p.abstains for p in prompts]),
    )


def _padded(rows: Sequence[Sequence[Any]], blank: Any) -> list[list[Any]]:
    width = max(len(row) for row in rows)
    return [[*row, *[blank] * (width - len(row))] for row in rows]


def head_for(subject: Subject, ids: Sequence[int]) -> Head:
    """Run the head once, with the weights as they are now."""
    import torch
    from transformers import DynamicCache

    cache, inner = DynamicCache(), subject.model.model
    with torch.no_grad():
        inner(input_ids=torch.tensor([list(ids)]), use_cache=True, **caching(inner, cache))
    return Head(layers=tuple((layer.keys, layer.values) for layer in cache.layers))


def caching(inner: Any, cache: Any) -> dict[str, Any]:
    """The cache under the name that this version of transformers gives it."""
    known = inspect.signature(inner.forward).parameters
    return {"cache" if "cache" in known else "past_key_values": cache}


def exit_at(subject: Subject, layers: int) -> Subject:
    """The same weights with the first `layers` layers alone, before the norm and output map."""
    import torch

    inner = copy.copy(subject.model.model)
    inner._modules = dict(inner._modules)
    inner.layers = torch.nn.ModuleList(subject.model.model.layers[:layers])
    shell = SimpleNamespace(model=inner, lm_head=subject.model.lm_head)
    return replace(subject, model=shell)


def chunks(at: Frame, contexts: Any, tokens: int = TOKENS) -> Iterator[Any]:
    """Places in `contexts` of prompts of like length, as many as `tokens` padded tokens hold."""
    lengths = at.lengths[contexts]
    order = lengths.argsort(stable=True).tolist()
    found: list[int] = []
    for place in order:
        if found and (len(found) + 1) * int(lengths[place]) > tokens:
            yield found
            found = []
        found.append(place)
    if found:
        yield found


def states(subject: Subject, at: Frame, head: Head, contexts: Any, embedded: Any) -> Any:
    """The output of the last layer after its norm, (n, L, width), for patches as embeddings.

    `contexts` (n,) are prompts, `embedded` (n, k, width) the patch in each.
    """
    import torch

    longest = int(at.lengths[contexts].max())
    words = subject.model.model.embed_tokens.weight
    given = words[at.ids[contexts, :longest]]
    where = at.gap[contexts, None] + torch.arange(at.length)
    index = where[..., None].expand(-1, -1, given.shape[-1])
    given = given.scatter(1, index, embedded.to(given.dtype))
    mask = at.mask[contexts][:, None, :longest, : len(at.head) + longest]
    return subject.model.model(
        inputs_embeds=given,
        attention_mask=mask,
        position_ids=at.positions[contexts, :longest],
        use_cache=True,
        **caching(subject.model.model, head.cache(len(contexts))),
    ).last_hidden_state


def shared(at: Frame, contexts: Any) -> bool:
    """Whether a patch can go through the layers once for all these contexts.

    It can where nothing stands between the head and the gap: what comes before a token is all that
    it sees.
    """
    return at.length > 0 and len(contexts) > 1 and not bool(at.gap[contexts].any())


def tails(subject: Subject, at: Frame, head: Head, contexts: Any, rows: Any, embedded: Any) -> Any:
    """What `states` gives, for `shared` contexts; before their gap ends it is 0.

    `embedded` (P, k, width) are patches, each of which goes through the layers once, and `rows`
    (n,) says which of them stands in each of the `contexts` (n,).
    """
    import torch

    inner, words = subject.model.model, subject.model.model.embed_tokens.weight
    longest, start, k = int(at.lengths[contexts].max()), len(at.head), at.length
    cache = head.cache(len(embedded))
    inner(
        inputs_embeds=embedded.to(words.dtype),
        attention_mask=at.mask[contexts[:1], None, :k, : start + k].expand(
            len(embedded), -1, -1, -1
        ),
        position_ids=at.positions[contexts[:1], :k].expand(len(embedded), -1),
        use_cache=True,
        **caching(inner, cache),
    )
    patched = Head(layers=tuple((one.keys[rows], one.values[rows]) for one in cache.layers))
    output = inner(
        inputs_embeds=words[at.ids[contexts, k:longest]],
        attention_mask=at.mask[contexts, None, k:longest, : start + longest],
        position_ids=at.positions[contexts, k:longest],
        use_cache=True,
        **caching(inner, patched.cache(len(contexts))),
    ).last_hidden_state
    return torch.nn.functional.pad(output, (0, 0, k, 0))


def logprobs(subject: Subject, at: Frame, contexts: Any, output: Any) -> Any:
    """(n, replies): the log-probability of each reply in nats, −∞ where a prompt has fewer.

    Where every reply is read at one place, up to a constant for each of the n.
    """
    import torch

    rows = torch.arange(len(contexts))[:, None]
    read = output[rows, at.places[contexts]]
    slots, tokens = at.slots[contexts], at.tokens[contexts]
    # In half precision a logit is rounded to an eighth; the few that are read need not be.
    wanted = subject.model.lm_head.weight[tokens].float()
    each = (read[rows, slots].float() * wanted).sum(-1)
    if at.places.shape[1] > 1:  # else the norm is the same for all replies
        norms = subject.model.lm_head(read).float().logsumexp(-1)
        each = each - norms.gather(1, slots)
    total = torch.zeros(len(contexts), at.replies + 1, dtype=each.dtype)
    total = total.scatter_add(1, at.owner[contexts], each)[:, : at.replies]
    return total.masked_fill(~at.offered[contexts], -torch.inf)
