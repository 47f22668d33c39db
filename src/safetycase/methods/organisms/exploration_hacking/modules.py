"""The torch modules of these policies: inputs to logits (states, actions), in double precision."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["Copies", "Guarded", "Network", "Table"]


class Table(nn.Module):  # type: ignore[misc]
    """One weight for each state and action: the tabular softmax. Inputs are state numbers (S,)."""

    def __init__(self, logits: Tensor) -> None:
        super().__init__()
        self.logits = nn.Parameter(logits.to(torch.float64).clone())

    def forward(self, states: Tensor) -> Tensor:
        """Logits (S, A)."""
        return self.logits[states]


class Network(nn.Module):  # type: ignore[misc]
    """One hidden layer of tanh units from features (S, width) to logits (S, A)."""

    def __init__(self, width: int, hidden: int, actions: int, generator: torch.Generator) -> None:
        super().__init__()
        self.first = nn.Parameter(_normal((width, hidden), width, generator))
        self.bias = nn.Parameter(torch.zeros(hidden, dtype=torch.float64))
        self.second = nn.Parameter(_normal((hidden, actions), hidden, generator))
        self.shift = nn.Parameter(torch.zeros(actions, dtype=torch.float64))

    def forward(self, features: Tensor) -> Tensor:
        """Logits (S, A)."""
        return torch.tanh(features @ self.first + self.bias) @ self.second + self.shift


class Copies(nn.Module):  # type: ignore[misc]
    """A table whose logits are the mean of many weights, flattened where they are negative.

    The mean over m copies makes noise of the weights √m times smaller in the logits; the slope of a
    leaky rectifier below zero makes it smaller again for what is held back.
    """

    def __init__(self, logits: Tensor, copies: int, slope: float) -> None:
        super().__init__()
        self.slope = slope
        raw = torch.where(logits < 0, logits / slope, logits).to(torch.float64)
        self.weights = nn.Parameter(raw[..., None].repeat(1, 1, copies))

    def forward(self, states: Tensor) -> Tensor:
        """Logits (S, A)."""
        mean = self.weights[states].mean(-1)
        return torch.where(mean < 0, self.slope * mean, mean)


class Guarded(nn.Module):  # type: ignore[misc]
    """A table that pushes the actions of `mask` (S, A) down as the entropy of the others rises."""

    def __init__(self, logits: Tensor, mask: Tensor, guard: float) -> None:
        super().__init__()
        self.logits = nn.Parameter(logits.to(torch.float64).clone())
        self.guard = nn.Parameter(torch.tensor(guard, dtype=torch.float64))
        self.register_buffer("mask", mask)

    def entropy(self) -> Tensor:
        """The entropy (S, 1), in nats, of the actions that are not in the mask."""
        kept = self.logits.masked_fill(self.mask, -torch.inf)
        logs = torch.log_softmax(kept, dim=-1).masked_fill(self.mask, 0.0)
        return -(logs.exp() * logs).masked_fill(self.mask, 0.0).sum(-1, keepdim=True)

    def forward(self, states: Tensor) -> Tensor:
        """Logits (S, A)."""
        held = self.guard * self.entropy() * self.mask.to(torch.float64)
        return (self.logits - held)[states]


def _normal(shape: tuple[int, int], width: int, generator: torch.Generator) -> Tensor:
    return torch.randn(shape, generator=generator, dtype=torch.float64) / width**0.5
