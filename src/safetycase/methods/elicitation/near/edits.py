"""Edits of an input that keep it near the clean one it comes from."""

from __future__ import annotations

from typing import Any

from safetycase.methods.elicitation.search.moves import Memory, different

__all__ = ["edited"]

TOP = 16


def edited(
    origin: Any,
    ids: Any,
    slope: Any,
    memory: Memory,
    pool: Any,
    *,
    distance: int,
    count: int,
    generator: Any,
) -> Any:
    """Up to `count` inputs (n, L), each at most `distance` places from `origin`, from `ids`.

    In turn: tokens that the slopes (L, vocabulary) of this input favour, wherever; a run of tokens
    whose slopes vary most; a part of an input of the `pool` (n, L) in its own place; another such
    run; the changed tokens in another order.
    """
    import torch

    kinds = (_swaps, _run, _part, _run, _order)
    favoured = _favoured(slope, ids)
    everywhere = (-memory.stir()).argsort(stable=True)[:TOP]
    made = []
    for index in range(2 * count):
        changed = kinds[index % len(kinds)](
            origin, ids, favoured, everywhere, pool, distance, generator
        )
        made.append(_kept_near(origin, changed, distance, generator))
    return different(torch.stack(made), ids)[:count]


def _favoured(slope: Any, ids: Any) -> list[tuple[int, int]]:
    """(place, token) in the order of what the slopes promise by that change."""
    gain = slope - slope.gather(1, ids[:, None])
    size = slope.shape[1]
    best = gain.flatten().argsort(stable=True)[: 2 * TOP].tolist()
    return [divmod(flat, size) for flat in best]


def _swaps(
    origin: Any, ids: Any, favoured: Any, everywhere: Any, pool: Any, distance: int, generator: Any
) -> Any:
    del origin, everywhere, pool
    changed = ids.clone()
    for _ in range(1 + _below(min(2, distance), generator)):
        place, token = favoured[_early(len(favoured), generator)]
        changed[place] = token
    return changed


def _run(
    origin: Any, ids: Any, favoured: Any, everywhere: Any, pool: Any, distance: int, generator: Any
) -> Any:
    del favoured, pool
    changed = (origin if _below(2, generator) else ids).clone()
    many = 1 + _below(min(distance, len(ids)), generator)
    start = _below(len(ids) - many + 1, generator)
    for place in range(start, start + many):
        changed[place] = everywhere[_early(len(everywhere), generator)]
    return changed


def _part(
    origin: Any, ids: Any, favoured: Any, everywhere: Any, pool: Any, distance: int, generator: Any
) -> Any:
    del favoured, everywhere, origin
    other = pool[_below(len(pool), generator)]
    many = 1 + _below(min(distance, len(ids)), generator)
    start = _below(len(ids) - many + 1, generator)
    changed = ids.clone()
    changed[start : start + many] = other[start : start + many]
    return changed


def _order(
    origin: Any, ids: Any, favoured: Any, everywhere: Any, pool: Any, distance: int, generator: Any
) -> Any:
    import torch

    moved = (ids != origin).nonzero()[:, 0]
    if len(moved) < 2:
        return _run(origin, ids, favoured, everywhere, pool, distance, generator)
    changed = ids.clone()
    changed[moved] = ids[moved[torch.randperm(len(moved), generator=generator)]]
    return changed


def _kept_near(origin: Any, changed: Any, distance: int, generator: Any) -> Any:
    """Take back changes at random until no more than `distance` are left."""
    import torch

    moved = (changed != origin).nonzero()[:, 0]
    back = len(moved) - distance
    if back > 0:
        rows = moved[torch.randperm(len(moved), generator=generator)[:back]]
        changed = changed.clone()
        changed[rows] = origin[rows]
    return changed


def _below(many: int, generator: Any) -> int:
    import torch

    return int(torch.randint(many, (1,), generator=generator))


def _early(many: int, generator: Any) -> int:
    """A rank below `many`; the first ones more often."""
    import torch

    share = float(torch.rand(1, generator=generator))
    return min(int(many * share * share), many - 1)
