"""How sure a calculated claim is: its leaves' intervals hold together, each with its doubt.

The interval of each leaf at level 1 − α fails with probability at most α; where the formula decides
the conclusion on all of them, the conclusion holds with doubt at most the sum of the α (Boole),
whatever the dependence between the leaves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from safetycase.argument.graph import rule_of
from safetycase.argument.model import Argument, Claim, Evidence
from safetycase.assess.logic import Facts, calculated
from safetycase.stats import Statistic, bounds

__all__ = ["Covered", "covered"]

_STEPS = 40
_DEEPEST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """What a calculation rests on.

    The doubt of each leaf, the claims and calculating steps passed through, and the premises that
    have to hold besides.
    """

    leaves: Mapping[str, float]
    claims: tuple[str, ...]
    steps: tuple[str, ...]
    premises: tuple[str, ...]


def covered(
    facts: Facts,
    values: Mapping[str, bool | None],
    statistics: Mapping[str, Mapping[str, Statistic]],
) -> Mapping[str, Covered]:
    """Calculating step -> the smallest common doubt of its leaves that decides its conclusion.

    `statistics` maps each fresh leaf to the statistics of its claim's quantities. A step that no
    doubt below one half decides is left out.
    """
    found: dict[str, Covered] = {}
    for name, element in facts.elements.items():
        if not isinstance(element, Claim) or not element.by:
            continue
        step = facts.elements.get(element.by)
        if isinstance(step, Argument) and rule_of(step) == "calculate" and values.get(name):
            rests = _rests_on(step, facts)
            if all(leaf in statistics for leaf in rests.leaves):
                doubt = _smallest(element, step, facts, values, rests.owners, statistics)
                if doubt is not None:
                    found[step.id] = replace(
                        rests.covered(), leaves=dict.fromkeys(rests.leaves, doubt)
                    )
    return found


@dataclass(slots=True)
class _Rests:
    owners: dict[str, str]  # leaf -> the claim whose quantities it measures
    claims: list[str]
    steps: list[str]
    premises: list[str]

    @property
    def leaves(self) -> tuple[str, ...]:
        return tuple(self.owners)

    def covered(self) -> Covered:
        return Covered(
            leaves={},
            claims=tuple(dict.fromkeys(self.claims)),
            steps=tuple(dict.fromkeys(self.steps)),
            premises=tuple(dict.fromkeys(self.premises)),
        )


def _rests_on(step: Argument, facts: Facts, depth: int = 0) -> _Rests:
    needed = {name for formula in step.computes.values() for name in formula.names}
    found = _Rests(owners={}, claims=[], steps=[], premises=[])
    for premise in step.premises:
        element = facts.elements.get(premise)
        by = facts.elements.get(element.by or "") if isinstance(element, Claim) else None
        if isinstance(by, Evidence) and needed & by.reads.keys():
            found.owners[by.id] = premise
            found.claims.append(premise)
        elif (
            isinstance(by, Argument)
            and rule_of(by) == "calculate"
            and needed & by.computes.keys()
            and depth < _DEEPEST
        ):
            more = _rests_on(by, facts, depth + 1)
            found.owners |= more.owners
            found.claims += [premise, *more.claims]
            found.steps += [by.id, *more.steps]
            found.premises += [*by.side_conditions, *more.premises]
        else:
            found.premises.append(premise)
    return found


def _smallest(
    claim: Claim,
    step: Argument,
    facts: Facts,
    values: Mapping[str, bool | None],
    leaves: Mapping[str, str],
    statistics: Mapping[str, Mapping[str, Statistic]],
) -> float | None:
    """The smallest α at which every leaf's interval decides the claim, by bisection on log α."""

    def decides(alpha: float) -> bool:
        ranges = dict(facts.ranges)
        for leaf, owner in leaves.items():
            side = alpha / (2 * max(1, len(statistics[leaf])))
            intervals = {
                q: bounds(s, alpha_low=side, alpha_high=side) for q, s in statistics[leaf].items()
            }
            ranges[owner] = {q: (i.low, i.high) for q, i in intervals.items()}
        return calculated(claim, step, replace(facts, ranges=ranges), values) is True

    low, high = 1e-12, 0.5
    if not decides(high):
        return None
    if decides(low):
        return low
    for _ in range(_STEPS):
        middle = (low * high) ** 0.5
        low, high = (low, middle) if decides(middle) else (middle, high)
    return high
