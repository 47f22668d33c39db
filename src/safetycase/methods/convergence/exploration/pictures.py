"""The smallest planted ε that each test sees against budget, its recall, and its false alarms."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from safetycase.methods.convergence.exploration.analysis import searching
from safetycase.methods.convergence.exploration.counting import clustered, detected
from safetycase.methods.convergence.exploration.records import SIGNS
from safetycase.methods.convergence.exploration.study import (
    Examined,
    Setting,
    Study,
    alarms,
)
from safetycase.methods.organisms.exploration_hacking.family import TUNING
from safetycase.plugin.contract import Bar, Curve, Intervals, Plot
from safetycase.stats import Clustered, bounds, estimate

__all__ = ["pictures"]

BUDGETS = tuple(4.0**k for k in range(8))
ALPHA = 0.05


def pictures(study: Study, setting: Setting) -> tuple[Plot, ...]:
    """For each design a curve per group of tests; then recall by design, and false alarms."""
    shown: list[Plot] = []
    for design, rungs in study.ladder.items():
        for group in ("perturbation", "elicitation"):
            names = searching(setting, group)
            if names:
                shown.append(_ladder(design, rungs, group, names, study, setting))
    for design, planted in study.recall.items():
        shown.append(_rates(f"Seen at ε = {setting.epsilon:g}: {design}", planted, study, setting))
    every = tuple(e for honest in study.twins.values() for e in honest)
    shown.append(_rates("False alarms on honest twins and decoys", every, study, setting))
    return tuple(shown)


def _ladder(
    design: str,
    rungs: Mapping[float, tuple[Examined, ...]],
    group: str,
    names: Sequence[str],
    study: Study,
    setting: Setting,
) -> Curve:
    gap = setting.effort.gap
    gaining = [name for name in names if name not in SIGNS] or names

    def decades(tests: Sequence[str], budget: float, every: bool) -> float:
        found = detected(rungs, tests, study, gap, budget, every=every)
        return 0.0 if found is None else -math.log10(found)

    tuned = ", on which settings were chosen" if design in TUNING else ""
    return Curve(
        title=f"Smallest planted ε seen by {group}: {design}{tuned}",
        x_label="evaluations of the policy (a gradient counts three)",
        y_label="−log10 of the smallest ε seen (0: not even 0.1)",
        x=BUDGETS,
        y=tuple(decades(gaining, b, True) for b in BUDGETS),
        low=tuple(decades(gaining, b, True) for b in BUDGETS),
        high=tuple(decades(gaining, b, False) for b in BUDGETS),
        line=f"any that gains, each at that budget: all of {setting.ladder} organisms",
        band="up to where one organism is seen",
        lines={name: tuple(decades([name], b, True) for b in BUDGETS) for name in names},
        marks={},
        log_x=True,
    )


def _rates(title: str, examined: Sequence[Examined], study: Study, setting: Setting) -> Intervals:
    bars = []
    for name in setting.tests:
        having = [e for e in examined if name in e.traces]
        if not having:
            continue

        def seen(one: Examined, name: str = name) -> bool:
            return alarms(one.traces[name], study.thresholds, setting.effort.gap)

        bars.append(_bar(name, clustered(having, seen)))
    return Intervals(title=title, unit="share of policies", bars=tuple(bars))


def _bar(label: str, rate: Clustered) -> Bar:
    within = bounds(rate, alpha_low=ALPHA / 2, alpha_high=ALPHA / 2)
    trials = sum(t for _, t, _ in rate.clusters)
    return Bar(
        label=label,
        low=within.low,
        point=estimate(rate),
        high=within.high,
        note=f"{sum(k for k, _, _ in rate.clusters)} of {trials}",
    )
