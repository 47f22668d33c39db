"""The graph to plan on: no negations, no constants, and what solves an item makes it true."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from safetycase.agenda.opengraph import OpenGraph
from safetycase.confidence.graph import ALL, ANY, AT_LEAST, EVENT, NOT, Builder, Graph
from safetycase.confidence.local import Incremental

__all__ = ["Planned", "lower_bounds", "planned"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A graph without negations whose node `root` is the headline.

    `events[item]` is true when the item is solved. `taken` names the events that nobody has
    assessed and that are taken to hold, `twice` those that help and hurt at once, whose two
    sides are reckoned as if they were independent.
    """

    graph: Graph
    root: int
    events: Mapping[str, int]
    taken: tuple[str, ...] = ()
    twice: tuple[str, ...] = ()


def lower_bounds(graph: Graph, root: int, solved: Sequence[Sequence[int]] = ((),)) -> list[float]:
    """The least probability of `root` under any dependence, by layer 1.

    One number for each entry of `solved`, with the events it names certain.
    """
    kept = Incremental(graph)
    found: list[float] = []
    for events in solved:
        for event in events:
            kept.set(event, 1.0, 1.0)
        found.append(kept.low(root))
        for event in events:
            kept.set(event, graph.low[event], graph.high[event])
    return found


def planned(given: OpenGraph, done: Collection[str] = ()) -> Planned:
    """The graph to plan on: negations pushed down to the events, items turned to help.

    Events that nobody assessed ([0, 1] and no item) and the items in `done` are taken to hold.
    What is constant is folded away, and what the headline needs whatever else holds stands once,
    at the top: most cases become trees, on which a budget is split exactly.
    """
    needed: frozenset[int] = frozenset()
    while True:
        plan = _Planning(given, frozenset(done), needed)
        root = plan.headline()
        units = needed | plan.units(root)
        if units == needed:
            return plan.finish(root)
        needed = units


_Folded = int | bool
_FLAT = 4096
"""A gate is not merged into the one above it beyond so many parts."""


class _Planning:
    """A graph in the making: each node of the old one as it stands, or negated.

    A node is a number, or true or false where it is constant. The items' events `needed` are
    true below the top, and stand there.
    """

    def __init__(self, given: OpenGraph, done: frozenset[str], needed: frozenset[int]) -> None:
        self.given, self.old, self.new = given, given.graph, Builder()
        self.items = {event: item for item, event in given.events.items()}
        self.done = done
        self.needed = needed
        self.made: dict[tuple[int, bool], _Folded] = {}
        self.gates: dict[int, tuple[int, tuple[int, ...]]] = {}
        self.source: dict[int, int] = {}
        self.events: dict[str, int] = {}
        self.taken: dict[str, None] = {}
        self.top = [node for n in sorted(needed) if (node := self._literal(n, True)) is not True]

    def headline(self) -> _Folded:
        """The node of the root query, below the top."""
        support = self.node(self.given.root.support, True)
        if self.given.root.rebuttal is None:
            return support
        return self._gate(ALL, [support, self.node(self.given.root.rebuttal, False)])

    def units(self, root: _Folded) -> frozenset[int]:
        """The events of items that the node cannot hold without, as far as they stand on top."""
        if isinstance(root, bool):
            return frozenset()
        parts = self.gates[root][1] if self.gates.get(root, (ANY,))[0] == ALL else (root,)
        return frozenset(self.source[p] for p in parts if p in self.source)

    def finish(self, root: _Folded) -> Planned:
        """The whole graph."""
        top = [*self.top, *([] if isinstance(root, bool) else [root])]
        whole = self.new.any([]) if root is False else self.new.all(top) if top else None
        whole = self.new.all([]) if whole is None else whole
        graph = self.new.freeze()
        below = set(graph.below([whole]))
        both = {n for n, side in self.made if {(n, True), (n, False)} <= self.made.keys()}
        return Planned(
            graph=graph,
            root=whole,
            events={item: node for item, node in self.events.items() if node in below},
            taken=tuple(self.taken),
            twice=tuple(
                self.old.names[n]
                for n in sorted(both)
                if self.old.ops[n] == EVENT and not isinstance(self.made[n, True], bool)
            ),
        )

    def node(self, root: int, side: bool) -> _Folded:
        """What of the new graph is true when `root` is (`side`), or is not."""
        stack = [(root, side)]
        while stack:
            key = stack[-1]
            node, positive = key
            wanted = [(p, positive != (self.old.ops[node] == NOT)) for p in self.old.parts[node]]
            waiting = [part for part in wanted if part not in self.made]
            if key not in self.made and waiting:
                stack += waiting
                continue
            stack.pop()
            if key not in self.made:
                self.made[key] = self._make(node, positive, [self.made[part] for part in wanted])
        return self.made[root, side]

    def _make(self, node: int, positive: bool, parts: list[_Folded]) -> _Folded:
        op, k = self.old.ops[node], self.old.k[node]
        if op == EVENT:
            return True if node in self.needed else self._literal(node, positive)
        if op == NOT:
            return parts[0]
        if op == AT_LEAST:
            return self._at_least(k if positive else len(parts) - k + 1, parts)
        return self._gate(ALL if (op == ALL) == positive else ANY, parts)

    def _literal(self, node: int, positive: bool) -> _Folded:
        """An event: that of an item is true when it is solved, on either side."""
        name, item = self.old.names[node], self.items.get(node)
        if item is not None:
            if item in self.done:
                return True
            if item not in self.events:
                self.events[item] = self.new.event(name)
                self.source[self.events[item]] = node
            return self.events[item]
        if node in self.given.raised:
            return positive
        low, high = self.old.low[node], self.old.high[node]
        low, high = (low, high) if positive else (1 - high, 1 - low)
        if low == 0 and high == 1:
            self.taken[name] = None
            return True
        if low == high and low in (0.0, 1.0):
            return low == 1.0
        return self.new.event(name if positive else f"not {name}", low, high)

    def _gate(self, op: int, parts: list[_Folded]) -> _Folded:
        """ALL or ANY without constants, repetitions, and gates of its own kind."""
        stops = op == ANY  # what decides the gate alone
        flat: dict[int, None] = {}
        for part in parts:
            if isinstance(part, bool):
                if part == stops:
                    return stops
                continue
            kind, below = self.gates.get(part, (EVENT, ()))
            merged = kind == op and len(flat) + len(below) <= _FLAT
            flat.update(dict.fromkeys(below if merged else (part,)))
        kept = [
            part
            for part in flat
            if part not in self.gates
            or self.gates[part][0] in (op, AT_LEAST)
            or not flat.keys() & set(self.gates[part][1])  # x and (x or y) is x
        ]
        if len(kept) < 2:
            return kept[0] if kept else not stops
        node = self.new.all(kept) if op == ALL else self.new.any(kept)
        self.gates[node] = (op, tuple(kept))
        return node

    def _at_least(self, k: int, parts: list[_Folded]) -> _Folded:
        k -= sum(part is True for part in parts)
        left = [part for part in parts if not isinstance(part, bool)]
        if k <= 0 or k > len(left):
            return k <= 0
        if k in (1, len(left)):
            return self._gate(ANY if k == 1 else ALL, list(left))
        node = self.new.at_least(k, left)
        self.gates[node] = (AT_LEAST, tuple(left))
        return node
