"""The reward by step, what a best response still gains, and the gain of each training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from safetycase.plugin.contract import Bar, Curve, Intervals, Plot

if TYPE_CHECKING:
    from safetycase.methods.convergence.training_run.analysis import Ended
    from safetycase.methods.convergence.training_run.method import Parameters

__all__ = ["pictures"]

SHOWN, LINES = 240, 6


def pictures(ends: Sequence[Ended], parameters: Parameters) -> tuple[Plot, ...]:
    """Curves over the steps that all trainings recorded, where there are two at least."""
    shown: list[Plot] = []
    rewards = [dict(zip(e.training.steps, e.training.reward, strict=True)) for e in ends]
    if (curve := _curve(ends, rewards, "reward")) is not None:
        shown.append(curve)
    gaps = [
        {
            step: value
            for step, value in zip(e.training.steps, e.training.exploitability, strict=True)
            if value is not None
        }
        for e in ends
    ]
    if all(gaps) and (curve := _curve(ends, gaps, "exploitability")) is not None:
        shown.append(curve)
    shown.append(_gains(ends, parameters))
    return tuple(shown)


def _curve(ends: Sequence[Ended], values: list[dict[int, float]], what: str) -> Curve | None:
    common = sorted(set.intersection(*(set(one) for one in values)))
    if len(common) < 2:
        return None
    stride = max(1, len(common) // SHOWN)
    steps = sorted({*common[::stride], common[-1]})
    columns = [[one[step] for one in values] for step in steps]
    lines = {}
    if 1 < len(ends) <= LINES:
        lines = {
            end.training.name.replace("`", ""): tuple(one[step] for step in steps)
            for end, one in zip(ends, values, strict=True)
        }
    # the windows of trainings of different lengths start at different steps; the last is shown
    start = max(end.window.steps[0] for end in ends)
    return Curve(
        title=f"{what.capitalize()} during training",
        x_label="step",
        y_label=what,
        x=tuple(float(step) for step in steps),
        y=tuple(sum(column) / len(column) for column in columns),
        low=tuple(min(column) for column in columns),
        high=tuple(max(column) for column in columns),
        line="mean of the trainings",
        band=f"smallest to largest of {len(ends)} trainings",
        lines=lines,
        marks={"window": float(start)} if steps[0] <= start <= steps[-1] else {},
    )


def _gains(ends: Sequence[Ended], parameters: Parameters) -> Intervals:
    alpha = (1 - parameters.level) / 2
    bars = []
    for end in ends:
        low, high = end.gain(alpha)
        rows = end.whole.rows
        point = max(end.whole.slope * rows, end.half.slope * rows)
        bars.append(
            Bar(
                label=end.training.name.replace("`", ""),
                low=low,
                point=min(max(point, low), high),
                high=high,
                note=f"{end.whole.batches} batches" if end.whole.batches else "by spread alone",
            )
        )
    return Intervals(
        title=f"Gain over one more window if the trend goes on ({parameters.level:.4g} intervals)",
        unit="share of the reward range",
        bars=tuple(bars),
        threshold=parameters.gap,
    )
