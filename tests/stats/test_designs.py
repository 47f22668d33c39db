"""Paired designs: the exact test, the interval by betting, and margins."""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from safetycase.stats import Interval, clopper_pearson
from safetycase.stats.designs import (
    Pairs,
    compare,
    discordant_odds,
    mcnemar,
    mean_difference,
    paired_difference,
)


def pairs(both: int, only_a: int, only_b: int, neither: int, missing: int = 0) -> Pairs:
    return Pairs(both=both, only_a=only_a, only_b=only_b, neither=neither, missing=missing)


# Agresti (2013), Categorical Data Analysis, table 11.1 has 150 and 86 disagreeing pairs.
@pytest.mark.parametrize(("a", "b"), [(150, 86), (2, 9), (3, 0), (0, 5), (7, 7), (1, 0)])
def test_mcnemar_is_the_binomial_test_of_the_disagreeing_pairs(a: int, b: int) -> None:
    found = mcnemar(pairs(10, a, b, 20))
    for ours, name in ((found.greater, "greater"), (found.less, "less")):
        assert ours == pytest.approx(stats.binomtest(a, a + b, alternative=name).pvalue)
    assert found.two_sided == pytest.approx(float(stats.binomtest(a, a + b).pvalue))


def test_mcnemar_by_hand() -> None:
    assert mcnemar(pairs(0, 5, 0, 0)).greater == pytest.approx(1 / 32)
    assert mcnemar(pairs(0, 4, 1, 0)).greater == pytest.approx(6 / 32)
    assert mcnemar(pairs(9, 0, 0, 9)).two_sided == 1


def test_mcnemar_keeps_its_level_by_enumeration() -> None:
    n, alpha, share = 14, 0.05, 0.4
    rejected = 0.0
    for a in range(n + 1):
        for b in range(n + 1 - a):
            ways = math.comb(n, a) * math.comb(n - a, b)
            mass = ways * (share / 2) ** (a + b) * (1 - share) ** (n - a - b)
            rejected += mass * (mcnemar(pairs(0, a, b, n - a - b)).greater <= alpha)
    assert 0 < rejected <= alpha


@given(st.integers(0, 20), st.integers(0, 20), st.integers(0, 6))
def test_losing_pairs_never_helps(a: int, b: int, lost: int) -> None:
    """Whatever the missing pairs would have been, the p-value is no smaller than with them."""
    found = mcnemar(pairs(1, a, b, 1, missing=lost))
    for to_a in range(lost + 1):
        for to_b in range(lost + 1 - to_a):
            known = mcnemar(pairs(1, a + to_a, b + to_b, 1 + lost - to_a - to_b))
            assert found.greater >= known.greater - 1e-12
            assert found.less >= known.less - 1e-12


def test_the_odds_of_the_disagreeing_pairs() -> None:
    # The example of the R package exact2x2 (Fay 2010, The R Journal 2:53), 2 against 9.
    fay = pairs(21, 2, 9, 12)
    odds = discordant_odds(fay, alpha_low=0.025, alpha_high=0.025)
    assert odds.low == pytest.approx(0.02336464, abs=1e-8)
    assert odds.high == pytest.approx(1.07363844, abs=1e-8)
    assert mcnemar(fay).two_sided == pytest.approx(0.06543, abs=5e-6)
    assert discordant_odds(pairs(3, 4, 0, 1), alpha_low=0.05, alpha_high=0.05).high == math.inf
    nothing = discordant_odds(pairs(3, 0, 0, 1), alpha_low=0.05, alpha_high=0.05)
    assert (nothing.low, nothing.high) == (0, math.inf)


def test_the_odds_cover_by_enumeration() -> None:
    n, alpha = 12, 0.05
    for p_a, p_b in ((0.3, 0.1), (0.05, 0.5), (0.2, 0.2)):
        below = above = 0.0
        for a in range(n + 1):
            for b in range(n + 1 - a):
                found = discordant_odds(
                    pairs(0, a, b, n - a - b), alpha_low=alpha, alpha_high=alpha
                )
                ways = math.comb(n, a) * math.comb(n - a, b)
                mass = ways * p_a**a * p_b**b * (1 - p_a - p_b) ** (n - a - b)
                below += mass * (found.low > p_a / p_b)
                above += mass * (found.high < p_a / p_b)
        assert below <= alpha
        assert above <= alpha


def test_the_difference_covers_by_enumeration() -> None:
    n, alpha = 9, 0.05
    cells = {
        (a, b): paired_difference(pairs(0, a, b, n - a - b), alpha_low=alpha, alpha_high=alpha)
        for a in range(n + 1)
        for b in range(n + 1 - a)
    }
    for p_a, p_b in ((0.1, 0.1), (0.3, 0.05), (0.5, 0.5), (0.9, 0.05), (0.02, 0.6), (0.4, 0.0)):
        below = above = 0.0
        for (a, b), found in cells.items():
            rest = n - a - b
            ways = math.comb(n, a) * math.comb(n - a, b)
            mass = ways * p_a**a * p_b**b * max(0.0, 1 - p_a - p_b) ** rest
            below += mass * (found.low > p_a - p_b)
            above += mass * (found.high < p_a - p_b)
        assert below <= alpha
        assert above <= alpha


def test_a_pairing_that_agrees_is_worth_more_than_two_samples() -> None:
    paired = paired_difference(pairs(150, 20, 0, 30), alpha_low=0.05, alpha_high=0.05)
    a = clopper_pearson(170, 200, alpha_low=0.025, alpha_high=0.025)
    b = clopper_pearson(150, 200, alpha_low=0.025, alpha_high=0.025)
    assert paired.low > 0 > a.low - b.high
    assert paired.high - paired.low < (a.high - b.low) - (a.low - b.high)


def test_missing_pairs_are_the_worst_for_each_end() -> None:
    found = paired_difference(pairs(10, 8, 2, 5, missing=3), alpha_low=0.05, alpha_high=0.05)
    worst = paired_difference(pairs(10, 8, 5, 5), alpha_low=0.05, alpha_high=0.05)
    best = paired_difference(pairs(10, 11, 2, 5), alpha_low=0.05, alpha_high=0.05)
    assert (found.low, found.high) == (worst.low, best.high)


@pytest.mark.slow
def test_graded_differences_cover() -> None:
    rng = random.Random(5)
    runs, alpha, n, missed = 400, 0.05, 25, 0
    for _ in range(runs):
        values = [rng.betavariate(2, 5) - rng.betavariate(1, 3) for _ in range(n)]
        truth = 2 / 7 - 1 / 4
        missed += mean_difference(values, alpha_low=alpha, alpha_high=0).low > truth
    assert missed / runs <= alpha + 3 * math.sqrt(alpha * (1 - alpha) / runs)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.01, 0.2, (True, True, None)),
        (-0.04, 0.03, (None, True, True)),
        (-0.2, -0.1, (False, False, False)),
        (-0.2, 0.2, (None, None, None)),
        (-0.04, -0.01, (False, True, True)),
        (0.06, 0.2, (True, True, False)),
    ],
)
def test_margins(low: float, high: float, expected: tuple[bool | None, ...]) -> None:
    said = compare(Interval(low, high), 0.05)
    assert (said.superior, said.non_inferior, said.equivalent) == expected


@settings(max_examples=60)
@given(st.floats(-1, 1), st.floats(-1, 1), st.floats(0, 1), st.floats(0, 1))
def test_a_wider_margin_never_takes_a_finding_back(
    x: float, y: float, margin: float, more: float
) -> None:
    interval = Interval(min(x, y), max(x, y))
    narrow, wide = compare(interval, margin), compare(interval, margin + more)
    assert narrow.superior == wide.superior
    assert not narrow.non_inferior or wide.non_inferior
    assert not narrow.equivalent or wide.equivalent


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="whole numbers"):
        pairs(1, -1, 0, 0)
    with pytest.raises(ValueError, match="difference"):
        mean_difference([0.1, 1.5], alpha_low=0.05, alpha_high=0.05)
    with pytest.raises(ValueError, match="difference"):
        mean_difference([math.nan], alpha_low=0.05, alpha_high=0.05)
    with pytest.raises(ValueError, match="more than 10,000,000"):
        paired_difference(pairs(10**12, 1, 1, 1), alpha_low=0.05, alpha_high=0.05)
    with pytest.raises(ValueError, match="margin"):
        compare(Interval(0, 1), -0.1)
    with pytest.raises(ValueError, match="inside"):
        compare(Interval(1, 0), 0.1)
