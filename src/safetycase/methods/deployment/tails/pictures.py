"""The tails by the number of bad actions that is needed, and by the rate."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

from safetycase.methods.deployment.tails.analysis import Setting
from safetycase.methods.deployment.tails.laws import (
    LARGEST_SUM,
    tolerated_independent,
    tolerated_worst,
)
from safetycase.plugin.contract import Curve, Plot

__all__ = ["pictures"]

POINTS = 41
NAMES = {
    "tail_independent": "independent",
    "tail_clustered": "equally correlated",
    "tail_blocks": "in blocks",
    "tail_low_stakes": "placed, with watch and resets",
}


def pictures(setting: Setting) -> tuple[Plot, ...]:
    """Two curves of the worst tail, with the others as lines at the upper end of the rate."""
    return _by_needed(setting), _by_rate(setting)


def _by_needed(setting: Setting) -> Curve:
    last = min(setting.queries, max(10, 100 * setting.bad))
    counts = {round(math.exp(math.log(last) * i / (POINTS - 1))) for i in range(POINTS)}
    if setting.correlation is not None:
        most = LARGEST_SUM
        counts = {n for n in counts if n <= most or setting.queries - n < most}
    needed = sorted(counts | {setting.bad})
    rates = setting.rates()
    at = [dataclasses.replace(setting, bad=n).tails() for n in needed]
    worst = [
        (tails["tail_worst"](rates.low)[0], tails["tail_worst"](rates.high)[1]) for tails in at
    ]
    others = {
        said: tuple(tails[name](rates.high)[1] for tails in at)
        for name, said in NAMES.items()
        if name in at[0]
    }
    return Curve(
        title=f"Chance of so many bad actions in {setting.queries:,}",
        x_label="bad actions needed",
        y_label="probability",
        x=tuple(float(n) for n in needed),
        y=tuple(high for _, high in worst),
        low=tuple(low for low, _ in worst),
        high=tuple(high for _, high in worst),
        line="errors placed as is worst",
        band="what the tests leave open",
        lines=others,
        marks={"this case": float(setting.bad)},
        log_x=True,
    )


def _by_rate(setting: Setting) -> Curve:
    t, n, chance = setting.queries, setting.bad, setting.tolerated
    shown = (
        setting.rates().high,
        tolerated_worst(t, n, chance),
        tolerated_independent(t, n, chance),
    )
    rates = _spread([rate for rate in shown if rate > 0])
    tails = setting.tails()
    worst = tuple(tails["tail_worst"](rate)[1] for rate in rates)
    return Curve(
        title=f"Chance of {setting.bad:,} bad actions in {setting.queries:,}, by their rate",
        x_label="rate of bad actions",
        y_label="probability",
        x=tuple(rates),
        y=worst,
        low=worst,
        high=worst,
        line="errors placed as is worst",
        lines={
            said: tuple(tails[name](rate)[1] for rate in rates)
            for name, said in NAMES.items()
            if name in tails
        },
        marks={"this case": shown[0]} if shown[0] > 0 else {},
        log_x=True,
    )


def _spread(shown: Sequence[float]) -> Sequence[float]:
    """Rates from a tenth of the smallest shown to ten times the largest, and those themselves."""
    low = max(min(shown) / 10, 1e-15)
    high = min(1.0, max(shown) * 10)
    step = math.log(high / low) / (POINTS - 1)
    between = {low * math.exp(step * i) for i in range(POINTS - 1)}
    return sorted(rate for rate in between | {high, *shown} if rate <= 1)
