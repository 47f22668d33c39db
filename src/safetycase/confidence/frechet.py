"""Local rules that know what is declared: Boole and Fréchet, and products where they are allowed.

Without declared classes it is `local`. With them, parts of a gate whose events belong
to different independent groups are combined by the product, and so are parts that are all
increasing (or all decreasing) in associated events (Esary, Proschan & Walkup 1967, Ann. Math.
Stat. 38:1466).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from safetycase.confidence.graph import ALL, ANY, EVENT, NOT, Graph
from safetycase.confidence.local import most_at_least
from safetycase.confidence.units import threshold_tail

__all__ = ["Classes", "at_least_low", "frechet"]

_OUTSIDE = 1  # the bit of "rests on an event that no group has"
_LONGEST = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Classes:
    """Declared dependence by node of the graph.

    `groups`: for each declaration of independence the number (0, 1, …) of the group of each
    event. `associated`: for each declaration of association the nodes it is about; they are
    increasing functions of associated events. `known`: intervals that are known to hold for
    nodes, besides what the rules give.
    """

    groups: tuple[Mapping[int, int], ...] = ()
    associated: tuple[frozenset[int], ...] = ()
    known: Mapping[int, tuple[float, float]] = field(default_factory=dict)


def frechet(graph: Graph, classes: Classes) -> tuple[list[float], list[float]]:
    """The lower and the upper bound of every node."""
    marks = _Marks(graph, classes)
    low, high = list(graph.low), list(graph.high)
    known = marks.classes.known
    for i, op in enumerate(graph.ops):
        if op != EVENT:
            low[i], high[i] = marks.bounds(i, low, high)
        if i in known:
            low[i], high[i] = max(low[i], known[i][0]), min(high[i], known[i][1])
    return low, high


def at_least_low(k: int, lows: Sequence[float]) -> float:
    """The least P(at least k) of events that hold with at least `lows`; under any dependence."""
    return max(0.0, 1.0 - most_at_least(len(lows) - k + 1, [1.0 - low for low in lows]))


class _Marks:
    """Which groups and associations each node is a function of, next to the rules that use it."""

    def __init__(self, graph: Graph, classes: Classes) -> None:
        self.graph, self.classes = graph, classes
        self.groups = [self._groups(of) for of in classes.groups]
        self.rising = [self._rising(of) for of in classes.associated]

    def _groups(self, of: Mapping[int, int]) -> list[int]:
        """A bit for each group that the events below the node are in."""
        bits: list[int] = []
        for i, op in enumerate(self.graph.ops):
            mask = (2 << of[i]) if i in of else 0
            if not mask and op == EVENT:
                mask = _OUTSIDE
            elif not mask:
                for part in self.graph.parts[i]:
                    mask |= bits[part]
            bits.append(mask)
        return bits

    def _rising(self, of: frozenset[int]) -> list[int]:
        """1 if the node rises in associated events alone, −1 if it falls, 0 if neither; 2 fixed."""
        sign: list[int] = []
        for i, op in enumerate(self.graph.ops):
            parts = {sign[p] for p in self.graph.parts[i]} - {2}
            if i in of:
                sign.append(1)
            elif op == EVENT or len(parts) > 1:
                sign.append(0)
            else:
                own = parts.pop() if parts else 2
                sign.append(-own if op == NOT and own != 2 else own)
        return sign

    def bounds(self, i: int, low: Sequence[float], high: Sequence[float]) -> tuple[float, float]:
        graph = self.graph
        op, parts = graph.ops[i], graph.parts[i]
        if op == NOT:
            return 1 - high[parts[0]], 1 - low[parts[0]]
        if op not in (ALL, ANY):
            return self._counted(graph.k[i], parts, low, high)
        parts = tuple(dict.fromkeys(parts))
        down = [1 - high[p] for p in parts]
        up = [1 - low[p] for p in parts]
        if op == ALL:
            lows, highs = [low[p] for p in parts], [high[p] for p in parts]
            return self._least(parts, lows, up), 1 - self._other(parts, highs)
        return self._other_any(parts, up), 1 - self._least(parts, down, [high[p] for p in parts])

    def _least(self, parts: Sequence[int], lows: Sequence[float], doubts: Sequence[float]) -> float:
        """The least P(all parts); for an `ANY` the parts are the negated ones."""
        best = max(0.0, 1 - math.fsum(doubts))
        for bits in self.groups:
            best = max(best, _apart([bits[p] for p in parts], doubts))
        for sign in self.rising:
            for way in (1, -1):
                together = [low for p, low in zip(parts, lows, strict=True) if sign[p] in (way, 2)]
                rest = [q for p, q in zip(parts, doubts, strict=True) if sign[p] not in (way, 2)]
                best = max(best, math.prod(together) - math.fsum(rest))
        return best

    def _other(self, parts: Sequence[int], highs: Sequence[float]) -> float:
        """The least P(not all parts): 1 − the least `high`, or a product over groups."""
        most = min(highs, default=1.0)
        for bits in self.groups:
            most = min(most, _together([bits[p] for p in parts], highs))
        return 1 - most

    def _other_any(self, parts: Sequence[int], doubts: Sequence[float]) -> float:
        """The least P(some part): the failures of all of them, as in `_other`."""
        if not parts:
            return 0.0
        return self._other(parts, doubts)

    def _counted(
        self, k: int, parts: Sequence[int], low: Sequence[float], high: Sequence[float]
    ) -> tuple[float, float]:
        lows, highs = [low[p] for p in parts], [high[p] for p in parts]
        least = at_least_low(k, lows)
        most = 1 - at_least_low(len(parts) - k + 1, [1 - h for h in highs])
        for bits in self.groups:
            marks = [bits[p] for p in parts]
            if len(parts) <= _LONGEST and 0 < k <= len(parts) and _disjoint(marks):
                least = max(least, threshold_tail(lows, k))
                most = min(most, threshold_tail(highs, k))
        return least, most


def _disjoint(marks: Sequence[int]) -> bool:
    seen = _OUTSIDE
    for mark in marks:
        if mark & seen:
            return False
        seen |= mark
    return True


def _clusters(marks: Sequence[int]) -> tuple[list[list[int]], list[int]]:
    """Positions of parts that are linked by a group, and positions of parts outside."""
    clusters: list[tuple[int, list[int]]] = []
    outside: list[int] = []
    for position, mark in enumerate(marks):
        if mark & _OUTSIDE:
            outside.append(position)
            continue
        merged, members = mark, [position]
        rest = []
        for other, theirs in clusters:
            if other & merged:
                merged |= other
                members += theirs
            else:
                rest.append((other, theirs))
        clusters = [*rest, (merged, members)]
    return [members for _, members in clusters], outside


def _apart(marks: Sequence[int], doubts: Sequence[float]) -> float:
    """The least P(all): a product over clusters, doubts added inside them and outside."""
    clusters, outside = _clusters(marks)
    inside = (max(0.0, 1 - math.fsum(doubts[i] for i in c)) for c in clusters)
    return math.prod(inside) - math.fsum(doubts[i] for i in outside)


def _together(marks: Sequence[int], highs: Sequence[float]) -> float:
    """The greatest P(all): a product over clusters of the least upper bound in each."""
    clusters, outside = _clusters(marks)
    most = math.prod(min(highs[i] for i in c) for c in clusters)
    return min([most, *(highs[i] for i in outside)])
