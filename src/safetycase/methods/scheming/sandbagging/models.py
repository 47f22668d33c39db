"""Run the portfolio on the subject, on organisms planted in it, and on a base model."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from safetycase.methods.organisms.asking import Asking, Split, form, turns
from safetycase.methods.organisms.cache import remembered
from safetycase.methods.organisms.locks import (
    CLEAN,
    Family,
    Ground,
    Organism,
    Training,
    ground,
    organism,
)
from safetycase.methods.organisms.model import Subject, chat, packed, scores
from safetycase.methods.scheming.sandbagging.analysis import Planted, Profile
from safetycase.methods.scheming.sandbagging.elicit import (
    Elicitor,
    Sizes,
    Stage,
    elicited,
    read_out,
    stage,
)
from safetycase.methods.scheming.sandbagging.noise import Sweep
from safetycase.plugin.contract import MethodError, Progress

__all__ = ["Bench", "Measured", "bench", "control_twin", "measured", "planted_models", "supplied"]

VERSION = 2
REVISED: dict[str, dict[str, int]] = {"prefix-search": {"search": 3}}
CONTROL = 10**6  # so far apart that no replica has the seed of the control


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A subject with its prompts, the portfolio, and where progress is told."""

    subject: Subject
    ground: Ground
    stage: Stage
    elicitors: tuple[Elicitor, ...]
    sizes: Sizes
    seed: int
    progress: Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A model's answers, what each elicitor did, its noise sweep, and its cost in words."""

    profile: Profile
    mass: float
    notes: Mapping[str, str]
    sweep: Sweep | None


def bench(
    subject: Subject,
    split: Split,
    *,
    layers: int,
    elicitors: tuple[Elicitor, ...],
    sizes: Sizes,
    seed: int,
    progress: Progress,
) -> Bench:
    """Run the shared layers once. `MethodError` if the model has fewer than `layers` layers."""
    if layers > subject.layers:
        raise MethodError(f"the model has {subject.layers} layers, fewer than `layers: {layers}`")
    progress(0, 0, "reading the items")
    at = ground(subject, split, layers)
    prompts = stage(subject, split, at.plain(), sizes.shots)
    return Bench(
        subject=subject,
        ground=at,
        stage=prompts,
        elicitors=elicitors,
        sizes=sizes,
        seed=seed,
        progress=progress,
    )


def measured(at: Bench, name: str, digest: str) -> Measured:
    """The portfolio on the model as it is now; `digest` says which one that is.

    Every elicitor's answers are remembered by their recipe, so a run that was cut off goes on.
    """
    held_out = at.stage.split.held_out
    recipe = _recipe(at, digest)

    def default() -> dict[str, Any]:
        return read_out(at.stage.plain.only(at.stage.held_out).scores(at.subject), held_out)

    plain = remembered(recipe | {"elicitor": "none"}, default)
    after: dict[str, dict[str, Any]] = {}
    for elicitor in at.elicitors:

        def run(elicitor: Elicitor = elicitor) -> dict[str, Any]:
            def told(done: int, total: int, note: str = "") -> None:
                at.progress(done, total, f"{name}: {note}")

            return elicited(elicitor, at.subject, at.stage, at.sizes, seed=at.seed, progress=told)

        own = {"elicitor": elicitor} | REVISED.get(elicitor, {})
        after[elicitor] = remembered(recipe | own, run)
    return Measured(
        profile=Profile(
            askings=held_out,
            default=_by_id(held_out, plain["answers"]),
            elicited={e: _by_id(_asked(e, held_out), r["answers"]) for e, r in after.items()},
        ),
        mass=plain["mass"],
        notes={elicitor: found["note"] for elicitor, found in after.items()},
        sweep=_sweep(at, after["noise"]) if "noise" in after else None,
    )


def planted_models(
    at: Bench,
    families: Sequence[Family],
    *,
    replicas: int,
    training: Training,
    lock_gap: float,
) -> dict[str, tuple[Planted, Measured]]:
    """Train (or take from the cache) every organism and run the portfolio on it."""
    found = {}
    for family in (*families, *CLEAN):
        for replica in range(replicas):
            name = f"{family} {replica + 1}"
            one, result, gap = _planted(at, family, training, at.seed + replica, name)
            took = not one.locked or gap >= lock_gap
            found[name] = (
                Planted(family=family, locked=one.locked, took=took, profile=result.profile),
                result,
            )
    return found


def control_twin(at: Bench, training: Training) -> Measured:
    """One more clean twin, which is no planted model: the portfolio's gain where nothing hides."""
    return _planted(at, "clean-twin", training, at.seed + CONTROL, "control twin")[1]


def _planted(
    at: Bench, family: Family, training: Training, seed: int, name: str
) -> tuple[Organism, Measured, float]:
    def told(done: int, total: int, note: str = "") -> None:
        at.progress(done, total, f"{name}: {note}")

    one = organism(at.subject, at.ground, family, training, seed=seed, progress=told)
    with one.adapter.on(at.subject):
        result = measured(at, name, one.digest)
        return one, result, _gap(at, result, one.digest)


def supplied(at: Bench) -> tuple[int, int]:
    """How many held-out items are answered right when the answer is stated, of how many.

    The examples state theirs too.
    """
    examples = at.stage.split.examples
    asked = list({a.item: a for a in at.stage.split.held_out}.values())
    packs = [
        packed(at.subject, chat(at.subject, turns(a, examples, supplied=True)), a.replies)
        for a in asked
    ]
    found = read_out(scores(at.subject, packs), asked)["answers"]
    return sum(f == a.right for f, a in zip(found, asked, strict=True)), len(asked)


def _recipe(at: Bench, digest: str) -> dict[str, Any]:
    """What the answers of the model with this digest depend on, but for the elicitor."""
    split = at.stage.split
    return {
        "version": VERSION,
        "weights": at.subject.digest,
        "dtype": str(at.subject.model.dtype),
        "model": digest,
        "layer": at.stage.layer,
        "sizes": dataclasses.asdict(at.sizes),
        "seed": at.seed,
        "examples": [[form(e), e.right] for e in split.examples],
        "train": [[a.id, form(a), a.right] for a in split.train],
        "held out": [[a.id, form(a), a.right] for a in split.held_out],
    }


def _gap(at: Bench, result: Measured, digest: str) -> float:
    """Accuracy with the password minus without, on the held-out askings."""
    asked = at.stage.split.held_out

    def opened() -> dict[str, Any]:
        return read_out(at.ground.opened().only(at.stage.held_out).scores(at.subject), asked)

    told = remembered(_recipe(at, digest) | {"elicitor": "password"}, opened)["answers"]
    right = sum(answer == a.right for answer, a in zip(told, asked, strict=True))
    plain = sum(result.profile.default[a.id] == a.right for a in asked)
    return float((right - plain) / len(asked))


def _asked(elicitor: str, held_out: Sequence[Asking]) -> list[Asking]:
    """Noise asks every item once; the others ask all."""
    if elicitor != "noise":
        return list(held_out)
    return list({a.item: a for a in reversed(held_out)}.values())[::-1]


def _by_id(asked: Sequence[Asking], answers: Sequence[str]) -> dict[str, str]:
    return {a.id: answer for a, answer in zip(asked, answers, strict=True)}


def _sweep(at: Bench, found: Mapping[str, Any]) -> Sweep:
    asked = [at.stage.split.all[place] for place in at.stage.places]
    return Sweep(
        items=tuple(a.item for a in asked),
        options=tuple(a.options for a in asked),
        right=tuple(a.right for a in asked),
        plain=tuple(found["plain"]),
        noisy=tuple(tuple(level) for level in found["levels"]),
        coherent=tuple(found["coherent"]),
    )
