"""The confidence of one claim: under unknown dependence, and with what is declared.

A declaration counts as far as it is trusted: its doubt is taken off what it adds (Boole), and
without any the number is that of unknown dependence. Nothing declared can lower it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from safetycase.confidence.belief import Belief, believe
from safetycase.confidence.budget import Budget
from safetycase.confidence.caps import caps_of
from safetycase.confidence.graph import Declaration, Graph, Query, claim_node

__all__ = ["Weighed", "weigh_claim"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """`bel` ≤ P(goes through), `pl` = 1 − least P(rebutted and not supported).

    `unknown` is the belief under unknown dependence, with its certificate; `used` the declarations
    that `bel` leans on, with what they add, and `refused` the others, with the reason.
    """

    bel: float
    pl: float
    conflict_low: float
    conflict_high: float
    unknown: Belief
    used: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def weigh_claim(
    graph: Graph,
    query: Query,
    declarations: Sequence[Declaration] = (),
    *,
    budget: Budget | None = None,
) -> Weighed:
    """Bel, Pl and conflict of a claim over every joint law that fits what is stated."""
    unknown = believe(graph, query, budget=budget)
    plain = Weighed(
        bel=unknown.bel,
        pl=unknown.pl,
        conflict_low=unknown.conflict_low,
        conflict_high=unknown.conflict_high,
        unknown=unknown,
    )
    if not declarations:
        return plain
    # Only a case that declares something pays for the decision diagrams.
    from safetycase.confidence.dependence import contradictions, declared_bound

    refused = dict(contradictions(graph, declarations))
    capped = [
        d for d in declarations if d.kind in ("exclusive", "pairwise cap") and d.id not in refused
    ]
    others = [d for d in declarations if d.id not in refused and d not in capped]
    best = unknown.bel
    used: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    if capped:
        caps = caps_of(graph, capped)
        refused |= caps.refused
        counted = [d for d in capped if d.id not in caps.refused]
        found = believe(graph, query, caps=caps.caps, budget=budget)
        low = found.bel - sum(d.doubt for d in counted)
        if low > best:
            best, used = low, tuple(d.id for d in counted)
    if others:
        whole, node = claim_node(graph, query)
        bound = declared_bound(whole, node, others, unknown=unknown.bel)
        refused |= bound.refused
        if bound.low > best:
            best, used, notes = bound.low, bound.used, bound.notes
    return Weighed(
        bel=min(best, unknown.pl),
        pl=unknown.pl,
        conflict_low=unknown.conflict_low,
        conflict_high=unknown.conflict_high,
        unknown=unknown,
        used=used,
        refused=refused,
        notes=notes,
    )
