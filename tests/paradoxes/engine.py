"""The engine as the tests ask it: one number at a time."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from tests.paradoxes.worlds import Scheme, Trial

from safetycase.confidence.belief import Belief, believe
from safetycase.confidence.budget import Budget
from safetycase.confidence.graph import Graph, Query
from safetycase.confidence.local import local
from safetycase.confidence.packing import worst
from safetycase.confidence.proof import proof_set
from safetycase.confidence.reference import reference


def belief(graph: Graph, query: Query) -> Belief:
    """Everything at once: Bel, Pl and conflict."""
    return believe(graph, query)


def bel(graph: Graph, node: int) -> float:
    """The best bound under unknown dependence (layer 2)."""
    return 1 - worst(graph, node).doubt


def local_low(graph: Graph, node: int) -> float:
    """Layer 1: node by node."""
    return local(graph)[0][node]


def proof_low(graph: Graph, node: int, *, exact: bool = True) -> float:
    """The best (or the greedy) proof set."""
    return 1 - proof_set(graph, node, exact=exact).doubt


def worst_within(graph: Graph, node: int, rounds: int) -> float:
    """The bound a solver gives that is stopped after `rounds` rounds."""
    return 1 - worst(graph, node, budget=Budget(rounds=rounds)).doubt


def independent(one: Trial) -> float:
    """Layer 3: the exact probability if all events were independent, with the chances told exactly.

    Shared parts count once, unlike in the product rule.
    """
    chances = tuple(one.chances.get(i, x) for i, x in enumerate(one.graph.low))
    told = dataclasses.replace(one.graph, low=chances, high=chances)
    return reference(told, one.node).value


OURS: Mapping[str, Scheme] = {
    "layer 1": lambda one: local_low(one.graph, one.node),
    "proof set, greedy": lambda one: proof_low(one.graph, one.node, exact=False),
    "proof set, best": lambda one: proof_low(one.graph, one.node),
    "packing": lambda one: bel(one.graph, one.node),
}
MODEL: Mapping[str, Scheme] = {"all events independent, exact": independent}
