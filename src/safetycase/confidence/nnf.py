"""The question "can this node fail?" in the form the exact engine works on.

Everything below one node becomes threshold gates over signed literals: `k` of the parts, where
`ALL` is n of n. A *literal* is `2 * id` (id happens) or `2 * id + 1` (it does not); the literals 0
and 1 are true and false. What is certain is folded away, and a part of the graph whose events are
used nowhere else and once inside it collapses to one leaf: its extreme probabilities follow from
the rules of layer 1, which are attained there, and any joint law of it can be glued to any joint
law of the rest along the value of the leaf.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from safetycase.confidence.graph import ALL, AT_LEAST, EVENT, NOT, Graph
from safetycase.confidence.local import most_at_least

__all__ = ["FALSE", "TRUE", "Literals", "Reduced", "reduce"]

TRUE, FALSE = 0, 1

Literals = frozenset[tuple[int, bool]]
"""A partial assignment: (event of the graph, whether it happens)."""


@dataclass(slots=True, kw_only=True)
class Reduced:
    """Threshold gates under one node of a graph; ids count from 1, id 0 is the truth.

    `top` is the literal of the node; `parts[i]` (literals) and `k[i]` describe a gate, `event[i]`
    is the graph's event or -1; `leaf[i]` says that i is an event or a collapsed part. `cap[x]` is
    the largest probability of the literal x of a leaf, and `proof[x]` the least sum of doubts of
    event literals that force x. `fixed` are the literals of the events that are certain. `uses[i]`
    counts the places where i is a part. `gates` are those that are no leaves, parts first.
    """

    top: int = TRUE
    parts: list[tuple[int, ...]] = field(default_factory=lambda: [()])
    k: list[int] = field(default_factory=lambda: [0])
    event: list[int] = field(default_factory=lambda: [-1])
    leaf: list[bool] = field(default_factory=lambda: [True])
    cap: list[float] = field(default_factory=lambda: [1.0, 0.0])
    proof: list[float] = field(default_factory=lambda: [0.0, 1.0])
    uses: list[int] = field(default_factory=list)
    fixed: tuple[tuple[int, bool], ...] = ()
    gates: tuple[int, ...] = ()

    def needs(self, literal: int) -> tuple[int, tuple[int, ...]]:
        """(j, literals): a gate's literal happens when at least j of those do."""
        node = literal >> 1
        parts, k = self.parts[node], self.k[node]
        if literal & 1:
            return len(parts) - k + 1, tuple(p ^ 1 for p in parts)
        return k, parts

    def add(self, parts: tuple[int, ...], k: int, event: int = -1) -> int:
        """A new id."""
        self.parts.append(parts)
        self.k.append(k)
        self.event.append(event)
        self.leaf.append(event >= 0)
        self.cap += (1.0, 1.0)
        self.proof += (0.0, 0.0)
        return len(self.k) - 1

    def collapse(self, node: int) -> None:
        """Make a gate over leaves a leaf of its own."""
        self.leaf[node] = True
        for literal in (2 * node, 2 * node + 1):
            needed, parts = self.needs(literal)
            self.cap[literal] = most_at_least(needed, [self.cap[p] for p in parts])
            self.proof[literal] = sum(sorted([self.proof[p] for p in parts])[:needed])


def reduce(graph: Graph, node: int, keep: frozenset[int] = frozenset()) -> Reduced:
    """The gates under `node`. The events in `keep` are not collapsed into a larger leaf."""
    made = Reduced()
    _fold(graph, node, made)
    _count(made)
    kept = {i for i, event in enumerate(made.event) if event in keep and event >= 0}
    _collapse(made, kept)
    return made


def _fold(graph: Graph, node: int, made: Reduced) -> None:
    """Fill `made` with gates for everything below `node`; equal gates are built once."""
    literal: dict[int, int] = {}
    known: Known = {}
    fixed: list[tuple[int, bool]] = []
    for i in graph.below((node,)):
        op = graph.ops[i]
        if op == EVENT:
            low, high = graph.low[i], graph.high[i]
            if low >= 1.0 or high <= 0.0:
                fixed.append((i, low >= 1.0))
                literal[i] = TRUE if low >= 1.0 else FALSE
                continue
            at = made.add((), 0, i)
            made.cap[2 * at] = made.proof[2 * at + 1] = high
            made.cap[2 * at + 1] = made.proof[2 * at] = 1.0 - low
            literal[i] = 2 * at
            continue
        parts = [literal[p] for p in graph.parts[i]]
        if op == NOT:
            literal[i] = parts[0] ^ 1
        elif op == ALL:
            literal[i] = _all(made, known, parts)
        elif op == AT_LEAST:
            literal[i] = _at_least(made, known, graph.k[i], parts)
        else:
            literal[i] = _all(made, known, [p ^ 1 for p in parts]) ^ 1
    made.top = literal[node]
    made.fixed = tuple(fixed)


Known = dict[tuple[int, tuple[int, ...]], int]


def _all(made: Reduced, known: Known, parts: list[int]) -> int:
    distinct = set(parts)
    distinct.discard(TRUE)
    if FALSE in distinct or any(p ^ 1 in distinct for p in distinct if p & 1):
        return FALSE
    if len(distinct) < 2:
        return distinct.pop() if distinct else TRUE
    return _gate(made, known, len(distinct), tuple(sorted(distinct)))


def _at_least(made: Reduced, known: Known, k: int, parts: list[int]) -> int:
    left: list[int] = []
    for part in sorted(parts):
        if part == FALSE:
            continue
        if part == TRUE:
            k -= 1
        elif left and part ^ 1 == left[-1]:  # of an event and its denial exactly one counts
            left.pop()
            k -= 1
        else:
            left.append(part)
    if k <= 0:
        return TRUE
    if k > len(left):
        return FALSE
    if k == len(left):
        return _all(made, known, left)
    if k == 1:
        return _all(made, known, [p ^ 1 for p in left]) ^ 1
    return _gate(made, known, k, tuple(left))


def _gate(made: Reduced, known: Known, k: int, parts: tuple[int, ...]) -> int:
    if (k, parts) not in known:
        known[k, parts] = made.add(parts, k)
    return 2 * known[k, parts]


def _count(made: Reduced) -> None:
    """Find what the node still rests on, and in how many places each id is a part."""
    uses = [0] * len(made.k)
    uses[made.top >> 1] = 1
    for node in range(len(uses) - 1, 0, -1):
        if uses[node]:
            for part in made.parts[node]:
                uses[part >> 1] += 1
    made.uses = uses


def _collapse(made: Reduced, kept: set[int]) -> None:
    """Merge nested conjunctions, then collapse what is read once, from the leaves upward."""
    uses, gates = made.uses, []
    for node in range(1, len(uses)):
        if not uses[node] or made.leaf[node]:
            continue
        if made.k[node] == len(made.parts[node]):
            _merge(made, node)
        parts = made.parts[node]
        own = [p for p in parts if uses[p >> 1] == 1 and made.leaf[p >> 1] and p >> 1 not in kept]
        if len(own) == len(parts):
            made.collapse(node)
            continue
        if made.k[node] == len(parts) and len(own) > 1:
            group = made.add(tuple(own), len(own))
            uses.append(1)
            made.collapse(group)
            rest = set(parts).difference(own)
            made.parts[node] = (*sorted(rest), 2 * group)
            made.k[node] = len(rest) + 1
        gates.append(node)
    inside = _reached(made)
    made.gates = tuple(g for g in gates if g in inside)


def _merge(made: Reduced, node: int) -> None:
    """Put the parts of a conjunction that is used only here in its place."""
    uses = made.uses
    inner = [
        p
        for p in made.parts[node]
        if not p & 1
        and uses[p >> 1] == 1
        and not made.leaf[p >> 1]
        and made.k[p >> 1] == len(made.parts[p >> 1])
    ]
    if not inner:
        return
    flat: list[int] = []
    for part in made.parts[node]:
        flat += made.parts[part >> 1] if part in inner else (part,)
    seen: dict[int, None] = {}
    for part in flat:
        if part in seen:
            uses[part >> 1] -= 1
        seen[part] = None
    for part in inner:
        uses[part >> 1] = 0
    made.parts[node] = tuple(seen)
    made.k[node] = len(seen)


def _reached(made: Reduced) -> set[int]:
    """The gates that the top rests on; what was merged away is no longer among them."""
    seen: set[int] = set()
    stack = [made.top >> 1]
    while stack:
        node = stack.pop()
        if node not in seen and not made.leaf[node]:
            seen.add(node)
            stack += (p >> 1 for p in made.parts[node])
    return seen
