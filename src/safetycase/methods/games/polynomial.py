"""The risk of a constant rate as a polynomial in fractions, and a proof of where it is largest."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from math import comb
from typing import Any

from safetycase.methods.games.rates import rates_of
from safetycase.plugin.attackers import AuditGame

__all__ = ["at", "is_maximum", "risk_polynomial"]

Coefficients = list[Fraction]
DEPTH = 12


def risk_polynomial(game: AuditGame) -> Coefficients:
    """Coefficients of P(an attack gets through) in the attack rate β, lowest power first.

    The recursion of the game, on polynomials; for games in fractions, of a few dozen tasks.
    """
    r: Any = rates_of(game)
    zero, spent = Fraction(0), Fraction(r.passes_spent)
    left: list[Coefficients] = [[zero] for _ in range(game.audits + 1)]
    for _ in range(game.tasks):
        attacks = [_sum([spent], _times(1 - spent, left[0]))]
        waits = [left[0]]
        for c in range(1, len(left)):
            attacks.append(_sum([Fraction(r.passes)], _times(r.deferred, left[c])))
            waits.append(_sum(_times(r.audit, left[c - 1]), _times(1 - r.audit, left[c])))
        left = [
            _sum(wait, [zero, *_sum(attack, _times(Fraction(-1), wait))])
            for attack, wait in zip(attacks, waits, strict=True)
        ]
    return left[-1]


def at(polynomial: Sequence[Fraction], x: Fraction) -> Fraction:
    """The value at x."""
    value = Fraction(0)
    for coefficient in reversed(polynomial):
        value = value * x + coefficient
    return value


def is_maximum(polynomial: Sequence[Fraction], x: Fraction) -> bool:
    """Whether it is proved that no point of [0, 1] has a larger value than x.

    What is below the value at x is divided by (β − x)², or by the distance from an end of the
    interval; the quotient is at least 0 if all its Bernstein coefficients are, on the pieces of a
    subdivision (Lane & Riesenfeld 1981). False where this does not show it.
    """
    gap = [-coefficient for coefficient in polynomial]
    gap[0] += at(polynomial, x)
    for _ in range(2 if 0 < x < 1 else 1):
        if at(gap, x) != 0:
            return False
        gap = _divided(gap, x)
    if x == 1:
        gap = _times(Fraction(-1), gap)
    return _at_least_zero(_bernstein(gap), DEPTH)


def _sum(a: Sequence[Fraction], b: Sequence[Fraction]) -> Coefficients:
    long, short = (a, b) if len(a) >= len(b) else (b, a)
    return [value + (short[i] if i < len(short) else 0) for i, value in enumerate(long)]


def _times(factor: Fraction, a: Sequence[Fraction]) -> Coefficients:
    return [factor * value for value in a]


def _divided(a: Sequence[Fraction], x: Fraction) -> Coefficients:
    """A / (β − x), for a root x."""
    found: Coefficients = []
    carried = Fraction(0)
    for coefficient in reversed(a):
        carried = carried * x + coefficient
        found.append(carried)
    return list(reversed(found[:-1])) or [Fraction(0)]


def _bernstein(a: Sequence[Fraction]) -> Coefficients:
    n = len(a) - 1
    return [
        sum((Fraction(comb(i, k), comb(n, k)) * a[k] for k in range(i + 1)), Fraction(0))
        for i in range(n + 1)
    ]


def _at_least_zero(coefficients: Coefficients, depth: int) -> bool:
    if min(coefficients) >= 0:
        return True
    if depth == 0 or min(coefficients[0], coefficients[-1]) < 0:
        return False
    row, left, right = coefficients, [coefficients[0]], [coefficients[-1]]
    while len(row) > 1:
        row = [(a + b) / 2 for a, b in pairwise(row)]
        left.append(row[0])
        right.append(row[-1])
    return _at_least_zero(left, depth - 1) and _at_least_zero(right[::-1], depth - 1)
