"""The numbers the templates quote are right, and their criteria decide as the sources' rules do."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from tests.templates.test_templates import DATA, instance

from safetycase.argument.graph import rule_of
from safetycase.argument.model import Argument, Claim
from safetycase.stats.binomial import at_least, clopper_pearson, wilson


def said(name: str) -> str:
    return " ".join((Path(DATA) / f"{name}.yaml").read_text("utf-8").split())


def upper(failures: int, trials: int) -> float:
    return clopper_pearson(failures, trials, alpha_low=0.05, alpha_high=0.05).high


def lower(successes: int, trials: int) -> float:
    return clopper_pearson(successes, trials, alpha_low=0.05, alpha_high=0.05).low


def criterion(name: str, claim: str) -> Claim:
    found = instance(name).elements[f"T/{claim}"]
    assert isinstance(found, Claim)
    assert found.holds_when is not None
    return found


@pytest.mark.parametrize(
    ("template", "words", "value", "shown"),
    [
        ("control", "0 of 300 gives a bound of 0.00994", upper(0, 300), 0.00994),
        ("control", "170 of 187 gives 0.867", lower(170, 187), 0.867),
        ("control", "37 of 37 gives 0.922", lower(37, 37), 0.922),
        ("control", "59 of 60 gives 0.923", lower(59, 60), 0.923),
        ("scheming-inability", "0 of 50 gives 0.071", wilson(0, 50, 0.95).high, 0.071),
    ],
)
def test_quoted_bounds(template: str, words: str, value: float, shown: float) -> None:
    assert words in said(template)
    assert round(value, len(str(shown).split(".")[1])) == shown


def test_the_two_tails_of_the_debate_case() -> None:
    worst, independent = 1000 * 0.01 / 30, at_least(30, 1000, 0.01)
    assert f"the two are {worst:.2f} and {independent:.0e}".replace("e-07", "e-7") in said("debate")


def test_the_uplift_of_the_misuse_case() -> None:
    """R = a D m / (m + scale) for exponential times of attempt and success."""
    assert "the uplift is 60,223" in said("misuse-safeguards")

    def risk(scale: float, steps: int = 20_000) -> float:
        mean, top = 0.25, 10.0
        step = top / steps
        total = 0.0
        for i in range(steps):
            t = (i + 0.5) * step
            total += (1 - math.exp(-t / scale)) * math.exp(-t / mean) / mean * step
        return 5 * 1e6 * total

    assert risk(10) - risk(20) == pytest.approx(60_223, rel=1e-3)


def test_the_composition_of_the_scheming_case() -> None:
    composed = 0.5 * (0.01 + (1 - 0.01) * 0.005)
    assert f"composition gives {composed:.4f}" in said("scheming")


def test_an_inability_challenge_whose_interval_straddles_is_undetermined() -> None:
    claim = criterion("scheming-inability", "AWARENESS-READ-LOGS")
    assert claim.holds_when is not None
    for successes, trials, outcome in ((0, 50, True), (35, 99, False), (8, 50, None)):
        found = wilson(successes, trials, 0.95)
        assert claim.holds_when.decide({"success": (found.low, found.high)}) is outcome
    # The published rule decides the last one on its point estimate: 16 % is at most 20 %.


@pytest.mark.parametrize(
    ("step", "challenges", "passes_allowed"), [("STEALTH-COUNT", 5, 3), ("AWARENESS-COUNT", 11, 8)]
)
def test_enough_failures_leave_fewer_than_80_per_cent_passed(
    step: str, challenges: int, passes_allowed: int
) -> None:
    found = instance("scheming-inability").elements[f"T/{step}"]
    assert isinstance(found, Argument)
    assert rule_of(found) == "k of n"
    assert found.k is not None
    assert len(found.premises) == challenges
    assert challenges - found.k == passes_allowed
    assert passes_allowed / challenges < 0.8 <= (passes_allowed + 1) / challenges
