"""What the detectors share: which values they bet on, and how a stake is counted."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = [
    "CAP",
    "DEAD",
    "checked_weight",
    "clip",
    "log1p",
    "log_add",
    "log_sum",
    "numbers",
    "rates_above",
    "total",
]

CAP = 1e300  # an e-value above it says no more, and JSON has no infinity
DEAD = -1e300  # the logarithm of a stake that is lost

# Odds of the alternatives over those of the threshold, and their shares of the stake. Large
# multiples are for rates that break out, those near one for a slow drift over many events.
_ODDS = (
    (1.1, 1),
    (1.25, 2),
    (1.5, 3),
    (2.0, 3),
    (3.0, 3),
    (5.0, 2),
    (10.0, 2),
    (30.0, 1),
    (100, 1),
)
_DECLARED = 0.8


def rates_above(threshold: float, declared: Sequence[float]) -> list[tuple[float, float]]:
    """(rate, share of the stake) to bet on against "the rate is at most `threshold`".

    `declared` rates share 0.8 of the stake evenly, a spread of others the rest, or all of it if
    none is declared: an alternative that nobody thought of is found as well, if later.
    """
    for rate in declared:
        if not threshold < rate <= 1:
            raise ValueError(f"the alternative {rate!r} is not above {threshold!r} and at most 1")
    spread = 1 - _DECLARED if declared else 1.0
    whole = sum(share for _, share in _ODDS)
    bets = [(rate, _DECLARED / len(declared)) for rate in declared]
    for odds, share in _ODDS:
        rate = odds * threshold / (1 + (odds - 1) * threshold)
        bets.append((rate, spread * share / whole))
    return [(rate, share) for rate, share in bets if threshold < rate <= 1]


def checked_weight(weight: float, most: float) -> float:
    """The weight over the largest that was declared; `ValueError` where it is none."""
    if not (math.isfinite(weight) and 1 <= weight <= most):
        raise ValueError(
            f"the weight {weight!r} is not between 1 and {most!r}, the largest declared"
        )
    return weight / most


def clip(log: float) -> float:
    """A logarithm that JSON can hold: a stake that is lost stays lost."""
    return min(-DEAD, max(DEAD, log))


def log1p(step: float) -> float:
    """The logarithm of 1 + `step`, `DEAD` where a bet lost all."""
    return math.log1p(step) if step > -1 else DEAD


def log_add(one: float, other: float) -> float:
    """The logarithm of the sum of two numbers with these logarithms."""
    most, least = (one, other) if one > other else (other, one)
    return most + math.log1p(math.exp(max(least - most, -745.0)))


def log_sum(terms: Sequence[float]) -> float:
    """The logarithm of the sum of numbers with these logarithms."""
    most = max(terms)
    return most + math.log(sum(math.exp(max(term - most, -745.0)) for term in terms))


def total(rest: float, terms: Sequence[float]) -> float:
    """`rest` and the stakes with the logarithms `terms`, at most `CAP`."""
    won = log_sum(terms)
    return CAP if won > 690 else min(CAP, rest + math.exp(won))


def numbers(state: Mapping[str, Any], name: str, count: int) -> list[float]:
    """The `count` finite numbers that `state` keeps under `name`; `ValueError` otherwise."""
    kept = [float(value) for value in state[name]]
    if len(kept) != count or not all(math.isfinite(value) for value in kept):
        raise ValueError(f"the state has no {count} finite numbers under {name!r}")
    return kept
