"""Changed weights: in random directions, in bases, and where the reward rises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from safetycase.methods.convergence.exploration.records import Effort, Trace
from safetycase.methods.convergence.exploration.weights import Search, Weights

__all__ = [
    "adversarial",
    "ascend",
    "curvature",
    "entropy",
    "isotropic",
    "natural",
    "normal",
    "unit",
]

LADDER = (1.0, 0.5, 0.25, 0.125, 0.0625)
"""Lengths at which a direction is tried, as parts of the longest."""
DAMPING = 1e-6
CHUNK = 256


def isotropic(weights: Weights, effort: Effort, generator: Any) -> Trace:
    """Gaussian directions of weights, at a ladder of lengths."""
    drawn = normal((effort.draws, len(weights.start)), generator)
    return _along(weights, drawn, effort, "isotropic")


def natural(weights: Weights, effort: Effort, generator: Any) -> Trace:
    """Directions in the eigenbasis of the Fisher information of the policy.

    Steps are longest where the policy changes least: covariance (F + λ)⁻¹, in the span of the
    directions that change the policy at all. Half of the draws are the eigenvectors themselves,
    flattest first. F = mean over states of Σ_a π(a) ∇log π(a) ∇log π(a)ᵀ (Amari 1998, Neural
    Computation 10:251).
    """
    slopes = weights.jacobian()
    basis = _span(slopes)
    states = len(weights.table)
    chances = weights.table.exp().reshape(-1, 1)
    inside = slopes @ basis
    fisher = inside.T @ (chances / states * inside)
    sizes, vectors = torch.linalg.eigh(fisher)
    sizes = sizes.clamp(min=0) + DAMPING * sizes.max().clamp(min=1e-300)
    axes = (basis @ vectors).T
    half = effort.draws // 2
    signed = torch.stack([axes, -axes], dim=1).reshape(-1, len(weights.start))[:half]
    mixed = normal((effort.draws - len(signed), len(sizes)), generator) / sizes.sqrt()
    return _along(weights, torch.cat([signed, mixed @ axes]), effort, "natural")


def curvature(weights: Weights, effort: Effort, generator: Any) -> Trace:
    """Both ways along the eigenvectors of the Hessian of the reward, most upward first."""
    del generator
    basis = _span(weights.jacobian())

    def at(inside: Tensor) -> Tensor:
        value: Tensor = weights.policy.value(weights.one(weights.start + basis @ inside))
        return value

    origin = torch.zeros(basis.shape[1], dtype=torch.float64)
    hessian = torch.func.jacrev(torch.func.grad(at))(origin)
    _, vectors = torch.linalg.eigh(hessian)
    axes = (basis @ vectors.flip(-1)).T
    signed = torch.stack([axes, -axes], dim=1).reshape(-1, len(weights.start))
    return _along(weights, signed[: effort.draws], effort, "curvature")


def adversarial(weights: Weights, effort: Effort, generator: Any) -> Trace:
    """Up the reward within the radius, from several starts, and towards each action in turn.

    Some starts lie at random, some where the policy's entropy was raised first. Steps have a set
    length, whatever that of the gradient: a plateau does not stop them.
    """
    search = Search(weights)
    radius = effort.radius * weights.norm
    noise = unit(normal((effort.restarts, len(weights.start)), generator))
    starts = weights.start + noise * radius * torch.linspace(0, 0.5, effort.restarts)[:, None]

    ascend(weights, starts, reward, effort.steps, radius, search)
    spread = ascend(weights, starts, entropy, max(2, effort.steps // 4), radius, search)
    ascend(weights, spread, reward, effort.steps, radius, search)
    _towards_each(weights, effort.steps, radius, search)
    return search.trace("adversarial")


def _towards_each(weights: Weights, steps: int, radius: float, search: Search) -> None:
    """Make each action of each state likely in turn; then the ways that paid, all at once."""
    states, actions = weights.table.shape
    towards = torch.eye(states * actions, dtype=torch.float64).reshape(-1, states, actions)
    paying = torch.zeros_like(weights.start)
    for part in towards.split(CHUNK):

        def likely(vectors: Tensor, tables: Tensor, values: Tensor, part: Tensor = part) -> Tensor:
            del vectors, values
            return (tables * part).sum((-2, -1))

        starts = weights.start.expand(len(part), -1)
        ends = ascend(weights, starts, likely, max(4, steps // 2), radius, search)
        with torch.no_grad():
            more = weights.policy.value(weights.tables(ends)) > weights.reward
            paying += (ends - weights.start)[more].sum(0)
    lengths = radius * torch.tensor(LADDER, dtype=torch.float64)[:, None]
    together = weights.start + lengths * unit(paying[None])
    ascend(weights, together, reward, steps, radius, search, radius / steps, adaptive=True)


def reward(vectors: Tensor, tables: Tensor, values: Tensor) -> Tensor:
    """The objective that is the reward (n,) itself."""
    del vectors, tables
    return values


def entropy(vectors: Tensor, tables: Tensor, values: Tensor) -> Tensor:
    """The objective that is the mean entropy (n,) of the policy over its states, in nats."""
    del vectors, values
    return -(tables.exp() * tables).sum(-1).mean(-1)


def ascend(
    weights: Weights,
    vectors: Tensor,
    objective: Callable[[Tensor, Tensor, Tensor], Tensor],
    steps: int,
    radius: float,
    search: Search,
    length: float | None = None,
    *,
    adaptive: bool = False,
) -> Tensor:
    """Vectors (n, d) after steps of shrinking length up the objective, kept within the radius.

    `objective` maps vectors (n, d), their tables (n, S, A) and rewards (n,) to numbers (n,). The
    first step is `length`, twice the radius over the number of steps if left out. With `adaptive`
    the direction is that of Adam (Kingma and Ba 2015, arXiv:1412.6980), whose step in each weight
    does not depend on how steep the objective is there.
    """
    first = 2.0 * radius / steps if length is None else length
    mean, square = torch.zeros_like(vectors), torch.zeros_like(vectors)
    for step in range(steps):
        vectors = vectors.detach().requires_grad_(True)
        tables = weights.tables(vectors)
        values = weights.policy.value(tables)
        (slope,) = torch.autograd.grad(objective(vectors, tables, values).sum(), [vectors])
        with torch.no_grad():
            search.see(vectors, tables, values, 3.0)
            now = first * (1.0 - step / steps)
            if adaptive:
                slope = torch.nan_to_num(slope, nan=0.0, posinf=0.0, neginf=0.0)
                mean, square = 0.9 * mean + 0.1 * slope, 0.99 * square + 0.01 * slope**2
                slope = mean / (square / (1 - 0.99 ** (step + 1))).sqrt().clamp(min=1e-150)
            away = vectors + now * unit(slope) - weights.start
            long = away.norm(dim=-1, keepdim=True).clamp(min=1e-300)
            vectors = weights.start + away * (radius / long).clamp(max=1.0)
    with torch.no_grad():
        tables = weights.tables(vectors)
        search.see(vectors, tables, weights.policy.value(tables), 1.0)
    return vectors


def _along(weights: Weights, directions: Tensor, effort: Effort, test: str) -> Trace:
    """The rewards at a ladder of lengths along directions (n, d)."""
    search = Search(weights)
    ladder = effort.radius * weights.norm * torch.tensor(LADDER, dtype=torch.float64)
    lengths = ladder[torch.arange(len(directions)) % len(ladder)]
    if test != "isotropic":  # few directions: each at every length
        directions = directions.repeat_interleave(len(ladder), 0)[: effort.draws]
        lengths = ladder[torch.arange(len(directions)) % len(ladder)]
    with torch.no_grad():
        vectors = weights.start + unit(directions) * lengths[:, None]
        for part in vectors.split(CHUNK):
            tables = weights.tables(part)
            search.see(part, tables, weights.policy.value(tables), 1.0)
    return search.trace(test)


def _span(slopes: Tensor) -> Tensor:
    """An orthonormal basis (d, r) of the directions that change the policy to first order."""
    _, sizes, rows = torch.linalg.svd(slopes, full_matrices=False)
    return rows[sizes > 1e-9 * sizes.max().clamp(min=1e-300)].T


def unit(vectors: Tensor) -> Tensor:
    """Each (d,) of (n, d) at length 1; what has no length, or is no number, stays at 0."""
    vectors = torch.nan_to_num(vectors, nan=0.0, posinf=0.0, neginf=0.0)
    largest = vectors.abs().amax(-1, keepdim=True)
    scaled = vectors / largest.clamp(min=1e-300)
    return scaled / scaled.norm(dim=-1, keepdim=True).clamp(min=1e-300)


def normal(shape: tuple[int, ...], generator: Any) -> Tensor:
    """Standard normal numbers by the generator, in double precision."""
    return torch.randn(shape, generator=generator, dtype=torch.float64)
