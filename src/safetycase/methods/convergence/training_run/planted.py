"""Planted curves whose end is known, and the oracles of the interval and of the rollouts."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from safetycase.methods.convergence.closed_forms import episodes_to_see, largest_hidden
from safetycase.methods.convergence.training_run.analysis import measured
from safetycase.methods.convergence.training_run.rows import Training
from safetycase.methods.convergence.training_run.trend import Trend, student, trend
from safetycase.plugin.contract import Controls, Measurement, OracleResult, Planted
from safetycase.stats import bounds

__all__ = ["SUBJECTS", "Subject", "controls", "curve", "looked", "noise", "passes", "self_check"]

ROWS, WINDOW, COUNT, RUNS, BOUND, ALPHA = 1000, 0.5, 3, 6, 0.1, 0.05
SIZE, MEMORY = 0.01, 0.5
"""Standard deviation of a new shock of the noise, and the share of the last that stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A shape of the reward over time, in windows before (−) and after (+) the end."""

    name: str
    says: str
    reward: Callable[[float, int], float]
    settled: bool


def _logistic(at: float) -> float:
    return 1 / (1 + math.exp(-at))


SUBJECTS = (
    Subject(
        name="settled",
        says="rises early and is flat since",
        reward=lambda at, _: 0.7 * _logistic(12 * (at + 1.6)),
        settled=True,
    ),
    Subject(
        name="stopped early",
        says="on its way to a limit, a third of which is missing",
        reward=lambda at, _: 0.9 * (1 - math.exp(-(at + 2) / 1.8)),
        settled=False,
    ),
    Subject(
        name="slow drift",
        says="rises by 0.15 in each window, evenly",
        reward=lambda at, _: 0.3 + 0.15 * at,
        settled=False,
    ),
    Subject(
        name="late rise, begun",
        says="flat, and a rise whose middle comes a fifth of a window after the end",
        reward=lambda at, _: 0.4 + 0.5 * _logistic(9.2 * (at - 0.2)),
        settled=False,
    ),
    Subject(
        name="late rise, to come",
        says="flat, and a rise whose middle comes five windows after the end: no curve shows it",
        reward=lambda at, _: 0.4 + 0.5 * _logistic(9.2 * (at - 5)),
        settled=False,
    ),
    Subject(
        name="one found more",
        says="flat, one training higher than the others by 0.3",
        reward=lambda at, number: 0.7 * _logistic(12 * (at + 1.6)) - 0.3 * (number > 0),
        settled=False,
    ),
)


def controls() -> Controls:
    """Trainings that have ended and such that have not; a rise to come is beyond any curve."""
    return Controls(
        criterion=f"reward_gain <= {BOUND} and final_spread <= {BOUND} at {1 - ALPHA:.0%}, and "
        "every check passes",
        planted=tuple(
            Planted(
                name=subject.name,
                claim_is_true=subject.settled,
                passes=sum(passes(looked(subject, seed)) for seed in range(RUNS)),
                runs=RUNS,
                says=subject.says,
            )
            for subject in SUBJECTS
        ),
    )


def passes(found: Measurement) -> bool:
    """Whether the claim passes, by the statistics and checks that a leaf would get."""
    return all(check.passed for check in found.instrument) and all(
        bounds(found.quantities[name], alpha_low=ALPHA, alpha_high=ALPHA).high <= BOUND
        for name in ("reward_gain", "final_spread")
    )


def looked(subject: Subject, seed: int) -> Measurement:
    """The measurement of `COUNT` planted trainings."""
    from safetycase.methods.convergence.training_run.method import Parameters

    parameters = Parameters(trainings=COUNT, reward_low=-1.0, reward_high=1.0, window=WINDOW)
    return measured([curve(subject, seed, number) for number in range(COUNT)], parameters, {})


def curve(subject: Subject, seed: int, number: int) -> Training:
    """One planted training of `ROWS` rows."""
    shaken = noise(ROWS, MEMORY, (seed, number))
    window = WINDOW * ROWS
    return Training(
        run=subject.name,
        seed=number,
        steps=tuple(range(ROWS)),
        # in a range of 2, so that shares of the range are what the shapes say
        reward=tuple(
            2 * (subject.reward((at + 1 - ROWS) / window, number) + SIZE * shaken[at]) - 1
            for at in range(ROWS)
        ),
        exploitability=(None,) * ROWS,
        episodes=(16,) * ROWS,
    )


def noise(rows: int, memory: float, seed: tuple[int, ...]) -> list[float]:
    """Normal noise of the first order: each value is `memory` times the last and a new shock."""
    import numpy as np

    shocks = np.random.default_rng(seed).standard_normal(rows)
    values, last = [], float(shocks[0]) / math.sqrt(1 - memory**2)
    for shock in shocks[1:]:
        values.append(last)
        last = memory * last + float(shock)
    return [*values, last]


def self_check() -> tuple[OracleResult, ...]:
    """Student's table, the rule of three, a line without noise, and intervals that hold."""

    def oracle(
        name: str, expected: float, got: float, tolerance: float, source: str
    ) -> OracleResult:
        return OracleResult(
            name=name, expected=expected, got=got, tolerance=tolerance, source=source
        )

    line = trend([0.25 + 0.001 * at for at in range(100)])
    times = [_shaken(0.8, seed, 4000).time for seed in range(4)]
    runs = 200
    missed = sum(_misses(_shaken(0.8, (7, seed), 1000)) for seed in range(runs))
    table = "table of Student's law"
    exact = "Clopper and Pearson 1934, for no success"
    return (
        oracle("t above which 2.5 % lie, 10 degrees", 2.228, student(0.025, 10), 0.0005, table),
        oracle("t above which 0.5 % lie, 4 degrees", 4.604, student(0.005, 4), 0.0005, table),
        oracle("0 in 300 at 95 %", 1 - 0.05 ** (1 / 300), largest_hidden(300, 0.05), 1e-12, exact),
        oracle("rollouts for 0.1 at 95 %", 29, episodes_to_see(0.1, 0.95), 0, exact),
        oracle("rollouts for 0.01 at 95 %", 299, episodes_to_see(0.01, 0.95), 0, exact),
        oracle("rollouts for 0.001 at 95 %", 2995, episodes_to_see(0.001, 0.95), 0, exact),
        oracle(
            "N × ε of the rule of three",
            math.log(20),
            1e6 * largest_hidden(1_000_000, 0.05),
            1e-4,
            "its limit, ln 20",
        ),
        oracle("slope of a line", 0.001, line.slope, 1e-12, "the line"),
        oracle("its level at the end", 0.25 + 0.099, line.end, 1e-9, "the line"),
        oracle(
            "autocorrelation time at memory 0.8",
            9.0,
            sum(times) / len(times),
            1.2,
            "(1 + 0.8)/(1 − 0.8), noise of the first order",
        ),
        oracle(
            "intervals of 95 % that miss the slope",
            0.05,
            missed / runs,
            0.04,
            f"noise with memory 0.8, 1,000 rows, {runs} seeds",
        ),
    )


def _shaken(memory: float, seed: int | tuple[int, ...], rows: int) -> Trend:
    return trend(noise(rows, memory, seed if isinstance(seed, tuple) else (seed,)))


def _misses(found: Trend) -> bool:
    low, high = found.gain(found.rows, 0.025)
    return low > 0 or high < 0
