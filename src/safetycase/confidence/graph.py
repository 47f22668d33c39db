"""An AND/OR/NOT graph of events with intervals: what the confidence of an argument is computed on.

It knows no case. Nodes are numbered so that parts stand before what they are parts of; a graph
therefore has no circle, and every pass over it is one loop. A node is an *event* (with the
interval its probability lies in) or a combination of earlier nodes. Two nodes that share an event
share it: nothing is copied.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

__all__ = [
    "ALL",
    "ANY",
    "AT_LEAST",
    "EVENT",
    "NOT",
    "Builder",
    "Declaration",
    "Graph",
    "Query",
    "claim_node",
    "extend",
]

EVENT, ALL, ANY, AT_LEAST, NOT = range(5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """`ops[i]` is the operation of node i, `parts[i]` its parts (all below i), `k[i]` its number.

    `low[i]` and `high[i]` are the interval of an event and 0 and 1 elsewhere. An empty `ALL` is
    true and an empty `ANY` false. `names[i]` is unique.
    """

    names: tuple[str, ...]
    ops: tuple[int, ...]
    parts: tuple[tuple[int, ...], ...]
    k: tuple[int, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]

    def __len__(self) -> int:
        return len(self.ops)

    def below(self, nodes: Iterable[int]) -> tuple[int, ...]:
        """`nodes` and everything they rest on, in ascending order."""
        seen: set[int] = set()
        stack = list(nodes)
        while stack:
            node = stack.pop()
            if node not in seen:
                seen.add(node)
                stack += self.parts[node]
        return tuple(sorted(seen))

    def events(self, nodes: Iterable[int]) -> tuple[int, ...]:
        """The events that `nodes` rest on, in ascending order."""
        return tuple(i for i in self.below(nodes) if self.ops[i] == EVENT)


class Builder:
    """Makes a graph from its events upward. Every method returns the number of its node."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._index: dict[str, int] = {}
        self._ops: list[int] = []
        self._parts: list[tuple[int, ...]] = []
        self._k: list[int] = []
        self._low: list[float] = []
        self._high: list[float] = []

    def event(self, name: str, low: float = 0.0, high: float = 1.0) -> int:
        """An event whose probability lies in [low, high]; `ValueError` if that is no interval."""
        if not (0 <= low <= high <= 1):  # also false for nan
            raise ValueError(f"`{name}`: [{low!r}, {high!r}] is no interval of probability")
        return self._add(name, EVENT, (), 0, low, high)

    def all(self, parts: Sequence[int], name: str = "") -> int:
        """True when every part is; true without parts."""
        return self._combine(name, ALL, parts)

    def any(self, parts: Sequence[int], name: str = "") -> int:
        """True when some part is; false without parts."""
        return self._combine(name, ANY, parts)

    def at_least(self, k: int, parts: Sequence[int], name: str = "") -> int:
        """True when at least `k` of the parts are; a part given twice counts twice."""
        return self._combine(name, AT_LEAST, parts, k)

    def negate(self, part: int, name: str = "") -> int:
        """True when the part is not."""
        return self._combine(name, NOT, (part,))

    def interval(self, node: int) -> tuple[float, float]:
        """The interval of an event."""
        return self._low[node], self._high[node]

    def freeze(self) -> Graph:
        """The graph as built so far."""
        return Graph(
            names=tuple(self._names),
            ops=tuple(self._ops),
            parts=tuple(self._parts),
            k=tuple(self._k),
            low=tuple(self._low),
            high=tuple(self._high),
        )

    def _combine(self, name: str, op: int, parts: Sequence[int], k: int = 0) -> int:
        size = len(self._ops)
        for part in parts:
            if not 0 <= part < size:
                raise ValueError(f"`{name}` has a part {part} that is not built yet")
        return self._add(name or f"~{size}", op, tuple(parts), k, 0.0, 1.0)

    def _add(
        self, name: str, op: int, parts: tuple[int, ...], k: int, low: float, high: float
    ) -> int:
        if name in self._index:
            raise ValueError(f"two nodes are named `{name}`")
        self._index[name] = len(self._ops)
        self._names.append(name)
        self._ops.append(op)
        self._parts.append(parts)
        self._k.append(k)
        self._low.append(low)
        self._high.append(high)
        return len(self._ops) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A claim: the node of its support φ and that of its rebuttal ψ (None: nothing rebuts it).

    Bel = min P(φ and not ψ), Pl = 1 − min P(ψ and not φ), K = the range of P(φ and ψ).
    """

    support: int
    rebuttal: int | None = None


def extend(graph: Graph, *nodes: tuple[int, tuple[int, ...]]) -> Graph:
    """The graph with more nodes (operation, parts) after its last one."""
    size, taken = len(graph), set(graph.names)
    names: list[str] = []
    for i in range(len(nodes)):
        name = f"~{size + i}"
        while name in taken:
            name += "'"
        names.append(name)
        taken.add(name)
    return Graph(
        names=(*graph.names, *names),
        ops=(*graph.ops, *(op for op, _ in nodes)),
        parts=(*graph.parts, *(parts for _, parts in nodes)),
        k=(*graph.k, *(0 for _ in nodes)),
        low=(*graph.low, *(0.0 for _ in nodes)),
        high=(*graph.high, *(1.0 for _ in nodes)),
    )


def claim_node(graph: Graph, query: Query) -> tuple[Graph, int]:
    """The graph and node of "supported and not rebutted" that a belief's certificate is about."""
    if query.rebuttal is None:
        return graph, query.support
    size = len(graph)
    wider = extend(
        graph,
        (NOT, (query.support,)),
        (NOT, (query.rebuttal,)),
        (ALL, (query.support, size + 1)),
    )
    return wider, size + 2


Kind = Literal[
    "associated",
    "independent",
    "partition",
    "exclusive",
    "contained",
    "common cause",
    "pairwise cap",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """A stated dependence between nodes, and the doubt `doubt` that the statement is wrong.

    - associated: the events `among` are associated (Esary, Proschan & Walkup 1967, Ann. Math.
      Stat. 38:1466): increasing functions of them are not negatively correlated.
    - independent: what the nodes `among` rest on is independent, group against group; inside a
      group nothing is said. Groups that share an event are refused.
    - partition: exactly one of several cases holds, the i-th with probability `weights[i]`, and
      the interval of what `among[i]` rests on is conditional on its case.
    - exclusive: no two of the events `among` fail together (a pairwise cap of 0).
    - contained: whenever `among[0]` holds, `among[1]` holds.
    - common cause: the beta-factor model: each event fails by one shared cause of probability
      `number` times the smallest doubt among them, or by a cause of its own; all causes are
      independent (Fleming 1975; NUREG/CR-4780).
    - pairwise cap: any two of the events `among` fail together with probability at most `number`.
    """

    id: str
    kind: Kind
    among: tuple[int, ...]
    doubt: float = 1.0
    number: float | None = None
    weights: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        numbers = [self.doubt, *self.weights, *([] if self.number is None else [self.number])]
        if not all(math.isfinite(n) and 0 <= n <= 1 for n in numbers):
            raise ValueError(f"`{self.id}` has a number outside 0 to 1")
