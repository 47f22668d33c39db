"""Trees of questions: errors against enumeration, placed errors, and the recursion's bound."""

from __future__ import annotations

import itertools
import math
import random

import pytest

from safetycase.methods.oversight.domains.arithmetic_trees import (
    Tree,
    combined_error,
    drawn_sum,
    fewest_flips,
    fewest_in_uniform,
    majority_error,
    majority_tree,
    needed,
    root_error,
    steps,
    sum_error,
    sum_law,
    truth,
)
from safetycase.methods.oversight.protocols.amplification import (
    PROTOCOL,
    Constants,
    copied,
    theory,
)
from safetycase.testing.protocols import check_protocol, statement_breaks


def test_the_protocol_keeps_the_contract() -> None:
    check_protocol(PROTOCOL, module="safetycase.methods.oversight.protocols.amplification")


def test_the_corrupted_protocol_breaks_the_statement_by_its_error() -> None:
    broken = statement_breaks(PROTOCOL.corrupted())
    assert broken is not None
    assert "error" in broken


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_conjunctions_compound_errors(depth: int) -> None:
    assert root_error("any", 5, depth, 0.1) == pytest.approx(1 - 0.9 ** (5**depth), rel=1e-12)


def test_majorities_that_agree_contract_errors() -> None:
    assert root_error("majority", 5, 1, 0.1) == pytest.approx(0.00856, abs=1e-12)
    assert root_error("majority", 5, 2, 0.1) == pytest.approx(6e-6, rel=0.05)
    assert root_error("majority", 5, 1, 0.5) == pytest.approx(0.5)
    assert root_error("majority", 5, 3, 0.6) > 0.6


def test_majorities_on_which_parts_do_not_agree_compound_errors() -> None:
    """With three of five in favour one error turns the node, and depth makes it worse."""
    found = [root_error("majority", 5, depth, 0.1, agreeing=3) for depth in (1, 2, 3)]
    assert found == sorted(found)
    assert found[0] == pytest.approx(1 - 0.9**3)


def _leaves(tree: Tree) -> list[bool]:
    return [tree] if isinstance(tree, bool) else [leaf for c in tree for leaf in _leaves(c)]


def _refilled(tree: Tree, leaves: list[bool]) -> Tree:
    if isinstance(tree, bool):
        return leaves.pop(0)
    return tuple(_refilled(child, leaves) for child in tree)


@pytest.mark.parametrize("dissenting", [0, 1])
def test_exact_errors_and_fewest_flips_equal_enumeration(dissenting: int) -> None:
    for seed in range(4):
        tree = majority_tree(3, 2, dissenting, seed)
        leaves = _leaves(tree)
        wrong, fewest = 0.0, len(leaves)
        for flips in itertools.product((False, True), repeat=len(leaves)):
            count = sum(flips)
            changed = _refilled(tree, [a != b for a, b in zip(leaves, flips, strict=True)])
            if truth(changed) != truth(tree):
                wrong += 0.2**count * 0.8 ** (len(leaves) - count)
                fewest = min(fewest, count)
        assert majority_error(tree, 0.2) == pytest.approx(wrong, rel=1e-12)
        assert fewest_flips(tree) == fewest


def test_fewest_flips_of_uniform_trees() -> None:
    for width, depth in ((3, 3), (5, 2), (7, 1)):
        tree = majority_tree(width, depth, 0, 0)
        expected = math.ceil(width / 2) ** depth
        assert fewest_flips(tree) == fewest_in_uniform("majority", width, depth) == expected
    assert fewest_in_uniform("any", 5, 3) == 1


def test_sums_by_characters_and_by_convolution_agree() -> None:
    for modulus, depth, step in itertools.product((2, 3, 10), (1, 2), (0.0, 0.1)):
        law = sum_law(modulus, 3, depth, 0.07, step)
        assert sum(law) == pytest.approx(1.0)
        assert sum_error(modulus, 3, depth, 0.07, step) == pytest.approx(1 - law[0], rel=1e-12)
    assert sum_error(2, 2, 1, 0.1) == pytest.approx(2 * 0.1 * 0.9)


def test_verdicts_on_claims_about_sums_equal_enumeration() -> None:
    """All answers to two digits modulo 3; a wrong one is uniform among the others."""
    for seed in range(8):
        claim = drawn_sum(3, 2, 1, seed)
        wrong = 0.0
        for answers in itertools.product(range(3), repeat=2):
            odds = [0.8 if a == d else 0.1 for a, d in zip(answers, claim.digits, strict=True)]
            accepted = sum(answers) % 3 == claim.claimed
            wrong += math.prod(odds) * (accepted != (claim.off == 0))
        assert claim.error(0.2) == pytest.approx(wrong)
    assert len({drawn_sum(3, 2, 1, seed).off == 0 for seed in range(8)}) == 2


def test_the_bound_covers_random_trees_steps_and_levels() -> None:
    rng = random.Random(0)
    for seed in range(40):
        leaf, step = rng.uniform(0, 0.3), rng.uniform(0, 0.2)
        depth, dissenting = rng.randint(1, 3), rng.randint(0, 1)
        tree = majority_tree(5, depth, dissenting, seed)
        constants = Constants(
            combiner="majority", depth=depth, agreeing=5 - dissenting, answer_error=leaf
        )
        bound = theory(constants, step, 0.0).disagreement
        assert majority_error(tree, leaf, step) <= bound + 1e-12
        anyhow = theory(Constants(depth=depth, answer_error=leaf), step, 0.0).disagreement
        assert sum_error(10, 5, depth, leaf, step) <= anyhow + 1e-12
        assert majority_error(tree, leaf, step) <= anyhow + 1e-12


def test_agreeing_majorities_have_the_contraction_as_their_bound() -> None:
    constants = Constants(combiner="majority", depth=1, answer_error=0.1)
    assert theory(constants, 0.0, 0.0).disagreement == pytest.approx(0.00856)
    assert theory(constants, 0.0, 0.02).disagreement == pytest.approx(0.02856)


def test_without_independence_copies_are_covered() -> None:
    """Five copies that are wrong together at the rate e: their majority is wrong at e."""
    alike = Constants(combiner="majority", depth=1, answer_error=0.1, independent=False)
    assert theory(alike, 0.0, 0.0).disagreement == pytest.approx(5 * 0.1 / 3)
    apart = Constants(combiner="majority", depth=1, answer_error=0.1)
    assert theory(apart, 0.0, 0.0).disagreement < 0.1 < theory(alike, 0.0, 0.0).disagreement
    rates = [copied(2, share, 0) for share in (0.0, 0.5, 1.0)]
    assert rates == sorted(rates)
    assert rates[-1] == pytest.approx(0.01)
    bare = Constants(combiner="majority", depth=1, agreeing=3, answer_error=0.1, independent=False)
    assert theory(bare, 0.0, 0.0).disagreement == pytest.approx(0.3)
    any_way = Constants(depth=1, answer_error=0.05, independent=False)
    assert theory(any_way, 0.1, 0.0).disagreement == pytest.approx(0.35)


def test_a_minority_of_right_children_bounds_nothing() -> None:
    found = theory(Constants(combiner="majority", agreeing=2), 0.0, 0.0)
    assert found.disagreement == 1.0
    assert not found.conditions[0].holds


def test_placed_errors_turn_a_tree_that_random_ones_do_not() -> None:
    placed = next(a for a in PROTOCOL.attacks if a.name == "placed-errors")
    rates = [placed.run(2, budget, 1, 0).exact for budget in (0.0, 1.0, 2.0, 4.0)]
    assert rates[:2] == [0.0, 0.0]
    assert rates[-1] == 1.0
    tree = majority_tree(5, 2, 1, 0)
    assert majority_error(tree, 0.1) < 0.01


def test_counts_and_refusals() -> None:
    assert [steps(5, d) for d in (1, 2, 3)] == [1, 6, 31]
    assert steps(1, 4) == 4
    assert combined_error("any", 5, 5, 1.0) == 1.0
    with pytest.raises(ValueError, match="tie"):
        needed(4)
    with pytest.raises(ValueError, match="tie"):
        Constants(combiner="majority", width=4, agreeing=4)
    with pytest.raises(ValueError, match="rate"):
        Constants(answer_error=1.5)
    with pytest.raises(ValueError, match="agreeing"):
        Constants(agreeing=9)
    with pytest.raises(ValueError, match="depth"):
        Constants(depth=0)
