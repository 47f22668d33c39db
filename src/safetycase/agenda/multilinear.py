"""The exact probability of a node when its events are independent, for many points at once.

The probability of a formula over independent events is linear in each of them. Where nothing is
shared it is a product at every gate. What is used more than once becomes a variable: it is
carried as an axis of length two up to its immediate dominator, the lowest gate through which
every path to it goes, and is summed out there (variable elimination, Dechter 1999, Artif. Intell.
113:41). The work is exponential only in how many shared parts are open at one time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from safetycase.confidence.graph import ALL, ANY, AT_LEAST, EVENT, NOT, Graph

__all__ = ["Formula", "TooTangled", "compile_formula", "dominators", "slopes"]

Array = NDArray[np.float64]

_MOST_OPEN = 16
_CELLS = 1 << 21


class TooTangled(ValueError):
    """More parts are shared at one time than exact evaluation has room for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """A node of a graph, prepared for evaluation; see `compile_formula`.

    `events` are the events it rests on; `order` all nodes below it, parts first; `shared` those
    that are used more than once; `closes[i]` the shared nodes that are summed out at node i, in
    that order; `width` the most shared nodes that are open at one time.
    """

    graph: Graph
    root: int
    events: tuple[int, ...]
    order: tuple[int, ...]
    shared: frozenset[int]
    closes: dict[int, tuple[int, ...]]
    width: int

    def at(self, point: Sequence[float]) -> float:
        """P(root) with `point[i]` the probability of node i (read at events only)."""
        return float(self.many(np.asarray(point, dtype=np.float64)[None, :])[0])

    def many(self, points: Array) -> Array:
        """P(root) for each row of `points`, shape (rows, nodes); `TooTangled` if there is no room.

        Numbers outside 0 to 1 and nan raise `ValueError`.
        """
        used = points[:, list(self.events)]
        if not bool(np.all((used >= 0) & (used <= 1))):
            raise ValueError("a probability lies outside 0 to 1")
        if self.width > _MOST_OPEN:
            raise TooTangled(
                f"{self.width} shared parts are open at one time; at most {_MOST_OPEN} can be"
            )
        rows = max(1, _CELLS >> self.width)
        parts = [_evaluate(self, points[i : i + rows]) for i in range(0, len(points), rows)]
        return np.concatenate(parts) if parts else np.empty(0)


def compile_formula(graph: Graph, root: int) -> Formula:
    """Prepare node `root` of `graph`."""
    order = graph.below([root])
    uses = Counter(part for node in order for part in graph.parts[node])
    shared = frozenset(node for node, count in uses.items() if count > 1)
    above = dominators(graph, root)
    waiting: dict[int, set[int]] = {}
    for node in shared:
        waiting.setdefault(above[node], set()).add(node)
    closes, width = _elimination(graph, order, shared, waiting)
    return Formula(
        graph=graph,
        root=root,
        events=tuple(i for i in order if graph.ops[i] == EVENT),
        order=order,
        shared=shared,
        closes=closes,
        width=width,
    )


def _elimination(
    graph: Graph, order: Sequence[int], shared: frozenset[int], waiting: dict[int, set[int]]
) -> tuple[dict[int, tuple[int, ...]], int]:
    """In what order each gate sums out the nodes of `waiting`, and how many are open at most.

    From the top down, since what a shared gate rests on may be summed out at the same gate; among
    those that are ready, the one that leaves the smallest table.
    """
    over: dict[int, frozenset[int]] = {}
    closes: dict[int, tuple[int, ...]] = {}
    width = 0
    for node in order:
        pool = [frozenset([p]) if p in shared else over[p] for p in graph.parts[node]]
        if graph.ops[node] not in (ALL, ANY):
            pool = [frozenset().union(*pool)]
            width = max(width, len(pool[0]))
        left = {v: over[v] | {v} for v in waiting.get(node, ())}
        closed: list[int] = []
        while left:
            lower = frozenset().union(*(t - {v} for v, t in left.items()))
            joint = {v: left[v].union(*(t for t in pool if v in t)) for v in left if v not in lower}
            best = min(joint, key=lambda v: (len(joint[v]), -v))
            closed.append(best)
            del left[best]
            width = max(width, len(joint[best]))
            pool = [*(t for t in pool if best not in t), joint[best] - {best}]
        over[node] = frozenset().union(*pool)
        width = max(width, len(over[node]))
        closes[node] = tuple(closed)
    return closes, width


def dominators(graph: Graph, root: int) -> dict[int, int]:
    """For each node below `root`, the lowest other node that every path from `root` to it meets."""
    order = graph.below([root])
    users: dict[int, list[int]] = {node: [] for node in order}
    for node in order:
        for part in graph.parts[node]:
            users[part].append(node)
    above: dict[int, int] = {}
    depth = {root: 0}
    for node in reversed(order):
        if node == root:
            continue
        meet = users[node][0]
        for other in users[node][1:]:
            while meet != other:
                if depth[meet] >= depth[other]:
                    meet = above[meet]
                else:
                    other = above[other]
        above[node] = meet
        depth[node] = depth[meet] + 1
    return above


def slopes(formula: Formula, point: Sequence[float], events: Iterable[int]) -> dict[int, float]:
    """The Birnbaum importance P(root | i) − P(root | not i) of each of `events` at `point`.

    Birnbaum 1969, in Multivariate Analysis II. With P = a·p + b in one event, this is a.
    """
    chosen = list(events)
    rows = np.tile(np.asarray(point, dtype=np.float64), (2 * len(chosen), 1))
    for k, event in enumerate(chosen):
        rows[2 * k, event], rows[2 * k + 1, event] = 1.0, 0.0
    values = formula.many(rows)
    return {event: float(values[2 * k] - values[2 * k + 1]) for k, event in enumerate(chosen)}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """P(node | the shared nodes `over`): shape (rows, 2, …, 2), one axis for each of `over`."""

    over: tuple[int, ...]
    values: Array


def _evaluate(formula: Formula, points: Array) -> Array:
    graph = formula.graph
    tables: dict[int, _Table] = {}
    for node in formula.order:
        if graph.ops[node] == EVENT:
            tables[node] = _Table(over=(), values=points[:, node])
            continue
        parts = [_seen(formula, tables, part) for part in graph.parts[node]]
        causes = [(v, _cause(v, tables[v])) for v in formula.closes.get(node, ())]
        tables[node] = _gate(graph.ops[node], graph.k[node], parts, causes, len(points))
    return tables[formula.root].values


def _seen(formula: Formula, tables: dict[int, _Table], part: int) -> _Table:
    """A part as its user sees it: its table, or, if it is shared, a variable."""
    if part not in formula.shared:
        return tables[part]
    return _Table(over=(part,), values=np.array([[0.0, 1.0]]))


def _cause(node: int, table: _Table) -> _Table:
    """The distribution of a shared node given those it shares parts with."""
    over = tuple(sorted((*table.over, node)))
    true = np.expand_dims(table.values, 1 + over.index(node))
    return _Table(over=over, values=np.concatenate([1 - true, true], axis=1 + over.index(node)))


def _gate(
    op: int, k: int, parts: list[_Table], causes: list[tuple[int, _Table]], rows: int
) -> _Table:
    if op == ALL:
        return _sum_product(parts, causes, rows)
    if op == ANY:
        failing = [_Table(over=t.over, values=1 - t.values) for t in parts]
        none = _sum_product(failing, causes, rows)
        return _Table(over=none.over, values=1 - none.values)
    if op == NOT:
        return _sum_product([_Table(over=parts[0].over, values=1 - parts[0].values)], causes, rows)
    if op == AT_LEAST:
        return _sum_product([_at_least(k, parts, rows)], causes, rows)
    raise ValueError(f"no operation {op}")


def _sum_product(factors: list[_Table], causes: list[tuple[int, _Table]], rows: int) -> _Table:
    """The product of `factors` and `causes`, summed over the nodes of `causes` one by one."""
    pool = list(factors)
    for node, cause in causes:
        touching = [t for t in pool if node in t.over]
        pool = [t for t in pool if node not in t.over]
        joint = _product([*touching, cause], rows)
        over = tuple(v for v in joint.over if v != node)
        pool.append(_Table(over=over, values=joint.values.sum(axis=1 + joint.over.index(node))))
    return _product(pool, rows)


def _product(tables: list[_Table], rows: int) -> _Table:
    over = _union(tables)
    values = np.ones((rows,) + (1,) * len(over))
    for table in tables:
        values = values * _aligned(table, over)
    return _Table(over=over, values=np.broadcast_to(values, (rows,) + (2,) * len(over)))


def _at_least(k: int, parts: list[_Table], rows: int) -> _Table:
    """P(at least k of the parts), by the distribution of how many hold."""
    over = _union(parts)
    shape = (rows,) + (2,) * len(over)
    counts = [np.ones(shape)] + [np.zeros(shape) for _ in range(max(k, 0))]
    if k <= 0:
        return _Table(over=over, values=counts[0])
    for table in parts:
        p = _aligned(table, over)
        counts[k] = counts[k] + counts[k - 1] * p
        for held in range(k - 1, 0, -1):
            counts[held] = counts[held] * (1 - p) + counts[held - 1] * p
        counts[0] = counts[0] * (1 - p)
    return _Table(over=over, values=counts[k])


def _union(tables: list[_Table]) -> tuple[int, ...]:
    return tuple(sorted({v for t in tables for v in t.over}))


def _aligned(table: _Table, over: tuple[int, ...]) -> Array:
    shape = tuple(2 if v in table.over else 1 for v in over)
    return table.values.reshape(len(table.values), *shape)
