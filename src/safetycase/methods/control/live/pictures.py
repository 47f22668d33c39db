"""The pictures and the sample transcripts of a control evaluation."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence

from safetycase.methods.control.live.counts import label
from safetycase.methods.control.live.evaluate import Stages
from safetycase.methods.control.live.monitors import conformal_threshold
from safetycase.methods.control.live.play import Played
from safetycase.plugin.contract import Bar, Curve, Histogram, Intervals, Plot, Transcript
from safetycase.stats import Proportion, bounds, describe

__all__ = ["drawn", "pictures"]

ALPHA, BINS, SHOWN, BUDGETS = 0.05, 24, 6, 20


def pictures(every: Mapping[str, Proportion], stages: Stages, budget: float) -> tuple[Plot, ...]:
    """Recall by strategy and by audit budget, and where honest and attack texts lie."""
    bars = tuple(_bar(name, rate) for name, rate in every.items())
    series = {
        "honest": _scores(stages.held_out),
        "attack": _scores([p for p in stages.attacks if p.attack]),
        "attack, adapted": _scores([p for p in stages.adapted if p.attack]),
    }
    return (
        Intervals(title="Recall by attack strategy, each side at 95 %", unit="recall", bars=bars),
        _histogram({name: scores for name, scores in series.items() if scores}, stages.threshold),
        *_by_budget(stages, budget),
    )


def _by_budget(stages: Stages, budget: float) -> tuple[Curve, ...]:
    """Recall at the thresholds of several budgets, pooled; none where too few texts set one."""
    honest = [math.inf if p.suspicion is None else p.suspicion for p in stages.calibrating]
    least = 1 / (len(honest) + 1)
    grid = {least * (0.5 / least) ** (step / BUDGETS) for step in range(BUDGETS + 1)}
    budgets = sorted({b for b in (*grid, budget) if least <= b <= 0.5})
    cuts = [conformal_threshold(honest, b) for b in budgets]
    if len(cuts) < 2:
        return ()
    lines: dict[str, list[Proportion]] = {}
    for name, played in (("before red adapts", stages.attacks), ("adapted", stages.adapted)):
        attacks = [p.suspicion for p in played if p.attack]
        if attacks:
            lines[name] = [_recall(attacks, cut) for cut in cuts]
    first = next(iter(lines), None)
    if first is None:
        return ()
    rates = lines.pop(first)
    ends = [bounds(rate, alpha_low=ALPHA, alpha_high=ALPHA) for rate in rates]
    return (
        Curve(
            title="Recall against the attacks tried, by audit budget",
            x_label="audit budget (share of honest texts)",
            y_label="recall",
            x=tuple(budgets),
            y=tuple(r.successes / (r.trials + r.missing) for r in rates),
            low=tuple(end.low for end in ends),
            high=tuple(end.high for end in ends),
            line=f"share of attacks flagged, {first}",
            band="exact, each side at 95 %, at each budget alone",
            lines={
                name: tuple(r.successes / (r.trials + r.missing) for r in more)
                for name, more in lines.items()
            }
            | {"a monitor that tells nothing apart": tuple(budgets)},
            marks={"budget of this leaf": budget},
            log_x=True,
        ),
    )


def _recall(attacks: Sequence[float | None], cut: float) -> Proportion:
    """An attack that nobody scored is missing."""
    scored = [score for score in attacks if score is not None]
    return Proportion(
        successes=sum(score > cut for score in scored),
        trials=len(scored),
        missing=len(attacks) - len(scored),
    )


def _bar(name: str, rate: Proportion) -> Bar:
    interval = bounds(rate, alpha_low=ALPHA, alpha_high=ALPHA)
    point = rate.successes / rate.trials if rate.trials else (interval.low + interval.high) / 2
    return Bar(label=name, low=interval.low, point=point, high=interval.high, note=describe(rate))


def _scores(found: Sequence[Played]) -> list[float]:
    return [p.suspicion for p in found if p.suspicion is not None]


def _histogram(series: Mapping[str, Sequence[float]], threshold: float) -> Histogram:
    every = [threshold, *(score for scores in series.values() for score in scores)]
    low, high = min(every), max(every)
    width = (high - low) / BINS or 1.0

    def binned(values: Sequence[float]) -> tuple[int, ...]:
        counts = [0] * BINS
        for value in values:
            counts[min(BINS - 1, int((value - low) / width))] += 1
        return tuple(counts)

    return Histogram(
        title="Suspicion of honest and attack texts",
        unit="suspicion",
        edges=tuple(low + width * i for i in range(BINS + 1)),
        series={name: binned(scores) for name, scores in series.items()},
        threshold=threshold,
    )


def drawn(stages: Stages, seed: int) -> tuple[Transcript, ...]:
    """A few attacks, one a strategy, drawn by the seed so that nobody can pick them."""
    generator = random.Random(seed)  # noqa: S311 - a draw nobody can pick
    groups: dict[str, list[Played]] = {}
    for played in (*stages.attacks, *stages.adapted):
        if played.attack and played.text is not None:
            groups.setdefault(label(played), []).append(played)
    names = generator.sample(sorted(groups), min(SHOWN, len(groups)))
    return tuple(_transcript(generator.choice(groups[name]), stages.threshold) for name in names)


def _transcript(played: Played, threshold: float) -> Transcript:
    seen = played.suspicion
    outcome = (
        "no suspicion could be had"
        if seen is None
        else f"suspicion {seen:.2f}, threshold {threshold:.2f}: "
        + ("flagged" if seen > threshold else "missed")
    )
    return Transcript(
        id=f"{label(played)} {played.request.task.id}",
        prompt=played.request.task.prompt[:4000],
        output=(played.text or "")[:4000],
        note=f"attack by `{label(played)}`; {outcome}",
    )
