"""Layer 2: the largest probability, over every dependence, that a node of the graph fails.

It is a fractional packing of the implicants of its failure, with what each literal may happen as
capacities. The number reported is always a point of the *dual*, made feasible by the weight of
the cheapest implicant, so that it holds after every round; the primal is the other end of the gap
and, read aloud, the worst joint story.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal as OneOf

from safetycase.confidence.budget import Budget
from safetycase.confidence.caps import Cap
from safetycase.confidence.certificate import Certificate, Dual, certify_dual, certify_proof
from safetycase.confidence.columns import Columns
from safetycase.confidence.graph import Graph
from safetycase.confidence.nnf import FALSE, TRUE, reduce
from safetycase.confidence.proof import Literal, ProofSet, proof_set
from safetycase.confidence.story import Scenario, tell
from safetycase.confidence.unfold import dual_value, local_dual, unfold

__all__ = ["Layer", "Worst", "worst"]

Layer = OneOf["local", "proof set", "packing"]
"""What gave the number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worst:
    """How probable the failure of a node can be.

    `doubt` is at least, `at_least` at most the largest probability (with caps `at_least` is that
    of the program, which a joint law need not attain). `prices[literal]` is the price of the
    capacity of "event i fails" (i, False) or "event i holds" (i, True) in the certificate;
    `story` packs the joint failures that reach `at_least`, the largest first.
    """

    doubt: float
    at_least: float
    layer: Layer
    prices: Mapping[Literal, float]
    story: tuple[Scenario, ...]
    certificate: Certificate

    @property
    def gap(self) -> float:
        """What more work could still take off the doubt, at most."""
        return self.doubt - self.at_least


def worst(
    graph: Graph,
    node: int,
    *,
    caps: Sequence[Cap] = (),
    budget: Budget | None = None,
) -> Worst:
    """The best upper bound within `budget` on max P(not `node`), with its certificate.

    `caps` limit how probable it is that two events fail together. Deterministic unless the budget
    limits seconds.
    """
    budget = budget or Budget()
    keep = frozenset(e for cap in caps for e in cap.events)
    reduced = reduce(graph, node, keep)
    goal = reduced.top ^ 1
    first = unfold(reduced, local_dual(reduced, goal))
    if goal in (TRUE, FALSE) or reduced.leaf[goal >> 1]:
        cap = reduced.cap[goal]
        literals = () if goal == TRUE else (goal,)
        story = tell(reduced, [(cap, literals)]) if cap > 0.0 else ()
        return _by_dual(graph, node, caps, first, "local", cap, story)
    proof = proof_set(graph, node, exact=True, budget=budget)
    run = Columns(reduced, goal, caps, budget)
    run.solve(min(proof.doubt, dual_value(graph, caps, first)))
    masses = run.masses()
    story = tell(reduced, masses)
    reached = sum(w for w, _ in masses)
    last = unfold(reduced, run.dual) if run.dual is not None else first
    values = dual_value(graph, caps, first), dual_value(graph, caps, last)
    if proof.doubt <= min(values) * (1 + 1e-9):  # a walk checks it, a dual takes a search
        return _by_proof(graph, node, proof, reached, story)
    if values[0] <= values[1]:
        return _by_dual(graph, node, caps, first, "local", reached, story)
    return _by_dual(graph, node, caps, last, "packing", reached, story)


def _by_proof(
    graph: Graph, node: int, proof: ProofSet, reached: float, story: tuple[Scenario, ...]
) -> Worst:
    return Worst(
        doubt=proof.doubt,
        at_least=min(reached, proof.doubt),
        layer="proof set",
        prices={(event, not holds): 1.0 for event, holds in proof.literals},
        story=story,
        certificate=certify_proof(graph, node, proof.literals, proof.doubt),
    )


def _by_dual(
    graph: Graph,
    node: int,
    caps: Sequence[Cap],
    dual: Dual,
    layer: Layer,
    reached: float,
    story: tuple[Scenario, ...],
) -> Worst:
    doubt = dual_value(graph, caps, dual)
    return Worst(
        doubt=doubt,
        at_least=min(reached, doubt),
        layer=layer,
        prices={
            (event, holds): y / dual.unit
            for (event, holds), y in dual.prices.items()
            if (graph.high[event] if holds else 1.0 - graph.low[event]) > 0.0
        },
        story=story,
        certificate=certify_dual(graph, node, doubt, dual, caps),
    )
