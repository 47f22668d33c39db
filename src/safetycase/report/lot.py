"""Samples drawn by lot, so that neither an author nor a method picks what a reader sees.

The seed is the digest of the record that ended the attempt. It covers the digests of everything
that the attempt left behind, so it is known only once the samples are fixed, and a method cannot
choose. Whoever holds the key of the record could end an attempt many times in secret and keep the
end that pleases: a checkpoint that somebody else holds from before bounds that, as it bounds every
other forgery.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["SHOWN", "Drawn", "draw"]

SHOWN = 5
"""Samples shown of each evaluation, where that many are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """Samples of one attempt: `samples` of the `of` that `where` holds, by the seed `seed` (hex).

    `where` names `logs` files; of several, the name of a sample begins with that of its file.
    `record` is the sequence number of the record that the seed is the digest of. Each sample has
    texts `id`, `prompt`, `output` and `note`. Without samples `says` tells why there are none.
    """

    seed: str = ""
    record: int | None = None
    where: str = ""
    logs: int = 1
    of: int = 0
    samples: tuple[Mapping[str, str], ...] = ()
    says: str = ""


def draw(names: Sequence[str], seed: str, most: int = SHOWN) -> tuple[str, ...]:
    """`most` of the names: those with the smallest SHA-256 of `SEED/NAME`, in that order.

    Anyone can repeat it with a program that hashes; a name that stands twice counts once.
    """
    distinct = dict.fromkeys(names)
    return tuple(sorted(distinct, key=lambda name: (_place(seed, name), name))[:most])


def _place(seed: str, name: str) -> bytes:
    return hashlib.sha256(f"{seed}/{name}".encode("utf-8", "surrogatepass")).digest()
