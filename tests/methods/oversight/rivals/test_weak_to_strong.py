"""Weak-to-strong: closed forms of the linear model, and that nothing is claimed."""

from __future__ import annotations

import dataclasses
import math
import statistics

import pytest

from safetycase.methods.oversight.domains.noisy_labels import (
    MEAN_ABSOLUTE,
    Supervision,
    expected_error_bound,
    fitted,
    is_wrong,
    limit_error,
    recovered,
    typical_error,
)
from safetycase.methods.oversight.protocols.weak_to_strong import PROTOCOL, Constants, theory
from safetycase.stats import Proportion, bounds
from safetycase.testing.protocols import check_protocol, statement_breaks

BASE = Supervision(labels=1000, dimensions=10, error=0.2)


def test_the_protocol_keeps_the_contract() -> None:
    check_protocol(PROTOCOL, module="safetycase.methods.oversight.protocols.weak_to_strong")


def test_a_claim_that_the_student_recovers_the_truth_is_broken_by_its_error() -> None:
    broken = statement_breaks(PROTOCOL.corrupted())
    assert broken is not None
    assert "error" in broken


def test_nothing_follows_and_the_condition_says_so() -> None:
    found = theory(Constants(), 0.0, 0.0)
    assert found.disagreement == 1.0
    assert [c.holds for c in found.conditions] == [False]
    assert "No statement about equilibria is known" in found.conditions[0].says


def test_the_part_across_the_truth_has_the_law_of_a_chi_square() -> None:
    across = [
        sum(w * w for w in fitted(BASE, seed).direction[1:]) * BASE.labels for seed in range(200)
    ]
    spread = math.sqrt(2 * 9 / 200)
    assert statistics.mean(across) == pytest.approx(9, abs=5 * spread)
    along = statistics.mean(fitted(BASE, seed).direction[0] for seed in range(200))
    assert along == pytest.approx(MEAN_ABSOLUTE * 0.6, abs=5 / math.sqrt(200 * BASE.labels))


def test_the_typical_error_is_that_of_many_students() -> None:
    for error in (0.0, 0.2, 0.4):
        given = dataclasses.replace(BASE, labels=2000, error=error)
        mean = statistics.mean(fitted(given, seed).error for seed in range(100))
        assert mean == pytest.approx(typical_error(given), rel=0.05)


def test_the_bound_on_the_mean_error_holds_and_tells_something() -> None:
    for labels, error in ((100, 0.0), (1000, 0.2), (4000, 0.4), (4000, 0.0)):
        given = dataclasses.replace(BASE, labels=labels, error=error)
        mean = statistics.mean(fitted(given, seed).error for seed in range(60))
        assert mean <= expected_error_bound(given) <= 0.5
    assert expected_error_bound(dataclasses.replace(BASE, labels=4000)) < 0.06
    assert expected_error_bound(dataclasses.replace(BASE, error=0.5)) == 0.5
    with pytest.raises(ValueError, match="limit_error"):
        expected_error_bound(dataclasses.replace(BASE, systematic=0.5))


def test_mistakes_by_chance_wash_out_and_mistakes_by_rule_stay() -> None:
    chance = dataclasses.replace(BASE, labels=50_000)
    rule = dataclasses.replace(chance, systematic=1.0)
    assert limit_error(chance) == 0.0
    assert limit_error(rule) == pytest.approx(0.2)
    assert fitted(chance, 0).error < 0.02
    assert fitted(rule, 0).error == pytest.approx(0.2, abs=0.02)
    ceiling = fitted(dataclasses.replace(chance, error=0.0), 0).error
    assert recovered(0.2, fitted(chance, 0).error, ceiling) > 0.95
    assert recovered(0.2, fitted(rule, 0).error, ceiling) == pytest.approx(0.0, abs=0.1)


@pytest.mark.parametrize("share", [0.25, 0.5, 0.75])
def test_the_limit_of_a_mixture(share: float) -> None:
    given = dataclasses.replace(BASE, labels=50_000, systematic=share)
    assert fitted(given, 1).error == pytest.approx(limit_error(given), abs=0.01)
    assert 0 < limit_error(given) < 0.2


def test_a_fresh_input_is_wrong_as_often_as_the_angle_says() -> None:
    student = fitted(dataclasses.replace(BASE, labels=30), 3)
    wrong = sum(is_wrong(student, seed) for seed in range(1500))
    found = bounds(Proportion(successes=wrong, trials=1500), alpha_low=0.001, alpha_high=0.001)
    assert found.low <= student.error <= found.high


def test_the_attack_rises_from_the_students_own_error_to_its_supervisors() -> None:
    attack = PROTOCOL.attacks[0]
    rates = [attack.run(400, budget, 400, 0).successes / 400 for budget in (0.0, 0.5, 1.0)]
    assert rates == sorted(rates)
    assert rates[-1] == pytest.approx(0.2, abs=0.08)


def test_impossible_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="no gap"):
        recovered(0.1, 0.1, 0.1)
    with pytest.raises(ValueError, match="1/2"):
        Supervision(labels=1, dimensions=2, error=0.7)
    with pytest.raises(ValueError, match="share"):
        Supervision(labels=1, dimensions=2, error=0.1, systematic=2.0)
    with pytest.raises(ValueError, match="dimensions"):
        Supervision(labels=1, dimensions=1, error=0.1)
    with pytest.raises(ValueError, match="limit_error"):
        typical_error(dataclasses.replace(BASE, systematic=0.5))
    with pytest.raises(ValueError, match="labels"):
        Constants(labels=0)
    assert limit_error(Supervision(labels=1, dimensions=2, error=0.5)) == 0.5
