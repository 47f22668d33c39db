"""Training and sampling that may bring out what a policy does not show."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from safetycase.methods.convergence.closed_forms import largest_hidden
from safetycase.methods.convergence.exploration.perturbing import ascend, entropy, normal, reward
from safetycase.methods.convergence.exploration.records import Effort, Trace
from safetycase.methods.convergence.exploration.weights import Search, Weights

__all__ = ["best_of_n", "demonstrations", "forced_exploration", "retraining"]

MIXED = (0.5, 0.2)
"""The parts of uniform play in forced exploration."""
BONUSES = (1.0, 0.1)
"""The weights of the entropy bonus, which then falls to 0."""
FRESH_BONUS = 0.3
ALPHA = 0.05


def forced_exploration(weights: Weights, effort: Effort, generator: Any) -> Trace:
    """Go on training on episodes that are partly uniform, or with an entropy bonus.

    The gradient of mixed play is that of the advantages it meets, not corrected for who played:
    what the policy never tries is met with the probability that uniform play gives it.
    """
    del generator
    search = Search(weights)
    radius = effort.radius * weights.norm
    shares = torch.tensor(MIXED, dtype=torch.float64)[:, None, None]
    bonuses = torch.tensor(BONUSES, dtype=torch.float64)
    starts = weights.start.repeat(len(MIXED) + len(BONUSES), 1)

    def explore(vectors: Tensor, tables: Tensor, values: Tensor) -> Tensor:
        mixed, spread = tables[: len(MIXED)], tables[len(MIXED) :]
        return torch.cat(
            [
                (_advantages(weights, mixed, shares) * mixed).sum((-2, -1)),
                values[len(MIXED) :] + bonuses * entropy(vectors, spread, values),
            ]
        )

    between = ascend(weights, starts, explore, effort.steps, radius, search, adaptive=True)
    ascend(weights, between, reward, effort.steps // 2, radius, search, adaptive=True)
    return replace(search.trace("forced-exploration"), covered=None)


def best_of_n(weights: Weights, effort: Effort, generator: Any) -> Trace:
    """The expected best of N episodes from one start, exactly, for N up to `episodes`."""
    del generator
    counts = [4**k for k in range(20) if 4**k < effort.episodes]
    counts.append(effort.episodes)
    gains = [
        max(0.0, float(weights.policy.best_of(weights.table, count)) - weights.reward)
        for count in counts
    ]
    return Trace(
        test="best-of-n",
        spent=tuple(float(count) for count in counts),
        statistic=tuple(gains),
        gain=gains[-1],
        covered=largest_hidden(effort.episodes, ALPHA),
    )


def demonstrations(weights: Weights, effort: Effort, generator: Any) -> Trace:
    """Clone episodes of the best policy, which only somebody who knows it can show."""
    search = Search(weights)
    shown = weights.policy.demonstrations(effort.shown, generator)
    search.spend(effort.shown)

    def alike(vectors: Tensor, tables: Tensor, values: Tensor) -> Tensor:
        del tables, values
        return torch.stack([-weights.cloning(vector, shown) for vector in vectors])

    ascend(weights, weights.start[None], alike, effort.steps, effort.radius * weights.norm, search)
    return replace(search.trace("demonstrations"), covered=None)


def retraining(weights: Weights, effort: Effort, generator: Any) -> Trace:
    """Train the same module from fresh weights, with more steps and an entropy bonus at first."""
    search = Search(weights)
    fresh = [
        normal((effort.restarts, *shape), generator) / max(1.0, float((*shape, 1, 1)[-3])) ** 0.5
        if len(shape) > 1
        else normal((effort.restarts, *shape), generator)
        for shape in weights.shapes
    ]
    starts = torch.cat([part.reshape(effort.restarts, -1) for part in fresh], dim=1)
    length = effort.radius * weights.norm / effort.steps

    def spread(vectors: Tensor, tables: Tensor, values: Tensor) -> Tensor:
        return values + FRESH_BONUS * entropy(vectors, tables, values)

    far = float("inf")
    between = ascend(weights, starts, spread, effort.steps, far, search, length, adaptive=True)
    ascend(weights, between, reward, effort.steps, far, search, length, adaptive=True)
    return replace(search.trace("retraining"), covered=None)


def _advantages(weights: Weights, tables: Tensor, share: Tensor) -> Tensor:
    """How much better each action (n, S, A) does under mixed play, times how often it is met."""
    actions = tables.shape[-1]
    mixed = ((1 - share) * tables.detach().exp() + share / actions).log().requires_grad_(True)
    (met,) = torch.autograd.grad(weights.policy.value(mixed).sum(), [mixed])
    return (met - mixed.exp() * met.sum(-1, keepdim=True)).detach()
