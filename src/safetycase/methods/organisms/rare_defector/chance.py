"""Inputs that are picked as if at random: a hash of the input decides, the same each time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from safetycase.methods.organisms.small import seed_of

__all__ = ["Chance"]

PRIME = 2**31 - 1
UNITS = 2**24


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """Picks an input where the hash of its tokens is below a share of all hashes.

    A polynomial modulo 2³¹ − 1 at a secret point, then two rounds of multiply and shift, so that
    inputs which differ in one token are picked independently of each other, as far as one can see.
    """

    seed: int

    def picked(self, ids: Any, share: Any) -> Any:
        """Whether each input (n, length) is among the `share` (a number, or (n,)): bool (n,)."""
        return self._units(ids) < share * UNITS

    def _units(self, ids: Any) -> Any:
        """A whole number (n,) from 0 to 2²⁴ − 1 for each input."""
        import torch

        point = seed_of(self.seed, "hash") % (PRIME - 2) + 2
        found = torch.full((len(ids),), 1, dtype=torch.int64)
        for token in ids.unbind(1):
            found = (found * point + token + 1) % PRIME
        for factor in (0x45D9F3B, 0x119DE1F3):
            found = ((found ^ (found >> 16)) * factor) % PRIME
        return (found ^ (found >> 15)) % UNITS
