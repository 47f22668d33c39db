"""Copies commit a claimant to one table: caught always, blindly, or never."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.methods.oversight.quantified.induction import optimal_end
from tests.methods.oversight.quantified.profiles import Uneven, profiles, profiles_of

from safetycase.methods.games.extensive.sequence import SequenceForm
from safetycase.methods.games.extensive.tree import flatten
from safetycase.methods.games.extensive.zero_sum import solve as solve_form
from safetycase.methods.oversight.domains.succinct import (
    Check,
    Tables,
    broken_at,
    random_chain,
    random_colouring,
    solvable,
    solve,
    split,
    violated,
)
from safetycase.methods.oversight.protocols.cross_examination import PROTOCOL
from safetycase.methods.oversight.protocols.cross_examination.attacks import (
    JUDGE_ERROR,
    hidden_break,
    judge_hack,
    unrepeatable,
)
from safetycase.methods.oversight.protocols.cross_examination.game import (
    Examination,
    chain,
    colouring,
)
from safetycase.methods.oversight.protocols.cross_examination.protocol import (
    CrossConstants,
    theory,
)
from safetycase.plugin.protocols import End
from safetycase.stats import clopper_pearson
from safetycase.testing import check_protocol


def graph(vertices: int) -> Tables:
    """Three colours on the complete graph."""
    pairs = itertools.combinations(range(vertices), 2)
    checks = tuple(Check(u=u, v=v, equal=False) for u, v in pairs)
    return Tables(entries=vertices, values=3, checks=checks, circuit_runs=len(checks))


def cycle(size: int, differ: int) -> Tables:
    """A cycle in which the first `differ` neighbours differ."""
    checks = tuple(Check(u=u, v=(u + 1) % size, equal=u >= differ) for u in range(size))
    return Tables(entries=size, values=2, checks=checks, circuit_runs=size)


def passes(question: Tables) -> float:
    """P(a blind check passes) at the value of the game, from its linear program."""
    solved = solve_form(SequenceForm.of(flatten(Examination(question=question, copies="blind"))))
    return (1 + solved.value) / 2


@pytest.mark.slow
def test_cross_examination_keeps_the_contract() -> None:
    check_protocol(PROTOCOL, module="safetycase.methods.oversight.protocols.cross_examination")


@pytest.mark.parametrize("size", [2, 3])
def test_whether_there_is_a_table_is_known_without_playing(size: int) -> None:
    rng = random.Random(size)
    kinds = set()
    for _ in range(20):
        for question in (random_chain(size, rng), random_colouring(size, rng)):
            tables = itertools.product(range(question.values), repeat=question.entries)
            there = any(violated(question.checks, one) is None for one in tables)
            assert solvable(question) == there
            assert (violated(question.checks, solve(question)) is None) == there
            kinds.add((question.values, there))
    assert len(kinds) == 4


def test_the_complete_graph_of_four_has_no_three_colours() -> None:
    assert solvable(graph(3))
    assert not solvable(graph(4))
    assert solve(graph(3)) == (0, 1, 2)


def test_a_chain_breaks_where_it_is_told_to() -> None:
    question = cycle(8, 3)
    assert not solvable(question)
    for place in range(8):
        failing = [
            k
            for k, one in enumerate(question.checks)
            if violated((one,), broken_at(question, place))
        ]
        assert failing == [place]
    assert violated(cycle(8, 4).checks, broken_at(cycle(8, 4), 5)) is None


@pytest.mark.parametrize("question", [cycle(3, 1), cycle(4, 2), cycle(4, 3), graph(3), graph(4)])
def test_replayed_copies_decide_and_no_copies_do_not(question: Tables) -> None:
    assert optimal_end(Examination(question=question)).wrong == 0.0
    adaptive = optimal_end(Examination(question=question, copies="adaptive"))
    assert adaptive.wrong == (not solvable(question))


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (cycle(3, 1), 2 / 3),
        (cycle(5, 5), 4 / 5),
        (cycle(5, 4), 1.0),
        (graph(3), 1.0),
        (graph(4), 5 / 6),
        (split(cycle(3, 3)), 5 / 6),
        (split(cycle(4, 1)), 7 / 8),
    ],
)
def test_blind_checks_catch_one_in_as_many(question: Tables, expected: float) -> None:
    """Two copies on an odd cycle of N: 1 − 1/(2N) (Cleve, Høyer, Toner and Watrous 2004)."""
    assert passes(question) == pytest.approx(expected, abs=1e-9)
    if expected < 1:
        count = len(question.checks)
        assert not solvable(question)
        assert passes(question) <= 1 - 1 / count + 1e-9


def test_the_blind_bound_is_the_value_of_a_chain() -> None:
    bound = theory(CrossConstants(copies="blind", bits=2, graph_bits=1), 0.0, 0.0)
    assert bound.disagreement == pytest.approx(passes(cycle(4, 1))) == pytest.approx(3 / 4)


def uneven(question: Tables, copies: Any, error: float) -> Uneven:
    """The judge errs at the rate `error` on checks of entry 0, and not on others."""
    game = Examination(question=question, copies=copies)
    worse = replace(game, judge_error=error)

    def end(position: Any) -> End:
        return (worse if position[1].startswith("0") else game).end(position)

    return Uneven(game, end)


@pytest.mark.parametrize("error", [0.0, 0.3])
def test_no_profile_of_replayed_copies_is_worse_than_the_bound(error: float) -> None:
    constants = CrossConstants(bits=2, graph_bits=1)
    assert theory(constants, error, 0.1).disagreement == pytest.approx(error + 0.1)
    slack = []
    for question in (cycle(2, 1), cycle(2, 2)):
        gaps, wrong = profiles(uneven(question, "replayed", error))
        assert (wrong <= error + gaps + 1e-9).all()
        slack += list((error + gaps - wrong)[(gaps > 1e-9) & (error + gaps <= 1)])
    assert min(slack) < 1e-9


@pytest.mark.parametrize("error", [0.0, 0.3])
def test_no_profile_of_blind_checks_is_worse_than_the_bound(error: float) -> None:
    for question in (cycle(2, 1), cycle(3, 3), cycle(4, 2), cycle(4, 3)):
        rules = uneven(question, "blind", error)
        start: Any = ()
        ends = [
            [rules.end((table.name, check.name)) for check in rules.moves((table.name,))]
            for table in rules.moves(start)
        ]
        gaps, wrong = profiles_of(
            np.array([[end.first for end in row] for row in ends]),
            np.array([[end.wrong for end in row] for row in ends]),
        )
        least = 1 - (1 - error) / len(question.checks)
        assert (wrong <= least + gaps + 1e-9).all()
        told = theory(CrossConstants(copies="blind", bits=2, graph_bits=1), error, 0.1)
        assert told.disagreement == pytest.approx(min(1.0, 1 - (1 - error) / 4 + 0.1))


def test_the_bounds_are_those_of_the_statement() -> None:
    assert theory(CrossConstants(), 0.1, 0.2).disagreement == pytest.approx(0.3)
    blind = theory(CrossConstants(copies="blind"), 0.1, 0.0)
    assert blind.disagreement == pytest.approx(1 - 0.9 / 1024)
    adaptive = theory(CrossConstants(copies="adaptive"), 0.0, 0.0)
    assert adaptive.disagreement == 1.0
    assert [c.name for c in adaptive.conditions if not c.holds] == ["copies answer alone"]
    assert "knows the first" in adaptive.conditions[-1].says


def test_rules_and_plays_are_the_same_instance() -> None:
    truths = set()
    for seed in range(8):
        for index, (question, sizes) in enumerate(((chain, (2,)), (colouring, (1, 2)))):
            for size in sizes:
                played = PROTOCOL.domains[index].play(size, seed)
                end = optimal_end(Examination(question=question(size, seed)))
                assert end.wrong == played.error_high == 0.0
                assert (end.first > 0) == played.truth
                truths.add((index, played.truth))
    assert len(truths) == 4


def test_a_graph_without_edges_is_coloured() -> None:
    bare = Tables(entries=2, values=3, checks=(), circuit_runs=1)
    for copies in ("replayed", "blind", "adaptive"):
        end = optimal_end(Examination(question=bare, copies=copies))
        assert (end.first, end.wrong) == (1.0, 0.0)


def test_the_trees_have_perfect_recall() -> None:
    for copies, nodes in (("replayed", 1 + 16 + 64), ("blind", 81), ("adaptive", 1 + 4 + 8 + 16)):
        tree = flatten(Examination(question=cycle(4, 1), copies=copies))
        assert len(tree) == nodes
        assert tree.constant_sum == 0
    blind = flatten(Examination(question=cycle(4, 1), copies="blind"))
    assert len(blind.infosets[1]) == 1


def test_costs_are_the_runs_of_the_circuit() -> None:
    for size in (2, 6, 10):
        played = PROTOCOL.domains[0].play(size, 0)
        assert (played.honest_cost, played.judge_cost) == (2**size, 1.0)
        assert theory(CrossConstants(bits=size), 0.0, 0.0).honest_cost == max(2**size, 28)
    assert PROTOCOL.domains[1].play(3, 0).honest_cost == 8 * 7 / 2


def holds(successes: int, trials: int, rate: float) -> bool:
    interval = clopper_pearson(successes, trials, alpha_low=5e-4, alpha_high=5e-4)
    return interval.low <= rate <= interval.high


@pytest.mark.slow
def test_attacks_succeed_as_often_as_they_must() -> None:
    places = 2**4
    for budget, expected in ((0.0, 3 / 4), (0.5, 1 - 2 / 14), (1.0, 1.0)):
        assert holds(hidden_break(4, budget, 200, 0).successes, 200, expected)
    for budget in (0.0, 0.25, 1.0):
        tables = 1 + int(budget * (places - 1))
        assert holds(unrepeatable(4, budget, 200, 0).successes, 200, 1 - 1 / tables)
        tried = min(places, 1 + int(budget * places))
        expected = 1 - (1 - JUDGE_ERROR) ** tried
        assert holds(judge_hack(4, budget, 200, 0).successes, 200, expected)


def test_constants_are_checked() -> None:
    with pytest.raises(ValueError, match="replayed, blind or adaptive"):
        CrossConstants(copies="none")
    with pytest.raises(ValueError, match="bits is from 2"):
        CrossConstants(bits=1)
    with pytest.raises(ValueError, match="needs two at least"):
        random_chain(1, random.Random(0))
    with pytest.raises(ValueError, match="needs one at least"):
        random_colouring(0, random.Random(0))
    assert np.isfinite(theory(CrossConstants(errors="known"), 0.01, 0.0).disagreement)
