"""The way to the equilibrium, what each test sees, and the price of a move that is never tried."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from safetycase.methods.oversight.self_play.analysis import TESTS
from safetycase.methods.oversight.self_play.exploration import (
    flow_time,
    measured_times,
    natural_time,
)
from safetycase.methods.oversight.self_play.learners import RATES
from safetycase.methods.oversight.self_play.study import Setting, Study, caught, real, recall
from safetycase.plugin.contract import Bar, Curve, Intervals, Plot
from safetycase.stats import bounds, estimate

if TYPE_CHECKING:
    from safetycase.methods.oversight.self_play.arena import Floats

__all__ = ["pictures"]

STARTS = (0.3, 0.1, 0.03, 0.01, 0.003, 0.001)
END = 0.9
MOST = 1200
LEVEL = 0.95


def pictures(study: Study, setting: Setting) -> tuple[Plot, ...]:
    """Four pictures; three where no organism was planted."""
    shown: list[Plot] = [_way(study, setting), _learners(study, setting)]
    families = {kind: looked for kind, looked in study.families.items() if len(looked)}
    if any(real(looked, setting).any() for looked in families.values()):
        shown.append(_seen(study, setting))
    shown.append(exploration())
    return tuple(shown)


def _way(study: Study, setting: Setting) -> Curve:
    subject = study.subject.path
    lines = {"average policy, median": _median(subject.average)}
    for kind, looked in study.families.items():
        lines[f"{kind}, median"] = _median(looked.path.last)
    return Curve(
        title="Distance from equilibrium during training",
        x_label="steps of training",
        y_label="NashConv, share of the payoff range",
        x=tuple(float(step) for step in subject.steps),
        y=_median(subject.last),
        low=tuple(float(v) for v in subject.last.min(axis=1)),
        high=tuple(float(v) for v in subject.last.max(axis=1)),
        line="last policy, median over seeds",
        band=f"smallest to largest of {setting.seeds} seeds",
        lines=lines,
        log_x=True,
    )


def _learners(study: Study, setting: Setting) -> Curve:
    """What each learner makes of the game: its last policies, and the average of all."""
    first, *others = study.learners
    path = study.learners[first]
    lines = {f"{first}, average": _median(path.average)}
    for name in others:
        way = study.learners[name]
        lines |= {f"{name}, last": _median(way.last), f"{name}, average": _median(way.average)}
    return Curve(
        title="Distance from equilibrium by learner, at its own rate",
        x_label="steps of training",
        y_label="NashConv, share of the payoff range",
        x=tuple(float(step) for step in path.steps),
        y=_median(path.last),
        low=tuple(float(v) for v in path.last.min(axis=1)),
        high=tuple(float(v) for v in path.last.max(axis=1)),
        line=f"{first}, last: median over seeds",
        band=f"smallest to largest of {min(8, setting.seeds)} seeds",
        lines=lines,
        log_x=True,
    )


def _median(values: Floats) -> tuple[float, ...]:
    import numpy as np

    return tuple(float(v) for v in np.median(values, axis=1))


def _seen(study: Study, setting: Setting) -> Intervals:
    bars = []
    alpha = (1 - LEVEL) / 2
    for kind, looked in study.families.items():
        for test, field in TESTS.items():
            found = caught(looked, field, setting)
            if not found.trials:
                continue
            units = recall(looked, field, setting)
            ends = bounds(units, alpha_low=alpha, alpha_high=alpha)
            bars.append(
                Bar(
                    label=f"{kind}: {test}",
                    low=ends.low,
                    point=estimate(units),
                    high=ends.high,
                    note=f"{found.successes} of {found.trials}, {len(units.clusters)} different",
                )
            )
    return Intervals(
        title=f"Planted trainings that each test sees ({LEVEL:.0%} intervals)",
        unit="share of those that withhold better play",
        bars=tuple(bars),
    )


def exploration() -> Curve:
    """Time to a move of advantage 1 against one over its first probability."""
    measured = measured_times(STARTS, END, "sgd", rate=0.5, most=MOST)
    natural = measured_times(STARTS, END, "natural", rate=RATES["natural"], most=MOST)
    exact = tuple(flow_time(p, END) for p in STARTS)
    return Curve(
        title=f"Time of a policy gradient to find a good move (probability {END:g})",
        x_label="1 / first probability of the move",
        y_label="steps × rate × advantage",
        x=tuple(1 / p for p in STARTS),
        y=measured,
        low=_lower(measured, exact),
        high=_higher(measured, exact),
        line="gradient, as trained here",
        band="between the trainer and the closed form of gradient flow",
        lines={
            "gradient flow, closed form": exact,
            "natural gradient, as trained here": natural,
            "natural gradient, closed form": tuple(natural_time(p, END) for p in STARTS),
        },
        log_x=True,
    )


def _lower(a: Sequence[float], b: Sequence[float]) -> tuple[float, ...]:
    return tuple(min(pair) for pair in zip(a, b, strict=True))


def _higher(a: Sequence[float], b: Sequence[float]) -> tuple[float, ...]:
    return tuple(max(pair) for pair in zip(a, b, strict=True))
