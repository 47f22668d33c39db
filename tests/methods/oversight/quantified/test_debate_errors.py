"""Judge error and equilibrium gap: the bound against every profile, and errors one by one."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog
from tests.methods.oversight.quantified.profiles import Uneven, matrices, profiles

from safetycase.methods.oversight.domains.formulas import (
    Formula,
    from_table,
    random_formula,
    table,
    truth,
)
from safetycase.methods.oversight.domains.reachability import random_graph
from safetycase.methods.oversight.protocols.debate.errors import flips_needed, known_error
from safetycase.methods.oversight.protocols.debate.protocol import DebateConstants, theory
from safetycase.methods.oversight.protocols.debate.rules import Halving, Statements
from safetycase.methods.oversight.protocols.debate.solve import movers_of, solve
from safetycase.plugin.protocols import End, Rules

SMALL = [
    from_table("".join(prefix), values)
    for prefix in itertools.product("EA", repeat=2)
    for values in range(16)
]


def uneven(rules: Statements, error: float, ends: str) -> Uneven:
    """The debate with a judge who errs at the rate `error` at some ends, and not at the others."""
    worse = replace(rules, judge_error=error)

    def end(position: Any) -> End:
        errs = ends[int("".join(position[1]), 2)] == "1"
        return (worse if errs else rules).end(position)

    return Uneven(rules, end)


@pytest.mark.parametrize("ends", ["1111", "0110", "0001"])
@pytest.mark.parametrize("error", [0.0, 0.1, 0.4])
@pytest.mark.parametrize("sides", ["assigned", "chosen"])
def test_no_profile_of_a_small_debate_is_worse_than_the_bound(
    sides: str, error: float, ends: str
) -> None:
    constants = DebateConstants(sides=sides, variables=2, clauses=4, vertices=2)
    factor, slack = (2 if sides == "chosen" else 1), []
    for gap in (0.0, 0.1, 0.25, 1.0):
        expected = min(1.0, error + factor * gap)
        assert theory(constants, error, gap).disagreement == pytest.approx(expected)
    for formula in SMALL:
        rules = uneven(Statements(formula=formula, chosen=sides == "chosen"), error, ends)
        gaps, wrong = profiles(rules)
        bound = error + factor * gaps
        assert (wrong <= bound + 1e-9).all()
        told = (gaps > 1e-9) & (bound <= 1)
        slack += list((bound - wrong)[told])
    if sides == "assigned" or error == 0 or (ends == "1111" and error < 0.4):
        assert min(slack) < 1e-9  # the bound is attained


@pytest.mark.parametrize("sides", ["assigned", "chosen"])
def test_the_bound_holds_on_larger_debates(sides: str) -> None:
    constants = DebateConstants(sides=sides)
    rng = random.Random(5)
    chosen = sides == "chosen"
    games: list[Rules] = [
        Statements(formula=random_formula(3, rng), chosen=chosen, judge_error=0.05)
        for _ in range(6 if chosen else 20)
    ]
    games += [
        Halving(graph=random_graph(3, rng), chosen=chosen, judge_error=0.05) for _ in range(4)
    ]
    for seed, rules in enumerate(games):
        gaps, wrong = profiles(rules, seed)
        factor = 2 if chosen else 1
        assert (wrong <= 0.05 + factor * gaps + 1e-9).all()
        assert theory(constants, 0.05, 0.1).disagreement == pytest.approx(0.05 + factor * 0.1)


@pytest.mark.parametrize(("error", "expected"), [(0.0, 0.2), (0.4, 0.6)])
def test_a_debater_that_chooses_its_side_gains_twice(error: float, expected: float) -> None:
    """It lies unpunished and throws the truth away, each as often as a gain of 0.1 allows."""
    formula = from_table("EA", 0b1100)  # true exactly if the first variable is set
    rules = Statements(formula=formula, chosen=True)
    paid, wrong = matrices(uneven(rules, error, "1111"))
    found = []
    for j in range(paid.shape[1]):
        mine = paid[:, j]
        solved = linprog(
            -wrong[:, j],
            A_ub=np.vstack([-mine, mine[None, :] - paid.T]),
            b_ub=np.concatenate([[0.2 - mine.max()], np.full(paid.shape[1], 0.2)]),
            A_eq=np.ones((1, len(mine))),
            b_eq=[1.0],
        )
        if solved.success:
            found.append(-solved.fun)
    assert max(found) == pytest.approx(expected)
    assert theory(DebateConstants(), error, 0.1).disagreement == pytest.approx(expected)


@pytest.mark.parametrize("error", [0.0, 0.1, 0.4])
def test_gains_that_are_added_count_once(error: float) -> None:
    for formula in SMALL:
        rules = uneven(Statements(formula=formula, chosen=True), error, "0110")
        summed, wrong = profiles(rules, summed=True)
        assert (wrong <= error + summed + 1e-9).all()


def flipped(formula: Formula, pattern: tuple[int, ...]) -> bool:
    """Whether the optimal verdict is wrong when the judge errs at these ends."""
    judged = table(formula) ^ (np.array(pattern) == 1)
    value = solve(np.where(judged, 1.0, -1.0), movers_of(formula.prefix)).value
    return bool((value > 0) != truth(formula))


@pytest.mark.parametrize("variables", [1, 2, 3])
def test_errors_that_debaters_know_are_enumerated(variables: int) -> None:
    rng = random.Random(variables)
    for rate in (0.03, 0.3):
        for _ in range(6):
            formula = random_formula(variables, rng)
            exact, fewest = 0.0, 2**variables + 1
            for pattern in itertools.product((0, 1), repeat=2**variables):
                if flipped(formula, pattern):
                    count = sum(pattern)
                    exact += rate**count * (1 - rate) ** (2**variables - count)
                    fewest = min(fewest, count)
            movers = movers_of(formula.prefix)
            assert known_error(table(formula), movers, rate) == pytest.approx(exact, abs=1e-12)
            assert flips_needed(table(formula), movers) == fewest


def test_recursion_makes_known_and_placed_errors_grow() -> None:
    for variables in (1, 4, 8):
        formula = Formula(prefix="A" * variables, clauses=())
        values, movers = table(formula), movers_of(formula.prefix)
        grown = 1 - (1 - 0.01) ** (2**variables)
        assert known_error(values, movers, 0.01) == pytest.approx(grown, abs=1e-12)
        assert flips_needed(values, movers) == 1
    easy = Formula(prefix="E" * 8, clauses=())
    assert flips_needed(table(easy), "1" * 8) == 256
    assert known_error(table(easy), "1" * 8, 0.3) == pytest.approx(0.3**256)


def test_the_bound_on_known_errors_covers_every_small_formula() -> None:
    constants = DebateConstants(errors="known", variables=2, clauses=4, vertices=2)
    for rate in (0.0, 0.02, 0.2):
        bound = theory(constants, rate, 0.0).disagreement
        worst = max(known_error(table(f), movers_of(f.prefix), rate) for f in SMALL)
        assert worst <= bound + 1e-12
        assert worst == pytest.approx(bound)  # attained where one side needs all four ends


def test_placed_errors_bound_only_what_cannot_be_placed() -> None:
    constants = DebateConstants(errors="placed", variables=2, clauses=4, vertices=2)
    assert theory(constants, 0.2, 0.0).disagreement == 0.0
    assert theory(constants, 0.25, 0.0).disagreement == 1.0
    assert not theory(constants, 0.25, 0.0).conditions[0].holds
    assert min(flips_needed(table(f), movers_of(f.prefix)) for f in SMALL) == 1


def test_judge_errors_are_probabilities() -> None:
    with pytest.raises(ValueError, match="probability"):
        known_error(table(SMALL[3]), "12", float("nan"))
    with pytest.raises(ValueError, match="probability"):
        Statements(formula=SMALL[3], judge_error=1.5)
    for bad in ((-0.1, 0.0), (0.0, float("nan"))):
        with pytest.raises(ValueError, match="share from 0 to 1"):
            theory(DebateConstants(), *bad)
