"""The mean rate of clustered items under a stated prior: hierarchical beta-binomial, no sampling.

Cluster i has its own rate, Beta with mean μ and intraclass correlation ρ, and kᵢ of nᵢ items of
it are successes, so that (Skellam 1948, JRSS-B 10:257; Gelman et al. 2013, BDA3, §5.3)

    P(kᵢ | μ, ρ) ∝ ∏_{j<kᵢ}(μ(1−ρ)+jρ) · ∏_{j<nᵢ−kᵢ}((1−μ)(1−ρ)+jρ) / ∏_{j<nᵢ}(1−ρ+jρ).

The prior is μ ~ Beta(a, b), the uniform one unless another is declared, and independently
ρ ~ Beta(c, d), uniform as well. The posterior of μ is summed over ρ on a grid that is refined
where the mass is. It is a posterior under this model and this prior: `Clustered` with `bounds`
assumes neither, and decides; this one stands beside it.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from safetycase.stats.inputs import counts, probability

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

    Array = NDArray[float64]

__all__ = ["UNIFORM", "BetaPrior", "RatePosterior", "rate_posterior"]

_MEAN_CELLS = 400
_RHO_CELLS = 80
_PASSES = 3  # each puts cells where the pass before found the mass
_SEEN = 1e-12  # of the largest cell
_STIRLING_FROM = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class BetaPrior:
    """A Beta(a, b) distribution on [0, 1]; a, b ≥ ½, below which the density has no finite grid."""

    a: float
    b: float

    def __post_init__(self) -> None:
        for name in ("a", "b"):
            if not 0.5 <= getattr(self, name) < math.inf:
                raise ValueError(f"{name} {getattr(self, name)!r} is not finite and at least 0.5")


UNIFORM = BetaPrior(a=1, b=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class RatePosterior:
    """The posterior of the mean rate μ: P(μ ≤ sin² t) = `below` on rising angles t, 0 to π/2."""

    angles: tuple[float, ...]
    below: tuple[float, ...]
    mean: float
    intraclass: float
    """The posterior mean of ρ."""

    def at_most(self, threshold: float) -> float:
        """P(μ ≤ threshold | data)."""
        probability(threshold, "threshold")
        return _interpolate(math.asin(math.sqrt(threshold)), self.angles, self.below)

    def quantile(self, level: float) -> float:
        """The μ that lies above a share `level` of the posterior."""
        probability(level, "level")
        return math.sin(_interpolate(level, self.below, self.angles)) ** 2


def rate_posterior(
    clusters: Iterable[tuple[int, int]],
    *,
    mean_prior: BetaPrior = UNIFORM,
    intraclass_prior: BetaPrior = UNIFORM,
) -> RatePosterior:
    """The posterior of the mean rate after (successes, items) of each cluster.

    Without clusters it is the prior. Accurate to about 1e-4 in probability; takes numpy.
    """
    import numpy as np

    rows = np.asarray([counts(k, n) for k, n in clusters], dtype=float).reshape(-1, 2)
    angles = np.linspace(0, math.pi / 2, _MEAN_CELLS + 1)
    roots = np.linspace(0, 1, _RHO_CELLS + 1)
    for _ in range(_PASSES):
        mass = _masses(rows, angles, roots, mean_prior, intraclass_prior)
        angles, roots = _placed(angles, mass.sum(axis=1)), _placed(roots, mass.sum(axis=0))
    mass = _masses(rows, angles, roots, mean_prior, intraclass_prior)
    of_mean, of_rho = mass.sum(axis=1), mass.sum(axis=0)
    return RatePosterior(
        angles=tuple(angles.tolist()),
        below=tuple(np.minimum(np.concatenate([[0.0], np.cumsum(of_mean)]), 1.0).tolist()),
        mean=float(of_mean @ np.sin(_middle(angles)) ** 2),
        intraclass=float(of_rho @ _middle(roots) ** 2),
    )


def _masses(
    rows: Array,
    angles: Array,
    roots: Array,
    mean_prior: BetaPrior,
    intraclass_prior: BetaPrior,
) -> Array:
    """The posterior on cells of t by cells of √ρ, adding up to one; μ = sin² t.

    Both are taken at the middle of the cell. Small ρ, and μ near 0 and 1, get more cells.
    """
    import numpy as np

    low, high = np.sin(_middle(angles)) ** 2, np.cos(_middle(angles)) ** 2
    root = _middle(roots)
    rho, rest = root**2, (1 - root) * (1 + root)
    of_mean = _log_beta(low, high, mean_prior) + 0.5 * np.log(low * high) + np.log(np.diff(angles))
    of_rho = _log_beta(rho, rest, intraclass_prior) + np.log(root * np.diff(roots))
    log_mass = _log_likelihood(rows, low[:, None], high[:, None], rho[None, :], rest[None, :])
    log_mass += of_mean[:, None] + of_rho
    mass: Array = np.exp(log_mass - log_mass.max())
    mass /= mass.sum()
    return mass


def _middle(edges: Array) -> Array:
    return (edges[1:] + edges[:-1]) / 2


def _placed(edges: Array, mass: Array) -> Array:
    """As many edges, at equal steps of a mixture of the mass so far and of even cells.

    A third of the cells is even over the whole axis and a third over the part with mass, so
    that what a coarse pass overlooked is still found by the next.
    """
    import numpy as np

    cells = len(mass)
    (near,) = np.nonzero(mass > mass.max() * _SEEN)
    part = edges[[max(0, near[0] - 1), min(cells, near[-1] + 2)]]
    wide = np.interp(edges, (edges[0], edges[-1]), (0, 1))
    narrow = np.interp(edges, part, (0, 1))
    below = (np.concatenate([[0.0], np.cumsum(mass)]) + wide + narrow) / 3
    placed = np.interp(np.linspace(0, below[-1], cells + 1), below, edges)
    placed[[0, -1]] = edges[[0, -1]]
    return placed


def _log_beta(low: Array, high: Array, prior: BetaPrior) -> Array:
    """The logarithm of the density of `prior` but for its constant, at low = 1 − high."""
    import numpy as np

    return (prior.a - 1) * np.log(low) + (prior.b - 1) * np.log(high)


def _log_likelihood(rows: Array, low: Array, high: Array, rho: Array, rest: Array) -> Array:
    """The log of the product over clusters, on a grid of μ = low = 1 − high and ρ = 1 − rest."""
    import numpy as np

    total = np.zeros(np.broadcast_shapes(low.shape, rho.shape))
    for start, lengths, sign in (
        (low * rest, rows[:, 0], 1),
        (high * rest, rows[:, 1] - rows[:, 0], 1),
        (rest, rows[:, 1], -1),
    ):
        total += sign * _log_rising(start, rho, lengths)
    return total


def _log_rising(start: Array, step: Array, lengths: Array) -> Array:
    """Σ over `lengths` of Σ_{j<length} ln(start + j·step)."""
    import numpy as np

    result = np.zeros(np.broadcast_shapes(start.shape, step.shape))
    for j in range(min(_STIRLING_FROM, int(lengths.max(initial=0)))):
        result += (lengths > j).sum() * np.log(start + j * step)
    begin = _STIRLING_FROM
    for length in np.unique(lengths[lengths > begin]):
        # The j in [begin, length) belong to every product that is at least as long.
        longer = (lengths >= length).sum()
        first, last = start / step + begin, start / step + length
        stretch = _log_gamma(last) - _log_gamma(first) + (length - begin) * np.log(step)
        result += longer * stretch
        begin = length
    return result


def _log_gamma(z: Array) -> Array:
    """The logarithm of Γ(z) for z ≥ 16 by Stirling's series; DLMF 5.11.1."""
    import numpy as np

    square = z * z
    series = (1 / 12 - (1 / 360 - (1 / 1260 - 1 / (1680 * square)) / square) / square) / z
    return (z - 0.5) * np.log(z) - z + 0.5 * math.log(2 * math.pi) + series


def _interpolate(at: float, xs: tuple[float, ...], ys: tuple[float, ...]) -> float:
    """The y at `at` between rising xs, straight between neighbours."""
    right = min(max(1, bisect_right(xs, at)), len(xs) - 1)
    width = xs[right] - xs[right - 1]
    part = (at - xs[right - 1]) / width if width > 0 else 1.0
    return ys[right - 1] + min(1.0, max(0.0, part)) * (ys[right] - ys[right - 1])
