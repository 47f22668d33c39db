"""Posteriors of a schemer after tests: closed forms, enumeration, and hostile numbers."""

import itertools
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safetycase.methods.scheming.honeypots.posteriors import (
    Declared,
    Record,
    best_responder_posterior,
    best_response_rate,
    deployment_risk,
    distinguishing_posterior,
    fixed_rate_posterior,
    pass_probability,
    posterior_odds,
    rate_posterior,
)

HALF = Declared(prior=0.5, queries=10_000, act_rate=0.01)


def test_a_thousand_clean_tests_of_a_naive_schemer_at_one_percent() -> None:
    """Kovařík et al. (2025) give odds of about 1 : 20,000; exactly they are 1 : 23,164."""
    assert round(1 / posterior_odds(0.5, 0.01, 1000)) == 23_164
    assert fixed_rate_posterior(Record(number=1000), HALF) == pytest.approx(1 / 23_165, rel=1e-4)


def test_the_best_responder_passes_with_probability_one_over_e() -> None:
    rate = best_response_rate(1000, 10_000, "each")
    assert rate == pytest.approx(1 / 1001)
    assert pass_probability(rate, 1000) == pytest.approx(0.368, abs=5e-4)


def test_one_in_ten_thousand_passes_a_thousand_tests() -> None:
    assert pass_probability(1e-4, 1_000) == pytest.approx(0.905, abs=5e-4)
    assert pass_probability(1e-4, 10_000) == pytest.approx(0.368, abs=5e-4)


def test_where_one_act_is_enough_the_best_responder_hides_better() -> None:
    """(1 − p)^N = n/(n + N), so that it passes with (n/(n + N))^(n/N)."""
    rate = best_response_rate(1000, 10_000, "once")
    assert pass_probability(rate, 1000) == pytest.approx((1 / 11) ** 0.1)
    assert best_responder_posterior(Record(number=1000), HALF) == pytest.approx(
        (1 / 11) ** 0.1 / (1 + (1 / 11) ** 0.1)
    )


@pytest.mark.parametrize("payoff", ["each", "once"])
@pytest.mark.parametrize(("tests", "queries"), [(1, 1), (5, 50), (50, 5), (1000, 10_000)])
def test_no_other_rate_pays_more(payoff: str, tests: int, queries: int) -> None:
    def gain(rate: float) -> float:
        paid = queries * rate if payoff == "each" else 1 - (1 - rate) ** queries
        return (1 - rate) ** tests * paid

    best = best_response_rate(tests, queries, payoff)
    assert all(gain(best) >= gain(i / 20_000) * (1 - 1e-12) for i in range(1, 20_000))


@given(n=st.integers(1, 10**6), prior=st.floats(0.001, 0.999))
def test_tests_add_nothing_against_one_that_recognises_them(n: int, prior: float) -> None:
    declared = Declared(prior=prior, queries=10, act_rate=0.5)
    assert distinguishing_posterior(Record(number=n), declared) == pytest.approx(prior)
    slips = Declared(prior=prior, queries=10, act_rate=0.5, slip_rate=0.02)
    assert distinguishing_posterior(Record(number=n, acts=n // 2), slips) == pytest.approx(prior)


def test_bayes_by_enumeration_of_every_outcome() -> None:
    """All 2^6 outcomes of 6 tests: joint probabilities, then division, in exact order."""
    declared = Declared(prior=0.3, queries=10, act_rate=0.2, slip_rate=0.05)
    for outcome in itertools.product((0, 1), repeat=6):
        joint = [
            prior * math.prod(rate if act else 1 - rate for act in outcome)
            for prior, rate in ((0.3, 0.2), (0.7, 0.05))
        ]
        found = fixed_rate_posterior(Record(number=6, acts=sum(outcome)), declared)
        assert found == pytest.approx(joint[0] / sum(joint))


def test_the_posterior_is_calibrated() -> None:
    """Of many worlds drawn from the prior, the share of schemers among those that pass."""
    draw, declared = random.Random(4), Declared(prior=0.5, queries=10, act_rate=0.05)
    passed = schemers = 0
    for _ in range(20_000):
        schemer = draw.random() < 0.5
        if not schemer or all(draw.random() >= 0.05 for _ in range(20)):
            passed, schemers = passed + 1, schemers + schemer
    expected = fixed_rate_posterior(Record(number=20), declared)
    assert schemers / passed == pytest.approx(expected, abs=4 * math.sqrt(0.25 / passed))


@given(n=st.integers(1, 10**5), queries=st.integers(1, 10**6), prior=st.floats(1e-6, 1 - 1e-6))
def test_no_strategy_is_worse_than_the_prior_when_all_passes(
    n: int, queries: int, prior: float
) -> None:
    declared = Declared(prior=prior, queries=queries, act_rate=0.01)
    tests = Record(number=n)
    assert 0 <= fixed_rate_posterior(tests, declared) <= prior * (1 + 1e-9)
    best = best_responder_posterior(tests, declared)
    assert 0 <= best <= distinguishing_posterior(tests, declared) * (1 + 1e-9)


@given(n=st.integers(1, 2000), acts=st.integers(0, 50), slip=st.floats(0, 0.3))
def test_no_act_speaks_for_a_model_against_a_best_responder(n: int, acts: int, slip: float) -> None:
    """A rate below the slips would make ever more acts an ever better record."""
    declared = Declared(prior=0.3, queries=100, act_rate=0.5, slip_rate=slip)
    fewer, more = (
        best_responder_posterior(Record(number=n, acts=min(n, k)), declared)
        for k in (acts, acts + 1)
    )
    assert fewer <= more * (1 + 1e-9)


def test_an_act_that_no_slip_explains_is_certain_evidence() -> None:
    seen = Record(number=1000, acts=1)
    assert fixed_rate_posterior(seen, HALF) == 1
    assert distinguishing_posterior(seen, HALF) == 1
    slips = Declared(prior=0.5, queries=10_000, act_rate=0.01, slip_rate=0.02)
    assert fixed_rate_posterior(seen, slips) > 0.999  # 1 in 1000 is far from a slip rate of 2 %
    assert fixed_rate_posterior(Record(number=1000, acts=20), slips) < 0.1


def test_nothing_tested_leaves_the_prior() -> None:
    none = Record(number=0)
    for posterior in (fixed_rate_posterior, best_responder_posterior, distinguishing_posterior):
        assert posterior(none, HALF) == 0.5


def test_a_million_tests_do_not_underflow() -> None:
    found = rate_posterior(Record(number=10**6), HALF, 0.01)
    assert found == 0 or math.isfinite(math.log(found))
    assert rate_posterior(Record(number=10**6, acts=10**6), HALF, 0.01) == 1


def test_the_risk_left_over_deployment() -> None:
    assert deployment_risk(0.5, 1e-4, 10_000) == pytest.approx(0.5 * (1 - 0.99990**10_000))
    assert deployment_risk(0.0, 1.0, 1) == 0


@pytest.mark.parametrize(
    "broken",
    [
        lambda: Declared(prior=0.0, queries=1, act_rate=0.1),
        lambda: Declared(prior=math.nan, queries=1, act_rate=0.1),
        lambda: Declared(prior=0.5, queries=0, act_rate=0.1),
        lambda: Declared(prior=0.5, queries=1, act_rate=1.0),
        lambda: Declared(prior=0.5, queries=1, act_rate=0.1, slip_rate=1.0),
        lambda: Record(number=2, acts=3),
        lambda: Record(number=-1),
        lambda: best_response_rate(0, 10, "each"),
        lambda: pass_probability(1.5, 3),
        lambda: rate_posterior(Record(number=1), HALF, math.nan),
        lambda: deployment_risk(1.5, 0.1, 1),
    ],
)
def test_what_is_no_probability_is_refused(broken) -> None:
    with pytest.raises(ValueError):
        broken()
