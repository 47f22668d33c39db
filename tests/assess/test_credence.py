"""What a leaf is worth: charged for attempts, capped by power, never raised by a prior."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safetycase.argument.expression import parse
from safetycase.argument.model import Prior
from safetycase.assess.credence import rated
from safetycase.assess.planning import clean_items
from safetycase.assess.records import ControlsRecord
from safetycase.checks.criterion import confidence
from safetycase.stats import Interval, Proportion, rate_confidence

CRITERION = parse("rate <= 0.01")


def rate(
    k: int = 0,
    n: int = 300,
    *,
    rank: int = 1,
    controls: tuple[int, int, int, int] | None = None,
    prior: Prior | None = None,
    known: tuple[float, float] | None = None,
) -> tuple[float, float, float | None]:
    statistics = {"rate": Proportion(successes=k, trials=n)}
    record = None
    if controls:
        record = ControlsRecord(
            method="m",
            version="1",
            criterion="c",
            false_passes=controls[0],
            false_runs=controls[1],
            true_passes=controls[2],
            true_runs=controls[3],
            p_pass_if_false=Interval(0, 1),
            p_pass_if_true=Interval(0, 1),
        )
    found = rated(
        CRITERION,
        statistics,
        known or confidence(CRITERION, statistics),
        rank=rank,
        controls=record,
        prior=prior,
    )
    return found.bounds.low, found.bounds.high, found.told.posterior


def prior(**given: float) -> Prior:
    return Prior(owner="o", because="b", **given)  # type: ignore[arg-type]


def test_the_attempt_is_charged() -> None:
    doubt = 1 - rate_confidence(0, 300, 0.01)[0]
    assert rate()[0] == pytest.approx(1 - 2 * doubt)
    assert rate(rank=3)[0] == pytest.approx(1 - 12 * doubt)
    assert rate(rank=50)[0] == 0.0


def test_a_leaf_is_worth_no_more_than_the_power_of_its_method() -> None:
    assert rate(0, 100_000, controls=(0, 19, 19, 19))[0] == pytest.approx(0.95)
    assert rate(0, 100_000, controls=(1, 19, 19, 19))[0] == pytest.approx(0.90)
    assert rate(0, 100_000, controls=(19, 19, 19, 19))[0] == 0.0


def test_instrument_and_claim_are_updated_together() -> None:
    # Gunn et al. 2016: endless passes with an instrument that is valid with .95.
    sure = (1.0, 1.0)
    # Were claim and instrument independent beforehand it would be .952; nobody declared that.
    assert rate(known=sure, prior=prior(holds=0.5, valid=0.95))[0] == pytest.approx(0.5 / 0.55)
    # A prior validity times the confidence of the data would say .95 here.
    assert rate(known=sure, prior=prior(holds=0.1, valid=0.95))[0] == pytest.approx(0.1 / 0.15)


def test_a_silent_test_of_little_power_says_little() -> None:
    # It catches one planted failure in twenty: a doubt of .5 stays .487.
    low = rate(known=(1.0, 1.0), controls=(18, 19, 0, 0), prior=prior(holds=0.5))[0]
    assert low == pytest.approx(min(0.05, 1 - 0.487), abs=1e-3)
    posterior = rate(known=(1.0, 1.0), controls=(18, 19, 0, 0), prior=prior(holds=0.5))[2]
    assert posterior == pytest.approx(1 - 0.487, abs=1e-3)


@pytest.mark.slow
@given(
    st.integers(0, 20),
    st.integers(20, 400),
    st.integers(1, 4),
    st.floats(0, 1),
    st.floats(0, 1),
)
@settings(max_examples=50, deadline=None)
def test_a_prior_never_raises_a_leaf(k: int, n: int, rank: int, holds: float, valid: float) -> None:
    without = rate(k, n, rank=rank)
    given_prior = rate(k, n, rank=rank, prior=prior(holds=holds, valid=valid))
    assert given_prior[0] <= without[0]
    assert given_prior[0] <= given_prior[1]


def test_a_conservative_prior_on_the_rate() -> None:
    # The closed form for no failure: pi (1-e)^n / (pi (1-e)^n + (1-pi) (1-p)^n).
    n, pi, e, p = 300, 0.5, 0.001, 0.01
    good, bad = pi * (1 - e) ** n, (1 - pi) * (1 - p) ** n
    found = rate(0, n, prior=prior(rate_at_most=e, with_probability=pi))
    assert found[2] == pytest.approx(good / (good + bad))
    # Nothing believed stays nothing, and a failure without a floor takes it all.
    assert rate(0, n, prior=prior(rate_at_most=e, with_probability=0.0))[0] == 0.0
    assert rate(1, n, prior=prior(rate_at_most=e, with_probability=0.9))[2] == 0.0
    assert rate(0, n, prior=prior(rate_at_most=0.5, with_probability=0.9))[2] == 0.0


@pytest.mark.parametrize("doubt", [0.05, 0.01, 0.001])
@pytest.mark.parametrize("rank", [1, 3])
def test_what_a_plan_asks_for_is_enough_and_one_less_is_not(doubt: float, rank: int) -> None:
    n = clean_items(CRITERION, doubt / (rank * (rank + 1)))
    planted = round(1 / doubt) - 1
    assert n is not None
    all_caught = (0, planted, planted, planted)
    assert rate(0, n, rank=rank, controls=all_caught)[0] >= 1 - doubt - 1e-9
    assert rate(0, n - 1, rank=rank, controls=all_caught)[0] < 1 - doubt
    one_less = (0, planted - 1, planted, planted)
    assert rate(0, n, rank=rank, controls=one_less)[0] < 1 - doubt
