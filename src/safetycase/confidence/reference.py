"""Layer 3: the point value of a claim under a *stated* model, and what each event is worth in it.

The model: every event is independent of the others, at a stated point of its interval, except for
shared causes that are declared (beta factor). It is a reference inside the bounds, never a result
of its own. Where the decision diagram outgrows its budget, the value is drawn, with an exact
interval.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from safetycase.confidence.declarations import faults
from safetycase.confidence.diagram import NODES, OutOfBudget, compile_diagram
from safetycase.confidence.graph import EVENT, Declaration, Graph
from safetycase.confidence.rewrite import rewrite
from safetycase.confidence.sampling import sample
from safetycase.stats import clopper_pearson

__all__ = ["At", "Importance", "Reference", "importance_of", "reference", "stated_chances"]

At = Literal["low", "mid", "high"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Importance:
    """What one event means for a node of probability P, as seen from its failure.

    - `birnbaum`: P(node | event) − P(node | not event), the slope of P in P(event).
    - `fussell_vesely`: the share of P(not node) that involves the failure of the event,
      1 − P(not node | event) / P(not node); negative where the event harms; 0 if P(not node) = 0.
    - `achievement`: risk achievement worth, P(not node | not event) / P(not node).
    - `reduction`: risk reduction worth, P(not node) / P(not node | event); infinite if the event
      alone removes all risk. Both worths are 1 if there is no risk.

    Birnbaum (1969); Fussell (1975); Vesely et al. (1983), NUREG/CR-3385.
    """

    birnbaum: float
    fussell_vesely: float
    achievement: float
    reduction: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """P(node) under the stated model.

    Exact if `draws` is 0, and then low = value = high. Otherwise [low, high] is the exact
    interval of Clopper & Pearson for `draws` draws, each end failing with probability at most
    `alpha`, and the importances are estimates from the same draws. `importances` is by event and
    `causes` by declared common cause, for "the shared cause is absent". An event with a shared
    cause is taken to change by its own cause alone.
    """

    value: float
    low: float
    high: float
    at: At
    draws: int
    alpha: float
    importances: Mapping[int, Importance]
    causes: Mapping[str, Importance]

    @property
    def exact(self) -> bool:
        """Computed by a decision diagram rather than drawn."""
        return self.draws == 0


def reference(
    graph: Graph,
    node: int,
    *,
    at: At = "low",
    declarations: Sequence[Declaration] = (),
    nodes: int = NODES,
    seed: int = 0,
    draws: int = 20_000,
    alpha: float = 0.005,
) -> Reference:
    """P(node) with independent events at the `at` point of their intervals.

    Declared common causes are in the model; no other declaration changes it, as it states
    independence already. `nodes` is the budget of the diagram; beyond it `draws` draws are made
    from `seed`. The same arguments give the same result.
    """
    wrong = faults(graph, declarations)
    causes = [d for d in declarations if d.kind == "common cause" and d.id not in wrong]
    made = rewrite(graph, causes=causes)
    model, top = made.graph, made.plain[node]
    chance = stated_chances(model, at)
    try:
        point = compile_diagram(model, top, nodes=nodes).point(chance)
        low = high = point.value
        draws = 0
    except OutOfBudget:
        point, hits = sample(model, top, chance, seed=seed, draws=draws)
        found = clopper_pearson(hits, draws, alpha_low=alpha, alpha_high=alpha)
        low, high = found.low, found.high
    own = {e: (cause, y) for cause in made.causes.values() for e, y in cause.own.items()}
    importances = {}
    for event in graph.events([node]):
        at_ = made.plain[event] if event not in own else own[event][1]
        slope, p = point.importance.get(at_, 0.0), chance[at_]
        if event in own:  # P(event) = (1 − share) P(no cause of its own)
            left = 1 - own[event][0].share
            slope, p = slope / left if left > 0 else 0.0, p * left
        importances[event] = importance_of(point.value, slope, p)
    return Reference(
        value=point.value,
        low=low,
        high=high,
        at=at,
        draws=draws,
        alpha=alpha if draws else 0.0,
        importances=importances,
        causes={
            name: importance_of(
                point.value, point.importance.get(cause.absent, 0.0), chance[cause.absent]
            )
            for name, cause in made.causes.items()
        },
    )


def stated_chances(graph: Graph, at: At) -> list[float]:
    """The point of each event's interval that `at` names; 1 for nodes that are no event."""
    points = []
    for op, low, high in zip(graph.ops, graph.low, graph.high, strict=True):
        middle = (low + high) / 2
        points.append({"low": low, "mid": middle, "high": high}[at] if op == EVENT else 1.0)
    return points


def importance_of(value: float, slope: float, chance: float) -> Importance:
    """The measures of an event of probability `chance`, P(node) being `value` and its slope given.

    P(node) is linear in the probability of each event, so the slope says it all.
    """
    risk = 1 - value
    if risk <= 0:
        return Importance(birnbaum=slope, fussell_vesely=0.0, achievement=1.0, reduction=1.0)
    with_it = max(0.0, risk - slope * (1 - chance))
    without = min(1.0, risk + slope * chance)
    return Importance(
        birnbaum=slope,
        fussell_vesely=1 - with_it / risk,
        achievement=without / risk,
        reduction=risk / with_it if with_it > 0 else math.inf,
    )
