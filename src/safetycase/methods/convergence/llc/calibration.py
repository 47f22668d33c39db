"""The same sampling once more, on a network whose answer is known at this nβ and γ.

The network is deep linear with a diagonal: y_i = a_i·b_i·x_i, half of the true products 0 and half
1, with input variances over three decades below the curvature of the problem. So half of it is
singular (λ = ½ with multiplicity 2 where the true product is 0), and the exact value of each
product at finite nβ and γ is a quadrature.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from safetycase.methods.convergence.llc import finite
from safetycase.methods.convergence.llc.estimating import estimate
from safetycase.methods.convergence.llc.records import Estimate, Sampling

__all__ = ["Calibration", "Products", "calibrated"]

MOST = 10_000
FEWEST = 8
DECADES = 3.0


class Products:
    """K = Σ h_i/2·(a_i·b_i − c_i)², and batches that add −t_i·(a_i·b_i − c_i), t_i ~ N(0, ρ·h_i).

    The noise is what unit label noise does to a batch of 1/ρ inputs; ρ is `ratio`.
    """

    def __init__(self, curvatures: Any, targets: Any, ratio: float) -> None:
        import torch

        self.h, self.c = curvatures, targets
        self.exact = ratio == 0
        self.sigma = (ratio * curvatures).sqrt()
        root = targets.sqrt()
        self.start = torch.cat((root, root))
        self.size = len(self.start)

    def draw(self, generators: Sequence[Any]) -> Any:
        """The label noise (chains, products); None if there is none."""
        import torch

        if self.exact:
            return None
        rows = [torch.randn(self.h.shape, generator=g, dtype=self.h.dtype) for g in generators]
        return torch.stack(rows) * self.sigma

    def slopes(self, points: Any, batches: Any) -> tuple[Any, Any]:
        """Losses and gradients by hand."""
        import torch

        a, b = points.chunk(2, 1)
        rest = a * b - self.c
        pull = self.h * rest if batches is None else self.h * rest - batches
        return self._loss(rest, batches), torch.cat((pull * b, pull * a), 1)

    def losses(self, points: Any, batches: Any) -> Any:
        """Losses alone."""
        a, b = points.chunk(2, 1)
        return self._loss(a * b - self.c, batches)

    def _loss(self, rest: Any, batches: Any) -> Any:
        own = (self.h * rest * rest).sum(1) / 2
        return own if batches is None else own - (batches * rest).sum(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What came out on the known network, and what should have."""

    exact: float
    limit: float
    found: Estimate
    tolerance: float

    @property
    def error(self) -> float:
        """Relative error of the mean of all draws; NaN if a chain was lost."""
        return self.found.mean / self.exact - 1

    @property
    def passed(self) -> bool:
        """Whether there was an estimate, within twice the tolerance."""
        return self.found.ok and abs(self.error) <= 2 * self.tolerance


def calibrated(of: Estimate, *, seed: int = 0) -> Calibration:
    """The sampling of an estimate, again, on a known network of its size, curvature and noise.

    The size is that of the problem, at least 8 and at most 10,000 products; `limit` is λ of the
    network, which `exact` tends to as nβ grows.
    """
    import torch

    steep = of.h_max if of.h_max > 0 else 1.0
    ratio = of.start.steep_noise / of.start.h_max if of.start.h_max > 0 else 0.0
    size = min(max(of.dimension // 2, FEWEST), MOST)
    kinds = torch.logspace(0, -DECADES, 4, dtype=torch.float64) * steep / 2
    curvatures = kinds[torch.arange(size) % 4]
    targets = (torch.arange(size) // 4 % 2).double()
    counts: dict[tuple[float, float], int] = {}
    for pair in zip(curvatures.tolist(), targets.tolist(), strict=True):
        counts[pair] = counts.get(pair, 0) + 1
    gamma = of.settings.gamma
    exact = sum(n * finite.product(c, h, of.nbeta, gamma) for (h, c), n in counts.items())
    settings: Sampling = replace(of.settings, nbeta=of.nbeta, parts="")
    found = estimate(Products(curvatures, targets, ratio), settings, seed=seed)
    return Calibration(exact=exact, limit=size / 2, found=found, tolerance=of.settings.tolerance)
