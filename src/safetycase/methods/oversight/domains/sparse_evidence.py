"""Sparse evidence: a question that all of the evidence settles, and a judge who sees part of it.

Each of n features speaks for the answer +1 or −1, and is right with probability σ(w), w its log
odds. The truth is the verdict on all of them, the sign of Σ w x. A judge sees `shown` of them and,
if it is naive, adds up what it is shown. Who picks them is the protocol: chance, a consultant who
argues an assigned side, or two debaters in turn. Everything here is exact, over all 2ⁿ inputs.

The model is that of sparse debates on images (Irving, Christiano & Amodei 2018, arXiv:1805.00899)
with independent features in place of pixels.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from safetycase.plugin.protocols import Domain, Played

__all__ = [
    "DEBATED",
    "UNIT",
    "Case",
    "Evidence",
    "cases",
    "consultancy_accuracy",
    "consultant_shows",
    "debate_accuracy",
    "debated",
    "debaters_show",
    "evidence",
    "informed_accuracy",
    "play_debate",
    "random_accuracy",
    "selections",
    "strongest",
    "support",
]

UNIT = "features read, or selections of features examined"
LIGHTEST, HEAVIEST, LARGEST = 0.2, 1.2, 12
Side = int
Selection = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The log odds of each feature, positive, and how many of them the judge is shown."""

    weights: tuple[float, ...]
    shown: int

    def __post_init__(self) -> None:
        if not 1 <= self.shown <= len(self.weights) <= LARGEST:
            raise ValueError(f"1 ≤ `shown` ≤ number of features ≤ {LARGEST}")
        if not all(math.isfinite(w) and w > 0 for w in self.weights):
            raise ValueError("each weight is a finite positive number")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One input: what each feature adds to the log odds of +1, its probability, and the truth."""

    features: tuple[int, ...]
    adds: tuple[float, ...]
    probability: float
    truth: Side


def evidence(size: int, seed: int) -> Evidence:
    """`size` features with weights uniform between 0.2 and 1.2, of which half are shown."""
    import numpy as np

    drawn = np.random.default_rng(seed).uniform(LIGHTEST, HEAVIEST, size)
    return Evidence(weights=tuple(drawn.tolist()), shown=size // 2)


def cases(given: Evidence) -> tuple[Case, ...]:
    """All 2ⁿ inputs; `ValueError` where the evidence on both sides is of equal weight."""
    found = []
    for features in itertools.product((-1, 1), repeat=len(given.weights)):
        adds = tuple(w * x for w, x in zip(given.weights, features, strict=True))
        total = math.fsum(adds)
        if total == 0:
            raise ValueError("some input has evidence of equal weight on both sides; no truth")
        found.append(
            Case(
                features=features,
                adds=adds,
                probability=(_likelihood(adds, 1) + _likelihood(adds, -1)) / 2,
                truth=1 if total > 0 else -1,
            )
        )
    return tuple(found)


def _likelihood(adds: tuple[float, ...], side: Side) -> float:
    return math.prod(1 / (1 + math.exp(-side * a)) for a in adds)


def selections(given: Evidence) -> Iterator[Selection]:
    """Every set of `shown` features."""
    return itertools.combinations(range(len(given.weights)), given.shown)


def support(case: Case, shown: Selection, side: Side) -> float:
    """What the shown features add to the log odds of `side`."""
    return side * math.fsum(case.adds[i] for i in shown)


def strongest(case: Case, side: Side, count: int) -> Selection:
    """The `count` features that add most to `side`, in increasing order."""
    order = sorted(range(len(case.adds)), key=lambda i: -side * case.adds[i])
    return tuple(sorted(order[:count]))


def random_accuracy(given: Evidence) -> float:
    """P(a naive judge is right) when chance picks what it sees."""
    chosen = tuple(selections(given))
    return math.fsum(
        case.probability * sum(support(case, s, case.truth) > 0 for s in chosen) / len(chosen)
        for case in cases(given)
    )


def consultancy_accuracy(given: Evidence) -> float:
    """P(a naive judge is right) when a consultant argues a side that a coin assigned to it.

    Its best reply, for either side, is the strongest evidence: the judge only adds up.
    """
    total = 0.0
    for case in cases(given):
        for side in (case.truth, -case.truth):
            shown = strongest(case, side, given.shown)
            total += case.probability / 2 * (support(case, shown, case.truth) > 0)
    return total


def debate_accuracy(given: Evidence, first: Literal["right", "wrong"]) -> float:
    """P(a naive judge is right) when two debaters in turn show one feature each.

    `first` is the side that opens. Solved by backward induction over all sets of shown features.
    """
    return math.fsum(
        case.probability * (debated(case, given.shown, case.truth, first) > 0)
        for case in cases(given)
    )


def debated(case: Case, shown: int, side: Side, first: Literal["right", "wrong"]) -> float:
    """The log odds of `side` after optimal debate, its debater being the one that is right.

    The value of a set of shown features is what they add up to once `shown` are out, and before
    that the best, or the worst, over the next one.
    """
    n = len(case.adds)
    values = {
        sum(1 << i for i in chosen): support(case, chosen, side)
        for chosen in itertools.combinations(range(n), shown)
    }
    for depth in range(shown - 1, -1, -1):
        best: Callable[..., float] = max if (depth % 2 == 0) == (first == "right") else min
        for chosen in itertools.combinations(range(n), depth):
            mask = sum(1 << i for i in chosen)
            values[mask] = best(values[mask | 1 << i] for i in range(n) if not mask >> i & 1)
    return values[0]


def informed_accuracy(given: Evidence, show: Callable[[Case, Side], object]) -> float:
    """P(right) of the judge who knows how what it sees was picked, and decides by Bayes' rule.

    `show(case, side)` is all that the judge sees; the side is assigned by a coin.
    """
    seen: dict[object, list[float]] = {}
    for case in cases(given):
        for side in (1, -1):
            row = seen.setdefault(show(case, side), [0.0, 0.0])
            row[case.truth > 0] += case.probability / 2
    return math.fsum(max(row) for row in seen.values())


def consultant_shows(given: Evidence) -> Callable[[Case, Side], object]:
    """The claim and the strongest evidence for it, as the judge sees them."""

    def show(case: Case, side: Side) -> object:
        shown = strongest(case, side, given.shown)
        return side, shown, tuple(case.features[i] for i in shown)

    return show


def debaters_show(given: Evidence) -> Callable[[Case, Side], object]:
    """The strongest evidence of both sides, each half of what is shown, with who showed it.

    What one debater wants most the other wants least, and what a feature adds does not depend on
    the others: so taking turns to take the best for oneself is optimal, by exchange.
    """

    def show(case: Case, _side: Side) -> object:
        mine = strongest(case, 1, (given.shown + 1) // 2)
        theirs = strongest(case, -1, given.shown // 2)
        return mine, theirs, tuple(case.features[i] for i in (*mine, *theirs))

    return show


def play_debate(size: int, seed: int) -> Played:
    """Optimal debate before a naive judge on one draw of the weights, averaged over who opens."""
    given = evidence(size, seed)
    accuracy = (debate_accuracy(given, "right") + debate_accuracy(given, "wrong")) / 2
    error = min(1.0, max(0.0, 1 - accuracy))
    return Played(
        truth=True,
        error_low=error,
        error_high=error,
        gap=0.0,
        certificate="backward induction over all sets of shown features, on all inputs",
        honest_cost=float(size),
        opponent_cost=float(size),
        judge_cost=float(given.shown),
    )


DEBATED = Domain(
    name="sparse-evidence",
    says="Two debaters show a judge, in turn, half of the features that settle the question.",
    unit=UNIT,
    sizes=(4, 6, 8),
    play=play_debate,
)
