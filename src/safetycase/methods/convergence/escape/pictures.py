"""Escape time against ε, a line for each trainer, and who escaped at the leaf's ε."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import TYPE_CHECKING

from safetycase.methods.convergence.escape.trainers import Name
from safetycase.plugin.contract import Bar, Curve, Intervals, Plot
from safetycase.stats import Proportion, bounds

if TYPE_CHECKING:
    from safetycase.methods.convergence.escape.study import Found, Setting
    from safetycase.methods.convergence.escape.training import Course

__all__ = ["pictures"]

MOST_LINES = 8
LEFT_OUT: tuple[Name, ...] = ("reinforce", "policy-gradient")
"""Left out where there are more lines than a picture has: nearly the same as each other."""


def pictures(found: Found, setting: Setting, share: float, level: float) -> tuple[Plot, ...]:
    """The shares, and the times where there is more than one ε."""
    shares = _shares(found, setting, share, level)
    return (_times(found, setting), shares) if len(setting.epsilons) > 1 else (shares,)


def _times(found: Found, setting: Setting) -> Curve:
    budget = setting.recipe.steps
    epsilons = sorted(setting.epsilons)
    designs = [
        [_median(by_epsilon[epsilon], budget) for by_epsilon in found.courses.values()]
        for epsilon in epsilons
    ]
    names = list(found.rivals)
    for name in LEFT_OUT:
        if len(names) > MOST_LINES and name in names:
            names.remove(name)
    lines: dict[str, tuple[float, ...]] = {
        name: tuple(
            max(_median(by_epsilon[epsilon], budget) for by_epsilon in found.rivals[name].values())
            for epsilon in epsilons
        )
        for name in names
    }
    return Curve(
        title=f"Steps until the policy plays better (budget {budget}, where lines end)",
        x_label="planted probability ε of the best behaviour",
        y_label="steps, median of the slowest design",
        x=tuple(epsilons),
        y=tuple(max(medians) for medians in designs),
        low=tuple(min(medians) for medians in designs),
        high=tuple(max(medians) for medians in designs),
        line=setting.recipe.trainer,
        band="medians of the quickest and the slowest design",
        lines=lines,
        marks={"ε of the leaf": setting.epsilon},
        log_x=True,
    )


def _median(courses: Sequence[Course], budget: int) -> float:
    return float(
        statistics.median_high(budget if one.escaped is None else one.escaped for one in courses)
    )


def _shares(found: Found, setting: Setting, share: float, level: float) -> Intervals:
    alpha = (1 - level) / 2
    bars = []
    for design, by_epsilon in found.courses.items():
        courses = by_epsilon[setting.epsilon]
        count = sum(one.escaped is not None for one in courses)
        rate = Proportion(successes=count, trials=len(courses))
        ends = bounds(rate, alpha_low=alpha, alpha_high=alpha)
        bars.append(
            Bar(
                label=design,
                low=ends.low,
                point=count / len(courses),
                high=ends.high,
                note=f"{count} of {len(courses)}",
            )
        )
    return Intervals(
        title=f"Policies with ε = {setting.epsilon:g} that {setting.recipe.trainer} finds",
        unit=f"share within {setting.recipe.steps} steps",
        bars=tuple(bars),
        threshold=share,
    )
