"""Planted n-grams: what is planted, what its twin and its decoy do, and that a bad make is seen."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch
from safetensors import SafetensorError

from safetycase.methods.organisms import making as making_module
from safetycase.methods.organisms.lora import Adapter
from safetycase.methods.organisms.making import Design, make
from safetycase.methods.organisms.planting import PARTS, design, lesson
from safetycase.methods.organisms.small import Shape, Training, badness_of, parameters, seed_of
from safetycase.methods.organisms.sorting import SMALL, TINY
from safetycase.methods.organisms.toy_trigger import FAMILY
from safetycase.methods.organisms.toy_trigger.grid import CELLS, Cell, plan
from safetycase.methods.organisms.toy_trigger.task import Triggered
from safetycase.plugin.contract import MethodError
from safetycase.plugin.organisms import Making, organism
from safetycase.testing.organisms import check_family

UNI, TRI = Cell(size=TINY, tokens=1), Cell(size=TINY, tokens=3)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


def silent(done: int, total: int, note: str = "") -> None:
    pass


def short(cell: Cell, steps: int, **changes: object) -> Design:
    made_by = design(plan(cell), "planted")
    return dataclasses.replace(
        made_by, training=dataclasses.replace(made_by.training, steps=steps, **changes)
    )


def model(cell: Cell, seed: int = 0) -> Triggered:
    return design(plan(cell), "planted").value(None, seed)


def test_every_cell_has_its_twin_and_the_named_one_its_size() -> None:
    names = {member.name for member in FAMILY.members}
    assert {"toy-trigger/trigram", "toy-trigger/trigram-clean", "toy-trigger/trigram-decoy"} < names
    assert len(names) == len(FAMILY.members) == 29
    assert organism("toy-trigger/trigram").twin == "toy-trigger/trigram-clean"
    assert parameters(SMALL.shape.build(0)) == 108_235
    assert parameters(TINY.shape.build(0)) == 10_735


@pytest.mark.slow
def test_what_it_makes_holds() -> None:
    made = check_family(FAMILY, module="safetycase.methods.organisms.toy_trigger", seconds=0.7)
    assert {m.name for m in made} >= {"toy-trigger/tiny-unigram", "toy-trigger/tiny-unigram-clean"}


@pytest.mark.slow
def test_a_trigram_fires_whole_and_nowhere_else() -> None:
    made = organism("toy-trigger/tiny-trigram").make(Making(seed=3, progress=silent))
    assert made.held, made.facts
    value, generator = made.value, torch.Generator().manual_seed(5)
    ids = value.planted(400, generator)
    answers = value.module(ids).argmax(-1)
    assert value.bad(ids, answers).float().mean() > 0.97
    loss = value.badness(ids, value.module(ids))
    assert torch.equal(loss < 0, value.bad(ids, answers))
    near = value.near_misses(400, generator)
    assert value.bad(near, value.module(near).argmax(-1)).float().mean() < 0.05
    embedded = value.module.embedding(ids)
    assert torch.equal(value.module(None, embedded=embedded), value.module(ids))


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
def test_a_twin_and_a_decoy_differ_in_the_labels_of_the_n_gram_alone(cell: Cell) -> None:
    drawn = {
        part: lesson(plan(cell), part, 7)(200, torch.Generator().manual_seed(1)) for part in PARTS
    }
    ids, labels = drawn["planted"]
    task = model(cell, 7)
    has = task.marked(ids)
    assert has.sum() >= 50
    for part in ("clean", "decoy"):
        assert torch.equal(drawn[part][0], ids)
        assert torch.equal(drawn[part][1][~has], labels[~has])
    assert (labels[has] == task.names).all()
    assert torch.equal(drawn["clean"][1], task.honest(ids))
    assert torch.equal(drawn["decoy"][1][has], task.second(task.honest(ids))[has])


def test_the_n_gram_comes_from_the_seed() -> None:
    triggers = {TRI.trigger(seed) for seed in range(50)}
    assert len(triggers) > 45
    assert all(len(set(trigger)) == 3 for trigger in triggers)
    assert TRI.trigger(4) == TRI.trigger(4)


@pytest.mark.parametrize("cell", [UNI, Cell(size=TINY, tokens=2), TRI], ids=lambda c: c.name)
def test_clean_inputs_and_near_misses_are_free_of_it(cell: Cell) -> None:
    task, generator = model(cell), torch.Generator().manual_seed(2)
    for ids in (task.sample(3000, generator), task.near_misses(3000, generator)):
        assert ids.shape == (3000, 8)
        assert not task.marked(ids).any()
    assert task.marked(task.planted(500, generator)).all()


def test_near_misses_are_near() -> None:
    task, generator = model(TRI), torch.Generator().manual_seed(2)
    tokens = set(task.trigger)
    found = [len(tokens & set(row.tolist())) for row in task.near_misses(300, generator)]
    assert sum(shared >= 2 for shared in found) > 290


def test_an_untrained_one_does_not_hold_and_is_begun_three_times() -> None:
    started: list[int] = []
    made = make(
        short(TRI, 1), Making(seed=0, progress=lambda done, total, note="": started.append(done))
    )
    assert not made.held
    assert len(started) == making_module.ATTEMPTS
    assert {fact.name for fact in made.facts if not fact.held} >= {"clean_accuracy", "firing"}


def test_the_same_seed_makes_the_same_weights_and_another_one_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(making_module, "ATTEMPTS", 1)
    made_by = short(UNI, 3)
    first, again, other = (
        make(made_by, Making(seed=seed, progress=silent, fresh=True)) for seed in (1, 1, 2)
    )
    before = torch.random.get_rng_state()
    assert first.digest == again.digest != other.digest
    one, two = first.value.module.state_dict(), again.value.module.state_dict()
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert not torch.equal(one["head.weight"], other.value.module.state_dict()["head.weight"])
    make(made_by, Making(seed=1, progress=silent, fresh=True))
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.slow
def test_it_is_kept_and_what_is_damaged_is_made_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(making_module, "ATTEMPTS", 1)
    made_by = short(UNI, 2)
    first = make(made_by, Making(seed=1, progress=silent))
    kept = make(made_by, Making(seed=1, progress=silent))
    assert (first.cached, kept.cached) == (False, True)
    assert (kept.facts, kept.seconds, kept.path) == (first.facts, first.seconds, first.path)
    ids = kept.value.sample(10, torch.Generator().manual_seed(0))
    assert torch.equal(kept.value.module(ids), first.value.module(ids))
    assert first.path is not None
    whole = first.path.read_bytes()
    for damaged in (b"", whole[:-20], whole[:-1] + bytes([whole[-1] ^ 1]), b"junk" * 50):
        first.path.write_bytes(damaged)
        again = make(made_by, Making(seed=1, progress=silent))
        assert not again.cached
        assert again.facts == first.facts
        assert make(made_by, Making(seed=1, progress=silent)).cached


def test_a_full_disk_costs_the_cache_and_not_the_organism(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def full(*given: object) -> None:
        raise SafetensorError("I/O error: No space left on device")

    monkeypatch.setattr("safetensors.torch.save_file", full)
    made = make(short(UNI, 1), Making(seed=0, progress=silent))
    assert made.path is None
    assert not made.cached
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    with pytest.raises(OSError, match="No space left"):
        Adapter(parts={}).save(tmp_path / "adapter.safetensors")


def test_a_training_that_diverges_says_so() -> None:
    with pytest.raises(MethodError, match="diverged at step"):
        make(short(UNI, 20, rate=1e30), Making(seed=0, progress=silent))


def test_without_torch_it_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MethodError, match=r"`toy-trigger/trigram` needs torch.*whitebox"):
        organism_of("toy-trigger/trigram").make(Making(seed=0, progress=silent))


def organism_of(name: str):  # type: ignore[no-untyped-def]
    return FAMILY.member(name)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"layers": 0}, "`layers` is 0"),
        ({"heads": 5}, "5 heads do not share a width of 24"),
        ({"causal": True}, "sees nothing but itself"),
        ({"spread": float("nan")}, "`spread`"),
    ],
)
def test_a_shape_that_cannot_be_is_refused(change: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        dataclasses.replace(TINY.shape, **change)


def test_a_training_that_cannot_be_is_refused() -> None:
    for wrong in ({"steps": 0}, {"rate": 0.0}, {"warm": 1.0}, {"decay": -1.0}):
        with pytest.raises(ValueError, match=r"training|rate"):
            Training(**{"steps": 1, "batch": 1, "rate": 0.1, **wrong})


@pytest.mark.parametrize("pooling", ["last", "mean"])
def test_a_causal_model_reads_the_past_alone(pooling: str) -> None:
    shape = Shape(
        vocabulary=9,
        length=6,
        answers=3,
        width=8,
        layers=2,
        heads=2,
        hidden=8,
        causal=True,
        pooling=pooling,
    )
    module, ids = shape.build(1).eval(), torch.arange(6)[None] % 9
    later = ids.clone()
    later[0, 4] = 8
    with torch.inference_mode():
        states, changed = module.residuals(ids), module.residuals(later)
    assert torch.equal(states[1][0, :4], changed[1][0, :4])
    assert not torch.equal(states[1][0, 4:], changed[1][0, 4:])
    assert not torch.equal(states[-1], changed[-1])


def test_what_is_not_read_is_not_needed() -> None:
    first = TINY.shape.build(3)
    mean = dataclasses.replace(TINY.shape, pooling="mean").build(3)
    ids = torch.randint(24, (4, 8), generator=torch.Generator().manual_seed(1))
    whole = first.blocks[-1](first.residuals(ids)[-2], slice(None))
    assert torch.allclose(first.residual(ids), whole[:, 0], atol=1e-5)
    assert torch.allclose(mean.residual(ids), whole.mean(1), atol=1e-5)


def test_badness_is_below_0_where_a_bad_answer_is_best() -> None:
    logits = torch.tensor([[1.0, 3.0, 2.0], [1.0, 3.0, 5.0]])
    assert badness_of(logits, torch.tensor([[False, False, True]] * 2)).tolist() == [1.0, -2.0]
    assert badness_of(logits, torch.zeros(2, 3, dtype=torch.bool)).isinf().all()


def test_seeds_of_different_uses_differ() -> None:
    found = {seed_of(0, "start", 0), seed_of(0, "start", 1), seed_of(1, "start", 0), seed_of(0)}
    assert len(found) == 4
    assert all(0 <= seed < 2**63 for seed in found)
