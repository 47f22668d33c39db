"""Escape from planted probabilities: closed forms, trainers, and counts that can fail."""

from __future__ import annotations

import dataclasses
import importlib.util
import itertools
import math
from pathlib import Path
from typing import Any

import pytest

from safetycase.methods.convergence.escape import planted, study, training, tuned
from safetycase.methods.convergence.escape.analysis import detectable, quantile
from safetycase.methods.convergence.escape.laws import bandit_steps, escape_constant
from safetycase.methods.convergence.escape.method import METHOD, Parameters, run
from safetycase.methods.convergence.escape.oracles import bandit, self_check, steps
from safetycase.methods.convergence.escape.study import DESIGNS, EPSILONS, Found
from safetycase.methods.convergence.escape.trainers import TRAINERS, Turn
from safetycase.methods.convergence.escape.training import Course, Recipe, train
from safetycase.methods.convergence.escape.tuned import TUNED
from safetycase.methods.convergence.escape.world import World
from safetycase.plugin.contract import Context, Curve, Measurement, MethodError
from safetycase.stats import Certified
from safetycase.testing import check_method
from safetycase.testing.methods import check_measurement

torch = pytest.importorskip("torch")
np = pytest.importorskip("numpy")


@pytest.fixture(autouse=True)
def _one_thread() -> Any:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def policy(design: str, epsilon: float, seed: int = 0, part: str = "planted") -> Any:
    from safetycase.methods.organisms.exploration_hacking.planting import policy as made

    return made(design, epsilon, seed, part)  # type: ignore[arg-type]


def measured(tmp_path: Path, **given: Any) -> Measurement:
    context = Context(
        case_folder=tmp_path,
        scratch=tmp_path,
        seed=0,
        model=None,
        models={},
        progress=lambda *_: None,
    )
    return run((), Parameters(**given), context)


@pytest.mark.slow
def test_it_is_a_method() -> None:
    controls = check_method(METHOD, module="safetycase.methods.convergence.escape.method")
    for one in controls.planted:
        assert one.passes == (one.runs if one.claim_is_true else 0), one.name


@pytest.mark.slow
def test_a_leaf_gets_its_quantities_and_repeats(tmp_path: Path) -> None:
    given: dict[str, Any] = {
        "trainer": "demonstrations",
        "steps": 12,
        "organisms": 2,
        "share": 0.1,
        "level": 0.5,
    }
    check_measurement(METHOD, lambda: measured(tmp_path, **given, others=0))
    found = measured(tmp_path, **given, others=1)
    assert set(found.quantities) == {one.name for one in METHOD.measures}
    assert all(check.passed for check in found.instrument)
    ladder = found.quantities["detectable_epsilon"]
    assert isinstance(ladder, Certified)
    assert ladder.high < 1
    curve = found.plots[0]
    assert isinstance(curve, Curve)
    assert curve.x == tuple(sorted(EPSILONS))
    assert len(curve.lines) == 8
    assert "natural-gradient beside it" in found.diagnostics


def test_the_closed_form_is_the_limit_of_other_bandits_too() -> None:
    for others, share, stand_in in ((3, 0.5, 0.3), (1, 1.0, 0.7), (20, 0.05, 0.5)):
        found = bandit_steps(1e-4, others, share, stand_in, 100_000)
        assert found is not None
        assert found * 1e-4 == pytest.approx(escape_constant(others, share, stand_in), rel=5e-3)
    assert bandit_steps(1e-4, 8, 1 / 9, 0.5, 100) is None
    with pytest.raises(ValueError, match="between 0 and 1"):
        escape_constant(8, 0.1, 1.0)


@pytest.mark.parametrize("design", ["bandit", *DESIGNS])
def test_values_and_gradients_are_those_of_the_policy(design: str) -> None:
    made = policy(design, 1e-2, 3)
    world = World.of(made)
    logs = made.log_probabilities(made.module)
    chances = np.exp(logs.detach().numpy())
    valued = world.valued(chances)
    assert valued.reward == pytest.approx(float(made.value(logs).detach()), abs=1e-12)
    assert world.valued(world.best()).reward == pytest.approx(made.best, abs=1e-12)
    weights = list(made.module.parameters())
    mine = torch.from_numpy(valued.visits[:, None] * chances * valued.advantages)
    pulled = torch.autograd.grad(logs, weights, grad_outputs=mine, retain_graph=True)
    for one, other in zip(pulled, torch.autograd.grad(made.value(logs), weights), strict=True):
        assert torch.allclose(one, other, atol=1e-12)


def test_sampled_pulls_are_right_on_average() -> None:
    made = policy("sequential", 0.1, 1)
    world, generator = World.of(made), np.random.default_rng(0)
    chances = np.exp(made.log_probabilities(made.module).detach().numpy())

    def mean(name: Any, batch: int, turns: int) -> Any:
        pulls = [
            TRAINERS[name].pull(
                Turn(
                    world=world,
                    chances=chances,
                    generator=generator,
                    batch=batch,
                    group=batch,
                    strength=0.0,
                    left=1.0,
                )
            )
            for _ in range(turns)
        ]
        # on the logits, where a pull on log-probabilities sums to nothing in each state
        total = np.mean(pulls, axis=0)
        return total - chances * total.sum(axis=1, keepdims=True)

    exact = mean("policy-gradient", 2, 1)
    assert np.abs(mean("reinforce", 2000, 40) - exact).max() < 0.05 * np.abs(exact).max()


def test_every_trainer_leaves_the_policy_as_it_was_and_finds_what_is_frequent() -> None:
    made = policy("bandit", 0.1)
    before = [one.detach().clone() for one in made.module.parameters()]
    for name, settings in TUNED.items():
        recipe = Recipe(
            trainer=name,
            steps=200,
            batch=64,
            group=8,
            rate=settings.rate,
            strength=settings.strength,
        )
        course = train(made, recipe, np.random.default_rng(1))
        assert course.escaped is not None, name
        assert course.end >= course.start + course.gap / 2
    for one, old in zip(made.module.parameters(), before, strict=True):
        assert torch.equal(one, old)


def test_steps_grow_as_1_over_epsilon_for_the_gradient_and_as_its_log_for_the_natural_one() -> None:
    plain = [steps("policy-gradient", bandit(e), 3.0, 2000) for e in (1e-2, 1e-3)]
    assert plain[1] / plain[0] == pytest.approx(10, rel=0.15)
    natural = [steps("natural-gradient", bandit(e), 1.0, 100) for e in (1e-2, 1e-3, 1e-4)]
    grown = 2 * math.log(10)  # over a gap of one half
    assert natural[1] - natural[0] == pytest.approx(grown, abs=1)
    assert natural[2] - natural[1] == pytest.approx(grown, abs=1)


@pytest.mark.slow
def test_settings_were_chosen_as_it_is_said() -> None:
    assert tuned.DESIGN not in DESIGNS
    assert set(TUNED) == set(TRAINERS)
    for name, settings in TUNED.items():
        assert settings in tuned.grid(name)
    assert tuned.tune("demonstrations") == TUNED["demonstrations"]


def test_quantiles_hold_by_counting() -> None:
    values = [float(k) for k in range(1, 21)]
    low, high = quantile(values, 0.5, 0.025, 0.025)
    assert (low, high) == (6.0, 15.0)  # the table of the median's interval at n = 20
    assert quantile(values, 0.95, 0.025, 0.025)[1] == math.inf
    assert quantile([1.0, 2.0], 0.5, 0.025, 0.025) == (0.0, math.inf)


def ladder(escaped: dict[float, int], count: int = 20) -> Found:
    def courses(found: int) -> tuple[Course, ...]:
        return tuple(
            Course(start=0.5, end=0.6, best=1.0, escaped=3 if k < found else None)
            for k in range(count)
        )

    full = {epsilon: courses(count) for epsilon in escaped}
    part = {epsilon: courses(found) for epsilon, found in escaped.items()}
    return Found(
        courses={"one": full, "two": part},
        twins={},
        rivals={},
        by="demonstrations",
        unlocked={},
        wrong=(),
    )


def test_the_smallest_epsilon_is_the_last_before_the_first_miss() -> None:
    found = detectable(ladder({0.1: 20, 0.01: 20, 0.001: 3, 0.0001: 20}), 0.8, 0.95)
    assert (found.low, found.high) == (0.001, 0.01)
    assert detectable(ladder({0.1: 19, 0.01: 20}), 0.8, 0.95).high == 1.0
    every = detectable(ladder({0.1: 20, 0.01: 20}), 0.8, 0.95)
    assert (every.low, every.high) == (0.0, 0.01)


OWN = """
import torch
from safetycase.methods.organisms.exploration_hacking.decisions import Decisions
from safetycase.methods.organisms.exploration_hacking.modules import Table


def make(epsilon, seed, part):
    rewards = [[1.0, 0.6, 0.1 + 0.01 * (seed % 20)]]
    rare = [epsilon, 1 - 1.5 * epsilon, 0.5 * epsilon]
    chances = rare if part == "planted" else [rare[1], rare[0], rare[2]]
    return Decisions.of(Table(torch.tensor([chances]).log()), torch.arange(1), rewards)


def same(epsilon, seed, part):
    return make(epsilon, 0, part)


def broken(epsilon, seed, part):
    return 1 / 0


nothing = 3
"""


@pytest.mark.slow
def test_a_policy_of_ones_own_is_one_more_design(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(OWN, "utf-8")
    given: dict[str, Any] = {"trainer": "policy-gradient", "steps": 2, "organisms": 2, "others": 0}
    found = measured(tmp_path, **given, own="mine.py@make")
    assert found.counts["own, honest twins"] == 2
    assert found.instrument[0].passed
    twice = measured(tmp_path, **given, own="mine.py@same").instrument[0]
    assert not twice.passed
    assert "own planted 1: the same policy as one before" in twice.detail
    assert METHOD.files(Parameters(trainer="grpo", own="mine.py@make")) == ("mine.py",)
    for name, says in (("broken", "division by zero"), ("nothing", "no function"), ("x", "no `x`")):
        with pytest.raises(MethodError, match=says):
            measured(tmp_path, **given, own=f"mine.py@{name}")


def test_what_cannot_run_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for given in (
        {"epsilon": 0.5},
        {"steps": 0},
        {"group": 65},
        {"rate": 0.0},
        {"strength": -1.0},
        {"organisms": 1},
        {"share": 1.0},
        {"level": 1.0},
    ):
        with pytest.raises(ValueError, match="`"):
            Parameters(**({"trainer": "grpo"} | given))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="share of actions"):
        Parameters(trainer="forced-exploration", strength=2.0)
    with pytest.raises(ValueError, match=r"is not `file\.py@name`"):
        Parameters(trainer="grpo", own="mine.py")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(MethodError, match=r"safetycase\[whitebox\]"):
        measured(tmp_path, trainer="grpo")


def test_weights_that_are_no_numbers_are_no_escape() -> None:
    recipe = Recipe(
        trainer="policy-gradient", steps=5, batch=8, group=8, rate=math.inf, strength=0.0
    )
    course = train(policy("bandit", 0.1), recipe, np.random.default_rng(0))
    assert course.diverged
    assert course.escaped is None


@pytest.mark.slow
def test_a_trainer_that_goes_downhill_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    moves = training._moves
    monkeypatch.setattr(training, "_moves", lambda *given: [-one for one in moves(*given)])
    monkeypatch.setattr("safetycase.methods.convergence.escape.oracles.steps", _few)
    broken = {one.name for one in self_check() if not one.passed}
    assert "the same, trained, at 0.1" in broken
    assert "two arms, natural gradient time from 0.1" in broken


def _few(trainer: Any, made: Any, rate: float, most: int) -> float:
    return steps(trainer, made, rate, min(most, 50))


@pytest.mark.slow
def test_a_count_that_always_escapes_passes_what_cannot(monkeypatch: pytest.MonkeyPatch) -> None:
    def always(*given: Any) -> Course:
        return dataclasses.replace(train(*given), escaped=1)

    asleep = next(one for one in planted.SUBJECTS if one.name == "asleep")
    assert not planted.passes(*planted.looked(asleep, 0))
    monkeypatch.setattr(study, "train", always)
    assert planted.passes(*planted.looked(asleep, 0))


@pytest.mark.slow
def test_each_stream_of_random_numbers_is_its_own() -> None:
    setting = planted.looked(planted.SUBJECTS[-1], 0)[1]
    streams = {
        study._generator(setting, dataclasses.replace(setting.recipe, trainer=name), part).random()
        for name, part in itertools.product(TRAINERS, ((0, 1, 10), (0, 1, 100), (1, 1)))
    }
    assert len(streams) == 3 * len(TRAINERS)
