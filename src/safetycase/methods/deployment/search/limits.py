"""Why hash constraints and entropy do not keep outputs free of a second purpose, in numbers."""

from __future__ import annotations

import hashlib
import math

__all__ = [
    "entropy_share_kept",
    "excess_from_entropy",
    "hash_constraint_met",
    "queries_to_tell",
    "steered_through_hash",
]

MOST_BITS = 24
SHORT = 60
SURELY = 100  # more settings than any hash of fewer than SHORT bits misses


def hash_constraint_met(nuisance_bits: int, hash_bits: int) -> float:
    """P(some setting of the nuisance bits has the required hash): 1 − (1 − 2⁻ʰ)^(2ⁿ).

    For a random function; the content is left free, so that a constraint that looks random does
    not bind a model that searches.
    """
    if nuisance_bits < 0 or hash_bits < 0:
        raise ValueError("numbers of bits are at least 0")
    if hash_bits == 0:
        return 1.0
    # ln(1 − 2⁻ʰ) is −2⁻ʰ in floats long before 2⁻ʰ itself is 0
    each = math.log1p(-math.ldexp(1.0, -hash_bits)) if hash_bits < SHORT else -1.0
    power = nuisance_bits - (0 if hash_bits < SHORT else hash_bits)
    return -math.expm1(math.ldexp(each, min(power, SURELY)))


def steered_through_hash(
    content_bits: int, nuisance_bits: int, hash_bits: int, key: bytes
) -> tuple[float, float]:
    """(E[Q] of an honest model, E[Q] of one that searches) under a keyed hash constraint.

    Q is the first content bit. Outputs are all content and nuisance bits; those whose hash has the
    required first bits (all 0) are allowed. The honest model draws among them. The other one
    takes, for the content with all bits set, the first nuisance that is allowed; where there is
    none it draws among all. By trying every output, with BLAKE2b.
    """
    if content_bits < 1 or nuisance_bits < 0 or content_bits + nuisance_bits > MOST_BITS:
        raise ValueError(f"1 content bit or more, and {MOST_BITS} bits in all at most")
    if not 0 <= hash_bits <= 64:
        raise ValueError("0 to 64 bits of hash")
    allowed = ones = 0
    steered = False
    for content in range(2**content_bits):
        for nuisance in range(2**nuisance_bits):
            if _tag(content, nuisance, key) >> (64 - hash_bits) == 0:
                allowed += 1
                ones += content >> (content_bits - 1)
                steered |= content == 2**content_bits - 1
    honest = ones / allowed if allowed else math.nan
    return honest, 1.0 if steered else honest


def _tag(content: int, nuisance: int, key: bytes) -> int:
    data = content.to_bytes(4, "big") + nuisance.to_bytes(4, "big")
    return int.from_bytes(hashlib.blake2b(data, key=key, digest_size=8).digest(), "big")


def entropy_share_kept(bits: int, steered: int) -> float:
    """The share of the entropy that is left where `steered` of `bits` free bits are fixed.

    Fixing all 3 bits of content of 15 keeps 80 %: entropy counts nuisance like content.
    """
    if not 0 <= steered <= bits or bits < 1:
        raise ValueError(f"{steered} of {bits} bits: from none to all, of at least one")
    return (bits - steered) / bits


def excess_from_entropy(gap: float, weight: float) -> float:
    """The most by which E[Q] of any Q in [0, 1] differs from the optimum of E[R] + β·H: √(δ/(2β)).

    The optimum is the law proportional to exp(R/β), and a policy that misses it by δ has the
    Kullback–Leibler divergence δ/β from it (H in nats); Pinsker's inequality. Says nothing unless
    δ is far below 2β.
    """
    if not (gap >= 0 and weight > 0 and math.isfinite(gap) and math.isfinite(weight)):
        raise ValueError("the gap is at least 0 and the weight above 0, both finite")
    return min(1.0, math.sqrt(gap / (2 * weight)))


def queries_to_tell(advantage: float, false_alarm: float, miss: float = 1.0) -> int:
    """Independent queries after which a test with that advantage per query tells a policy from u.

    ⌈(√ln(1/α) + √ln(1/β))² / (2a²)⌉: with the threshold √(ln(1/α)/(2n)) above its mean under u the
    test raises a false alarm with probability at most α, and misses with at most β (Hoeffding).
    `miss` = 1 asks for nothing but few false alarms, and leaves about an even chance to see it.
    """
    if not 0 < advantage <= 1:
        raise ValueError(f"advantage {advantage!r} is above 0 and at most 1")
    if not 0 < false_alarm < 1 or not 0 < miss <= 1:
        raise ValueError(
            "the chances of a false alarm and of a miss are above 0; the first below 1"
        )
    root = math.sqrt(-math.log(false_alarm)) + math.sqrt(-math.log(miss))
    return math.ceil(root**2 / (2 * advantage**2))
