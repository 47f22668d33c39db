"""What a number of rollouts, or a window of a curve, could have shown."""

from __future__ import annotations

import math

__all__ = ["TABLE", "detectable", "late_rise", "rollouts_needed"]

TABLE = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5)
WIDTH = 2 * math.log(99)
"""A logistic curve goes from 1 % to 99 % in this many of its time scales."""


def detectable(rollouts: int, alpha: float) -> float:
    """The ε = 1 − α^(1/N) above which N rollouts miss a behaviour with probability α at most.

    It is exact for independent rollouts (Clopper and Pearson 1934), and about ln(1/α)/N: 3/N at
    95 %, the rule of three. If the policy moves while it samples, it bounds the mean probability:
    Π(1 − p) ≤ (1 − mean p)^N, also where what was seen decides how the policy moves.
    """
    if rollouts < 1:
        raise ValueError(f"{rollouts!r} rollouts show nothing")
    _share(alpha)
    return -math.expm1(math.log(alpha) / rollouts)


def rollouts_needed(epsilon: float, alpha: float) -> int:
    """The fewest rollouts among which probability ε is missing with probability α at most."""
    _share(alpha)
    if not 0 < epsilon < 1:
        raise ValueError(f"ε is a probability between 0 and 1, not {epsilon!r}")
    needed = math.log(alpha) / math.log1p(-epsilon)
    return max(1, math.ceil(needed * (1 - 1e-12)))


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


def _share(alpha: float) -> None:
    if not 0 < alpha < 1:
        raise ValueError(f"α is a probability between 0 and 1, not {alpha!r}")
