"""What may be believed of a claim: belief, plausibility and conflict from four worst cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from safetycase.confidence.budget import Budget
from safetycase.confidence.caps import Cap
from safetycase.confidence.graph import ALL, ANY, NOT, Graph, Query, extend
from safetycase.confidence.packing import Worst, worst

__all__ = ["Belief", "believe"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """`bel` <= P(claim is supported and not rebutted); P(rebutted and not supported) <= 1 - `pl`.

    `conflict_low` and `conflict_high` enclose P(supported and rebutted). All four hold under
    every dependence; `gap` is what more work could at most move any of them. `support` is the
    worst case behind `bel`, `rebuttal` the one behind `pl` (None: nothing rebuts the claim).
    """

    bel: float
    pl: float
    conflict_low: float
    conflict_high: float
    gap: float
    support: Worst
    rebuttal: Worst | None = None


def believe(
    graph: Graph, query: Query, *, caps: Sequence[Cap] = (), budget: Budget | None = None
) -> Belief:
    """Bel, Pl and conflict of a claim for every joint law that fits the intervals and caps."""
    if query.rebuttal is None:
        support = worst(graph, query.support, caps=caps, budget=budget)
        bel = _below(support.doubt)
        return Belief(
            bel=bel,
            pl=1.0,
            conflict_low=0.0,
            conflict_high=0.0,
            gap=support.gap,
            support=support,
        )
    size, phi, psi = len(graph), query.support, query.rebuttal
    wider = extend(
        graph,
        (NOT, (phi,)),
        (NOT, (psi,)),
        (ALL, (phi, size + 1)),
        (ALL, (psi, size)),
        (ALL, (phi, psi)),
        (ANY, (size, size + 1)),
    )
    support, rebuttal, both, not_both = (
        worst(wider, node, caps=caps, budget=budget) for node in range(size + 2, size + 6)
    )
    return Belief(
        bel=_below(support.doubt),
        pl=rebuttal.doubt,
        conflict_low=_below(both.doubt),
        conflict_high=not_both.doubt,
        gap=max(w.gap for w in (support, rebuttal, both, not_both)),
        support=support,
        rebuttal=rebuttal,
    )


def _below(doubt: float) -> float:
    """1 - doubt, rounded so that it is not too high."""
    return max(0.0, 1.0 - doubt - (2**-53 if doubt > 0.0 else 0.0))
