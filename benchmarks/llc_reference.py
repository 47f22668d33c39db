"""Values of deep linear networks at finite nβ and γ, from chains that share nothing with ours.

One layer is Gaussian given the others, and is integrated out by hand. Hamiltonian chains walk on
the others alone, and average the exact conditional mean of nβ·K. That is another density in other
coordinates with another estimator, and much less noise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

DOUBLE = torch.float64


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A value with the standard error of its mean over chains, and split R̂."""

    value: float
    error: float
    rhat: float


class Marginal:
    """Two or three layers of these widths at a target of this rank, without the second layer."""

    def __init__(self, widths: tuple[int, ...], rank: int, nbeta: float, gamma: float) -> None:
        self.widths, self.nbeta, self.gamma = widths, nbeta, gamma
        self.three = len(widths) == 4
        first, hidden, second = widths[0], widths[1], widths[2]
        self.target = plain(widths[-1], first, rank)
        self.held = plain(second, hidden, rank).reshape(-1)
        parts = [plain(hidden, first, rank).reshape(-1)]
        if self.three:
            parts.append(plain(widths[3], second, rank).reshape(-1))
        self.start = torch.cat(parts)

    def _given(self, points: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """(quadratic form of the layer, Cholesky of its precision, its mean, linear term)."""
        count, (first, hidden, second) = len(points), self.widths[:3]
        cut = first * hidden
        a = points[:, :cut].view(count, hidden, first)
        inner, left = a @ a.mT, torch.eye(second, dtype=DOUBLE).expand(count, -1, -1)
        pull = self.target @ a.mT
        if self.three:
            c = points[:, cut:].view(count, self.widths[3], second)
            left, pull = c.mT @ c, c.mT @ pull
        size = hidden * second
        form = (left[:, :, None, :, None] * inner[:, None, :, None, :]).reshape(count, size, size)
        linear = pull.reshape(count, -1)
        precision = self.nbeta * form + self.gamma * torch.eye(size, dtype=DOUBLE)
        root = torch.linalg.cholesky(precision)
        total = self.nbeta * linear + self.gamma * self.held
        mean = torch.cholesky_solve(total[..., None], root)[..., 0]
        return form, root, mean, linear

    def potential(self, points: Tensor) -> Tensor:
        """−log of the marginal density, without its constant."""
        _, root, mean, linear = self._given(points)
        total = self.nbeta * linear + self.gamma * self.held
        half = root.diagonal(dim1=1, dim2=2).log().sum(1)
        away = (points - self.start).square().sum(1)
        return half - (mean * total).sum(1) / 2 + self.gamma / 2 * away

    def energy(self, points: Tensor) -> Tensor:
        """E[nβ·K] over the layer that is integrated out."""
        form, root, mean, linear = self._given(points)
        fit = (mean[:, None] @ form @ mean[..., None])[:, 0, 0] - 2 * (mean * linear).sum(1)
        spread = torch.cholesky_solve(form, root).diagonal(dim1=1, dim2=2).sum(1)
        return self.nbeta / 2 * (fit + self.target.square().sum() + spread)


def plain(rows: int, columns: int, rank: int) -> Tensor:
    """Ones on the first places of the diagonal."""
    layer = torch.zeros(rows, columns, dtype=DOUBLE)
    for one in range(rank):
        layer[one, one] = 1.0
    return layer


def reference(
    widths: tuple[int, ...], rank: int, nbeta: float, gamma: float, *, chains: int, draws: int
) -> Reference:
    """Chains from near w*, a third of the draws as burn-in, 10 leapfrog steps on average."""
    marginal = Marginal(widths, rank, nbeta, gamma)
    generator = torch.Generator().manual_seed(0)

    def normal() -> Tensor:
        return torch.randn(chains, len(marginal.start), generator=generator, dtype=DOUBLE)

    def slope(at: Tensor) -> tuple[Tensor, Tensor]:
        leaf = at.detach().requires_grad_(True)
        value = marginal.potential(leaf)
        return value.detach(), torch.autograd.grad(value.sum(), leaf)[0]

    points = marginal.start + 0.02 * normal()
    value, gradient = slope(points)
    time, kept = 0.02, []
    for number in range(draws + draws // 3):
        speed = normal()
        before = value + speed.square().sum(1) / 2
        x, g, v = points, gradient, value
        for _ in range(int(torch.randint(1, 20, (), generator=generator))):
            speed = speed - time / 2 * g
            x = x + time * speed
            v, g = slope(x)
            speed = speed - time / 2 * g
        chance = (before - v - speed.square().sum(1) / 2).clamp(max=0).exp().nan_to_num(0.0)
        taken = torch.rand(chains, generator=generator, dtype=DOUBLE) < chance
        points = torch.where(taken[:, None], x, points)
        gradient, value = torch.where(taken[:, None], g, gradient), torch.where(taken, v, value)
        if number < draws // 3:
            time *= math.exp(2 * (float(chance.mean()) - 0.8) / (number + 4) ** 0.6)
        else:
            kept.append(marginal.energy(points))
    return _summed(torch.stack(kept))


def _summed(values: Tensor) -> Reference:
    from safetycase.methods.convergence.llc.diagnostics import split_rhat

    means = values.mean(0)
    error = float(means.std()) / math.sqrt(len(means))
    return Reference(value=float(means.mean()), error=error, rhat=split_rhat(values.T.tolist()))
