"""The engine as the tests ask it: one number at a time."""

from __future__ import annotations

from safetycase.confidence.belief import Belief, believe
from safetycase.confidence.local import local
from safetycase.confidence.packing import Budget, worst
from safetycase.confidence.proof import proof_set

from safetycase.confidence.graph import Graph, Query


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
