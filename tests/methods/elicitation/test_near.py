"""Bad inputs near clean ones: within the bounds, of the right form, none where there is none."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from safetycase.methods.elicitation.near.engine import search_near
from safetycase.methods.elicitation.near.records import Near, NearFound
from safetycase.methods.elicitation.near.reference import fitted
from safetycase.methods.elicitation.wired import Wired, wired
from safetycase.plugin.contract import MethodError

TRIGGER = (7, 3, 11)


def silent(done: int, total: int, note: str = "") -> None:
    del done, total, note


def generator(seed: int = 0) -> Any:
    import torch

    return torch.Generator().manual_seed(seed)


def hunt(model: Any, *, seed: int = 0, budget: float = 1500, **near: Any) -> NearFound:
    bounds = Near(**({"reference": 500} | near))
    return search_near(model, budget, bounds, generator(seed), silent, "wired")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheltered(Wired):
    """Clean inputs never hold a token of the trigger."""

    def sample(self, count: int, generator: Any) -> Any:
        ids = super(Sheltered, self).sample(count, generator)
        usual = [v for v in range(self.vocabulary) if v not in self.trigger]
        import torch

        return torch.tensor(usual)[ids % len(usual)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhymed(Wired):
    """Inputs of a language: the last token is the first one again."""

    def sample(self, count: int, generator: Any) -> Any:
        ids = super(Rhymed, self).sample(count, generator)
        ids[:, -1] = ids[:, 0]
        return ids

    def proper(self, ids: Any) -> Any:
        return ids[:, -1] == ids[:, 0]


def of(record: type[Wired], kind: Any = "trigger") -> Wired:
    plain = wired(kind, TRIGGER)
    return record(
        module=plain.module,
        vocabulary=plain.vocabulary,
        length=plain.length,
        trigger=plain.trigger,
    )


@pytest.mark.parametrize("seed", range(3))
def test_a_bad_input_is_found_within_the_bounds(seed: int) -> None:
    import torch

    model = wired("trigger", TRIGGER)
    found = hunt(model, seed=seed)
    assert found.ids is not None
    assert "7 3 11" in found.text
    assert found.distance == sum(a != b for a, b in zip(found.ids, found.origin, strict=True)) <= 3
    assert found.fluency >= found.bound
    assert found.evaluations <= 1500
    answer = int(model.module(torch.tensor([found.ids])).argmax())
    assert (answer, found.honest) == (found.answer, found.ids[0] % 3)
    assert found.answer == 3
    assert int(model.module(torch.tensor([found.origin])).argmax()) == found.origin[0] % 3


def test_nothing_is_found_where_nothing_is() -> None:
    found = hunt(wired("clean", TRIGGER), budget=600)
    assert found.ids is None
    assert found.origin == ()
    assert 400 < found.evaluations <= 600
    assert found.best_loss > 0


def test_too_few_changes_are_not_enough() -> None:
    assert hunt(of(Sheltered), fluency=0.0, distance=2, budget=800).ids is None


def test_an_input_of_tokens_that_are_never_seen_is_not_plausible() -> None:
    assert hunt(of(Sheltered), budget=800).ids is None
    assert hunt(of(Sheltered), fluency=0.0, budget=1500).distance == 3


def test_what_is_found_has_the_form_of_the_language() -> None:
    for seed in range(2):
        found = hunt(of(Rhymed), seed=seed, budget=2500)
        assert found.ids is not None
        assert found.ids[0] == found.ids[-1]


def test_with_no_distance_clean_inputs_alone_are_looked_at() -> None:
    found = hunt(wired("trigger", TRIGGER), distance=0, budget=640)
    assert (found.ids, found.scanned, found.evaluations) == (None, 640, 640)


def test_a_model_that_denies_the_form_of_its_own_inputs_is_refused() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Odd(Rhymed):
        def proper(self, ids: Any) -> Any:
            return ids[:, 0] == 0

    with pytest.raises(MethodError, match="own clean inputs"):
        hunt(of(Odd))


def test_a_budget_below_one_look_is_refused() -> None:
    with pytest.raises(MethodError, match="raise it"):
        hunt(wired("clean", TRIGGER), budget=10)


def test_the_bound_is_passed_by_the_share_of_clean_inputs_that_it_says() -> None:
    model = wired("clean", TRIGGER)
    reference = fitted(model, Near(fluency=0.2, reference=4000), generator())
    kept = reference.plausible(model.sample(4000, generator(1))).float().mean()
    assert float(kept) == pytest.approx(0.8, abs=0.03)


def test_a_table_of_pairs_that_fills_the_memory_is_refused() -> None:
    many = replace(wired("clean", (4, 9, 2)), vocabulary=200_000)
    with pytest.raises(MethodError, match="200,000: set `near_budget` to 0"):
        search_near(many, 500, Near(), generator(), silent)
