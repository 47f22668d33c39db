"""A judge corrected by labels: coverage with good and bad judges, and the published formula."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safetycase.stats import mean_lower, mean_upper
from safetycase.stats.prediction_powered import (
    Judged,
    prediction_powered,
    prediction_powered_asymptotic,
)


def sample(
    rng: np.random.Generator, n: int, more: int, rate: float, wrong: tuple[float, float]
) -> Judged:
    """Binary outcomes and a judge that errs with probability `wrong`[outcome]."""
    truth = rng.random(n + more) < rate
    flipped = rng.random(n + more) < np.where(truth, wrong[1], wrong[0])
    verdicts = (truth ^ flipped).astype(float)
    return Judged(
        labels=tuple(float(y) for y in truth[:n]),
        on_labelled=tuple(float(f) for f in verdicts[:n]),
        on_unlabelled=tuple(float(f) for f in verdicts[n:]),
    )


# A judge that is nearly right, one that is biased, one that is worse than chance.
@pytest.mark.parametrize("wrong", [(0.02, 0.02), (0.3, 0.0), (0.8, 0.8)])
def test_the_interval_covers_whatever_the_judge(wrong: tuple[float, float]) -> None:
    rng, runs, rate, alpha = np.random.default_rng(1), 200, 0.2, 0.05
    below = above = 0
    for _ in range(runs):
        found = prediction_powered(
            sample(rng, 60, 300, rate, wrong), alpha_low=alpha, alpha_high=alpha
        )
        below += found.interval.low > rate
        above += found.interval.high < rate
    noise = 3 * math.sqrt(alpha * (1 - alpha) / runs)
    assert below / runs <= alpha + noise
    assert above / runs <= alpha + noise


def test_a_good_judge_narrows_what_the_labels_say() -> None:
    rng = np.random.default_rng(2)
    judged = sample(rng, 300, 5000, 0.4, (0.01, 0.01))
    found = prediction_powered(judged, alpha_low=0.05, alpha_high=0.05)
    width = found.interval.high - found.interval.low
    assert width < 0.7 * (found.labels_only.high - found.labels_only.low)
    assert found.interval.low < found.estimate < found.interval.high
    assert found.estimate == pytest.approx(0.4, abs=0.03)
    # The judge alone, biased, would miss: that is what the rectifier is for.
    biased = sample(rng, 300, 5000, 0.4, (0.3, 0.0))
    judge_alone = mean_lower(biased.on_unlabelled, 0.05)
    assert judge_alone > 0.4
    assert prediction_powered(biased, alpha_low=0.05, alpha_high=0.05).interval.low < 0.4


def test_without_trust_in_the_judge_the_labels_remain() -> None:
    judged = sample(np.random.default_rng(3), 50, 100, 0.3, (0.1, 0.1))
    found = prediction_powered(judged, alpha_low=0.05, alpha_high=0.05, tuning=0)
    assert found.interval.high == pytest.approx(mean_upper(judged.labels, 0.045))
    assert found.estimate == pytest.approx(sum(judged.labels) / 50)
    assert found.labels_only.high == mean_upper(judged.labels, 0.05)
    assert (found.judge.low, found.judge.high) == (0, 0)


def test_the_parts_add_up() -> None:
    judged = sample(np.random.default_rng(4), 80, 400, 0.5, (0.05, 0.1))
    found = prediction_powered(judged, alpha_low=0.02, alpha_high=0.05, tuning=0.8)
    assert found.interval.low == pytest.approx(max(0, found.judge.low + found.rectifier.low))
    assert found.interval.high == pytest.approx(min(1, found.judge.high + found.rectifier.high))
    verdicts = judged.on_unlabelled
    assert found.judge.low == pytest.approx(0.8 * mean_lower(verdicts, 0.002))


def test_the_asymptotic_interval_is_the_published_formula() -> None:
    judged = sample(np.random.default_rng(5), 40, 200, 0.3, (0.1, 0.2))
    labels, on, off = (
        np.array(x) for x in (judged.labels, judged.on_labelled, judged.on_unlabelled)
    )
    estimate = off.mean() + (labels - on).mean()
    error = math.sqrt(off.var() / 200 + (labels - on).var() / 40)
    found = prediction_powered_asymptotic(judged, 0.9)
    assert found.low == pytest.approx(estimate - 1.6448536269514722 * error)
    assert found.high == pytest.approx(estimate + 1.6448536269514722 * error)


@pytest.mark.slow
def test_the_asymptotic_interval_fails_where_the_exact_one_holds() -> None:
    """Six labels and a rarely wrong judge: no disagreement seen, no variance, no coverage."""
    rng, runs, rate = np.random.default_rng(6), 300, 0.1
    normal = exact = 0
    for _ in range(runs):
        judged = sample(rng, 6, 3000, rate, (0.05, 0.05))
        wide = prediction_powered_asymptotic(judged, 0.9)
        normal += not wide.low <= rate <= wide.high
        found = prediction_powered(judged, alpha_low=0.05, alpha_high=0.05).interval
        exact += not found.low <= rate <= found.high
    assert normal / runs > 0.5
    assert exact / runs <= 0.1 + 3 * math.sqrt(0.09 / runs)


unit = st.floats(0, 1, allow_subnormal=False)


@settings(max_examples=40)
@given(
    st.lists(st.tuples(unit, unit), min_size=1, max_size=6),
    st.lists(unit, min_size=1, max_size=6),
    unit,
)
def test_the_interval_lies_in_the_range_and_a_smaller_alpha_widens_it(
    labelled: list[tuple[float, float]], unlabelled: list[float], tuning: float
) -> None:
    judged = Judged(
        labels=tuple(y for y, _ in labelled),
        on_labelled=tuple(f for _, f in labelled),
        on_unlabelled=tuple(unlabelled),
    )
    strict = prediction_powered(judged, alpha_low=0.01, alpha_high=0.01, tuning=tuning).interval
    loose = prediction_powered(judged, alpha_low=0.2, alpha_high=0.2, tuning=tuning).interval
    assert 0 <= strict.low <= loose.low + 1e-12
    assert loose.high - 1e-12 <= strict.high <= 1


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="labels for"):
        Judged(labels=(1.0,), on_labelled=(), on_unlabelled=(1.0,))
    with pytest.raises(ValueError, match="at least one"):
        Judged(labels=(), on_labelled=(), on_unlabelled=(1.0,))
    with pytest.raises(ValueError, match="between 0 and 1"):
        Judged(labels=(1.0,), on_labelled=(math.nan,), on_unlabelled=(1.0,))
    judged = Judged(labels=(1.0,), on_labelled=(1.0,), on_unlabelled=(1.0,))
    with pytest.raises(ValueError, match="two labelled"):
        prediction_powered_asymptotic(judged, 0.9)
    with pytest.raises(ValueError, match="level"):
        prediction_powered_asymptotic(judged, 1)
    with pytest.raises(ValueError, match="tuning"):
        prediction_powered(judged, alpha_low=0.05, alpha_high=0.05, tuning=1.5)
    with pytest.raises(ValueError, match="share"):
        prediction_powered(judged, alpha_low=0.05, alpha_high=0.05, rectifier_share=1)
