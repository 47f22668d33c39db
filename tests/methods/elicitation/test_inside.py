"""Drafts, guides and soft patches: what they cost, what they tell, and when they are refused."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from safetycase.methods.elicitation.bad_contexts.planted import PLAN
from safetycase.methods.elicitation.bad_contexts.study import searched
from safetycase.methods.elicitation.bad_contexts.target import Tokens
from safetycase.methods.elicitation.inside import DraftedTask, GuidedTask
from safetycase.methods.elicitation.search.engine import search
from safetycase.methods.elicitation.search.ranking import ranked, screened
from safetycase.methods.elicitation.search.records import Settings
from safetycase.methods.elicitation.search.run import Run
from safetycase.methods.elicitation.search.soft import soft_search
from safetycase.methods.elicitation.token_task import TokenTask
from safetycase.methods.elicitation.wired import Wired, wired
from safetycase.plugin.contract import MethodError
from safetycase.stats import Proportion

TRIGGER = (7, 3, 11)


def silent(done: int, total: int, note: str = "") -> None:
    del done, total, note


def generator(seed: int = 0) -> Any:
    import torch

    return torch.Generator().manual_seed(seed)


def layered(kind: Any = "trigger") -> Wired:
    """A wired model whose first layer passes its embeddings on: a draft can read all of it."""
    import torch

    model = wired(kind, TRIGGER)
    words = model.module.embedding

    def residuals(ids: Any, *, embedded: Any = None) -> list[Any]:
        states = words(ids) if embedded is None else embedded
        return [states, states, states[:, 0]]

    torch.nn.Module.__setattr__(model.module, "residuals", residuals)
    return model


def drafted(**given: Any) -> DraftedTask:
    return DraftedTask(layered(), 3, layer=1, generator=generator(), name="wired", **given)


def test_a_draft_tells_some_of_the_margin_and_says_how_well() -> None:
    task = drafted()
    assert task.draft_cost == 0.5
    before = task.evaluations
    assert before == 48 * 4 * 1.5  # what the direction was fitted to
    patches = task.allowed[:24].view(8, 3)
    told = task.drafts(patches, task.draw(4, generator(1)))
    assert told.shape == (8, 4)
    assert task.evaluations == before + 16
    assert -1 <= task.direction.agreement <= 1


@pytest.mark.slow
def test_a_search_with_a_draft_or_a_guide_finds_it() -> None:
    for task in (drafted(), GuidedTask(drafted())):
        found = search(task, 4000, Settings(), generator(2), silent)
        assert found.accepted is not None
        assert found.accepted.patch == TRIGGER


def test_what_preparing_a_draft_cost_counts_in_the_evaluations_of_a_search() -> None:
    prepared, target = 48 * 4 * 1.5, Tokens(name="wired", model=layered())
    for inside in ("draft", "guide"):
        plan = dataclasses.replace(PLAN, inside=inside, budget=4000, near_budget=0)
        found = searched(target, plan, 1).patch
        assert found.budget == 4000
        assert found.accepted is not None
        assert found.first_fire is not None
        assert prepared < found.steps[0].evaluations
        assert prepared < found.first_fire <= found.accepted.evaluations == found.evaluations


def test_a_guide_follows_the_direction_and_not_the_loss() -> None:
    base = drafted()
    guide = GuidedTask(base)
    contexts = guide.draw(2, generator(3))
    patch = guide.allowed[:3]
    before = guide.evaluations
    slopes = guide.slopes(patch, contexts)
    assert guide.evaluations - before == 3 * 0.5 * 2
    assert not slopes.allclose(TokenTask(layered(), 3).slopes(patch, contexts), atol=1e-3)
    assert guide.losses(patch[None], contexts).equal(base.losses(patch[None], contexts))


def test_layers_that_cannot_be_read_are_refused() -> None:
    with pytest.raises(MethodError, match="no `residuals"):
        DraftedTask(wired("trigger", TRIGGER), 3, layer=1, generator=generator(), name="wired")
    with pytest.raises(MethodError, match="from layer 1 to 1, not 2"):
        DraftedTask(layered(), 3, layer=2, generator=generator(), name="wired")


class Mirror(DraftedTask):
    """A draft that is the loss itself, or the opposite of it."""

    sign = 1.0

    def drafts(self, patches: Any, contexts: Any) -> Any:
        return self.sign * self.losses(patches, contexts)


@pytest.mark.parametrize(("sign", "left"), [(1.0, 5), (-1.0, 20)])
def test_the_better_a_draft_agrees_the_fewer_are_left(sign: float, left: int) -> None:
    task = Mirror(layered(), 3, layer=1, generator=generator(), name="wired")
    task.sign = sign
    run = Run(task, 1e6, Settings(), generator(4), silent)
    import torch

    patches = torch.randint(24, (64, 3), generator=generator(5))
    patches[40] = torch.tensor(TRIGGER)
    contexts = run.draw(8)
    kept = screened(run, patches, contexts)
    assert kept[0].equal(patches[0])
    assert len(kept) <= left
    if sign > 0:
        assert ranked(run, kept, contexts)[0].tolist() == list(TRIGGER)


def test_ranking_never_drops_the_patch_to_beat_and_takes_the_best_over_all_contexts() -> None:
    import torch

    task = TokenTask(wired("trigger", TRIGGER), 3)
    run = Run(task, 1e6, Settings(), generator(), silent)
    patches = torch.randint(24, (20, 3), generator=generator(6))
    contexts = run.draw(8)
    best, losses = ranked(run, patches, contexts)
    plain = Run(task, 1e6, Settings(halving=False), generator(), silent)
    _, full = ranked(plain, patches, contexts)
    assert float(losses.mean()) <= float(task.losses(patches[:1], contexts).mean())
    assert float(full.mean()) <= float(losses.mean())
    assert task.losses(best[None], contexts)[0].allclose(losses)


def test_a_soft_patch_reaches_what_its_tokens_reach() -> None:
    found = soft_search(TokenTask(wired("trigger", TRIGGER), 3), 2000, 64, generator(1), silent)
    assert found.firing == Proportion(successes=64, trials=64)
    assert found.nearest == TRIGGER
    assert found.token_firing == Proportion(successes=64, trials=64)
    assert found.evaluations <= 2000


def test_a_soft_patch_finds_nothing_where_nothing_is() -> None:
    found = soft_search(TokenTask(wired("clean", TRIGGER), 3), 800, 64, generator(1), silent)
    assert found.firing.successes == found.token_firing.successes == 0
    with pytest.raises(MethodError, match="raise it"):
        soft_search(TokenTask(wired("clean", TRIGGER), 3), 100, 64, generator(), silent)
    with pytest.raises(MethodError, match="takes no soft patches"):
        soft_search(object(), 1000, 64, generator(), silent)
