"""From a target at the top to a doubt for every part, at the least cost.

If every part of a proof set holds, so does the top; so the doubts of its parts add up to at most
1 − target (Boole), whatever the dependence between them. A part that is measured with clean items
costs `cost_per_item` · ln(1/q) / `rate`, with q its doubt: the probability that a rate at the
threshold θ shows no failure in n items is (1 − θ)^n, so `rate` = −ln(1 − θ).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Allocation", "Part", "allocate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of the proof set.

    `doubt` is fixed where no test lowers it. Otherwise the part is measured (`rate`, the nats of
    doubt that one clean item removes, and the cost of an item), or judged (neither).
    """

    id: str
    doubt: float | None = None
    rate: float | None = None
    cost_per_item: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """The doubt each part may have; `spare` is negative where the fixed doubts are too much."""

    doubts: Mapping[str, float]
    fixed: float
    spare: float

    @property
    def possible(self) -> bool:
        """Whether anything is left for the parts that can still be made sure."""
        return self.spare > 0


def allocate(parts: Sequence[Part], target: float) -> Allocation:
    """Share 1 − target so that the measured parts cost the least together.

    A judged part costs nothing to make surer, so the judged parts get as large a share as there
    are of them, in equal amounts. Over the measured ones Σ cost · ln(1/q) / rate is least, for a
    given Σ q, where each q is proportional to its cost / rate (Lagrange). `ValueError` if the
    target or a number of a part is out of range.
    """
    if not 0 < target < 1:
        raise ValueError(f"target {target!r} is not between 0 and 1")
    for part in parts:
        if part.doubt is not None and not 0 <= part.doubt <= 1:
            raise ValueError(f"`{part.id}` has the doubt {part.doubt!r}")
        if part.rate is not None and not 0 < part.rate < math.inf:
            raise ValueError(f"`{part.id}` has the rate {part.rate!r}")
        if not 0 <= part.cost_per_item < math.inf:
            raise ValueError(f"`{part.id}` has the cost {part.cost_per_item!r}")
    fixed = math.fsum(part.doubt for part in parts if part.doubt is not None)
    free = [part for part in parts if part.doubt is None]
    spare = (1 - target) - fixed
    doubts = {part.id: part.doubt for part in parts if part.doubt is not None}
    if not free or spare <= 0:
        return Allocation(doubts=doubts, fixed=fixed, spare=spare)
    judged = [part for part in free if part.rate is None]
    measured = [part for part in free if part.rate is not None]
    each = spare / len(free)
    doubts |= {part.id: each for part in judged}
    left = spare - each * len(judged)
    weights = {p.id: (p.cost_per_item or 1e-12) / (p.rate or 1.0) for p in measured}
    total = math.fsum(weights.values())
    doubts |= {name: left * weight / total for name, weight in weights.items()}
    return Allocation(doubts=doubts, fixed=fixed, spare=spare)
