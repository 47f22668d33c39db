"""The posterior of a mean rate: closed forms, a second quadrature, and how often it errs."""

import math
import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats
from scipy.special import betaln

from safetycase.stats import Clustered, bounds, clopper_pearson
from safetycase.stats.hierarchical import BetaPrior, RatePosterior, rate_posterior

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "statistics.md"
LEVELS = (0.001, 0.01, 0.05, 0.5, 0.95, 0.99, 0.999)


@pytest.mark.parametrize(("k", "n"), [(0, 1), (0, 300), (3, 300), (150, 300), (300, 300)])
@pytest.mark.parametrize("a", [0.5, 1.0, 4.0])
def test_clusters_of_one_item_are_a_beta_posterior(k: int, n: int, a: float) -> None:
    """Then ρ cancels, and Beta(a + k, b + n − k) is exact."""
    posterior = rate_posterior([(1, 1)] * k + [(0, 1)] * (n - k), mean_prior=BetaPrior(a=a, b=1))
    exact = scipy_stats.beta(a + k, 1 + n - k)
    for level in LEVELS:
        assert posterior.at_most(exact.ppf(level)) == pytest.approx(level, abs=1e-4)
    assert posterior.mean == pytest.approx(exact.mean(), abs=1e-5)
    assert posterior.intraclass == pytest.approx(0.5, abs=1e-4)  # nothing is learnt of it


def test_without_clusters_it_is_the_prior() -> None:
    for rows in ([], [(0, 0)] * 5):
        posterior = rate_posterior(rows)
        assert posterior.at_most(0.3) == pytest.approx(0.3, abs=1e-4)
        assert posterior.mean == pytest.approx(0.5)
    jeffreys = rate_posterior([], mean_prior=BetaPrior(a=0.5, b=0.5))
    assert jeffreys.at_most(0.1) == pytest.approx(scipy_stats.beta(0.5, 0.5).cdf(0.1), abs=1e-4)


def second_quadrature(rows: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    """(edges, P(μ ≤ edge)) with beta functions and a fixed fine grid."""
    angles = np.linspace(0, math.pi / 2, 2501)
    middle = (angles[1:] + angles[:-1]) / 2
    mean = np.sin(middle) ** 2
    cube = (np.arange(600) + 0.5) / 600
    rho = cube**3
    size = (1 - rho) / rho
    low, high = mean[:, None] * size, np.cos(middle)[:, None] ** 2 * size
    log = np.log(np.sin(2 * middle))[:, None] + 2 * np.log(cube)
    for (k, n), times in Counter(rows).items():
        log = log + times * (betaln(k + low, n - k + high) - betaln(low, high))
    mass = np.exp(log - log.max()).sum(axis=1)
    below = np.concatenate([[0.0], np.cumsum(mass)])
    return np.sin(angles) ** 2, below / below[-1]


@pytest.mark.slow
@pytest.mark.parametrize(
    "rows",
    [
        [(3, 10), (0, 10), (10, 10), (5, 10)],
        [(0, 10)] * 12,
        [(10, 10)] * 3 + [(9, 10)],
        [(300, 1000), (10, 1000), (500, 900)],
        [(1, 2), (0, 40), (3, 17), (2, 16), (0, 1)],
        [(0, 1000)],
    ],
)
def test_a_second_quadrature_agrees(rows: list[tuple[int, int]]) -> None:
    posterior = rate_posterior(rows)
    edges, below = second_quadrature(rows)
    for level in LEVELS:
        found = float(np.interp(posterior.quantile(level), edges, below))
        assert found == pytest.approx(level, abs=5e-4)


def test_large_records() -> None:
    rng = np.random.default_rng(2)
    rates = rng.beta(0.1 * 4, 0.9 * 4, 5000)  # ρ = 1/5
    rows = [(int(k), 30) for k in rng.binomial(30, rates)]
    posterior = rate_posterior(rows)
    half = 1.645 * math.sqrt(0.09 * (1 + 29 * 0.2) / 30 / 5000)
    assert posterior.quantile(0.95) - posterior.quantile(0.05) == pytest.approx(2 * half, rel=0.1)
    assert posterior.intraclass == pytest.approx(0.2, abs=0.01)
    assert abs(posterior.mean - 0.1) < 3 * half
    one_huge = rate_posterior([(5000, 100_000)])  # one cluster says little, however many its items
    assert one_huge.quantile(0.95) > 0.6


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=1, max_size=6),
    st.data(),
)
def test_monotone_symmetric_and_blind_to_order(
    pairs: list[tuple[int, int]], data: st.DataObject
) -> None:
    rows = [(min(pair), max(pair)) for pair in pairs]
    posterior = rate_posterior(rows)
    at = [posterior.at_most(t / 20) for t in range(21)]
    assert at == sorted(at)
    assert (at[0], at[-1]) == (0, pytest.approx(1))
    assert posterior.at_most(posterior.quantile(0.3)) == pytest.approx(0.3, abs=1e-6)
    flipped = rate_posterior([(n - k, n) for k, n in rows])
    assert flipped.quantile(0.9) == pytest.approx(1 - posterior.quantile(0.1), abs=1e-4)
    shuffled = rate_posterior(data.draw(st.permutations(rows)))
    assert shuffled.quantile(0.9) == pytest.approx(posterior.quantile(0.9), abs=1e-9)


def test_a_clean_cluster_more_raises_the_confidence_and_a_failure_lowers_it() -> None:
    rows = [(0, 10)] * 10
    here = rate_posterior(rows).at_most(0.05)
    assert rate_posterior([*rows, (0, 10)]).at_most(0.05) > here
    assert rate_posterior([(1, 10), *rows[1:]]).at_most(0.05) < here
    assert rate_posterior([(5, 10), *rows[1:]]).at_most(0.05) < here


@pytest.mark.slow
def test_under_its_own_prior_it_is_calibrated() -> None:
    """Cook, Gelman & Rubin (2006): the rank of the true mean rate is uniform."""
    rng = random.Random(5)
    ranks = []
    for _ in range(200):
        mean, rho = rng.random(), rng.random()
        size = (1 - rho) / rho
        rows = []
        for _ in range(8):
            rate = rng.betavariate(mean * size, (1 - mean) * size) if mean * size > 1e-3 else 0.0
            rows.append((sum(rng.random() < rate for _ in range(6)), 6))
        ranks.append(rate_posterior(rows).at_most(mean))
    assert scipy_stats.kstest(ranks, "uniform").pvalue > 0.01


def misses(icc: float, mean: float, runs: int) -> dict[str, tuple[float, float]]:
    """How often each end at 5 % misses, in 30 clusters of 10: naive, betting, hierarchical."""
    rng = np.random.default_rng(20240131)
    size = 1 / icc - 1
    count = {name: [0, 0] for name in ("naive", "betting", "hierarchical")}
    for _ in range(runs):
        hits = rng.binomial(10, rng.beta(mean * size, (1 - mean) * size, 30)).tolist()
        naive = clopper_pearson(sum(hits), 300, alpha_low=0.05, alpha_high=0.05)
        rows = tuple((k, 10, 0) for k in hits)
        betting = bounds(Clustered(clusters=rows), alpha_low=0.05, alpha_high=0.05)
        posterior: RatePosterior = rate_posterior([(k, 10) for k in hits])
        ends = {
            "naive": (naive.low, naive.high),
            "betting": (betting.low, betting.high),
            "hierarchical": (posterior.quantile(0.05), posterior.quantile(0.95)),
        }
        for name, (low, high) in ends.items():
            count[name][0] += low > mean
            count[name][1] += high < mean
    return {name: (low / runs, high / runs) for name, (low, high) in count.items()}


@pytest.mark.slow
@pytest.mark.parametrize(("icc", "mean"), [(0.05, 0.2), (0.2, 0.2), (0.5, 0.2), (0.2, 0.05)])
def test_how_often_each_interval_errs_at_a_fixed_rate(icc: float, mean: float) -> None:
    """The rows of docs/reference/statistics.md."""
    runs = 200
    noise = 3 * math.sqrt(0.05 * 0.95 / runs)
    found = misses(icc, mean, runs)
    assert max(found["betting"]) <= 0.05 + noise
    # The end that a claim "at most" rests on; the other one is drawn to ½ by the prior.
    assert found["hierarchical"][1] <= 0.05 + noise
    assert found["hierarchical"][0] <= 0.10 + noise
    if icc >= 0.2:
        assert min(found["naive"]) > 0.05 + noise
    cells = [f"{100 * low:.1f} / {100 * high:.1f}" for low, high in found.values()]
    row = f"| {mean:g} | {icc:g} | {' | '.join(cells)} |"
    assert row in PAGE.read_text("utf-8"), row


@pytest.mark.parametrize("bad", [-0.1, 1.1, math.nan])
def test_what_cannot_be_is_refused(bad: float) -> None:
    posterior = rate_posterior([(1, 3)])
    with pytest.raises(ValueError, match="threshold"):
        posterior.at_most(bad)
    with pytest.raises(ValueError, match="level"):
        posterior.quantile(bad)
    for a in (0.4, math.inf, math.nan):
        with pytest.raises(ValueError):
            BetaPrior(a=a, b=1)
    for row in ((2, 1), (-1, 2), (0.5, 1), (True, 1)):
        with pytest.raises(ValueError):
            rate_posterior([row])
