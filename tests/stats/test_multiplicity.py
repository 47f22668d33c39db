"""One of many: published procedures by hand, errors by simulation, and the laws of e-values."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate

from safetycase.stats.multiplicity import (
    all_true,
    average_e,
    best_of,
    bonferroni,
    e_bh,
    e_from_p,
    e_to_doubt,
    holm,
    of_supremum,
)
from safetycase.stats.sequential import anytime_doubt, log_e_below, looks_of

p_values = st.lists(st.floats(0, 1), max_size=8)
e_values = st.lists(st.floats(0, 1e6), max_size=8)


def test_holm_by_hand() -> None:
    # The example of the R function p.adjust, method "holm".
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


def closed_bonferroni(known: list[float]) -> list[float]:
    """Holm is the closure of Bonferroni: the worst over every intersection that has the claim."""
    n = len(known)
    return [
        max(
            min(1.0, (size + 1) * min([known[i], *(known[j] for j in others)]))
            for size in range(n)
            for others in combinations([j for j in range(n) if j != i], size)
        )
        for i in range(n)
    ]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_holm_is_the_closure_of_bonferroni_and_never_weaker(known: list[float]) -> None:
    assert holm(known) == pytest.approx(closed_bonferroni(known))
    assert all(h <= b for h, b in zip(holm(known), bonferroni(known), strict=True))


@given(p_values, st.integers(0, 100))
def test_a_registered_attempt_is_charged_even_without_a_result(known: list[float], k: int) -> None:
    charged = bonferroni(known, attempts=len(known) + k)
    assert all(a >= b for a, b in zip(charged, bonferroni(known), strict=True))
    assert all(0 <= p <= 1 for p in charged)


def test_holm_keeps_its_promise_under_dependence() -> None:
    rng = np.random.default_rng(5)
    runs, false = 2000, 0
    for _ in range(runs):
        shared = rng.normal()
        scores = 0.7 * shared + math.sqrt(0.51) * rng.normal(size=6)
        tails = [0.5 * math.erfc(s / math.sqrt(2)) for s in scores]
        false += any(p <= 0.05 for p in holm(tails))
    assert false / runs <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)


def test_e_bh_by_hand() -> None:
    # K = 4 at 0.1: the k-th largest must reach 40/k.
    assert e_bh([21.0, 39.0, 1.0, 50.0], 0.1) == [0, 1, 3]  # 50 ≥ 40, 39 ≥ 20, 21 ≥ 13.3, 1 < 10
    assert e_bh([13.0, 13.0, 13.0, 1.0], 0.1) == []
    assert e_bh([13.4, 13.4, 13.4, 1.0], 0.1) == [0, 1, 2]  # together, though none would alone
    assert e_bh([math.inf, 0.0], 0.01) == [0]
    assert e_bh([], 0.05) == []


@given(e_values, st.floats(0.01, 0.5), st.data())
def test_more_evidence_never_takes_a_finding_away(
    known: list[float], level: float, data: st.DataObject
) -> None:
    chosen = e_bh(known, level)
    assert chosen == sorted(set(chosen))
    assert all(known[i] >= known[j] for i in chosen for j in set(range(len(known))) - set(chosen))
    if known:
        at = data.draw(st.integers(0, len(known) - 1))
        raised = [*known[:at], 2 * known[at] + 1, *known[at + 1 :]]
        assert set(chosen) <= set(e_bh(raised, level))


def test_e_bh_keeps_the_false_share_under_dependence() -> None:
    """Ten claims, seven false; the false ones share their data entirely."""
    rng = np.random.default_rng(9)
    runs, share, found = 1000, 0.0, 0
    for _ in range(runs):
        false = math.exp(log_e_below(int(rng.binomial(60, 0.1)), 60, 0.1))
        true = [math.exp(log_e_below(int(rng.binomial(400, 0.001)), 400, 0.1)) for _ in range(3)]
        chosen = e_bh([false] * 7 + true, 0.2)
        share += sum(at < 7 for at in chosen) / max(1, len(chosen))
        found += sum(at >= 7 for at in chosen)
    assert found > 2.5 * runs
    assert 0 < share / runs <= 0.2


@pytest.mark.slow
def test_best_of_twenty_re_runs() -> None:
    """P13: the best of twenty is charged twenty times, and the mean of e-values needs no charge."""
    assert best_of(0.04, 20) == pytest.approx(0.8)
    assert best_of(0.06, 20) == 1.0
    assert best_of(0.001, 1) == 0.001
    rng = np.random.default_rng(13)
    runs, naive, charged, averaged = 400, 0, 0, 0
    for _ in range(runs):
        attempts = [looks_of((rng.random(60) < 0.1).tolist()) for _ in range(20)]
        doubts = [anytime_doubt(looks, 0.1) for looks in attempts]
        naive += min(doubts) <= 0.05
        charged += best_of(min(doubts), 20) <= 0.05
        mean = average_e([math.exp(log_e_below(*looks[-1], 0.1)) for looks in attempts])
        averaged += e_to_doubt(mean) <= 0.05
    noise = 3 * math.sqrt(0.05 * 0.95 / runs)
    assert naive / runs > 0.3
    assert charged / runs <= 0.05 + noise
    assert averaged / runs <= 0.05 + noise


@pytest.mark.slow
def test_the_mean_of_suprema_is_no_e_value_and_the_adjusted_supremum_is() -> None:
    """Two records that share every trial: their suprema expect more than one."""
    rng = np.random.default_rng(17)
    best = []
    for _ in range(1500):
        looks = looks_of((rng.random(200) < 0.1).tolist())
        best.append(1 / anytime_doubt(looks, 0.1))
    assert np.mean(best) > 1.5
    assert np.mean([of_supremum(value) for value in best]) <= 1


def test_calibrators_integrate_to_one() -> None:
    for power in (0.1, 0.5, 0.9):
        total, _ = integrate.quad(lambda p, k=power: e_from_p(p, power=k), 0, 1, limit=200)
        assert total == pytest.approx(1, abs=1e-6)
    total, _ = integrate.quad(lambda u: of_supremum(1 / u), 0, 1)  # E = 1/u, dE/E² = du
    assert total == pytest.approx(1, abs=1e-8)
    assert e_from_p(0) == math.inf
    assert e_to_doubt(math.inf) == 0
    assert e_to_doubt(0) == 1


@given(e_values, e_values)
def test_the_mean_lies_between_and_ignores_scale(one: list[float], two: list[float]) -> None:
    known = one + two
    mean = average_e(known)
    assert min(known, default=1.0) - 1e-9 <= mean * (1 + 1e-12) + 1e-9
    assert mean <= max(known, default=1.0) * (1 + 1e-12)
    assert average_e(known, [3.0] * len(known)) == pytest.approx(mean)
    assert average_e([*known, 5.0], [0.0] * len(known) + [1.0]) == 5.0


def test_a_hundred_passed_tests_are_not_95_percent() -> None:
    """P16: each at 5 %, an even prior, full power, independent."""
    assert all_true(100, prior=0.5, alpha=0.05, power=1) == pytest.approx(0.0076, abs=5e-5)
    assert all_true(1, prior=0.5, alpha=0.05, power=1) == pytest.approx(1 / 1.05)
    rng = np.random.default_rng(1)
    true = rng.random((200_000, 3)) < 0.6
    passed = np.where(true, rng.random(true.shape) < 0.8, rng.random(true.shape) < 0.1).all(axis=1)
    exact = all_true(3, prior=0.6, alpha=0.1, power=0.8)
    assert true.all(axis=1)[passed].mean() == pytest.approx(exact, abs=0.01)


@given(st.integers(0, 50), st.floats(0, 1), st.floats(0.001, 1), st.floats(0.001, 1))
def test_more_claims_are_never_more_likely_all_true(
    count: int, prior: float, alpha: float, power: float
) -> None:
    here = all_true(count, prior=prior, alpha=alpha, power=power)
    assert all_true(count + 1, prior=prior, alpha=alpha, power=power) <= here <= 1


def test_what_cannot_be_is_refused() -> None:
    for bad in (-0.1, 1.1, math.nan):
        with pytest.raises(ValueError, match="p-value 1"):
            holm([0.5, bad])
        with pytest.raises(ValueError):
            best_of(bad, 2)
        with pytest.raises(ValueError, match="p-value"):
            e_from_p(bad)
    for worse in (-1.0, math.nan):
        with pytest.raises(ValueError, match="e-value"):
            average_e([1.0, worse])
        with pytest.raises(ValueError, match="e-value"):
            e_bh([worse], 0.1)
    with pytest.raises(ValueError, match="results from"):
        bonferroni([0.1, 0.2], attempts=1)
    with pytest.raises(ValueError, match="attempts"):
        best_of(0.1, 0)
    with pytest.raises(ValueError, match="attempts"):
        best_of(0.1, True)
    for weights in ([1.0], [-1.0, 2.0], [0.0, 0.0], [math.nan, 1.0], [math.inf, 1.0]):
        with pytest.raises(ValueError, match="weights"):
            average_e([1.0, 2.0], weights)
    with pytest.raises(ValueError, match="level"):
        e_bh([1.0], 0.0)
    with pytest.raises(ValueError, match="no test can pass"):
        all_true(2, prior=0.0, alpha=0.0, power=1.0)
