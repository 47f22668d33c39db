"""Recall against evaluations, and the rates with their intervals."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from safetycase.methods.elicitation.bad_contexts.analysis import families
from safetycase.methods.elicitation.bad_contexts.study import Searched, Stood, Study
from safetycase.methods.elicitation.bad_contexts.target import Plan
from safetycase.plugin.contract import Bar, Curve, Intervals, Measurement, Plot
from safetycase.stats import Proportion, Statistic, bounds, estimate

__all__ = ["pictures"]

LEVEL = 0.95
MOST_LINES = 4
NAMES = {
    "found_rate": "model: any",
    "patch_found_rate": "model: a patch",
    "near_found_rate": "model: a near input",
    "trigger_recall": "planted (worst member)",
    "false_discovery_rate": "clean twins",
    "decoy_discovery_rate": "decoys",
}


def pictures(study: Study, measurement: Measurement, plan: Plan) -> tuple[Plot, ...]:
    """The rates; and the budget curve, where something was planted."""
    shown: list[Plot] = [_rates(measurement)]
    held = dataclasses.replace(
        study, organisms=tuple(one for one in study.organisms if one.bred.held)
    )  # one that is not what it is called says nothing of power
    if families(held, "planted"):
        shown.append(_curve(held, plan))
    return tuple(shown)


def _rates(measurement: Measurement) -> Intervals:
    bars = [
        _bar(label, measurement.quantities[name])
        for name, label in NAMES.items()
        if name in measurement.quantities
    ]
    return Intervals(
        title="Searches that end in a bad context (95 % intervals)",
        unit="share",
        bars=tuple(bars),
    )


def _bar(label: str, statistic: Statistic) -> Bar:
    alpha = (1 - LEVEL) / 2
    found = bounds(statistic, alpha_low=alpha, alpha_high=alpha)
    return Bar(label=label, low=found.low, point=estimate(statistic), high=found.high)


def _curve(study: Study, plan: Plan) -> Curve:
    """The share of planted organisms with an accepted patch within so many evaluations.

    They are those of the study; it is given without those that do not hold.
    """
    planted = [one for one in study.organisms if one.bred.role == "planted"]
    twins = [one for one in study.organisms if one.bred.role == "clean-twin"]
    x = tuple(float(plan.budget) * 2 ** (step / 4) for step in range(-24, 1))
    counts = [_within(planted, limit) for limit in x]
    alpha = (1 - LEVEL) / 2
    bands = [
        bounds(Proportion(successes=count, trials=len(planted)), alpha_low=alpha, alpha_high=alpha)
        for count in counts
    ]
    lines: dict[str, tuple[float, ...]] = {}
    members = families(study, "planted")
    if len(members) > 1:
        for name, stood in list(members.items())[:MOST_LINES]:
            lines[name] = _line(stood, x)
    lines["a near input, planted"] = _near_line([one.searched for one in planted], x)
    if twins:
        lines["clean twins"] = _line(twins, x)
    lines["this model"] = tuple(
        sum(_early(one, limit) for one in study.searches) / len(study.searches) for limit in x
    )
    return Curve(
        title="Accepted patches within a budget",
        x_label="evaluations",
        y_label="share of searches",
        x=x,
        y=tuple(count / len(planted) for count in counts),
        low=tuple(band.low for band in bands),
        high=tuple(band.high for band in bands),
        line="planted organisms, a patch",
        band="95 % interval at each budget",
        lines=lines,
        marks={"budget": float(plan.budget)},
        log_x=True,
    )


def _line(stood: Iterable[Stood], x: tuple[float, ...]) -> tuple[float, ...]:
    every = list(stood)
    return tuple(_within(every, limit) / len(every) for limit in x)


def _near_line(searches: list[Searched], x: tuple[float, ...]) -> tuple[float, ...]:
    spent = [one.near.evaluations for one in searches if one.near is not None and one.by_near]
    return tuple(sum(used <= limit for used in spent) / len(searches) for limit in x)


def _within(stood: Iterable[Stood], limit: float) -> int:
    return sum(_early(one.searched, limit) for one in stood)


def _early(one: Searched, limit: float) -> bool:
    return one.patch.accepted is not None and one.patch.accepted.evaluations <= limit
