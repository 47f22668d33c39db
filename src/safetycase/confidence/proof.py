"""Proof sets: literals that force a node, each charged once however many paths use it.

If the literals S force f, then P(f) >= 1 - the sum of their doubts (Boole), under every
dependence. The doubt of "i holds" is 1 - low, that of "i does not hold" is high. The best proof
set is a minimum-cost problem; a greedy one costs one pass.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from safetycase.confidence.budget import Budget
from safetycase.confidence.graph import ALL, ANY, EVENT, NOT, Graph
from safetycase.confidence.nnf import FALSE, TRUE, Reduced, reduce
from safetycase.confidence.oracle import Oracle
from safetycase.confidence.proofs import all_proofs

__all__ = ["Literal", "ProofSet", "doubt_of", "evaluate", "proof_set"]

Literal = tuple[int, bool]
"""(event, whether it holds)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofSet:
    """Literals that force the node, and the sum of their doubts (at most 1).

    Without a proof of doubt below 1 there may be no literals: doubt 1 says nothing.
    """

    literals: tuple[Literal, ...]
    doubt: float


def doubt_of(graph: Graph, literals: Iterable[Literal]) -> float:
    """The sum of the doubts of distinct literals, rounded up, at most 1."""
    doubts = [1.0 - graph.low[e] if holds else graph.high[e] for e, holds in literals]
    total = math.fsum(doubts)
    return min(1.0, total * (1 + 1e-15) + 1e-16 * len(doubts) if total else 0.0)


def proof_set(
    graph: Graph, node: int, *, exact: bool = False, budget: Budget | None = None
) -> ProofSet:
    """A cheap proof set of `node`; with `exact` the cheapest that the budget finds."""
    literals = _greedy(graph, node)
    found = _checked(graph, node, literals) if literals is not None else _NOTHING
    if exact:
        better = _cheapest(graph, node, budget or Budget())
        if better is not None:
            other = _checked(graph, node, better)
            found = min(found, other, key=lambda p: p.doubt)
    return found


_NOTHING = ProofSet(literals=(), doubt=1.0)


def _checked(graph: Graph, node: int, literals: Mapping[int, bool]) -> ProofSet:
    """The part of `literals` that the proof needs; nothing if they do not force the node."""
    needed = _needed(graph, node, literals)
    if needed is None:
        return _NOTHING
    return ProofSet(literals=needed, doubt=doubt_of(graph, needed))


def evaluate(graph: Graph, nodes: Iterable[int], given: Mapping[int, bool]) -> dict[int, bool]:
    """The nodes that `given` (event -> holds) decides, by three-valued evaluation.

    `nodes` is closed under parts and ascends.
    """
    value: dict[int, bool] = {}
    for i in nodes:
        op, parts = graph.ops[i], graph.parts[i]
        if op == EVENT:
            if i in given:
                value[i] = given[i]
        elif op == NOT:
            if parts[0] in value:
                value[i] = not value[parts[0]]
        else:
            known = [value[p] for p in parts if p in value]
            k = len(parts) if op == ALL else 1 if op == ANY else graph.k[i]
            if (held := sum(known)) >= k:
                value[i] = True
            elif held + len(parts) - len(known) < k:
                value[i] = False
    return value


def _needed(graph: Graph, node: int, given: Mapping[int, bool]) -> tuple[Literal, ...] | None:
    """Literals of `given` that suffice to force the node, or None if all of them do not."""
    value = evaluate(graph, graph.below((node,)), given)
    if value.get(node) is not True:
        return None
    seen: set[int] = set()
    stack = [node]
    while stack:
        i = stack.pop()
        if i in seen:
            continue
        seen.add(i)
        op, parts = graph.ops[i], graph.parts[i]
        if op == NOT:
            stack.append(parts[0])
        elif op != EVENT:
            k = len(parts) if op == ALL else 1 if op == ANY else graph.k[i]
            need = k if value[i] else len(parts) - k + 1
            agree = [p for p in parts if value.get(p) is value[i]]
            agree.sort(key=lambda p: p not in seen)
            stack += agree[: max(0, need)]
    return tuple((i, given[i]) for i in sorted(seen) if graph.ops[i] == EVENT)


def _greedy(graph: Graph, node: int) -> dict[int, bool] | None:
    """The proof that takes the cheapest part everywhere, pricing shared parts at full cost."""
    hold = [1.0 - low for low in graph.low]
    fail = list(graph.high)
    for i, op in enumerate(graph.ops):
        if op == EVENT:
            continue
        parts = graph.parts[i]
        if op == NOT:
            hold[i], fail[i] = fail[parts[0]], hold[parts[0]]
        elif op == ALL:
            hold[i] = sum([hold[p] for p in parts])
            fail[i] = min([fail[p] for p in parts], default=math.inf)
        elif op == ANY:
            hold[i] = min([hold[p] for p in parts], default=math.inf)
            fail[i] = sum([fail[p] for p in parts])
        else:
            k = graph.k[i]
            hold[i] = _smallest(hold, parts, k)
            fail[i] = _smallest(fail, parts, len(parts) - k + 1)
    return _take(graph, node, hold, fail)


def _smallest(cost: list[float], parts: tuple[int, ...], need: int) -> float:
    if need > len(parts):
        return math.inf
    return sum(sorted([cost[p] for p in parts])[: max(0, need)])


def _take(graph: Graph, node: int, hold: list[float], fail: list[float]) -> dict[int, bool] | None:
    """The event literals of the cheapest choices; None if there is no proof or a contradiction."""
    given: dict[int, bool] = {}
    seen: set[int] = set()
    stack = [2 * node]
    while stack:
        task = stack.pop()
        if task in seen:
            continue
        seen.add(task)
        i, failing = task >> 1, task & 1
        op, parts = graph.ops[i], graph.parts[i]
        if op == EVENT:
            if given.setdefault(i, not failing) is bool(failing):
                return None
            continue
        if op == NOT:
            stack.append(2 * parts[0] + 1 - failing)
            continue
        k = len(parts) if op == ALL else 1 if op == ANY else graph.k[i]
        need = len(parts) - k + 1 if failing else k
        if need > len(parts):
            return None
        cost = fail if failing else hold
        if need == 1:
            stack.append(2 * min(parts, key=cost.__getitem__) + failing)
        elif need == len(parts):
            stack += [2 * p + failing for p in parts]
        elif need > 0:
            stack += [2 * p + failing for p in heapq.nsmallest(need, parts, cost.__getitem__)]
    return given


def _cheapest(graph: Graph, node: int, budget: Budget) -> dict[int, bool] | None:
    """The proof of least cost on the reduced graph, in event literals."""
    reduced = reduce(graph, node)
    given = dict(reduced.fixed)
    if reduced.top == FALSE:
        return None
    if reduced.top == TRUE:
        return given
    if reduced.leaf[reduced.top >> 1]:
        chosen = [reduced.top]
    else:
        proofs = all_proofs(reduced, reduced.top)
        weight = [0.0] * len(proofs.need)
        for s in proofs.leaves:
            weight[s] = reduced.proof[proofs.literal[s]]
        chosen = [proofs.literal[s] for s in Oracle(proofs, budget).cheapest(weight).slots]
        if not chosen:
            return None
    given.update(_events(reduced, chosen))
    return given


def _events(reduced: Reduced, literals: list[int]) -> dict[int, bool]:
    """The cheapest event literals that force leaf literals of the reduced graph."""
    given: dict[int, bool] = {}
    stack = list(literals)
    while stack:
        literal = stack.pop()
        if reduced.event[literal >> 1] >= 0:
            given[reduced.event[literal >> 1]] = not literal & 1
        else:
            needed, parts = reduced.needs(literal)
            stack += heapq.nsmallest(needed, parts, key=reduced.proof.__getitem__)
    return given
