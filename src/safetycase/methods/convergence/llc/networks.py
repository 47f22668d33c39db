"""Losses with a known learning coefficient, as surfaces of flat weights around a minimum."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from safetycase.methods.convergence.llc.surface import Formula

__all__ = ["crossing", "deep_linear_net", "separable_net"]


def separable_net(powers: Sequence[int]) -> Formula:
    """K = Σ w_i^(2k_i) at 0."""
    import torch

    exponents = torch.tensor([2 * k for k in powers], dtype=torch.float64)
    return Formula(lambda w: w.abs().pow(exponents).sum(1), torch.zeros_like(exponents))


def crossing(powers: Sequence[int]) -> Formula:
    """K = Π w_j^(2k_j) at 0."""
    import torch

    def loss(w: Any) -> Any:
        product = 1.0
        for column, power in enumerate(powers):
            product = product * w[:, column] ** (2 * power)
        return product

    return Formula(loss, torch.zeros(len(powers), dtype=torch.float64))


def deep_linear_net(widths: Sequence[int], rank: int) -> Formula:
    """K = ½·|W_L ⋯ W_1 − T|² for T with `rank` ones on its diagonal, at layers that are like it.

    That is the expected loss of regression with unit noise on inputs of unit covariance, without
    its constant. Two layers are reduced-rank regression.
    """
    import torch

    shapes = list(zip(widths[1:], widths[:-1], strict=True))

    def plain(rows: int, columns: int) -> Any:
        layer = torch.zeros(rows, columns, dtype=torch.float64)
        for one in range(rank):
            layer[one, one] = 1.0
        return layer

    target = plain(widths[-1], widths[0])
    sizes = [math.prod(shape) for shape in shapes]

    def loss(w: Any) -> Any:
        product = None
        for part, shape in zip(w.split(sizes, 1), shapes, strict=True):
            layer = part.view(-1, *shape)
            product = layer if product is None else layer @ product
        return (product - target).square().sum((1, 2)) / 2

    return Formula(loss, torch.cat([plain(*shape).reshape(-1) for shape in shapes]))
