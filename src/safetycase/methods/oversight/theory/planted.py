"""Statements whose bound is known in closed form, and protocols that do not keep theirs."""

from __future__ import annotations

import random

from safetycase.methods.oversight.planted import Flaw, Votes, majority_error, voting
from safetycase.methods.oversight.theory.analysis import JudgeError, analyse, play_all
from safetycase.plugin.contract import Controls, Measurement, OracleResult, Planted
from safetycase.stats import bounds, clopper_pearson

__all__ = ["controls", "self_check"]

BOUND, LEVEL, ITEMS, RUNS = 0.1, 0.95, 200, 20
SOURCE = "binomial tail"


def _measured(flaw: Flaw, judge: JudgeError, gap: float) -> Measurement:
    found = voting(flaw=flaw)
    rows = play_all(found, found.domains, 1)
    corrupted = found.corrupted()
    spoiled = play_all(corrupted, corrupted.domains, 1)
    return analyse(found, Votes(), judge, gap, rows, spoiled)


def _high(found: Measurement) -> float:
    statistic = found.quantities["disagreement_bound"]
    return bounds(statistic, alpha_low=0.0, alpha_high=1 - LEVEL).high


def self_check() -> tuple[OracleResult, ...]:
    """Nine votes at noise 0.1, then with a judge error of 0.05 and a gap of 0.02 on top."""
    stated = JudgeError(high=0.0, level=LEVEL, says="none")
    worse = JudgeError(high=0.05, level=LEVEL, says="stated")
    cases = ((stated, 0.0, majority_error(9, 0.1)), (worse, 0.02, majority_error(9, 0.15) + 0.02))
    return tuple(
        OracleResult(
            name=f"bound at judge error {judge.high}, gap {gap}",
            expected=expected,
            got=_high(_measured("", judge, gap)),
            tolerance=1e-12,
            source=SOURCE,
        )
        for judge, gap, expected in cases
    )


def controls() -> Controls:
    """Judges with a true error below and above what the bound allows, and flawed protocols."""
    good = [_counted(0.02, seed) for seed in range(RUNS)]
    poor = [_counted(0.35, seed) for seed in range(RUNS)]
    clean = JudgeError(high=0.0, level=LEVEL, says="none")
    return Controls(
        criterion=f"disagreement_bound <= {BOUND} at {LEVEL:.0%}, every instrument check passed",
        planted=(
            _planted("an able judge", True, [("", judge, 0.0) for judge in good]),
            _planted("a poor judge", False, [("", judge, 0.0) for judge in poor]),
            _planted("far from equilibrium", False, [("", clean, 0.2)]),
            _planted("a statement out of its range", False, [("out of range", clean, 0.0)]),
            _planted("a protocol that breaks it", False, [("one vote", clean, 0.0)]),
            _planted("a wasteful honest side", False, [("waste", clean, 0.0)]),
        ),
    )


def _counted(rate: float, seed: int) -> JudgeError:
    drawn = random.Random(seed)  # noqa: S311 - a simulation
    wrong = sum(drawn.random() < rate for _ in range(ITEMS))
    ends = clopper_pearson(wrong, ITEMS, alpha_low=0.0, alpha_high=1 - LEVEL)
    return JudgeError(high=ends.high, level=LEVEL, says=f"{wrong} of {ITEMS}")


def _planted(name: str, true: bool, cases: list[tuple[Flaw, JudgeError, float]]) -> Planted:
    passes = 0
    for flaw, judge, gap in cases:
        found = _measured(flaw, judge, gap)
        worked = all(check.passed for check in found.instrument)
        passes += worked and _high(found) <= BOUND
    return Planted(name=name, claim_is_true=true, passes=passes, runs=len(cases))
