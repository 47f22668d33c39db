"""Numbers of a game read as fractions."""

from __future__ import annotations

import math
from fractions import Fraction

from safetycase.methods.games.extensive.errors import GameError

__all__ = ["Number", "fraction", "is_exact"]

Number = int | float | Fraction
LARGEST = 10**6


def is_exact(value: object) -> bool:
    """Whether a number is a whole one or a fraction."""
    return isinstance(value, int | Fraction)


def fraction(value: Number | str) -> Fraction:
    """A number as a fraction: what it is, or for a float the simplest one that rounds to it.

    The simplest has a denominator of at most a million, so that 1/6 stored as a float is 1/6
    again; a float that is none of those is what it is in binary. Text is read as "1/3" or "0.25".
    `GameError` for what is no finite number.
    """
    if isinstance(value, float):
        if not math.isfinite(value):
            raise GameError(f"{value} is not a finite number")
        near = Fraction(value).limit_denominator(LARGEST)
        return near if float(near) == value else Fraction(value)
    try:
        return Fraction(value)
    except (ValueError, TypeError, ZeroDivisionError) as error:
        raise GameError(f"{value!r} is not a number or a fraction such as 1/3") from error
