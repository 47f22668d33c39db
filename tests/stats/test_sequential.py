"""Looking early: errors by exact enumeration, by simulation, and the laws of the evidence."""

import math
import random
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safetycase.stats import clopper_pearson, rate_confidence, sequential
from safetycase.stats.sequential import (
    anytime_doubt,
    clean_trials,
    log_e_above,
    log_e_below,
    looks_of,
    mean_sequence,
    rate_sequence,
)

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "statistics.md"
thresholds = st.floats(1e-6, 1 - 1e-6)
counts = st.tuples(st.integers(0, 400), st.integers(0, 400)).map(lambda p: (min(p), max(p)))


def chance_ever(rate: float, horizon: int, stops: Callable[[int, int], bool]) -> float:
    """P(some look up to `horizon` stops), exactly: mass moves over (failures, trials).

    `stops` allows some most failures at each n, and never fewer at a later n.
    """
    mass, stopped, most = {0: 1.0}, 0.0, -1
    for n in range(1, horizon + 1):
        new: dict[int, float] = {}
        for k, m in mass.items():
            new[k] = new.get(k, 0.0) + m * (1 - rate)
            new[k + 1] = new.get(k + 1, 0.0) + m * rate
        while most < n and stops(most + 1, n):
            most += 1
        stopped += math.fsum(m for k, m in new.items() if k <= most)
        mass = {k: m for k, m in new.items() if k > most and m > 1e-13}
    return stopped


@pytest.mark.parametrize(
    ("rate", "horizon", "peeking"), [(0.05, 500, 0.183), (0.05, 900, 0.224), (0.2, 300, 0.233)]
)
def test_peeking_errs_with_the_exact_interval_and_not_with_the_e_process(
    rate: float, horizon: int, peeking: float
) -> None:
    """P12: a certificate "below the rate" is false here, however it was come by."""
    ever = chance_ever(rate, horizon, lambda k, n: rate_confidence(k, n, rate)[0] >= 0.95)
    assert ever == pytest.approx(peeking, abs=0.0015)
    goal = math.log(20)
    ever = chance_ever(rate, horizon, lambda k, n: log_e_below(k, n, rate) >= goal)
    assert 0.025 < ever <= 0.05
    if horizon == 900:
        assert peeking == pytest.approx(0.22, abs=0.005)
        assert ever == pytest.approx(0.045, abs=0.0005)
        assert "errs in 22 % of 900 trials" in PAGE.read_text("utf-8")
        assert "the bet below errs in 4.5 %" in PAGE.read_text("utf-8")
    # The other side: a certificate that the rate lies above it, seen from the passes.
    above = chance_ever(1 - rate, horizon, lambda k, n: log_e_above(n - k, n, rate) >= goal)
    assert 0.01 < above <= 0.05


@pytest.mark.slow
@pytest.mark.parametrize("rate", [0.01, 0.1])
def test_the_doubt_of_a_developer_who_looks_after_every_trial(rate: float) -> None:
    rng = random.Random(20240131)
    runs, alpha = 400, 0.05
    false = sum(
        anytime_doubt(looks_of(rng.random() < rate for _ in range(300)), rate) <= alpha
        for _ in range(runs)
    )
    assert false / runs <= alpha + 3 * math.sqrt(alpha * (1 - alpha) / runs)


@pytest.mark.parametrize("log_e", [log_e_below, log_e_above])
@pytest.mark.parametrize("threshold", [0.003, 0.1, 0.5, 0.97])
@pytest.mark.parametrize("further", [0.0, 0.4])
def test_the_evidence_expects_at_most_one(
    log_e: Callable[[int, int, float], float], threshold: float, further: float
) -> None:
    """At the threshold and beyond it, by the sum over all outcomes."""
    sign = 1 if log_e is log_e_below else -1
    end = 1.0 if sign == 1 else 0.0
    rate = threshold + further * (end - threshold)
    for n in (1, 4, 40):
        expected = math.fsum(
            math.comb(n, k) * rate**k * (1 - rate) ** (n - k) * math.exp(log_e(k, n, threshold))
            for k in range(n + 1)
        )
        assert expected <= 1 + 1e-9
        if further == 0:
            assert expected > 0.9  # nearly all of the stake is at work


def test_the_weights_add_up_to_one_at_most() -> None:
    for bets in (sequential._BELOW, sequential._ABOVE, sequential._SHARES):
        assert 0.98 < math.fsum(weight for _, weight in bets) <= 1
    assert all(0 <= ratio < 1 for ratio, _ in sequential._BELOW)
    assert all(ratio > 1 for ratio, _ in sequential._ABOVE)
    assert all(0 < share <= 1 for share, _ in sequential._SHARES)


@pytest.mark.parametrize(
    ("threshold", "alpha", "n"), [(0.01, 0.05, 330), (0.001, 0.05, 3306), (0.05, 0.05, 65)]
)
def test_clean_trials(threshold: float, alpha: float, n: int) -> None:
    """330 clean trials show 1 % at 95 % whenever one looks; 299 do if one looks once."""
    assert clean_trials(threshold, alpha) == n
    assert anytime_doubt([(0, n)], threshold) <= alpha < anytime_doubt([(0, n - 1)], threshold)


@given(counts, thresholds)
def test_evidence_falls_with_a_failure_and_rises_with_a_pass_and_with_the_threshold(
    look: tuple[int, int], threshold: float
) -> None:
    k, n = look
    here = log_e_below(k, n, threshold)
    slack = 1e-9 * (1 + abs(here))
    assert log_e_below(k + 1, n + 1, threshold) <= here + slack
    assert log_e_below(k, n + 1, threshold) >= here - slack
    assert log_e_below(k, n, (1 + threshold) / 2) >= here - slack
    here = log_e_above(k, n, threshold)
    slack = 1e-9 * (1 + abs(here))
    assert log_e_above(k + 1, n + 1, threshold) >= here - slack
    assert log_e_above(k, n + 1, threshold) <= here + slack
    assert log_e_above(k, n, (1 + threshold) / 2) <= here + slack


@settings(max_examples=40)
@given(st.lists(st.booleans(), max_size=60), st.floats(0.01, 0.99))
def test_more_looks_never_lower_confidence_and_a_bad_end_never_raises_it(
    outcomes: list[bool], threshold: float
) -> None:
    looks = looks_of(outcomes)
    all_looks = anytime_doubt(looks, threshold)
    assert 0 < all_looks <= 1
    assert all_looks <= anytime_doubt(looks[::7], threshold) + 1e-12
    brute = max((log_e_below(k, n, threshold) for k, n in looks), default=0.0)
    assert all_looks == pytest.approx(min(1.0, math.exp(-brute)), rel=1e-9)
    worse = anytime_doubt(looks_of([True, *outcomes]), threshold)
    assert worse >= all_looks * (1 - 1e-12)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=60), st.floats(0.01, 0.5))
def test_the_interval_narrows_with_every_look_and_holds_the_rate(
    outcomes: list[bool], alpha: float
) -> None:
    looks = looks_of(outcomes)
    whole = rate_sequence(looks, alpha_low=alpha, alpha_high=alpha)
    part = rate_sequence(looks[: len(looks) // 2], alpha_low=alpha, alpha_high=alpha)
    assert 0 <= whole.low <= whole.high <= 1
    if (whole.low, whole.high) != (0, 1):
        assert part.low <= whole.low + 1e-12
        assert whole.high <= part.high + 1e-12
    k, n = looks[-1]
    last = rate_sequence([(k, n)], alpha_low=alpha, alpha_high=alpha)
    exact = clopper_pearson(k, n, alpha_low=alpha, alpha_high=alpha)
    assert last.low <= exact.low + 1e-9
    assert exact.high <= last.high + 1e-9


@pytest.mark.parametrize(("k", "n"), [(0, 300), (3, 300), (150, 300), (4000, 100_000)])
def test_the_ends_are_where_the_evidence_reaches_its_goal(k: int, n: int) -> None:
    interval = rate_sequence([(k, n)], alpha_low=0.02, alpha_high=0.05)
    assert log_e_below(k, n, interval.high) == pytest.approx(math.log(20), abs=1e-6)
    if k:
        assert log_e_above(k, n, interval.low) == pytest.approx(math.log(50), abs=1e-6)
    else:
        assert interval.low == 0
    mirrored = rate_sequence([(n - k, n)], alpha_low=0.05, alpha_high=0.02)
    assert mirrored.low <= 1 - k / n <= mirrored.high


@pytest.mark.slow
@pytest.mark.parametrize("rate", [0.02, 0.3])
def test_the_sequence_covers_at_every_look_at_once(rate: float) -> None:
    rng = random.Random(7)
    runs, alpha = 200, 0.1
    low = high = 0
    for _ in range(runs):
        looks = looks_of(rng.random() < rate for _ in range(250))
        interval = rate_sequence(looks, alpha_low=alpha, alpha_high=alpha)
        contradiction = (interval.low, interval.high) == (0, 1)
        low += contradiction or interval.low > rate
        high += contradiction or interval.high < rate
    noise = 3 * math.sqrt(alpha * (1 - alpha) / runs)
    assert low / runs <= alpha + noise
    assert high / runs <= alpha + noise


def test_a_record_that_contradicts_one_rate_bounds_nothing() -> None:
    looks = [(0, 2000), (2000, 4000)]
    interval = rate_sequence(looks, alpha_low=0.05, alpha_high=0.05)
    assert (interval.low, interval.high) == (0.0, 1.0)
    values = [0.0] * 300 + [1.0] * 300
    interval = mean_sequence(values, alpha_low=0.05, alpha_high=0.05)
    assert (interval.low, interval.high) == (0.0, 1.0)


@pytest.mark.slow
def test_the_means_are_valid_at_every_look_by_enumeration() -> None:
    """All paths of seven values from a law with three points."""
    law = {0.0: 0.6, 0.5: 0.3, 1.0: 0.1}
    mean = 0.25
    for alpha in (0.1, 0.3):
        goal = -math.log(alpha)
        missed = 0.0
        for path in product(law, repeat=7):
            known = np.asarray(path)
            low = sequential._best_log_wealth(known, mean) >= goal
            high = sequential._best_log_wealth(1 - known, 1 - mean) >= goal
            mass = math.prod(law[value] for value in path)
            missed += mass * (low or high)
        assert 0 < missed <= 2 * alpha


@pytest.mark.slow
def test_the_means_cover_at_every_look_at_once() -> None:
    rng = np.random.default_rng(11)
    runs, alpha = 150, 0.1
    missed = 0
    for _ in range(runs):
        values = rng.beta(0.5, 1.5, 150).tolist()
        missed += mean_sequence(values, alpha_low=alpha, alpha_high=0).low > 0.25
    assert missed / runs <= alpha + 3 * math.sqrt(alpha * (1 - alpha) / runs)


def test_the_interval_of_a_mean_is_near_the_one_of_a_rate_and_shrinks() -> None:
    rng = random.Random(3)
    outcomes = [rng.random() < 0.2 for _ in range(2000)]
    rate = rate_sequence(looks_of(outcomes), alpha_low=0.05, alpha_high=0.05)
    mean = mean_sequence([float(o) for o in outcomes], alpha_low=0.05, alpha_high=0.05)
    assert rate.low < 0.2 < rate.high
    assert mean.low < 0.2 < mean.high
    assert rate.high - rate.low < 0.07
    assert mean.high - mean.low < 0.07


def test_a_large_record_narrows_on() -> None:
    wide = rate_sequence([(1000, 10_000)], alpha_low=0.05, alpha_high=0.05)
    narrow = rate_sequence([(10**6, 10**7)], alpha_low=0.05, alpha_high=0.05)
    assert 0.1 - narrow.low < (0.1 - wide.low) / 20
    assert narrow.high - 0.1 < (wide.high - 0.1) / 20


def test_nothing_seen_is_nothing_known() -> None:
    assert anytime_doubt([], 0.01) == 1.0
    assert anytime_doubt([(0, 0)], 0.01) == 1.0
    for looks in ([], [(0, 0)]):
        interval = rate_sequence(looks, alpha_low=0.05, alpha_high=0.05)
        assert (interval.low, interval.high) == (0.0, 1.0)
    interval = mean_sequence([], alpha_low=0.05, alpha_high=0.05)
    assert (interval.low, interval.high) == (0.0, 1.0)
    interval = rate_sequence([(3, 9)], alpha_low=0, alpha_high=0)
    assert (interval.low, interval.high) == (0.0, 1.0)


@pytest.mark.parametrize(
    "looks", [[(1, 5), (0, 6)], [(0, 5), (0, 4)], [(0, 5), (3, 6)], [(2, 1)], [(-1, 1)], [(0, 1.5)]]
)
def test_looks_that_do_not_continue_each_other_are_refused(
    looks: Sequence[tuple[int, int]],
) -> None:
    with pytest.raises(ValueError):
        anytime_doubt(looks, 0.01)
    with pytest.raises(ValueError):
        rate_sequence(looks, alpha_low=0.05, alpha_high=0.05)


@pytest.mark.parametrize("bad", [0.0, 1.0, -0.1, 1.1, math.nan, math.inf])
def test_numbers_out_of_range_are_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="threshold"):
        anytime_doubt([(0, 1)], bad)
    with pytest.raises(ValueError, match="threshold"):
        log_e_above(0, 1, bad)
    with pytest.raises(ValueError, match="alpha"):
        clean_trials(0.1, bad)
    if bad != 0:
        with pytest.raises(ValueError, match="alpha"):
            rate_sequence([(0, 1)], alpha_low=bad, alpha_high=0.05)
    if bad not in (0, 1):
        with pytest.raises(ValueError, match="value 1"):
            mean_sequence([0.5, bad], alpha_low=0.05, alpha_high=0.05)
