"""The worst prior, found by a linear program over all of them and by the closed forms."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from safetycase.stats.conservative import (
    Feature,
    clean_trials_needed,
    worst_doubted_independence,
    worst_doubted_record,
    worst_posterior,
    worst_predictive,
)

features = st.tuples(st.floats(0, 0.3), st.floats(0, 1), st.floats(0, 1)).map(
    lambda t: Feature(goal=t[0], prior=t[1], floor=t[0] * t[2])
)
looks = st.tuples(st.integers(0, 200), st.integers(0, 200)).map(lambda p: (min(p), max(p)))


def grid(feature: Feature, *points: float) -> np.ndarray:
    """Rates from the floor to one, with the given ones, and each a hair's breadth above."""
    dense = np.concatenate([np.linspace(0, 1, 1500), np.linspace(0, 0.05, 1500)])
    near = np.array([feature.floor, feature.goal, *points])
    rates = np.unique(np.concatenate([dense, near, near + 1e-9]))
    return rates[(rates >= feature.floor) & (rates <= 1)]


def least_ratio(top: np.ndarray, bottom: np.ndarray, rows: list[np.ndarray]) -> float:
    """The least Σ top·p / Σ bottom·p over measures with rows·p ≥ 0 (Charnes & Cooper 1962).

    One variable per point; the columns are scaled so that `bottom` is at most one.
    """
    found = linprog(
        top,
        A_ub=-np.array(rows),
        b_ub=np.zeros(len(rows)),
        A_eq=bottom[None, :],
        b_eq=[1.0],
        bounds=(0, None),
        method="highs",
    )
    assert found.success, found.message
    return float(found.fun)


def likelihood(rates: np.ndarray, k: int, n: int) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        log = np.where(k > 0, k * np.log(rates), 0.0)
        log = log + (np.where(n > k, (n - k) * np.log1p(-rates), 0.0) if n > k else 0.0)
    log = np.nan_to_num(log, nan=-np.inf, neginf=-np.inf)
    return np.exp(log - log.max())


CASES = [
    (0, 0, 0.01, Feature(goal=0.001, prior=0.5)),
    (0, 300, 0.01, Feature(goal=0.0, prior=0.5)),
    (0, 300, 0.01, Feature(goal=0.001, prior=0.5)),
    (0, 100, 0.05, Feature(goal=0.05, prior=0.3)),
    (2, 300, 0.02, Feature(goal=0.005, prior=0.6, floor=0.001)),
    (2, 300, 0.02, Feature(goal=0.005, prior=0.6, floor=0.005)),
    (9, 300, 0.02, Feature(goal=0.01, prior=0.9, floor=0.002)),
    (1, 50, 0.1, Feature(goal=0.05, prior=0.8, floor=0.0)),
    (20, 20, 0.5, Feature(goal=0.4, prior=0.9, floor=0.3)),
]


@pytest.mark.parametrize(("k", "n", "threshold", "feature"), CASES)
def test_the_worst_posterior_is_the_linear_program(
    k: int, n: int, threshold: float, feature: Feature
) -> None:
    rates = grid(feature, threshold, k / n if n else 0.0)
    bottom = likelihood(rates, k, n)
    top = bottom * (rates <= threshold)
    asserted = (rates <= feature.goal) - feature.prior
    expected = least_ratio(top, bottom, [asserted])
    assert worst_posterior(k, n, threshold, feature) == pytest.approx(expected, abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(("k", "n", "_threshold", "feature"), CASES)
@pytest.mark.parametrize("future", [1, 40, 2000])
def test_the_worst_prediction_is_the_linear_program(
    k: int, n: int, _threshold: float, feature: Feature, future: int
) -> None:
    value = worst_predictive(k, n, future, feature)
    if k and not feature.floor:
        # The good mass at 0 is excluded by the data and the rest tends to 1: no least, limit 0.
        near_one = 1e-9**future  # all of what the data leave, at 1 − 1e-9
        assert value <= near_one + 1e-12
        return
    rates = np.unique(np.concatenate([grid(feature), np.geomspace(1e-6, 1, 3000)]))
    rates = rates[rates >= feature.floor]
    bottom = likelihood(rates, k, n)
    top = bottom * np.exp(future * np.log1p(-np.minimum(rates, 1 - 1e-16)))
    expected = least_ratio(top, bottom, [(rates <= feature.goal) - feature.prior])
    # The grid can miss the worst prior, so it errs upward only.
    assert value <= expected + 1e-7
    assert value == pytest.approx(expected, abs=2e-4)


def test_clean_trials() -> None:
    feature = Feature(goal=0.001, prior=0.5)
    n = 300
    by_hand = 0.5 * 0.999**n / (0.5 * 0.999**n + 0.5 * 0.99**n)
    assert worst_posterior(0, n, 0.01, feature) == pytest.approx(by_hand, rel=1e-12)
    perfect = Feature(goal=0.0, prior=0.5)
    assert clean_trials_needed(0.01, 0.95, perfect) == 293  # ln 19 / −ln 0.99
    assert clean_trials_needed(0.01, 0.4, perfect) == 0
    assert clean_trials_needed(0.01, 0.6, Feature(goal=0.01, prior=0.5)) is None


@given(st.floats(0.001, 0.5), st.floats(0.01, 0.99), st.floats(0, 1), st.floats(0.01, 0.99))
def test_the_trials_needed_are_the_fewest(
    threshold: float, prior: float, share: float, target: float
) -> None:
    feature = Feature(goal=0.9 * share * threshold, prior=prior)
    n = clean_trials_needed(threshold, target, feature)
    assert n is not None
    assert worst_posterior(0, n, threshold, feature) >= target * (1 - 1e-12)
    assert n == 0 or worst_posterior(0, n - 1, threshold, feature) < target


@settings(max_examples=60, deadline=None)
@given(looks, st.floats(0.3, 0.99), features, st.integers(0, 500))
def test_no_assertion_gives_no_confidence(
    look: tuple[int, int], threshold: float, feature: Feature, future: int
) -> None:
    """P25: nothing asserted before, nothing known after, whatever the data."""
    vacuous = Feature(goal=feature.goal, prior=0.0, floor=feature.floor)
    assert worst_posterior(*look, threshold, vacuous) == 0.0
    assert worst_doubted_independence(look[1], threshold, vacuous, doubt=0.5) == 0.0
    if future:
        assert worst_predictive(*look, future, vacuous) <= 1e-12


@settings(max_examples=60)
@given(looks, st.floats(0.3, 0.98), features)
def test_monotone_in_the_prior_the_threshold_and_the_failures(
    look: tuple[int, int], threshold: float, feature: Feature
) -> None:
    k, n = look
    here = worst_posterior(k, n, threshold, feature)
    assert 0 <= here <= 1
    more = Feature(goal=feature.goal, prior=(1 + feature.prior) / 2, floor=feature.floor)
    assert worst_posterior(k, n, threshold, more) >= here - 1e-12
    assert worst_posterior(k, n, (1 + threshold) / 2 - 1e-3, feature) >= here - 1e-12
    assert worst_posterior(k, n + 1, threshold, feature) >= here - 1e-12  # one more pass
    if feature.floor > 0 and k / (n + 1) <= feature.floor:
        assert worst_posterior(k + 1, n + 1, threshold, feature) <= here + 1e-12


@settings(max_examples=40, deadline=None)
@given(looks, features, st.integers(1, 300))
def test_a_longer_future_is_never_more_certain(
    look: tuple[int, int], feature: Feature, future: int
) -> None:
    here = worst_predictive(*look, future, feature)
    assert 0 <= here <= 1
    assert worst_predictive(*look, future + 1, feature) <= here + 1e-9
    assert worst_predictive(*look, 0, feature) == 1.0
    # A prior that fits the feature, and what Bayes' rule makes of it.
    at = np.array([feature.goal, min(1.0, feature.goal + 0.01)])
    mass = np.array([feature.prior, 1 - feature.prior]) * likelihood(at, *look)
    if mass.sum() > 1e-9:
        assert here <= float(mass @ (1 - at) ** future / mass.sum()) + 1e-9


@pytest.mark.parametrize(("k", "n"), [(0, 10_000), (3, 10_000), (0, 400)])
def test_a_prediction_from_data_that_the_feature_did_not_expect(k: int, n: int) -> None:
    """The likelihoods lie far below 1e-300 of their peak; all pairs of two points, in logs."""
    feature, future = Feature(goal=0.1, prior=0.9, floor=0.1), 10
    bad = np.concatenate([[0.1], 0.1 + np.geomspace(1e-9, 0.899, 20_000)])
    log = k * np.log(bad) + (n - k) * np.log1p(-bad)
    weight = np.exp(log - log[0])
    clean = (1 - bad) ** future
    ratio = (0.9 * clean[0] + 0.1 * weight * clean) / (0.9 + 0.1 * weight)
    assert worst_predictive(k, n, future, feature) == pytest.approx(ratio.min(), abs=1e-9)
    assert worst_predictive(5, 10, 0, Feature(goal=1.0, prior=0.5)) == 1.0
    assert worst_predictive(5, 10, 3, Feature(goal=1.0, prior=0.5, floor=0.2)) <= 1e-9


def test_a_floor_is_needed_once_something_failed() -> None:
    assert worst_posterior(1, 5000, 0.01, Feature(goal=0.001, prior=0.9)) == 0.0
    with_floor = worst_posterior(1, 5000, 0.01, Feature(goal=0.001, prior=0.9, floor=1e-5))
    assert with_floor > 0.99
    assert worst_posterior(1, 10, 0.01, Feature(goal=0.0, prior=1.0)) == 0.0


@pytest.mark.parametrize("trials", [0, 1, 2, 50, 300, 2000])
@pytest.mark.parametrize("doubt", [0.0, 0.05, 0.7])
@pytest.mark.parametrize("goal", [0.0, 0.001])
def test_doubted_independence_is_the_linear_program(trials: int, doubt: float, goal: float) -> None:
    """Over priors of (θ, λ): independent worlds λ = θ, dependent ones anywhere in [θ, 1]."""
    feature, threshold = Feature(goal=goal, prior=0.6), 0.01
    steps = np.unique(np.concatenate([np.linspace(0, 1, 60), np.linspace(0, 0.05, 60)]))
    near = np.array([goal, goal + 1e-9, threshold, threshold + 1e-9])
    theta = np.unique(np.concatenate([steps, near]))
    theta = theta[theta < 1]
    worlds = [(t, t, True) for t in theta]
    worlds += [(t, t + s * (1 - t), False) for t in theta for s in np.linspace(0, 1, 40)]
    rates, repeats, independent = (np.array(column) for column in zip(*worlds, strict=True))
    one = np.ones_like(rates)
    stay = (1 - 2 * rates + repeats * rates) / (1 - rates)
    bottom = (1 - rates) * np.clip(stay, 0, 1) ** (trials - 1) if trials else one
    rows = [(rates <= goal) - feature.prior, independent - (1 - doubt)]
    expected = least_ratio(bottom * (rates <= threshold), bottom, rows)
    value = worst_doubted_independence(trials, threshold, feature, doubt=doubt)
    assert value == pytest.approx(expected, abs=1e-6)


def test_passes_level_off_or_lower_confidence_when_independence_is_doubted() -> None:
    """P24."""
    trials = [0, 100, 300, 600, 1000, 3000, 10_000, 10**6]
    modest = Feature(goal=0.001, prior=0.5)
    doubted = [worst_doubted_independence(n, 0.01, modest, doubt=0.05) for n in trials]
    best = doubted.index(max(doubted))
    assert 0 < best < len(trials) - 2
    assert doubted[:best] == sorted(doubted[:best])
    assert doubted[best:] == sorted(doubted[best:], reverse=True)
    assert doubted[-1] < 1e-6 < modest.prior  # in the end below where it began
    trusted = [worst_doubted_independence(n, 0.01, modest, doubt=0.0) for n in trials]
    assert trusted == sorted(trusted)
    assert trusted[-1] == 1.0
    perfect = Feature(goal=0.0, prior=0.5)
    levelled = [worst_doubted_independence(n, 0.01, perfect, doubt=0.05) for n in trials]
    assert levelled == sorted(levelled)
    assert levelled[-1] == pytest.approx(0.5 / (0.5 + 0.05 * 0.99))


@given(st.integers(0, 3000), st.floats(0.3, 0.99), features, st.floats(0, 1))
def test_doubt_about_independence_never_helps(
    trials: int, threshold: float, feature: Feature, doubt: float
) -> None:
    here = worst_doubted_independence(trials, threshold, feature, doubt=doubt)
    known = worst_posterior(0, trials, threshold, feature)
    assert here <= known + 1e-12
    more = worst_doubted_independence(trials, threshold, feature, doubt=(1 + doubt) / 2)
    assert more <= here + 1e-12
    none = worst_doubted_independence(trials, threshold, feature, doubt=0.0)
    assert none == pytest.approx(known, abs=1e-12)


def chain_likelihood(outcomes: list[bool], rates: np.ndarray, repeats: np.ndarray) -> np.ndarray:
    """P(record) of the stationary chain with failure rate θ and P(failure | failure) = λ."""
    enters = rates * (1 - repeats) / (1 - rates)
    total = rates if outcomes[0] else 1 - rates
    for before, after in itertools.pairwise(outcomes):
        fails = repeats if before else enters
        total = total * (fails if after else 1 - fails)
    return total


RECORDS = [
    [False] * 40,
    [False] * 30 + [True] + [False] * 30,
    [False] * 30 + [True] * 3 + [False] * 30,
    [True] + [False] * 50,
    [True, False] * 6,
    [True] * 8,
    [False],
]


@pytest.mark.slow
@pytest.mark.parametrize("outcomes", RECORDS, ids=range(len(RECORDS)))
@pytest.mark.parametrize("doubt", [0.0, 0.05, 0.7])
def test_a_doubted_record_is_below_the_linear_program(outcomes: list[bool], doubt: float) -> None:
    feature, threshold = Feature(goal=0.02, prior=0.6, floor=0.01), 0.1
    theta = np.concatenate([np.linspace(0.01, 0.999, 120), [0.02, threshold, threshold + 1e-9]])
    theta = np.unique(np.concatenate([theta, [sum(outcomes) / len(outcomes)]]))
    theta = theta[(theta >= 0.01) & (theta < 1)]
    share = np.concatenate([np.linspace(0, 1, 60), np.geomspace(1e-3, 1, 30)])
    worlds = [(t, t, True) for t in theta]
    worlds += [(t, t + s * (1 - t), False) for t in theta for s in np.unique(share)]
    rates, repeats, independent = (np.array(column) for column in zip(*worlds, strict=True))
    bottom = chain_likelihood(outcomes, rates, repeats)
    scale = bottom.max()
    rows = [(rates <= feature.goal) - feature.prior, independent - (1 - doubt)]
    expected = least_ratio(bottom * (rates <= threshold) / scale, bottom / scale, rows)
    value = worst_doubted_record(outcomes, threshold, feature, doubt=doubt)
    assert value <= expected + 1e-7
    if sum(outcomes) <= threshold * len(outcomes):
        assert value == pytest.approx(expected, abs=0.02)
    if doubt == 0:
        known = worst_posterior(sum(outcomes), len(outcomes), threshold, feature)
        assert value == pytest.approx(known, abs=1e-12)


@pytest.mark.parametrize("n", [0, 1, 50, 2000])
def test_a_clean_record_is_the_closed_form(n: int) -> None:
    feature = Feature(goal=0.001, prior=0.5)
    closed = worst_doubted_independence(n, 0.01, feature, doubt=0.05)
    assert worst_doubted_record([False] * n, 0.01, feature, doubt=0.05) == pytest.approx(closed)


def test_a_lone_failure_can_reassure_more_than_none() -> None:
    """Salako & Zhao (2022): it shows that failures do not stick."""
    feature = Feature(goal=0.001, prior=0.5, floor=0.0005)
    clean = worst_doubted_record([False] * 1000, 0.01, feature, doubt=0.05)
    lone = [False] * 500 + [True] + [False] * 499
    assert worst_doubted_record(lone, 0.01, feature, doubt=0.05) > clean + 0.1
    burst = [False] * 500 + [True] * 20 + [False] * 480
    assert worst_doubted_record(burst, 0.01, feature, doubt=0.05) < 0.01


@settings(max_examples=40, deadline=None)
@given(st.lists(st.booleans(), max_size=30), features, st.floats(0.3, 0.9), st.floats(0, 1))
def test_doubt_never_helps_a_record(
    outcomes: list[bool], feature: Feature, threshold: float, doubt: float
) -> None:
    here = worst_doubted_record(outcomes, threshold, feature, doubt=doubt)
    assert 0 <= here <= 1
    known = worst_posterior(sum(outcomes), len(outcomes), threshold, feature)
    assert here <= known + 1e-9
    more = worst_doubted_record(outcomes, threshold, feature, doubt=(1 + doubt) / 2)
    assert more <= here + 1e-9


@pytest.mark.parametrize("bad", [-0.1, 1.1, math.nan])
def test_what_is_no_probability_is_refused(bad: float) -> None:
    feature = Feature(goal=0.01, prior=0.5)
    for given_ in ({"goal": bad}, {"prior": bad}, {"floor": bad}):
        with pytest.raises(ValueError, match=next(iter(given_))):
            Feature(**{"goal": 0.1, "prior": 0.5, **given_})
    with pytest.raises(ValueError, match="threshold"):
        worst_posterior(0, 1, bad, feature)
    with pytest.raises(ValueError, match="doubt"):
        worst_doubted_independence(1, 0.1, feature, doubt=bad)
    with pytest.raises(ValueError, match="target"):
        clean_trials_needed(0.1, bad, feature)


def test_what_does_not_fit_together_is_refused() -> None:
    with pytest.raises(ValueError, match="above the goal"):
        Feature(goal=0.01, prior=0.5, floor=0.02)
    feature = Feature(goal=0.01, prior=0.5)
    for threshold in (0.005, 1.0):
        with pytest.raises(ValueError, match="threshold"):
            worst_posterior(0, 1, threshold, feature)
    with pytest.raises(ValueError):
        worst_posterior(2, 1, 0.1, feature)
    with pytest.raises(ValueError, match="future"):
        worst_predictive(0, 1, -1, feature)
    with pytest.raises(ValueError, match="trials"):
        worst_doubted_independence(-1, 0.1, feature, doubt=0.1)
