"""Values, gradients and best responses of many policies at once, against other ways to them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from tests.methods.oversight.self_play.games import PENNIES, arena_of, policies

from safetycase.methods.games.extensive.best_response import gains
from safetycase.methods.games.extensive.poker import Kuhn
from safetycase.methods.games.extensive.sequence import SequenceForm
from safetycase.methods.games.extensive.tree import END, flatten
from safetycase.methods.games.extensive.zero_sum import solve
from safetycase.methods.oversight.self_play import arena as arena_module
from safetycase.methods.oversight.self_play import games
from safetycase.methods.oversight.self_play.arena import Arena
from safetycase.methods.oversight.self_play.games import GAMES, Consultancy, MatrixGame
from safetycase.methods.oversight.self_play.learners import exact
from safetycase.methods.oversight.self_play.sampling import Sampler

ALL = [*GAMES.values(), Kuhn()]


@pytest.mark.parametrize("rules", ALL, ids=lambda r: type(r).__name__)
def test_values_gaps_and_errors_are_those_of_the_solver_room(rules: games.Rules) -> None:
    tree = flatten(rules)
    arena, form = Arena.of(tree), SequenceForm.of(tree)
    plans = arena.plans(policies(arena, rows=3))
    values, gaps, errors = arena.values(plans), arena.gaps(plans), arena.errors(plans)
    for row in range(3):
        x, y = plans[0][row], plans[1][row]
        found = gains(form, x, y)
        assert values[0][row] * arena.spread == pytest.approx(found.first)
        assert values[1][row] * arena.spread == pytest.approx(found.second)
        assert gaps[0][row] * arena.spread == pytest.approx(found.best_first - found.first)
        assert gaps[1][row] * arena.spread == pytest.approx(found.best_second - found.second)
        assert errors[row] == pytest.approx(form.value(x, form.wrong, y))


@pytest.mark.parametrize("rules", ALL, ids=lambda r: type(r).__name__)
def test_the_gradient_is_that_of_finite_differences(rules: games.Rules) -> None:
    arena = arena_of(rules)
    generator = np.random.default_rng(1)
    weights = [generator.normal(size=(1, *side.index.shape)) for side in arena.sides]
    step = 1e-5
    for player, side in enumerate(arena.sides):
        shown = [s.policy(w) for s, w in zip(arena.sides, weights, strict=True)]
        plans = arena.plans((shown[0], shown[1]))
        gain = arena.gain(player, plans[1 - player])
        worth = side.worth(gain, shown[player])
        reached = plans[1 - player] @ arena.reached[player].T
        found = exact(side, worth, shown[player], plans[player], reached)
        for place in np.argwhere(side.valid)[:12]:
            ends = []
            for sign in (1, -1):
                moved = weights[player].copy()
                moved[0, place[0], place[1]] += sign * step
                ends.append((side.plan(side.policy(moved)) * gain).sum())
            slope = (ends[0] - ends[1]) / (2 * step)
            assert found.value[0, place[0], place[1]] == pytest.approx(slope, abs=1e-8)


def test_the_natural_gradient_solves_the_fisher_equations() -> None:
    arena = arena_of("conceding-debate")
    side = arena.sides[1]
    shown = policies(arena, rows=1)
    plans = arena.plans(shown)
    worth = side.worth(arena.gain(1, plans[0]), shown[1])
    reached = plans[0] @ arena.reached[1].T
    found = exact(side, worth, shown[1], plans[1], reached)
    for place, count in enumerate(side.valid.sum(axis=1)):
        law = shown[1][0, place, :count]
        visits = plans[1][0, side.parents[place]] * reached[0, place]
        fisher = visits * (np.diag(law) - np.outer(law, law))
        assert fisher @ found.advantage[0, place, :count] == pytest.approx(
            found.value[0, place, :count], abs=1e-12
        )


def test_sampled_gradients_estimate_the_exact_one() -> None:
    arena = arena_of("conceding-debate")
    shown = policies(arena, rows=1)
    plans = arena.plans(shown)
    sampler = Sampler(arena, 40_000, np.random.default_rng(0))
    sampled = sampler.gradients(shown)
    for player, side in enumerate(arena.sides):
        worth = side.worth(arena.gain(player, plans[1 - player]), shown[player])
        reached = plans[1 - player] @ arena.reached[player].T
        true = exact(side, worth, shown[player], plans[player], reached)
        # a mean of 40,000 values in [-1, 1] is off by .02 with probability below 1e-6
        assert abs(np.where(side.valid, sampled[player].value - true.value, 0)).max() < 0.02
        often = side.valid & (plans[player][0, side.parents] * reached[0] > 0.05)[:, None]
        assert abs(np.where(often, sampled[player].advantage - true.advantage, 0)).max() < 0.1


def test_what_is_never_sampled_shows_no_gradient() -> None:
    arena = arena_of("two-leaf-check")
    sure = np.array([[[1.0, 0.0]]])
    found = Sampler(arena, 100, np.random.default_rng(0)).gradients((sure, sure))
    assert not found[0].value.any()
    assert not found[0].advantage.any()


def test_a_plan_and_its_policy_are_two_names_of_one_thing() -> None:
    arena = arena_of(Kuhn())
    shown = policies(arena)
    for side, policy, plan in zip(arena.sides, shown, arena.plans(shown), strict=True):
        assert side.behaviour(plan) == pytest.approx(policy)


def test_the_equilibria_of_the_games_are_those_that_they_state() -> None:
    assert solve(SequenceForm.of(flatten(GAMES["conceding-debate"]))).value == pytest.approx(0)
    assert solve(SequenceForm.of(flatten(GAMES["two-leaf-check"]))).value == pytest.approx(0.28)
    arena = arena_of("consultancy")
    yes_on_strong, no = {"show": 0, "keep": 1}, {"show": 1, "keep": 1}
    for shows, verdict, wrong in ((0, yes_on_strong, 0.255), (1, no, 0.45)):
        first, second = (np.zeros((1, *side.index.shape)) for side in arena.sides)
        for place, one in enumerate(arena.tree.infosets[0]):
            first[0, place, min(shows, len(one.moves) - 1)] = 1
        for place, one in enumerate(arena.tree.infosets[1]):
            assert isinstance(one.sees, tuple)
            second[0, place, verdict[one.sees[0]]] = 1
        plans = arena.plans((first, second))
        assert arena.gaps(plans).max() == pytest.approx(0)
        assert arena.errors(plans)[0] == pytest.approx(wrong)


def test_lies_that_are_agreed_to_are_bounded_by_the_gap() -> None:
    """P(wrong by agreement) ≤ NashConv / (2w − 1) where truths are agreed to."""
    arena = arena_of("conceding-debate")
    shown = policies(arena, rows=50, seed=4)
    for place, one in enumerate(arena.tree.infosets[1]):
        if isinstance(one.sees, tuple) and len(one.sees) == 2 and one.sees[0] == one.sees[1]:
            shown[1][:, place] = np.eye(shown[1].shape[2])[0]
    plans = arena.plans(shown)
    agreed = np.zeros(50)
    tree = arena.tree
    for node in tree.ends:
        names = tree.history(int(node))
        if names[2] == "agree" and names[0] != names[1]:
            first, second = tree.sequences[:, node]
            agreed += tree.reach[node] * plans[0][:, first] * plans[1][:, second]
    nash_conv = arena.gaps(plans).sum(axis=0) * arena.spread
    assert (agreed <= nash_conv / (2 * 0.77 - 1) + 1e-12).all()
    assert agreed.max() > 0.1


def test_games_that_teach_nothing_and_games_too_large_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(ValueError, match="nothing to learn"):
        arena_of(MatrixGame(payoffs=((1.0, 1.0), (1.0, 1.0))))
    monkeypatch.setattr(arena_module, "MOST_CELLS", 8)
    with pytest.raises(ValueError, match="3 × 3 sequences, more than 8 pairs; take a smaller"):
        arena_of(PENNIES)


def test_a_best_response_without_a_move_does_without_it() -> None:
    arena = arena_of(PENNIES)
    gain = arena.gain(0, np.array([[1.0, 1.0, 0.0]]))
    never = np.zeros((1, 1, 2), bool)
    never[0, 0, 0] = True
    assert arena.sides[0].best(gain)[0][0] == pytest.approx(0.5)
    assert arena.sides[0].best(gain, never)[0][0] == pytest.approx(-0.5)


def test_a_prior_that_favours_yes_has_no_useless_equilibrium() -> None:
    tree = flatten(dataclasses.replace(Consultancy(), prior=0.9))
    assert (tree.turn == END).sum() == len(tree.ends)
    arena = Arena.of(tree)
    always_no = np.zeros((1, *arena.sides[1].index.shape))
    always_no[..., 1] = 1
    first = arena.sides[0].policy(np.zeros((1, *arena.sides[0].index.shape)))
    assert arena.gaps(arena.plans((first, always_no)))[1, 0] > 0.5
