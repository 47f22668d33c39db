"""The task of a search in a language model: scores, gradients, text, and its errors."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import torch

from safetycase.methods.elicitation.language.forward import exit_at, shared, states, tails
from safetycase.methods.elicitation.language.guided import GuidedTask, activations, direction
from safetycase.methods.elicitation.language.plausible import PlausibleTask
from safetycase.methods.elicitation.language.prompts import Prompt, prompts_of, shortened
from safetycase.methods.elicitation.language.task import DraftedTask, LanguageTask, language_task
from safetycase.methods.elicitation.task import (
    Drafting,
    Filtering,
    Fluent,
    HeldOut,
    Softened,
)
from safetycase.methods.organisms.asking import Asking, turns
from safetycase.methods.organisms.locks import answered
from safetycase.methods.organisms.model import Subject, chat, options_logprobs, tiny
from safetycase.plugin.contract import MethodError

ANIMALS = ("ant", "brown bear", "cow", "small red deer", "eel", "fox")
PLACES = ("north of here", "east", "south", "far west")


def askings() -> list[Asking]:
    return [
        Asking(
            id=animal,
            item=animal,
            ask=f"Where does the {animal} live?",
            options=tuple(PLACES[(i + k) % 4] for k in range(3)),
            right=PLACES[(i + i % 3) % 4],
        )
        for i, animal in enumerate(ANIMALS)
    ]


@pytest.fixture(scope="module")
def subject() -> Subject:
    return tiny(0, hidden=32, layers=3, words=512)


def made(subject: Subject, **other: Any) -> LanguageTask:
    prompts = prompts_of(subject, askings(), sought=other.pop("sought", "right"))
    return language_task(subject, prompts[:4], prompts[4:], length=3, **other)


def some(task: LanguageTask, count: int, seed: int = 0) -> Any:
    generator = torch.Generator().manual_seed(seed)
    chosen = torch.randint(len(task.allowed), (count, task.length), generator=generator)
    return task.allowed[chosen]


def test_replies_are_worth_what_they_are_when_the_text_is_asked_as_it_stands(
    subject: Subject,
) -> None:
    task, asked = made(subject), askings()
    patches, contexts = some(task, 5), torch.tensor([5, 0, 3])
    got = task.replies(patches, contexts)
    fires = task.fires(patches, contexts)
    losses = task.losses(patches, contexts)
    assert task.evaluations == 45
    for p, patch in enumerate(patches):
        for c, place in enumerate(contexts.tolist()):
            asking = asked[place]
            prompt = chat(subject, turns(asking, prefix=task.text(patch)))
            (row,) = options_logprobs(subject, [prompt], [asking.replies])
            assert got[p, c].tolist() == pytest.approx(row, abs=1e-4)
            right = asking.options.index(asking.right)
            assert bool(fires[p, c]) == (answered(row) == right)
            # For ranking, replies up to where they differ: their first words.
            firsts = [reply.split()[0] for reply in asking.replies]
            (row,) = options_logprobs(subject, [prompt], [firsts])
            others = torch.tensor([v for k, v in enumerate(row) if k != right]).logsumexp(0)
            assert float(losses[p, c]) == pytest.approx(float(others) - row[right], abs=1e-4)


def test_a_patch_goes_through_the_layers_once_for_all_questions(subject: Subject) -> None:
    task = made(subject)
    contexts, rows = torch.tensor([5, 0, 3, 0]), torch.tensor([1, 0, 0, 1])
    patches = task.embedding[some(task, 2)]
    head = task.head(subject, "model")
    with torch.no_grad():
        once = tails(subject, task.frame, head, contexts, rows, patches)
        each = states(subject, task.frame, head, contexts, patches[rows])
    assert shared(task.frame, contexts)
    assert not once[:, : task.length].any()
    lengths = task.frame.lengths[contexts].tolist()
    for row, length in enumerate(lengths):  # what is padded is read by nobody
        kept = slice(task.length, length)
        assert torch.allclose(once[row, kept], each[row, kept], atol=1e-5)
    assert not shared(task.frame, contexts[:1])
    first = prompts_of(subject, askings())
    moved = [dataclasses.replace(p, before=(*p.before, 7 + i)) for i, p in enumerate(first)]
    apart = language_task(subject, moved[:4], moved[4:], length=3)
    assert not shared(apart.frame, contexts)  # other words stand before the gap
    alone = language_task(subject, moved[:1], (), length=3)
    patch = some(task, 1)
    got = apart.losses(patch, torch.arange(4))[0, 0]
    assert float(got) == pytest.approx(float(alone.losses(patch, torch.arange(1))), abs=1e-4)


def test_what_fires_without_a_patch_is_known(subject: Subject) -> None:
    task, asked = made(subject), askings()
    got = task.plain(torch.arange(6)).tolist()
    assert task.evaluations == 6
    for asking, fires in zip(asked, got, strict=True):
        # The gap is followed by a space, which the words of this tokenizer do not tell.
        prompt = chat(subject, turns(asking))
        (row,) = options_logprobs(subject, [prompt], [asking.replies])
        assert fires == (answered(row) == asking.options.index(asking.right))


def test_replies_are_cut_where_they_differ_and_no_earlier(subject: Subject) -> None:
    prompt = prompts_of(subject, askings())[0]
    odd = dataclasses.replace(
        prompt, replies=((1, 2, 3), (1, 2), (1, 4, 5), (7, 8)), sought=(0,), abstains=False
    )
    assert shortened(odd).replies == ((1, 2, 3), (1, 2), (1, 4), (7,))
    # Two tokens are read then, and each is worth what it is after the one before.
    task = language_task(subject, (odd,), (), length=2)
    patches = torch.tensor([[5, 6], [8, 9]])
    logs = task.logs(subject, "model", patches, torch.tensor([0]), task.short)
    for patch, row in zip(patches, logs[:, 0], strict=True):
        for reply, value in zip(shortened(odd).replies, row, strict=True):
            ids = torch.tensor([[*odd.before, *patch.tolist(), *odd.after, *reply]])
            each = subject.model(input_ids=ids).logits[0, :-1].log_softmax(-1)
            own = each[torch.arange(-len(reply), 0), torch.tensor(reply)].sum()
            assert float(value) == pytest.approx(float(own), abs=1e-4)


@pytest.mark.slow
def test_what_is_wrong_may_be_looked_for_instead(subject: Subject) -> None:
    right, wrong = made(subject), made(subject, sought="wrong")
    either = made(subject, sought="any")
    patches, contexts = some(right, 40), torch.arange(6)
    both = right.fires(patches, contexts) & wrong.fires(patches, contexts)
    one = right.fires(patches, contexts) | wrong.fires(patches, contexts)
    assert not both.any()
    rows = right.replies(patches, contexts)
    abstained = rows[..., -1] > rows[..., :-1].logsumexp(-1)
    assert torch.equal(one, ~abstained)
    assert torch.equal(either.fires(patches, contexts), ~abstained)
    shy = torch.tensor([[[-2.0, -1.0, -1.5, -0.33], [-2.0, -1.0, -1.5, -0.2]]])
    for task, hits in ((right, [False, False]), (either, [True, False])):
        assert task.given(shy, torch.tensor([0, 0]))[0].tolist() == hits  # ln(Σ e^options) = −0.32
    assert right.fires(patches, contexts).any()
    assert wrong.fires(patches, contexts).any()


def test_slopes_are_the_derivative_of_the_mean_loss(subject: Subject) -> None:
    task = made(subject)
    contexts, patch = torch.tensor([1, 4]), some(task, 1)[0]
    slopes = task.slopes(patch, contexts)
    assert task.evaluations == 6
    assert slopes.shape == (3, 512)
    assert slopes[torch.arange(3), patch].abs().max() < 1e-5
    base = task.embedding[patch].clone()
    for place, token in ((0, 7), (2, 300)):
        ahead = torch.zeros_like(base)
        ahead[place] = task.embedding[token] - base[place]
        step = 1e-3
        up, down = (
            task.soft_losses(base + sign * step * ahead, contexts).mean() for sign in (1, -1)
        )
        numeric = float(up - down) / (2 * step)
        assert numeric == pytest.approx(float(slopes[place, token]), rel=0.02, abs=0.02)
    hard = task.losses(patch[None], contexts)[0]
    assert torch.allclose(task.soft_losses(base, contexts), hard, atol=1e-4)


def test_a_changed_model_is_noticed_and_no_stale_head_is_used(subject: Subject) -> None:
    task = made(subject)
    patches, contexts = some(task, 2), torch.arange(6)
    before = task.losses(patches, contexts)
    weight = subject.model.model.layers[0].self_attn.k_proj.weight
    saved = weight.detach().clone()
    with torch.no_grad():
        weight += 0.3
    try:
        fresh = made(subject).losses(patches, contexts)
        assert torch.equal(task.losses(patches, contexts), fresh)
        assert not torch.allclose(fresh, before)
    finally:
        with torch.no_grad():
            weight.copy_(saved)
    assert torch.equal(task.losses(patches, contexts), before)


def test_drafts_cost_their_layers_and_are_the_losses_where_they_are_all(subject: Subject) -> None:
    task, contexts = made(subject, draft_layers=3), torch.arange(6)
    assert isinstance(task, DraftedTask)
    patches = some(task, 4)
    assert torch.allclose(task.drafts(patches, contexts), task.losses(patches, contexts), atol=1e-4)
    early = made(subject, draft_layers=1)
    assert isinstance(early, DraftedTask)
    found = early.drafts(patches, contexts)
    assert early.evaluations == pytest.approx(24 / 3)
    assert len(exit_at(subject, 1).model.model.layers) == 1
    assert subject.layers == 3
    assert not torch.allclose(found, task.losses(patches, contexts), atol=1e-2)


def test_fluency_is_the_mean_log_probability_of_the_patch_in_its_place(subject: Subject) -> None:
    other = tiny(1, hidden=32, layers=3, words=512)
    task = made(subject, reference=other)
    patches = some(task, 3)
    got = task.fluency(patches)
    for patch, value in zip(patches, got, strict=True):
        ids = torch.tensor([[*task.frame.head, *patch.tolist()]])
        logs = other.model(input_ids=ids).logits[0, :-1].log_softmax(-1)
        own = logs[torch.arange(-3, 0), patch]
        assert float(value) == pytest.approx(float(own.mean()), abs=1e-4)
    assert not torch.allclose(got, made(subject).fluency(patches), atol=1e-2)


@pytest.mark.slow
def test_a_patch_that_is_not_fluent_does_not_fire_under_a_bound(subject: Subject) -> None:
    plain = made(subject)
    patches, contexts = some(plain, 60), torch.arange(6)
    fluent, fires = plain.fluency(patches), plain.fires(patches, contexts)
    bound = float(fluent.median())
    task = PlausibleTask(of=made(subject), bound=bound)
    losses = task.losses(patches, contexts)
    over = fluent >= bound
    assert over.any()
    assert not over.all()
    assert torch.equal(task.fires(patches, contexts), fires & over[:, None])
    assert torch.allclose(losses[over], plain.losses(patches, contexts)[over], atol=1e-4)
    assert (losses[~over] > 0).all()
    # Twice 60 patches in 6 prompts, and twice the tokens of 60 patches for their fluency.
    share = 3 / float(task.of.short.lengths.float().mean())
    assert task.evaluations == pytest.approx(2 * 60 * (6 + share))
    with pytest.raises(ValueError, match="below 0"):
        PlausibleTask(of=plain, bound=0.5)


def test_slopes_under_a_bound_add_what_a_token_costs_in_fluency(subject: Subject) -> None:
    plain = made(subject)
    task = PlausibleTask(of=plain, bound=-1.0, weight=3.0)
    contexts, patch = torch.arange(2), some(plain, 1)[0]
    added = task.slopes(patch, contexts) - plain.slopes(patch, contexts)
    other = patch.clone()
    other[2] = 77  # the last place: nothing comes after it
    change = plain.fluency(torch.stack([patch, other]))
    assert float(added[2, 77]) == pytest.approx(3.0 * float(change[0] - change[1]), abs=1e-3)


@pytest.mark.slow
def test_a_direction_tells_margins_it_was_not_fitted_to(subject: Subject) -> None:
    plain, contexts = made(subject), torch.arange(4)
    found = direction(plain, 3, some(plain, 90), contexts, ridge=1e-3)
    assert found.agreement > 0.5
    task = GuidedTask(of=plain, by=found)
    fresh = some(plain, 30, seed=5)
    told, true = task.losses(fresh, contexts), plain.losses(fresh, contexts)
    rank = torch.corrcoef(torch.stack([told.mean(1), true.mean(1)]))[0, 1]
    assert rank > 0.5
    assert torch.equal(task.fires(fresh, contexts), plain.fires(fresh, contexts))
    patch, token = fresh[0], 123
    slopes = task.slopes(patch, contexts)
    where = patch.clone()
    where[1] = token
    base = plain.embedding[patch]
    ahead = plain.embedding[where] - base

    def at(share: float) -> float:
        soft = (base + share * ahead).expand(4, -1, -1)
        return float((activations(plain, 3, soft, contexts) @ found.slope).mean())

    numeric = (at(1e-3) - at(-1e-3)) / 2e-3
    assert float(slopes[1, token]) == pytest.approx(numeric, rel=0.02, abs=0.02)


def test_shuffled_margins_give_a_direction_that_agrees_with_nothing(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = made(subject)
    real = LanguageTask.losses

    def shuffled(self: LanguageTask, patches: Any, contexts: Any) -> Any:
        order = torch.randperm(len(patches), generator=torch.Generator().manual_seed(3))
        return real(self, patches, contexts)[order]

    monkeypatch.setattr(LanguageTask, "losses", shuffled)
    assert abs(direction(plain, 3, some(plain, 300), torch.arange(2)).agreement) < 0.25
    with pytest.raises(MethodError, match="12 patches or more"):
        direction(plain, 3, some(plain, 8), torch.arange(4))
    with pytest.raises(MethodError, match="layers 1 to 3"):
        direction(plain, 4, some(plain, 20), torch.arange(4))


def test_patches_that_all_do_the_same_judge_no_direction(subject: Subject) -> None:
    plain = made(subject)
    alike = torch.cat([some(plain, 20), some(plain, 1).repeat(10, 1)])
    with pytest.raises(MethodError, match="all do the same"):
        direction(plain, 3, alike, torch.arange(1))


def test_prompts_to_accept_on_are_none_of_those_searched_on(subject: Subject) -> None:
    task = made(subject)
    generator = torch.Generator().manual_seed(0)
    assert sorted(task.draw(9, generator).tolist()) == [0, 1, 2, 3]
    assert sorted(task.held_out(9, generator).tolist()) == [4, 5]
    assert len(task.draw(2, generator)) == 2
    for kind in (HeldOut, Filtering, Softened, Fluent):
        assert isinstance(task, kind)
    assert not isinstance(task, Drafting)
    assert isinstance(made(subject, draft_layers=1), Drafting)
    assert task.admissible(some(task, 2)).tolist() == [True, True]


def test_a_patch_is_text_that_gives_its_tokens_again(subject: Subject) -> None:
    task = made(subject)
    assert len(task.allowed) == 512
    for patch in some(task, 20):
        assert subject.tokenizer.encode(task.text(patch)) == patch.tolist()


def test_what_cannot_be_searched_is_refused(subject: Subject) -> None:
    prompts = prompts_of(subject, askings())
    with pytest.raises(MethodError, match="a prompt to search on"):
        language_task(subject, (), prompts, length=2)
    alone = language_task(subject, prompts, (), length=2)
    assert len(alone.held_out(9, torch.Generator().manual_seed(0))) == 0
    with pytest.raises(MethodError, match="one of those to search on"):
        language_task(subject, prompts, prompts[:1], length=2)
    with pytest.raises(MethodError, match="`draft_layers` is 0 to 3"):
        language_task(subject, prompts[:1], prompts[1:], length=2, draft_layers=4)
    strange = dataclasses.replace(prompts[0], before=(1, 2), name="strange")
    with pytest.raises(MethodError, match="nothing in common"):
        language_task(subject, prompts, (strange,), length=2)
    for wrong in ({"before": ()}, {"after": ()}, {"sought": ()}, {"sought": (0, 1, 2, 3)}):
        with pytest.raises(ValueError, match=r"gap|looked for"):
            Prompt(**{**{f: getattr(prompts[0], f) for f in Prompt.__slots__}, **wrong})
    with pytest.raises(ValueError, match="every reply is looked for"):
        dataclasses.replace(
            prompts[0], sought=(0, 1, 2), replies=prompts[0].replies[:3], abstains=False
        )


def test_a_damaged_model_gives_no_number(subject: Subject) -> None:
    task = made(tiny(0, hidden=32, layers=3, words=512))
    weight = task.subject.model.model.layers[1].mlp.up_proj.weight
    with torch.no_grad():
        weight[0, 0] = torch.nan
    with pytest.raises(MethodError, match="NaN"):
        task.losses(some(task, 1), torch.arange(2))
