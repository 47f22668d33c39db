"""Planted streams of scores with a known change, and the oracles of the distance and the watch."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable
from dataclasses import dataclass

from safetycase.methods.control.drift.rows import Streams
from safetycase.methods.control.drift.tests import distance, smirnov, watch
from safetycase.plugin.contract import Controls, Measurement, OracleResult, Planted
from safetycase.stats import bounds

__all__ = [
    "SEEDED",
    "SUBJECTS",
    "THRESHOLD",
    "World",
    "controls",
    "passes",
    "self_check",
    "streams",
]

THRESHOLD, SEEDED, SIZE = 2.0, 60, 600
MOST, LEAST, ALPHA, RUNS = 0.25, 0.75, 0.05, 10
Measured = Callable[[Streams, int], Measurement]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Normal scores; from live score `after` on they are moved by `shift` and spread by `spread`.

    Seeded attacks score around 4, or around `caught` live. `silent` is the share of live scores
    that are missing.
    """

    shift: float = 0.0
    spread: float = 1.0
    after: int = 0
    caught: float = 4.0
    silent: float = 0.0


def streams(world: World, seed: int, size: int = SIZE) -> Streams:
    """Scores of a planted monitor."""
    draw = random.Random(seed)  # noqa: S311 - planted scores, no secret

    def live(at: int) -> float | None:
        moved = at >= world.after
        score = draw.gauss(world.shift * moved, world.spread if moved else 1.0)
        return None if draw.random() < world.silent else score

    return Streams(
        evaluated=tuple(draw.gauss(0, 1) for _ in range(size)),
        live=tuple(live(at) for at in range(size)),
        evaluated_seeds=tuple(draw.gauss(4, 1) for _ in range(SEEDED)),
        live_seeds=tuple(
            None if draw.random() < world.silent else draw.gauss(world.caught, 1)
            for _ in range(SEEDED)
        ),
    )


SUBJECTS: tuple[tuple[str, World, bool, str], ...] = (
    ("the same", World(), True, "live scores of the evaluated law"),
    ("moved", World(shift=-0.8), False, "all live scores are lower"),
    ("moved half-way", World(shift=-0.8, after=SIZE // 2), False, "lower from the middle on"),
    ("spread", World(spread=2.5), False, "the mean is the same, the spread is not"),
    ("blind to attacks", World(caught=1.5), False, "traffic as before, attacks no longer seen"),
    ("fail-open", World(silent=0.4), False, "four of ten live scores are missing"),
)


def passes(measured: Measurement) -> bool:
    """Whether the claim of the controls holds, with nothing against it."""
    ends = {
        name: bounds(measured.quantities[name], alpha_low=ALPHA, alpha_high=ALPHA)
        for name in ("drift", "live_seeded_recall")
    }
    sound = all(check.passed for check in measured.instrument) and not measured.raises
    return sound and ends["drift"].high <= MOST and ends["live_seeded_recall"].low >= LEAST


def controls(measured: Measured) -> Controls:
    """Planted streams, through the analysis of the method."""
    return Controls(
        criterion=f"drift <= {MOST} and live_seeded_recall >= {LEAST} at {1 - ALPHA:.0%}, no "
        f"alarm; {SIZE} scores a stream and {SEEDED} seeded attacks",
        planted=tuple(
            Planted(
                name=name,
                claim_is_true=truth,
                passes=sum(passes(measured(streams(world, seed), seed)) for seed in range(RUNS)),
                runs=RUNS,
                says=says,
            )
            for name, world, truth, says in SUBJECTS
        ),
    )


def self_check(measured: Measured) -> tuple[OracleResult, ...]:
    """The exact law of the distance, its band, and the watch, in closed form or by listing."""
    return (*_smirnov(), *_band(measured), *_watch())


def _smirnov() -> list[OracleResult]:
    found = []
    for n, steps in ((5, 4), (8, 5), (20, 9)):
        a = [float(k) for k in range(n)]
        b = [k + steps - 0.5 for k in range(n)]  # so that the distance is steps/n
        closed = 2 * sum(
            (-1) ** (j + 1) * math.comb(2 * n, n - j * steps) for j in range(1, n // steps + 1)
        )
        found.append(
            OracleResult(
                name=f"P(distance ≥ {steps}/{n}) of two samples of {n}",
                expected=closed / math.comb(2 * n, n),
                got=smirnov(a, b) or 0.0,
                tolerance=1e-12,
                source="Gnedenko & Korolyuk 1951, Dokl. Akad. Nauk SSSR 80:525",
            )
        )
    a, b = [0.0, 1.0, 1.0, 2.0], [1.0, 2.0, 2.0, 3.0, 3.0]
    pooled, seen = a + b, _distance(a, b)
    splits = list(itertools.combinations(range(9), 4))
    as_far = sum(
        _distance([pooled[i] for i in s], [pooled[i] for i in range(9) if i not in s])
        >= seen - 1e-12
        for s in splits
    )
    found.append(
        OracleResult(
            name="P(distance ≥ the one seen) with ties",
            expected=as_far / len(splits),
            got=smirnov(a, b) or 0.0,
            tolerance=1e-12,
            source="all 126 splits of nine scores, listed",
        )
    )
    return found


def _distance(a: list[float], b: list[float]) -> float:
    return max(
        abs(sum(x <= at for x in a) / len(a) - sum(x <= at for x in b) / len(b)) for at in a + b
    )


def _band(measured: Measured) -> list[OracleResult]:
    grid = [k / 1000 for k in range(1000)]
    same = distance(grid, grid, missing_a=0, missing_b=0, level=0.9)
    part = Streams(
        evaluated=tuple(grid),
        live=tuple(grid[:900]) + (None,) * 100,
        live_seeds=(9.0,) * 59 + (None,),
    )
    found = measured(part, 0).quantities
    high = bounds(found["drift"], alpha_low=0.05, alpha_high=0.05).high
    return [
        OracleResult(
            name="the band of two samples of 1,000 at 90 %",
            expected=2 * 0.04294694083467376,
            got=same.high,
            tolerance=1e-12,
            source="√(ln(2/0.05)/2000) for each, Massart 1990",
        ),
        OracleResult(
            name="a tenth of the live scores is missing",
            expected=2 * math.sqrt(math.log(80) / 2000) + 0.1 + 0.1,
            got=high,
            tolerance=1e-12,
            source="distance 0.1 of those seen, 0.1 for those that may lie anywhere, and the band",
        ),
        OracleResult(
            name="59 of 60 seeded attacks, one without a score: at least",
            expected=0.923,
            got=bounds(found["live_seeded_recall"], alpha_low=0.05, alpha_high=0.05).low,
            tolerance=0.0005,
            source="Clopper & Pearson 1934, one-sided 95 %",
        ),
    ]


def _watch() -> list[OracleResult]:
    draw = random.Random(7)  # noqa: S311 - a simulation
    runs, total, alarms = 600, 0.0, 0
    for seed in range(runs):
        values = [float(draw.randrange(6)) for _ in range(60)]
        alarms += watch(values[:20], values[20:], seed=seed, level=0.9).first_alarm is not None
        for part in range(0, 60, 6):
            few = watch(values[part : part + 2], values[part + 2 : part + 6], seed=seed, level=0.9)
            total += math.exp(few.log_wealth[-1])
    return [
        OracleResult(
            name="mean wealth of the watch where nothing changed",
            expected=1.0,
            got=total / (10 * runs),
            tolerance=0.03,
            source="a martingale from 1; 6,000 seeded streams of 2 and 4 scores, with ties",
        ),
        OracleResult(
            name="share of streams without a change that ever alarm at 10 %",
            expected=0.05,
            got=alarms / runs,
            tolerance=0.05,
            source="at most 0.1, Ville 1939",
        ),
    ]
