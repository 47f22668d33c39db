"""Patches to try next, drawn from slopes: which tokens, in which places, in which order."""

from __future__ import annotations

import itertools
import math
from typing import Any

__all__ = ["Memory", "different", "orders", "proposals", "random_patches"]

MOST_ORDERS = 24


class Memory:
    """What many slopes say together: one gradient says little about a patch far from it.

    Each map is centred per place and scaled to unit spread, so that steep patches do not outvote
    the others. `scores` is their mean, with weight `keep` on what was: where the loss falls to
    first order. `stir` is how much the slope of a token varies from patch to patch and context to
    context. A token that acts only together with others has a mean slope like any other, and yet a
    slope that varies: to second order its row of the Hessian is long.
    """

    def __init__(self, keep: float, allowed: Any) -> None:
        self.keep = keep
        self.allowed = allowed
        self.mean: Any = None
        self.first: Any = 0.0
        self.second: Any = 0.0
        self.maps = 0

    def add(self, slopes: Any) -> None:
        """Take in a map of slopes (k, vocabulary), in which lower is better."""
        part = slopes[:, self.allowed].float()
        part = part - part.mean(1, keepdim=True)
        part = part / part.std().clamp_min(1e-12)
        self.maps += 1
        self.first = self.first + part
        self.second = self.second + part.square()
        share = max(1 - self.keep, 1 / self.maps)
        self.mean = part if self.mean is None else (1 - share) * self.mean + share * part

    def scores(self) -> Any:
        """(places, allowed): mean slopes, lower is better."""
        return self.mean

    def stir(self) -> Any:
        """(allowed,): standard deviation of a token's slopes over all maps, pooled over places."""
        mean = self.first / self.maps
        return (self.second / self.maps - mean.square()).clamp_min(0).mean(0).sqrt()


def random_patches(count: int, length: int, allowed: Any, generator: Any) -> Any:
    """(count, length) patches of allowed tokens at random."""
    import torch

    return allowed[torch.randint(len(allowed), (count, length), generator=generator)]


def proposals(
    patch: Any,
    memory: Memory,
    count: int,
    *,
    top: int,
    swaps: int,
    generator: Any,
    tried: set[tuple[int, ...]],
    spread: bool = True,
) -> Any:
    """Up to `count` patches (P, k) that differ from `patch` in up to `swaps` places, or in order.

    With `spread` every second one takes tokens whose slopes vary most (`Memory.stir`), all
    different, and is none of `tried`, to which it is added. The others take tokens that the mean
    slopes favour in their places. The higher a token ranks, the more often it is drawn; an eighth
    are orders.
    """
    import torch

    length = len(patch)
    most = min(swaps, length, len(memory.allowed))
    by_place = _ranked(memory.scores(), top, generator)
    stirred = _ranked(-memory.stir()[None], max(2 * top, length), generator)[0]
    made = [patch[list(order)] for order in orders(length, generator)[: max(1, count // 8)]]
    for turn in range(3 * count):
        changed = patch.clone()
        if turn % 2 or not spread:
            many = 1 + int(torch.randint(most, (1,), generator=generator))
            for place in _places(length, many, generator):
                rank = _few(by_place.shape[1], 1, generator)[0]
                changed[place] = memory.allowed[by_place[place][rank]]
        else:
            chosen = stirred[_few(len(stirred), most, generator)]
            changed[_places(length, most, generator)] = memory.allowed[chosen]
            if (ids := tuple(changed.tolist())) in tried:
                continue
            tried.add(ids)
        made.append(changed)
        if len(made) > count:
            break
    return different(torch.stack(made), patch)[:count]


def _places(length: int, many: int, generator: Any) -> list[int]:
    import torch

    chosen: list[int] = torch.randperm(length, generator=generator)[:many].tolist()
    return chosen


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


def _ranked(scores: Any, top: int, generator: Any) -> Any:
    """(places, top) indices of the lowest scores, the lowest first; ties in any order."""
    import torch

    order = torch.randperm(scores.shape[1], generator=generator)
    return order[scores[:, order].argsort(dim=1, stable=True)[:, :top]]


def _few(many: int, count: int, generator: Any) -> list[int]:
    """`count` different ranks below `many`; a rank has weight 1 / (1 + rank)."""
    import torch

    weights = 1 / torch.arange(1, many + 1, dtype=torch.float64)
    chosen: list[int] = torch.multinomial(weights, count, generator=generator).tolist()
    return chosen
