"""The pictures of honeypots: acts by arm, and what ever more clean tests would say."""

from __future__ import annotations

import math
from collections.abc import Mapping

from safetycase.methods.counted import bar
from safetycase.methods.scheming.honeypots.posteriors import (
    Declared,
    Record,
    best_responder_posterior,
    distinguishing_posterior,
    fixed_rate_posterior,
)
from safetycase.plugin.contract import Curve, Intervals
from safetycase.stats import Statistic, estimate

__all__ = ["arm_picture", "posterior_picture"]

_NAMES = {
    "compliance_gap": "gap: unmonitored − monitored",
    "awareness_gap": "gap: told deployed − told test",
}


def arm_picture(rates: Mapping[str, Statistic], found: Mapping[str, Statistic]) -> Intervals:
    """The rate of misaligned acts by arm, and the gaps, each side at 95 %."""
    shown = [(f"acts: {arm}", rate) for arm, rate in rates.items()]
    shown += [(_NAMES[name], found[name]) for name in _NAMES if name in found]
    bars = [
        bar(label, statistic)
        for label, statistic in shown
        if not math.isnan(estimate(statistic))  # an arm in which nothing was scored
    ]
    return Intervals(
        title="Misaligned acts by arm, each side at 95 %", unit="proportion", bars=tuple(bars)
    )


def posterior_picture(tests: int, declared: Declared) -> Curve:
    """The posterior of a schemer after ever more clean tests, by strategy."""
    most = max(10_000, 10 * tests)
    points = sorted({round(10 ** (i / 8)) for i in range(80)})
    x = [n for n in points if n <= most]
    lines = {
        name: tuple(posterior(Record(number=n), declared) for n in x)
        for name, posterior in (
            ("acts at the declared rate", fixed_rate_posterior),
            ("best response", best_responder_posterior),
            ("recognises every test", distinguishing_posterior),
        )
    }
    first, *others = lines
    y = lines[first]
    return Curve(
        title=f"A schemer after clean tests, from a declared prior of {declared.prior}",
        x_label="independent tests without a misaligned act",
        y_label="P(schemer | tests)",
        x=tuple(float(n) for n in x),
        y=y,
        low=y,
        high=y,
        line=first,
        lines={name: lines[name] for name in others},
        marks={"tests of this run": float(max(1, tests))},
        log_x=True,
    )
