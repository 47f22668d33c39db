"""Pictures of recall over months: a curve with its band, and the worst cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from safetycase.methods.control.auditors.rows import month_text
from safetycase.plugin.contract import Bar, Curve, Intervals, Plot
from safetycase.stats import Proportion, bounds

__all__ = ["bar", "pictures"]

SHOWN = 40


def pictures(
    months: Sequence[int],
    by_month: Mapping[int, Proportion],
    by_cell: Mapping[tuple[str, int], Proportion],
) -> tuple[Plot, ...]:
    """Recall by month, and by auditor and month, the lowest first."""
    ends = [bounds(by_month[m], alpha_low=0.05, alpha_high=0.05) for m in months]
    curve = Curve(
        title="Recall on blind seeded items, by month",
        x_label=f"month, 1 = {month_text(months[0])}",
        y_label="recall",
        x=tuple(float(m - months[0] + 1) for m in months),
        y=tuple(_point(by_month[m]) for m in months),
        low=tuple(end.low for end in ends),
        high=tuple(end.high for end in ends),
        line="caught of planned; what was not seeded or not answered is not caught",
        band="each month at 95 % on each side",
    )
    bars = [bar(f"{name}, {month_text(month)}", rate) for (name, month), rate in by_cell.items()]
    bars.sort(key=lambda each: each.low)
    return (
        curve,
        Intervals(
            title="The lowest recall by auditor and month, each side at 95 %",
            unit="recall",
            bars=tuple(bars[:SHOWN]),
        ),
    )


def bar(label: str, rate: Proportion) -> Bar:
    """The interval of a rate; its point counts what is missing as a failure."""
    ends = bounds(rate, alpha_low=0.05, alpha_high=0.05)
    note = f"{rate.successes} of {rate.trials}"
    note += f", {rate.missing} missing" if rate.missing else ""
    return Bar(label=label, low=ends.low, point=_point(rate), high=ends.high, note=note)


def _point(rate: Proportion) -> float:
    """Successes among all planned; it lies between the ends of the interval."""
    return rate.successes / max(1, rate.trials + rate.missing)
