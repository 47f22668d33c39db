from __future__ import annotations

import math

import numpy as np
import pytest
from tests.methods.games.extensive.written import matrix, rand

from safetycase.methods.games.extensive.best_response import gains
from safetycase.methods.games.extensive.cfr import cfr
from safetycase.methods.games.extensive.learners import learn, marks, regret_bound
from safetycase.methods.games.extensive.poker import Kuhn, Leduc
from safetycase.methods.games.extensive.sequence import SequenceForm
from safetycase.methods.games.extensive.tree import GameError, flatten

RULES = ["hedge", "regret matching", "regret matching+", "fictitious play"]


def form_of(rules) -> SequenceForm:
    return SequenceForm.of(flatten(rules))


@pytest.mark.slow
def test_hedge_stays_below_its_bound():
    """Twenty moves each, payoffs in [−1, 1], 4,000 rounds: about .02, below the bound of .077."""
    assert 2 * regret_bound(2, 20, 4000) == pytest.approx(0.0774, abs=5e-5)
    found = []
    for seed in range(4):
        payoff = np.random.default_rng(seed).uniform(-1, 1, (20, 20))
        learned = learn(payoff, -payoff, rule="hedge", steps=4000)
        spread = float(np.ptp(payoff))
        assert learned.bound == 2 * spread * math.sqrt(math.log(20) / 8000)
        assert learned.nash_conv <= learned.bound
        found.append(learned.nash_conv)
    assert 0.015 < np.mean(found) < 0.025


@pytest.mark.parametrize("rule", RULES)
def test_what_both_could_gain_is_that_of_the_averages(rule):
    payoff = np.random.default_rng(1).uniform(-1, 1, (6, 9))
    learned = learn(payoff, -payoff, rule=rule, steps=500)
    form = form_of(matrix(payoff.tolist()))
    both = gains(form, np.append(1, learned.x), np.append(1, learned.y))
    assert learned.nash_conv == pytest.approx(both.nash_conv, abs=1e-12)
    assert learned.nash_conv <= learned.bound
    assert learned.curve[0][1] > learned.nash_conv
    assert (learned.steps, learned.curve[-1][0]) == (500, 500)


def test_regret_matching_against_its_bound():
    for seed in range(5):
        payoff = np.random.default_rng(seed).uniform(-1, 1, (8, 8))
        learned = learn(payoff, -payoff, rule="regret matching", steps=1000)
        assert learned.nash_conv <= learned.bound < math.inf


def test_the_first_rounds_by_hand():
    """Matching pennies. Hedge: even play, then e^±step; fictitious play: each answers the other."""
    payoff = np.array([[1.0, -1.0], [-1.0, 1.0]])
    both = learn(payoff, -payoff, rule="hedge", steps=2)
    assert both.last_x == pytest.approx([0.5, 0.5])
    tilted = np.array([[2.0, -1.0], [-1.0, 1.0]])
    step = math.sqrt(8 * math.log(2) / 2) / 3
    assert learn(tilted, -tilted, rule="hedge", steps=2).last_x[0] == pytest.approx(
        1 / (1 + math.exp(-step * 0.5))
    )
    # Rounds (0, 0), (0, 1), (0, 1) with a tie, (1, 1).
    played = learn(payoff, -payoff, rule="fictitious play", steps=4)
    assert played.x.tolist() == [0.75, 0.25]
    assert played.y.tolist() == [0.25, 0.75]


def test_a_rule_that_does_not_learn_breaks_the_bound(monkeypatch):
    from safetycase.methods.games.extensive import learners

    monkeypatch.setattr(learners._Side, "learn", lambda self, worth: None)
    payoff = np.random.default_rng(0).uniform(-1, 1, (20, 20))
    learned = learn(payoff, -payoff, rule="hedge", steps=4000)
    assert learned.nash_conv > learned.bound


def test_a_general_sum_game_has_no_bound():
    first, second = np.eye(2), np.eye(2)
    learned = learn(first, second, rule="hedge", steps=10)
    assert learned.bound == math.inf
    assert learned.nash_conv >= 0


@pytest.mark.parametrize("plus", [False, True])
def test_kuhn_is_learned(plus):
    form = form_of(Kuhn())
    learned = cfr(form, steps=1000, plus=plus)
    assert learned.nash_conv <= (1e-3 if plus else 0.02)
    assert learned.nash_conv == gains(form, learned.x, learned.y).nash_conv
    assert form.value(learned.x, form.payoff_first, learned.y) == pytest.approx(-1 / 18, abs=5e-3)
    assert learned.nash_conv <= learned.bound
    assert np.allclose(form.E @ learned.x, form.e)


def test_leduc_is_learned():
    form = form_of(Leduc())
    learned = cfr(form, steps=150, plus=True)
    assert learned.nash_conv < 0.05
    assert form.value(learned.x, form.payoff_first, learned.y) == pytest.approx(-0.0856, abs=5e-3)


@pytest.mark.parametrize("seed", range(6))
def test_random_trees_are_learned_below_the_bound(seed):
    form = form_of(rand(seed))
    learned = cfr(form, steps=300)
    assert learned.nash_conv <= learned.bound
    assert cfr(form, steps=500, plus=True).nash_conv < 2e-2 * max(1.0, form.spread)


def test_on_a_matrix_it_is_regret_matching():
    payoff = np.random.default_rng(3).uniform(-1, 1, (4, 5))
    learned = cfr(form_of(matrix(payoff.tolist())), steps=50)
    plain = learn(payoff, -payoff, rule="regret matching", steps=50)
    assert learned.x[1:] == pytest.approx(plain.x)
    assert learned.y[1:] == pytest.approx(plain.y)


def test_it_stops_when_it_is_enough():
    learned = cfr(form_of(Kuhn()), steps=10_000, plus=True, enough=0.01)
    assert learned.steps < 1000
    assert learned.nash_conv <= 0.01


def test_progress_and_refusals():
    told = []
    payoff = np.eye(2)
    learn(payoff, -payoff, rule="hedge", steps=100, progress=lambda *words: told.append(words))
    cfr(form_of(Kuhn()), steps=100, progress=lambda *words: told.append(words))
    assert told[-1][:2] == (100, 100)
    assert list(marks(1)) == [1]
    for bad in (np.zeros((0, 2)), np.array([[math.nan]]), np.zeros(3)):
        with pytest.raises(GameError):
            learn(bad, bad, rule="hedge", steps=1)
    with pytest.raises(GameError, match="at least 1"):
        learn(payoff, -payoff, rule="hedge", steps=0)
    with pytest.raises(GameError, match="at least 1"):
        cfr(form_of(Kuhn()), steps=0)
