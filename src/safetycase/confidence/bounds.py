"""An interval of probability."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["VACUOUS", "Bounds"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The probability lies between `low` and `high`."""

    low: float
    high: float


VACUOUS = Bounds(low=0.0, high=1.0)
"""Nothing is known."""
