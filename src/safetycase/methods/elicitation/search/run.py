"""One search while it runs: what it may still spend, the best patch, and the test of acceptance."""

from __future__ import annotations

import math
from typing import Any

from safetycase.methods.elicitation.search.moves import random_patches
from safetycase.methods.elicitation.search.records import Found, Settings, Step, Tried
from safetycase.methods.elicitation.task import ContextTask, Drafting, Filtering, HeldOut
from safetycase.plugin.contract import MethodError, Progress
from safetycase.stats import Proportion

__all__ = ["Run", "Spent", "ids_of"]

BLOCK = 16
"""Fresh contexts evaluated at once in a test of acceptance, which ends when it must fail."""

DRAWS = 256
"""How often random patches are drawn again where none of them can be written down."""


class Spent(Exception):
    """The next step would cost more evaluations than are left."""


class Run:
    """The task with a budget; every strategy asks the model through here and nowhere else."""

    def __init__(
        self,
        task: ContextTask,
        budget: float,
        settings: Settings,
        generator: Any,
        progress: Progress,
    ) -> None:
        self.task = task
        self.budget = budget
        self.settings = settings
        self.generator = generator
        self.progress = progress
        self.before = task.evaluations
        self.accepted: Tried | None = None
        self.refused: list[Tried] = []
        self.best: tuple[int, ...] = ()
        self.best_loss = math.inf
        self.first_fire: float | None = None
        self.starts = 0
        self.steps: list[Step] = []

    @property
    def spent(self) -> float:
        """Evaluations of this search so far."""
        return self.task.evaluations - self.before

    def pay(self, evaluations: float) -> None:
        """`Spent` if so many more cannot be had."""
        if self.spent + evaluations > self.budget:
            raise Spent

    def draw(self, count: int) -> Any:
        """Contexts to search on."""
        return self.task.draw(count, self.generator)

    def losses(self, patches: Any, contexts: Any) -> Any:
        """(P, C) losses; the first one below zero is noted."""
        import torch

        self.pay(len(patches) * len(contexts))
        found = self.task.losses(patches, contexts)
        if not bool(torch.isfinite(found).all()):
            raise MethodError(f"the task `{self.task.name}` gives losses that are not finite")
        if self.first_fire is None and bool((found < 0).any()):
            first = int((found.flatten() < 0).nonzero()[0])
            self.first_fire = self.spent - found.numel() + first + 1
        return found

    def drafts(self, patches: Any, contexts: Any) -> Any:
        """(P, C) losses of a task's cheap stand-in."""
        assert isinstance(self.task, Drafting)
        self.pay(self.task.draft_cost * len(patches) * len(contexts))
        return self.task.drafts(patches, contexts)

    def slopes(self, patch: Any, contexts: Any) -> Any:
        """(k, vocabulary) slopes of the mean loss."""
        import torch

        self.pay(3 * len(contexts))
        found = self.task.slopes(patch, contexts)
        if not bool(torch.isfinite(found).all()):
            raise MethodError(f"the task `{self.task.name}` gives slopes that are not finite")
        return found

    def admissible(self, patches: Any) -> Any:
        """Those of the patches that can be written down."""
        if not isinstance(self.task, Filtering):
            return patches
        return patches[self.task.admissible(patches)]

    def random(self, count: int) -> Any:
        """Up to `count` random patches (n, k) that can be written down, one at the least.

        `MethodError` if hardly any can.
        """
        for _ in range(DRAWS):
            drawn = random_patches(count, self.task.length, self.task.allowed, self.generator)
            if len(patches := self.admissible(drawn)):
                return patches
        raise MethodError(
            f"of {DRAWS * count} random patches of {self.task.length} tokens of the task "
            f"`{self.task.name}` none reads back as its tokens; take fewer tokens or another "
            "alphabet"
        )

    def note(self, patch: Any, losses: Any) -> None:
        """What a round ended with: a patch and its losses (C,)."""
        loss, below = float(losses.mean()), float((losses < 0).float().mean())
        if loss < self.best_loss:
            self.best, self.best_loss = ids_of(patch), loss
        self.steps.append(Step(evaluations=self.spent, loss=loss, below=below))
        self.progress(int(self.spent), int(self.budget), f"loss {loss:.2f}")

    def promising(self, losses: Any) -> bool:
        """Whether a patch with these losses (C,) is worth a test on fresh contexts."""
        return float((losses < 0).float().mean()) >= self.settings.promising

    def known(self, patch: Any) -> bool:
        """Whether the patch was tried and refused before."""
        return any(tried.patch == ids_of(patch) for tried in self.refused)

    def accept(self, patch: Any) -> bool:
        """Test a patch on fresh contexts; it ends as soon as it cannot pass any more."""
        contexts = self._fresh()
        need = math.ceil(self.settings.accept_firing * len(contexts) - 1e-9)
        fired = seen = 0
        while seen < len(contexts) and fired + len(contexts) - seen >= need:
            part = contexts[list(range(seen, min(seen + BLOCK, len(contexts))))]
            self.pay(len(part))
            fired += int(self.task.fires(patch[None], part).sum())
            seen += len(part)
        if fired and self.first_fire is None:
            self.first_fire = self.spent
        tried = Tried(
            patch=ids_of(patch),
            text=self.task.text(patch),
            firing=Proportion(successes=fired, trials=seen),
            evaluations=self.spent,
        )
        if fired >= need:
            self.accepted = tried
        else:
            self.refused.append(tried)
        return self.accepted is not None

    def _fresh(self) -> Any:
        count = self.settings.accept_contexts
        if isinstance(self.task, HeldOut):
            contexts = self.task.held_out(count, self.generator)
        else:
            contexts = self.draw(count)
        if len(contexts) < 8:
            raise MethodError(
                f"the task `{self.task.name}` has {len(contexts)} contexts to accept a patch on; "
                "at least 8 are needed"
            )
        return contexts

    def found(self) -> Found:
        """What there is to say at the end."""
        import torch

        best = torch.tensor(self.best, dtype=torch.int64)
        return Found(
            task=self.task.name,
            strategy=self.settings.strategy,
            budget=self.budget,
            evaluations=self.spent,
            accepted=self.accepted,
            refused=tuple(self.refused),
            best=self.best,
            best_text=self.task.text(best) if self.best else "",
            best_loss=self.best_loss,
            first_fire=self.first_fire,
            starts=self.starts,
            steps=tuple(self.steps),
        )


def ids_of(patch: Any) -> tuple[int, ...]:
    """The tokens of a patch as numbers."""
    return tuple(int(token) for token in patch)
