"""A reduced ordered binary decision diagram on flat lists, without recursion, within a budget.

Bryant (1986), IEEE Trans. Comput. C-35:677; negated edges after Brace, Rudell & Bryant (1990),
DAC, 40-45. An edge is `2 * node + negated`; node 0 is the constant true, so that edge `TRUE` is
0 and edge `FALSE` is 1. The true branch of a node is never a negated edge, which makes the
diagram of a function unique and negation free of cost. Children have lower numbers than their
parents: a pass over the nodes in order is a pass from the constant upward.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["FALSE", "TRUE", "OutOfBudget", "Robdd"]

TRUE, FALSE = 0, 1
_TERMINAL_LEVEL = 1 << 40
_STEPS_PER_NODE = 4


class OutOfBudget(Exception):
    """The diagram would need more nodes or more work than allowed; nothing was computed."""


class Robdd:
    """Nodes `level[i]` (0 is on top), `low[i]` and `high[i]`: edges for the variable false, true.

    At most `budget` nodes are made, and at most four conjunctions of pairs per node allowed;
    beyond, `OutOfBudget` is raised.
    """

    __slots__ = ("_done", "_index", "_steps", "budget", "high", "level", "low")

    def __init__(self, budget: int) -> None:
        self.level: list[int] = [_TERMINAL_LEVEL]
        self.low: list[int] = [TRUE]
        self.high: list[int] = [TRUE]
        self.budget = budget
        self._index: dict[tuple[int, int, int], int] = {}
        self._done: dict[tuple[int, int], int] = {}
        self._steps = _STEPS_PER_NODE * budget

    def __len__(self) -> int:
        return len(self.level)

    def variable(self, level: int) -> int:
        """The edge of the variable at `level`."""
        return self._node(level, FALSE, TRUE)

    def conjunction(self, edges: Sequence[int]) -> int:
        """The edge of "all of them"; true without edges.

        Joined from the deepest upward, so that parts without common variables are stacked in
        time proportional to their size.
        """
        level = self.level
        result = TRUE
        for edge in sorted(edges, key=lambda e: level[e >> 1], reverse=True):
            result = self._and(edge, result)
            if result == FALSE:
                break
        return result

    def at_least(self, k: int, edges: Sequence[int]) -> int:
        """The edge of "at least `k` of them"; an edge given twice counts twice."""
        level = self.level
        table = [TRUE] + [FALSE] * k  # table[j]: at least j of the edges seen so far
        for edge in sorted(edges, key=lambda e: level[e >> 1], reverse=True):
            for j in range(k, 0, -1):
                with_it = self._and(edge, table[j - 1])
                table[j] = self._and(with_it ^ 1, table[j] ^ 1) ^ 1
        return table[k]

    def reachable(self, edge: int) -> list[int]:
        """The nodes below an edge and its own, ascending; without the constant."""
        seen = {edge >> 1}
        stack = [edge >> 1]
        low, high = self.low, self.high
        while stack:
            node = stack.pop()
            for child in (low[node] >> 1, high[node] >> 1):
                if child not in seen:
                    seen.add(child)
                    stack.append(child)
        seen.discard(0)
        return sorted(seen)

    def _node(self, level: int, low: int, high: int) -> int:
        if low == high:
            return low
        if high & 1:
            return self._node(level, low ^ 1, high ^ 1) ^ 1
        key = (level, low, high)
        found = self._index.get(key)
        if found is None:
            found = len(self.level)
            if found > self.budget:
                raise OutOfBudget(f"more than {self.budget} nodes")
            self._index[key] = found
            self.level.append(level)
            self.low.append(low)
            self.high.append(high)
        return 2 * found

    def _and(self, f: int, g: int) -> int:
        simple = _trivial(f, g)
        if simple is not None:
            return simple
        level, low, high, done = self.level, self.low, self.high, self._done
        goal = (f, g) if f < g else (g, f)
        todo = [goal]
        while todo:
            pair = todo[-1]
            if pair in done:
                todo.pop()
                continue
            f, g = pair
            a, b = f >> 1, g >> 1
            top = level[a]
            if top <= level[b]:
                f0, f1 = low[a] ^ (f & 1), high[a] ^ (f & 1)
            else:
                top, f0, f1 = level[b], f, f
            g0, g1 = (low[b] ^ (g & 1), high[b] ^ (g & 1)) if level[b] == top else (g, g)
            first = _trivial(f0, g0)
            if first is None:
                need = (f0, g0) if f0 < g0 else (g0, f0)
                first = done.get(need)
                if first is None:
                    todo.append(need)
            second = _trivial(f1, g1)
            if second is None:
                need = (f1, g1) if f1 < g1 else (g1, f1)
                second = done.get(need)
                if second is None:
                    todo.append(need)
            if first is not None and second is not None:
                done[pair] = self._node(top, first, second)
                todo.pop()
                if len(done) > self._steps:
                    raise OutOfBudget(f"more than {self._steps} conjunctions")
        return done[goal]


def _trivial(f: int, g: int) -> int | None:
    """The conjunction of two edges where it needs no look at their nodes."""
    if f <= 1 or f == g:
        return FALSE if f == FALSE else g
    if g <= 1:
        return FALSE if g == FALSE else f
    return FALSE if f ^ g == 1 else None
