"""What no allocation over a core exceeds: relaxations that a tree knapsack can solve.

Each gives the funder more than there is: money twice, copies that can be funded apart, or the
outcome of one shot before the next is paid for. What is best with the gift bounds what is best
without it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set

import numpy as np

from safetycase.agenda.curves import (
    Array,
    Curve,
    added,
    both,
    constant,
    either,
    fold,
    from_values,
    weaker,
)
from safetycase.agenda.multilinear import Formula
from safetycase.confidence.graph import ALL, ANY, EVENT, NOT, Graph

__all__ = ["bound", "overlapping"]

_MOST_REVEALED = 10
_MOST_PASSES = 50_000
_CELLS = 100_000_000
_SECONDS = 0.5
_SECONDS_A_CELL, _SECONDS_A_GATE = 1.5e-9, 4e-5


def bound(formula: Formula, inputs: Sequence[int], curves: Sequence[Curve]) -> Curve:
    """A curve that no allocation exceeds, if none of the inputs exceeds its curve.

    The smallest of three. (1) Every input gets the whole budget. (2) Each input is copied, one
    copy for each path to it; a copy is charged its share of the cost rounded down, and the
    copies may be funded differently. Copies are associated (Esary, Proschan & Walkup 1967), so
    at an OR one may reckon as if they were independent, and at an AND the smaller chance bounds
    parts that overlap; for at least k, Markov: P ≤ (sum of the chances)/k, and where the parts
    are independent the best policy that learns of each part before it funds the next. (3) The
    inputs with most copies are funded first, one by one, and the outcome of each is known before
    the rest is spent; then as in (2). With all shared inputs revealed, what is left is a tree.
    """
    size = len(curves[0])
    rows = max(2, min(size, _CELLS // (len(formula.order) << formula.width)))
    stops = np.linspace(0, size - 1, rows).round().astype(int)
    points = np.zeros((rows, len(formula.graph)))
    for event, curve in zip(inputs, curves, strict=True):
        points[:, event] = curve.values[stops]
    reached = formula.many(np.clip(points, 0.0, 1.0))
    lavish = from_values(reached[np.searchsorted(stops, np.arange(size))])
    if any(formula.graph.ops[node] == NOT for node in formula.order):
        return lavish
    given = dict(zip(inputs, curves, strict=True))
    copies = _copies(formula)
    copied = _copied(formula, copies, given, frozenset())
    chosen = _to_reveal(formula, copies, given)
    best = _smaller(lavish, copied)
    return _smaller(best, _revealed(formula, copies, given, chosen)) if chosen else best


def _copies(formula: Formula) -> dict[int, int]:
    """How many paths lead from the root to each node."""
    copies = dict.fromkeys(formula.order, 0)
    copies[formula.root] = 1
    for node in reversed(formula.order):
        for part in formula.graph.parts[node]:
            copies[part] += copies[node]
    return copies


def _to_reveal(
    formula: Formula, copies: Mapping[int, int], curves: Mapping[int, Curve]
) -> list[int]:
    """The inputs with most copies, as many as there is time for; those money cannot move last."""
    size = len(next(iter(curves.values())))
    one = len(formula.order) * (size * size * _SECONDS_A_CELL + _SECONDS_A_GATE)
    most = min(_MOST_REVEALED, max(0, math.floor(math.log2(_SECONDS / one))))
    shared = sorted((e for e in curves if copies[e] > 1), key=lambda e: (-copies[e], e))[:most]
    return sorted(shared, key=lambda e: len(curves[e].steps) == 1)


def _revealed(
    formula: Formula,
    copies: Mapping[int, int],
    curves: Mapping[int, Curve],
    chosen: Sequence[int],
) -> Curve:
    size = len(next(iter(curves.values())))
    ends = (constant(0.0, size), constant(1.0, size))

    def best(outcome: tuple[int, ...]) -> Array:
        if len(outcome) == len(chosen):
            known = {e: ends[o] for e, o in zip(chosen, outcome, strict=True)}
            return _copied(formula, copies, {**curves, **known}, frozenset(known)).values
        paid = curves[chosen[len(outcome)]]
        return _paid_first(paid, best((*outcome, 1)), best((*outcome, 0)))

    return from_values(best(()))


def _copied(
    formula: Formula,
    copies: Mapping[int, int],
    curves: Mapping[int, Curve],
    known: Set[int],
) -> Curve:
    """The tree knapsack over copies; the inputs `known` are settled and tie nothing together."""
    graph = formula.graph
    reached: dict[int, Curve] = {}
    for node in formula.order:
        if graph.ops[node] == EVENT:
            reached[node] = curves[node] if node in known else _copy(curves[node], copies[node])
            continue
        parts = graph.parts[node]
        if graph.ops[node] == ALL:
            groups = [
                fold(weaker, [reached[p] for p in group])[0]
                for group in overlapping(graph, parts, known)
            ]
            reached[node] = fold(both, groups)[0]
        elif graph.ops[node] == ANY:
            reached[node] = fold(either, [reached[p] for p in parts])[0]
        else:
            apart = len(overlapping(graph, parts, known)) == len(parts)
            reached[node] = _at_least(graph.k[node], [reached[p] for p in parts], apart)
    return reached[formula.root]


def _paid_first(paid: Curve, held: Array, failed: Array) -> Array:
    """The best expectation when `paid` is funded, then known, and the rest spent accordingly."""
    size = len(paid)
    values, chances = np.zeros(size), paid.values
    for spent in paid.steps.tolist():
        chance = float(chances[spent])
        reached = chance * held[: size - spent] + (1 - chance) * failed[: size - spent]
        np.maximum(values[spent:], reached, out=values[spent:])
    return values


def _at_least(k: int, parts: Sequence[Curve], apart: bool) -> Curve:
    total = parts[0].values
    for part in parts[1:]:
        total = added(total, part.values)
    markov = from_values(np.minimum(total / k, 1.0))
    if not apart or k * sum(len(part.steps) for part in parts) > _MOST_PASSES:
        return markov
    # values[need]: the best chance that `need` of the parts still to come hold
    values = [np.ones(len(total))] + [np.zeros(len(total)) for _ in range(k)]
    for part in reversed(parts):
        values = [values[0]] + [
            _paid_first(part, values[need - 1], values[need]) for need in range(1, k + 1)
        ]
    return _smaller(markov, from_values(values[k]))


def _copy(curve: Curve, copies: int) -> Curve:
    """What one of `copies` can reach with b units of its own: at most b·copies + copies − 1."""
    size = len(curve)
    at = [min(size - 1, b * copies + copies - 1) for b in range(size)]
    return Curve(true=curve.true[at], false=curve.false[at])


def _smaller(a: Curve, b: Curve) -> Curve:
    return Curve(true=np.minimum(a.true, b.true), false=np.maximum(a.false, b.false))


def overlapping(
    graph: Graph, parts: Sequence[int], known: Set[int] = frozenset()
) -> list[list[int]]:
    """`parts` in groups that share nothing but `known` with each other below them, in order."""
    owner: dict[int, int] = {}
    group = list(range(len(parts)))

    def head(k: int) -> int:
        while group[k] != k:
            group[k] = group[group[k]]
            k = group[k]
        return k

    for k, part in enumerate(parts):
        for node in graph.below([part]):
            if graph.ops[node] != EVENT or node in known:
                continue
            first = owner.setdefault(node, k)
            group[head(k)] = head(first)
    groups: dict[int, list[int]] = {}
    for k, part in enumerate(parts):
        groups.setdefault(head(k), []).append(part)
    return list(groups.values())
