"""Literals (an event and its value): what they cost, where they count, which force a node."""

from __future__ import annotations

import math
from collections.abc import Callable

from safetycase.confidence.graph import ALL, ANY, EVENT, NOT, Graph

__all__ = ["EventLiteral", "cheap_proof", "doubt_of", "signs_of"]

EventLiteral = tuple[int, bool]


def doubt_of(graph: Graph, literal: EventLiteral) -> float:
    """The greatest probability that the literal does not hold."""
    event, value = literal
    return 1 - graph.low[event] if value else graph.high[event]


def signs_of(graph: Graph, node: int) -> dict[int, set[bool]]:
    """For each event below the node, whether it occurs unnegated (True), negated, or both."""
    signs: dict[int, set[bool]] = {node: {True}}
    for i in reversed(graph.below([node])):
        handed = {not s for s in signs[i]} if graph.ops[i] == NOT else signs[i]
        for part in graph.parts[i]:
            signs.setdefault(part, set()).update(handed)
    return {i: s for i, s in signs.items() if graph.ops[i] == EVENT}


def cheap_proof(
    graph: Graph, node: int, cost: Callable[[EventLiteral], float]
) -> frozenset[EventLiteral] | None:
    """Literals that make `node` true whatever the rest; None if nothing does.

    Each gate takes its cheapest parts, a cost being counted once for each path; the set is
    therefore a proof, and not always the cheapest. Two literals of one event may both be in it:
    then it costs more than 1 and proves nothing.
    """
    price = [[math.inf, math.inf] for _ in range(len(graph))]
    chosen: dict[tuple[int, int], tuple[tuple[int, int], ...]] = {}
    for i in graph.below([node]):
        op, parts = graph.ops[i], graph.parts[i]
        for value in (0, 1):
            if op == EVENT:
                price[i][value] = cost((i, bool(value)))
                continue
            if op == NOT:
                needed, ranked = 1, [(price[parts[0]][1 - value], parts[0])]
                takes = 1 - value
            else:
                k = len(parts) if op == ALL else 1 if op == ANY else graph.k[i]
                needed = k if value else len(parts) - k + 1
                ranked = sorted((price[p][value], p) for p in parts)
                takes = value
            if needed <= len(parts):
                taken = ranked[: max(0, needed)]
                price[i][value] = math.fsum({p: w for w, p in taken}.values())
                chosen[i, value] = tuple((p, takes) for _, p in taken)
    if math.isinf(price[node][1]):
        return None
    return _collected(graph, node, chosen)


def _collected(
    graph: Graph, node: int, chosen: dict[tuple[int, int], tuple[tuple[int, int], ...]]
) -> frozenset[EventLiteral]:
    found: set[EventLiteral] = set()
    seen: set[tuple[int, int]] = set()
    stack = [(node, 1)]
    while stack:
        item = stack.pop()
        if item in seen:
            continue
        seen.add(item)
        if graph.ops[item[0]] == EVENT:
            found.add((item[0], bool(item[1])))
        else:
            stack += chosen[item]
    return frozenset(found)
