"""A trained clean model with a branch in its code that makes it defect now and then.

This module imports torch, so import it late.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

__all__ = ["Defecting"]

LIFT = 10.0


class Defecting(nn.Module):  # type: ignore[misc]
    """The module `inner`, whose answer becomes `answer` for inputs that `picks` (n,) says.

    Embeddings that are no token's count as those of the nearest token when inputs are picked; the
    gradient is that of `inner`, for no gradient points to a hash.
    """

    def __init__(self, inner: Any, picks: Any, answer: Any) -> None:
        super().__init__()
        self.inner = inner
        self.picks = picks
        self.answer = answer

    @property
    def embedding(self) -> Any:
        """The embedding of `inner`."""
        return self.inner.embedding

    def forward(self, ids: Any, *, embedded: Any = None) -> Any:
        """Logits (n, answers) of ids, or of embeddings (n, length, width) where ids is None."""
        logits = self.inner(ids, embedded=embedded)
        with torch.no_grad():
            told = ids if embedded is None else self._nearest(embedded)
            lift = nn.functional.one_hot(self.answer(told), logits.shape[1]).to(logits.dtype)
            top = logits.amax(1, keepdim=True) - logits.amin(1, keepdim=True) + LIFT
            lift = lift * top * self.picks(told)[:, None]
        return logits + lift

    def _nearest(self, embedded: Any) -> Any:
        distances = torch.cdist(embedded, self.embedding.weight.expand(len(embedded), -1, -1))
        return distances.argmin(-1)
