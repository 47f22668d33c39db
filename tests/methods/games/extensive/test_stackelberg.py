from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import linprog
from tests.methods.games.extensive.written import matrix, rand, seeds

from safetycase.methods.games.extensive import regions
from safetycase.methods.games.extensive.poker import Kuhn, Leduc
from safetycase.methods.games.extensive.pure import count_pure, normal_form, pure_plans
from safetycase.methods.games.extensive.sequence import SequenceForm
from safetycase.methods.games.extensive.sides import Sides, replies
from safetycase.methods.games.extensive.stackelberg import commit_pure, stackelberg
from safetycase.methods.games.extensive.tree import GameError, flatten
from safetycase.methods.games.extensive.zero_sum import solve


def form_of(rules) -> SequenceForm:
    return SequenceForm.of(flatten(rules))


def strong_by_matrices(lead: np.ndarray, follow: np.ndarray) -> float:
    """Conitzer and Sandholm's programs on leader × follower matrices, by SciPy."""
    best = -np.inf
    for j in range(lead.shape[1]):
        found = linprog(
            -lead[:, j],
            A_ub=(follow - follow[:, [j]]).T,
            b_ub=np.zeros(lead.shape[1]),
            A_eq=np.ones((1, len(lead))),
            b_eq=[1.0],
        )
        if found.status == 0:
            best = max(best, -found.fun)
    return best


def weak_by_grid(lead: np.ndarray, follow: np.ndarray, points: int = 20_011) -> float:
    """The largest value on a fine grid of a two-move leader with ties against it."""
    p = np.linspace(0, 1, points)
    mixed = np.column_stack((p, 1 - p))
    own, other = mixed @ lead, mixed @ follow
    tied = other >= other.max(axis=1, keepdims=True) - 1e-12
    return float(np.where(tied, own, np.inf).min(axis=1).max())


def test_the_example_of_conitzer_and_sandholm():
    """Committing to a move gets 3 and to a coin 3.5; at equilibrium the row player has 2."""
    form = form_of(matrix([[2, 4], [1, 3]], [[1, 0], [0, 1]]))
    found = stackelberg(form, "first")
    assert found.strong.kind == pytest.approx(3.5)
    assert found.strong_high == pytest.approx(3.5)
    assert found.strong.plan.tolist() == pytest.approx([1, 0.5, 0.5])
    assert found.strong.spiteful == pytest.approx(1.5)
    assert 3.5 - 1e-5 < found.weak.spiteful <= found.weak_high == pytest.approx(3.5)
    kind, spiteful = commit_pure(form, "first")
    assert (kind.kind, spiteful.spiteful) == (3, 3)


def test_ties_everywhere():
    """A follower to whom all is one: the best of its replies and the worst."""
    found = stackelberg(form_of(matrix([[5, 1], [2, 3]], [[0, 0], [1, 1]])), "first")
    assert found.strong.kind == pytest.approx(5)
    assert found.weak.spiteful == pytest.approx(13 / 5)  # the maximin of the leader's own matrix
    assert found.weak_high == pytest.approx(13 / 5)


def test_a_reply_that_is_best_at_one_point_only():
    """The reply in the middle is best at a fair coin alone, and then only as good as others."""
    lead = [[0, 1, 10], [0, 1, 10]]
    follow = [[0, 1, 0.5], [1, 0, 0.5]]
    found = stackelberg(form_of(matrix(lead, follow)), "first")
    assert found.strong.kind == pytest.approx(10)
    assert found.strong.plan.tolist() == pytest.approx([1, 0.5, 0.5])
    assert found.weak.spiteful == pytest.approx(1)
    assert found.weak_high == pytest.approx(1)


def test_a_dominated_reply_is_none():
    lead = [[0, 1, 10], [0, 1, 10]]
    follow = [[0, 1, 0.4], [1, 0, 0.4]]
    assert stackelberg(form_of(matrix(lead, follow)), "first").strong_high == pytest.approx(1)


@pytest.mark.parametrize("seed", seeds(10, 30))
def test_random_matrices(seed):
    rng = np.random.default_rng(seed)
    lead, follow = rng.integers(-4, 5, (2, 2, 4)).astype(float)
    for form, leader in (
        (form_of(matrix(lead, follow)), "first"),
        (form_of(matrix(follow.T, lead.T)), "second"),
    ):
        found = stackelberg(form, leader)
        strong = strong_by_matrices(lead, follow)
        assert found.strong.kind == pytest.approx(strong, abs=1e-6)
        assert found.strong_high == pytest.approx(strong, abs=1e-6)
        weak = weak_by_grid(lead, follow)
        assert weak <= found.weak_high + 1e-6
        assert found.weak_high == pytest.approx(weak, abs=2e-3)
        assert found.weak.spiteful == pytest.approx(found.weak_high, abs=1e-4)
        kind, spiteful = commit_pure(form, leader)
        best = follow >= follow.max(axis=1, keepdims=True)
        assert kind.kind == np.where(best, lead, -np.inf).max(axis=1).max()
        assert spiteful.spiteful == np.where(best, lead, np.inf).min(axis=1).max()


@pytest.mark.parametrize("seed", seeds(6, 40))
@pytest.mark.parametrize("leader", ["first", "second"])
def test_random_trees_against_their_normal_form(seed, leader):
    form = form_of(rand(seed, zero_sum=False))
    first, second, _, _ = normal_form(form)
    lead, follow = (first, second) if leader == "first" else (second.T, first.T)
    found = stackelberg(form, leader)
    strong = strong_by_matrices(lead, follow)
    assert found.strong.kind == pytest.approx(strong, abs=1e-6)
    assert found.strong_high == pytest.approx(strong, abs=1e-6)
    assert found.weak.spiteful <= found.weak_high + 1e-9
    assert found.weak_high - found.weak.spiteful < 1e-3
    kind, spiteful = commit_pure(form, leader)
    assert spiteful.spiteful <= kind.kind <= found.strong_high + 1e-7
    assert spiteful.spiteful <= found.weak_high + 1e-7


@pytest.mark.parametrize("seed", range(10))
def test_in_a_zero_sum_game_both_orders_give_the_value(seed):
    form = form_of(rand(seed))
    value = solve(form).value
    for leader, sign in (("first", 1), ("second", -1)):
        found = stackelberg(form, leader)
        assert sign * found.strong.kind == pytest.approx(value, abs=1e-6)
        assert sign * found.weak_high == pytest.approx(value, abs=1e-6)


@pytest.mark.slow
def test_kuhn_in_both_orders():
    form = form_of(Kuhn())
    assert stackelberg(form, "first").strong.kind == pytest.approx(-1 / 18)
    assert stackelberg(form, "second").strong.kind == pytest.approx(1 / 18)
    pure = commit_pure(form, "first")[0].kind
    assert pure == pytest.approx(max(normal_form(form)[0].min(axis=1)))
    assert pure < -1 / 18 - 0.01


def test_leading_never_gets_less_than_the_plan_that_one_has():
    form = form_of(rand(4, zero_sum=False))
    sides = Sides.of(form, "first")
    rng = np.random.default_rng(0)
    found = stackelberg(form, "first")
    for _ in range(50):
        plan = form.first.plan([tuple(rng.dirichlet((1, 1))) for _ in form.first.infosets])
        answer = replies(sides, plan)
        assert answer.spiteful <= answer.kind <= found.strong_high + 1e-9
        assert answer.spiteful <= found.weak_high + 1e-9


def test_too_many_replies_are_refused():
    form = form_of(Leduc())
    assert count_pure(form.second) > 10**50
    with pytest.raises(GameError, match=r"10\^\d+ pure plans, more than 2048"):
        stackelberg(form, "first")
    with pytest.raises(GameError, match="64 pure plans, more than 63"):
        pure_plans(form_of(Kuhn()).second, 63)


def test_a_wrong_answer_of_the_program_widens_the_proof(monkeypatch):
    """The upper end comes from best responses: a worse plan cannot pass for the best."""
    good = regions.within

    def spoiled(**words):
        found = good(**words)
        return found and replace(found, variables=found.variables * 0, prices=found.prices * 0.9)

    monkeypatch.setattr(regions, "within", spoiled)
    found = stackelberg(form_of(matrix([[2, 4], [1, 3]], [[2, 0], [0, 1]])), "first")
    assert found.strong.kind < found.strong_high - 0.1
    assert found.strong_high >= 4 / 3 + 2 - 1e-9


def test_progress_is_told():
    told = []
    stackelberg(form_of(Kuhn()), "first", progress=lambda *words: told.append(words[:2]))
    of = told[0][1]
    assert told[0] == (1, of)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1] == (of, of)
