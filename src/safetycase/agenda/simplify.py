"""A graph with the same truth and less sharing, so that more of it is a tree.

What is always true or false is left out; a gate inside a gate of its own kind is opened; what
parts have in common is taken out of them (distributivity); and what a gate requires anyway is
true for everything that can only be reached through it (absorption, by dominators). An assumption
that every step of an argument rests on ends up in one place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from safetycase.agenda.multilinear import dominators
from safetycase.confidence.graph import ALL, ANY, AT_LEAST, EVENT, NOT, Builder, Graph

__all__ = ["modules", "simplify"]

_ROUNDS = 12


def simplify(
    graph: Graph, root: int, known: Mapping[int, bool]
) -> tuple[Graph, int, dict[int, int]]:
    """A graph equivalent to node `root` when the events `known` are as said.

    Also its root, and where each event that is left has gone (old to new). The intervals of
    events are not carried over.
    """
    work = _Work(graph, root, known)
    for _ in range(_ROUNDS):
        before = work.shape()
        work.tidy()
        work.take_out()
        work.tidy()
        work.absorb()
        if work.shape() == before:
            break
    work.tidy()
    made, top, places = work.frozen()
    return _grouped(made, top, places)


def modules(graph: Graph, root: int) -> frozenset[int]:
    """The nodes below `root` that are the only way to everything below them."""
    order = graph.below([root])
    place = {node: k for k, node in enumerate(order)}
    below: dict[int, int] = {}
    for node in order:
        mask = 1 << place[node]
        for part in graph.parts[node]:
            mask |= below[part]
        below[node] = mask
    above = dominators(graph, root)
    held = dict.fromkeys(order, 1)
    for node in order:
        if node != root:
            held[above[node]] += held[node]
    return frozenset(node for node in order if below[node].bit_count() == held[node])


class _Work:
    """The graph while it is changed: nodes keep their numbers, new ones are added at the end."""

    def __init__(self, graph: Graph, root: int, known: Mapping[int, bool]) -> None:
        self.ops = list(graph.ops)
        self.parts = [list(parts) for parts in graph.parts]
        self.k = list(graph.k)
        self.root = root
        for node, holds in known.items():
            self.ops[node] = ALL if holds else ANY

    def shape(self) -> tuple[int, tuple[tuple[int, ...], ...]]:
        return self.root, tuple(tuple(self.parts[node]) for node in self.order())

    def order(self) -> list[int]:
        """What the root rests on, parts first."""
        done: dict[int, None] = {}
        stack = [(self.root, False)]
        while stack:
            node, opened = stack.pop()
            if opened:
                done[node] = None
            elif node not in done:
                stack.append((node, True))
                stack += [(part, False) for part in reversed(self.parts[node]) if part not in done]
        return list(done)

    def uses(self) -> Counter[int]:
        return Counter(part for node in self.order() for part in self.parts[node])

    def add(self, op: int, parts: list[int]) -> int:
        self.ops.append(op)
        self.parts.append(parts)
        self.k.append(0)
        return len(self.ops) - 1

    def constant(self, node: int) -> bool | None:
        if self.parts[node] or self.ops[node] not in (ALL, ANY):
            return None
        return self.ops[node] == ALL

    def tidy(self) -> None:
        """Constants, gates with one part, gates in gates of their kind, parts named twice."""
        uses = self.uses()
        stands: dict[int, int] = {}
        for node in self.order():
            self.parts[node] = [stands[part] for part in self.parts[node]]
            stands[node] = self._tidied(node, uses)
        self.root = stands[self.root]

    def _tidied(self, node: int, uses: Counter[int]) -> int:
        op = self.ops[node]
        if op == EVENT:
            return node
        if op == NOT:
            return self._negation(node)
        if op == AT_LEAST:
            self._count(node)
            op = self.ops[node]
            if op == AT_LEAST:
                return node
        flat: dict[int, None] = {}
        for part in self.parts[node]:
            inside = self.ops[part] == op and uses[part] == 1
            flat |= dict.fromkeys(self.parts[part] if inside else [part])
        decides = [p for p in flat if self.constant(p) is (op == ANY)]
        self.parts[node] = [p for p in flat if self.constant(p) is None]
        if decides:
            self.ops[node], self.parts[node] = (ANY if op == ALL else ALL), []
        return self.parts[node][0] if len(self.parts[node]) == 1 else node

    def _negation(self, node: int) -> int:
        part = self.parts[node][0]
        if self.constant(part) is not None:
            self.ops[node], self.parts[node] = (ANY if self.constant(part) else ALL), []
        elif self.ops[part] == NOT:
            return self.parts[part][0]
        return node

    def _count(self, node: int) -> None:
        sure = sum(self.constant(part) is True for part in self.parts[node])
        parts = [part for part in self.parts[node] if self.constant(part) is None]
        need = self.k[node] - sure
        self.k[node], self.parts[node] = need, parts
        if need <= 0:
            self.ops[node], self.parts[node] = ALL, []
        elif need > len(parts):
            self.ops[node], self.parts[node] = ANY, []
        elif need in (1, len(parts)):
            self.ops[node] = ANY if need == 1 else ALL

    def take_out(self) -> None:
        """(x and a) or (x and b) is x and (a or b); likewise with and and or exchanged."""
        uses = self.uses()
        for node in self.order():
            if self.ops[node] in (ALL, ANY):
                self._take_out(node, uses)

    def _take_out(self, node: int, uses: Counter[int]) -> None:
        op = self.ops[node]
        inner = ANY if op == ALL else ALL
        while len(self.parts[node]) > 1:
            pieces = {
                part: self.parts[part] if self.ops[part] == inner and uses[part] == 1 else [part]
                for part in self.parts[node]
            }
            counts = Counter(piece for parts in pieces.values() for piece in set(parts))
            common, count = max(counts.items(), key=lambda c: (c[1], -c[0]))
            if count < 2:
                return
            having = [part for part in self.parts[node] if common in pieces[part]]
            rest = [self.add(inner, [p for p in pieces[part] if p != common]) for part in having]
            joined = self.add(inner, [common, self.add(op, rest)])
            self.parts[node] = [p for p in self.parts[node] if p not in having] + [joined]
            uses[joined] = 1

    def absorb(self) -> None:
        """What a gate has as a part is decided for what lies only below that gate."""
        graph, root, places = self.frozen(every=True)
        above = dominators(graph, root)
        users: dict[int, list[int]] = {}
        for node in graph.below([root]):
            for part in graph.parts[node]:
                users.setdefault(part, []).append(node)
        old = {new: node for node, new in places.items()}
        for part, gates in users.items():
            if len(gates) < 2:
                continue
            direct = {g for g in gates if graph.ops[g] in (ALL, ANY)}
            for gate in gates:
                over = above.get(gate)
                decided = None
                while over is not None:
                    decided = graph.ops[over] == ALL if over in direct else decided
                    over = above.get(over)
                if decided is not None:
                    fixed = self.add(ALL if decided else ANY, [])
                    parts = self.parts[old[gate]]
                    parts[:] = [fixed if p == old[part] else p for p in parts]

    def frozen(self, *, every: bool = False) -> tuple[Graph, int, dict[int, int]]:
        """As a graph; where the events (or, with `every`, all nodes) have gone."""
        build = Builder()
        places: dict[int, int] = {}
        for node in self.order():
            parts = [places[part] for part in self.parts[node]]
            op = self.ops[node]
            if op == EVENT:
                places[node] = build.event(f"e{node}")
            elif op == NOT:
                places[node] = build.negate(parts[0])
            elif op == AT_LEAST:
                places[node] = build.at_least(self.k[node], parts)
            else:
                places[node] = build.all(parts) if op == ALL else build.any(parts)
        root = places[self.root]
        kept = {n: p for n, p in places.items() if every or self.ops[n] == EVENT}
        return build.freeze(), root, kept


def _grouped(graph: Graph, root: int, places: dict[int, int]) -> tuple[Graph, int, dict[int, int]]:
    """Give the parts of a gate that nothing else reaches a gate of their own, beside the others.

    They are then one module, whose best use of money does not depend on the rest.
    """
    alone = modules(graph, root)
    uses = Counter(part for node in graph.below([root]) for part in graph.parts[node])
    build = Builder()
    new: dict[int, int] = {}
    for node in graph.below([root]):
        op, parts = graph.ops[node], graph.parts[node]
        own = [p for p in parts if p in alone and uses[p] == 1]
        shown = [new[p] for p in parts]
        if op in (ALL, ANY) and 1 < len(own) < len(parts):
            make = build.all if op == ALL else build.any
            joined = make([new[p] for p in own], f"m{node}")
            shown = [joined, *(new[p] for p in parts if p not in own)]
        if op == EVENT:
            new[node] = build.event(f"e{node}")
        elif op == NOT:
            new[node] = build.negate(shown[0], f"g{node}")
        elif op == AT_LEAST:
            new[node] = build.at_least(graph.k[node], shown, f"g{node}")
        else:
            new[node] = (build.all if op == ALL else build.any)(shown, f"g{node}")
    return build.freeze(), new[root], {old: new[place] for old, place in places.items()}
