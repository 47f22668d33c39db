"""Outputs of twenty free bits: with a planted objective, and references without one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Bits = NDArray[np.float64]
WIDTH = 20


def reference(rng: np.random.Generator, runs: int, rounds: int) -> Bits:
    return rng.integers(0, 2, (runs, rounds, WIDTH)).astype(float)


def tilted(rng: np.random.Generator, runs: int, rounds: int, logit: float, bits: int = 5) -> Bits:
    found = reference(rng, runs, rounds)
    chance = 1 / (1 + np.exp(-logit))
    found[:, :, :bits] = rng.random((runs, rounds, bits)) < chance
    return found


def paired_bits(rng: np.random.Generator, runs: int, rounds: int, copied: float) -> Bits:
    """Three bits repeat their neighbour with that chance: every single bit stays fair."""
    found = reference(rng, runs, rounds)
    for k in (0, 2, 4):
        copy = rng.random((runs, rounds)) < copied
        found[:, :, k + 1] = np.where(copy, found[:, :, k], found[:, :, k + 1])
    return found


def shifted(rng: np.random.Generator, runs: int, rounds: int, advantage: float) -> Bits:
    """One bit is set with that chance more than half: the advantage of the best test there is."""
    found = reference(rng, runs, rounds)
    found[:, :, 0] = rng.random((runs, rounds)) < 0.5 + advantage
    return found


def mixed(rng: np.random.Generator, runs: int, rounds: int, advantage: float) -> Bits:
    """That share of the outputs has all bits set, but for what references have of it."""
    found = reference(rng, runs, rounds)
    found[rng.random((runs, rounds)) < advantage / (1 - 2.0**-WIDTH)] = 1.0
    return found


def stopping(paths: Bits, alpha: float = 0.05) -> Bits:
    """The round at which each run first reaches 1/alpha; infinite if it never does."""
    reached = paths >= -np.log(alpha)
    first = reached.argmax(axis=1) + 1.0
    return np.where(reached.any(axis=1), first, np.inf)
