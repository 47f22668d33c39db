"""Polynomials over prime fields, of low degree in each variable, by their values on a grid.

A polynomial of degree at most d in each of n variables is given by its values on {0, …, d}ⁿ, the
first variable slowest. Their sums over {0, 1}ⁿ are what sum-check proves.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Polynomial", "interpolated", "is_prime", "random_polynomial"]

MOST_VALUES = 1_000_000


def is_prime(number: int) -> bool:
    """Whether it is prime, by trial division."""
    if number < 2:
        return False
    return all(number % divisor for divisor in range(2, int(number**0.5) + 1))


@dataclass(frozen=True, slots=True)
class Polynomial:
    """`table`: the (degree + 1)^variables values on the grid, each from 0 to field − 1."""

    field: int
    degree: int
    variables: int
    table: tuple[int, ...]

    def __post_init__(self) -> None:
        if not is_prime(self.field) or not 1 <= self.degree < self.field:
            raise ValueError(
                f"a field of {self.field} elements and the degree {self.degree}: the field has a "
                "prime number of elements, above the degree, which is at least 1"
            )
        if self.variables < 0 or len(self.table) != (self.degree + 1) ** self.variables:
            raise ValueError(f"{len(self.table)} values for {self.variables} variables")
        if not all(0 <= value < self.field for value in self.table):
            raise ValueError("a value lies outside the field")

    def fixed(self, value: int) -> Polynomial:
        """The polynomial in the other variables, with the first one set."""
        part = len(self.table) // (self.degree + 1)
        weights = _weights(self.field, self.degree, value)
        table = tuple(
            sum(w * self.table[j * part + i] for j, w in enumerate(weights)) % self.field
            for i in range(part)
        )
        return Polynomial(self.field, self.degree, self.variables - 1, table)

    def at(self, point: Sequence[int]) -> int:
        """The value at a point of Fⁿ."""
        left = self
        for value in point:
            left = left.fixed(value)
        if left.variables:
            raise ValueError(f"{len(point)} coordinates for {self.variables} variables")
        return left.table[0]

    def cube_sum(self) -> int:
        """The sum over {0, 1}ⁿ."""
        table, size = self.table, len(self.table)
        for _ in range(self.variables):
            size //= self.degree + 1
            table = tuple((table[i] + table[size + i]) % self.field for i in range(size))
        return table[0]

    def first_sums(self) -> tuple[int, ...]:
        """The sums over the other variables in {0, 1}, for the first one at 0, …, d."""
        part = len(self.table) // (self.degree + 1)
        return tuple(
            Polynomial(
                self.field, self.degree, self.variables - 1, self.table[j * part : (j + 1) * part]
            ).cube_sum()
            for j in range(self.degree + 1)
        )


def interpolated(field: int, values: Sequence[int], point: int) -> int:
    """The value at a point of the polynomial with these values at 0, …, d."""
    weights = _weights(field, len(values) - 1, point)
    return sum(w * v for w, v in zip(weights, values, strict=True)) % field


def _weights(field: int, degree: int, point: int) -> list[int]:
    """Lagrange's: by how much the value at each of 0, …, d counts at the point."""
    weights = []
    for j in range(degree + 1):
        above, below = 1, 1
        for i in range(degree + 1):
            if i != j:
                above = above * (point - i) % field
                below = below * (j - i) % field
        weights.append(above * pow(below, -1, field) % field)
    return weights


def random_polynomial(field: int, degree: int, variables: int, seed: int) -> Polynomial:
    """Every value on the grid uniform in the field."""
    size = (degree + 1) ** variables
    if size > MOST_VALUES:
        raise ValueError(f"{size:,} values are too many; ask for fewer variables")
    draw = random.Random(f"{field} {degree} {variables} {seed}")  # noqa: S311
    return Polynomial(field, degree, variables, tuple(draw.randrange(field) for _ in range(size)))
