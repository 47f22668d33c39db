"""Patches to try next, drawn from slopes: which tokens, in which places, in which order."""

from __future__ import annotations

import itertools
import math
from typing import Any

__all__ = ["Memory", "different", "orders", "proposals", "random_patches"]

MOST_ORDERS = 24


class Memory:
    """Slopes averaged over patches and contexts: one gradient says little, many say which tokens.

    Each map is centred per place and scaled to unit spread before it is averaged, so that steep
    patches do not outvote the others.
    """

    def __init__(self, keep: float, allowed: Any) -> None:
        self.keep = keep
        self.allowed = allowed
        self.total: Any = None
        self.weight = 0.0

    def add(self, slopes: Any, keep: float | None = None) -> None:
        """Take in a map of slopes (k, vocabulary), in which lower is better."""
        part = slopes[:, self.allowed]
        part = part - part.mean(1, keepdim=True)
        part = part / part.std().clamp_min(1e-12)
        keep = self.keep if keep is None else keep
        self.total = part if self.total is None else keep * self.total + part
        self.weight = 1.0 if self.weight == 0 else keep * self.weight + 1.0

    def settle(self) -> None:
        """Let what was taken in so far weigh as one map against those to come."""
        self.total, self.weight = self.total / self.weight, 1.0

    def scores(self) -> Any:
        """(k, allowed): the average."""
        return self.total / self.weight


def random_patches(count: int, length: int, allowed: Any, generator: Any) -> Any:
    """(count, length) patches of allowed tokens at random."""
    import torch

    return allowed[torch.randint(len(allowed), (count, length), generator=generator)]


def proposals(
    patch: Any, memory: Memory, count: int, *, top: int, swaps: int, generator: Any
) -> Any:
    """Up to `count` patches: swaps of several tokens, tokens anew in any order, orders.

    A token of a place is drawn from the `top` of that place's scores, the better ones more often.
    Half as often it is drawn from the top of the scores pooled over places: which tokens matter is
    learnt before where they belong.
    """
    import torch

    length = len(patch)
    scores = memory.scores()
    by_place = _ranked(scores, top)
    pooled = _ranked(scores.mean(0, keepdim=True), max(top, length))[0]
    made = [patch[list(order)] for order in orders(length, generator)[: max(1, count // 8)]]
    while len(made) < 2 * count:
        if length > 1 and int(torch.randint(3, (1,), generator=generator)) == 0:
            made.append(memory.allowed[pooled[_few(len(pooled), length, generator)]])
            continue
        changed = patch.clone()
        many = 1 + int(torch.randint(min(swaps, length), (1,), generator=generator))
        for place in torch.randperm(length, generator=generator)[:many].tolist():
            chosen = by_place[place][_few(len(by_place[place]), 1, generator)[0]]
            changed[place] = memory.allowed[chosen]
        made.append(changed)
    return different(torch.stack(made), patch)[:count]


def orders(length: int, generator: Any) -> list[tuple[int, ...]]:
    """The orders of the places of a patch, without that it has; for long ones some at random."""
    import torch

    if math.factorial(length) <= MOST_ORDERS:
        every = list(itertools.permutations(range(length)))[1:]
        return [every[i] for i in torch.randperm(len(every), generator=generator).tolist()]
    found = []
    for _ in range(MOST_ORDERS):
        one, other = torch.randperm(length, generator=generator)[:2].tolist()
        order = list(range(length))
        order[one], order[other] = order[other], order[one]
        found.append(tuple(order))
    return found


def different(patches: Any, patch: Any) -> Any:
    """The patches that differ from each other and from `patch`, in the order they come."""
    seen = {tuple(patch.tolist())}
    kept = []
    for row, one in enumerate(patches.tolist()):
        if tuple(one) not in seen:
            seen.add(tuple(one))
            kept.append(row)
    return patches[kept]


def _ranked(scores: Any, top: int) -> Any:
    """(places, top) indices of the lowest scores, the lowest first."""
    return scores.argsort(dim=1, stable=True)[:, :top]


def _few(many: int, count: int, generator: Any) -> list[int]:
    """`count` different ranks below `many`; a rank has weight 1 / (1 + rank)."""
    import torch

    weights = 1 / torch.arange(1, many + 1, dtype=torch.float64)
    chosen: list[int] = torch.multinomial(weights, count, generator=generator).tolist()
    return chosen
