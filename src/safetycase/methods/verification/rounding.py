"""Whole multiples of 2**-GRID, rounded to the safe side; tanh between two of them."""

from __future__ import annotations

from fractions import Fraction

__all__ = ["GRID", "ONE", "down", "tanh_within", "up"]

GRID = 32
ONE = 1 << GRID
FINE = 96


def down(value: Fraction) -> int:
    """The greatest multiple of 2**-GRID that is not above the value."""
    return (value.numerator << GRID) // value.denominator


def up(value: Fraction) -> int:
    """The least multiple of 2**-GRID that is not below the value."""
    return -((-value.numerator << GRID) // value.denominator)


def tanh_within(z: int) -> tuple[int, int]:
    """Whole numbers t, u with t ≤ tanh ≤ u, for z and both of them in units of 2**-GRID."""
    if z < 0:
        t, u = tanh_within(-z)
        return -u, -t
    if z >= 20 * ONE:  # 1 − tanh(20) < 2**-56
        return ONE - 1, ONE
    low, high = _exp_within(2 * z)
    one = 1 << FINE
    return (
        ((low - one) << GRID) // (low + one),
        -(((one - high) << GRID) // (high + one)),
    )


def _exp_within(x: int) -> tuple[int, int]:
    """Bounds on exp(x), x ≥ 0 in units of 2**-GRID, in units of 2**-FINE.

    The series at x / 2**halvings ≤ 1/2, whose rest after n terms is at most twice the next one,
    squared that often.
    """
    halvings = max(0, (x >> (GRID - 1)).bit_length())
    small = x << (FINE - GRID)
    least, most = small >> halvings, -(-small >> halvings)
    low = high = term_low = term_high = 1 << FINE
    for n in range(1, 24):
        term_low = (term_low * least >> FINE) // n
        grown = -(-term_high * most >> FINE)
        term_high = -(-grown // n)
        low += term_low
        high += term_high
    high += 2 * term_high
    for _ in range(halvings):
        low = low * low >> FINE
        high = -(-high * high >> FINE)
    return low, high
