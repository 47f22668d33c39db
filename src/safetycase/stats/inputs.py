"""What a function of this room refuses: one sentence that names the argument and the reason."""

from __future__ import annotations

import math
from collections.abc import Iterable

from safetycase.stats.statistics import Proportion

__all__ = ["counts", "open_probability", "probability", "unit_values", "whole"]


def probability(value: float, name: str) -> float:
    """`value` if it lies in [0, 1]; `ValueError` otherwise, also for nan."""
    if not 0 <= value <= 1:
        raise ValueError(f"{name} {value!r} is not between 0 and 1")
    return float(value)


def open_probability(value: float, name: str) -> float:
    """`value` if it lies strictly between 0 and 1; `ValueError` otherwise, also for nan."""
    if not 0 < value < 1:
        raise ValueError(f"{name} {value!r} is not strictly between 0 and 1")
    return float(value)


def whole(value: int, name: str, *, least: int = 0) -> int:
    """`value` if it is a whole number not below `least`; `ValueError` otherwise."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(f"{name} {value!r} is not a whole number of at least {least}")
    return value


def counts(failures: int, trials: int) -> tuple[int, int]:
    """(failures, trials) if they are whole and 0 ≤ failures ≤ trials; `ValueError` otherwise."""
    Proportion(successes=failures, trials=trials)
    return failures, trials


def unit_values(values: Iterable[float], name: str) -> list[float]:
    """The values as floats in [0, 1]; `ValueError` naming the first that is not."""
    checked = []
    for at, value in enumerate(values):
        if not (math.isfinite(value) and 0 <= value <= 1):
            raise ValueError(f"{name} {at} is {value!r}, not between 0 and 1")
        checked.append(float(value))
    return checked
