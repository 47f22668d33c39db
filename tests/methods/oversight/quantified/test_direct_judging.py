"""Direct judging decides what a certificate settles, and guesses the rest."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.methods.oversight.quantified.induction import optimal_end
from tests.methods.oversight.quantified.profiles import Uneven, profiles

from safetycase.methods.games.extensive.tree import flatten
from safetycase.methods.oversight.domains.formulas import from_table
from safetycase.methods.oversight.protocols.direct_judging import PROTOCOL
from safetycase.methods.oversight.protocols.direct_judging.attacks import (
    JUDGE_ERROR,
    judge_hack,
    one_example,
)
from safetycase.methods.oversight.protocols.direct_judging.game import (
    Showing,
    certified_play,
    question,
)
from safetycase.methods.oversight.protocols.direct_judging.protocol import (
    DirectConstants,
    theory,
)
from safetycase.plugin.protocols import End
from safetycase.stats import clopper_pearson
from safetycase.testing import check_protocol


def test_direct_judging_keeps_the_contract() -> None:
    check_protocol(PROTOCOL, module="safetycase.methods.oversight.protocols.direct_judging")


@pytest.mark.parametrize("variables", [1, 2, 3])
def test_it_decides_whether_a_formula_can_be_satisfied(variables: int) -> None:
    for values in range(2 ** (2**variables)):
        formula = from_table("E" * variables, values)
        end = optimal_end(Showing(formula=formula))
        assert (end.first > 0, end.wrong) == (values != 0, 0.0)
        trusting = optimal_end(Showing(formula=formula, trusting=True))
        assert trusting.wrong == (values == 0)


def test_rules_and_plays_are_the_same_instance() -> None:
    truths = set()
    for size in (2, 3, 4):
        for seed in range(8):
            end = optimal_end(Showing(formula=question(size, seed)))
            played = certified_play(size, seed, trusting=False)
            assert end.wrong == played.error_high == 0.0
            assert (end.first > 0) == played.truth
            truths.add(played.truth)
            planted = optimal_end(Showing(formula=question(size, seed), trusting=True))
            assert planted.wrong == certified_play(size, seed, trusting=True).error_high
    assert truths == {True, False}


def test_what_has_no_certificate_is_a_coin() -> None:
    plays = [PROTOCOL.domains[1].play(6, seed) for seed in range(6)]
    assert {play.error_low for play in plays} == {play.error_high for play in plays} == {0.5}
    assert {play.truth for play in plays} == {True, False}


def test_the_model_tries_assignments_until_one_is_good() -> None:
    plays = [certified_play(8, seed, trusting=False) for seed in range(12)]
    literals = 8 * 5 * 3
    assert {play.judge_cost for play in plays} == {literals}
    assert all(play.honest_cost == 2**8 * literals for play in plays if not play.truth)
    assert all(play.honest_cost <= 2**8 * literals for play in plays if play.truth)


@pytest.mark.parametrize("error", [0.0, 0.3])
def test_no_profile_is_worse_than_the_bound(error: float) -> None:
    constants = DirectConstants(unchecked=0.0, variables=2, clauses=4)
    for gap in (0.0, 0.1, 1.0):
        assert theory(constants, error, gap).disagreement == min(1.0, error + gap)
    slack = []
    for values in range(16):
        game = Showing(formula=from_table("EE", values))
        worse = replace(game, judge_error=error)

        def end(position: Any, game: Showing = game, worse: Showing = worse) -> End:
            return (worse if position in ("00", "11", "none") else game).end(position)

        gaps, wrong = profiles(Uneven(game, end))
        assert (wrong <= error + gaps + 1e-9).all()
        told = (gaps > 1e-9) & (error + gaps <= 1)
        slack += list((error + gaps - wrong)[told])
    assert min(slack) < 1e-9


def test_the_bound_mixes_in_the_coin() -> None:
    half = DirectConstants(unchecked=0.5)
    assert theory(half, 0.1, 0.1).disagreement == pytest.approx(0.25 + 0.5 * 0.1 + 0.1)
    assert theory(half, 0.1, 0.9).disagreement == 0.75
    assert theory(DirectConstants(), 0.1, 0.1).disagreement == 0.5
    assert theory(DirectConstants(unchecked=0.0), 0.6, 0.0).disagreement == 1.0


def test_the_tree_is_one_move() -> None:
    tree = flatten(Showing(formula=question(3, 0)))
    assert len(tree) == 1 + 8 + 1
    assert set(np.unique(tree.wrong)) <= {0.0, 1.0}


@pytest.mark.slow
def test_an_optimiser_finds_the_error_of_the_judge() -> None:
    for budget in (0.0, 1.0, 2.0):
        tried = 1 + int(budget * 12)
        found = judge_hack(6, budget, 200, 0)
        interval = clopper_pearson(found.successes, 200, alpha_low=5e-4, alpha_high=5e-4)
        assert interval.low <= 1 - (1 - JUDGE_ERROR) ** tried <= interval.high


def test_one_example_convinces_the_judge_of_a_false_formula() -> None:
    rates = [one_example(4, budget, 100, 0).successes for budget in (0.0, 0.5, 2.0)]
    assert rates == sorted(rates)
    assert rates[0] > 20


def test_constants_are_checked() -> None:
    with pytest.raises(ValueError, match="share unchecked"):
        DirectConstants(unchecked=1.5)
    with pytest.raises(ValueError, match="equilibrium gap"):
        theory(DirectConstants(), 0.0, float("nan"))
    with pytest.raises(ValueError, match="variables is from 1"):
        DirectConstants(variables=0)
