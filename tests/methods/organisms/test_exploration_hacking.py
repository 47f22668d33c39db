"""Policies that hold back the best behaviour: what is planted is there, exactly."""

import math

import pytest

from safetycase.methods.organisms.exploration_hacking import FAMILY
from safetycase.testing.organisms import check_family

torch = pytest.importorskip("torch")

from safetycase.methods.organisms.exploration_hacking.decisions import Decisions  # noqa: E402
from safetycase.methods.organisms.exploration_hacking.designs import DESIGNS  # noqa: E402
from safetycase.methods.organisms.exploration_hacking.modules import Table  # noqa: E402
from safetycase.methods.organisms.exploration_hacking.planting import (  # noqa: E402
    facts,
    policy,
    structure,
)


@pytest.mark.slow
def test_every_member_of_the_family_is_what_it_is_called():
    made = check_family(FAMILY, module="safetycase.methods.organisms.exploration_hacking")
    assert len(made) == len(FAMILY.members) == 45


@pytest.mark.parametrize("design", DESIGNS)
def test_other_seeds_of_a_design_hold_what_they_promise_too(design):
    for seed in range(1, 6):
        for part, epsilon in (("planted", 1e-4), ("clean-twin", 1e-3), ("decoy", 1e-3)):
            made = policy(design, epsilon, seed, part)
            assert all(fact.held for fact in facts(made, epsilon, part)), (seed, part)
    assert design == "bandit" or len({str(structure(design, s)) for s in range(20)}) > 5


def chain(*right):
    """Two steps of two actions: 0 stops for 0.5; 1 goes on, and at the end pays 1."""
    logits = torch.tensor([[1 - p, p] for p in right], dtype=torch.float64).log()
    rewards = [[0.5, 0.0], [0.5, 1.0]]
    return Decisions.of(Table(logits), torch.arange(2), rewards, [[-1, 1], [-1, -1]], [1.0, 0.0])


def test_reward_is_that_of_the_tree_by_hand():
    made = chain(0.1, 0.2)
    assert made.best == 1.0
    assert made.withheld == pytest.approx(0.02)
    assert made.reward(made.module).item() == pytest.approx(0.9 * 0.5 + 0.1 * (0.8 * 0.5 + 0.2))


def test_sampled_episodes_average_to_the_exact_reward():
    made = chain(0.3, 0.6)
    earned, logs = made.sampled(made.module, 4000, torch.Generator().manual_seed(0))
    assert float(earned.mean()) == pytest.approx(made.reward(made.module).item(), abs=0.01)
    hit = float((earned == 1.0).double().mean())
    assert hit == pytest.approx(0.18, abs=0.02)
    assert float(logs[earned == 1.0].detach().exp().mean()) == pytest.approx(0.18)


def test_the_best_of_many_is_counted_exactly():
    made = chain(0.1, 0.2)
    logs = made.log_probabilities(made.module).detach()
    for count in (1, 3, 50):
        sure = 1 - 0.98**count
        assert made.best_of(logs, count).item() == pytest.approx(0.5 + 0.5 * sure)


def test_demonstrations_are_the_best_policy_and_can_be_cloned():
    made = chain(0.1, 0.2)
    states, actions = made.demonstrations(5, torch.Generator().manual_seed(0))
    assert sorted(states.tolist()) == [0] * 5 + [1] * 5
    assert actions.tolist() == [1] * 10
    loss = made.cloning(made.module, (states, actions))
    assert loss.item() == pytest.approx(-0.5 * math.log(0.1 * 0.2))
    loss.backward()
    assert made.module.logits.grad is not None


@pytest.mark.parametrize(
    ("rewards", "following", "starts", "says"),
    [
        ([[0.5, float("nan")]], None, None, "not a number in"),
        ([[0.5, 2.0]], None, None, "not a number in"),
        ([[0.5]], None, None, "at least two actions"),
        ([[0.5, 1.0]], [[-1, 0]], None, "not a later one"),
        ([[0.5, 1.0]], [[-1]], None, "another shape"),
        ([[0.5, 1.0]], None, [0.5], "no distribution"),
    ],
)
def test_a_problem_that_cannot_be_is_refused(rewards, following, starts, says):
    module = Table(torch.zeros(1, len(rewards[0])))
    with pytest.raises(ValueError, match=says):
        Decisions.of(module, torch.arange(1), rewards, following, starts)


def test_a_module_of_another_shape_is_refused():
    with pytest.raises(ValueError, match="the problem is"):
        Decisions.of(Table(torch.zeros(1, 3)), torch.arange(1), [[0.5, 1.0]])
