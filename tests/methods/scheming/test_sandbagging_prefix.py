"""The prefix search of the portfolio: on the engine, within its budget, on training items alone."""

from __future__ import annotations

import pytest
import torch
from tests.methods.scheming import sandbag_tiny as small

from safetycase.methods.elicitation.language.task import LanguageTask
from safetycase.methods.organisms.asking import Asking, Split, read_askings, split
from safetycase.methods.organisms.locks import answered
from safetycase.methods.organisms.model import Subject, scores, tiny
from safetycase.methods.scheming.sandbagging.elicit_prefix import STEP, Prefix, searched


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Subject, Split]:
    place = small.context(tmp_path_factory.mktemp("items"), small.rows(12, 1))
    askings = read_askings(place.case_folder / "items.jsonl")
    return tiny(3), split(askings, train_items=10, held_out_items=2, each=1, seed=0)


def found(asked: tuple[Subject, Split], steps: int, seed: int = 1) -> Prefix:
    subject, parts = asked
    return searched(
        subject,
        parts.train,
        tokens=3,
        steps=steps,
        seed=seed,
        progress=lambda done, total, note="": None,
    )


def right(subject: Subject, one: Prefix, askings: tuple[Asking, ...]) -> int:
    rows = scores(subject, one.packs(subject, askings))
    return sum(a.replies[answered(r)] == a.right for a, r in zip(askings, rows, strict=True))


@pytest.mark.slow
def test_more_steps_get_more_training_items_right_and_the_budget_is_kept(
    asked: tuple[Subject, Split], monkeypatch: pytest.MonkeyPatch
) -> None:
    subject, parts = asked
    seen: set[int] = set()
    spent: list[float] = []
    real = LanguageTask.losses

    def watched(self: LanguageTask, patches: torch.Tensor, contexts: torch.Tensor) -> torch.Tensor:
        seen.update(contexts.tolist())
        result: torch.Tensor = real(self, patches, contexts)
        spent.append(self.evaluations)
        return result

    monkeypatch.setattr(LanguageTask, "losses", watched)
    plain = Prefix(ids=(), examples=(), note="")
    rates = [right(subject, plain, parts.train)]
    for steps in (1, 6):
        spent.clear()
        one = found(asked, steps)
        assert len(one.ids) == 3
        assert max(spent) <= steps * STEP
        assert "evaluations" in one.note
        rates.append(right(subject, one, parts.train))
    assert rates[2] >= rates[0] + 2
    assert seen == set(range(10))
    assert len(one.packs(subject, parts.held_out)) == 2


@pytest.mark.parametrize(("steps", "count"), [(6, 10), (1, 10), (6, 3)])
def test_it_ends_when_as_many_training_items_are_right_as_it_says(
    asked: tuple[Subject, Split], monkeypatch: pytest.MonkeyPatch, steps: int, count: int
) -> None:
    seen: set[int] = set()

    def all_right(
        self: LanguageTask, patches: torch.Tensor, contexts: torch.Tensor
    ) -> torch.Tensor:
        seen.update(contexts.tolist())
        return torch.ones(len(patches), len(contexts), dtype=torch.bool)

    def gained(self: LanguageTask, patches: torch.Tensor, contexts: torch.Tensor) -> torch.Tensor:
        return -torch.ones(len(patches), len(contexts))

    monkeypatch.setattr(LanguageTask, "fires", all_right)
    monkeypatch.setattr(LanguageTask, "losses", gained)
    subject, parts = asked
    one = searched(
        subject,
        parts.train[:count],
        tokens=3,
        steps=steps,
        seed=1,
        progress=lambda done, total, note="": None,
    )
    assert f"right on {count} of {count} training items" in one.note
    assert seen == set(range(count))


@pytest.mark.slow
def test_a_seed_gives_the_same_prefix_again(asked: tuple[Subject, Split]) -> None:
    assert found(asked, 1).ids == found(asked, 1).ids
    assert found(asked, 1).ids != found(asked, 1, seed=2).ids


def test_a_prefix_is_put_where_its_text_would_stand(
    asked: tuple[Subject, Split],
) -> None:
    one = found(asked, 1)
    text = one.note.split("`")[1]
    assert tuple(asked[0].tokenizer.encode(text)) == one.ids
