"""P(node) by drawing worlds, sixty-four to a machine word: for graphs no diagram fits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from safetycase.confidence.diagram import Point
from safetycase.confidence.graph import ALL, ANY, AT_LEAST, EVENT, NOT, Graph

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Bits = NDArray[np.uint8]

__all__ = ["sample"]

_BLOCK_BYTES = 1 << 26


def sample(
    graph: Graph, node: int, chance: Sequence[float], *, seed: int, draws: int
) -> tuple[Point, int]:
    """The share of `draws` independent worlds in which `node` holds, and their number.

    The importance of an event is the difference of that share with and without it; 0 where one
    of the two never occurred. Memory stays within 64 MiB whatever the graph and the draws.
    """
    import numpy as np

    if draws < 1:
        raise ValueError(f"{draws} draws")
    random = np.random.default_rng(seed)
    below = graph.below([node])
    events = [i for i in below if graph.ops[i] == EVENT]
    block = max(64, min(draws, 8 * _BLOCK_BYTES // max(1, len(below)) // 64 * 64))
    with_it, both = np.zeros(len(events), dtype=np.int64), np.zeros(len(events), dtype=np.int64)
    hits = done = 0
    while done < draws:
        size = min(block, draws - done)
        drawn = {e: np.packbits(random.random(size) < chance[e]) for e in events}
        mask = np.packbits(np.ones(size, dtype=bool))
        top = _values(graph, below, drawn, mask)[node]
        hits += int(np.bitwise_count(top).sum())
        for i, e in enumerate(events):
            with_it[i] += int(np.bitwise_count(drawn[e]).sum())
            both[i] += int(np.bitwise_count(drawn[e] & top).sum())
        done += size
    slopes = {}
    for e, count, joint in zip(events, with_it.tolist(), both.tolist(), strict=True):
        seldom = count in (0, draws)
        slopes[e] = 0.0 if seldom else joint / count - (hits - joint) / (draws - count)
    return Point(value=hits / draws, importance=slopes), hits


def _values(
    graph: Graph, below: Sequence[int], drawn: dict[int, Bits], mask: Bits
) -> dict[int, Bits]:
    """Each node in each world, a bit a world; `mask` has a bit for each world."""
    import numpy as np

    values = dict(drawn)
    for i in below:
        op = graph.ops[i]
        parts = [values[p] for p in graph.parts[i]]
        if op == NOT:
            values[i] = ~parts[0] & mask
        elif op == ALL:
            values[i] = _fold(parts, mask, conjunction=True)
        elif op == ANY:
            values[i] = _fold(parts, np.zeros_like(mask), conjunction=False)
        elif op == AT_LEAST:
            values[i] = _at_least(graph.k[i], parts, mask)
    return values


def _fold(parts: Sequence[Bits], start: Bits, *, conjunction: bool) -> Bits:
    result = start.copy()
    for part in parts:
        if conjunction:
            result &= part
        else:
            result |= part
    return result


def _at_least(k: int, parts: Sequence[Bits], mask: Bits) -> Bits:
    """Counts the parts in binary, one plane of bits a digit, and compares the count with k."""
    import numpy as np

    if k <= 0 or k > len(parts):
        return mask.copy() if k <= 0 else np.zeros_like(mask)
    planes = [np.zeros_like(mask) for _ in range(len(parts).bit_length())]
    for part in parts:
        carry = part
        for digit, plane in enumerate(planes):
            planes[digit], carry = plane ^ carry, plane & carry
    more, equal = np.zeros_like(mask), mask.copy()
    for digit in range(len(planes) - 1, -1, -1):
        plane = planes[digit]
        if k >> digit & 1:
            equal &= plane
        else:
            more |= equal & plane
            equal &= ~plane
    return more | equal
