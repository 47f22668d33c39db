"""Debate as a protocol: the contract, its costs, and its attacks against what they must do."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import pytest
from tests.methods.oversight.quantified.induction import optimal_end

from safetycase.methods.oversight.domains.formulas import Formula
from safetycase.methods.oversight.protocols.debate import PROTOCOL
from safetycase.methods.oversight.protocols.debate.flaws import hidden_flaw, length
from safetycase.methods.oversight.protocols.debate.hacks import (
    JUDGE_ERROR,
    judge_hack,
    out_search,
)
from safetycase.methods.oversight.protocols.debate.protocol import (
    DebateConstants,
    formula,
    formula_play,
    theory,
)
from safetycase.plugin.protocols import Attacked
from safetycase.stats import clopper_pearson
from safetycase.testing import check_protocol
from safetycase.testing.protocols import statement_breaks

Run = Callable[[str, float, int, int], Attacked]


def test_debate_keeps_the_contract() -> None:
    check_protocol(PROTOCOL, module="safetycase.methods.oversight.protocols.debate")


def test_a_silent_opponent_breaks_the_statement_on_every_domain() -> None:
    planted = PROTOCOL.corrupted()
    assert "error 1" in (statement_breaks(planted) or "")
    for domain in planted.domains:
        wrong = [domain.play(domain.sizes[1], seed).error_high for seed in range(12)]
        assert sum(wrong) > 0


def test_rules_and_plays_are_the_same_instance() -> None:
    for domain in PROTOCOL.domains:
        assert domain.rules is not None
        for seed in range(8):
            size = domain.small[1]
            end, played = optimal_end(domain.rules(size, seed)), domain.play(size, seed)
            assert end.wrong == played.error_high == 0.0
            corrupted = PROTOCOL.corrupted().domains[PROTOCOL.domains.index(domain)]
            assert corrupted.rules is not None
            assert optimal_end(corrupted.rules(size, seed)).wrong == (
                corrupted.play(size, seed).error_high
            )


@pytest.mark.parametrize("size", [2, 7, 12])
def test_costs_are_those_of_the_formula(size: int) -> None:
    instance = formula(size, 0)
    played = PROTOCOL.domains[0].play(size, 0)
    assert played.judge_cost == sum(len(clause) for clause in instance.clauses)
    assert played.honest_cost == 2**size * played.judge_cost
    bound = theory(DebateConstants(variables=size, clauses=2 * size, vertices=2), 0.0, 0.0)
    assert played.honest_cost <= bound.honest_cost == 2**size * 6 * size
    assert played.judge_cost <= bound.judge_cost == 6 * size


def test_the_judge_reads_what_does_not_grow_with_the_tree() -> None:
    formulas = [Formula(prefix="EA" * (n // 2), clauses=((1, 2, -1),)) for n in (2, 6, 12)]
    plays = [formula_play(one, chosen=False) for one in formulas]
    assert [play.judge_cost for play in plays] == [3, 3, 3]
    assert [play.honest_cost for play in plays] == [12, 192, 12288]


def test_what_cannot_be_afforded_bounds_nothing() -> None:
    bound = theory(DebateConstants(affordable=1e5), 0.0, 0.0)
    assert bound.disagreement == 1.0
    assert [c.name for c in bound.conditions if not c.holds] == ["the honest side can play"]


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"sides": "both"}, "chosen or assigned"),
        ({"errors": "none"}, "fresh, known or placed"),
        ({"vertices": 1}, "vertices from 2"),
        ({"affordable": math.nan}, "counted from 0"),
    ],
)
def test_constants_are_checked(fields: dict, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        DebateConstants(**fields)


@pytest.mark.parametrize("run", [hidden_flaw, out_search, judge_hack, length])
def test_more_compute_never_helps_an_attacker_less(run: Run) -> None:
    rates = [run("EAEAEA", budget, 200, 1).successes / 200 for budget in (0, 0.5, 1, 4)]
    assert rates[-1] > rates[0]
    assert all(b >= a - 0.05 for a, b in itertools.pairwise(rates)), rates


def holds(found: Attacked, rate: float) -> bool:
    interval = clopper_pearson(found.successes, found.trials, alpha_low=5e-4, alpha_high=5e-4)
    return interval.low <= rate <= interval.high


def test_a_hidden_flaw_is_found_as_often_as_the_search_allows() -> None:
    places, looks = 2**6, 2**4
    for budget in (0.0, 0.5):
        ahead = int(budget * looks)
        expected = 1 - (looks - ahead) / (places - ahead)
        assert holds(hidden_flaw("A" * 6, budget, 400, 0), expected)
    assert hidden_flaw("A" * 6, 1.0, 50, 0).successes == 50


def test_a_judge_is_hacked_as_often_as_an_open_end_is_misjudged() -> None:
    """Knowing nothing it is as lucky as the judge errs; knowing all it picks from many ends."""
    found = judge_hack("E" * 6, 0.0, 400, 0)
    assert holds(found, JUDGE_ERROR)
    assert judge_hack("EAEAEA", 1.0, 400, 0).successes > 3 * JUDGE_ERROR * 400


def test_a_judge_who_reads_all_is_not_deceived_by_length() -> None:
    assert length("EAEA", 0.0, 100, 0).successes == 0
    assert length("EAEA", 8.0, 100, 0).successes > 60


def test_equal_search_is_even_only_for_those_who_see_all() -> None:
    """With two variables both see every end: the honest side never loses."""
    assert out_search("EA", 4.0, 100, 0).successes == 0
    assert out_search("EAEAEAEA", 4.0, 300, 0).successes > 0


@pytest.mark.parametrize("run", [hidden_flaw, out_search, judge_hack, length])
@pytest.mark.parametrize(("budget", "trials"), [(math.nan, 1), (-1.0, 1), (1.0, 0)])
def test_no_attack_without_a_budget_or_trials(run: Run, budget: float, trials: int) -> None:
    with pytest.raises(ValueError, match=r"budget|trials"):
        run("EA", budget, trials, 0)
