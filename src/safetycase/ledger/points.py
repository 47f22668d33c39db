"""Which 32 bytes may be the public key of a record: a point of full strength, in one spelling.

RFC 8032 lets a verifier accept a point that is written with a coordinate above the prime, and
one of the eight points of small order, under which one signature verifies any message. Which of
these a library accepts differs, so that two verifiers would part here: both are refused.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

__all__ = ["is_strong"]

_P: Final = 2**255 - 19
_D: Final = -121665 * pow(121666, -1, _P) % _P
_ROOT: Final = pow(2, (_P - 1) // 4, _P)


@lru_cache(maxsize=1024)  # every reading of a record asks of each key a few times
def is_strong(key: bytes) -> bool:
    """Whether it is the one spelling of a point on Ed25519 whose order is not 1, 2, 4 or 8."""
    if len(key) != 32:
        return False
    value = int.from_bytes(key, "little")
    y, odd = value & (2**255 - 1), value >> 255
    if y >= _P:
        return False
    x = _x(y)
    if x is None or (x == 0 and odd):
        return False
    for _ in range(3):
        x, y = _doubled(x, y)
    return (x, y) != (0, 1)


def _x(y: int) -> int | None:
    """One of the two x of the points with this y (RFC 8032, section 5.1.3); None if there are none.

    Which of the two does not matter to the order of the point.
    """
    u, v = (y * y - 1) % _P, (_D * y * y + 1) % _P
    x = u * pow(v, 3, _P) * pow(u * pow(v, 7, _P), (_P - 5) // 8, _P) % _P
    if v * x * x % _P == u:
        return x
    x = x * _ROOT % _P
    return x if v * x * x % _P == u else None


def _doubled(x: int, y: int) -> tuple[int, int]:
    """The double of a point, by the addition law of the curve (section 5.1)."""
    product = _D * x * x * y * y % _P
    return (
        2 * x * y * pow(1 + product, -1, _P) % _P,
        (y * y + x * x) * pow(1 - product, -1, _P) % _P,
    )
