"""Critique decides two quantifiers, and no more."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.methods.oversight.quantified.induction import optimal_end
from tests.methods.oversight.quantified.profiles import Uneven, profiles

from safetycase.methods.games.extensive.tree import flatten
from safetycase.methods.oversight.domains.formulas import (
    Formula,
    from_table,
    random_formula,
    truth,
)
from safetycase.methods.oversight.protocols.critique import (
    PROTOCOL,
    CritiqueConstants,
    asks_deeper,
    flattened,
    prefix,
    rules,
    theory,
)
from safetycase.methods.oversight.protocols.debate.rules import Statements
from safetycase.plugin.protocols import End
from safetycase.testing import check_protocol


def test_critique_keeps_the_contract() -> None:
    check_protocol(PROTOCOL, module="safetycase.methods.oversight.protocols.critique")


def test_it_decides_every_formula_of_two_quantifiers() -> None:
    shapes = [("EA", (1, 1), 16), ("EEA", (2, 1), 256), ("EAA", (1, 2), 256)]
    for quantifiers, blocks, tables in shapes:
        for values in range(tables):
            formula = from_table(quantifiers, values)
            end = optimal_end(Statements(formula=formula, blocks=blocks))
            assert (end.first > 0, end.wrong) == (truth(formula), 0.0)
            assert flattened(formula) == truth(formula)


def test_without_a_critic_it_accepts_what_can_be_refuted() -> None:
    wrong = [
        optimal_end(Statements(formula=from_table("EA", v), blocks=(1, 1), silent=True)).wrong
        for v in range(16)
    ]
    # wrong where some setting satisfies and no first half is safe
    expected = [v & 3 != 3 and v >> 2 != 3 and v != 0 for v in range(16)]
    assert wrong == expected


def test_a_question_that_needs_replies_is_decided_wrongly() -> None:
    """∀x ∃y: x ≠ y is true, and no y set before x is good for both."""
    formula = Formula(prefix="AE", clauses=((1, 2), (-1, -2)))
    assert truth(formula)
    assert not flattened(formula)
    assert asks_deeper(6, 4.0, 60, 0).successes > asks_deeper(6, 0.0, 60, 0).successes
    assert asks_deeper(2, 4.0, 60, 0).successes == 0  # ∃∀ alone is what critique decides


def flattened_by_definition(formula: Formula) -> bool:
    places = range(formula.variables)
    answers = [i for i in places if formula.prefix[i] == "E"]
    critiques = [i for i in places if formula.prefix[i] == "A"]

    def holds(x: tuple[int, ...], y: tuple[int, ...]) -> bool:
        bits = dict(zip(answers, x, strict=True)) | dict(zip(critiques, y, strict=True))
        clauses = [[(bits[abs(one) - 1] == 1) == (one > 0) for one in c] for c in formula.clauses]
        return all(map(any, clauses)) if formula.form == "all" else any(map(all, clauses))

    return any(
        all(holds(x, y) for y in itertools.product((0, 1), repeat=len(critiques)))
        for x in itertools.product((0, 1), repeat=len(answers))
    )


def test_flattening_is_that_of_the_definition() -> None:
    rng = random.Random(2)
    for variables in (1, 2, 3, 4, 5):
        for _ in range(20):
            formula = random_formula(variables, rng)
            assert flattened(formula) == flattened_by_definition(formula)


@pytest.mark.parametrize("error", [0.0, 0.2])
def test_no_profile_is_worse_than_the_bound(error: float) -> None:
    constants = CritiqueConstants(answer=1, critique=1)
    for gap in (0.0, 0.1, 1.0):
        assert theory(constants, error, gap).disagreement == min(1.0, error + gap)
    slack = []
    for values in range(0, 256, 5):
        game = Statements(formula=from_table("EAA", values), blocks=(1, 2))
        worse = replace(game, judge_error=error)

        def end(position: Any, game: Statements = game, worse: Statements = worse) -> End:
            return (worse if position[1][-1] in ("00", "01") else game).end(position)

        gaps, wrong = profiles(Uneven(game, end), values)
        assert (wrong <= error + gaps + 1e-9).all()
        told = (gaps > 1e-9) & (error + gaps <= 1)
        slack += list((error + gaps - wrong)[told])
    assert min(slack) < 1e-9


def test_the_tree_has_two_statements() -> None:
    tree = flatten(rules(4, 0))
    assert len(tree) == 1 + 4 + 16
    assert tree.constant_sum == 0
    assert set(np.unique(tree.wrong)) <= {0.0, 1.0}


def test_costs_are_those_of_the_formula() -> None:
    played = PROTOCOL.domains[0].play(8, 0)
    assert played.honest_cost == 2**8 * played.judge_cost
    bound = theory(CritiqueConstants(answer=4, critique=4, clauses=16), 0.0, 0.0)
    assert (bound.honest_cost, bound.judge_cost) == (2**8 * 48, 48)


def test_the_answer_comes_before_the_critique() -> None:
    assert [prefix(n) for n in (2, 3, 5)] == ["EA", "EEA", "EEEAA"]


def test_constants_are_checked() -> None:
    with pytest.raises(ValueError, match="1 variable at least"):
        CritiqueConstants(critique=0)
    with pytest.raises(ValueError, match="fresh, known or placed"):
        CritiqueConstants(errors="some")
