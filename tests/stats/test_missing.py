"""Policies for missing items: their order, and coverage when the assumption holds."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safetycase.stats import Clustered, Interval, Proportion, bounds, clopper_pearson
from safetycase.stats.missing import (
    BoundedFraction,
    CompleteCase,
    DeltaAdjusted,
    MissingBounds,
    Policy,
    WorstCase,
    bounds_with_missing,
    tipping_delta,
)

ALPHA = 0.05
LOST = Proportion(successes=2, trials=80, missing=20)
GROUPS = Clustered(clusters=((0, 4, 0), (1, 3, 1), (0, 0, 4), (2, 4, 0), (0, 2, 2)) * 6)


def with_policy(statistic: Proportion | Clustered, policy: Policy) -> MissingBounds:
    return bounds_with_missing(statistic, policy, alpha_low=ALPHA, alpha_high=ALPHA)


@pytest.mark.parametrize("statistic", [LOST, GROUPS])
def test_the_worst_case_is_the_default_of_bounds(statistic: Proportion | Clustered) -> None:
    expected = bounds(statistic, alpha_low=ALPHA, alpha_high=ALPHA)
    assert with_policy(statistic, WorstCase()).interval == expected
    assert with_policy(statistic, BoundedFraction(low=0, high=1)).interval == expected
    assert with_policy(statistic, WorstCase()).assumption == ""


def test_the_policies_of_a_proportion_by_hand() -> None:
    complete = clopper_pearson(2, 80, alpha_low=ALPHA, alpha_high=ALPHA)
    assert with_policy(LOST, CompleteCase()).interval == complete
    assert with_policy(LOST, DeltaAdjusted(delta=0)).interval.high == pytest.approx(complete.high)
    some = with_policy(LOST, BoundedFraction(low=0.1, high=0.3)).interval
    assert some.low == clopper_pearson(4, 100, alpha_low=ALPHA, alpha_high=0).low
    assert some.high == clopper_pearson(8, 100, alpha_low=0, alpha_high=ALPHA).high
    between = with_policy(LOST, BoundedFraction(low=0.07, high=0.33)).interval  # 1.4 to 6.6 items
    assert between.low == clopper_pearson(3, 100, alpha_low=ALPHA, alpha_high=0).low
    assert between.high == clopper_pearson(9, 100, alpha_low=0, alpha_high=ALPHA).high
    shifted = with_policy(LOST, DeltaAdjusted(delta=0.1)).interval
    assert shifted.high == pytest.approx(0.8 * complete.high + 0.2 * (complete.high + 0.1))
    assert shifted.low == pytest.approx(0.8 * complete.low)  # a rate is not below zero


def test_the_policies_of_clusters_by_hand() -> None:
    rows = Clustered(clusters=((1, 2, 2), (0, 4, 0)) * 10)
    filled = Clustered(clusters=((2, 4, 0), (0, 4, 0)) * 10)
    half = with_policy(rows, BoundedFraction(low=0.5, high=0.5)).interval
    assert half == bounds(filled, alpha_low=ALPHA, alpha_high=ALPHA)
    scored = Clustered(clusters=((1, 2, 0), (0, 4, 0)) * 10)
    complete = bounds(scored, alpha_low=ALPHA, alpha_high=ALPHA)
    assert with_policy(rows, CompleteCase()).interval == complete
    shifted = with_policy(rows, DeltaAdjusted(delta=0.2)).interval
    assert shifted.high == pytest.approx(complete.high + 0.2 * 0.25)
    assert shifted.low == pytest.approx(max(0.0, complete.low - 0.2 * 0.25))
    # A cluster without any score has nothing to be near to: it is 0 or 1, and not shifted again.
    lost = Clustered(clusters=((1, 2, 2), (0, 0, 4)) * 10)
    worst = bounds(
        Clustered(clusters=((1, 2, 0), (4, 4, 0)) * 10), alpha_low=ALPHA, alpha_high=ALPHA
    )
    found = with_policy(lost, DeltaAdjusted(delta=0.2)).interval
    assert found.high == pytest.approx(min(1.0, worst.high + 0.2 * 0.25))


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        (CompleteCase(), "does not depend on its outcome"),
        (BoundedFraction(low=0, high=0.25), "between 0 and 0.25"),
        (DeltaAdjusted(delta=0.1), "within 0.1"),
    ],
)
def test_every_narrowing_says_what_it_assumes(policy: Policy, words: str) -> None:
    assert words in with_policy(LOST, policy).assumption
    whole = Proportion(successes=2, trials=80)
    found = with_policy(whole, policy)
    assert found.assumption == ""
    assert found.interval.high == pytest.approx(
        bounds(whole, alpha_low=ALPHA, alpha_high=ALPHA).high
    )


counts = st.tuples(st.integers(0, 8), st.integers(0, 8), st.integers(0, 6)).map(
    lambda c: (min(c[0], c[1]), c[1], c[2])
)


@settings(max_examples=60)
@given(st.lists(counts, min_size=1, max_size=6), st.floats(0, 1), st.floats(0, 1))
def test_a_weaker_assumption_never_narrows(
    rows: list[tuple[int, int, int]], x: float, y: float
) -> None:
    small, large = min(x, y), max(x, y)
    hits, trials, missing = rows[0]
    for statistic in (
        Proportion(successes=hits, trials=trials, missing=missing),
        Clustered(clusters=tuple(rows)),
    ):
        for narrow, wide in (
            (DeltaAdjusted(delta=small), DeltaAdjusted(delta=large)),
            (BoundedFraction(low=0, high=small), BoundedFraction(low=0, high=large)),
            (BoundedFraction(low=large, high=1), BoundedFraction(low=small, high=1)),
        ):
            one, two = (
                with_policy(statistic, narrow).interval,
                with_policy(statistic, wide).interval,
            )
            assert two.low <= one.low + 1e-12
            assert one.high <= two.high + 1e-12
            assert 0 <= two.low <= two.high <= 1


def simulated(
    rng: np.random.Generator, runs: int, n: int, rate: float, lost: tuple[float, float]
) -> list[Proportion]:
    """Items that fail to be scored with probability `lost`[outcome]."""
    outcome = rng.random((runs, n)) < rate
    missing = rng.random((runs, n)) < np.where(outcome, lost[1], lost[0])
    return [
        Proportion(successes=int((o & ~m).sum()), trials=int((~m).sum()), missing=int(m.sum()))
        for o, m in zip(outcome, missing, strict=True)
    ]


def missed(samples: list[Proportion], policy: Policy, truth: float) -> tuple[float, float]:
    """How often the interval lies above and below the truth."""
    found: list[Interval] = [with_policy(sample, policy).interval for sample in samples]
    return (
        sum(i.low > truth for i in found) / len(found),
        sum(i.high < truth for i in found) / len(found),
    )


NOISE = 3 * math.sqrt(ALPHA * (1 - ALPHA) / 600)


@pytest.mark.slow
def test_when_failures_hide_only_the_honest_policies_hold() -> None:
    """Harmful outcomes are unscored four times as often: complete cases understate them."""
    samples = simulated(np.random.default_rng(1), 600, 100, 0.2, (0.1, 0.4))
    assert missed(samples, CompleteCase(), 0.2)[1] > 0.15
    # Among missing items 0.08 / 0.16 = ½ are hits, among scored ones 0.12 / 0.84 = 1/7.
    for policy in (WorstCase(), DeltaAdjusted(delta=0.5 - 1 / 7)):
        below, above = missed(samples, policy, 0.2)
        assert below <= ALPHA + NOISE
        assert above <= ALPHA + NOISE


def test_a_bounded_fraction_holds_when_it_is_true() -> None:
    """About half of the missing are hits; the share in a run is within [0.2, 0.8] nearly always."""
    rng = np.random.default_rng(4)
    outcome = rng.random((600, 100)) < 0.2
    missing = rng.random((600, 100)) < np.where(outcome, 0.4, 0.1)
    share = (outcome & missing).sum(axis=1) / np.maximum(1, missing.sum(axis=1))
    policy, below, above = BoundedFraction(low=0.2, high=0.8), 0, 0
    kept = np.flatnonzero((share >= 0.2) & (share <= 0.8))
    for o, m in zip(outcome[kept], missing[kept], strict=True):
        hits, scored = int((o & ~m).sum()), int((~m).sum())
        sample = Proportion(successes=hits, trials=scored, missing=int(m.sum()))
        found = with_policy(sample, policy).interval
        below += found.low > 0.2
        above += found.high < 0.2
    assert len(kept) > 550
    assert below / 600 <= ALPHA + NOISE
    assert above / 600 <= ALPHA + NOISE


def test_complete_cases_hold_when_scoring_is_blind() -> None:
    samples = simulated(np.random.default_rng(2), 600, 100, 0.2, (0.25, 0.25))
    below, above = missed(samples, CompleteCase(), 0.2)
    assert below <= ALPHA + NOISE
    assert above <= ALPHA + NOISE


def test_the_adjustment_of_clusters_holds_when_its_assumption_does() -> None:
    rng, runs, below, above = np.random.default_rng(3), 300, 0, 0
    for _ in range(runs):
        rates = rng.beta(1, 4, 25)
        scored = rng.integers(1, 5, 25)
        hits = rng.binomial(scored, rates)
        rows = tuple((int(h), int(s), 5 - int(s)) for h, s in zip(hits, scored, strict=True))
        # The missing items of a cluster succeed 0.3 more often, where there is room.
        truth = float(np.mean((scored * rates + (5 - scored) * np.minimum(1, rates + 0.3)) / 5))
        found = with_policy(Clustered(clusters=rows), DeltaAdjusted(delta=0.3)).interval
        below += found.low > truth
        above += found.high < truth
    noise = 3 * math.sqrt(ALPHA * (1 - ALPHA) / runs)
    assert below / runs <= ALPHA + noise
    assert above / runs <= ALPHA + noise


def test_the_tipping_point() -> None:
    tip = tipping_delta(LOST, threshold=0.1, alpha=ALPHA)
    assert tip is not None
    high = clopper_pearson(2, 80, alpha_low=0, alpha_high=ALPHA).high
    assert tip == pytest.approx((0.1 - high) / 0.2, abs=1e-8)
    at = with_policy(LOST, DeltaAdjusted(delta=tip)).interval
    assert at.high <= 0.1
    assert tipping_delta(LOST, threshold=0.05, alpha=ALPHA) is None
    assert tipping_delta(LOST, threshold=0.3, alpha=ALPHA) == 1
    assert tipping_delta(GROUPS, threshold=0.99, alpha=ALPHA) == 1
    assert tipping_delta(GROUPS, threshold=0.01, alpha=ALPHA) is None


def test_nothing_known_stays_nothing_known() -> None:
    policies = (WorstCase(), CompleteCase(), BoundedFraction(low=0, high=1), DeltaAdjusted(delta=0))
    for statistic in (
        Proportion(successes=0, trials=0),
        Proportion(successes=0, trials=0, missing=9),
        Clustered(clusters=()),
        Clustered(clusters=((0, 0, 0), (0, 0, 3))),
    ):
        for policy in policies:
            found = with_policy(statistic, policy).interval
            assert (found.low, found.high) == (0, 1)


def test_what_cannot_be_is_refused() -> None:
    for low, high in ((0.5, 0.4), (-0.1, 1), (0, 1.1), (math.nan, 1)):
        with pytest.raises(ValueError, match="fraction"):
            BoundedFraction(low=low, high=high)
    for delta in (-0.1, 1.1, math.nan):
        with pytest.raises(ValueError, match="delta"):
            DeltaAdjusted(delta=delta)
    with pytest.raises(ValueError, match="alpha"):
        bounds_with_missing(LOST, DeltaAdjusted(delta=0), alpha_low=1, alpha_high=0)
