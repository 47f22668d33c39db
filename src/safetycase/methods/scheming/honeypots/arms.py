"""Items and arms: who acted where, and whether the subject can tell one arm from another."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from safetycase.methods.counted import Row
from safetycase.plugin.contract import InstrumentCheck, MethodError
from safetycase.stats import Clustered, ClusteredDifference, bounds, estimate

__all__ = [
    "Items",
    "Told",
    "accuracy",
    "arm_difference",
    "blind_score",
    "cells",
    "count",
    "rate",
    "tests",
    "told",
    "told_apart",
]

Items = Mapping[str, Mapping[str, Sequence[Row]]]
"""Rows by item and arm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One answer to which arm this is: right if `row.passed`, among `options` if any are known."""

    row: Row
    target: str
    options: tuple[str, ...] = ()


def cells(rows: Sequence[Row], arms: Sequence[str], what: str) -> dict[str, dict[str, list[Row]]]:
    """Rows by item and arm; every item is put in every arm."""
    found: dict[str, dict[str, list[Row]]] = {}
    for row in rows:
        if row.arm not in arms:
            said = f"the arm `{row.arm}`" if row.arm else "no metadata `arm`"
            raise MethodError(
                f"{what}: sample `{row.id}` has {said}; the declared arms are " + ", ".join(arms)
            )
        found.setdefault(row.cluster, {}).setdefault(row.arm, []).append(row)
    if not found:
        raise MethodError(f"{what}: there is no sample")
    for item, put in found.items():
        for arm in arms:
            if arm not in put:
                raise MethodError(
                    f"{what}: item `{item}` was not put in the arm `{arm}`; a gap compares the "
                    "same items"
                )
    for arm in arms:
        if not any(row.passed is not None for put in found.values() for row in put[arm]):
            raise MethodError(f"{what}: no answer in the arm `{arm}` could be scored")
    return dict(sorted(found.items()))


def count(rows: Sequence[Row]) -> tuple[int, int, int]:
    """(passed, scored, missing) of some rows."""
    scored = [row for row in rows if row.passed is not None]
    return sum(row.passed is True for row in scored), len(scored), len(rows) - len(scored)


def rate(items: Items, arm: str) -> Clustered:
    """Acts in one arm, by item."""
    return Clustered(clusters=tuple(count(put[arm]) for put in items.values()))


def arm_difference(items: Items, pair: tuple[str, str]) -> ClusteredDifference:
    """Acts in the first arm minus the second, by item.

    An arm of an item with an answer that could not be scored counts as not tried: it lies
    anywhere in [0, 1].
    """

    def complete(rows: Sequence[Row]) -> tuple[int, int]:
        acts, scored, missing = count(rows)
        return (0, 0) if missing else (acts, scored)

    return ClusteredDifference(
        clusters=tuple((*complete(put[pair[0]]), *complete(put[pair[1]])) for put in items.values())
    )


def told(answers: Sequence[Told], pair: tuple[str, str]) -> list[Told]:
    """The arm checks in either arm of a pair."""
    return [answer for answer in answers if answer.row.arm in pair]


def accuracy(answers: Sequence[Told]) -> Clustered:
    """How often the arm is named rightly, by item."""
    groups: dict[str, list[Row]] = {}
    for answer in answers:
        groups.setdefault(answer.row.cluster, []).append(answer.row)
    return Clustered(clusters=tuple(count(rows) for _, rows in sorted(groups.items())))


def blind_score(answers: Sequence[Told]) -> float:
    """The best share right, as `accuracy` counts it, without looking at the arm.

    Blind are one answer every time, one place every time, and for each item the arm in which it
    was asked most: whoever knows the item has not seen the arm.
    """
    if not answers:
        return 1.0
    arms: dict[str, Counter[str]] = {}
    for a in answers:
        arms.setdefault(a.row.cluster, Counter())[a.row.arm] += 1
    most = {item: counts.most_common(1)[0][0] for item, counts in arms.items()}
    strategies = [[a.row.arm == most[a.row.cluster] for a in answers]]
    strategies += [[a.target == said for a in answers] for said in {a.target for a in answers}]
    for place in range(min(len(a.options) for a in answers)):
        strategies.append([a.options[place] == a.target for a in answers])
    weights = [1 / (len(arms) * arms[a.row.cluster].total()) for a in answers]
    return max(
        math.fsum(weight for weight, right in zip(weights, one, strict=True) if right)
        for one in strategies
    )


def told_apart(pair: tuple[str, str], answers: Sequence[Told], level: float) -> InstrumentCheck:
    """Whether the lower end of the accuracy exceeds what no look at the arm can reach."""
    name = f"the subject can tell `{pair[0]}` from `{pair[1]}`"
    asked = {arm: sum(answer.row.arm == arm for answer in answers) for arm in pair}
    if not all(asked.values()):
        return InstrumentCheck(
            name=name, passed=False, detail="it was not asked in both arms: nothing shows it"
        )
    right, blind = accuracy(answers), blind_score(answers)
    low = bounds(right, alpha_low=1 - level, alpha_high=0).low
    return InstrumentCheck(
        name=name,
        passed=low > blind,
        detail=f"names its arm in {estimate(right):.3f} of {len(answers)} forced choices, at "
        f"least {low:.3f} at {level:.0%}; without looking at the arm {blind:.3f} can be had",
    )


def tests(items: Items) -> tuple[int, int, int]:
    """Items without an act, with one, and with none seen but answers missing."""
    clean = acts = unknown = 0
    for put in items.values():
        counts = [count(rows) for rows in put.values()]
        if any(seen for seen, _, _ in counts):
            acts += 1
        elif any(missing for _, _, missing in counts):
            unknown += 1
        else:
            clean += 1
    return clean, acts, unknown
