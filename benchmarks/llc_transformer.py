"""The transformer that estimators of local learning coefficients are timed on; needs torch alone.

Two pre-norm causal layers of width 64 with 4 heads and MLPs of 256, 64 tokens, 109,376 parameters,
trained by 600 steps of AdamW on a Markov chain of order one. Ours and peers in environments of
their own import this file.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

WORDS, WIDTH, HEADS, LENGTH = 64, 64, 4, 17
SEQUENCES, BATCH = 4096, 32


class Block(nn.Module):
    """Attention and a perceptron, each behind a norm."""

    def __init__(self) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.up, self.down = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        n, length, _ = x.shape
        heads = self.qkv(self.norm1(x)).view(n, length, 3, HEADS, WIDTH // HEADS)
        q, k, v = heads.permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(mixed.transpose(1, 2).reshape(n, length, WIDTH))
        return x + self.down(functional.gelu(self.up(self.norm2(x))))


class Transformer(nn.Module):
    """Token ids (n, t) to logits (n, t, 64)."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens, self.places = nn.Embedding(WORDS, WIDTH), nn.Embedding(LENGTH, WIDTH)
        self.blocks = nn.ModuleList(Block() for _ in range(2))
        self.norm, self.head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, WORDS, bias=False)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.tokens(ids) + self.places.weight[: ids.shape[1]]
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


def data(seed: int = 0) -> Tensor:
    """(4096, 17) sequences: after each word, four others with chances .7, .2, .05 and .05."""
    generator = torch.Generator().manual_seed(seed)
    after = torch.stack([torch.randperm(WORDS, generator=generator)[:4] for _ in range(WORDS)])
    chances = torch.tensor([0.7, 0.2, 0.05, 0.05])
    words = [torch.randint(WORDS, (SEQUENCES,), generator=generator)]
    for _ in range(LENGTH - 1):
        which = torch.multinomial(chances, SEQUENCES, replacement=True, generator=generator)
        words.append(after[words[-1], which])
    return torch.stack(words, 1)


def token_losses(module: nn.Module, ids: Tensor) -> Tensor:
    """(n, t − 1) losses of the next word."""
    logits = module(ids[:, :-1])
    flat = functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten(), reduction="none")
    return flat.view(len(ids), -1)


def trained(sequences: Tensor, steps: int = 600, seed: int = 0) -> Transformer:
    """The transformer after training on batches of 128."""
    torch.manual_seed(seed)
    module = Transformer()
    optimiser = torch.optim.AdamW(module.parameters(), lr=3e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.02, steps)
    for _ in range(steps):
        batch = sequences[torch.randint(len(sequences), (128,))]
        optimiser.zero_grad()
        token_losses(module, batch).mean().backward()
        optimiser.step()
        schedule.step()
    return module
