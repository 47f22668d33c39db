"""Calibration, ranking and leakage of judges against closed forms and direct counting."""

from __future__ import annotations

import math
import random
from collections import Counter

import pytest

from safetycase.methods.oversight.domains import sparse_evidence as sparse
from safetycase.methods.oversight.judges import area_under_curve, brier, leakage


def test_the_parts_of_the_brier_score_add_up() -> None:
    rng = random.Random(0)
    stated = [rng.choice((0.1, 0.5, 0.9)) for _ in range(200)]
    true = [rng.random() < 0.2 + 0.5 * p for p in stated]
    found = brier(stated, true)
    assert found.score == pytest.approx(found.reliability - found.resolution + found.uncertainty)


def test_brier_in_closed_form() -> None:
    perfect = brier([1.0, 0.0, 1.0], [True, False, True])
    assert (perfect.score, perfect.reliability) == (0.0, 0.0)
    assert perfect.resolution == pytest.approx(perfect.uncertainty)
    ignorant = brier([0.5] * 4, [True, False, True, False])
    assert (ignorant.score, ignorant.reliability, ignorant.resolution) == (0.25, 0.0, 0.0)
    sure = brier([1.0, 1.0], [False, False])
    assert (sure.score, sure.reliability) == (1.0, 1.0)


def test_ranking_equals_counting_pairs() -> None:
    rng = random.Random(1)
    stated = [rng.choice((0.1, 0.3, 0.6, 0.9)) for _ in range(60)]
    true = [rng.random() < p for p in stated]
    pairs = [
        (a > b) + (a == b) / 2
        for a, t in zip(stated, true, strict=True)
        for b, f in zip(stated, true, strict=True)
        if t and not f
    ]
    assert area_under_curve(stated, true) == pytest.approx(sum(pairs) / len(pairs))


def test_leakage_in_closed_form() -> None:
    nothing = leakage({("a", 0, True): 1, ("a", 0, False): 1})
    assert (nothing.prior, nothing.from_transcript, nothing.bits) == (0.5, 0.5, 0.0)
    everything = leakage({("a", 0, True): 2, ("b", 0, False): 2})
    assert everything.bits == pytest.approx(1.0)
    assert everything.excess == pytest.approx(0.5)
    noisy = leakage(
        {(k, k, t): 0.9 if k == t else 0.1 for k in (True, False) for t in (True, False)}
    )
    entropy = -(0.9 * math.log2(0.9) + 0.1 * math.log2(0.1))
    assert noisy.bits == pytest.approx(1 - entropy)
    assert noisy.excess == pytest.approx(0.0)
    assert noisy.from_verdict == pytest.approx(0.9)


def test_what_a_naive_judge_of_consultancy_leaves_out() -> None:
    """Its transcripts give the truth away at 0.975, and its verdicts at 0.591."""
    given = sparse.evidence(8, 3)
    show = sparse.consultant_shows(given)
    weights: Counter[tuple[object, object, bool]] = Counter()
    for case in sparse.cases(given):
        for side in (1, -1):
            shown = sparse.strongest(case, side, given.shown)
            verdict = sparse.support(case, shown, 1) > 0
            weights[show(case, side), (side, verdict), case.truth > 0] += case.probability  # type: ignore[assignment]
    found = leakage(weights)
    assert found.from_transcript == pytest.approx(0.975, abs=5e-4)
    assert found.from_verdict == pytest.approx(0.591, abs=5e-4)
    assert found.excess == pytest.approx(0.384, abs=1e-3)


def test_what_cannot_be_measured_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        brier([], [])
    with pytest.raises(ValueError, match="between 0 and 1"):
        brier([float("nan")], [True])
    with pytest.raises(ValueError, match="a true claim and a false one"):
        area_under_curve([0.5], [True])
    with pytest.raises(ValueError, match="weights"):
        leakage({})
    with pytest.raises(ValueError, match="weights"):
        leakage({("a", 0, True): -1.0, ("b", 0, True): 2.0})
