"""What the window of a curve could have shown."""

from __future__ import annotations

import math

__all__ = ["TABLE", "late_rise"]

TABLE = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5)
"""Probabilities for which the rollouts that are needed to see them are told."""
WIDTH = 2 * math.log(99)
"""A logistic curve goes from 1 % to 99 % in this many of its time scales."""


def late_rise(rows: int, height: float, most: float) -> float | None:
    """How many rows after the end the middle of a logistic rise may lie and still be seen.

    The rise has that height and takes one window of `rows` rows from 1 % to 99 %; it is seen if the
    line through the last half of the window gains more than `most` over one window. None if not
    even a rise with its middle at the end is.
    """
    import numpy as np

    half = rows // 2
    place = np.arange(half) - (half - 1) / 2
    scale = rows / WIDTH

    def seen(after: float) -> bool:
        rise = height / (1 + np.exp((half - 1 - np.arange(half) + after) / scale))
        return float(place @ rise / (place @ place)) * rows > most

    if most <= 0 or not seen(0.0):
        return None
    near, far = 0.0, 100.0 * rows
    while far - near > 0.5:
        middle = (near + far) / 2
        near, far = (middle, far) if seen(middle) else (near, middle)
    return near
