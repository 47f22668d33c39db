"""Search guided by activations: a direction in a middle layer that separates the behaviours.

The direction comes from the model's own behaviour, not from the words of a prompt: patches are
put before the same questions, and what differs in the layer is set against what differs in the
margin. It is cheaper than the whole model, and it may be wrong; acceptance is by behaviour alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from safetycase.methods.elicitation.language.around import Around
from safetycase.methods.elicitation.language.forward import chunks, exit_at, states
from safetycase.methods.elicitation.language.task import GRADIENT, LanguageTask
from safetycase.plugin.contract import MethodError

__all__ = ["Direction", "GuidedTask", "activations", "direction"]

ROUNDING = 1e-4
"""Margins that vary less than this share of the others vary by rounding alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Direction:
    """The margin as a line in one direction of what the first `layer` layers give.

    Margin of prompt c ≈ `offset[c]` + `slope` · activation. `agreement` is the correlation with
    the true margin, with the mean of each prompt taken off, on patches it was not fitted to.
    """

    layer: int
    slope: Any
    offset: Any
    agreement: float


def activations(task: LanguageTask, layer: int, soft: Any, contexts: Any) -> Any:
    """(n, width) after `layer` layers, normed, where the reply begins; n patches as vectors."""
    early = exit_at(task.subject, layer)
    output = states(early, task.short, task.head(early, f"first {layer}"), contexts, soft)
    rows = range(len(contexts))
    return output[rows, task.short.places[contexts, 0]].float()


def direction(
    task: LanguageTask, layer: int, patches: Any, contexts: Any, *, ridge: float = 1.0
) -> Direction:
    """Fit a direction to the margins of patches (P, k) in contexts (C,); a third is kept to judge.

    Ridge regression of margins on activations, both less their means for each prompt; `ridge` is
    in units of the mean variance of an activation. `MethodError` with too few patches or where no
    margin differs.
    """
    import torch

    if not 1 <= layer <= task.subject.layers:
        raise MethodError(f"the model has layers 1 to {task.subject.layers}, not {layer}")
    fitted = len(patches) * 2 // 3
    if fitted < 8 or len(patches) - fitted < 4:
        raise MethodError(f"a direction takes 12 patches or more, not {len(patches)}")
    margins = task.losses(patches, contexts)
    seen = _seen(task, layer, patches, contexts)
    if not float(margins.std(0).max()) > 0:
        raise MethodError("no patch changes the margin: there is no behaviour to separate")
    middle, level = seen[:fitted].mean(0), margins[:fitted].mean(0)
    x = (seen[:fitted] - middle).flatten(0, 1)
    y = (margins[:fitted] - level).flatten()
    gram = x @ x.T
    damp = ridge * gram.diagonal().mean()
    slope = x.T @ torch.linalg.solve(gram + damp * torch.eye(len(gram)), y)
    told = ((seen[fitted:] - middle) @ slope).flatten()
    true = (margins[fitted:] - level).flatten()
    if float(told.std()) == 0 or float(true.std()) <= ROUNDING * float(y.std()):
        raise MethodError(
            "the patches kept to judge the direction all do the same; give more, or other ones"
        )
    offset = torch.full((len(task.frame.ids),), float((level - middle @ slope).mean()))
    offset[contexts] = level - middle @ slope
    return Direction(
        layer=layer,
        slope=slope,
        offset=offset,
        agreement=float(torch.corrcoef(torch.stack([told, true]))[0, 1]),
    )


def _seen(task: LanguageTask, layer: int, patches: Any, contexts: Any) -> Any:
    """(P, C, width) activations for patches of tokens."""
    import torch

    count = len(contexts)
    every = contexts.repeat(len(patches))
    found = torch.empty(len(every), task.embedding.shape[1])
    with torch.inference_mode():
        for part in chunks(task.short, every):
            which = [place // count for place in part]
            soft = task.embedding[patches[which]]
            found[part] = activations(task, layer, soft, every[part])
    task.evaluations += layer / task.subject.layers * len(every)
    return found.view(len(patches), count, -1)


@dataclass(slots=True, kw_only=True)
class GuidedTask(Around):
    """A `ContextTask` whose losses are margins as the direction tells them; it fires by behaviour.

    It costs the share of layers that the direction needs.
    """

    by: Direction

    @property
    def name(self) -> str:
        """The task and the layer."""
        return f"{self.of.name}, guided by layer {self.by.layer}"

    def losses(self, patches: Any, contexts: Any) -> Any:
        """(P, C) margins as the direction tells them."""
        seen = _seen(self.of, self.by.layer, patches, contexts)
        return seen @ self.by.slope + self.by.offset[contexts]

    def slopes(self, patch: Any, contexts: Any) -> Any:
        """(k, vocabulary): the change of the told mean margin by a token, to first order."""
        import torch

        words = self.of.embedding
        soft = words[patch].detach().float().requires_grad_()
        total = torch.zeros_like(soft)
        self.of.evaluations += GRADIENT * self.by.layer / self.of.subject.layers * len(contexts)
        for part in chunks(self.of.short, contexts):
            chosen = contexts[part]
            spread = soft.expand(len(chosen), -1, -1)
            told = activations(self.of, self.by.layer, spread, chosen) @ self.by.slope
            total += torch.autograd.grad(told.sum(), soft)[0]
        mean = total / len(contexts)
        ahead = (mean.to(words.dtype) @ words.T).float()
        return ahead - (mean * soft.detach()).sum(-1, keepdim=True)
