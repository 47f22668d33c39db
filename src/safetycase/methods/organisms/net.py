"""The module of a small transformer that answers; it imports torch, so import it late.

Pre-norm blocks of attention and an MLP (Vaswani et al. 2017, arXiv:1706.03762, section 3, with
the norm before each block as in Xiong et al. 2020, arXiv:2002.04745).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - its name everywhere

__all__ = ["Answerer"]


class Answerer(nn.Module):  # type: ignore[misc]
    """Ids (n, length) to logits (n, answers); `pooling` says at which token it is read.

    `first` reads at the first token (as at a mark of the class), `last` at the last, `mean` the
    mean over tokens. What the last layer does at tokens that are not read is not computed.
    """

    def __init__(
        self,
        *,
        vocabulary: int,
        length: int,
        answers: int,
        width: int,
        layers: int,
        heads: int,
        hidden: int,
        pooling: str,
        causal: bool,
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.place = nn.Parameter(torch.empty(length, width))
        self.blocks = nn.ModuleList(
            Block(width=width, heads=heads, hidden=hidden, causal=causal) for _ in range(layers)
        )
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, answers)
        self.pooling = pooling

    def forward(self, ids: Any, *, embedded: Any = None) -> Any:
        """Logits of ids, or of embeddings (n, length, width) where ids is None."""
        return self.head(self.norm(self.residual(ids, embedded=embedded)))

    def residual(self, ids: Any, *, embedded: Any = None) -> Any:
        """What the last layer leaves where the answer is read: (n, width), before the norm."""
        return self.residuals(ids, embedded=embedded)[-1]

    def residuals(self, ids: Any, *, embedded: Any = None) -> list[Any]:
        """What enters each layer, (n, length, width), and what is read at the end, (n, width)."""
        states = [(self.embedding(ids) if embedded is None else embedded) + self.place]
        for block in self.blocks[:-1]:
            states.append(block(states[-1], self.all))
        pooled = self.blocks[-1](states[-1], self.read)
        return [*states, pooled.mean(1)]

    @property
    def all(self) -> slice:
        """All places."""
        return slice(None)

    @property
    def read(self) -> slice:
        """The places at which the answer is read."""
        last = self.place.shape[0] - 1
        chosen = {"first": slice(0, 1), "last": slice(last, last + 1), "mean": slice(None)}
        return chosen[self.pooling]


class Block(nn.Module):  # type: ignore[misc]
    """Attention, then an MLP, each added to what came in."""

    def __init__(self, *, width: int, heads: int, hidden: int, causal: bool) -> None:
        super().__init__()
        self.before_attention = nn.LayerNorm(width)
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)
        self.before_mlp = nn.LayerNorm(width)
        self.up = nn.Linear(width, hidden)
        self.down = nn.Linear(hidden, width)
        self.heads = heads
        self.causal = causal

    def forward(self, states: Any, places: slice) -> Any:
        """(n, places, width) from (n, length, width): the output at those places."""
        count, length, width = states.shape
        each = width // self.heads
        normed = self.before_attention(states)
        query = self.query(normed[:, places]).view(count, -1, self.heads, each).transpose(1, 2)
        pair = self.key_value(normed).view(count, length, 2, self.heads, each)
        key, value = pair.permute(2, 0, 3, 1, 4)
        scores = query @ key.transpose(2, 3) * each**-0.5
        if self.causal:
            seen = torch.ones(length, length, dtype=torch.bool, device=states.device).tril()
            scores = scores.masked_fill(~seen[places], float("-inf"))
        mixed = (scores.softmax(-1) @ value).transpose(1, 2).reshape(count, -1, width)
        found = states[:, places] + self.out(mixed)
        return found + self.down(F.gelu(self.up(self.before_mlp(found))))
