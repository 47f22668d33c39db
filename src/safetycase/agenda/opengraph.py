"""What hangs on the items: a graph of the case in which each item is an event.

`OpenGraph` is what the agenda is computed from. `from_network` takes it from the graph that the
confidence is computed on; `open_graph` builds it from the logic of a case alone: what stands now is
taken to stand, and each item holds or does not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from safetycase.agenda.items import Item
from safetycase.argument.graph import blockers, rule_of
from safetycase.argument.model import Argument, Case, Claim, Defeater
from safetycase.assess.network import Network
from safetycase.assess.records import Assessment
from safetycase.confidence.graph import Builder, Graph, Query

__all__ = ["OpenGraph", "from_network", "open_graph"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenGraph:
    """`events` gives the event of each item that something rests on; `root` asks for the headline.

    An item without an event moves nothing: it is shown in support only, or others speak for it.
    `raised` are events of doubts that nobody assessed: taken to stand until they are answered.
    """

    graph: Graph
    root: Query
    events: Mapping[str, int]
    raised: frozenset[int] = frozenset()


def from_network(network: Network, case: Case, items: Collection[Item]) -> OpenGraph:
    """The graph that the confidence of a case is computed on, with its open events as the items.

    A doubt is an item if nothing is stated to answer it; otherwise its answers are.
    """
    events = {i.id: network.opened[i.id] for i in items if i.id in network.opened}
    for item in items:
        doubt = case.elements.get(item.id)
        raised = network.index.get(f"{item.id}~raised")
        if raised is not None and not (isinstance(doubt, Defeater) and doubt.answered_by):
            events.setdefault(item.id, raised)
    unknown = {
        network.index[name]
        for name, basic in network.events.items()
        if basic.what == "doubt" and (basic.low, basic.high) == (0.0, 1.0)
    }
    return OpenGraph(
        graph=network.graph,
        root=network.queries[case.root],
        events=events,
        raised=frozenset(unknown - set(events.values())),
    )


def open_graph(assessment: Assessment, items: Collection[Item]) -> OpenGraph:
    """The logic of a case as a graph over its items.

    An element goes through when it stands now; or when its step does, all problems that block it
    are solved and every standing doubt about it is settled. A doubt is settled by its stated
    answers, or, without any, as an item. A circle of support or attack proves nothing.
    """
    build = _Logic(assessment, items)
    root = build.node(assessment.case.root)
    return OpenGraph(graph=build.new.freeze(), root=Query(support=root), events=build.events)


class _Logic:
    """A graph in the making; `passed` are the elements whose node stands, `open` those begun."""

    def __init__(self, assessment: Assessment, items: Collection[Item]) -> None:
        self.assessment = assessment
        self.case: Case = assessment.case
        self.items = {item.id for item in items}
        self.blocked = blockers(self.case)
        self.new = Builder()
        self.events: dict[str, int] = {}
        self.passed: dict[str, int] = {}

    def node(self, root: str) -> int:
        """The node of element `root`, everything it rests on first."""
        started: set[str] = set()
        stack = [root]
        while stack:
            name = stack[-1]
            started.add(name)
            needs = () if name in self.passed else tuple(self._needs(name))
            waiting = [p for p in needs if p not in self.passed and p not in started]
            if waiting:
                stack += waiting
                continue
            stack.pop()
            if name not in self.passed:
                self.passed[name] = self._make(name)
        return self.passed[root]

    def _stands(self, name: str) -> bool:
        state = self.assessment.states.get(name)
        return state is None or state.truth == "true"

    def _needs(self, name: str) -> Iterator[str]:
        """The elements that decide whether `name` goes through, doubts about it included."""
        element = self.case.elements.get(name)
        if isinstance(element, Defeater):
            yield from element.answered_by
        elif not self._stands(name):
            if isinstance(element, Claim) and element.by:
                yield element.by
            elif isinstance(element, Argument):
                yield from element.premises
                yield from element.side_conditions
            yield from self.assessment.states[name].attackers

    def _make(self, name: str) -> int:
        element = self.case.elements.get(name)
        if isinstance(element, Defeater) and element.answered_by:
            return self.new.any([self._part(a) for a in element.answered_by])
        if element is None or isinstance(element, Defeater):
            return self._event(name)
        if self._stands(name):
            return self.new.all([])
        problems = [self._event(problem) for problem in self.blocked.get(name, ())]
        doubts = [self._part(doubt) for doubt in self.assessment.states[name].attackers]
        return self.new.all([*self._own(name, bool(problems or doubts)), *problems, *doubts])

    def _own(self, name: str, held_up: bool) -> list[int]:
        """What has to hold of the element itself, where others hold it up or not."""
        element = self.case.elements[name]
        if isinstance(element, Claim) and element.by:
            return [self._part(element.by)]
        if isinstance(element, Argument):
            legs = [self._part(premise) for premise in element.premises]
            rule = rule_of(element)
            if rule == "any":
                legs = [self.new.any(legs)]
            elif rule == "k of n":
                legs = [self.new.at_least(element.k or len(legs), legs)]
            return [*legs, *(self._part(condition) for condition in element.side_conditions)]
        if name in self.items:
            return [self._event(name)]
        # Nothing of its own is missing where a problem or a doubt holds it up; what is missing
        # otherwise is no work of research (a finding, a monitor), and is named by `planned`.
        return [] if held_up else [self.new.event(f"{name} (held up by no item)")]

    def _part(self, name: str) -> int:
        """The node of a part; a part that rests on what rests on it proves nothing."""
        return self.passed[name] if name in self.passed else self.new.any([])

    def _event(self, name: str) -> int:
        if name not in self.events:
            self.events[name] = self.new.event(name)
        return self.events[name]
