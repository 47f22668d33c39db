from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from tests.methods.games.extensive.test_backward import Ladder
from tests.methods.games.extensive.written import Choice, Luck, Written, ends, matrix, rand, seeds

from safetycase.methods.games.extensive.best_response import gains
from safetycase.methods.games.extensive.exact import fraction
from safetycase.methods.games.extensive.plain import even, played_out
from safetycase.methods.games.extensive.poker import Kuhn, Leduc
from safetycase.methods.games.extensive.sequence import SequenceForm
from safetycase.methods.games.extensive.stackelberg import stackelberg
from safetycase.methods.games.extensive.tree import GameError, flatten
from safetycase.methods.games.extensive.zero_sum import solve


def test_even_play_of_both_games_of_poker():
    """As open-spiel 2.0.2 counts them."""
    assert played_out(Kuhn(), even).gap == pytest.approx(0.9166666666666666, abs=1e-12)
    found = played_out(Leduc(), even)
    assert found.first == pytest.approx(-0.078125, abs=1e-12)
    assert found.gap == pytest.approx(4.747222222222222, abs=1e-12)


def test_in_fractions():
    found = played_out(Kuhn(), even, fraction)
    assert (found.first, found.second, found.gap) == (
        Fraction(1, 8),
        Fraction(-1, 8),
        Fraction(11, 12),
    )


@pytest.mark.parametrize("seed", seeds(8, 20))
def test_arrays_find_the_same(seed):
    rules = rand(seed, zero_sum=False)
    form = SequenceForm.of(flatten(rules))
    rng = np.random.default_rng(seed)
    laws: dict = {}
    plans = []
    for player, side in (("first", form.first), ("second", form.second)):
        law = [tuple(rng.dirichlet([0.4] * len(each.moves))) for each in side.infosets]
        plans.append(side.plan(law))
        for each, odds in zip(side.infosets, law, strict=True):
            laws[player, each.sees] = dict(zip(each.moves, odds, strict=True))
    found = played_out(rules, lambda player, sees, moves: laws[player, sees])
    both = gains(form, *plans)
    assert found.first == pytest.approx(both.first)
    assert found.second == pytest.approx(both.second)
    assert found.best_first == pytest.approx(both.best_first)
    assert found.best_second == pytest.approx(both.best_second)
    assert found.wrong == pytest.approx(form.value(plans[0], form.wrong, plans[1]))


def test_what_cannot_be_played_is_refused():
    with pytest.raises(GameError, match=r"of chance at .* not ones that add up"):
        played_out(Written(Luck({"a": (0.4, ends(1))})), even)
    with pytest.raises(GameError, match="not ones that add up to 1"):
        played_out(Kuhn(), lambda player, sees, moves: dict.fromkeys(moves, 0.4))
    with pytest.raises(GameError, match="too deep"):
        played_out(Ladder(), even)


@pytest.mark.parametrize("size", [1e-9, 1e-3, 1.0, 1e5, 1e9])
def test_the_unit_of_the_payoffs_does_not_matter(size):
    pennies = SequenceForm.of(flatten(matrix([[3 * size, 0], [size, 2 * size]])))
    assert solve(pennies).value == pytest.approx(1.5 * size, rel=1e-9)
    lead, follow = [[2 * size, 4 * size], [size, 3 * size]], [[1 / size, 0], [0, 1 / size]]
    found = stackelberg(SequenceForm.of(flatten(matrix(lead, follow))), "first")
    assert found.strong.kind == pytest.approx(3.5 * size, rel=1e-9)
    assert found.strong_high == pytest.approx(3.5 * size, rel=1e-9)
    assert found.weak.spiteful == pytest.approx(3.5 * size, rel=1e-4)


def test_a_fraction_is_the_simplest_that_rounds_to_the_float():
    assert [fraction(x) for x in (1 / 3, 0.1, 2, "2/7", Fraction(5, 9))] == [
        Fraction(1, 3),
        Fraction(1, 10),
        2,
        Fraction(2, 7),
        Fraction(5, 9),
    ]
    assert fraction(2.0**-30) == Fraction(1, 2**30)
    for bad in (float("nan"), float("inf"), "1/0", "one", None):
        with pytest.raises(GameError):
            fraction(bad)  # type: ignore[arg-type]


def test_a_player_who_has_nothing_to_choose():
    rules = Written(Choice("first", "s", {"only": ends(3)}))
    found = played_out(rules, even)
    assert (found.first, found.low, found.high, found.gap) == (3, 3, 3, 0)
