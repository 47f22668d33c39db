"""One side of a trained game as a torch policy: its numbers are those of the game itself."""

from __future__ import annotations

import numpy as np
import pytest

from safetycase.methods.games.extensive.tree import flatten
from safetycase.methods.oversight.self_play.arena import Arena
from safetycase.methods.oversight.self_play.games import GAMES
from safetycase.methods.oversight.self_play.policies import SidePolicy
from safetycase.methods.oversight.self_play.records import Recipe, fresh
from safetycase.methods.oversight.self_play.training import train

torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def made() -> tuple[Arena, object, list[SidePolicy]]:
    arena = Arena.of(flatten(GAMES["conceding-debate"]))
    generator = np.random.default_rng(3)
    trained = train(arena, Recipe(steps=12), fresh(arena, 2, generator), generator)
    policies = [SidePolicy.of(arena, trained, row, player) for row in (0, 1) for player in (0, 1)]
    return arena, trained, policies


def test_rewards_and_best_are_those_of_the_arena(made: tuple) -> None:
    arena, trained, policies = made
    plans = arena.plans(trained.policies)
    values, gaps = arena.values(plans), arena.gaps(plans)
    for number, policy in enumerate(policies):
        row, player = divmod(number, 2)
        reward = float(policy.reward(policy.module).detach())
        assert reward == pytest.approx(values[player][row] - policy.low, abs=1e-12)
        assert policy.best - reward == pytest.approx(gaps[player][row], abs=1e-12)
        assert 0 <= reward <= policy.best + 1e-12 <= 1 + 1e-9
        assert 0 < policy.withheld <= 1


def test_the_gradient_is_the_slope_and_the_module_is_left_alone(made: tuple) -> None:
    policy = made[2][1]
    before = policy.module.logits.detach().clone()
    (slope,) = torch.autograd.grad(policy.reward(policy.module), [policy.module.logits])
    generator = torch.Generator().manual_seed(1)
    way = torch.randn(before.shape, generator=generator, dtype=torch.float64)
    ends = []
    for sign in (1, -1):
        moved = torch.nn.Module()
        moved.register_parameter("logits", torch.nn.Parameter(before + sign * 1e-5 * way))
        ends.append(float(policy.reward(moved).detach()))
    assert (ends[0] - ends[1]) / 2e-5 == pytest.approx(float((slope * way).sum()), abs=1e-7)
    assert torch.equal(policy.module.logits, before)


def test_episodes_have_the_reward_and_the_score_function_has_mean_zero(made: tuple) -> None:
    for policy in made[2][:2]:
        generator = torch.Generator().manual_seed(5)
        reward, logs = policy.sampled(policy.module, 4000, generator)
        assert reward.min() >= 0
        exact = float(policy.reward(policy.module).detach())
        spread = float(reward.std()) / 4000**0.5
        assert abs(float(reward.mean()) - exact) < 5 * spread + 1e-9
        (slope,) = torch.autograd.grad(logs.mean(), [policy.module.logits])
        assert float(slope.abs().max()) < 0.05


def test_many_tables_are_worth_what_each_is_worth_alone(made: tuple) -> None:
    policy = made[2][3]
    logs = policy.log_probabilities(policy.module).detach()
    generator = torch.Generator().manual_seed(4)
    many = (
        logs + torch.randn((5, *logs.shape), generator=generator, dtype=logs.dtype)
    ).log_softmax(-1)
    together = policy.value(many)
    alone = torch.stack([policy.value(one) for one in many])
    assert torch.allclose(together, alone, atol=1e-14)


def test_the_best_of_one_is_the_value_and_the_best_of_many_is_best(made: tuple) -> None:
    for policy in made[2]:
        logs = policy.log_probabilities(policy.module).detach()
        values = [float(policy.best_of(logs, count)) for count in (1, 2, 5, 20, 1e9)]
        assert values[0] == pytest.approx(float(policy.value(logs)), abs=1e-12)
        assert values == sorted(values)
        assert values[-1] == pytest.approx(policy.best, abs=1e-9)


@pytest.mark.slow
def test_demonstrations_teach_the_best_response(made: tuple) -> None:
    policy = made[2][0]
    shown = policy.demonstrations(200, torch.Generator().manual_seed(2))
    assert len(shown[0]) == len(shown[1]) >= 200
    module = torch.nn.Module()
    module.register_parameter("logits", torch.nn.Parameter(policy.module.logits.detach().clone()))
    optimiser = torch.optim.Adam([module.logits], lr=0.3)
    for _ in range(120):
        optimiser.zero_grad()
        loss = policy.cloning(module, shown)
        loss.backward()
        optimiser.step()
    assert float(loss.detach()) < 0.05
    assert float(policy.reward(module).detach()) == pytest.approx(policy.best, abs=0.02)
