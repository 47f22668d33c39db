"""From rows, scored or not, to sufficient statistics, whoever scored them.

Items without a usable score are never dropped: they are `missing`, which counts against either
bound.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from safetycase.plugin.contract import (
    Bar,
    Intervals,
    Measure,
    MethodError,
    Raised,
    Transcript,
)
from safetycase.stats import (
    Affine,
    Clustered,
    ClusteredDifference,
    Difference,
    Interval,
    Proportion,
    Statistic,
    bounds,
    describe,
    estimate,
)

__all__ = [
    "LIMITS",
    "MEASURES",
    "Options",
    "Row",
    "bar",
    "below_chance",
    "counts",
    "never_run",
    "pictures",
    "quantities",
    "transcripts",
]

SHOWN = 6
SHOWN_TEXT = 4000
MEASURES = (
    Measure(
        name="pass_rate",
        unit="proportion",
        safer="neither",
        says="share of items whose score reaches `pass_at`",
    ),
    Measure(name="fail_rate", unit="proportion", safer="neither", says="1 − pass_rate"),
    Measure(
        name="advantage",
        unit="proportion",
        safer="lower",
        says="(pass_rate − chance) / (1 − chance): 0 is guessing, 1 is always right",
    ),
    Measure(
        name="arm_difference",
        unit="probability gap",
        safer="neither",
        says="pass_rate of the first of `arms` minus that of the second",
    ),
)
LIMITS = (
    "It shows how the model did on these items under this prompt and scaffold, not on others.",
    "It cannot tell that the model could not from that it did not want to: sandbagging is a "
    "doubt to be answered elsewhere.",
    "Clusters are taken as independent draws from the items that matter; whether they are is a "
    "warrant of the case.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How scores become successes, and items clusters."""

    scorer: str | None
    pass_at: float
    chance: float | None
    cluster_by: str
    arms: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One sample of one epoch; `passed` is None when there is no usable score."""

    id: str
    epoch: int
    cluster: str
    arm: str
    chance: float | None
    passed: bool | None
    reason: str
    prompt: str
    output: str


def never_run(count: int, chance: float | None = None) -> list[Row]:
    """Items that were planned and are in no file: missing, each a cluster of its own."""
    return [
        Row(
            id=f"never run {n}",
            epoch=1,
            cluster=f"never run {n}",
            arm="",
            chance=chance,
            passed=None,
            reason="never run",
            prompt="",
            output="",
        )
        for n in range(max(0, count))
    ]


def quantities(rows: Sequence[Row], options: Options) -> dict[str, Statistic]:
    """The statistics of `MEASURES` that these rows allow."""
    rate = _rate(rows)
    found: dict[str, Statistic] = {
        "pass_rate": rate,
        "fail_rate": Affine(of=rate, scale=-1.0, offset=1.0),
    }
    chance = _chance(rows)
    if chance is not None:
        found["advantage"] = Affine(of=rate, scale=1 / (1 - chance), offset=-chance / (1 - chance))
    if options.arms:
        found["arm_difference"] = _difference(rows, options.arms)
    return found


def _chance(rows: Sequence[Row]) -> float | None:
    values = {row.chance for row in rows}
    if len(values) != 1:
        if None in values or (len(values) > 1 and any(v is not None for v in values)):
            raise MethodError("the items differ in their chance level; evaluate each level apart")
        return None
    chance = values.pop()
    if chance is not None and not 0 <= chance < 1:
        raise MethodError(f"a chance level lies in [0, 1), not {chance}")
    return chance


def _groups(rows: Sequence[Row]) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.cluster, []).append(row)
    return dict(sorted(groups.items()))


def _counted(rows: Sequence[Row]) -> tuple[int, int, int]:
    scored = [row for row in rows if row.passed is not None]
    return sum(bool(r.passed) for r in scored), len(scored), len(rows) - len(scored)


def _rate(rows: Sequence[Row]) -> Proportion | Clustered:
    groups = _groups(rows)
    if all(len(group) == 1 for group in groups.values()):
        successes, trials, missing = _counted(rows)
        return Proportion(successes=successes, trials=trials, missing=missing)
    return Clustered(clusters=tuple(_counted(group) for group in groups.values()))


def _difference(rows: Sequence[Row], arms: tuple[str, ...]) -> Statistic:
    if len(arms) != 2:
        raise MethodError("`arms` names two arms")
    parts = [[row for row in rows if row.arm == arm] for arm in arms]
    for arm, part in zip(arms, parts, strict=True):
        if not part:
            raise MethodError(f"no sample has the metadata `arm: {arm}`")
    one, two = (_groups(part) for part in parts)
    missing = any(row.passed is None for part in parts for row in part)
    if set(one) == set(two) and not missing:
        return ClusteredDifference(
            clusters=tuple((*_counted(one[c])[:2], *_counted(two[c])[:2]) for c in one)
        )
    if any(len(g) > 1 for g in (*one.values(), *two.values())):
        raise MethodError(
            "the arms have clusters of several items, and not the same ones or not "
            "all scored; pair the arms by cluster"
        )
    a, b = (_counted(part) for part in parts)
    return Difference(
        a=Proportion(successes=a[0], trials=a[1], missing=a[2]),
        b=Proportion(successes=b[0], trials=b[1], missing=b[2]),
    )


def below_chance(rows: Sequence[Row], alpha: float) -> tuple[Raised, ...]:
    """A doubt when the rate is significantly below guessing: a model that avoids the answer."""
    chance = _chance(rows)
    if not chance:
        return ()
    high = bounds(_rate(rows), alpha_low=0.5, alpha_high=alpha).high
    if high >= chance:
        return ()
    return (
        Raised(
            name="below-chance",
            says=f"The rate is at most {high:.3f} at {1 - alpha:.0%}, "
            f"below the {chance:.3f} of guessing: the model may be avoiding the right "
            "answers.",
        ),
    )


def counts(rows: Sequence[Row]) -> dict[str, int]:
    """Planned, scored, passed, and unscored by reason."""
    found = {
        "items": len(rows),
        "scored": sum(r.passed is not None for r in rows),
        "passed": sum(r.passed is True for r in rows),
        "clusters": len(_groups(rows)),
    }
    for row in rows:
        if row.passed is None:
            found[f"unscored: {row.reason}"] = found.get(f"unscored: {row.reason}", 0) + 1
    return found


def bar(label: str, statistic: Statistic, interval: Interval | None = None) -> Bar:
    """A statistic as a bar, each side at 95 % unless `interval` says otherwise."""
    ends = interval or bounds(statistic, alpha_low=0.05, alpha_high=0.05)
    point = min(max(estimate(statistic), ends.low), ends.high)
    return Bar(label=label, low=ends.low, point=point, high=ends.high, note=describe(statistic))


def pictures(found: Mapping[str, Statistic]) -> tuple[Intervals, ...]:
    """All quantities of the run as intervals at 95 % on each side."""
    bars = []
    for name, statistic in found.items():
        interval = bounds(statistic, alpha_low=0.05, alpha_high=0.05)
        point = estimate(statistic)
        if math.isfinite(point) and math.isfinite(interval.low) and math.isfinite(interval.high):
            bars.append(Bar(label=name, low=interval.low, point=point, high=interval.high))
    return (
        (
            Intervals(
                title="What the run measured, each side at 95 %",
                unit="proportion",
                bars=tuple(bars),
            ),
        )
        if bars
        else ()
    )


def transcripts(rows: Sequence[Row], seed: int) -> tuple[Transcript, ...]:
    """A few samples drawn at random by the seed of the run, so that nobody picks them."""
    drawn = random.Random(seed).sample(list(rows), min(SHOWN, len(rows)))  # noqa: S311
    said = {True: "passed", False: "did not pass", None: "no usable score"}
    return tuple(
        Transcript(
            id=f"{row.id} (epoch {row.epoch})",
            prompt=_cut(row.prompt),
            output=_cut(row.output),
            note=said[row.passed] + (f": {row.reason}" if row.reason else ""),
        )
        for row in drawn
    )


def _cut(text: str) -> str:
    if len(text) <= SHOWN_TEXT:
        return text
    return text[:SHOWN_TEXT] + f" … [cut: {len(text) - SHOWN_TEXT} more characters]"
