"""Forecasts of the worst query: the published behaviour, the band under the warrant, the test."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safetycase.stats import all_clear
from safetycase.stats.tails import (
    TailFit,
    fit_tail,
    forecast,
    goodness,
    probability_of,
    score_of,
    share_above,
)


def log_probabilities(scores: np.ndarray) -> list[float]:
    """The logarithms of the elicitation probabilities with these scores."""
    return [float(x) for x in -np.exp(-scores)]


def exponential_tail(rng: np.random.Generator, n: int, place: float, scale: float) -> list[float]:
    return log_probabilities(place + scale * rng.standard_exponential(n))


def ahead(fit: TailFit, queries: int, **keywords: float):
    return forecast(fit, queries, alpha_low=0.05, alpha_high=0.05, seed=1, **keywords)


def test_the_fit_is_least_squares_on_the_ten_largest() -> None:
    rng = np.random.default_rng(0)
    scores = rng.gumbel(size=300)
    fit = fit_tail(log_probabilities(scores))
    top = np.sort(scores)[::-1][:10]
    slope, intercept = np.polyfit(top, np.log(np.arange(1, 11) / 300), 1)
    assert fit.slope == pytest.approx(float(slope))
    assert fit.intercept == pytest.approx(float(intercept))
    assert fit.scores == pytest.approx([float(x) for x in top])
    assert fit.tested == 300


def test_an_exact_line_is_extrapolated_exactly() -> None:
    """Where log(i/n) = −2ψ + 1 on every score, the 1/N quantile is the line's."""
    n = 100
    scores = np.array([(1 - math.log((i + 1) / n)) / 2 for i in range(n)])
    fit = fit_tail(log_probabilities(scores))
    assert (fit.slope, fit.intercept) == pytest.approx((-2, 1))
    found = ahead(fit, 10_000)
    assert found.score == pytest.approx((1 + math.log(10_000)) / 2)
    assert found.probability == pytest.approx(probability_of(found.score))
    at = probability_of((1 + math.log(1000)) / 2)
    assert share_above(fit, at) == pytest.approx(1e-3)
    assert share_above(fit, 1e-9) == pytest.approx(0.1)  # no more than what was fitted


# Standard Gumbel scores, top ten: mean error of ψ and share of underestimates against the true
# quantile. Jones et al. (2025) report 34 % underestimates at two orders of magnitude.
@pytest.mark.slow
@pytest.mark.parametrize(
    ("n", "queries", "error"), [(1000, 10_000, 1.41), (1000, 100_000, 2.01), (900, 90_000, 2.20)]
)
def test_the_published_forecasts_of_gumbel_scores(n: int, queries: int, error: float) -> None:
    rng, runs = np.random.default_rng(2025), 2000
    # The ten largest of n Gumbel scores, from the ten smallest uniform numbers.
    arrivals = rng.standard_exponential((runs, 10)).cumsum(axis=1)
    uniform = arrivals / (arrivals[:, -1:] + rng.standard_gamma(n - 9, (runs, 1)))
    top = -np.log(-np.log1p(-uniform))
    true = -math.log(-math.log1p(-1 / queries))
    errors = []
    for row in top:
        padded = [*log_probabilities(row), *[-math.inf] * (n - 10)]
        fit = fit_tail(padded)
        errors.append(-(math.log(queries) + fit.intercept) / fit.slope - true)
    spread = float(np.std(errors))
    assert 0.25 < float(np.mean(np.array(errors) < 0)) < 0.37
    assert 2.0 < spread < 4.0
    assert float(np.mean(errors)) == pytest.approx(error, abs=4 * spread / math.sqrt(runs))


@pytest.mark.slow
@pytest.mark.parametrize(("place", "scale"), [(-3.0, 0.2), (0.0, 1.0)])
def test_under_the_warrant_the_band_holds_the_worst_query(place: float, scale: float) -> None:
    rng, runs, n, queries = np.random.default_rng(7), 400, 200, 5_000
    above = below = 0
    for i in range(runs):
        fit = fit_tail(exponential_tail(rng, n, place, scale))
        found = forecast(fit, queries, alpha_low=0.05, alpha_high=0.1, seed=i, draws=199)
        worst = place + scale * float(rng.standard_exponential(queries).max())
        below += worst < found.conditional_score.low
        above += worst > found.conditional_score.high
    assert below / runs <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)
    assert above / runs <= 0.1 + 3 * math.sqrt(0.1 * 0.9 / runs)
    assert above > 0


def test_without_the_warrant_the_band_fails() -> None:
    """One query in 2,000 belongs to a mode of its own, which 200 tested ones rarely meet."""
    rng, runs, missed, refuted = np.random.default_rng(3), 200, 0, 0

    def drawn(n: int) -> np.ndarray:
        body = -3 + 0.1 * rng.standard_exponential(n)
        return np.where(rng.random(n) < 1 / 2000, 4.0, body)

    for i in range(runs):
        fit = fit_tail(log_probabilities(drawn(200)))
        found = forecast(fit, 20_000, alpha_low=0, alpha_high=0.05, seed=i, draws=199)
        worst = float(drawn(20_000).max())
        missed += worst > found.conditional_score.high
        refuted += found.goodness.p_value < 0.05
        assert found.none_worse == pytest.approx(200 / 20_200)
    assert missed / runs > 0.8
    assert refuted / runs < 0.2  # no test of the tested queries can see what they lack


@pytest.mark.slow
def test_the_goodness_test_keeps_its_level_and_can_refute() -> None:
    rng, runs = np.random.default_rng(4), 300
    level = power = 0
    for i in range(runs):
        level += (
            goodness(fit_tail(exponential_tail(rng, 100, 0, 1)), seed=i, draws=199).p_value <= 0.1
        )
        # Scores with a hard ceiling: the tail ends and does not fall log-linearly.
        bounded = log_probabilities(1 - (1 - rng.random(2000)) ** 4)
        capped = fit_tail(bounded, largest=200)
        power += goodness(capped, seed=i, draws=199).p_value <= 0.1
    assert level / runs <= 0.1 + 3 * math.sqrt(0.09 / runs)
    assert power / runs > 0.9


def test_a_forecast_carries_its_warrant_and_what_holds_without_it() -> None:
    fit = fit_tail(exponential_tail(np.random.default_rng(1), 900, -2, 0.3))
    found = ahead(fit, 90_000)
    assert "log" in found.warrant.says
    assert "90,000" in found.warrant.says
    assert found.warrant.orders_of_magnitude == pytest.approx(2)
    assert found.none_worse == all_clear(900, 90_000)
    band = found.conditional_probability
    assert 0 <= band.low < found.probability < band.high <= 1
    assert ahead(fit, 90_000) == found
    nothing = forecast(fit, 90_000, alpha_low=0, alpha_high=0, seed=1)
    assert (nothing.conditional_probability.low, nothing.conditional_probability.high) == (0, 1)


def test_the_exchangeable_statement_is_exact() -> None:
    rng, runs, n, more = np.random.default_rng(5), 4000, 30, 60
    draws = rng.random((runs, n + more))
    share = float((draws[:, :n].max(axis=1) >= draws[:, n:].max(axis=1)).mean())
    assert share == pytest.approx(all_clear(n, more), abs=4 * math.sqrt(2 / 9 / runs))


@settings(max_examples=40)
@given(st.lists(st.floats(-50, -1e-3), min_size=12, max_size=30, unique=True), st.floats(1, 1e4))
def test_more_queries_are_never_forecast_milder(logs: list[float], factor: float) -> None:
    scores = sorted((score_of(log) for log in logs), reverse=True)
    if scores[0] - scores[9] < 1e-6:
        return
    fit = fit_tail(logs)
    near = forecast(fit, 30, alpha_low=0.1, alpha_high=0.1, seed=0, draws=49)
    far = forecast(fit, round(30 * factor), alpha_low=0.1, alpha_high=0.1, seed=0, draws=49)
    assert fit.slope < 0
    assert far.score >= near.score
    assert far.none_worse <= near.none_worse


@given(st.floats(-600, -1e-12))
def test_scores_and_probabilities_are_inverse(log: float) -> None:
    assert probability_of(score_of(log)) == pytest.approx(math.exp(log), rel=1e-9)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: fit_tail([-1.0, -2.0, -3.0]), "10 largest of 3 scores"),
        (lambda: fit_tail([-1.0] * 20), "all equal"),
        (lambda: fit_tail([-1.0, -2.0] + [-math.inf] * 20), "above 0"),
        (lambda: fit_tail([0.0] + [-float(i) for i in range(1, 20)]), "not below 0"),
        (lambda: fit_tail([math.nan] + [-float(i) for i in range(1, 20)]), "not below 0"),
        (lambda: fit_tail([-1.0, -2.0, -3.0, -4.0], largest=3), "3 largest of 4"),
        (lambda: ahead(fit_tail([-float(i) for i in range(1, 20)]), 10), "no fewer"),
        (lambda: ahead(fit_tail([-float(i) for i in range(1, 20)]), 10**400), "at most 1e15"),
        (lambda: ahead(fit_tail([-float(i) for i in range(1, 20)]), 100, draws=10**9), "draws"),
        (lambda: ahead(fit_tail([-float(i) for i in range(1, 20)]), 100, draws=0), "draws"),
        (lambda: goodness(fit_tail([-float(i) for i in range(1, 20)]), seed=0, draws=0), "draws"),
        (lambda: share_above(fit_tail([-float(i) for i in range(1, 20)]), 1.0), "probability"),
        (
            lambda: forecast(
                fit_tail([-float(i) for i in range(1, 20)]), 99, alpha_low=1, alpha_high=0, seed=0
            ),
            "alpha",
        ),
    ],
)
def test_what_cannot_be_extrapolated_is_refused(call, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()
