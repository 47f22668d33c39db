"""The two evaluators of a quantified formula, and what the records refuse."""

from __future__ import annotations

import itertools
import random

import pytest

from safetycase.methods.oversight.domains.certificates import random_question
from safetycase.methods.oversight.domains.formulas import (
    Formula,
    alternating,
    from_table,
    random_formula,
    table,
    truth,
    value,
)


def by_definition(formula: Formula, bits: tuple[int, ...] = ()) -> bool:
    """∃ is `some`, ∀ is `every`."""
    if len(bits) == formula.variables:
        return value(formula, bits)
    after = (by_definition(formula, (*bits, bit)) for bit in (0, 1))
    return any(after) if formula.prefix[len(bits)] == "E" else all(after)


@pytest.mark.parametrize("variables", [1, 2, 3, 4, 5, 6])
def test_the_evaluators_agree_with_the_definition(variables: int) -> None:
    rng = random.Random(variables)
    both = set()
    for _ in range(60):
        formula = random_formula(variables, rng)
        assert truth(formula) == by_definition(formula)
        both.add(truth(formula))
        every = itertools.product((0, 1), repeat=variables)
        assert [bool(one) for one in table(formula)] == [value(formula, bits) for bits in every]
    assert both == {True, False}


def test_a_table_becomes_a_formula_with_that_matrix() -> None:
    for values in range(256):
        found = table(from_table("EAE", values))
        assert [bool(one) for one in found] == [values >> i & 1 == 1 for i in range(8)]


def test_known_formulas() -> None:
    differ = ((1, 2), (-1, -2))
    assert truth(Formula(prefix="AE", clauses=differ))
    assert not truth(Formula(prefix="EA", clauses=differ))
    assert truth(Formula(prefix="EA", clauses=((1, 2), (1, -2))))
    assert truth(Formula(prefix="A", clauses=()))
    assert not truth(Formula(prefix="E", clauses=(), form="any"))
    assert truth(Formula(prefix="E", clauses=((1,),), form="any"))


def test_about_half_of_the_random_questions_have_a_certificate() -> None:
    drawn = [truth(random_question(8, random.Random(seed))) for seed in range(100)]
    assert 30 <= sum(drawn) <= 70


def test_the_prefix_of_a_debate_alternates() -> None:
    assert alternating(5) == "EAEAE"


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"prefix": "EX", "clauses": ()}, "write one E or A"),
        ({"prefix": "E" * 21, "clauses": ()}, "21 variables"),
        ({"prefix": "EA", "clauses": ((3,),)}, "the literal 3"),
        ({"prefix": "EA", "clauses": ((0,),)}, "the literal 0"),
    ],
)
def test_what_is_no_formula_is_refused(fields: dict, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Formula(**fields)


def test_a_formula_has_a_variable() -> None:
    with pytest.raises(ValueError, match="needs one at least"):
        random_formula(0, random.Random(0))
