"""The checker's own search for the failure that a dual point charges least, in whole numbers.

The graph is cut into modules (Dutuit & Rauzy 1996, IEEE Trans. Reliab. 45:422): nodes whose
events are used nowhere else. What it costs at least that a module holds, or fails, is found
inside it by branch and bound and then stands for the module above. All costs are rounded down,
so that a cost is never more than that of the cheapest assignment.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence

from safetycase.confidence.graph import ALL, ANY, EVENT, NOT, Graph

__all__ = ["INF", "Spent", "cheapest_failure", "modules"]

INF = 1 << 200
"""The cost of what cannot be."""

_FINE = 1 << 40
"""Prices are divided into so many parts, for shares that are no whole number of units."""


class Spent(Exception):
    """The steps are used up."""


def modules(graph: Graph, node: int, kept: frozenset[int]) -> set[int]:
    """The nodes below `node` that are reached only through themselves; those above `kept` are not.

    `node` itself and every event count as modules.
    """
    first, second, last = _dates(graph, node)
    found: set[int] = set()
    low: dict[int, int] = {}
    high: dict[int, int] = {}
    end = 1 << 60
    for i in sorted(first):
        parts = graph.parts[i]
        low[i] = min([min(first[p], low[p]) for p in parts], default=end)
        high[i] = max([max(last[p], high[p]) for p in parts], default=0)
        if i in kept:
            high[i] = end
        if graph.ops[i] == EVENT or i == node or (low[i] > first[i] and high[i] < second[i]):
            found.add(i)
    return found


def _dates(graph: Graph, node: int) -> tuple[dict[int, int], dict[int, int], dict[int, int]]:
    """When each node is first reached, left, and last reached by one walk from `node`."""
    first: dict[int, int] = {}
    second: dict[int, int] = {}
    last: dict[int, int] = {}
    stack, clock = [node], 0
    while stack:
        i = stack.pop()
        clock += 1
        if i < 0:
            second[~i] = clock
            last[~i] = max(last[~i], clock)
            continue
        last[i] = clock
        if i not in first:
            first[i] = clock
            stack.append(~i)
            stack += graph.parts[i]
    return first, second, last


def cheapest_failure(
    graph: Graph,
    node: int,
    price: Sequence[int],
    pairs: Sequence[tuple[int, int, int]],
    target: int,
    steps: list[int],
) -> tuple[int, dict[int, bool]]:
    """(a lower bound, assignment) of what failing `node` costs; stops once it is decided.

    `price[2 * event]` is the cost of "holds", `price[2 * event + 1]` of "fails"; `pairs` are
    (event, event, cost of both failing). The bound is at least `target` if no assignment costs
    less than it. Raises `Spent` when `steps[0]` runs out.
    """
    kept = frozenset(e for a, b, _ in pairs for e in (a, b))
    units = modules(graph, node, kept)
    cost = [y * _FINE for y in price]
    pairs = [(a, b, y * _FINE) for a, b, y in pairs]
    target *= _FINE
    grain = math.gcd(*cost, *(y for _, _, y in pairs)) or _FINE
    chosen: dict[int, dict[int, bool]] = {}
    bound, found = 0, dict[int, bool]()
    for unit in sorted(units):
        if graph.ops[unit] == EVENT:
            continue
        for task in (2 * unit, 2 * unit + 1):
            top = task == 2 * node + 1
            if unit == node and not top:
                continue
            core = _Core(graph, task, units, cost, pairs if top else (), grain)
            bound, found = core.solve(target if top else INF, steps)
            cost[task], chosen[task] = bound, found
    if graph.ops[node] == EVENT:
        bound, found = cost[2 * node + 1], {node: False}
    return bound // _FINE, _events(graph, chosen, found)


def _events(
    graph: Graph, chosen: dict[int, dict[int, bool]], found: dict[int, bool]
) -> dict[int, bool]:
    """The assignment of events behind an assignment of modules."""
    events: dict[int, bool] = {}
    stack = list(found.items())
    while stack:
        unit, holds = stack.pop()
        if graph.ops[unit] == EVENT:
            events[unit] = holds
        else:
            stack += chosen[2 * unit + (not holds)].items()
    return events


class _Core:
    """One task (`2 * i`: node i holds, `2 * i + 1`: it fails) inside its module.

    A cost is bounded from below by letting every user of a shared task pay an equal share, and
    rounded up to a multiple of `grain`, which every price is a multiple of.
    """

    def __init__(
        self,
        graph: Graph,
        task: int,
        units: set[int],
        cost: list[int],
        pairs: Sequence[tuple[int, int, int]],
        grain: int,
    ) -> None:
        self.cost, self.pairs, self.grain = cost, pairs, grain
        self.order: list[int] = []
        self.parts: dict[int, tuple[int, ...]] = {}
        self.need: dict[int, int] = {}
        self.uses: dict[int, int] = {}
        stack, goal = [task], task
        while stack:
            task = stack.pop()
            if task < 0:
                self.order.append(~task)
            elif task not in self.parts:
                i = task >> 1
                if i in units and task != goal:
                    self.parts[task] = ()
                else:
                    self._gate(graph, task)
                stack.append(~task)
                stack += self.parts[task]
                for part in self.parts[task]:
                    self.uses[part] = self.uses.get(part, 0) + 1
        self.leaf = {t for t in self.order if t >> 1 in units and t != goal}
        self.work = len(self.order) + sum(map(len, self.parts.values()))

    def _gate(self, graph: Graph, task: int) -> None:
        i, fails = task >> 1, task & 1
        below, op = graph.parts[i], graph.ops[i]
        k = len(below) if op == ALL else 1 if op == ANY else graph.k[i]
        self.need[task] = 1 if op == NOT else len(below) - k + 1 if fails else k
        self.parts[task] = tuple(2 * p + (fails ^ (op == NOT)) for p in below)

    def solve(self, target: int, steps: list[int]) -> tuple[int, dict[int, bool]]:
        """(lower bound, an assignment of units); not beyond what decides `target`."""
        best, found = INF, dict[int, bool]()
        heap: list[tuple[int, int, dict[int, bool]]] = [(0, 0, {})]
        tick, closed = 0, INF  # `closed`: the least bound of the branches that are done
        while heap:
            lower, _, given = heapq.heappop(heap)
            if lower >= target or lower >= best or best < target < INF:
                return min(lower, closed, best), found
            steps[0] -= self.work
            if steps[0] < 0:
                raise Spent
            now = self.bounds(given)
            bound = self.paid(given) + now[self.order[-1]]
            bound = max(lower, min(INF, -(-bound // self.grain) * self.grain))
            if bound >= min(INF, target):
                closed = min(closed, bound)
                continue
            literals = self.cheapest(now)
            clash = [u for u, wanted in literals.items() if len(wanted) > 1]
            if not clash:
                whole = {**given, **{u: True in wanted for u, wanted in literals.items()}}
                if (paid := self.paid(whole)) < best:
                    best, found = paid, whole
            free = clash or [u for u in literals if u not in given]
            if not free or bound >= best:
                closed = min(closed, bound)
                continue
            unit = max(free, key=self.rank)
            for holds in (True, False):
                tick += 1
                heapq.heappush(heap, (bound, tick, {**given, unit: holds}))
        return min(closed, best), found

    def rank(self, unit: int) -> tuple[int, int, int]:
        """Which unit to decide first: a shared one, a dear one."""
        uses = self.uses.get(2 * unit, 0) + self.uses.get(2 * unit + 1, 0)
        return min(uses, 2), max(self.cost[2 * unit : 2 * unit + 2]), uses

    def paid(self, given: dict[int, bool]) -> int:
        """What an assignment costs."""
        total = sum(self.cost[2 * u + (not holds)] for u, holds in given.items())
        for a, b, price in self.pairs:
            if given.get(a) is False and given.get(b) is False:
                total += price
        return total

    def bounds(self, given: dict[int, bool]) -> dict[int, int]:
        """A lower bound on what each task costs beyond what `given` has paid, in shares."""
        cost: dict[int, int] = {}
        for task in self.order:
            parts = self.parts[task]
            if task in self.leaf:
                holds = given.get(task >> 1)
                value = self.cost[task]
                if holds is not None:
                    value = 0 if holds is not bool(task & 1) else INF
            elif (need := self.need[task]) <= 0:
                value = 0
            elif need > len(parts):
                value = INF
            else:
                below = [cost[p] for p in parts]
                value = min(below) if need == 1 else sum(sorted(below)[:need])
            uses = self.uses.get(task, 1)
            cost[task] = INF if value >= INF else value // uses if uses > 1 else value
        return cost

    def cheapest(self, cost: dict[int, int]) -> dict[int, set[bool]]:
        """The units, and whether they hold, that the cheapest tasks come down to."""
        literals: dict[int, set[bool]] = {}
        seen: set[int] = set()
        stack = [self.order[-1]]
        while stack:
            task = stack.pop()
            if task in seen:
                continue
            seen.add(task)
            if task in self.leaf:
                literals.setdefault(task >> 1, set()).add(not task & 1)
            elif self.need[task] > 0:
                ordered = sorted(self.parts[task], key=cost.__getitem__)
                stack += ordered[: self.need[task]]
        return literals
