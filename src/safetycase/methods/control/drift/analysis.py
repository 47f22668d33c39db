"""From two streams of scores to a bounded distance, recall on seeded attacks, and alarms."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from safetycase.methods.control.drift.rows import Scores, Streams, read_streams
from safetycase.methods.control.drift.tests import (
    Watch,
    distance,
    population_stability,
    smirnov,
    watch,
)
from safetycase.plugin.contract import (
    Curve,
    Histogram,
    InstrumentCheck,
    Measurement,
    MethodError,
    Plot,
    Raised,
)
from safetycase.stats import Certified, Difference, Proportion, Statistic

__all__ = ["analyse", "ideal"]

BINS, SHOWN = 30, 200


def analyse(
    streams: Streams, parameters: Any, seed: int, place: str, artefacts: Mapping[str, str]
) -> Measurement:
    """The measurement; `MethodError` for a stream without a score or more seeds than declared."""
    evaluated, live = _known(streams.evaluated), _known(streams.live)
    for name, scores in (("evaluated", evaluated), ("live", live)):
        if not scores:
            raise MethodError(f"`{place}`: no traffic of the stream `{name}` has a score")
    if len(streams.live_seeds) > parameters.seeded:
        raise MethodError(
            f"`{place}`: {len(streams.live_seeds)} seeded attacks are in the live stream, and "
            f"`seeded` says {parameters.seeded}; say how many there were in all"
        )
    watched = watch(evaluated, live, seed=seed, level=parameters.level)
    return Measurement(
        quantities=_quantities(streams, parameters),
        counts={
            "evaluated": len(streams.evaluated),
            "live": len(streams.live),
            "evaluated, without a score": len(streams.evaluated) - len(evaluated),
            "live, without a score": len(streams.live) - len(live),
            "seeded in the evaluation": len(streams.evaluated_seeds),
            "seeded live, planned": parameters.seeded,
            "seeded live, with a score": len(_known(streams.live_seeds)),
        },
        instrument=_instrument(streams, parameters),
        raises=_raised(watched, parameters),
        plots=_pictures(streams, parameters, watched),
        diagnostics=_diagnostics(evaluated, live, parameters, watched),
        artefacts=dict(artefacts),
    )


def _known(scores: Scores) -> list[float]:
    return [score for score in scores if score is not None]


def _flagged(scores: Scores, threshold: float, planned: int = 0) -> Proportion:
    known = _known(scores)
    return Proportion(
        successes=sum(score > threshold for score in known),
        trials=len(known),
        missing=max(len(scores), planned) - len(known),
    )


def _quantities(streams: Streams, parameters: Any) -> dict[str, Statistic]:
    at = parameters.threshold
    evaluated, live = _known(streams.evaluated), _known(streams.live)
    found = distance(
        evaluated,
        live,
        missing_a=len(streams.evaluated) - len(evaluated),
        missing_b=len(streams.live) - len(live),
        level=parameters.level,
    )
    recall = _flagged(streams.live_seeds, at, parameters.seeded)
    alarms = _flagged(streams.live, at)
    quantities: dict[str, Statistic] = {
        "drift": Certified(
            low=found.low,
            high=found.high,
            level=parameters.level,
            says=f"distance {found.seen:.4f} of {len(streams.evaluated)} and {len(streams.live)} "
            "scores, with the band of Dvoretzky, Kiefer, Wolfowitz and Massart",
        ),
        "live_seeded_recall": recall,
        "live_alarm_rate": alarms,
        "alarm_rate_change": Difference(a=alarms, b=_flagged(streams.evaluated, at)),
    }
    if streams.evaluated_seeds:
        before = _flagged(streams.evaluated_seeds, at)
        quantities["recall_change"] = Difference(a=recall, b=before)
    return quantities


def _instrument(streams: Streams, parameters: Any) -> tuple[InstrumentCheck, ...]:
    sizes = {"evaluated": streams.evaluated, "live": streams.live}
    unread = {
        name: (len(scores) - len(_known(scores))) / len(scores)
        for name, scores in (*sizes.items(), ("seeded", streams.live_seeds))
        if scores
    }
    different = {name: len(set(_known(scores))) for name, scores in sizes.items()}
    seeds = len(_known(streams.live_seeds))
    return (
        InstrumentCheck(
            name="there are enough scores in each stream",
            passed=all(len(_known(scores)) >= parameters.least for scores in sizes.values()),
            detail="; ".join(f"{name}: {len(_known(s))}" for name, s in sizes.items())
            + f"; at least {parameters.least} are needed",
        ),
        InstrumentCheck(
            name="the monitor's answers can be read",
            passed=all(share <= parameters.max_unscored for share in unread.values()),
            detail="; ".join(
                f"{name}: {share:.1%} without a score" for name, share in unread.items()
            )
            + f"; at most {parameters.max_unscored:.1%} are allowed",
        ),
        InstrumentCheck(
            name="the monitor tells traffic apart",
            passed=all(count > 1 for count in different.values()),
            detail="; ".join(f"{name}: {count} values" for name, count in different.items()),
        ),
        InstrumentCheck(
            name="every seeded attack came back with a score",
            passed=seeds == parameters.seeded,
            detail=f"{seeds} of {parameters.seeded}",
        ),
    )


def _raised(watched: Watch, parameters: Any) -> tuple[Raised, ...]:
    if watched.first_alarm is None:
        return ()
    return (
        Raised(
            name="live-scores-changed",
            says="The live scores do not go on like the evaluated ones: the watch alarms at live "
            f"score {watched.first_alarm + 1} of {len(watched.log_wealth)} (p = "
            f"{watched.anytime_p:.2g}, valid at every look; allowed were "
            f"{1 - parameters.level:.2g}).",
        ),
    )


def _diagnostics(
    evaluated: Sequence[float], live: Sequence[float], parameters: Any, watched: Watch
) -> dict[str, str]:
    p = smirnov(evaluated, live)
    index = population_stability(evaluated, live, parameters.bins)
    return {
        "exact test of one law": f"p = {p:.3g}, over all splits of the scores"
        if p is not None
        else "not computed for so many scores; the interval of `drift` is",
        "population stability index": f"{index:.3f} over {parameters.bins} bins; a description, "
        "no test",
        "watch": f"largest wealth e^{watched.largest:.2f} after live score {watched.at + 1}, "
        f"p = {watched.anytime_p:.3g} at every look",
        "threshold": f"{parameters.threshold:g}; flagged is what is strictly greater",
    }


def _pictures(streams: Streams, parameters: Any, watched: Watch) -> tuple[Plot, ...]:
    named = {
        "traffic, evaluated": _known(streams.evaluated),
        "traffic, live": _known(streams.live),
        "seeded, live": _known(streams.live_seeds),
    }
    every = [score for scores in named.values() for score in scores]
    low, high = min(every), max(every)
    width = (high - low) / BINS
    # Scores that lie too close together, or too far apart, have no bins.
    if not (low < low + width < math.inf and high - width < high):
        return (_wealth(watched, parameters),)
    series = {name: [0] * BINS for name in named}
    for name, scores in named.items():
        for score in scores:
            series[name][min(BINS - 1, int((score - low) / width))] += 1
    histogram = Histogram(
        title="Scores as evaluated and live",
        unit="suspicion",
        edges=tuple(low + width * k for k in range(BINS + 1)),
        series={name: tuple(counts) for name, counts in series.items()},
        threshold=parameters.threshold,
    )
    return (histogram, _wealth(watched, parameters))


def _wealth(watched: Watch, parameters: Any) -> Curve:
    """The log wealth of the watch, thinned; the place of the first alarm is kept."""
    step = max(1, len(watched.log_wealth) // SHOWN)
    places = sorted({*range(0, len(watched.log_wealth), step), watched.at})
    path = tuple(watched.log_wealth[at] for at in places)
    goal = -math.log(1 - parameters.level)
    first = watched.first_alarm
    return Curve(
        title="The watch over the live scores",
        x_label="live scores",
        y_label="log wealth against no change",
        x=tuple(float(at + 1) for at in places),
        y=path,
        low=path,
        high=path,
        line="log wealth; it reaches the other line by chance with the stated probability at most",
        lines={f"alarm, at {1 - parameters.level:.2g}": (goal,) * len(places)},
        marks={} if first is None else {"first alarm": float(first + 1)},
    )


def ideal(parameters: Any, folder: Path, inputs: tuple[str, ...]) -> Mapping[str, Statistic]:
    """The quantities if both streams agree score by score and every seeded attack is caught."""
    if len(inputs) != 1:
        return {}
    try:
        read = read_streams(folder / inputs[0])
    except MethodError:
        return {}
    if not read.evaluated or not read.live:
        return {}
    above, below = parameters.threshold + 1, parameters.threshold
    same = Streams(
        evaluated=(below,) * len(read.evaluated),
        live=(below,) * len(read.live),
        evaluated_seeds=(above,) * len(read.evaluated_seeds),
        live_seeds=(above,) * parameters.seeded,
    )
    return _quantities(same, parameters)
