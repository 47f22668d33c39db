"""From archived trials to a measurement: the same whether they were played here or elsewhere."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Mapping, Sequence

from safetycase.methods.counted import bar
from safetycase.methods.oversight import judges
from safetycase.methods.oversight.live import counting
from safetycase.methods.oversight.live.checks import doubts, instrument
from safetycase.methods.oversight.live.counting import Played
from safetycase.methods.oversight.live.play import Record
from safetycase.methods.oversight.live.quantities import quantities
from safetycase.methods.oversight.live.ratings import NoRating, bootstrap
from safetycase.plugin.contract import (
    Bar,
    Intervals,
    Measurement,
    MethodError,
    Transcript,
)
from safetycase.stats import Statistic, estimate

__all__ = ["analyse"]

SHOWN, SHOWN_TEXT = 6, 3000
_RATES = (
    "judge_error",
    "judge_error_all",
    "worst_judge_error",
    "error_alone",
    "attack_success",
    "brier",
    "invalid_rate",
    "refusal_rate",
)
_GAINS = ("uplift", "gain_over_consultancy", "gain_over_ensemble")


def analyse(
    records: Sequence[Record],
    protocol: str,
    seed: int,
    *,
    level: float,
    instrument_min: float,
    effort: Mapping[str, str],
    artefacts: Mapping[str, str],
    diagnostics: Mapping[str, str] | None = None,
) -> Measurement:
    """Parse, pair, count; `MethodError` if there is no trial of the protocol."""
    every = counting.played(records)
    main = counting.arms(every, protocol)
    if not main:
        there = ", ".join(sorted({r.trial.protocol for r in records})) or "none"
        raise MethodError(f"there is no trial of `{protocol}`; there are trials of: {there}")
    found, missing = quantities(every, protocol, level)
    ratings, said = _ratings(main, seed)
    trials = [one for arm in main.values() for one in arm]
    return Measurement(
        quantities=found,
        counts=_counts(every, main),
        effort=effort,
        instrument=instrument(every, found, instrument_min),
        raises=doubts(found),
        plots=(*_pictures(found), *ratings),
        transcripts=_transcripts(trials, seed),
        diagnostics={**missing, **said, **_calibration(trials), **(diagnostics or {})},
        artefacts=artefacts,
    )


def _calibration(trials: Sequence[Played]) -> dict[str, str]:
    """The parts of the Brier score of "A is right", and how well it ranks true above false."""
    told = [
        (one.verdict.panel if one.record.trial.seat == "A" else 1 - one.verdict.panel, one)
        for one in trials
        if one.verdict.panel is not None
    ]
    true = [one.record.trial.seat == "A" for _, one in told]
    if len(set(true)) < 2:
        return {}
    stated = [p for p, _ in told]
    parts, ranked = judges.brier(stated, true), judges.area_under_curve(stated, true)
    return {
        "calibration": f"Brier score {parts.score:.3f} = reliability {parts.reliability:.3f} "
        f"− resolution {parts.resolution:.3f} + uncertainty {parts.uncertainty:.3f}; the right "
        f"answer in seat A is rated above the wrong one there with {ranked:.3f} "
        f"({len(told)} verdicts, no interval)"
    }


def _counts(every: Sequence[Played], main: Mapping[str, list[Played]]) -> dict[str, int]:
    trials = [one for arm in main.values() for one in arm]
    alone = counting.pairs([o for o in every if o.record.trial.protocol == "judge-alone"])
    names = {one.item for one in trials}
    dropped = counting.right_alone(alone) & names
    spoken = [s for one in trials for s in one.record.statements]
    found = {
        "items": len(names),
        "items dropped, for the judges solve them alone": len(dropped),
        "trials of the protocol": len(trials),
        "trials in all": len(every),
        "statements cut at the limit of words": sum(s.cut for s in spoken),
        "statements of a debater that did not take its seat": sum(s.refused for s in spoken),
    }
    reasons = Counter(one.verdict.why for one in every if one.verdict.why)
    for reason, count in sorted(reasons.items()):
        found[f"invalid: {reason}"] = count
    return found


def _ratings(
    main: Mapping[str, list[Played]], seed: int
) -> tuple[tuple[Intervals, ...], dict[str, str]]:
    """A picture of the ratings of all who spoke, or the reason that there is none."""
    games = [
        game
        for arm in main.values()
        if not arm[0].record.trial.assigned
        for game in counting.games(arm)
    ]
    if not games:
        return (), {}
    reference = games[0].second
    try:
        rated = bootstrap(games, reference, seed)
    except NoRating as error:
        return (), {"without ratings": str(error)}
    bars = tuple(
        Bar(label=one.player, low=one.low, point=one.elo, high=one.high)
        for one in rated
        if math.isfinite(one.low) and math.isfinite(one.high)
    )
    told = {
        f"rating of {one.player}": f"{one.elo:.0f} Elo, 95 % interval {one.low:.0f} to "
        f"{one.high:.0f} (Bradley–Terry, items resampled, approximate), above {reference}"
        for one in rated
        if one.player != reference
    }
    title = f"Ratings above {reference} (Bradley–Terry, items resampled)"
    picture = Intervals(title=title, unit="Elo points", bars=bars)
    return ((picture,) if len(bars) > 1 else ()), told


def _pictures(found: Mapping[str, Statistic]) -> tuple[Intervals, ...]:
    rates, gaps = _bars(found, _RATES), _bars(found, _GAINS)
    pictures = []
    if rates:
        title = "What the judges did, each side at 95 %"
        pictures.append(Intervals(title=title, unit="share", bars=rates))
    if gaps:
        pictures.append(
            Intervals(
                title="What the protocol gains over its controls, each side at 95 %",
                unit="probability gap",
                bars=gaps,
                threshold=0.0,
            )
        )
    return tuple(pictures)


def _bars(found: Mapping[str, Statistic], names: Sequence[str]) -> tuple[Bar, ...]:
    """Those of the quantities of which something is known."""
    return tuple(
        bar(name, found[name])
        for name in names
        if name in found and math.isfinite(estimate(found[name]))
    )


def _transcripts(trials: Sequence[Played], seed: int) -> tuple[Transcript, ...]:
    """A few trials drawn at random by the seed of the run, so that nobody picks them."""
    drawn = random.Random(seed).sample(list(trials), min(SHOWN, len(trials)))  # noqa: S311
    return tuple(_transcript(one) for one in drawn)


def _transcript(one: Played) -> Transcript:
    record, (a, b) = one.record, one.record.trial.answers
    said = [f"[{s.label}, {s.policy}] {s.text}" for s in record.statements]
    if record.argument is not None:
        said = [f"{n}. {step}" for n, step in enumerate(record.argument.steps, start=1)]
    replies = [f"[judge {n}] {' | '.join(each)}" for n, each in enumerate(record.replies, start=1)]
    verdict = one.verdict
    note = verdict.why or (
        f"probability of the right verdict {verdict.panel:.2f}" if verdict.panel is not None else ""
    )
    return Transcript(
        id=record.trial.id,
        prompt=_cut(f"{record.trial.item.question}\nA: {a}\nB: {b}"),
        output=_cut("\n\n".join([*said, *replies])),
        note=f"{note}; the right answer is {record.trial.item.right}",
    )


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN_TEXT else f"{text[:SHOWN_TEXT]} … [cut]"
