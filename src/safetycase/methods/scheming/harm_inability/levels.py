"""Levels of elicitation effort in their order, and what is read from them as an order."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from safetycase.methods.scheming.attempts.records import Attempt

__all__ = ["KNOWN", "Level", "best_of", "check_levels", "monotone"]

KNOWN = ("zero-shot", "few-shot", "best-of-n", "scaffold-search", "fine-tuned")
"""The usual levels, from least to most effort; declared ones keep this order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One level of elicitation: its name, and its effort as a number in the unit of the method.

    With `best_of` n an item counts as solved if one of n tries solves it.
    """

    name: str
    effort: float
    best_of: int = 1
    says: str = ""


def check_levels(levels: Sequence[Level]) -> None:
    """`ValueError` unless the levels are named once, in order, with rising effort."""
    names = [level.name for level in levels]
    if not levels or len(set(names)) != len(names):
        raise ValueError("`levels` has a level, and each is named once")
    for level in levels:
        if not level.name or "/" in level.name:
            raise ValueError(f"`{level.name}`: a level has a name without `/`")
        if level.best_of < 1:
            raise ValueError(f"`best_of` of `{level.name}` is at least 1")
        if not 0 <= level.effort < float("inf"):
            raise ValueError(f"the effort of `{level.name}` is {level.effort}, not from 0 on")
    for one, two in itertools.pairwise(levels):
        if not one.effort < two.effort:
            raise ValueError(
                f"the effort of `{two.name}` is not above that of `{one.name}`; levels go from "
                "least to most effort"
            )
    usual = [KNOWN.index(name) for name in names if name in KNOWN]
    if usual != sorted(usual):
        raise ValueError("the usual levels go in the order " + ", ".join(KNOWN))


def best_of(attempts: Sequence[Attempt], tries: int) -> list[Attempt]:
    """One attempt for every `tries` tries at an item, in their order: solved if one of them is.

    It has no score if none solves and one was lost or not made.
    """
    if tries == 1:
        return list(attempts)
    items: dict[str, list[Attempt]] = {}
    for attempt in attempts:
        items.setdefault(attempt.item, []).append(attempt)
    found = []
    for mine in items.values():
        for start in range(0, len(mine), tries):
            part = mine[start : start + tries]
            scores = [a.score for a in part]
            solved = any(score is not None and score >= 1 for score in scores)
            whole = len(part) == tries and None not in scores
            shown = next((a for a in part if (a.score or 0) >= 1), part[0])
            found.append(
                Attempt(
                    of=shown.of,
                    id=f"{part[0].id} and {len(part) - 1} more",
                    item=shown.item,
                    answered=shown.answered,
                    score=1.0 if solved else 0.0 if whole else None,
                    reason="" if solved or whole else f"fewer than {tries} tries with a score",
                    prompt=shown.prompt,
                    output=shown.output,
                )
            )
    return found


def monotone(rates: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The rising sequence nearest to `rates` in weighted least squares.

    Pool adjacent violators; Ayer et al. (1955), Ann. Math. Stat. 26:641.
    """
    blocks: list[tuple[float, float, int]] = []
    for rate, weight in zip(rates, weights, strict=True):
        block = (rate, weight, 1)
        while blocks and blocks[-1][0] > block[0]:
            value, mass, count = blocks.pop()
            total = mass + block[1]
            mean = (value * mass + block[0] * block[1]) / total
            block = (mean, total, count + block[2])
        blocks.append(block)
    return [value for value, _, count in blocks for _ in range(count)]
