"""Optimal play of the debate decides the question: formulas by enumeration, and paths."""

from __future__ import annotations

import itertools
import random
from typing import Any

import numpy as np
import pytest
from tests.methods.oversight.quantified.induction import optimal_end
from tests.methods.oversight.quantified.test_formulas import by_definition

from safetycase.methods.games.extensive.tree import flatten
from safetycase.methods.oversight.domains.formulas import (
    Formula,
    from_table,
    random_formula,
    table,
    truth,
)
from safetycase.methods.oversight.domains.reachability import (
    Graph,
    Reader,
    random_graph,
    reachable,
    search,
)
from safetycase.methods.oversight.protocols.debate import halving
from safetycase.methods.oversight.protocols.debate.rules import Halving, Statements
from safetycase.methods.oversight.protocols.debate.solve import (
    chosen_gap,
    gap,
    movers_of,
    solve,
    worth,
)


def every_formula(variables: int) -> list[Formula]:
    """Every prefix with every truth table."""
    return [
        from_table("".join(prefix), values)
        for prefix in itertools.product("EA", repeat=variables)
        for values in range(2 ** (2**variables))
    ]


def payoffs(formula: Formula) -> Any:
    return np.where(table(formula), 1.0, -1.0)


@pytest.mark.parametrize(
    ("variables", "count"), [(1, 8), (2, 64), pytest.param(3, 2048, marks=pytest.mark.slow)]
)
def test_every_small_formula_is_decided(variables: int, count: int) -> None:
    formulas = every_formula(variables)
    assert len(formulas) == count
    for formula in formulas:
        expected = by_definition(formula)
        assert truth(formula) == expected
        end = optimal_end(Statements(formula=formula))
        assert (end.first, end.wrong) == (1.0 if expected else -1.0, 0.0)
        chosen = optimal_end(Statements(formula=formula, chosen=True))
        assert (chosen.first, chosen.wrong) == (1.0, 0.0)


@pytest.mark.parametrize("variables", [1, 2])
def test_a_debate_with_a_silent_opponent_decides_some_wrongly(variables: int) -> None:
    wrong = [
        optimal_end(Statements(formula=formula, silent=True)).wrong
        for formula in every_formula(variables)
    ]
    assert 0 < sum(wrong) < len(wrong)
    # it decides whether the matrix can be made to hold: wrong on false formulas with a model
    expected = [not truth(f) and bool(table(f).any()) for f in every_formula(variables)]
    assert wrong == expected


@pytest.mark.slow
def test_ten_thousand_formulas_to_twelve_variables_are_decided() -> None:
    rng = random.Random("ten thousand")
    found = {True: 0, False: 0}
    for i in range(10_000):
        formula = random_formula(1 + i % 12, rng)
        value = solve(payoffs(formula), movers_of(formula.prefix)).value
        assert value == (1.0 if truth(formula) else -1.0)
        found[truth(formula)] += 1
    assert min(found.values()) > 3000


def test_levels_and_rules_give_every_position_the_same_value() -> None:
    rng = random.Random(7)
    for variables in (1, 2, 3, 4, 5):
        formula = random_formula(variables, rng)
        ends = payoffs(formula)
        rules = Statements(formula=formula)
        for depth in range(variables + 1):
            below = ends.reshape(2**depth, -1)
            for place, bits in enumerate(itertools.product("01", repeat=depth)):
                solved = solve(below[place], movers_of(formula.prefix[depth:]))
                assert solved.value == optimal_end(_From(rules, ("true", bits))).first


class _From:
    """The rest of a game from a position."""

    def __init__(self, rules: Statements, position: Any) -> None:
        self.rules, self.position = rules, position

    def start(self) -> Any:
        return self.position

    def __getattr__(self, name: str) -> Any:
        return getattr(self.rules, name)


def test_the_gap_is_that_of_the_best_replies() -> None:
    formula = Formula(prefix="EA", clauses=((1, 2), (1, -2)))  # true: set the first variable
    ends = payoffs(formula)
    solved = solve(ends, "12")
    assert gap(lambda free: worth(ends, solved, free)) == 0
    thrown = solve(-ends, "12")  # plays for the wrong side
    assert worth(ends, thrown) == -1
    assert gap(lambda free: worth(ends, thrown, free)) == 2
    assert chosen_gap(lambda free: worth(ends, thrown, free), claims_true=True) == 2
    # claiming `false` it wins now, and its opponent would gain by playing well
    assert chosen_gap(lambda free: worth(ends, thrown, free), claims_true=False) == 2


def test_paths_are_decided() -> None:
    rng = random.Random(3)
    found = set()
    for vertices in (2, 3, 4):
        for _ in range(12):
            graph = random_graph(vertices, rng)
            end = optimal_end(Halving(graph=graph))
            assert (end.first > 0, end.wrong) == (reachable(graph), 0.0)
            assert optimal_end(Halving(graph=graph, chosen=True)).wrong == 0.0
            found.add(reachable(graph))
    assert found == {True, False}


def test_searching_debaters_play_optimally_at_the_cost_that_is_stated() -> None:
    for vertices in (2, 3, 5, 8, 13, 16):
        for seed in range(12):
            graph = random_graph(vertices, random.Random(f"{vertices} {seed}"))
            there = reachable(graph)
            assert search(Reader(graph), 0).steps[-1] is not None or not there
            assert halving.worth(graph) == (1.0 if there else -1.0)
            assert gap(lambda free, graph=graph: halving.worth(graph, free)) == 0
            line = halving.play_line(graph)
            assert graph.edge(line.u, line.v) == there
            assert max(line.proponent, line.opponent) <= graph.halvings * vertices**2


def test_a_long_path_is_found_by_halving() -> None:
    for vertices in (2, 3, 4, 5, 9, 16, 17):
        chain = Graph(edges=(*(1 << u + 1 for u in range(vertices - 1)), 0))
        assert 2**chain.halvings >= vertices - 1
        assert halving.worth(chain) == 1.0
        broken = Graph(edges=(*chain.edges[:-2], 0, 0))
        assert reachable(broken) is False
        assert halving.worth(broken, "1") == -1.0


def test_a_silent_opponent_lets_a_false_path_through() -> None:
    graph = Graph(edges=(0, 0b1, 0b1, 0))  # nothing leaves the source
    assert not reachable(graph)
    assert optimal_end(Halving(graph=graph, silent=True)).wrong == 1.0
    assert halving.worth(graph, silent=True) == 1.0


def test_the_whole_trees_have_perfect_recall() -> None:
    formula = random_formula(3, random.Random(0))
    for rules, nodes in (
        (Statements(formula=formula), 15),
        (Statements(formula=formula, chosen=True), 31),
        (Halving(graph=random_graph(4, random.Random(0))), 1 + 4 + 8 + 32 + 64),
    ):
        tree = flatten(rules)
        assert len(tree) == nodes
        assert tree.constant_sum == 0


def test_a_search_counts_one_row_for_each_vertex_it_reaches() -> None:
    graph = Graph(edges=(0b0010, 0b0100, 0, 0b0001))
    reader = Reader(graph)
    assert search(reader, 0).steps == (0, 1, 2, None)
    assert reader.look_ups == 3 * 4


@pytest.mark.parametrize(
    ("blocks", "why"), [((1,), "do not share out"), ((2, 1), "two quantifiers")]
)
def test_blocks_are_of_one_quantifier(blocks: tuple[int, ...], why: str) -> None:
    formula = Formula(prefix="EAA", clauses=((1, 2, 3),))
    with pytest.raises(ValueError, match=why):
        Statements(formula=formula, blocks=blocks)
