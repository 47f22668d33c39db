"""Graphs in which a declared dependence is written out as structure.

A rewritten graph is a function of the same events, and under the declaration it is true in the
same worlds as the graph it was made from; what is then computed on it, under unknown dependence
of the rest, holds under the declaration.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from safetycase.confidence.graph import ALL, ANY, AT_LEAST, EVENT, Builder, Declaration, Graph

__all__ = ["Cause", "Rewritten", "cut_at", "rewrite"]

_DOWN = 1 - 2**-50


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A common cause written out: event i is "no shared cause, and no cause of its own".

    `absent` is the node of "no shared cause" and `own[event]` that of "no cause of its own", in
    the rewritten graph; `share` is the probability of the shared cause.
    """

    absent: int
    own: Mapping[int, int]
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewritten:
    """`plain[i]` is node i with causes written out; `final[i]` with everything written out.

    `causes` and `cases` (the event that stands for a partition) are named by their declaration.
    """

    graph: Graph
    plain: tuple[int, ...]
    final: tuple[int, ...]
    causes: Mapping[str, Cause]
    cases: Mapping[str, int]


def rewrite(
    graph: Graph,
    *,
    causes: Sequence[Declaration] = (),
    contained: Iterable[tuple[int, int]] = (),
    cases: Mapping[str, tuple[frozenset[int], float, float]] = {},
) -> Rewritten:
    """Write out declarations that were found usable.

    Each pair (a, b) of `contained` turns b into "b or a". `cases[id]` is (parts, low, high): in
    an `ALL` that has all these parts, one event of that interval takes their place.
    """
    work = _Rewriting(graph)
    for declaration in causes:
        work.share(declaration)
    for i in range(len(graph)):
        work.plain.append(work.copy(i, work.plain, graph.names[i]))
    implied: dict[int, list[int]] = {}
    for a, b in _closure(contained):
        implied.setdefault(b, []).append(a)
    for i in range(len(graph)):
        work.final.append(work.revise(i, implied.get(i, ()), cases))
    return Rewritten(
        graph=work.builder.freeze(),
        plain=tuple(work.plain),
        final=tuple(work.final),
        causes=work.causes,
        cases=work.cases,
    )


def cut_at(graph: Graph, events: Mapping[int, tuple[float, float]]) -> tuple[Graph, list[int]]:
    """`graph` with some of its nodes replaced by events of the given intervals, and who is who."""
    builder = Builder()
    place: list[int] = []
    for i in range(len(graph)):
        if i in events:
            place.append(builder.event(graph.names[i], *events[i]))
        else:
            place.append(_made(builder, graph, i, place, graph.names[i]))
    return builder.freeze(), place


class _Rewriting:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.builder = Builder()
        self.plain: list[int] = []
        self.final: list[int] = []
        self.causes: dict[str, Cause] = {}
        self.cases: dict[str, int] = {}
        self.shared: dict[int, tuple[int, int]] = {}

    def share(self, declaration: Declaration) -> None:
        """Nodes for the shared cause and each own cause of a common cause."""
        graph, members = self.graph, declaration.among
        share = (declaration.number or 0.0) * min(1 - graph.low[e] for e in members)
        left = 1 - share
        absent = self.builder.event(f"no shared cause {declaration.id}", left, left)
        own = {}
        for e in members:
            low = min(1.0, graph.low[e] / left) * _DOWN if left > 0 else 0.0
            high = min(1.0, graph.high[e] / left / _DOWN) if left > 0 else 1.0
            own[e] = self.builder.event(f"no cause {declaration.id} of {graph.names[e]}", low, high)
            self.shared[e] = (absent, own[e])
        self.causes[declaration.id] = Cause(absent=absent, own=own, share=share)

    def copy(self, i: int, place: Sequence[int], name: str) -> int:
        if i in self.shared:
            return self.builder.all(self.shared[i], name)
        return _made(self.builder, self.graph, i, place, name)

    def revise(
        self,
        i: int,
        implied: Sequence[int],
        cases: Mapping[str, tuple[frozenset[int], float, float]],
    ) -> int:
        """The final version of node i; the plain one if nothing below it changed."""
        graph, builder = self.graph, self.builder
        parts = [self.final[p] for p in graph.parts[i]]
        node = self.plain[i]
        stands = {
            name: case
            for name, case in cases.items()
            if graph.ops[i] == ALL and case[0] <= set(graph.parts[i])
        }
        if stands:
            gone = frozenset().union(*(case[0] for case in stands.values()))
            kept = [self.final[p] for p in graph.parts[i] if p not in gone]
            for name, (_, low, high) in stands.items():
                if name not in self.cases:
                    self.cases[name] = builder.event(f"the case of {name}", low, high)
                kept.append(self.cases[name])
            node = builder.all(kept, f"{graph.names[i]}, by cases")
        elif parts != [self.plain[p] for p in graph.parts[i]]:
            node = self.copy(i, self.final, f"{graph.names[i]}, rewritten")
        if implied:
            whole = [node, *(self.plain[a] for a in implied)]
            node = builder.any(whole, f"{graph.names[i]}, or what implies it")
        return node


def _made(builder: Builder, graph: Graph, i: int, place: Sequence[int], name: str) -> int:
    op, parts = graph.ops[i], [place[p] for p in graph.parts[i]]
    if op == EVENT:
        return builder.event(name, graph.low[i], graph.high[i])
    if op == ALL:
        return builder.all(parts, name)
    if op == ANY:
        return builder.any(parts, name)
    if op == AT_LEAST:
        return builder.at_least(graph.k[i], parts, name)
    return builder.negate(parts[0], name)


def _closure(pairs: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Every (a, b) with a chain of pairs from a to b, a and b being different."""
    after: dict[int, list[int]] = {}
    for a, b in pairs:
        after.setdefault(a, []).append(b)
    found = []
    for start in after:
        seen = {start}
        stack = list(after[start])
        while stack:
            node = stack.pop()
            if node not in seen:
                seen.add(node)
                found.append((start, node))
                stack += after.get(node, ())
    return found
