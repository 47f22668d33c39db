"""Which open items help alone, and which only together.

Where two open items are both needed, solving one of them changes nothing, and any ranking of
single items gives both the value 0. So the unit of planning is the *minimal group*: a set of
items that gains something if all of it is solved, and nothing if any of it is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from safetycase.agenda.multilinear import compile_formula
from safetycase.agenda.paths import minimal, path_sets
from safetycase.confidence.graph import EVENT, NOT, Graph

__all__ = ["Group", "Groups", "groups", "groups_by_value"]

_NOTHING = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Items that gain `gain` for the top if all are solved, and nothing if one is missing.

    `gain` is the rise of the value from none of the open items solved to just these.
    """

    items: tuple[str, ...]
    gain: float

    @property
    def together(self) -> bool:
        """Worthless unless all are solved: more than one item."""
        return len(self.items) > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """The minimal groups, the most valuable first.

    Each of `substitutes` lists items that can stand for each other in company of the same others;
    `idle` are the items that are in no group found. `truncated` says that a limit was met, so
    that groups may be missing or not minimal and an idle item may not be idle; `base` is the
    value with no item solved.
    """

    groups: tuple[Group, ...]
    substitutes: tuple[tuple[str, ...], ...]
    idle: tuple[str, ...]
    base: float
    truncated: bool


def groups(
    graph: Graph,
    root: int,
    items: Mapping[str, int],
    point: Sequence[float],
    *,
    largest: int = 6,
    most: int = 500,
) -> Groups:
    """The minimal groups of `items` (id to event) for P(`root`) at `point`.

    The other events have the probability that `point` gives them; open items are false until
    solved. A group is the open part of a minimal path set whose other events do not hold the
    root up by themselves; that is exact. Groups above `largest` items, and all but the smallest
    `most` at a node, are left out and told by `truncated`. `ValueError` for an open item below a
    negation, and for items that are no events.
    """
    events = list(items.values())
    if any(not 0 <= e < len(graph) or graph.ops[e] != EVENT for e in events):
        raise ValueError("an open item is no event of the graph")
    if len(set(events)) < len(events):
        raise ValueError("two open items are one event")
    bits = {event: 1 << k for k, event in enumerate(events)}
    opened = sum(bits.values())

    def fits(mask: int) -> bool:
        return (mask & opened).bit_count() <= largest

    # If nothing holds the root up while all is open, which other events occur does not matter.
    hoped = _meanings(graph, root, bits, point, hope=True)
    found = path_sets(graph, root, hoped, fits=fits, most=most)
    if found.masks[:1] == (0,):
        tracked = _meanings(graph, root, bits, point, hope=False)
        found = path_sets(graph, root, tracked, fits=fits, most=most)
    masks = _pivotal(found.masks, opened)
    gains, base = _gains(graph, root, events, point, masks)
    if found.truncated:
        kept = [k for k, gain in enumerate(gains) if gain > 0]
        masks, gains = [masks[k] for k in kept], [gains[k] for k in kept]
    return _report(list(items), masks, gains, base, found.truncated)


def groups_by_value(
    items: Sequence[str],
    value: Callable[[frozenset[str]], float],
    *,
    largest: int = 3,
    most: int = 20_000,
) -> Groups:
    """The minimal groups for a `value` of sets of solved items that never falls as the set grows.

    By size, without looking above a group that was found; at most `most` sets are tried.
    `ValueError` for an item named twice or a value that is no number.
    """
    if len(set(items)) < len(items):
        raise ValueError("an item is named twice")
    base = _number(value(frozenset()))
    masks: list[int] = []
    gains: list[float] = []
    tried = 0
    for size in range(1, min(largest, len(items)) + 1):
        for chosen in combinations(range(len(items)), size):
            mask = sum(1 << k for k in chosen)
            if any(m & mask == m for m in masks):
                continue
            tried += 1
            if tried > most:
                return _report(items, masks, gains, base, True)
            gain = _number(value(frozenset(items[k] for k in chosen))) - base
            if gain > _NOTHING:
                masks.append(mask)
                gains.append(gain)
    return _report(items, masks, gains, base, largest < len(items) and _more(items, masks))


def _more(items: Sequence[str], masks: Iterable[int]) -> bool:
    """Whether larger groups are possible: some set without a group in it is left."""
    return sum(not any(m == 1 << k for m in masks) for k in range(len(items))) > 1


def _meanings(
    graph: Graph, root: int, bits: Mapping[int, int], point: Sequence[float], *, hope: bool
) -> dict[int, int | bool]:
    """Open items and uncertain events are bits; what is certain is true or false.

    With `hope`, uncertain events are true. A negation counts as an event of its own: nothing that
    is open may stand below it.
    """
    meaning: dict[int, int | bool] = dict(bits)
    fresh = 1 << len(bits)
    for node in graph.below([root]):
        if node in bits:
            continue
        if graph.ops[node] == EVENT:
            chance = _number(point[node])
        elif graph.ops[node] == NOT:
            if any(e in bits for e in graph.events([node])):
                raise ValueError(f"`{graph.names[node]}` negates what rests on an open item")
            chance = compile_formula(graph, node).at(point)
        else:
            continue
        if hope or chance in (0, 1):
            meaning[node] = chance > 0
        else:
            meaning[node] = fresh
            fresh <<= 1
    return meaning


def _pivotal(masks: Sequence[int], opened: int) -> list[int]:
    """The open parts of the path sets whose other events do not hold the root up alone."""
    alone = [m for m in masks if not m & opened]
    return minimal([m & opened for m in masks if m & opened and not any(a & m == a for a in alone)])


def _gains(
    graph: Graph,
    root: int,
    events: Sequence[int],
    point: Sequence[float],
    masks: Sequence[int],
) -> tuple[list[float], float]:
    rows = np.tile(np.asarray(point, dtype=np.float64), (len(masks) + 1, 1))
    for row, mask in enumerate([0, *masks]):
        rows[row, list(events)] = [float(mask >> k & 1) for k in range(len(events))]
    values = compile_formula(graph, root).many(rows)
    return [float(v - values[0]) for v in values[1:]], float(values[0])


def _report(
    items: Sequence[str],
    masks: Sequence[int],
    gains: Sequence[float],
    base: float,
    truncated: bool,
) -> Groups:
    found = [
        Group(items=tuple(items[k] for k in range(len(items)) if mask >> k & 1), gain=gain)
        for mask, gain in zip(masks, gains, strict=True)
    ]
    company: dict[int, list[int]] = {}
    for mask in masks:
        for k in range(len(items)):
            if mask >> k & 1:
                company.setdefault(mask ^ (1 << k), []).append(k)
    swaps = {tuple(items[k] for k in sorted(ks)) for ks in company.values() if len(ks) > 1}
    used = {name for group in found for name in group.items}
    return Groups(
        groups=tuple(sorted(found, key=lambda g: (-g.gain, len(g.items), g.items))),
        substitutes=tuple(sorted(swaps)),
        idle=tuple(name for name in items if name not in used),
        base=base,
        truncated=truncated,
    )


def _number(value: float) -> float:
    if not -1e300 < value < 1e300:
        raise ValueError(f"{value!r} is no number")
    return value
