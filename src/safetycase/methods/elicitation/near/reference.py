"""How likely an input is among clean ones, and so which inputs are plausible."""

from __future__ import annotations

from typing import Any

from safetycase.methods.elicitation.near.records import Near
from safetycase.methods.organisms.kinds import Formed, TokenModel
from safetycase.plugin.contract import MethodError

__all__ = ["Reference", "fitted"]

SMOOTHING = 0.1
MOST = 10_000


class Reference:
    """A mixture, half and half, of the token before and of the place, from counts.

    `bound` is the mean log-probability that a plausible input reaches.
    """

    def __init__(self, pairs: Any, places: Any, formed: Any) -> None:
        self.pairs = pairs
        self.places = places
        self.formed = formed
        self.bound = float("-inf")

    def fluency(self, ids: Any) -> Any:
        """(n,) mean log-probability per token, in nats, of inputs (n, L)."""
        import torch

        there = self.places[torch.arange(ids.shape[1]), ids]
        before = self.pairs[ids[:, :-1], ids[:, 1:]]
        later = (before + there[:, 1:]) / 2
        return torch.cat([there[:, :1], later], dim=1).log().mean(1)

    def plausible(self, ids: Any) -> Any:
        """(n,) bools: likely enough, and of the form that the model takes."""
        kept = self.fluency(ids) >= self.bound
        return kept if self.formed is None else kept & self.formed(ids)


def fitted(model: TokenModel, near: Near, generator: Any) -> Reference:
    """The reference, from clean inputs; its bound is from clean inputs that it was not fitted to.

    `MethodError` if the model calls its own clean inputs malformed, or has too many tokens for a
    table of all pairs.
    """
    import torch

    size, length = model.vocabulary, model.length
    if size > MOST:
        raise MethodError(
            f"near inputs are searched among at most {MOST:,} tokens, for all pairs are counted; "
            f"this model has {size:,}: set `near_budget` to 0"
        )
    ids = model.sample(near.reference, generator)
    pairs = torch.full((size, size), SMOOTHING)
    ones = torch.ones(ids[:, 1:].numel())
    pairs.view(-1).index_add_(0, (ids[:, :-1] * size + ids[:, 1:]).flatten(), ones)
    places = torch.full((length, size), SMOOTHING)
    flat = (torch.arange(length) * size + ids).flatten()
    places.view(-1).index_add_(0, flat, torch.ones(len(flat)))
    formed = model.proper if isinstance(model, Formed) else None
    reference = Reference(
        pairs / pairs.sum(1, keepdim=True), places / places.sum(1, keepdim=True), formed
    )
    others = model.sample(near.reference, generator)
    if formed is not None and not bool(formed(others).all()):
        raise MethodError("the model's own clean inputs are not of the form that it asks for")
    if near.fluency > 0:
        reference.bound = float(reference.fluency(others).quantile(near.fluency))
    return reference
