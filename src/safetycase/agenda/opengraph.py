"""What hangs on the items: a graph of the case in which each item is an event.

It is the graph that the confidence of the case is computed on, with what is open as its items.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from safetycase.agenda.items import Item
from safetycase.argument.model import Defeater
from safetycase.assess.records import Assessment
from safetycase.confidence.graph import Graph, Query

__all__ = ["OpenGraph", "open_graph"]


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


def open_graph(assessment: Assessment, items: Collection[Item]) -> OpenGraph:
    """The graph of an assessed case, with its open events as the items.

    A doubt is an item if nothing is stated to answer it; otherwise its answers are.
    """
    assert assessment.numbers is not None
    network, case = assessment.numbers.network, assessment.case
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
