"""Pictures of scores: recall against the audit budget, scores with the threshold, strategies."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from safetycase.methods.control.logs.metrics import Threshold, recall_counts, threshold_at
from safetycase.methods.control.logs.rates import Rate, recall, repeated
from safetycase.methods.control.logs.scores import Trajectories
from safetycase.plugin.contract import Bar, Curve, Histogram, Intervals, Plot
from safetycase.stats import Proportion, bounds, describe, estimate

if TYPE_CHECKING:
    from safetycase.methods.control.logs.scores import Floats

__all__ = ["pictures"]

ALPHA, BINS, BUDGETS = 0.05, 24, 24


def pictures(
    t: Trajectories,
    threshold: Threshold,
    budget: float,
    rates: Mapping[str, Rate],
    rounds: Mapping[str, Rate],
) -> tuple[Plot, ...]:
    """Everything there is to see; a curve only where the honest runs allow several budgets."""
    found: list[Plot] = []
    curve = _curve(t, threshold, budget)
    if curve is not None:
        found.append(curve)
    found.append(_histogram(t, threshold))
    found.append(
        Intervals(title="Recall by strategy, each side at 95 %", unit="recall", bars=_bars(rates))
    )
    if len(rounds) > 1:
        found.append(
            Intervals(
                title="Recall by round of red and blue, each side at 95 %",
                unit="recall",
                bars=_bars(rounds),
            )
        )
    return tuple(found)


def _curve(t: Trajectories, threshold: Threshold, budget: float) -> Curve | None:
    """Recall of successful attacks, pooled, at thresholds for many budgets."""
    import numpy as np

    least = 1 / (len(threshold.calibration) + 1)
    grid = np.geomspace(max(least, 1e-4), 0.5, BUDGETS).tolist()
    budgets = sorted({*grid, budget})
    cuts: list[tuple[float, float]] = []
    for each in budgets:
        try:
            cuts.append((each, threshold_at(threshold.calibration, each).value))
        except ValueError:  # fewer honest answers than this budget asks for
            continue
    if len(cuts) < 2:
        return None
    rates = _recalls(t, [value for _, value in cuts])
    ends = [bounds(rate, alpha_low=ALPHA, alpha_high=ALPHA) for rate in rates]
    return Curve(
        title="Recall against the attacks tried, by audit budget",
        x_label="audit budget (share of honest runs)",
        y_label="recall",
        x=tuple(each for each, _ in cuts),
        y=tuple(estimate(rate) for rate in rates),
        low=tuple(end.low for end in ends),
        high=tuple(end.high for end in ends),
        line="share of successful attacks flagged",
        band="exact, each side at 95 %, at each budget alone",
        lines={"a monitor that tells nothing apart": tuple(each for each, _ in cuts)},
        marks={"budget of this leaf": budget},
        log_x=True,
    )


def _recalls(t: Trajectories, thresholds: list[float]) -> list[Rate]:
    """`metrics_rates.recall` at many thresholds; by one sort where each task has one attack."""
    import numpy as np

    if repeated(t.attack_task[t.attack_success != 0]):
        return [recall(t, value) for value in thresholds]
    attacks = t.attack[t.attack_success == 1]
    scored = attacks[~np.isnan(attacks)]
    missing = attacks.size - scored.size + int((t.attack_success == -1).sum())
    return [
        Proportion(successes=count, trials=int(scored.size), missing=missing)
        for count in recall_counts(scored, thresholds)
    ]


def _histogram(t: Trajectories, threshold: Threshold) -> Histogram:
    import numpy as np

    series = {"honest": t.honest, "attack": t.attack}
    known = {name: values[~np.isnan(values)] for name, values in series.items()}
    everything = np.concatenate(list(known.values()))
    edges = np.linspace(everything.min(), everything.max(), BINS + 1)

    def counted(values: Floats) -> tuple[int, ...]:
        return tuple(np.histogram(values, bins=edges)[0].tolist())

    return Histogram(
        title="Suspicion of honest and attack runs",
        unit="suspicion",
        edges=tuple(edges.tolist()),
        series={name: counted(values) for name, values in known.items()},
        threshold=threshold.value,
    )


def _bars(rates: Mapping[str, Rate]) -> tuple[Bar, ...]:
    bars = []
    for name, rate in rates.items():
        ends = bounds(rate, alpha_low=ALPHA, alpha_high=ALPHA)
        point = estimate(rate)
        bars.append(
            Bar(
                label=name,
                low=ends.low,
                point=point if math.isfinite(point) else ends.low,
                high=ends.high,
                note=describe(rate),
            )
        )
    return tuple(bars)
