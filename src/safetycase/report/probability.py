"""Probabilities and doubts as text, rounded so that no reader is told more than holds.

A lower bound is rounded down and an upper bound up, to two significant digits: of the number
itself or, near 1, of what is missing to it. Numbers that are shown as a sum are rounded together,
so that what is printed adds up to what is printed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = [
    "MOST_PLACES",
    "apportion",
    "fixed",
    "lower",
    "nearest",
    "places_of",
    "range_text",
    "upper",
]

MOST_PLACES = 6


def places_of(value: float) -> int:
    """Decimal places for two significant digits, near 1 for one of what is missing to it."""
    least = 2
    if 0 < value < 1:
        least = max(least, 1 - math.floor(math.log10(value)), -math.floor(math.log10(1 - value)))
    return min(least, MOST_PLACES)


def lower(value: float) -> str:
    """A lower bound: `0.84` for 0.8479."""
    places = places_of(value)
    return fixed(math.floor(round(value * 10**places, 6)), places)


def upper(value: float) -> str:
    """An upper bound: `0.85` for 0.8421."""
    places = places_of(value)
    return fixed(math.ceil(round(value * 10**places, 6)), places)


def nearest(value: float) -> str:
    """A number that bounds nothing, with the sign of a negative one: `−0.012`."""
    places = places_of(abs(value))
    units = round(value * 10**places)
    if units == 0 and value:
        return f"{'−' if value < 0 else ''}<{fixed(1, places)}"
    return fixed(units, places)


def range_text(low: float, high: float) -> str:
    """`0.62 to 0.91`, the lower end rounded down and the upper end up; one number if equal."""
    bottom, top = lower(low), upper(high)
    return bottom if bottom == top else f"{bottom} to {top}"


def fixed(units: int, places: int) -> str:
    """`units` of the last of `places` decimal places; nothing and all as `0` and `1`."""
    if units in (0, 10**places):
        return "1" if units else "0"
    whole, part = divmod(abs(units), 10**places)
    return f"{'−' if units < 0 else ''}{whole}.{part:0{places}d}"


def apportion(amounts: Sequence[float], total: int, places: int) -> list[int]:
    """`amounts` in units of the last place, adding up to `total`, by largest remainders.

    Each differs from its amount by less than one unit if `total` is the sum rounded either way;
    otherwise the difference is spread. Without amounts the answer is empty.
    """
    exact = [round(amount * 10**places, 6) for amount in amounts]
    units = [math.floor(x) for x in exact]
    left = total - sum(units)
    if not units:
        return units
    every, one = divmod(left, len(units))
    order = sorted(range(len(units)), key=lambda i: (units[i] - exact[i], i))
    for rank, index in enumerate(order):
        units[index] += every + (rank < one)
    return units
