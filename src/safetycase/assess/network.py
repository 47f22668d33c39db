"""The case as a graph of events: what its confidence is computed on.

An element's support becomes a formula: a step goes through if its warrant holds, its premises do,
and no defeater of it stands; a defeater stands if it is supported and not defeated in turn. What is
open (a stale leaf, an unowned assumption, a problem) is an event of which nothing is known, under
the id of what would close it. Circles are unrolled to their least fixpoint on two rails, "surely"
and "surely not" (Kleene 1952; the grounded labelling of Dung 1995, Artif. Intell. 77:321), so that
neither a loop of support nor a circle of attacks proves anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from safetycase.argument.model import Claim, Element
from safetycase.assess.basic import Basic
from safetycase.assess.circles import components
from safetycase.assess.formulas import NEVER, Formulas, Part
from safetycase.confidence.graph import Builder, Graph, Query

__all__ = ["Network", "network"]

LARGEST_CIRCLE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """The graph of a case.

    `events` maps the name of a basic event to what it is; `nodes` an element to the node of its
    support (undefeated, for a claim); `queries` a claim to its support and its rebuttal.
    """

    graph: Graph
    events: Mapping[str, Basic]
    index: Mapping[str, int]
    nodes: Mapping[str, int]
    queries: Mapping[str, Query]
    opened: Mapping[str, int] = field(default_factory=dict)


def network(elements: Mapping[str, Element], formulas: Formulas) -> Network:
    """The graph of every element that has support, in an order without circles."""
    return _Weaver(elements, formulas).woven()


class _Weaver:
    """Turns formulas into nodes, parts first; circles are unrolled."""

    def __init__(self, elements: Mapping[str, Element], formulas: Formulas) -> None:
        self.elements = elements
        self.formulas = formulas
        self.builder = Builder()
        self.yes: dict[str, int] = {}  # the node of "surely"
        self.no: dict[str, int] = {}  # the node of "surely not", where it is not just the negation
        self.negated: dict[int, int] = {}
        self.index: dict[str, int] = {}
        self.queries: dict[str, Query] = {}

    def woven(self) -> Network:
        """The network; call once."""
        parts = {name: self.formulas.parts(name) for name in self.elements}
        for group in components(parts):
            if len(group) == 1 and group[0] not in parts[group[0]]:
                self._settle(group[0], parts[group[0]])
            else:
                self._unroll(group)
        for name in self.elements:
            if isinstance(self.elements[name], Claim) and name in self.yes:
                self.queries[name] = self._query(name)
        graph = self.builder.freeze()
        known = self.formulas.events
        return Network(
            graph=graph,
            events={name: known[name] for name in self.index},
            index=self.index,
            nodes=self.yes,
            queries=self.queries,
            opened={n: i for n, i in self.index.items() if known[n].what == "open"},
        )

    def _settle(self, name: str, parts: Sequence[str]) -> None:
        formula = self.formulas.of(name)
        if formula is None:
            return
        self.yes[name] = self._node(formula, self.yes.__getitem__, self._never)
        if any(part in self.no for part in parts):
            # Undecided below is undecided here: not surely is then not the same as surely not.
            self.no[name] = self._node(formula.denied(), self.yes.__getitem__, self._never)

    def _never(self, name: str) -> int:
        """The node of "surely not" of an element."""
        if name in self.no:
            return self.no[name]
        return self._negate(self.yes[name])

    def _negate(self, node: int) -> int:
        if node not in self.negated:
            self.negated[node] = self.builder.negate(node)
        return self.negated[node]

    def _unroll(self, group: Sequence[str]) -> None:
        """Least fixpoint of a circle: each round every member is computed from the last round."""
        false = self.builder.any(())
        members = [name for name in group if self.formulas.of(name) is not None]
        yes, no = dict.fromkeys(group, false), dict.fromkeys(group, false)
        rounds = 2 * len(members) if len(members) <= LARGEST_CIRCLE else 0
        for _ in range(rounds):
            # What lies outside the circle is settled; what lies inside is as of the last round.
            def surely(name: str, yes: dict[str, int] = yes) -> int:
                return yes[name] if name in yes else self.yes[name]

            def surely_not(name: str, no: dict[str, int] = no) -> int:
                return no[name] if name in no else self._never(name)

            made = {m: self._formula(m) for m in members}
            yes = dict.fromkeys(group, false) | {
                m: self._node(f, surely, surely_not) for m, f in made.items()
            }
            no = dict.fromkeys(group, false) | {
                m: self._node(f.denied(), surely, surely_not) for m, f in made.items()
            }
        self.yes |= yes
        self.no |= no

    def _formula(self, name: str) -> Part:
        formula = self.formulas.of(name)
        assert formula is not None
        return formula

    def _query(self, name: str) -> Query:
        rebuttal = self.formulas.against(name)
        support = self._node(self.formulas.support(name), self.yes.__getitem__, self._never)
        if rebuttal == NEVER:
            return Query(support=support)
        against = self._node(rebuttal, self.yes.__getitem__, self._never)
        # "No attacker surely stands" is not "every attacker surely does not": where one may stay
        # undecided, neither side counts unless it is decided.
        open_ones = [d for d in self.formulas.attackers(name) if d in self.no]
        if open_ones:
            decided = [self.builder.any([self.yes[d], self.no[d]]) for d in open_ones]
            support = self.builder.all([support, *decided])
            against = self.builder.all([against, *decided])
        return Query(support=support, rebuttal=against)

    def _node(
        self,
        part: Part,
        surely: Callable[[str], int],
        surely_not: Callable[[str], int],
    ) -> int:
        """The node of a formula; a negated element is one that surely does not go through."""
        build = self.builder
        if part.op == "event":
            if part.name not in self.index:
                basic = self.formulas.events[part.name]
                self.index[part.name] = build.event(part.name, basic.low, basic.high)
            return self.index[part.name]
        if part.op == "element":
            return surely(part.name)
        if part.op == "not":
            (inner,) = part.parts
            if inner.op == "element":
                return surely_not(inner.name)
            return self._negate(self._node(inner, surely, surely_not))
        nodes = [self._node(inner, surely, surely_not) for inner in part.parts]
        if part.op == "k of n":
            return build.at_least(part.k, nodes)
        if len(nodes) == 1:
            return nodes[0]
        return build.all(nodes) if part.op == "all" else build.any(nodes)
