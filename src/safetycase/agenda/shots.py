"""Shots: who tried what at an open item, and what a failure says of the chance that is left.

With r the chance that an item can be solved by approaches of one family, and s the chance that
one shot solves it if it can, m failures leave (Bayes)

    P(solvable | m failures) = r (1-s)^m / (r (1-s)^m + 1 - r).

A result of `solved` closes nothing: a problem is closed when it leaves the case, a leaf when it
runs and its result meets the criterion. A `partial` result moves no number.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from safetycase.argument.model import Chance
from safetycase.ledger.fold import ShotRecord

__all__ = [
    "CLAIMED",
    "after_failures",
    "cost_text",
    "left",
    "result_body",
    "shot_body",
    "shot_id",
    "standing",
]

CLAIMED = "claimed solved, not yet in the case"


def after_failures(solvable: float, miss: float) -> float:
    """P(solvable | the failures), `miss` being their probability if it is solvable.

    `miss` is (1-s)^m for m failures at chance s, or a product of such powers. 0 if what happened
    was impossible. ValueError outside 0 to 1.
    """
    if not (0 <= solvable <= 1 and 0 <= miss <= 1):
        raise ValueError("a chance lies outside 0 to 1")
    whole = solvable * miss + 1 - solvable
    return solvable * miss / whole if whole else 0.0


def left(solvable: Chance, failures: Iterable[tuple[Chance, int]]) -> Chance:
    """What `failures` (the chance of one shot, how many) leave of `solvable`.

    The widest interval over all stated numbers: the low end takes every shot as good as stated
    at most, the high end as good as stated at least.
    """
    rows = tuple((chance, count) for chance, count in failures if count)
    if not rows:
        return solvable
    lowest = math.prod((1 - s.at_most) ** m for s, m in rows)
    highest = math.prod((1 - s.at_least) ** m for s, m in rows)
    return Chance(
        at_least=after_failures(solvable.at_least, lowest),
        at_most=after_failures(solvable.at_most, highest),
    )


def standing(shots: Sequence[ShotRecord]) -> str:
    """Where an item stands by its shots, in words."""
    if any(shot.outcome == "solved" for shot in shots):
        return CLAIMED
    words = [
        (sum(shot.outcome is None for shot in shots), "running"),
        (sum(shot.outcome == "failed" for shot in shots), "failed"),
        (sum(shot.outcome == "partial" for shot in shots), "partly solved"),
    ]
    said = ", ".join(f"{count} {word}" for count, word in words if count)
    return f"open ({said})" if said else "open"


def shot_id(item: str, shots: Iterable[ShotRecord]) -> str:
    """The id of the next shot at `item`: `ITEM:1`, `ITEM:2` and so on, none used again."""
    taken = {shot.id for shot in shots}
    number = 1
    while f"{item}:{number}" in taken:
        number += 1
    return f"{item}:{number}"


def cost_text(cost: float) -> str:
    """A cost as the record writes it, a decimal text; ValueError unless finite and at least 0."""
    if not math.isfinite(cost) or cost < 0:
        raise ValueError(f"a cost is a number of at least 0, not {cost}")
    return repr(int(cost)) if cost == int(cost) and cost < 2**53 else repr(cost)


def shot_body(
    shot: str, *, item: str, by: str, approach: str, family: str | None, cost: float | None
) -> dict[str, Any]:
    """The body of the note that records a shot."""
    return {
        "note": "shot",
        "shot": shot,
        "item": item,
        "by": by,
        "approach": approach,
        "family": family,
        "cost": None if cost is None else cost_text(cost),
    }


def result_body(
    shot: str, *, outcome: str, says: str, artefacts: Mapping[str, str]
) -> dict[str, Any]:
    """The body of the note that records what came out of a shot."""
    return {
        "note": "shot-result",
        "shot": shot,
        "outcome": outcome,
        "says": says,
        "artefacts": dict(artefacts),
    }
