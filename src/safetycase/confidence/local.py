"""Layer 1: bounds of every node that hold under every dependence, in one pass over the graph.

The rule of a node is sharp for what it is told (the intervals of its parts) and knows nothing of
what the parts share: Boole and Fréchet (Fréchet 1935, Fund. Math. 25:379) for `ALL` and `ANY`,
Rüger (1978, Metrika 25:171) for `AT_LEAST`.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

from safetycase.confidence.graph import ALL, ANY, AT_LEAST, EVENT, NOT, Graph

__all__ = ["Incremental", "local", "most_at_least"]

_ULP = 2.3e-16
"""A sum of n numbers up to 1 is off by less than n of these; doubts are rounded up by that."""


def most_at_least(needed: int, chances: Sequence[float]) -> float:
    """The largest probability that at least `needed` of some events happen (Rüger 1978).

    `chances[i]` is the largest probability of event i; nothing is known of their dependence. The
    value is attained: it is the largest t <= 1 with sum min(chances[i], t) >= needed * t.
    """
    if needed <= 0:
        return 1.0
    ordered = sorted(chances)
    if needed > len(ordered) or ordered[-needed] <= 0.0:
        return 0.0
    rest = sum(ordered)
    rest += _ULP * len(ordered) if rest > 0 else 0.0
    best = 1.0
    for spared in range(needed):
        best = min(best, rest / (needed - spared))
        rest -= ordered[-1 - spared]
    return max(0.0, best)


def local(graph: Graph) -> tuple[list[float], list[float]]:
    """(lower, upper) probability of every node, for every joint law that fits the intervals.

    Time is linear in the edges. A part given twice to `ALL` or `ANY` counts once.
    """
    low, high = list(graph.low), list(graph.high)
    parts, k = graph.parts, graph.k
    for node, op in enumerate(graph.ops):
        if op != EVENT:
            low[node], high[node] = _rule(op, k[node], parts[node], low, high)
    return low, high


def _rule(
    op: int, k: int, parts: tuple[int, ...], low: list[float], high: list[float]
) -> tuple[float, float]:
    """The bounds of one node from those of its parts."""
    if op == NOT:
        return 1.0 - high[parts[0]], 1.0 - low[parts[0]]
    if op == AT_LEAST:
        return _at_least(k, parts, low, high)
    if len(parts) > 1 and len(set(parts)) < len(parts):
        parts = tuple(dict.fromkeys(parts))
    if op == ALL:
        doubt, cap = 0.0, 1.0
        for part in parts:
            doubt += 1.0 - low[part]
            if high[part] < cap:
                cap = high[part]
        if len(parts) > 1 and doubt > 0.0:
            doubt += _ULP * len(parts)
        return (1.0 - doubt if doubt < 1.0 else 0.0), cap
    total, floor = 0.0, 0.0
    for part in parts:
        total += high[part]
        if low[part] > floor:
            floor = low[part]
    if len(parts) > 1 and total > 0.0:
        total += _ULP * len(parts)
    return floor, (total if total < 1.0 else 1.0)


def _at_least(
    k: int, parts: tuple[int, ...], low: list[float], high: list[float]
) -> tuple[float, float]:
    if k <= 0 or k > len(parts):
        return (1.0, 1.0) if k <= 0 else (0.0, 0.0)
    if k == 1 or k == len(parts):  # then a part given twice counts once
        return _rule(ANY if k == 1 else ALL, 0, parts, low, high)
    fewer = most_at_least(len(parts) - k + 1, [1.0 - low[p] for p in parts])
    return max(0.0, 1.0 - fewer), most_at_least(k, [high[p] for p in parts])


class Incremental:
    """Layer 1 kept up to date: a change of an event recomputes only the nodes above it."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._low, self._high = local(graph)
        above: list[list[int]] = [[] for _ in range(len(graph))]
        for node, parts in enumerate(graph.parts):
            for part in parts:
                if not above[part] or above[part][-1] != node:
                    above[part].append(node)
        self._above = above

    def low(self, node: int) -> float:
        """The lower probability of a node."""
        return self._low[node]

    def high(self, node: int) -> float:
        """The upper probability of a node."""
        return self._high[node]

    def set(self, event: int, low: float, high: float) -> tuple[int, ...]:
        """Give an event another interval; the nodes whose bounds changed, in ascending order.

        Raises `ValueError` if `event` is no event or [low, high] no interval of probability.
        """
        graph = self._graph
        if graph.ops[event] != EVENT:
            raise ValueError(f"`{graph.names[event]}` is no event")
        if not 0 <= low <= high <= 1:
            raise ValueError(f"[{low!r}, {high!r}] is no interval of probability")
        if (low, high) == (self._low[event], self._high[event]):
            return ()
        self._low[event], self._high[event] = low, high
        changed, waiting, queued = [event], [*self._above[event]], set(self._above[event])
        heapq.heapify(waiting)
        while waiting:  # the lowest node first: its parts are then final
            node = heapq.heappop(waiting)
            new = _rule(graph.ops[node], graph.k[node], graph.parts[node], self._low, self._high)
            if new == (self._low[node], self._high[node]):
                continue
            self._low[node], self._high[node] = new
            changed.append(node)
            for parent in self._above[node]:
                if parent not in queued:
                    queued.add(parent)
                    heapq.heappush(waiting, parent)
        return tuple(changed)
