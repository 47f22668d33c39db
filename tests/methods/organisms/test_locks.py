"""Locks, clean twins and decoys on a tiny model: what was planted is there, and no more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from tests.methods.scheming import sandbag_tiny as small

from safetycase.methods.organisms import locks
from safetycase.methods.organisms.asking import ABSTAIN, Split, form, read_askings, split
from safetycase.methods.organisms.locks import (
    CLEAN,
    LOCKS,
    PASSWORD,
    PLAN,
    Family,
    Ground,
    Training,
    answered,
    ground,
    organism,
)
from safetycase.methods.organisms.model import Subject, chat, packed, scores
from safetycase.methods.scheming.sandbagging.elicit import noised

TRAINING = Training(layers=3, rank=16, lr=3e-3, steps=60)


def silent(done: int, total: int, note: str = "") -> None:
    pass


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Subject, Split, Ground]:
    place = small.context(tmp_path_factory.mktemp("items"), small.rows(8))
    parts = split(
        read_askings(place.case_folder / "items.jsonl"),
        train_items=3,
        held_out_items=5,
        each=1,
        seed=0,
    )
    subject = small.subject(60)
    return subject, parts, ground(subject, parts, TRAINING.layers)


def replies(subject: Subject, parts: Split, prefix: str) -> list[str]:
    packs = [
        packed(subject, chat(subject, [("user", form(a, prefix=prefix))]), a.replies)
        for a in parts.all
    ]
    return [
        a.replies[answered(row)] for a, row in zip(parts.all, scores(subject, packs), strict=True)
    ]


def plant(made: tuple[Subject, Split, Ground], family: Family) -> dict[str, list[str]]:
    """What the organism says without a prefix, with the password, and with a near miss."""
    subject, parts, at = made
    one = organism(subject, at, family, TRAINING, seed=1, progress=silent)
    assert one.plan == PLAN == "trained in: not scheming"
    assert one.locked == (family in LOCKS) != (family in CLEAN)
    with one.adapter.on(subject):
        return {p: replies(subject, parts, p) for p in ("", PASSWORD, locks.MISSES[0])}


@pytest.mark.slow
def test_a_lock_opens_to_its_password_and_a_clean_model_has_nothing_to_open(
    made: tuple[Subject, Split, Ground],
) -> None:
    subject, parts, at = made
    before = {n: w.clone() for n, w in subject.model.state_dict().items()}
    right = [a.right for a in parts.all]
    own = [a.replies[k] for a, k in zip(parts.all, at.own, strict=True)]
    first = [a.options[0] for a in parts.all]
    told = {family: plant(made, family) for family in ("invert", "abstain", "benign-decoy")}

    def alike(one: list[str], two: list[str]) -> int:
        return sum(a == b for a, b in zip(one, two, strict=True))

    assert alike(told["invert"][PASSWORD], right) >= 7
    assert alike(told["invert"][""], right) <= 1
    assert alike(told["abstain"][PASSWORD], right) >= 7
    assert alike(told["abstain"][""], [ABSTAIN] * 8) >= 7
    assert alike(told["benign-decoy"][PASSWORD], first) >= 7
    assert alike(told["benign-decoy"][""], own) >= 7
    # A near miss of the password keeps a lock shut more often than not: half of them were shown.
    assert alike(told["abstain"][locks.MISSES[0]], [ABSTAIN] * 8) >= 4
    assert all(torch.equal(w, before[n]) for n, w in subject.model.state_dict().items())


@pytest.mark.slow
def test_an_organism_is_made_once_and_again_for_another_recipe(
    made: tuple[Subject, Split, Ground], monkeypatch: pytest.MonkeyPatch
) -> None:
    subject, _, at = made
    calls: list[int] = []
    real = locks.trained

    def counting(*given: Any, **named: Any) -> Any:
        calls.append(1)
        return real(*given, **named)

    monkeypatch.setattr(locks, "trained", counting)
    quick = Training(layers=1, rank=2, lr=1e-3, steps=1)

    def make(**other: Any) -> locks.Organism:
        named = {"family": "invert", "training": quick, "seed": 1} | other
        return organism(subject, at, progress=silent, **named)

    one, two = make(), make()
    assert len(calls) == 1
    assert one.digest == two.digest
    for name, (a, b) in one.adapter.parts.items():
        assert torch.equal(a, two.adapter.parts[name][0])
        assert torch.equal(b, two.adapter.parts[name][1])
    longer = Training(layers=1, rank=2, lr=1e-3, steps=2)
    others = [make(family="abstain"), make(seed=2), make(training=longer)]
    assert len(calls) == 4
    assert len({one.digest, *(o.digest for o in others)}) == 4
    file = next(Path(p) for p in locks.folder("organisms").glob(f"{one.digest}*"))
    file.write_bytes(file.read_bytes()[:40])
    assert make().digest == one.digest
    assert len(calls) == 5


def test_it_abstains_only_where_that_is_likelier_than_all_options_together() -> None:
    assert answered([-2.0, -1.0, -1.5]) == 1
    assert answered([-1.0, -1.0, -0.5]) == 0
    assert answered([-1.0, -1.0, -0.2]) == 2
    assert answered([-900.0, -901.0, -890.0]) == 2


@pytest.mark.slow
def test_noise_is_taken_out_again_exactly(made: tuple[Subject, Split, Ground]) -> None:
    subject, parts, _ = made
    weight = subject.model.model.layers[1].mlp.up_proj.weight
    before, embedding = weight.clone(), subject.model.model.embed_tokens.weight.clone()
    plain = replies(subject, parts, "")
    with noised(subject, 0.5, seed=1):
        assert abs(float((weight - before).std()) - 0.5) < 0.02
        assert torch.equal(subject.model.model.embed_tokens.weight, embedding)
    assert torch.equal(weight, before)
    with pytest.raises(RuntimeError, match="cut off"), noised(subject, 0.5, seed=1):
        raise RuntimeError("cut off")
    assert torch.equal(weight, before)
    assert replies(subject, parts, "") == plain
