"""Learning coefficients that are known in closed form: what an estimator is held to.

λ is the exponent and m the multiplicity of the volume of {w near w*: K(w) < ε} ~ ε^λ·(−log ε)^(m−1)
(Watanabe 2009, Algebraic Geometry and Statistical Learning Theory).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

__all__ = [
    "Known",
    "deep_linear",
    "langevin_quadratic",
    "normal_crossing",
    "reduced_rank",
    "regular",
    "separable",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """λ and its multiplicity m."""

    coefficient: Fraction
    multiplicity: int


def separable(powers: Sequence[int]) -> Known:
    """K = Σ w_i^(2k_i): λ = Σ 1/(2k_i)."""
    return Known(coefficient=sum((Fraction(1, 2 * k) for k in powers), Fraction(0)), multiplicity=1)


def normal_crossing(powers: Sequence[int], prior: Sequence[int] = ()) -> Known:
    """K = Π w_j^(2k_j) under a prior ∝ Π |w_j|^(h_j): λ = min (h_j + 1)/(2k_j), m how many have it.

    Watanabe 2009, theorem 4.6. Powers of 0 stand for coordinates that K does not contain.
    """
    held = [*prior, *([0] * (len(powers) - len(prior)))]
    ratios = [Fraction(h + 1, 2 * k) for k, h in zip(powers, held, strict=True) if k > 0]
    least = min(ratios)
    return Known(coefficient=least, multiplicity=ratios.count(least))


def reduced_rank(inputs: int, outputs: int, hidden: int, rank: int) -> Known:
    """Regression y = B·A·x from `inputs` over `hidden` to `outputs`, at a true map of that `rank`.

    Aoyagi and Watanabe 2005, Neural Networks 18:924, main theorem.
    """
    m, n, h, r = inputs, outputs, hidden, rank
    if not 0 <= r <= min(m, n, h):
        raise ValueError(f"a map from {m} over {h} to {n} has no rank {r}")
    if m + h < n + r:
        return Known(coefficient=Fraction(h * m - h * r + n * r, 2), multiplicity=1)
    if n + h < m + r:
        return Known(coefficient=Fraction(h * n - h * r + m * r, 2), multiplicity=1)
    if m + n < h + r:
        return Known(coefficient=Fraction(m * n, 2), multiplicity=1)
    eight = -((h + r) ** 2) - m * m - n * n + 2 * (h + r) * (m + n) + 2 * m * n
    odd = (m + n + h + r) % 2
    return Known(coefficient=Fraction(eight + odd, 8), multiplicity=1 + odd)


def deep_linear(widths: Sequence[int], rank: int) -> Known:
    """A chain of linear layers of these widths (inputs first), at a true map of that `rank`.

    Aoyagi 2024, Consideration on the learning efficiency of multiple-layered neural networks with
    linear units, Neural Networks 172, theorem 1.
    """
    spare = sorted(width - rank for width in widths)
    if rank < 0 or spare[0] < 0:
        raise ValueError(f"layers of widths {tuple(widths)} have no rank {rank}")
    chosen = _binding(spare)
    count, total = len(chosen) - 1, sum(chosen)
    over = total - (math.ceil(total / count) - 1) * count
    pairs = (total**2 - sum(one**2 for one in chosen)) // 2
    coefficient = (
        Fraction(-(rank**2) + rank * (widths[0] + widths[-1]), 2)
        + Fraction(over * (count - over), 4 * count)
        - Fraction(count * (count - 1), 4) * Fraction(total, count) ** 2
        + Fraction(pairs, 2)
    )
    return Known(coefficient=coefficient, multiplicity=over * (count - over) + 1)


def _binding(spare: Sequence[int]) -> Sequence[int]:
    """The l + 1 narrowest layers with sum ≥ l · their widest and sum < l · any other."""
    for size in range(2, len(spare) + 1):
        chosen, rest = spare[:size], spare[size:]
        total, count = sum(chosen), size - 1
        if total >= count * chosen[-1] and all(total < count * one for one in rest):
            return chosen
    raise ValueError(f"no set of layers binds among {tuple(spare)}")


def regular(curvatures: Sequence[float], nbeta: float, gamma: float) -> float:
    """nβ·E[K] of K = ½ Σ h_i·w_i² under the localised density: ½ Σ nβ·h/(nβ·h + γ)."""
    return math.fsum(nbeta * h / (nbeta * h + gamma) / 2 for h in curvatures)


def langevin_quadratic(curvature: float, nbeta: float, gamma: float, step: float) -> float:
    """What plain Langevin steps give at rest for one such direction, their error included.

    w ← (1 − ε·a/2)·w + √ε·ξ with a = nβ·h + γ has the variance 1/(a·(1 − ε·a/4)): derived here.
    """
    stiff = nbeta * curvature + gamma
    if not 0 < step * stiff < 4:
        raise ValueError("steps with ε·(nβ·h + γ) of 4 and more do not come to rest")
    return nbeta * curvature / stiff / (1 - step * stiff / 4) / 2
