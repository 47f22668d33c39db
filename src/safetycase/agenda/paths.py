"""Minimal path sets of a node: the smallest sets of events that make it hold.

Bottom up with absorption, as fault-tree programs find cut sets (MOCUS, Fussell & Vesely 1972,
Trans. ANS 15:262). Sets are bit masks. Every limit that was met is told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from safetycase.confidence.graph import ALL, ANY, AT_LEAST, EVENT, Graph

__all__ = ["PathSets", "minimal", "path_sets"]

ALWAYS: tuple[int, ...] = (0,)
NEVER: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PathSets:
    """Minimal path sets as bit masks, smallest first; `truncated` if some may be missing."""

    masks: tuple[int, ...]
    truncated: bool


def path_sets(
    graph: Graph,
    root: int,
    meaning: Mapping[int, int | bool],
    *,
    fits: Callable[[int], bool] | None = None,
    most: int = 500,
) -> PathSets:
    """The minimal path sets of `root`.

    `meaning` says what a node stands for: a bit (an int with that bit alone set), or true, or
    false. Every event needs a meaning; a gate that has one is not looked into. Sets for which
    `fits` is false are dropped, and at most `most` are kept at each node; both set `truncated`.
    A negation without a meaning raises `ValueError`: a set of events cannot hold it.
    """
    found: dict[int, tuple[int, ...]] = {}
    cut = False
    for node in _below(graph, root, meaning):
        if node in meaning:
            given = meaning[node]
            sets = (ALWAYS if given else NEVER) if isinstance(given, bool) else (given,)
        else:
            sets, dropped = _gate(graph, node, found, fits, most)
            cut = cut or dropped
        found[node] = sets
    masks = sorted(found[root], key=lambda m: (m.bit_count(), m))
    return PathSets(masks=tuple(masks), truncated=cut)


def minimal(masks: list[int]) -> list[int]:
    """The masks that contain no other."""
    kept: list[int] = []
    smaller, size = 0, -1  # only masks with fewer bits, the first `smaller`, can be contained
    for mask in sorted(set(masks), key=lambda m: (m.bit_count(), m)):
        if mask.bit_count() > size:
            smaller, size = len(kept), mask.bit_count()
        if not any(kept[k] & mask == kept[k] for k in range(smaller)):
            kept.append(mask)
    return kept


def _below(graph: Graph, root: int, meaning: Mapping[int, int | bool]) -> list[int]:
    seen: set[int] = set()
    stack = [root]
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            if node not in meaning:
                stack += graph.parts[node]
    return sorted(seen)


def _gate(
    graph: Graph,
    node: int,
    found: Mapping[int, tuple[int, ...]],
    fits: Callable[[int], bool] | None,
    most: int,
) -> tuple[tuple[int, ...], bool]:
    op, parts = graph.ops[node], graph.parts[node]
    if op == EVENT:
        raise ValueError(f"the event `{graph.names[node]}` has no meaning here")
    if op not in (ALL, ANY, AT_LEAST):
        raise ValueError(f"`{graph.names[node]}` negates what a set of events should make true")
    need = {ALL: len(parts), ANY: 1, AT_LEAST: max(graph.k[node], 0)}[op]
    # held[j]: the sets that make at least j of the parts seen so far hold
    held: list[tuple[int, ...]] = [ALWAYS] + [NEVER] * need
    cut = False
    for seen, part in enumerate(parts, 1):
        # Fewer than this cannot become enough any more.
        for j in range(min(need, seen), max(0, need - (len(parts) - seen) - 1), -1):
            joined, dropped = _joined(held[j - 1], found[part], most)
            held[j], lost = _kept([*held[j], *joined], fits, most)
            cut = cut or dropped or lost
    return held[need], cut


def _joined(some: tuple[int, ...], others: tuple[int, ...], most: int) -> tuple[list[int], bool]:
    """Every union of one of each, of the smallest only where there would be too many."""
    room = 20 * most
    dropped = len(some) * len(others) > room
    if dropped:
        some = some[: max(1, room // len(others), int(room**0.5))]
        others = others[: max(1, room // len(some))]
    return [a | b for a in some for b in others], dropped


def _kept(
    masks: list[int], fits: Callable[[int], bool] | None, most: int
) -> tuple[tuple[int, ...], bool]:
    distinct = set(masks)
    fitting = distinct if fits is None else {m for m in distinct if fits(m)}
    kept = minimal(sorted(fitting, key=lambda m: (m.bit_count(), m))[: 4 * most])
    lost = len(fitting) < len(distinct) or len(fitting) > 4 * most or len(kept) > most
    return tuple(kept[:most]), lost
