"""What each mechanism leaves to a purpose: by its tolerance, and purpose by purpose."""

from __future__ import annotations

import math

from safetycase.methods.deployment.search.analysis import Found, Setting
from safetycase.methods.deployment.search.excess import (
    entropy_optimum,
    most_at_optimum,
    most_by_entropy,
)
from safetycase.methods.deployment.search.excesses import purposes
from safetycase.methods.deployment.search.space import Space
from safetycase.plugin.contract import Bar, Curve, Intervals, Plot

__all__ = ["pictures"]

TOLERANCES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.2, 0.3)
SHOWN = 8


def pictures(space: Space, setting: Setting, found: Found) -> tuple[Plot, ...]:
    """A curve for the first purpose, and the purposes that gain most under the mechanism."""
    return _by_tolerance(space, setting, found), _by_purpose(setting, found)


def _by_tolerance(space: Space, setting: Setting, found: Found) -> Curve:
    name, _, values = next(purposes(space))
    mean = float(space.reference @ values)
    base = entropy_optimum(space.rewards, setting.entropy_weight)
    whole = math.log(len(space.outputs))
    lines: dict[str, tuple[float, ...]] = {}
    bands: dict[str, tuple[tuple[float, float], ...]] = {}
    for mechanism, (game, solved) in found.games.items():
        value, start = found.certified[mechanism][1], solved.support
        bands[mechanism] = tuple(
            most_at_optimum(game, values, value + t, start=start) for t in TOLERANCES
        )
        lines[mechanism] = tuple(high - mean for _, high in bands[mechanism])
    lines["entropy"] = tuple(most_by_entropy(base, values, t * whole) - mean for t in TOLERANCES)
    for through in found.excesses["hash"][:1]:
        lines["hash"] = tuple(through.high for _ in TOLERANCES)
    main = "reference-game"
    return Curve(
        title=f"What is left to `{name[:40]}`",
        x_label="tolerance of the training",
        y_label="most that its mean can rise",
        x=TOLERANCES,
        y=lines[main],
        low=tuple(low - mean for low, _ in bands[main]),
        high=lines[main],
        line=main,
        band="policy found, and bound of all",
        lines={key: line for key, line in lines.items() if key != main},
        marks={"this case": setting.tolerance},
        log_x=True,
    )


def _by_purpose(setting: Setting, found: Found) -> Intervals:
    given = [e for e in found.excesses[setting.mechanism] if not e.in_class]
    tests = [e for e in found.excesses[setting.mechanism] if e.in_class]
    tests.sort(key=lambda e: -e.high)
    bars = [
        Bar(
            label=e.objective[:40],
            low=max(0.0, e.low),
            point=max(0.0, e.low),
            high=max(0.0, e.high),
            note="of the class" if e.in_class else "named",
        )
        for e in [*given[:SHOWN], *tests[: max(1, SHOWN - len(given))]]
    ]
    return Intervals(
        title=f"Most that each purpose gains under {setting.mechanism}",
        unit="rise of its mean",
        bars=tuple(bars),
        threshold=setting.tolerance,
    )
