"""A proven upper bound of a bilinear program, from multipliers, whoever found them.

Take numbers Λ ≥ 0 for pairs of rows, α and β for the equalities and κ ≥ 0 for the couplings. For
every point of the set

    ξ'Wψ ≤ ξ' M ψ,   M = W + C'ΛD + P'α + βQ + Σ κ K,

where C holds x ≥ 0, the rows S and the box, D the same of the other player: each term added is a
sum of products of numbers that are not negative, or zero. M is worth M₀₀, because ξ₀ = ψ₀ = 1, and
what is left of the other entries: for a pair of sequences at most its positive part, for others
its size times the sizes of the variables. So any multipliers prove a bound, and bad ones prove a
bad one. The rounding of the sums is bounded by the usual γ = ku/(1 − ku) times the same sums in
absolute values (Higham 2002, §3.1) and added (the idea of Neumaier & Shcherbina 2004 for linear
programs; products of constraints are from Sherali & Adams 1990).
"""

from __future__ import annotations

import functools
import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from safetycase.methods.oversight.equilibria.program import Program

__all__ = ["Box", "Certificate", "Rows", "proven", "rows_of"]

UNIT = 2.0**-53


@dataclass(frozen=True, slots=True)
class Box:
    """Ranges of single plan entries: (player 0 or 1, sequence) → (low, high) inside [0, 1]."""

    ranges: tuple[tuple[int, int, float, float], ...] = ()

    def of(self, player: int, sequence: int) -> tuple[float, float]:
        """The range of one entry."""
        for who, at, low, high in self.ranges:
            if (who, at) == (player, sequence):
                return low, high
        return 0.0, 1.0

    def cut(self, player: int, sequence: int, point: float) -> tuple[Box, Box]:
        """The two halves at `point`."""
        low, high = self.of(player, sequence)
        rest = tuple(each for each in self.ranges if each[:2] != (player, sequence))
        return (
            Box((*rest, (player, sequence, low, point))),
            Box((*rest, (player, sequence, point, high))),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Certificate:
    """Multipliers: `products` by rows of C and D, `left` by P and ψ, `right` by ξ and Q."""

    box: Box
    products: Any
    left: Any
    right: Any
    couplings: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """C or D: first the plan's own entries, then the box, then the other rows."""

    matrix: Any
    plain: int
    boxed: int


def rows_of(program: Program, box: Box, player: int) -> Rows:
    """All rows of one player that are not negative, in that order."""
    from scipy.sparse import csr_matrix, vstack

    count = (program.m, program.n)[player]
    width = program.width[player]
    entries: list[tuple[int, int, float]] = []
    number = 0
    for who, at, low, high in box.ranges:
        if who == player and low > 0:
            entries += [(number, at, 1.0), (number, 0, -low)]
            number += 1
        if who == player and high < 1:
            entries += [(number, at, -1.0), (number, 0, high)]
            number += 1
    rows, columns, values = zip(*entries, strict=True) if entries else ((), (), ())
    boxed = csr_matrix((values, (rows, columns)), shape=(number, width))
    own = csr_matrix(([1.0] * count, (range(count), range(count))), shape=(count, width))
    others = (program.first_rows, program.second_rows)[player]
    return Rows(vstack([own, boxed, others], format="csr"), count, number)


def proven(program: Program, certificate: Certificate) -> float:
    """The bound that the multipliers prove; infinity where one of them is no number."""
    import numpy as np

    rows = [rows_of(program, certificate.box, player).matrix for player in (0, 1)]
    products = certificate.products.maximum(0)
    weights = [max(0.0, weight) for weight in certificate.couplings]
    terms = [
        (program.objective,),
        (rows[0].T, products, rows[1]),
        (program.first_equal.T, certificate.left),
        (certificate.right, program.second_equal),
        *((weight * each,) for weight, each in zip(weights, program.couplings, strict=True)),
    ]
    total, sizes = (_sum(terms, absolute) for absolute in (False, True))
    width = program.width
    steps = sum(width) + sum(each.shape[0] for each in rows) + len(terms) + 8
    steps += program.first_equal.shape[0] + program.second_equal.shape[0]
    error = steps * UNIT / (1 - steps * UNIT) * sizes
    reach = [np.ones(width[0]), np.ones(width[1])]
    reach[0][program.m :] = program.size
    reach[1][program.n :] = program.size
    slack = np.abs(total)
    slack[: program.m, : program.n] = np.maximum(total[: program.m, : program.n], 0)
    slack[0, 0] = 0.0
    spent = float(reach[0] @ (slack + error) @ reach[1])
    bound = float(total[0, 0]) + spent * (1 + 1e-9) + 1e-15
    return bound if np.isfinite(bound) else float("inf")


def _sum(terms: list[tuple[Any, ...]], absolute: bool) -> Any:
    """The sum of the products of factors, or of their absolute values."""
    made = [[abs(factor) if absolute else factor for factor in factors] for factors in terms]
    return sum(functools.reduce(operator.matmul, factors) for factors in made).toarray()
