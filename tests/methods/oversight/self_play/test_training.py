"""Training by self-play: what converges, what goes round, what never starts, and how long it is."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from tests.methods.oversight.self_play.games import PENNIES, arena_of, gap, trained

from safetycase.methods.oversight.self_play import oracles, training
from safetycase.methods.oversight.self_play.exploration import (
    flow_time,
    measured_times,
    natural_time,
)
from safetycase.methods.oversight.self_play.games import Bandit, MatrixGame
from safetycase.methods.oversight.self_play.learners import Gradient, Learner, Optimiser
from safetycase.methods.oversight.self_play.records import Recipe, fresh
from safetycase.methods.oversight.self_play.training import train


@pytest.mark.slow
def test_natural_gradients_learn_the_debate_and_plain_ones_do_not_on_every_seed() -> None:
    arena = arena_of("conceding-debate")
    natural = trained(arena, Recipe(steps=600), rows=8)
    assert gap(arena, natural).max() < 1e-6
    assert arena.errors(arena.plans(natural.policies)).max() < 1e-6
    plain = gap(arena, trained(arena, Recipe(steps=600, optimiser="sgd"), rows=8))
    assert plain.max() > 0.2


@pytest.mark.slow
def test_last_policies_go_round_where_averages_arrive() -> None:
    """Policy gradients in matching pennies; with an entropy bonus the last policy arrives too."""
    arena = arena_of(PENNIES)
    start = fresh(arena, 1, np.random.default_rng(0), spread=0.0)
    start.weights[0][0, 0] = start.weights[1][0, 0] = (0.3, -0.3)
    recipe = Recipe(steps=1000, rate=0.1)
    path = train(arena, recipe, start, np.random.default_rng(0)).path
    assert path.last[-6:].max() > path.last[0].max() > 0.2
    assert path.average[-1].max() < 0.05
    calm = dataclasses.replace(recipe, entropy=0.2)
    assert gap(arena, train(arena, calm, start, np.random.default_rng(0))).max() < 0.01


@pytest.mark.parametrize("optimiser", ["sgd", "adam"])
def test_all_gradients_go_round_in_pennies(optimiser: Optimiser) -> None:
    arena = arena_of(PENNIES)
    assert gap(arena, trained(arena, Recipe(steps=800, optimiser=optimiser))).min() > 0.2


@pytest.mark.slow
@pytest.mark.parametrize("steps", [100, 600])
def test_averages_of_hedge_keep_their_bound(steps: int) -> None:
    """NashConv ≤ 2 · range · sqrt(ln n / (2T)) on three random games of 20 × 20."""
    generator = np.random.default_rng(5)
    bound = 2 * math.sqrt(math.log(20) / (2 * steps))
    found = []
    for _ in range(3):
        payoffs = generator.uniform(-1, 1, (20, 20))
        arena = arena_of(MatrixGame(payoffs=tuple(tuple(map(float, row)) for row in payoffs)))
        recipe = Recipe(learner="multiplicative-weights", output="average", steps=steps)
        start = fresh(arena, 1, generator, spread=0.0)
        found.append(gap(arena, train(arena, recipe, start, generator))[0])
    assert 0 < min(found) <= max(found) <= bound


@pytest.mark.slow
def test_regret_matching_learns_the_debate_by_its_average() -> None:
    arena = arena_of("conceding-debate")
    recipe = Recipe(learner="regret-matching", output="average", steps=800)
    assert gap(arena, trained(arena, recipe, rows=1)).max() < 0.01


@pytest.mark.slow
def test_sampled_gradients_learn_with_an_entropy_bonus() -> None:
    arena = arena_of("consultancy")
    recipe = Recipe(learner="reinforce", entropy=0.2, steps=400)
    assert gap(arena, trained(arena, recipe)).max() < 0.05


def test_seeds_reach_two_equilibria_of_the_consultancy() -> None:
    arena = arena_of("consultancy")
    one = trained(arena, Recipe(steps=600), rows=40)
    assert gap(arena, one).max() < 0.01
    wrong = arena.errors(arena.plans(one.policies))
    assert (np.minimum(abs(wrong - 0.255), abs(wrong - 0.45)) < 0.005).all()
    assert (wrong > 0.4).any()
    assert (wrong < 0.3).any()


def test_the_time_of_a_gradient_is_its_closed_form() -> None:
    starts = (0.2, 0.05, 0.02)
    plain = measured_times(starts, 0.9, "sgd", rate=0.05, most=900)
    natural = measured_times(starts, 0.9, "natural", rate=0.05, most=900)
    for start, slow, quick in zip(starts, plain, natural, strict=True):
        assert slow == pytest.approx(flow_time(start, 0.9), abs=0.1)
        assert quick == pytest.approx(natural_time(start, 0.9), abs=0.05)


def test_the_closed_form_is_the_integral_and_tends_to_one_over_twice_the_start() -> None:
    grid = np.linspace(0.01, 0.9, 200_001)
    rate = 2 * 0.7 * (grid * (1 - grid)) ** 2
    integral = float(np.trapezoid(1 / rate, grid))
    assert flow_time(0.01, 0.9, advantage=0.7) == pytest.approx(integral, rel=1e-6)
    assert flow_time(1e-7, 0.9) * 2e-7 == pytest.approx(1, abs=1e-5)
    assert natural_time(1e-7, 0.5) == pytest.approx(math.log(1e7), rel=1e-6)


def test_a_move_that_is_not_found_in_time_says_so() -> None:
    assert measured_times((1e-3,), 0.9, "sgd", rate=0.5, most=100) == (math.inf,)
    with pytest.raises(ValueError, match="0 < start ≤ end < 1"):
        flow_time(0.0, 0.9)


def test_what_is_never_played_is_not_learned_and_keeps_its_weight() -> None:
    arena = arena_of(Bandit())
    start = fresh(arena, 2, np.random.default_rng(0), spread=0.0)
    start.weights[0][:, 0, 0] = -10.0
    start.never[0][0, 0, 0] = True
    one = train(arena, Recipe(steps=200), start, np.random.default_rng(0))
    assert one.weights[0][0, 0, 0] == -10.0
    assert one.policies[0][0, 0, 0] < 1e-4
    assert one.policies[0][1, 0, 0] > 0.99


def test_a_training_that_stops_and_a_player_that_does_not_learn_stay_as_they_are() -> None:
    arena = arena_of("two-leaf-check")
    start = fresh(arena, 2, np.random.default_rng(0))
    stopped = dataclasses.replace(start, stop=np.array([0, 100]))
    one = train(arena, Recipe(steps=100), stopped, np.random.default_rng(0))
    assert (one.weights[0][0] == start.weights[0][0]).all()
    assert (one.weights[0][1] != start.weights[0][1]).any()
    still = dataclasses.replace(start, learns=(np.zeros(2, bool), np.ones(2, bool)))
    other = train(arena, Recipe(steps=100), still, np.random.default_rng(0))
    assert (other.weights[0] == start.weights[0]).all()
    assert (other.weights[1] != start.weights[1]).any()


@pytest.mark.parametrize("learner", ["policy-gradient", "reinforce", "multiplicative-weights"])
def test_the_same_seed_trains_the_same_policies(learner: Learner) -> None:
    arena = arena_of("two-leaf-check")
    recipe = Recipe(learner=learner, steps=50)
    first, second = (trained(arena, recipe, seed=7) for _ in range(2))
    assert (first.policies[0] == second.policies[0]).all()
    assert (first.path.last == second.path.last).all()


def test_progress_is_told_every_hundred_steps() -> None:
    arena = arena_of(Bandit())
    told: list[tuple[int, int]] = []
    start = fresh(arena, 1, np.random.default_rng(0))
    train(arena, Recipe(steps=250), start, np.random.default_rng(0), lambda *a: told.append(a))
    assert told == [(100, 250), (200, 250)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("broken", "oracle", "fails"),
    [
        ("downhill", "_times", "gradient time from 0.1 to 0.9"),
        ("still", "_hedge", "Hedge, NashConv of averages above its bound (share of the range)"),
        ("squared", "_times", "natural gradient time from 0.02 to 0.9"),
    ],
)
def test_a_broken_learner_fails_an_oracle(
    broken: str, oracle: str, fails: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = training.exact

    def wrong(*given: object) -> Gradient:
        found = right(*given)  # type: ignore[arg-type]
        if broken == "downhill":
            return Gradient(value=-found.value, advantage=found.advantage)
        if broken == "still":
            return Gradient(value=found.value, advantage=0 * found.advantage)
        return Gradient(value=found.value, advantage=found.advantage**2 * np.sign(found.advantage))

    monkeypatch.setattr(training, "exact", wrong)
    assert fails in [o.name for o in getattr(oracles, oracle)() if not o.passed]
