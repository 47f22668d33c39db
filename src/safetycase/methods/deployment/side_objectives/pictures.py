"""The wealth pair by pair, and what of the planted objectives was seen."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from safetycase.methods.deployment.side_objectives.analysis import Settings
from safetycase.plugin.contract import Bar, Curve, Intervals, Plot
from safetycase.stats import Proportion, bounds

__all__ = ["pictures"]

POINTS = 200
SHARE = 0.025


def pictures(
    path: Sequence[float], settings: Settings, seen: Mapping[str, Proportion]
) -> tuple[Plot, ...]:
    """Two pictures; the wealth is drawn as a power of ten, and its goal as a line."""
    step = max(1, len(path) // POINTS)
    at = sorted({*range(0, len(path), step), len(path) - 1})
    wealth = tuple(path[t] / math.log(10) for t in at)
    goal = settings.goal / math.log(10)
    curve = Curve(
        title="Evidence of a second purpose, pair by pair",
        x_label="pairs",
        y_label="log₁₀ of the e-value",
        x=tuple(float(t + 1) for t in at),
        y=wealth,
        low=wealth,
        high=wealth,
        line=f"against an advantage of at most {settings.tolerated:.4g}",
        lines={f"alarm at α = {settings.alpha:g}": (goal,) * len(at)},
    )
    bars = []
    for kind, share in seen.items():
        ends = bounds(share, alpha_low=SHARE, alpha_high=SHARE)
        point = share.successes / share.trials
        bars.append(Bar(label=kind, low=ends.low, point=point, high=ends.high))
    return curve, Intervals(title="Planted objectives seen", unit="proportion", bars=tuple(bars))
