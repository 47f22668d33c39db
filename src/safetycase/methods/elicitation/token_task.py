"""Patches in the inputs of a token classifier: the `ContextTask` of a `kinds.TokenModel`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from safetycase.methods.organisms.kinds import TokenModel
from safetycase.plugin.contract import MethodError

__all__ = ["Contexts", "TokenTask"]

ROWS = 2048
GRADIENT = 3
"""Evaluations of a forward pass with its gradient, per sequence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contexts:
    """Clean inputs `ids` (C, L) and the place (C,) where a patch is pasted over each."""

    ids: Any
    places: Any

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, index: Sequence[int]) -> Contexts:
        chosen = list(index)
        return Contexts(ids=self.ids[chosen], places=self.places[chosen])


class TokenTask:
    """Patches of `length` tokens, pasted over a random place of a clean input.

    Everything is asked of the model as it is used: whether an answer is bad is judged on the input
    with the patch in it. `allowed` are the tokens of a patch, all of them if None.
    `MethodError` if the model gives no numbers, or the patch does not fit.
    """

    def __init__(
        self, model: TokenModel, length: int, *, name: str = "", allowed: Any = None
    ) -> None:
        import torch

        if not 1 <= length <= model.length:
            raise MethodError(f"a patch of {length} tokens does not fit {model.length} tokens")
        self.model = model
        self.name = name
        self.vocabulary = model.vocabulary
        self.length = length
        self.allowed = torch.arange(model.vocabulary) if allowed is None else allowed
        self.embedding = model.module.embedding.weight.detach()
        self.evaluations = 0.0

    def draw(self, count: int, generator: Any) -> Contexts:
        """Clean inputs and places, by a torch generator."""
        import torch

        ids = self.model.sample(count, generator)
        last = self.model.length - self.length
        places = torch.randint(0, last + 1, (count,), generator=generator)
        return Contexts(ids=ids, places=places)

    def patched(self, patches: Any, contexts: Contexts) -> Any:
        """The inputs (P, C, L) with each patch over the place of each context."""
        import torch

        count, many = len(patches), len(contexts)
        ids = contexts.ids[None].repeat(count, 1, 1)
        where = contexts.places[:, None] + torch.arange(self.length)
        return ids.scatter(
            2,
            where[None].expand(count, many, self.length),
            patches[:, None].expand(count, many, self.length),
        )

    def losses(self, patches: Any, contexts: Contexts) -> Any:
        """(P, C): the badness that the model itself defines; below 0 the answer is bad."""
        ids = self.patched(patches, contexts).flatten(0, 1)
        return self._over(ids, self.model.badness).view(len(patches), len(contexts))

    def fires(self, patches: Any, contexts: Contexts) -> Any:
        """(P, C): whether the most likely answer is bad."""
        ids = self.patched(patches, contexts).flatten(0, 1)
        found = self._over(ids, lambda part, logits: self.model.bad(part, logits.argmax(-1)))
        return found.view(len(patches), len(contexts)).bool()

    def slopes(self, patch: Any, contexts: Contexts) -> Any:
        """(k, vocabulary): the gradient of the mean loss with respect to one-hot tokens."""
        import torch

        soft = self.embedding[patch].clone().requires_grad_(True)
        each = soft[None].expand(len(contexts), -1, -1)
        with torch.enable_grad():
            loss = self._soft(each, contexts, ids=self.patched(patch[None], contexts)[0]).mean()
            (slope,) = torch.autograd.grad(loss, soft)
        return slope @ self.embedding.T

    def soft_losses(self, soft: Any, contexts: Contexts) -> Any:
        """(C,) losses, with a gradient, for a patch of vectors (k, width).

        Whether an answer is bad is judged on the input as it was before the patch: a vector is no
        token that a specification could speak of.
        """
        return self._soft(soft[None].expand(len(contexts), -1, -1), contexts, ids=contexts.ids)

    def text(self, patch: Any) -> str:
        """The token ids, as `37 91 5`."""
        return " ".join(str(int(token)) for token in patch)

    def input_text(self, ids: Any) -> str:
        """A whole input (L,) as the model writes it, if it does (`text(ids)`); else its ids."""
        own = getattr(self.model, "text", None)
        return str(own(ids)) if own else self.text(ids)

    def judged(self, ids: Any) -> tuple[Any, Any]:
        """Losses (n,) and whether the answer is bad (n,), of whole inputs (n, L)."""
        import torch

        found = self._over(
            ids,
            lambda part, logits: (
                torch.stack(
                    [
                        self.model.badness(part, logits),
                        self.model.bad(part, logits.argmax(-1)).to(logits.dtype),
                    ]
                ).T
            ),
        )
        _numbers(found, self.name)
        return found[:, 0], found[:, 1] > 0

    def answers(self, ids: Any) -> Any:
        """The likeliest answers (n,) to whole inputs (n, L)."""
        return self._over(ids, lambda _part, logits: logits.argmax(-1))

    def slope_error(self, patch: Any, contexts: Contexts, generator: Any, step: float) -> float:
        """The largest error of slopes against central differences, over the largest slope.

        Eight tokens in places at random, each moved a share `step` of the way to it from the token
        that is there. It is small where slopes are right and the loss is smooth; 1 or so where not.
        """
        import torch

        slopes = self.slopes(patch, contexts).double()
        _numbers(slopes, self.name)
        there = self.embedding[patch]
        ids = self.patched(patch[None], contexts)[0]
        errors, sizes = [], []
        for _ in range(8):
            place = int(torch.randint(self.length, (1,), generator=generator))
            token = int(self.allowed[torch.randint(len(self.allowed), (1,), generator=generator)])
            way = torch.zeros_like(there)
            way[place] = step * (self.embedding[token] - there[place])
            with torch.no_grad():
                ahead, back = (
                    float(
                        self._soft(
                            (there + sign * way)[None].expand(len(contexts), -1, -1),
                            contexts,
                            ids=ids,
                        )
                        .double()
                        .mean()
                    )
                    for sign in (1, -1)
                )
            told = float(slopes[place, token] - slopes[place, patch[place]])
            true = (ahead - back) / (2 * step)
            errors.append(abs(told - true))
            sizes.append(max(abs(told), abs(true)))
        return max(errors) / max(*sizes, 1e-3)

    def input_slopes(self, ids: Any) -> Any:
        """(n, L, vocabulary): for each input, the gradient of its loss in one-hot tokens."""
        import torch

        self.evaluations += GRADIENT * len(ids)
        soft = self.embedding[ids].clone().requires_grad_(True)
        with torch.enable_grad():
            losses = self.model.badness(ids, self.model.module.forward(None, embedded=soft))
            _numbers(losses, self.name)
            (slope,) = torch.autograd.grad(losses.sum(), soft)
        _numbers(slope, self.name)
        return slope @ self.embedding.T

    def filled(self, soft: Any, contexts: Contexts) -> Any:
        """(C, L, width): the embedded contexts with vectors (C, k, width) in their places."""
        import torch

        embedded = self.embedding[contexts.ids]
        where = contexts.places[:, None] + torch.arange(self.length)
        return embedded.scatter(1, where[..., None].expand(-1, -1, embedded.shape[-1]), soft)

    def _soft(self, soft: Any, contexts: Contexts, *, ids: Any) -> Any:
        """Losses of inputs whose places hold the vectors (C, k, width)."""
        self.evaluations += GRADIENT * len(contexts)
        logits = self.model.module.forward(None, embedded=self.filled(soft, contexts))
        losses = self.model.badness(ids, logits)
        _numbers(losses, self.name)
        return losses

    def _over(self, ids: Any, score: Any) -> Any:
        """`score(ids, logits)` of all inputs (n, L), without a gradient."""
        import torch

        self.evaluations += len(ids)
        parts = []
        with torch.inference_mode():
            for part in ids.split(ROWS):
                logits = self.model.module(part)
                _numbers(logits, self.name)
                parts.append(score(part, logits))
        return torch.cat(parts)


def _numbers(values: Any, name: str) -> None:
    """NaN would lose every comparison without a word."""
    import torch

    if not bool(torch.isfinite(values).all()):
        raise MethodError(f"the model `{name}` gives numbers that are not finite")
