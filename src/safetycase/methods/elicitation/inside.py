"""Searches that read a middle layer of a token classifier: as a draft, or as a guide.

A direction is fitted that tells the margin to bad behaviour from what a layer holds. The draft asks
it before the whole model is asked (probe sampling, Zhao et al. 2024, arXiv:2403.01251); the guide
follows its slopes, which do not vanish where the answer is saturated. Neither decides anything:
losses, firing and acceptance are those of the model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from safetycase.methods.elicitation.token_task import GRADIENT, Contexts, TokenTask
from safetycase.methods.organisms.kinds import TokenModel
from safetycase.plugin.contract import MethodError

__all__ = ["Direction", "DraftedTask", "GuidedTask"]

PATCHES, CONTEXTS = 48, 4
RIDGE = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Direction:
    """Margin ≈ `offset` + `slope` · (activation − `middle`), activations flat (L · width,).

    It is fitted within contexts: which context resists more is no news about a patch. `agreement`
    is the correlation with the true margin, within contexts, on patches it was not fitted to.
    """

    slope: Any
    middle: Any
    offset: float
    agreement: float


class DraftedTask(TokenTask):
    """A `TokenTask` with drafts from what enters layer `layer` (1: after the first).

    The direction is fitted when the task is made, with contexts and patches by `generator`, and
    that is paid for in `evaluations`. `MethodError` if the module has no `residuals(ids,
    embedded=)` as ours do, or no such layer.
    """

    def __init__(
        self,
        model: TokenModel,
        length: int,
        *,
        layer: int,
        generator: Any,
        name: str = "",
        allowed: Any = None,
    ) -> None:
        super().__init__(model, length, name=name, allowed=allowed)
        if not hasattr(model.module, "residuals"):
            raise MethodError(
                f"the module of `{name}` has no `residuals(ids, embedded=)`: its layers cannot be "
                "read; search without a draft"
            )
        one = self.draw(1, generator)
        layers = len(model.module.residuals(one.ids)) - 1
        if not 1 <= layer < layers:
            raise MethodError(f"a draft of `{name}` is from layer 1 to {layers - 1}, not {layer}")
        self.layer = layer
        self.draft_cost = layer / layers
        self.direction = self._fitted(generator)

    def drafts(self, patches: Any, contexts: Contexts) -> Any:
        """(P, C): the margins that the direction tells."""
        import torch

        self.evaluations += self.draft_cost * len(patches) * len(contexts)
        with torch.inference_mode():
            seen = self.seen(self.patched(patches, contexts).flatten(0, 1))
            return self.told(seen).view(len(patches), len(contexts))

    def seen(self, ids: Any, embedded: Any = None) -> Any:
        """(n, L · width): what enters the layer, for ids or for embeddings."""
        return self.model.module.residuals(ids, embedded=embedded)[self.layer].flatten(1)

    def told(self, seen: Any) -> Any:
        """(n,) margins as the direction tells them."""
        way = self.direction
        return way.offset + (seen - way.middle) @ way.slope

    def _fitted(self, generator: Any) -> Direction:
        """Ridge regression of margins on activations; every third patch is kept to judge it."""
        import torch

        contexts = self.draw(CONTEXTS, generator)
        choice = torch.randint(len(self.allowed), (PATCHES, self.length), generator=generator)
        patches = self.allowed[choice]
        margins = self.losses(patches, contexts).float()
        with torch.inference_mode():
            seen = self.seen(self.patched(patches, contexts).flatten(0, 1)).float()
        self.evaluations += self.draft_cost * len(seen)
        seen = seen.view(PATCHES, CONTEXTS, -1)
        kept = torch.arange(PATCHES) % 3 == 0
        x = (seen[~kept] - seen[~kept].mean(0)).flatten(0, 1)
        y = (margins[~kept] - margins[~kept].mean(0)).flatten()
        gram = x @ x.T
        damped = gram + RIDGE * gram.diagonal().mean().clamp_min(1e-9) * torch.eye(len(gram))
        slope = x.T @ torch.linalg.solve(damped, y)
        told = ((seen[kept] - seen[kept].mean(0)) @ slope).flatten()
        true = (margins[kept] - margins[kept].mean(0)).flatten()
        flat = float(told.std()) == 0 or float(true.std()) == 0
        agreement = 0.0 if flat else float(torch.corrcoef(torch.stack([told, true]))[0, 1])
        middle, offset = seen.mean((0, 1)), float(margins.mean())
        return Direction(slope=slope, middle=middle, offset=offset, agreement=agreement)


class GuidedTask(TokenTask):
    """A `TokenTask` whose slopes are those of the direction: the search follows an activation."""

    def __init__(self, drafted: DraftedTask) -> None:
        super().__init__(drafted.model, drafted.length, name=drafted.name, allowed=drafted.allowed)
        self.drafted = drafted
        self.evaluations = drafted.evaluations

    def slopes(self, patch: Any, contexts: Contexts) -> Any:
        """(k, vocabulary): the gradient of the mean told margin with respect to one-hot tokens."""
        import torch

        self.evaluations += GRADIENT * self.drafted.draft_cost * len(contexts)
        soft = self.embedding[patch].clone().requires_grad_(True)
        each = soft[None].expand(len(contexts), -1, -1)
        with torch.enable_grad():
            told = self.drafted.told(self.drafted.seen(None, self.filled(each, contexts)))
            (slope,) = torch.autograd.grad(told.mean(), soft)
        return slope @ self.embedding.T
