"""The tails by the number of bad actions that is needed, and by the rate."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence

from safetycase.methods.deployment.tails.analysis import Setting
from safetycase.methods.deployment.tails.laws import tolerated_independent, tolerated_worst
from safetycase.plugin.contract import Curve, Plot

__all__ = ["pictures"]

POINTS = 41
NAMES = {
    "tail_independent": "independent",
    "tail_clustered": "equally correlated",
    "tail_blocks": "in blocks",
}


def pictures(setting: Setting) -> tuple[Plot, ...]:
    """Two curves of the worst tail, with the others as lines at the upper end of the rate."""
    return _by_needed(setting), _by_rate(setting)


def _by_needed(setting: Setting) -> Curve:
    last = min(setting.queries, max(10, 100 * setting.bad))
    counts = {round(math.exp(math.log(last) * i / (POINTS - 1))) for i in range(POINTS)}
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
    tolerated = {
        "tolerated if placed": tolerated_worst(setting.queries, setting.bad, setting.tolerated),
        "tolerated if independent": tolerated_independent(
            setting.queries, setting.bad, setting.tolerated
        ),
    }
    marks = {"this case, upper end": setting.rates().high, **tolerated}
    shown = {name: at for name, at in marks.items() if at > 0}
    rates = _spread(shown)
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
        marks=shown,
        log_x=True,
    )


def _spread(marks: Mapping[str, float]) -> Sequence[float]:
    low = max(min(marks.values()) / 10, 1e-15)
    high = min(1.0, max(marks.values()) * 10)
    step = math.log(high / low) / (POINTS - 1)
    between = {low * math.exp(step * i) for i in range(POINTS - 1)}
    return sorted(rate for rate in between | {high, *marks.values()} if rate <= 1)
