"""Many indicators at once: what their alarms are worth together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from safetycase.stats.inputs import open_probability
from safetycase.stats.multiplicity import e_bh

__all__ = ["Many", "many"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Many:
    """Indicators at one instant, by their places.

    `alarms` have spent their own budget; `union` bounds the chance that any of them all ever
    alarms falsely, whatever their dependence. `discoveries` are those that e-BH rejects: the
    expected share of false ones among them is at most `level`.
    """

    alarms: tuple[int, ...]
    union: float
    discoveries: tuple[int, ...]
    level: float


def many(e_values: Sequence[float], budgets: Sequence[float], *, level: float = 0.05) -> Many:
    """What indicators with these e-values say, each with a budget of its own.

    The budgets decide: a claim is challenged by the alarm of any indicator, and the chance that
    this is false is at most the sum of the budgets of those that condition it, which is what the
    author of the case chose. e-BH (Wang & Ramdas 2022, JRSS-B 84:822) decides nothing: among
    many indicators of which many alarm, it says which to look at first. It needs the e-values of
    one instant, not the largest that each ever had. `ValueError` for lists of unequal length.
    """
    if len(e_values) != len(budgets):
        raise ValueError(f"{len(e_values)} e-values for {len(budgets)} budgets")
    for budget in budgets:
        open_probability(budget, "budget")
    return Many(
        alarms=tuple(
            at
            for at, (e, budget) in enumerate(zip(e_values, budgets, strict=True))
            if e * budget >= 1
        ),
        union=min(1.0, math.fsum(budgets)),
        discoveries=tuple(e_bh(e_values, level)) if e_values else (),
        level=level,
    )
