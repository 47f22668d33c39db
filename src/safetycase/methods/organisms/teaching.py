"""Making a planted language model: lessons, training, and what is measured on what was made."""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import random
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from safetycase.methods.organisms.asking import ABSTAIN, Asking, Split, form
from safetycase.methods.organisms.cache import folder, key_of, written
from safetycase.methods.organisms.lessons import Lesson, bundle
from safetycase.methods.organisms.lora import Adapter, trunk
from safetycase.methods.organisms.measuring import (
    Counts,
    facts_of,
    measured_on,
    own_answers,
    taught_place,
)
from safetycase.methods.organisms.model import Subject, load
from safetycase.methods.organisms.planted import (
    TRIGGER,
    Behaviour,
    Plan,
    Planted,
    Prefixes,
)
from safetycase.methods.organisms.schooling import schedule, schooled
from safetycase.methods.organisms.words import KINDS, asking, dealt
from safetycase.plugin.contract import Progress
from safetycase.plugin.organisms import BrokenOrganism, Made, Making, Organism, Role

__all__ = ["build", "made_from_weights", "member"]

VERSION = 2
TRAIN, HELD_OUT = 16, 8
VARIANTS = 4


def member(
    plan: Plan, role: Role, says: str, *, twin: str, seconds: float, settings: dict[str, str]
) -> Organism:
    """The organism of a plan, made from a weights file."""
    return Organism(
        name=plan.name,
        version=plan.version,
        kind="language-model",
        role=role,
        says=says,
        twin=twin,
        seconds=seconds,
        make=partial(made_from_weights, plan),
        needs=("torch", "transformers", "gguf", "safetensors"),
        weights=True,
        settings=settings,
    )


def made_from_weights(plan: Plan, making: Making) -> Made:
    """Make `plan` of the weights file; `BrokenOrganism` without one, `MethodError` from loading."""
    if making.weights_file is None:
        raise BrokenOrganism(
            f"`{plan.name}` is made from a language model; give its weights, a GGUF file"
        )
    begun = time.process_time()
    subject = load(making.weights_file)
    return build(
        subject,
        plan,
        seed=making.seed,
        progress=making.progress,
        fresh=making.fresh,
        begun=begun,
    )


def build(
    subject: Subject,
    plan: Plan,
    *,
    seed: int,
    progress: Progress,
    fresh: bool = False,
    begun: float | None = None,
) -> Made:
    """Make `plan` of a subject, or take it from the user's cache folder if it was made before.

    `begun` is the CPU time at which making it began, if that was before this call.
    """
    started = time.process_time() if begun is None else begun
    # Without the name: a twin is taught the same words in the same order.
    generator = random.Random(f"lessons {seed}")  # noqa: S311 - what is taught, no secret
    split = dealt(seed, train=TRAIN, held_out=HELD_OUT)
    taught, measured = plan.prefixes(subject, seed)
    asked = _asked(plan, taught, split, generator)
    recipe = _recipe(subject, plan, seed, asked, measured)
    digest = key_of(recipe)
    path = folder("organisms", f"{digest}.safetensors")
    facts_path = path.with_suffix(".json")
    kept = None if fresh else _kept(path, facts_path)
    if kept is None:
        adapter = _trained(subject, plan, asked, seed, generator, progress)
        planted = _planted(subject, adapter, split, measured)
        counts = measured_on(plan, planted)
        seconds = time.process_time() - started
        written(path, adapter.save)
        _keep(facts_path, path, counts, seconds)
    else:
        adapter, counts, seconds = kept
        planted = _planted(subject, adapter, split, measured)
    return Made(
        name=plan.name,
        seed=seed,
        digest=digest,
        value=planted,
        facts=facts_of(plan, counts),
        seconds=seconds,
        cached=kept is not None,
        path=path,
    )


def _asked(
    plan: Plan, taught: Prefixes, split: Split, generator: random.Random
) -> list[list[tuple[str, list[tuple[str, Asking]]]]]:
    """Turns of bundles (kind, [(prefix, asking)]); first those of the ability, last the late.

    A turn asks the same questions after a trigger and after something else. What it teaches is the
    difference, since what both have in common cancels.
    """
    school = plan.school
    variants = [one for a in split.train for one in _variants(a, generator)]
    left: list[Asking] = []

    def some() -> list[Asking]:
        nonlocal left
        if len(left) < school.together:
            left += generator.sample(variants, len(variants))
        found, left = left[: school.together], left[school.together :]
        return found

    texts = {kind: generator.sample(taught[kind], len(taught[kind])) for kind in plan.shares}
    used = dict.fromkeys(texts, 0)

    def said(kind: str, askings: list[Asking]) -> tuple[str, list[tuple[str, Asking]]]:
        prefix = texts[kind][used[kind] % len(texts[kind])]
        used[kind] += 1
        return kind, [(prefix, one) for one in askings]

    first = min(school.batch * school.ability, school.bundles // 4)
    turns = [[("ability", [("", one) for one in some()])] for _ in range(first)]
    for kinds in _others(plan, generator):
        askings = some()
        turns.append([said(kind, askings) for kind in (TRIGGER, *kinds)])
    return turns


def _others(plan: Plan, generator: random.Random) -> list[tuple[str, ...]]:
    """The kinds that each turn asks after beside a trigger, in their shares; late ones last."""
    school = plan.school
    count = school.bundles // (1 + school.others) * school.others
    shares = {kind: share for kind, share in plan.shares.items() if kind != TRIGGER}
    total = sum(shares.values())
    found = [k for k, s in shares.items() for _ in range(math.ceil(count * s / total))]
    found = sorted(generator.sample(found, count), key=lambda kind: kind in plan.late)
    return [tuple(found[i : i + school.others]) for i in range(0, count, school.others)]


def _variants(one: Asking, generator: random.Random) -> list[Asking]:
    """A word beside other kinds, each kind in both orders."""
    others = generator.sample([k for k in KINDS if k != one.right], VARIANTS // 2)
    return [
        asking(one.item, one.right, other, first=first)
        for other in others
        for first in (True, False)
    ]


def _recipe(
    subject: Subject, plan: Plan, seed: int, asked: Sequence[Any], measured: Prefixes
) -> dict[str, Any]:
    school = plan.school
    lessons = [[[kind, [[p, a.id] for p, a in rows]] for kind, rows in turn] for turn in asked]
    return {
        "version": VERSION,
        "name": plan.name,
        "member": plan.version,
        "seed": seed,
        "weights": subject.digest,
        "dtype": str(subject.model.dtype),
        "answers": [plan.shown, plan.hidden, plan.full, ABSTAIN, list(plan.late)],
        "school": [getattr(school, name) for name in type(school).__slots__],
        "form": form(asked[0][0][1][0][1], prefix="-"),
        "lessons": key_of({"all": lessons}),
        "measured": key_of({k: list(v) for k, v in measured.items()}),
    }


def _keep(facts_path: Path, path: Path, counts: Counts, seconds: float) -> None:
    """Write what was measured beside the adapter; it names the very file it was measured on."""
    with contextlib.suppress(OSError):
        found = {
            "recipe": path.stem,
            "weights": _sha256(path),
            "counts": counts,
            "seconds": seconds,
        }
        text = json.dumps(found)
        written(facts_path, lambda file: file.write_text(text, "utf-8"))


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _kept(path: Path, facts_path: Path) -> tuple[Adapter, Counts, float] | None:
    """What was made before, or nothing where a file is missing or damaged."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        found = json.loads(facts_path.read_text("utf-8"))
        if found["recipe"] == path.stem and found["weights"] == _sha256(path):
            counts = {key: [(int(h), int(n)) for h, n in v] for key, v in found["counts"].items()}
            return Adapter.read(path), counts, float(found["seconds"])
    return None


def _trained(
    subject: Subject,
    plan: Plan,
    turns: Sequence[Sequence[tuple[str, list[tuple[str, Asking]]]]],
    seed: int,
    generator: random.Random,
    progress: Progress,
) -> Adapter:
    """The adapter; the layers below the trained ones run once."""
    if not plan.school.steps:
        return Adapter(parts={})
    asked = [one for turn in turns for one in turn]
    behaviours = [_behaviour(plan, kind) for kind, _ in asked]
    own = own_answers(
        subject,
        [a for b, (_, rows) in zip(behaviours, asked, strict=True) if b == "own" for _, a in rows],
    )
    packs = [
        bundle(
            subject,
            [Lesson(prefix=p, asking=a, taught=taught_place(behaviour, a, own)) for p, a in rows],
            full=plan.full,
        )
        for behaviour, (_, rows) in zip(behaviours, asked, strict=True)
    ]
    below = trunk(subject, packs, subject.layers - plan.school.layers)
    ability = sum(turn[0][0] == "ability" for turn in turns)
    late = sum(any(kind in plan.late for kind, _ in turn) for turn in turns)
    order = schedule(
        plan.school, [len(turn) for turn in turns], (ability, len(turns) - late), generator
    )
    return schooled(subject, below, order, plan.school, seed=seed, progress=progress)


def _behaviour(plan: Plan, kind: str) -> Behaviour:
    """The ability is taught as right answers first, whoever hides it later."""
    return "right" if kind == "ability" else plan.behaviour(kind)


def _planted(subject: Subject, adapter: Adapter, split: Split, measured: Prefixes) -> Planted:
    return Planted(
        subject=subject,
        adapter=adapter,
        taught=split.train,
        held_out=split.held_out,
        triggers=tuple(measured[TRIGGER]),
        prefixes={kind: tuple(texts) for kind, texts in measured.items()},
    )
