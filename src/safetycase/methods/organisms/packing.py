"""A prompt and its possible replies in one sequence, so that all are scored in one forward pass.

The tokens of each reply see the prompt and themselves, not the other replies; their positions are
those they would have right after the prompt. What a reply is worth is the same as if it stood
alone, and no cache of keys and values is needed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

__all__ = ["TOGETHER", "Packed", "alone", "batches", "joined", "mask_of", "pack"]

PAD = -1
TOGETHER = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """Token ids, their positions and groups (0: prompt, k: reply k), and what is predicted where.

    `reads[k]` holds, for each token of reply k, the place whose output predicts it and the token.
    A token sees its own group and those that it follows: group k follows `parents[k - 1]`, a group
    before it, or the prompt where `parents` is empty.
    """

    ids: tuple[int, ...]
    positions: tuple[int, ...]
    groups: tuple[int, ...]
    reads: tuple[tuple[tuple[int, int], ...], ...]
    parents: tuple[int, ...] = ()


def pack(prompt: Sequence[int], replies: Sequence[Sequence[int]]) -> Packed:
    """One sequence for a prompt of at least one token and replies of at least one token each."""
    if not prompt or not replies or not all(replies):
        raise ValueError("a prompt and every reply have at least one token")
    ids, positions, groups = list(prompt), list(range(len(prompt))), [0] * len(prompt)
    reads = []
    for number, reply in enumerate(replies, start=1):
        at = [len(prompt) - 1, *range(len(ids), len(ids) + len(reply) - 1)]
        reads.append(tuple(zip(at, reply, strict=True)))
        ids += reply[:-1]
        positions += range(len(prompt), len(prompt) + len(reply) - 1)
        groups += [number] * (len(reply) - 1)
    return Packed(
        ids=tuple(ids), positions=tuple(positions), groups=tuple(groups), reads=tuple(reads)
    )


def joined(packs: Sequence[Packed]) -> tuple[Packed, tuple[tuple[int, ...], ...]]:
    """Packs as one sequence that reads what all of them begin with once, and their places in it.

    What a token sees, and so what is computed for it, is the same as in its own pack. The reads
    are those of the packs, one after the other.
    """
    shared = _common(packs)
    first = packs[0]
    ids, positions = list(first.ids[:shared]), list(first.positions[:shared])
    groups, parents = [0] * shared, list[int]()
    reads: list[tuple[tuple[int, int], ...]] = []
    places = []
    for one in packs:
        own = len(parents) + 1  # the group of its prompt, behind what is shared
        start = len(ids) - shared
        parents.append(0)
        count = max(one.groups, default=0)
        parents += [own + p for p in one.parents or (0,) * count]
        ids += one.ids[shared:]
        positions += one.positions[shared:]
        groups += [own + group for group in one.groups[shared:]]
        place = (*range(shared), *range(start + shared, start + len(one.ids)))
        places.append(place)
        reads += [tuple((place[at], token) for at, token in row) for row in one.reads]
    found = Packed(
        ids=tuple(ids),
        positions=tuple(positions),
        groups=tuple(groups),
        reads=tuple(reads),
        parents=tuple(parents),
    )
    return found, tuple(places)


def _common(packs: Sequence[Packed]) -> int:
    """How many tokens of their prompts all packs begin with."""
    length = min(sum(1 for _ in takewhile(lambda group: group == 0, p.groups)) for p in packs)
    for place in range(length):
        if len({p.ids[place] for p in packs}) > 1:
            return place
    return length


def alone(packed: Packed, reply: int) -> tuple[Packed, tuple[int, ...]]:
    """The pack with one of its replies, and the places that are kept of it."""
    kept = tuple(i for i, group in enumerate(packed.groups) if group in (0, reply + 1))
    new = {old: i for i, old in enumerate(kept)}
    found = Packed(
        ids=tuple(packed.ids[i] for i in kept),
        positions=tuple(packed.positions[i] for i in kept),
        groups=tuple(packed.groups[i] for i in kept),
        reads=(tuple((new[at], token) for at, token in packed.reads[reply]),),
    )
    return found, kept


def batches(packs: Sequence[Packed], tokens: int) -> Iterator[list[int]]:
    """Places of packs of like length, at most `tokens` padded tokens (or one pack) at a time."""
    order = sorted(range(len(packs)), key=lambda i: len(packs[i].ids))
    found: list[int] = []
    for place in order:
        if found and (len(found) + 1) * len(packs[place].ids) > tokens:
            yield found
            found = []
        found.append(place)
    if found:
        yield found


def mask_of(packs: Sequence[Packed]) -> tuple[Any, Any, Any]:
    """(ids, positions, mask) as tensors: (n, L), (n, L), and (n, 1, L, L) with True where it sees.

    Padding sees itself alone, so that no row of the softmax is empty.
    """
    import torch

    length = max(len(p.ids) for p in packs)

    def padded(rows: list[tuple[int, ...]], fill: int) -> Any:
        return torch.tensor([[*row, *[fill] * (length - len(row))] for row in rows])

    groups = padded([p.groups for p in packs], PAD)
    causal = torch.ones(length, length, dtype=torch.bool).tril()
    mask = torch.stack([_sees(p, row) for p, row in zip(packs, groups, strict=True)]) & causal
    mask |= torch.eye(length, dtype=torch.bool)
    ids, positions = padded([p.ids for p in packs], 0), padded([p.positions for p in packs], 0)
    return ids, positions, mask[:, None]


def _sees(packed: Packed, groups: Any) -> Any:
    """(L, L), True where the group of the column is that of the row or one that it follows."""
    import torch

    count = max(packed.groups, default=0) + 1
    sees = torch.eye(count + 1, dtype=torch.bool)
    sees[-1, -1] = False  # what is added to fill up has the last row and column
    for group in range(1, count):
        sees[group] |= sees[packed.parents[group - 1] if packed.parents else 0]
    return sees[groups][:, groups]
