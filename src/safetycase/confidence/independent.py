"""A lower bound where some events are independent of one another, and of the rest nothing is known.

For events I that are mutually independent and any literals U of other events,
P(node) ≥ P(node is forced by I and U) − the doubts of U, by Boole's inequality, where the first
term is computed with U true and every other event at its worst.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Mapping

from safetycase.confidence.diagram import OutOfBudget, compile_diagram
from safetycase.confidence.graph import ALL, ANY, AT_LEAST, EVENT, NOT, Builder, Graph
from safetycase.confidence.literals import EventLiteral, cheap_proof, doubt_of, signs_of

__all__ = ["independent_bound"]

_MIXED = 6


def independent_bound(
    graph: Graph, node: int, free: Collection[int], *, nodes: int
) -> float | None:
    """The best bound found for P(node) with the events `free` independent; None if out of budget.

    Events may lie anywhere in their intervals. Where the node neither rises nor falls in an event,
    both ends are tried if at most six are such; more of them count as not free.
    """
    loose = set(free)

    def outside(literal: EventLiteral) -> float:
        return 0.0 if literal[0] in loose else doubt_of(graph, literal)

    def every(literal: EventLiteral) -> float:
        return doubt_of(graph, literal)

    proofs = [cheap_proof(graph, node, cost) for cost in (outside, every)]
    tried: set[frozenset[EventLiteral]] = set()
    best: float | None = None
    for literals in proofs:
        granted = frozenset(p for p in literals or () if p[0] not in loose)
        if granted in tried:
            continue
        tried.add(granted)
        try:
            inside = _forced(graph, node, loose, granted, nodes)
        except OutOfBudget:
            continue
        found = inside - math.fsum(doubt_of(graph, literal) for literal in granted)
        best = found if best is None else max(best, found)
    return best


def _forced(
    graph: Graph, node: int, free: set[int], granted: frozenset[EventLiteral], nodes: int
) -> float:
    """The least P(forced) over the intervals of the free events, these being independent."""
    signs = signs_of(graph, node)
    mixed = sorted(e for e in free if signs.get(e) == {True, False})
    if len(mixed) > _MIXED:
        free = free - set(mixed)
        mixed = []
    monotone, place, top = _worst_of_the_rest(graph, node, free, granted)
    diagram = compile_diagram(monotone, top, nodes=nodes)
    chance: dict[int, float] = {}
    for event, at in place.items():
        rises = True in signs.get(event, {True})
        chance[at] = graph.low[event] if rises else graph.high[event]
    ends = [(graph.low[e], graph.high[e]) for e in mixed]
    return min(
        diagram.probability({**chance, **{place[e]: p for e, p in zip(mixed, at, strict=True)}})
        for at in itertools.product(*ends)
    )


def _worst_of_the_rest(
    graph: Graph, node: int, free: set[int], granted: frozenset[EventLiteral]
) -> tuple[Graph, Mapping[int, int], int]:
    """`node` with negations on events only, granted literals true and other literals false.

    Both literals of an event that is not free may be false: the result is true only where the
    node is true whatever these events are.
    """
    builder = Builder()
    true, false = builder.all([]), builder.any([])
    place: dict[int, int] = {}
    made: dict[tuple[int, bool], int] = {}
    for i in graph.below([node]):
        op, parts, k = graph.ops[i], graph.parts[i], graph.k[i]
        for value in (True, False):
            if op == EVENT:
                made[i, value] = true if (i, value) in granted else false
                if i in free:
                    if value:
                        place[i] = builder.event(f"event {i}")
                    made[i, value] = place[i] if value else builder.negate(place[i])
                continue
            if op == NOT:
                made[i, value] = made[parts[0], not value]
                continue
            own = [made[p, value] for p in parts]
            if op == AT_LEAST:
                made[i, value] = builder.at_least(k if value else len(parts) - k + 1, own)
            elif (op == ALL) == value:
                made[i, value] = builder.all(own)
            else:
                assert op in (ALL, ANY)
                made[i, value] = builder.any(own)
    return builder.freeze(), place, made[node, True]
