"""What a protocol costs and gains, as pictures: other defer rates, and other audit budgets."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from safetycase.methods.control.game.analysis import Setting
from safetycase.methods.control.game.curves import GivenCurve, ScoredCurve
from safetycase.methods.control.game.values import classes, usefulness, value_of
from safetycase.methods.games.constant_rate import constant_rate
from safetycase.methods.games.full_information import full_information
from safetycase.plugin.attackers import Attacker
from safetycase.plugin.contract import Curve, Frontier, Plot

__all__ = ["pictures"]

DEFER = (0.05, 0.1, 0.2, 0.3, 0.5)
CELLS = 50_000


def pictures(curve: GivenCurve | ScoredCurve, setting: Setting) -> tuple[Plot, ...]:
    """Safety and usefulness over defer rates, and risk over audit budgets by attacker class."""
    return _frontier(curve, setting), _budgets(curve, setting)


def _frontier(curve: GivenCurve | ScoredCurve, setting: Setting) -> Frontier:
    rates = sorted({setting.audit, setting.defer, *(d for d in DEFER if d > setting.audit)})
    family, points, worst = "best constant rate", {}, {}
    for rate in rates:
        own = rate == setting.defer
        spent = setting.spent if own else min(rate, setting.spent)
        moved = dataclasses.replace(setting, defer=rate, spent=spent)
        bounds = curve.bounds(setting.tasks, setting.audits, moved.rates)
        name = f"defer {rate:.3g}" + (", this case" if own else "")
        safe = 1 - constant_rate(bounds.worse, tolerance=1e-3).high
        points[name] = (usefulness(bounds).low, max(0.0, safe))
        full = float(full_information(bounds.worse).values[-1])
        worst[f"{family}: {name}"] = max(0.0, 1 - full)
    return Frontier(
        title="Safety of the deployment and usefulness, by defer rate (lower ends)",
        x_label="share of honest tasks whose output is used",
        y_label="P(no attack gets through)",
        series={family: points},
        worst=worst,
        worst_says="full information",
    )


def _budgets(curve: GivenCurve | ScoredCurve, setting: Setting) -> Curve:
    size = setting.tasks * setting.audits
    parts = 8 if size <= CELLS else 4 if size <= 40 * CELLS else 2
    most = max(2 * setting.audits, 2)
    budgets = sorted({round(most * i / parts) for i in range(parts + 1)} | {setting.audits})
    both = curve.bounds(setting.tasks, most, setting.rates)
    high, low = full_information(both.worse).values, full_information(both.better).values
    others = [one for one in classes(setting.attackers) if one.name != "full-information"]
    return Curve(
        title="Risk by number of audits",
        x_label="audits for the whole deployment",
        y_label="P(an attack gets through)",
        x=tuple(float(b) for b in budgets),
        y=tuple(min(1.0, float(high[b])) for b in budgets),
        low=tuple(min(1.0, float(low[b]), float(high[b])) for b in budgets),
        high=tuple(min(1.0, float(high[b])) for b in budgets),
        line="full information, upper end",
        band="what the monitor's curve leaves open",
        lines={_label(one): _line(one, curve, setting, budgets) for one in others},
        marks={"this case": float(setting.audits)},
    )


def _searched(one: Attacker) -> bool:
    return one.name in ("coin-aware", "clocked")


def _label(one: Attacker) -> str:
    return f"{one.name} (best found)" if _searched(one) else one.name


def _line(
    one: Attacker,
    curve: GivenCurve | ScoredCurve,
    setting: Setting,
    budgets: Sequence[int],
) -> tuple[float, ...]:
    drawn = []
    for audits in budgets:
        found = value_of(one, curve.bounds(setting.tasks, audits, setting.rates).worse)
        drawn.append(min(1.0, float(found.low if _searched(one) else found.high)))
    return tuple(drawn)
