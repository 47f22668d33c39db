"""Is n prime? Products of two primes, of which compositeness is cheap to show and a factor is not.

The claim "n is prime" is split into "n has no divisor in I_k" for intervals I_k up to √n, and each
of these again. For n = p·q with p < q exactly one leaf is false, the one p lies in. A few
Miller-Rabin rounds show that n is composite; to name the false leaf is to find p, by trial division
or by Pollard's rho. All work on real integers, and counts modular multiplications or divisions.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

__all__ = [
    "Counted",
    "Semiprime",
    "intervals",
    "is_prime",
    "leaf_of",
    "pollard_rho",
    "semiprime",
    "shown_composite",
    "trial_division",
]

BASES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)


@dataclass(frozen=True, slots=True, kw_only=True)
class Semiprime:
    """n = factor · cofactor, both prime, with factor < cofactor."""

    n: int
    factor: int
    cofactor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What a computation found (0 for nothing), and the modular operations it took."""

    found: int
    operations: int


def shown_composite(n: int, bases: tuple[int, ...] = BASES) -> Counted:
    """A Miller-Rabin witness that odd n > 3 is composite (0 if none of the bases is one).

    Each base takes at most 2·log₂ n modular multiplications by square and multiply, and at most
    log₂ n squarings; all are counted.
    """
    odd, twos = n - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    operations = 0
    for base in bases:
        if base % n == 0:
            continue
        value = pow(base, odd, n)
        operations += odd.bit_length() + odd.bit_count()
        if value in (1, n - 1):
            continue
        for _ in range(twos - 1):
            value = value * value % n
            operations += 1
            if value == n - 1:
                break
        if value != n - 1:
            return Counted(found=base, operations=operations)
    return Counted(found=0, operations=operations)


def is_prime(n: int) -> bool:
    """Whether n is prime; the bases decide it below 3.3 · 10²⁴ (Sorenson & Webster 2015)."""
    if n < 41:
        return n in (2, *BASES)
    return n % 2 == 1 and not shown_composite(n).found


def semiprime(bits: int, seed: int) -> Semiprime:
    """A product of two different random primes of half the bits each."""
    if bits < 8 or bits % 2:
        raise ValueError("`bits` is an even number from 8 on")
    draw = random.Random(f"semiprime {bits} {seed}")  # noqa: S311 - an instance, no secret
    half = bits // 2
    primes: set[int] = set()
    while len(primes) < 2:
        candidate = draw.randrange(2 ** (half - 1) + 1, 2**half, 2)
        if is_prime(candidate):
            primes.add(candidate)
    factor, cofactor = sorted(primes)
    return Semiprime(n=factor * cofactor, factor=factor, cofactor=cofactor)


def trial_division(n: int, start: int, count: int) -> Counted:
    """A divisor among `count` odd numbers from `start` on, one modular operation each."""
    first = start | 1
    last = min(first + 2 * count, math.isqrt(n) + 2)
    for tried, divisor in enumerate(range(first, last, 2), start=1):
        if n % divisor == 0:
            return Counted(found=divisor, operations=tried)
    return Counted(found=0, operations=max(0, (last - first + 1) // 2))


def pollard_rho(n: int, operations: int, seed: int) -> Counted:
    """A factor by Floyd's cycle with x² + c, within that many modular multiplications.

    Each step takes three squarings and one multiplication into the product of which every 32nd
    step takes the greatest common divisor (Pollard 1975).
    """
    draw = random.Random(f"rho {n} {seed}")  # noqa: S311 - a simulation
    used = 0
    while used + 4 <= operations:
        shift, slow = draw.randrange(1, n), draw.randrange(n)
        fast, product, pending, kept = slow, 1, 0, (slow, slow)
        while used + 4 <= operations:
            slow = (slow * slow + shift) % n
            fast = (fast * fast + shift) % n
            fast = (fast * fast + shift) % n
            product = product * abs(slow - fast) % n
            used, pending = used + 4, pending + 1
            if pending == 32 or product == 0 or used + 4 > operations:
                common = math.gcd(product, n)
                if 1 < common < n:
                    return Counted(found=min(common, n // common), operations=used)
                if common == n:
                    found, extra = _step_by_step(n, kept, shift, operations - used)
                    used += extra
                    if found:
                        return Counted(found=found, operations=used)
                    break
                product, pending, kept = 1, 0, (slow, fast)
    return Counted(found=0, operations=used)


def _step_by_step(n: int, kept: tuple[int, int], shift: int, left: int) -> tuple[int, int]:
    """The last steps once more, with a common divisor after each: (factor, operations)."""
    slow, fast = kept
    used = 0
    for _ in range(32):
        if used + 3 > left:
            break
        slow = (slow * slow + shift) % n
        fast = (fast * fast + shift) % n
        fast = (fast * fast + shift) % n
        used += 3
        common = math.gcd(abs(slow - fast), n)
        if common == n:
            break
        if common > 1:
            return min(common, n // common), used
    return 0, used


def leaf_of(instance: Semiprime, leaves: int) -> int:
    """Which of that many equal intervals the factor lies in.

    They cover the numbers that have as many bits as the factor, up to √n; what is below is known
    to hold no divisor, because both primes are known to have half of the bits.
    """
    low, width = intervals(instance.n, leaves)
    return min(leaves - 1, int((instance.factor - low) / width))


def intervals(n: int, leaves: int) -> tuple[int, float]:
    """The least number of the first interval, and the width of each."""
    top = math.isqrt(n)
    low = 2 ** ((n.bit_length() + 1) // 2 - 1)
    return low, max(1, top + 1 - low) / leaves
