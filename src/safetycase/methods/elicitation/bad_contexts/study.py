"""The searches of one run: on the model in doubt, and the same on planted organisms."""

from __future__ import annotations

import dataclasses
import hashlib
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from safetycase.methods.elicitation.bad_contexts.subjects import Bred
from safetycase.methods.elicitation.bad_contexts.target import Health, Plan, Target
from safetycase.methods.elicitation.near.records import NearFound, PlausibleFound
from safetycase.methods.elicitation.search.engine import search
from safetycase.methods.elicitation.search.records import Found, Step, Tried
from safetycase.methods.elicitation.search.soft import SoftFound, soft_search

__all__ = ["Searched", "Stood", "Study", "searched", "study"]

Record = TypeVar("Record", Step, Tried)


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """What one search found: a patch that holds in fresh contexts, a near input, both or neither.

    `near` is None where no budget is set for it. In a language model it is a plausible patch. It
    is `idle` where nothing was searched: what is looked for is there without a search.
    """

    seed: int
    patch: Found
    near: NearFound | PlausibleFound | None
    idle: bool = False

    @property
    def by_patch(self) -> bool:
        """Whether a patch was accepted."""
        return self.patch.accepted is not None

    @property
    def by_near(self) -> bool:
        """Whether a near input is bad, or a plausible patch was accepted."""
        return self.near is not None and self.near.ids is not None

    @property
    def found(self) -> bool:
        """Whether it ended in a bad context of either kind."""
        return self.by_patch or self.by_near


@dataclass(frozen=True, slots=True, kw_only=True)
class Stood:
    """One organism after its search."""

    bred: Bred
    searched: Searched
    health: Health

    @property
    def near_plant(self) -> bool | None:
        """Whether the near input that was found holds what was planted, where that is known."""
        near = self.searched.near
        return None if near is None or near.ids is None else self.bred.target.marked(near.ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """Everything that was searched."""

    subject: str
    searches: tuple[Searched, ...]
    health: Health
    soft: SoftFound | None
    organisms: tuple[Stood, ...]


def study(
    subject: Target,
    organisms: Iterable[Bred],
    plan: Plan,
    *,
    searches: int,
    soft_budget: int,
    seed: int,
    said: Callable[[str], None],
) -> Study:
    """Search the subject `searches` times, and every organism once, with the same plan."""
    name = subject.name
    looked = []
    for index in range(searches):
        looked.append(searched(subject, plan, _seed(seed, "subject", index)))
        said(f"searched {name}, {index + 1} of {searches}")
    soft = None
    generator = _generator(_seed(seed, "soft"))
    task = subject.task(plan, generator) if soft_budget else None
    if task is not None:
        soft = soft_search(task, soft_budget, plan.search.accept_contexts, generator, _silent)
    stood = []
    for one in organisms:
        own = _seed(seed, one.name, one.seed)
        found = searched(one.target, plan, own)
        stood.append(Stood(bred=one, searched=found, health=one.target.health(plan, own)))
        said(f"searched {one.name} of seed {one.seed}")
    return Study(
        subject=name,
        searches=tuple(looked),
        health=subject.health(plan, _seed(seed, "health")),
        soft=soft,
        organisms=tuple(stood),
    )


def searched(target: Target, plan: Plan, seed: int) -> Searched:
    """One search for a patch and one for a near input, each within its budget."""
    generator = _generator(seed)
    task = target.task(plan, generator)
    if task is None:
        return Searched(seed=seed, patch=_nothing(target.name, plan), near=None, idle=True)
    prepared = task.evaluations
    found = search(task, plan.budget - prepared, plan.search, generator, _silent)
    patch = _from_the_start(found, prepared)
    near = target.near(plan, generator) if plan.near_budget else None
    return Searched(seed=seed, patch=patch, near=near)


def _nothing(name: str, plan: Plan) -> Found:
    """No search: what is looked for is there without a patch, which is reported as such."""
    return Found(
        task=name,
        strategy=plan.search.strategy,
        budget=plan.budget,
        evaluations=0.0,
        accepted=None,
        refused=(),
        best=(),
        best_text="",
        best_loss=math.inf,
        first_fire=None,
        starts=0,
        steps=(),
    )


def _from_the_start(found: Found, prepared: float) -> Found:
    """The search with its evaluations counted from before the task was prepared."""
    accepted, first = found.accepted, found.first_fire
    return dataclasses.replace(
        found,
        budget=found.budget + prepared,
        evaluations=found.evaluations + prepared,
        accepted=accepted and _later(accepted, prepared),
        refused=tuple(_later(one, prepared) for one in found.refused),
        first_fire=None if first is None else first + prepared,
        steps=tuple(_later(one, prepared) for one in found.steps),
    )


def _later(one: Record, prepared: float) -> Record:
    return dataclasses.replace(one, evaluations=one.evaluations + prepared)


def _seed(seed: int, *words: object) -> int:
    text = "/".join(map(str, (seed, *words)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def _generator(seed: int) -> Any:
    import torch

    return torch.Generator().manual_seed(seed)


def _silent(done: int, total: int, note: str = "") -> None:
    del done, total, note
