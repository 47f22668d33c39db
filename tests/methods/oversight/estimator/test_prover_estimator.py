"""Prover-estimator debate: the exact values of the toy game, its statement, and what breaks it."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from safetycase.methods.oversight.domains.trees import Tree, conjunction, majority_tree
from safetycase.methods.oversight.protocols.prover_estimator.bounded import (
    learned_advantage,
    prefix_leak,
)
from safetycase.methods.oversight.protocols.prover_estimator.one_round import (
    all_true,
    conjunction_numbers,
    hidden_false,
    looked_at,
    solve,
)
from safetycase.methods.oversight.protocols.prover_estimator.plays import (
    Looks,
    best_win,
    matched_win,
)
from safetycase.methods.oversight.protocols.prover_estimator.protocol import (
    PROTOCOL,
    with_switches,
)
from safetycase.methods.oversight.protocols.prover_estimator.rounds import play_tree
from safetycase.methods.oversight.protocols.prover_estimator.switches import Switches
from safetycase.methods.oversight.protocols.prover_estimator.theory import (
    Constants,
    payoff_range,
    theory,
)
from safetycase.plugin.protocols import protocol
from safetycase.testing.protocols import check_protocol, statement_breaks

PROTOCOL_SWITCHES = Switches()
PACKAGE = "safetycase.methods.oversight.protocols.prover_estimator"


@pytest.mark.slow
def test_the_protocol_holds_the_contract() -> None:
    check_protocol(PROTOCOL, module=PACKAGE)
    assert protocol("prover-estimator") is PROTOCOL
    assert "not the paper's protocol" in PROTOCOL.reconstruction


@pytest.mark.parametrize("stake", [1.5, 2.5, 4.0])
@pytest.mark.parametrize("count", [2, 3, 5, 10, 101])
def test_a_true_conjunction_below_its_critical_stake(count: int, stake: float) -> None:
    found = solve(all_true(count, count), stake=stake, first=2.5)
    leaf, root = conjunction_numbers(count, stake)
    assert found.leaf == pytest.approx(leaf, abs=1e-6)
    assert found.root_low == pytest.approx(root, abs=1e-6)
    assert found.root_high == pytest.approx(root, abs=1e-6)
    if stake < count:
        assert root == pytest.approx((stake / count) ** (count / (count - 1)), rel=1e-9)


def test_the_published_brittle_conjunction() -> None:
    assert solve(all_true(101, 101), stake=2.5, first=2.5).root_high == pytest.approx(
        0.024, abs=5e-4
    )
    accepted = solve(all_true(10, 10), stake=6.25, first=2.5)  # already below the stake of 10
    assert 0.5 < accepted.root_low < 1


@pytest.mark.parametrize(
    ("count", "needed", "critical"), [(101, 51, 1.63784), (11, 6, 1.31911), (7, 7, 7.0)]
)
def test_truth_is_the_best_answer_from_the_critical_ratio_on(
    count: int, needed: int, critical: float
) -> None:
    below = solve(all_true(count, needed), stake=critical * 0.999, first=1.5)
    above = solve(all_true(count, needed), stake=critical * 1.001, first=1.5)
    assert below.root_high < 1 - 1e-3
    assert (above.root_low, above.root_high) == (1.0, 1.0)


def test_the_first_call_has_to_outweigh_the_root() -> None:
    leaves = all_true(101, 51)
    ends = [
        (found.root_low, found.root_high)
        for first in (0.9, 1.0, 1.1)
        for found in [solve(leaves, stake=2.5, first=first)]
    ]
    assert ends == [(0.0, 0.0), (0.0, 1.0), (1.0, 1.0)]


@pytest.mark.parametrize("tree", [majority_tree(5, 2), majority_tree(11, 2), conjunction(5, 2)])
def test_two_rounds_with_free_numbers_at_each(tree: Tree) -> None:
    growth = 2.5 if tree.needed < tree.inputs else 6.0
    right = play_tree(tree, Switches(growth=growth), 20)
    wrong = play_tree(tree, Switches(growth=growth, index="t"), 20)
    assert right.value == pytest.approx(1)
    assert right.root_low == pytest.approx(1, abs=1e-6)
    assert (wrong.root_low, wrong.root_high) == (0.0, 1.0)


def test_a_brittle_tree_is_shaded_in_two_rounds_as_in_one() -> None:
    stake = 2.5**3
    found = play_tree(conjunction(5, 2), Switches(growth=2.5), 40)
    _leaf, root = conjunction_numbers(25, stake)
    assert found.root_low == pytest.approx(root, abs=0.1)  # the cost is flat about it
    assert found.value >= (stake / 25) ** (25 / 24) + stake * (1 - (stake / 25) ** (1 / 24)) - 1e-9


def test_without_a_reward_for_the_root_brittleness_does_not_bite() -> None:
    none = Switches(root="none")
    for count in (5, 101, 1001):
        true = solve(all_true(count, count), stake=2.5, first=2.5, switches=none)
        false = solve(hidden_false(count), stake=2.5, first=2.5, switches=none)
        assert (true.root_low, true.root_high) == (1.0, 1.0)
        assert false.root_high == pytest.approx((1 - 1 / count) ** count, abs=1e-9)
        assert false.root_low == pytest.approx(false.root_high)


@pytest.mark.parametrize("count", [2, 5, 10, 101, 1001])
def test_a_hidden_false_leaf_is_rejected(count: int) -> None:
    found = solve(hidden_false(count), stake=2.5, first=2.5)
    calibrated = (1 - 1 / count) ** count
    assert found.root_high <= found.value + 1e-12 <= calibrated + 2e-12 < math.exp(-1) + 1e-11
    if count == 101:
        assert found.root_high == pytest.approx(0.024, abs=5e-4)
        assert calibrated == pytest.approx(0.36605, abs=1e-5)
    knows = solve(hidden_false(count, informed=1.0), stake=6.25, first=2.5)
    assert knows.root_high <= 0.25 + 1e-9


@pytest.mark.slow
def test_paying_by_sign_alone_loses_the_calibration() -> None:
    sign = Switches(payoff="sign")
    assert solve(hidden_false(101), stake=2.5, first=2.5, switches=sign).root_low == 1
    assert solve(all_true(101, 101), stake=2.5, first=2.5, switches=sign).root_low == 1
    assert statement_breaks(with_switches(sign)) is not None


@pytest.mark.parametrize("index", ["t"])
def test_weights_that_begin_at_one_leave_true_claims_open(index: str) -> None:
    broken = statement_breaks(with_switches(Switches(index=index)))  # type: ignore[arg-type]
    assert broken is not None
    assert "stable trees" in broken


def test_the_flaw_that_pays_for_acceptance_is_found() -> None:
    broken = statement_breaks(PROTOCOL.corrupted())
    assert broken is not None
    assert "hidden false leaf" in broken


@pytest.mark.parametrize(("width", "leak"), [(4, 0.375), (64, 0.063), (1024, 0.0067)])
def test_numbers_conditioned_on_drawn_bits_leak(width: int, leak: float) -> None:
    assert float(prefix_leak(width)) == pytest.approx(leak, rel=0.01)
    assert float(prefix_leak(width)) == pytest.approx(math.log(width) / width, rel=0.09)


def test_the_leak_by_enumeration() -> None:
    width, total = 5, 0.0
    for drawn in range(width):
        best = 0.0
        for claim in range(width):
            number = 1.0 if drawn < claim else 1 - 1 / (width - claim)
            best = max(best, abs(1 - 1 / width - number))
        total += best / width
    assert float(prefix_leak(width)) == pytest.approx(total)


@pytest.mark.parametrize("seed", range(3))
def test_a_learning_estimator_keeps_every_test_to_its_bound(seed: int) -> None:
    found = learned_advantage(12, 800, seed)
    assert found.bound == pytest.approx(math.sqrt(math.log(24) / 1600))
    assert found.measured <= found.bound
    dull = learned_advantage(12, 800, seed, learns=False)
    assert dull.measured > dull.bound


def won(count: int, prover: int, estimator: int, *, rounds: int = 1, private: bool = True) -> float:
    looks = Looks(prover=prover, estimator=estimator, private=private)
    return best_win(count, looks, PROTOCOL_SWITCHES, rounds)


def test_unmatched_looks_have_a_false_claim_accepted() -> None:
    assert won(8, 1, 0) == 1
    assert matched_win(8, Looks(prover=8, estimator=0), PROTOCOL_SWITCHES) == 0
    assert won(8, 8, 0) == 1  # she looks at one leaf only
    assert won(101, 101, 0) == 0  # a leaf weighs too little for what she knows to matter


def test_matched_looks_are_safe_if_shared_and_not_if_private_and_the_stake_is_high() -> None:
    for count, rounds in ((8, 1), (16, 2), (64, 3), (256, 4)):
        for looks in (0, 1, 4):
            assert won(count, looks, looks, rounds=rounds, private=False) == 0
    assert won(64, 1, 1, rounds=3) == pytest.approx(1 - 1 / 64)
    assert won(1024, 4, 4, rounds=5) == 0  # a conjunction this long is rejected when true as well
    assert conjunction_numbers(1024, 2.5**6)[1] < 0.5 < conjunction_numbers(64, 2.5**4)[1]


def test_looks_agree_with_the_plain_game_where_there_are_none() -> None:
    for count in (3, 9, 40):
        for p in (0.0, 0.3, 0.9, 1.0):
            plain = hidden_false(count).call(p, PROTOCOL_SWITCHES)
            assert looked_at(count, 0, 0).call(p, PROTOCOL_SWITCHES) == pytest.approx(plain)
            known = hidden_false(count, informed=1.0).call(p, PROTOCOL_SWITCHES)
            assert looked_at(count, count, 0).call(p, PROTOCOL_SWITCHES) == pytest.approx(known)


def test_the_statement_needs_weights_that_outgrow_the_errors() -> None:
    good = theory(Constants(), 0.0, 0.0)
    assert good.disagreement == 0
    assert all(condition.holds for condition in good.conditions)
    brittle = theory(Constants(needed=5, dissent=0), 0.0, 0.0)
    assert brittle.disagreement == 1
    assert [c.holds for c in brittle.conditions] == [False, True]
    slow = theory(Constants(growth=0.9), 0.0, 0.0)
    assert not any(condition.holds for condition in slow.conditions)
    assert theory(Constants(needed=5, dissent=0, growth=5.5), 0.0, 0.0).disagreement == 0
    assert 0 < theory(Constants(), 0.001, 0.0).disagreement < 0.02
    assert 0 < theory(Constants(depth=1), 0.0, 1e-4).disagreement < 0.05


def test_a_gap_of_one_side_counts_for_both() -> None:
    """The proofs are about what both could gain together: twice the gap, times the range."""
    made = Constants(depth=1)
    together = 2 * 1e-4 * payoff_range(1, Switches(growth=made.growth))
    wanted = max(2 * together / (2.5 - 1), 2 * together, together / (0.5 - 1 / math.e))
    assert theory(made, 0.0, 1e-4).disagreement == pytest.approx(wanted)


def test_the_statement_bounds_every_small_play_of_the_estimator() -> None:
    """For all numbers on a grid: what they leave the prover is at least what the proof says."""
    for needed, stake in ((2, 1.125 * 1.5), (3, 3 * 1.5)):
        leaves, first = all_true(3, needed), 1.5
        for i in range(41):
            for j in range(41):
                root, p = i / 40, j / 40
                worth = root + first * abs(leaves.expected(p) - root) + stake * (1 - p)
                assert worth >= 1 + 0.5 * (1 - root) - 1e-12


def test_impossible_constants_are_refused() -> None:
    for given, message in (
        ({"needed": 6}, "decides nothing"),
        ({"dissent": 3}, "dissenting parts"),
        ({"depth": 0}, "rounds"),
        ({"growth": 0.0}, "growth"),
        ({"hidden": 1}, "hidden"),
    ):
        with pytest.raises(ValueError, match=message):
            Constants(**given)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="leaves two unseen"):
        looked_at(4, 0, 3)
    with pytest.raises(ValueError, match="two claims"):
        prefix_leak(1)
    assert replace(Constants(), depth=2).tree.depth == 2
