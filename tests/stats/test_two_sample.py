"""Two samples: scipy's exact tests, levels by simulation, and power to fail."""

import itertools
import math
import random
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from safetycase.stats import Proportion
from safetycase.stats.two_sample import (
    fisher_exact,
    mann_whitney,
    mmd_test,
    permutation_test,
    two_sample_e_value,
)


def counted(hits: int, n: int, missing: int = 0) -> Proportion:
    return Proportion(successes=hits, trials=n, missing=missing)


@pytest.mark.slow
def test_fisher_of_many_items_is_quick() -> None:
    found = fisher_exact(counted(50_020_000, 10**8), counted(50_000_000, 10**8))
    z = 2e4 / math.sqrt(2 * 10**8 * 0.25)
    assert found.greater == pytest.approx(float(stats.norm.sf(z)), rel=1e-3)
    assert 0 < fisher_exact(counted(10**8, 10**8), counted(0, 10**8)).greater < 1e-299


def test_the_lady_tasting_tea() -> None:
    """Fisher (1935), The Design of Experiments, ch. 2: 3 of 4 and 1 of 4."""
    found = fisher_exact(counted(3, 4), counted(1, 4))
    assert found.greater == pytest.approx(17 / 70)
    assert fisher_exact(counted(4, 4), counted(0, 4)).greater == pytest.approx(1 / 70)


@pytest.mark.parametrize(
    ("a", "n", "b", "m"),
    [
        (7, 12, 5, 17),
        (0, 9, 3, 8),
        (50, 300, 20, 310),
        (5, 5, 5, 5),
        (0, 3, 0, 4),
        (900, 9000, 1, 9),
    ],
)
def test_fisher_agrees_with_scipy(a: int, n: int, b: int, m: int) -> None:
    found = fisher_exact(counted(a, n), counted(b, m))
    table = [[a, n - a], [b, m - b]]
    for ours, name in ((found.greater, "greater"), (found.less, "less")):
        assert ours == pytest.approx(float(stats.fisher_exact(table, name).pvalue), rel=1e-8)
    assert found.two_sided == min(1.0, 2 * min(found.greater, found.less))


@settings(max_examples=60)
@given(st.tuples(*[st.integers(0, 8)] * 4), st.integers(0, 3), st.integers(0, 3))
def test_losing_items_never_helps(counts: tuple[int, int, int, int], x: int, y: int) -> None:
    a, fail_a, b, fail_b = counts
    lost = fisher_exact(counted(a, a + fail_a, x), counted(b, b + fail_b, y))
    for i, j in itertools.product(range(x + 1), range(y + 1)):
        whole = fisher_exact(counted(a + i, a + fail_a + x), counted(b + j, b + fail_b + y))
        assert lost.greater >= whole.greater - 1e-12
        assert lost.less >= whole.less - 1e-12


@pytest.mark.parametrize("alternative", ["greater", "less", "two-sided"])
def test_listed_permutations_agree_with_scipy(alternative: str) -> None:
    a, b = [4.1, 5.0, 6.3, 5.5, 7.0], [3.9, 4.4, 5.1, 4.0, 3.2, 4.8]
    ours = permutation_test(a, b, alternative=alternative, seed=0)
    theirs = stats.permutation_test(
        (a, b),
        lambda x, y: (
            abs(np.mean(x) - np.mean(y)) if alternative == "two-sided" else np.mean(x) - np.mean(y)
        ),
        alternative="greater" if alternative == "two-sided" else alternative,
        n_resamples=np.inf,
    )
    assert ours.listed
    assert ours.splits == 462
    assert ours.p_value == pytest.approx(float(theirs.pvalue))
    assert ours.statistic == pytest.approx(5.58 - 25.4 / 6)


def test_a_listed_p_value_is_a_fraction_of_the_splits() -> None:
    found = permutation_test([10, 11, 12], [1, 2, 3], alternative="greater", seed=0)
    assert Fraction(found.p_value).limit_denominator(100) == Fraction(1, 20)
    assert permutation_test([1, 1], [1, 1], seed=0).p_value == 1
    # Sums of 0.1 in another order differ in the last bit and are a tie all the same.
    assert permutation_test([0.1, 0.2, 0.3], [0.3, 0.2, 0.1], seed=0).p_value == 1


def test_drawn_permutations_keep_their_level() -> None:
    rng, runs = np.random.default_rng(1), 300
    small = 0
    for i in range(runs):
        a, b = rng.exponential(size=15), rng.exponential(size=12)
        found = permutation_test(list(a), list(b), seed=i, draws=199, enough=20)
        assert not found.listed
        small += found.p_value <= 0.1
    assert small / runs <= 0.1 + 3 * math.sqrt(0.09 / runs)


def test_drawn_permutations_find_a_shift_and_stop_early_without_one() -> None:
    rng = np.random.default_rng(2)
    a, b = list(rng.normal(size=40) + 1.5), list(rng.normal(size=40))
    shifted = permutation_test(a, b, alternative="greater", seed=0)
    assert (shifted.p_value, shifted.splits) == (1 / 10_000, 9_999)
    same = permutation_test(b[:20], b[20:], seed=0)
    assert same.splits < 9_999
    assert same.p_value == 50 / same.splits
    equal = permutation_test([1.0] * 15, [1.0] * 15, seed=0, enough=3)
    assert (equal.p_value, equal.splits) == (1, 3)  # every split reaches it: stop at the third
    assert permutation_test(a, b, alternative="less", seed=0).p_value > 0.9


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ([1.1, 2.2, 3.3, 4.4], [0.5, 1.5, 2.5]),
        ([19, 22, 16, 29, 24], [20, 11, 17, 12]),
        (list(range(0, 40, 2)), list(range(1, 60, 3))),
    ],
)
def test_rank_sums_agree_with_scipy(a: list[float], b: list[float]) -> None:
    found = mann_whitney(a, b)
    assert found.listed
    if not set(a) & set(b):
        for ours, name in ((found.p.greater, "greater"), (found.p.less, "less")):
            theirs = stats.mannwhitneyu(a, b, alternative=name, method="exact")
            assert ours == pytest.approx(float(theirs.pvalue))
    u = float(stats.mannwhitneyu(a, b).statistic)
    assert found.superiority == pytest.approx(u / (len(a) * len(b)))


def test_tied_ranks_by_listing_all_splits() -> None:
    a, b = [1, 2, 2, 3], [2, 2, 4, 1, 1]
    pooled = a + b
    ranks = stats.rankdata(pooled)
    own = ranks[:4].sum()
    sums = [ranks[list(split)].sum() for split in itertools.combinations(range(9), 4)]
    found = mann_whitney(a, b)
    assert found.p.greater == pytest.approx(sum(s >= own for s in sums) / len(sums))
    assert found.p.less == pytest.approx(sum(s <= own for s in sums) / len(sums))


small = st.lists(st.integers(-3, 3).map(float), min_size=1, max_size=6)


@settings(max_examples=40)
@given(small, small)
def test_exchanging_the_samples_exchanges_the_directions(a: list[float], b: list[float]) -> None:
    one, two = mann_whitney(a, b), mann_whitney(b, a)
    assert one.p.greater == pytest.approx(two.p.less)
    assert one.superiority == pytest.approx(1 - two.superiority)
    # All splits together have probability one, and the one seen is in both tails.
    assert one.p.greater + one.p.less > 1
    up = permutation_test(a, b, alternative="greater", seed=0)
    down = permutation_test(b, a, alternative="less", seed=0)
    assert up.p_value == pytest.approx(down.p_value)
    assert permutation_test(a, b, seed=0).p_value == permutation_test(b, a, seed=0).p_value


def test_many_ranks_are_drawn_and_agree_with_the_listing() -> None:
    rng = np.random.default_rng(3)
    a, b = list(rng.normal(size=45) + 0.3), list(rng.normal(size=45))
    found = mann_whitney(a, b, seed=1)
    theirs = float(stats.mannwhitneyu(a, b, alternative="greater", method="exact").pvalue)
    assert not found.listed
    assert found.p.greater == pytest.approx(theirs, abs=4 * math.sqrt(theirs / 9_999))


def test_the_kernel_test_sees_what_means_do_not() -> None:
    rng = np.random.default_rng(4)
    a, b = rng.normal(size=(60, 2)), rng.normal(size=(60, 2)) * [1, 2.5]
    assert mmd_test(a.tolist(), b.tolist(), seed=0).p_value < 0.01
    means = permutation_test(list(a[:, 1]), list(b[:, 1]), seed=0)
    assert means.p_value > 0.05


def test_the_kernel_test_keeps_its_level() -> None:
    rng, runs, small = np.random.default_rng(5), 200, 0
    for i in range(runs):
        points = rng.normal(size=(26, 3))
        found = mmd_test(points[:13].tolist(), points[13:].tolist(), seed=i, draws=99)
        small += found.p_value <= 0.1
    assert small / runs <= 0.1 + 3 * math.sqrt(0.09 / runs)


def test_the_kernel_test_of_small_samples_lists_all_splits() -> None:
    found = mmd_test([[0.0], [0.1], [0.2]], [[5.0], [5.1], [5.2]], seed=0)
    assert found.listed
    assert found.p_value == pytest.approx(2 / 20)  # the split and its mirror image
    assert mmd_test([[1.0]] * 3, [[1.0]] * 3, seed=0).p_value == 1


def test_the_e_value_is_one_in_expectation_at_most_by_enumeration() -> None:
    """Every outcome of five blocks, for rates with a ≤ b."""
    for rate_a, rate_b in ((0.3, 0.3), (0.5, 0.5), (0.1, 0.6), (0.9, 0.9), (0.0, 0.2)):
        for alternative in ("greater", "two-sided") if rate_a == rate_b else ("greater",):
            mean = crossed = 0.0
            for a in itertools.product((0, 1), repeat=5):
                for b in itertools.product((0, 1), repeat=5):
                    mass = math.prod(rate_a if x else 1 - rate_a for x in a)
                    mass *= math.prod(rate_b if y else 1 - rate_b for y in b)
                    found = two_sample_e_value(a, b, alternative=alternative)
                    mean += mass * found.e_value
                    crossed += mass * (found.anytime_p <= 0.3)
            assert mean <= 1 + 1e-9
            assert crossed <= 0.3


def test_the_e_value_grows_where_a_succeeds_more_often() -> None:
    rng = random.Random(6)
    a = [int(rng.random() < 0.6) for _ in range(200)]
    b = [int(rng.random() < 0.2) for _ in range(200)]
    found = two_sample_e_value(a, b)
    assert found.anytime_p < 1e-4
    assert found.largest >= found.e_value > 1e4
    assert two_sample_e_value(b, a).anytime_p > 0.5
    both = two_sample_e_value(a, b, alternative="two-sided")
    assert found.e_value / 2.001 < both.e_value < found.e_value
    assert two_sample_e_value([], []).e_value == 1
    assert two_sample_e_value(b, a, alternative="less").e_value == found.e_value


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: permutation_test([], [1.0], seed=0), "at least one"),
        (lambda: permutation_test([math.nan], [1.0], seed=0), "finite"),
        (lambda: permutation_test([1.0], [1.0], seed=0, draws=0), "draws"),
        (lambda: permutation_test([1.0], [1.0], alternative="more", seed=0), "alternative"),
        (lambda: mann_whitney([1.0], []), "at least one"),
        (lambda: mann_whitney([1.0] * 50, [2.0] * 50, draws=0), "draws"),
        (lambda: mmd_test([[1.0]], [[1.0, 2.0]], seed=0), "one length"),
        (lambda: mmd_test([], [[1.0]], seed=0), "at least one"),
        (lambda: mmd_test([[math.inf]], [[1.0]], seed=0), "finite"),
        (lambda: mmd_test([[1.0]] * 3000, [[1.0]], seed=0), "3,000"),
        (lambda: two_sample_e_value([2], [0]), "0 or 1"),
        (lambda: two_sample_e_value([1], [0], alternative="more"), "alternative"),
    ],
)
def test_what_cannot_be_is_refused(call, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()
