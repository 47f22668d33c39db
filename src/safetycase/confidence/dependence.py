"""Lower bounds on P(node) under declared dependence; of everything else nothing is assumed.

A declaration with doubt d adds at most what it gains less d (Boole): a declaration of doubt 1 is
worth nothing. Caps on joint failures are for the packing of minimal cut sets and are only checked
here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from safetycase.confidence.declarations import contradictions
from safetycase.confidence.frechet import Classes, frechet
from safetycase.confidence.graph import ALL, EVENT, NOT, Declaration, Graph
from safetycase.confidence.independent import independent_bound
from safetycase.confidence.literals import EventLiteral, cheap_proof, doubt_of
from safetycase.confidence.local import local
from safetycase.confidence.proof import proof_set
from safetycase.confidence.rewrite import Rewritten, cut_at, rewrite

__all__ = [
    "DeclaredBound",
    "contradictions",
    "declared_bound",
    "unknown_bound",
]

Unknown = Callable[[Graph, int], float]
DIAGRAM = 50_000
_TRIALS = 40  # sets of declarations tried
_ROUNDING = 1e-12  # more than the sums and products here can be off by


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredBound:
    """P(node) ≥ `low` if the declarations `used` hold, their doubts already taken off.

    `refused` names the declarations that were not used, and why; `notes` what was given up.
    """

    low: float
    used: tuple[str, ...]
    refused: Mapping[str, str]
    notes: tuple[str, ...]


def unknown_bound(graph: Graph, node: int) -> float:
    """A quick lower bound on P(node) under every dependence: layer 1, and one proof set."""
    return max(local(graph)[0][node], 1 - proof_set(graph, node).doubt)


def declared_bound(
    graph: Graph,
    node: int,
    declarations: Sequence[Declaration],
    *,
    unknown: Unknown | float | None = None,
    nodes: int = DIAGRAM,
) -> DeclaredBound:
    """The best lower bound on P(node) that the declarations give.

    `unknown` bounds a node under every dependence: a function of a graph and a node, or the value
    for this one; `unknown_bound` if absent. It is also asked about rewritten graphs. The result
    is never below it. `nodes` is the budget of each decision diagram.
    """
    bound = unknown if callable(unknown) else unknown_bound
    floor = bound(graph, node) if unknown is None or callable(unknown) else unknown
    refused = dict(contradictions(graph, declarations))
    usable = []
    for d in declarations:
        if d.id not in refused and d.doubt >= 1:
            refused[d.id] = "its doubt is 1, so that nothing can rest on it"
        elif d.id not in refused and d.kind in ("exclusive", "pairwise cap"):
            refused[d.id] = "a cap on joint failures is used in the packing of cut sets"
        elif d.id not in refused:
            usable.append(d)
    search = _Search(graph, node, bound, nodes)
    low, used = search.best(usable)
    low -= _ROUNDING
    if low <= floor:
        low, used = floor, ()
    for d in usable:
        if d.id not in {u.id for u in used} and d.id in search.reasons:
            refused[d.id] = search.reasons[d.id]
    return DeclaredBound(
        low=low,
        used=tuple(d.id for d in used),
        refused=refused,
        notes=tuple(dict.fromkeys(search.notes)),
    )


class _Search:
    """Which declarations to use: each costs its doubt and may gain something."""

    def __init__(self, graph: Graph, node: int, unknown: Unknown, nodes: int) -> None:
        self.graph, self.node, self.unknown, self.nodes = graph, node, unknown, nodes
        self.notes: list[str] = []
        self.reasons: dict[str, str] = {}
        self.tried: dict[frozenset[str], float] = {}

    def best(self, usable: Sequence[Declaration]) -> tuple[float, tuple[Declaration, ...]]:
        """The greatest bound after doubts, and a set of declarations none of which is idle."""
        if not usable:
            return -math.inf, ()
        best = self.net(usable), tuple(usable)
        for one in usable if len(usable) > 1 else ():
            if len(self.tried) < _TRIALS:
                best = max(best, (self.net([one]), (one,)), key=lambda b: b[0])
        improved = True
        while improved:
            improved = False
            for gone in sorted(best[1], key=lambda d: -d.doubt):
                rest = tuple(d for d in best[1] if d is not gone)
                if len(self.tried) < _TRIALS and self.net(rest) >= best[0]:
                    best, improved = (self.net(rest), rest), True
                    break
        return best

    def net(self, chosen: Sequence[Declaration]) -> float:
        """The bound under `chosen`, less their doubts."""
        key = frozenset(d.id for d in chosen)
        if key not in self.tried:
            model = _Model(self, self.graph, self.node, tuple(chosen))
            self.tried[key] = model.bound() - math.fsum(d.doubt for d in chosen)
        return self.tried[key]


class _Model:
    """One set of declarations, all taken to hold, and a node."""

    def __init__(
        self, search: _Search, graph: Graph, node: int, chosen: tuple[Declaration, ...]
    ) -> None:
        self.search, self.source, self.node, self.chosen = search, graph, node, chosen
        self.by = {
            kind: [d for d in chosen if d.kind == kind]
            for kind in ("associated", "independent", "partition", "contained", "common cause")
        }

    def bound(self) -> float:
        """The greatest lower bound that one of the ways gives."""
        made = self.rewritten()
        graph, top = made.graph, made.final[self.node]
        groups = [self.groups(made, d) for d in self.by["independent"]]
        rising = [frozenset(made.plain[e] for e in d.among) for d in self.by["associated"]]
        known = self.known(made)
        classes = Classes(
            groups=(*groups, *self.cause_groups(made)), associated=tuple(rising), known=known
        )
        low, high = frechet(graph, classes)
        best = max(low[top], self.search.unknown(graph, top))
        for free_graph, place, free in self.free(made, low, high):
            found = independent_bound(free_graph, place[top], free, nodes=self.search.nodes)
            if found is None:
                self.search.notes.append("a decision diagram outgrew its budget")
            else:
                best = max(best, found)
        proof = cheap_proof(graph, top, lambda literal: doubt_of(graph, literal))
        if proof is not None:
            best = max(best, _proved(graph, proof, classes))
        if self.by["associated"] and not any(_signed(graph, top, r) for r in rising):
            self.search.notes.append(
                "across a negation or other events, association counts only below them"
            )
        return min(1.0, best)

    def rewritten(self) -> Rewritten:
        causes = [d for d in self.by["common cause"] if self.inside_one_group(d)]
        cases = {}
        for d in self.by["partition"]:
            reason = _scattered(self.source, self.node, d)
            if reason is None:
                cases[d.id] = (frozenset(d.among), *self.by_cases(d))
            else:
                self.search.reasons[d.id] = reason
                self.search.notes.append(f"`{d.id}` is read as the rule for all: {reason}")
        inside = set(self.source.below(n for case in cases.values() for n in case[0]))
        pairs = []
        for d in self.by["contained"]:
            if inside & set(d.among):
                self.search.notes.append(f"`{d.id}` links cases with the rest and is not used")
            else:
                pairs.append((d.among[0], d.among[1]))
        return rewrite(self.source, causes=causes, contained=pairs, cases=cases)

    def by_cases(self, declaration: Declaration) -> tuple[float, float]:
        """The interval of "the case that holds is argued for": a weighted mean over the cases."""
        low = high = 0.0
        upper = local(self.source)[1]
        for node, weight in zip(declaration.among, declaration.weights, strict=True):
            # Within a case only what is declared of this case alone can be read as given the case.
            own = set(self.source.below([node]))
            rest = tuple(d for d in self.chosen if d is not declaration and own.issuperset(d.among))
            low += weight * max(0.0, _Model(self.search, self.source, node, rest).bound())
            high += weight * upper[node]
        return min(1.0, max(0.0, low * (1 - 2**-50))), min(1.0, max(low, high * (1 + 2**-50)))

    def inside_one_group(self, cause: Declaration) -> bool:
        """Whether no declaration of independence says something about a part of the cause only."""
        for d in self.by["independent"]:
            group = {e: n for n in d.among for e in self.source.events([n])}
            if len({group.get(e, -1) for e in cause.among}) > 1:
                self.search.reasons[cause.id] = (
                    f"its events are in different groups of `{d.id}`; one of the two is used"
                )
                return False
        return True

    def groups(self, made: Rewritten, declaration: Declaration) -> dict[int, int]:
        """The number of the group of each event of the rewritten graph that has one."""
        found: dict[int, int] = {}
        for number, node in enumerate(declaration.among):
            own = set(self.source.events([node]))
            found |= {made.plain[e]: number for e in own if made.graph.ops[made.plain[e]] == EVENT}
            for cause in made.causes.values():
                if set(cause.own) <= own:
                    found |= dict.fromkeys((cause.absent, *cause.own.values()), number)
            below = set(made.graph.events([made.final[node]]))
            for d in self.by["partition"]:
                whole = set(self.source.events(d.among)) <= own
                if d.id in made.cases and whole and made.cases[d.id] in below:
                    found[made.cases[d.id]] = number
        return found

    def cause_groups(self, made: Rewritten) -> list[dict[int, int]]:
        """Each cause of a common cause is a group of its own."""
        return [
            {event: n for n, event in enumerate((cause.absent, *cause.own.values()))}
            for cause in made.causes.values()
        ]

    def known(self, made: Rewritten) -> dict[int, tuple[float, float]]:
        """Bounds of the grouped nodes themselves, which a product then starts from."""
        found = {}
        for d in self.by["independent"]:
            for node in d.among:
                at = made.final[node]
                if made.graph.ops[at] != EVENT and at != made.final[self.node]:
                    found[at] = (self.search.unknown(made.graph, at), 1.0)
        return found

    def free(
        self, made: Rewritten, low: Sequence[float], high: Sequence[float]
    ) -> Iterable[tuple[Graph, Sequence[int], set[int]]]:
        """Sets of independent events, each with the graph in which they are events."""
        identity = range(len(made.graph))
        for cause in made.causes.values():
            yield made.graph, identity, {cause.absent, *cause.own.values()}
        for d in self.by["independent"]:
            free: set[int] = set()
            cuts: dict[int, tuple[float, float]] = {}
            for node in d.among:
                own = set(self.source.events([node]))
                within = [c for c in made.causes.values() if own == set(c.own)]
                at = made.final[node]
                if within:
                    free |= {within[0].absent, *within[0].own.values()}
                elif made.graph.ops[at] == EVENT:
                    free.add(at)
                elif at != made.final[self.node]:
                    cuts[at] = (low[at], max(low[at], high[at]))
            graph, place = cut_at(made.graph, cuts) if cuts else (made.graph, identity)
            yield graph, place, {place[e] for e in (*free, *cuts)}


def _proved(graph: Graph, proof: frozenset[EventLiteral], classes: Classes) -> float:
    """1 − the doubt of a proof set, blocks of declared literals being multiplied."""
    left = set(proof)
    doubt = 0.0
    blocks: list[list[list[EventLiteral]]] = []
    for groups in classes.groups:
        parted: dict[int, list[EventLiteral]] = {}
        for literal in sorted(left):
            if literal[0] in groups:
                parted.setdefault(groups[literal[0]], []).append(literal)
        blocks.append(list(parted.values()))
        left -= {literal for block in parted.values() for literal in block}
    for nodes in classes.associated:
        block = [[literal] for literal in sorted(left) if literal[0] in nodes and literal[1]]
        blocks.append(block)
        left -= {literal for (literal,) in block}
    for block in blocks:
        inside = [1 - math.fsum(doubt_of(graph, literal) for literal in part) for part in block]
        doubt += 1 - math.prod(max(0.0, p) for p in inside)
    return 1 - doubt - math.fsum(doubt_of(graph, literal) for literal in left)


def _signed(graph: Graph, node: int, rising: frozenset[int]) -> bool:
    """Whether no negation lies between the node and the associated events, its only ones."""
    stack, seen = [node], set()
    while stack:
        i = stack.pop()
        if i in rising or i in seen:
            continue
        seen.add(i)
        if graph.ops[i] in (NOT, EVENT):
            return False
        stack += graph.parts[i]
    return True


def _scattered(graph: Graph, node: int, declaration: Declaration) -> str | None:
    """Why the cases of a partition cannot be taken together in this node; None if they can."""
    cases = set(declaration.among)
    hosts = {i for i in graph.below([node]) if graph.ops[i] == ALL and cases <= set(graph.parts[i])}
    if not hosts:
        return "no step below the claim needs all of its cases"
    seen: set[int] = set()
    stack = [node]
    while stack:
        i = stack.pop()
        if i not in seen:
            seen.add(i)
            stack += (p for p in graph.parts[i] if i not in hosts or p not in cases)
    used = seen & set(graph.below(declaration.among))
    if used:
        return f"`{graph.names[min(used)]}` is used outside its case"
    return None
