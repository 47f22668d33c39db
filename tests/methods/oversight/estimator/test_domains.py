"""Trees, hidden leaves and prime intervals: their truths, and what searching them costs."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

from safetycase.methods.oversight.domains.obfuscated import (
    Obfuscated,
    found_by_checks,
    recursive_debate_win,
)
from safetycase.methods.oversight.domains.primes import (
    intervals,
    is_prime,
    leaf_of,
    pollard_rho,
    semiprime,
    shown_composite,
    trial_division,
)
from safetycase.methods.oversight.domains.trees import Tree, conjunction, majority_tree
from safetycase.methods.oversight.stability.combiners import truth


@pytest.mark.parametrize("holds", [True, False])
def test_the_truth_of_a_tree_is_that_of_its_leaves(holds: bool) -> None:
    trees = (
        majority_tree(5, 2, dissent=2, truth=holds),
        conjunction(3, 3, truth=holds),
        Tree(inputs=4, needed=3, depth=2, dissent=1, truth=holds),
    )
    for tree in trees:
        for seed in range(5):
            assert truth(tree.argument(seed)) is holds
            assert len(tree.facts(seed)) == tree.leaves
    assert trees[0].facts(0) != trees[0].facts(1)


@pytest.mark.parametrize(
    "given",
    [
        {"inputs": 3, "needed": 4, "depth": 1},
        {"inputs": 3, "needed": 3, "depth": 1, "dissent": 1},
        {"inputs": 3, "needed": 1, "depth": 1, "dissent": 1},
        {"inputs": 3, "needed": 2, "depth": -1},
    ],
)
def test_trees_without_a_truth_are_refused(given: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"decides nothing|dissenting parts|depth"):
        Tree(**given)


def test_the_liar_in_recursive_debate_wins_unless_the_leaf_is_met() -> None:
    instance = Obfuscated(width=10, depth=4)
    assert recursive_debate_win(instance) == 1 - Fraction(1, 10**4)
    assert float(recursive_debate_win(instance)) == pytest.approx(0.9999)
    for checks in (0, 3, 8, 25, 26, 27, 100):
        small = Obfuscated(width=3, depth=3)
        wins = sum(not _meets(small.leaves, checks, leaf) for leaf in range(small.leaves))
        assert recursive_debate_win(small, checks) == Fraction(wins, small.leaves)
    with pytest.raises(ValueError, match="counted"):
        recursive_debate_win(instance, -1)
    with pytest.raises(ValueError, match="width"):
        Obfuscated(width=1, depth=3)


def _meets(leaves: int, checks: int, false_leaf: int) -> bool:
    """The honest side looks at the first leaves in order and names the next one if all are true."""
    return false_leaf < min(leaves, checks + 1)


def test_simulated_looks_agree_with_the_formula() -> None:
    instance, trials = Obfuscated(width=4, depth=2), 2000
    for checks in (0, 5):
        found = sum(found_by_checks(instance, checks, seed) for seed in range(trials))
        assert found / trials == pytest.approx((checks + 1) / 16, abs=0.04)


def test_primes_by_sieve() -> None:
    sieve = [n for n in range(2, 3000) if all(n % d for d in range(2, math.isqrt(n) + 1))]
    assert [n for n in range(2, 3000) if is_prime(n)] == sieve
    assert not is_prime(3215031751)  # the least strong pseudoprime to 2, 3, 5 and 7


@pytest.mark.parametrize("bits", [20, 34, 50])
def test_a_witness_is_cheap_and_a_factor_is_not(bits: int) -> None:
    instance = semiprime(bits, 3)
    assert instance.n == instance.factor * instance.cofactor
    assert is_prime(instance.factor)
    assert is_prime(instance.cofactor)
    shown = shown_composite(instance.n)
    assert shown.found
    assert shown.operations <= 3 * bits
    searched = pollard_rho(instance.n, 10**7, 0)
    assert searched.found == instance.factor
    assert searched.operations >= 2 ** (bits / 4) / 8
    short = pollard_rho(instance.n, 8, 0)
    assert (short.found, short.operations <= 8) == (0, True)
    low, width = intervals(instance.n, 64)
    at = leaf_of(instance, 64)
    assert low + at * width <= instance.factor <= low + (at + 1) * width + 1


def test_trial_division_counts_each_division() -> None:
    instance = semiprime(20, 1)
    low, _width = intervals(instance.n, 1)
    every = trial_division(instance.n, low, 10**6)
    assert every.found == instance.factor
    assert every.operations == (instance.factor - (low | 1)) // 2 + 1
    few = trial_division(instance.n, low, 1)
    assert few.operations == 1
    with pytest.raises(ValueError, match="even number"):
        semiprime(21, 0)
