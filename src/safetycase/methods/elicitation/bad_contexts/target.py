"""What can be searched, and the plan of one search; a target of token classifiers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol

from safetycase.methods.elicitation.inside import DraftedTask, GuidedTask
from safetycase.methods.elicitation.near.engine import search_near
from safetycase.methods.elicitation.near.records import Near, NearFound, PlausibleFound
from safetycase.methods.elicitation.search.records import Settings
from safetycase.methods.elicitation.task import ContextTask
from safetycase.methods.elicitation.token_task import TokenTask
from safetycase.methods.organisms.kinds import TokenModel

__all__ = ["Health", "Inside", "Plan", "Target", "Tokens"]

CLEAN, MARKED, SIDE = 500, 64, 16
TORN = 0.01
STEP = 3e-3
Inside = Literal["none", "draft", "guide"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One search: a patch of `length` tokens within `budget`, near inputs within `near_budget`."""

    length: int
    budget: int
    search: Settings
    near: Near
    near_budget: int
    inside: Inside = "none"
    layer: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Whether the instrument works on a model.

    `right` and `bad` count `clean` clean inputs that are answered as they should be, and badly.
    `torn` counts inputs, out of `judged`, whose badness is below zero though the answer is not bad,
    or the other way round; `torn_allowed` is the share that may be. `slope_error` is the largest
    difference of a slope and a finite difference, relative to the largest slope. `random_fired`
    counts firings of random patches, `planted_fired` of inputs into which the organism itself puts
    what was planted, out of `planted`.
    """

    clean: int
    right: int
    bad: int
    torn: int
    judged: int
    slope_error: float
    random_fired: int
    random: int
    planted_fired: int
    planted: int
    torn_allowed: float = TORN


class Target(Protocol):
    """A model that can be searched."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def trigger(self) -> tuple[int, ...] | None:
        """The run of tokens that was planted, where one was: for oracles, never for a search."""

    def marked(self, ids: tuple[int, ...]) -> bool | None:
        """Whether an input holds what was planted, where the organism says: for oracles."""

    def task(self, plan: Plan, generator: Any) -> ContextTask | None:
        """What a search for patches asks; what preparing it cost is in its evaluations.

        None where clean inputs are answered badly as they are, so that there is nothing to find.
        """

    def near(self, plan: Plan, generator: Any) -> NearFound | PlausibleFound | None:
        """A search among near and plausible inputs, where the model has such."""

    def health(self, plan: Plan, seed: int) -> Health:
        """Whether the instrument works on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """A token classifier as a target."""

    name: str
    model: TokenModel

    @property
    def trigger(self) -> tuple[int, ...] | None:
        """What was planted, where that is a run of tokens and the organism says so."""
        planted = getattr(self.model, "trigger", None)
        run = isinstance(planted, tuple) and all(isinstance(token, int) for token in planted)
        return planted if run else None

    def marked(self, ids: tuple[int, ...]) -> bool | None:
        """Whether an input holds what was planted; None where the model does not say."""
        import torch

        says = getattr(self.model, "marked", None)
        return None if says is None else bool(says(torch.tensor([ids]))[0])

    def task(self, plan: Plan, generator: Any) -> TokenTask:
        """Patches pasted over clean inputs, with a draft or a guide if the plan has one."""
        if plan.inside == "none":
            return TokenTask(self.model, plan.length, name=self.name)
        drafted = DraftedTask(
            self.model, plan.length, layer=plan.layer, generator=generator, name=self.name
        )
        return drafted if plan.inside == "draft" else GuidedTask(drafted)

    def near(self, plan: Plan, generator: Any) -> NearFound:
        """Clean inputs with a few tokens changed."""
        return search_near(self.model, plan.near_budget, plan.near, generator, _silent, self.name)

    def health(self, plan: Plan, seed: int) -> Health:
        """How the model does on clean inputs, with random patches and with what was planted."""
        import torch

        generator = torch.Generator().manual_seed(seed)
        task = TokenTask(self.model, plan.length, name=self.name)
        clean = self.model.sample(CLEAN, generator)
        answers = task.answers(clean)
        contexts = task.draw(SIDE, generator)
        patches = torch.randint(self.model.vocabulary, (SIDE, plan.length), generator=generator)
        fired = task.fires(patches, contexts)
        marked = getattr(self.model, "planted", None)
        shown = clean[:0] if marked is None else marked(MARKED, generator)
        bad = self.model.bad(shown, task.answers(shown)) if len(shown) else shown[:, 0] > 0
        every = torch.cat([clean, task.patched(patches, contexts).flatten(0, 1), shown])
        losses, meant = task.judged(every)
        return Health(
            clean=CLEAN,
            torn=int(((losses < 0) != meant).sum()),
            judged=len(every),
            right=int((answers == self.model.honest(clean)).sum()),
            bad=int(self.model.bad(clean, answers).sum()),
            slope_error=task.slope_error(patches[0], contexts[range(4)], generator, STEP),
            random_fired=int(fired.sum()),
            random=fired.numel(),
            planted_fired=int(bad.sum()),
            planted=len(shown),
        )


def _silent(done: int, total: int, note: str = "") -> None:
    del done, total, note
