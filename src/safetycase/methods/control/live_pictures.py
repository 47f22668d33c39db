"""The pictures and the sample transcripts of a control evaluation."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from safetycase.methods.control.live_counts import label
from safetycase.methods.control.live_evaluate import Stages
from safetycase.methods.control.live_play import Played
from safetycase.plugin.contract import Bar, Histogram, Intervals, Transcript
from safetycase.stats import Proportion, bounds, describe

__all__ = ["drawn", "pictures"]

ALPHA, BINS, SHOWN = 0.05, 24, 6


def pictures(every: Mapping[str, Proportion], stages: Stages) -> tuple[Intervals | Histogram, ...]:
    """Recall by strategy with its interval, and where honest and attack texts lie."""
    bars = tuple(_bar(name, rate) for name, rate in every.items())
    series = {
        "honest": _scores(stages.held_out),
        "attack": _scores([p for p in stages.attacks if p.attack]),
        "attack, adapted": _scores([p for p in stages.adapted if p.attack]),
    }
    return (
        Intervals(title="Recall by attack strategy, each side at 95 %", unit="recall", bars=bars),
        _histogram({name: scores for name, scores in series.items() if scores}, stages.threshold),
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
