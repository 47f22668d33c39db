"""What a bounded prover can gain from the estimator's numbers, without knowing the truth.

Two quantities. The *leak* of numbers that are conditioned on bits already drawn while the claims
stand still; and the advantage of any test of a finite class against an estimator who learns by
multiplicative weights.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from fractions import Fraction

__all__ = ["Advantage", "learned_advantage", "prefix_leak"]


def prefix_leak(width: int) -> Fraction:
    """What a prover who knows nothing earns per unit of the leaf's weight, exactly.

    Of `width` static claims exactly one is false, and both sides know no more. The estimator's
    number for claim i is right given the bits drawn before it from the same law: with no 0
    among them 1 − 1/(width − i) for i from 0, and 1 after a 0. The drawn bits say nothing of the
    truth, so each claim is still true with probability 1 − 1/width, and the prover calls the claim
    whose number is furthest from it. Drawn without the bits, the number leaks nothing.
    """
    if width < 2:
        raise ValueError("a hidden claim needs two claims at least")
    total = Fraction(0)
    for zero in range(width):  # where the drawn 0 stands; each place is as likely
        there = Fraction(1, width - zero) - Fraction(1, width)  # grows up to the 0 itself
        after = Fraction(1, width) if zero < width - 1 else Fraction(0)
        total += max(there, after)
    return total / width


@dataclass(frozen=True, slots=True, kw_only=True)
class Advantage:
    """The best test's mean gain over the rounds, and what it cannot exceed."""

    measured: float
    bound: float


def learned_advantage(tests: int, rounds: int, seed: int, *, learns: bool = True) -> Advantage:
    """Play a learning estimator against every test of a class, on bits he cannot predict.

    A test names in each round a call of stake 0 or 1/2 in either direction, and gains stake ·
    (bit − number) with its sign; a class of `tests` random tests and their negatives is played. The
    gains of a round lie in an interval of length 1. The estimator gives the number that makes
    the gain of the weighted mean of the tests 0 or less whatever the bit is: 1 where the mean
    calls "too low", 0 where it calls "too high". Multiplicative weights then keep the mean gain of
    every test to sqrt(ln N/(2T)) for N tests and T rounds (Cesa-Bianchi & Lugosi 2006, theorem
    2.2). The bits mostly follow the test that leads. Where he does not learn (`learns` is false)
    the tests weigh the same for ever.
    """
    if tests < 1 or rounds < 1:
        raise ValueError("a class holds a test at least, and a game a round")
    draw = random.Random(seed)  # noqa: S311 - a simulation
    count = 2 * tests
    rate = math.sqrt(8 * math.log(count) / rounds) if learns else 0.0
    totals = [0.0] * count
    for _ in range(rounds):
        half = [draw.choice((-0.5, 0.0, 0.5)) for _ in range(tests)]
        calls = [*half, *(-stake for stake in half)]
        top = max(totals)
        weights = [math.exp(rate * (total - top)) for total in totals]
        mean = sum(w * call for w, call in zip(weights, calls, strict=True))
        number = 0.5 if mean == 0 else float(mean > 0)
        leader = max(range(count), key=totals.__getitem__)
        bit = float(calls[leader] > 0) if draw.random() < 0.9 else float(draw.random() < 0.5)
        totals = [t + call * (bit - number) for t, call in zip(totals, calls, strict=True)]
    return Advantage(measured=max(totals) / rounds, bound=math.sqrt(math.log(count) / (2 * rounds)))
