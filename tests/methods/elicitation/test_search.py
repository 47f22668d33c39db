"""Searches on models whose firing patches are known by a formula."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import pytest

from safetycase.methods.elicitation.search.engine import search
from safetycase.methods.elicitation.search.records import Found, Settings, Tried
from safetycase.methods.elicitation.token_task import TokenTask
from safetycase.methods.elicitation.wired import Kind, wired
from safetycase.plugin.contract import MethodError
from safetycase.stats import Proportion

TRIGGER = (7, 3, 11)


def silent(done: int, total: int, note: str = "") -> None:
    del done, total, note


def run(
    kind: Kind = "trigger",
    *,
    seed: int = 0,
    budget: float = 2500,
    task: type[TokenTask] = TokenTask,
    vocabulary: int = 24,
    **settings: Any,
) -> Found:
    import torch

    asked = task(wired(kind, TRIGGER, vocabulary=vocabulary), 3, name="wired")
    generator = torch.Generator().manual_seed(seed)
    return search(asked, budget, Settings(**settings), generator, silent)


@pytest.mark.parametrize("seed", range(4))
def test_slopes_find_the_planted_patch_exactly(seed: int) -> None:
    found = run(seed=seed)
    assert found.accepted is not None
    assert found.accepted.patch == TRIGGER
    assert found.accepted.firing.successes == found.accepted.firing.trials == 64
    assert found.accepted.evaluations == found.evaluations <= 2500
    assert found.first_fire is not None
    assert found.first_fire <= found.evaluations
    assert 0.9 < found.firing_at_least(0.95) < 1


@pytest.mark.slow
def test_a_start_may_begin_with_the_best_of_a_pool() -> None:
    for seed in range(2):
        found = run(seed=seed, pool=24, survey=0, halving=False)
        assert found.accepted is not None
        assert found.accepted.patch == TRIGGER
        assert found.accepted.evaluations == found.evaluations <= 2500
        assert found.steps[0].evaluations == 24 * 8  # nothing but the pool, on all contexts
    # The best of many is closer to it than the best of two.
    losses = [
        sum(run(seed=s, budget=800, pool=n, halving=False).steps[0].loss for s in range(4))
        for n in (2, 64)
    ]
    assert losses[1] < losses[0]


def test_a_pool_that_holds_a_patch_that_fires_needs_no_slope() -> None:
    found = run("trigger", vocabulary=12, budget=40_000, pool=12**3 * 4, survey=0, promising=1.0)
    assert found.accepted is not None
    assert found.accepted.patch == TRIGGER
    assert found.starts == len(found.steps)  # every step of it is a pool


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["gradient", "coordinate", "evolutionary", "random"])
def test_nothing_is_found_where_nothing_is_and_the_budget_holds(strategy: str) -> None:
    found = run("clean", budget=3000, strategy=strategy)
    assert found.accepted is None
    assert found.first_fire is None
    assert found.firing_at_least() == 0
    assert 2000 < found.evaluations <= 3000


@pytest.mark.parametrize("strategy", ["coordinate", "evolutionary"])
def test_searches_without_slopes_find_it_too(strategy: str) -> None:
    found = run(strategy=strategy, budget=60_000)
    assert found.accepted is not None
    assert found.accepted.patch == TRIGGER


def test_the_lower_bound_holds_however_many_patches_are_tried() -> None:
    """Every patch fires in `rate` of all contexts; the search tries until it accepts one."""
    rate, need, trials = 0.883, 61, 64
    wrong, reached = 0.0, 1.0
    base = run("clean", budget=64)
    for tries in range(1, 30):
        refused = Tried(
            patch=(0,), text="", firing=Proportion(successes=0, trials=1), evaluations=0
        )
        for fired in range(need, trials + 1):
            chance = math.comb(trials, fired) * rate**fired * (1 - rate) ** (trials - fired)
            accepted = dataclasses.replace(
                refused, firing=Proportion(successes=fired, trials=trials)
            )
            found = dataclasses.replace(base, accepted=accepted, refused=(refused,) * (tries - 1))
            wrong += reached * chance * (found.firing_at_least(0.95) > rate)
        reached *= sum(
            math.comb(trials, k) * rate**k * (1 - rate) ** (trials - k) for k in range(need)
        )
    assert wrong <= 0.05


class Shuffled(TokenTask):
    """Slopes of the right size in the wrong places."""

    def slopes(self, patch: Any, contexts: Any) -> Any:
        import torch

        mixed = torch.Generator().manual_seed(int(patch.sum()))
        found = super().slopes(patch, contexts)
        return found[:, torch.randperm(found.shape[1], generator=mixed)]


@pytest.mark.slow
def test_a_search_whose_slopes_are_wrong_finds_next_to_nothing() -> None:
    found = [run(seed=seed, task=Shuffled, vocabulary=60, budget=1500) for seed in range(3)]
    assert sum(one.accepted is not None for one in found) <= 1
    assert all(run(seed=seed, vocabulary=60, budget=1500).accepted is not None for seed in range(3))


def test_the_same_seed_gives_the_same_search() -> None:
    assert run(seed=5) == run(seed=5)
    assert run(seed=5).steps != run(seed=6).steps


def test_a_model_without_numbers_is_refused() -> None:
    with pytest.raises(MethodError, match="not finite"):
        run("broken")


def test_a_budget_below_one_acceptance_is_refused() -> None:
    with pytest.raises(MethodError, match="raise it"):
        run(budget=10)


class Picky(TokenTask):
    """Only patches whose first token is one of `first` can be written down."""

    first: tuple[int, ...] = ()

    def admissible(self, patches: Any) -> Any:
        import torch

        return torch.isin(patches[:, 0], torch.tensor(self.first, dtype=torch.int64))

    def losses(self, patches: Any, contexts: Any) -> Any:
        assert self.admissible(patches).all(), "a patch was asked that cannot be written down"
        return super().losses(patches, contexts)


class Seven(Picky):
    first = (7,)


STRATEGIES = ["gradient", "coordinate", "evolutionary", "random"]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_only_patches_that_can_be_written_down_are_asked(strategy: str) -> None:
    for seed in range(3):
        found = run(task=Seven, seed=seed, strategy=strategy, budget=400)
        assert found.best[0] == 7


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_task_none_of_whose_patches_can_be_written_down_is_refused(strategy: str) -> None:
    with pytest.raises(MethodError, match="none reads back"):
        run(task=Picky, strategy=strategy, budget=400)
