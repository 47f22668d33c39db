"""What a perfect sampler gives at finite nβ and γ, by quadrature: nβ·E[K], not its limit λ.

The two differ: at nβ = 100 the crossing w1²·w2² is worth less than 0.4, and λ = 0.5. Where some of
the weights are Gaussian given the others, they are integrated out by hand.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Floats = np.ndarray[Any, np.dtype[np.float64]]

__all__ = ["crossing", "product", "rank_one", "separable"]

SMALL = 1e-9
REACH = 9.0


def _positive(gamma: float, points: int, beyond: float = 0.0) -> tuple[Floats, Floats]:
    """(x, weights) on (0, ∞) for what falls off by γ beyond `beyond`: a trapezoid in log x."""
    import numpy as np

    last = math.log(beyond + REACH / math.sqrt(gamma))
    u = np.linspace(math.log(SMALL), last, points)
    x = np.exp(u)
    return x, x * (u[1] - u[0])


def _mean(log_density: Floats, value: Floats, weights: Floats) -> float:
    import numpy as np

    density = np.exp(log_density - log_density.max()) * weights
    return float((density * value).sum() / density.sum())


def separable(powers: Sequence[int], nbeta: float, gamma: float) -> float:
    """nβ·E[Σ w_i^(2k_i)] around 0."""
    x, weights = _positive(gamma, 2000)
    total = 0.0
    for power in powers:
        value = nbeta * x ** (2 * power)
        total += _mean(-value - gamma / 2 * x**2, value, weights)
    return total


def crossing(powers: tuple[int, int], nbeta: float, gamma: float) -> float:
    """nβ·E[x^(2a)·y^(2b)] around 0."""
    import numpy as np

    x, weights = _positive(gamma, 800)
    value = nbeta * np.outer(x ** (2 * powers[0]), x ** (2 * powers[1]))
    held = gamma / 2 * (x[:, None] ** 2 + x[None, :] ** 2)
    return _mean(-value - held, value, np.outer(weights, weights))


def product(target: float, curvature: float, nbeta: float, gamma: float) -> float:
    """nβ·E[K] of K = curvature/2·(a·b − target)² around a = b = √target; b is integrated out."""
    import numpy as np

    root, stiff = math.sqrt(target), nbeta * curvature
    right, weights = _positive(gamma, 2000, root)
    a, both = np.concatenate([-right[::-1], right]), np.concatenate([weights[::-1], weights])
    precision = stiff * a**2 + gamma
    centre = (stiff * target * a + gamma * root) / precision
    log_density = (precision * centre**2 - np.log(precision) - gamma * (a - root) ** 2) / 2
    value = stiff / 2 * ((centre * a - target) ** 2 + a**2 / precision)
    return _mean(log_density, value, both)


def rank_one(inputs: int, outputs: int, nbeta: float, gamma: float) -> float:
    """nβ·E[K] of reduced-rank regression over one hidden unit, at a true map b·aᵀ of unit vectors.

    K = ½·|b·aᵀ − b0·a0ᵀ|². The output weights are integrated out; what is left of the input
    weights is their part along a0, and the length of the rest.
    """
    import numpy as np

    right, weights = _positive(gamma, 700, 1.0)
    along, both = np.concatenate([-right[::-1], right]), np.concatenate([weights[::-1], weights])
    across, rest = _positive(gamma, 500)
    p, q = along[:, None], across[None, :]
    square = p**2 + q**2
    precision = nbeta * square + gamma
    centre = (nbeta * p + gamma) / precision
    log_density = (
        precision * centre**2 - outputs * np.log(precision) - gamma * ((p - 1) ** 2 + q**2)
    ) / 2
    value = ((centre * p - 1) ** 2 + centre**2 * q**2 + outputs * square / precision) / 2
    measure = np.outer(both, rest * across ** (inputs - 2))
    return _mean(log_density, nbeta * value, measure)
