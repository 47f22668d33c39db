"""How long a CUSUM of zeros and ones runs until it warns, exactly: a Markov chain on a lattice."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["Lattice", "average_run_length", "chance_within", "height_for", "lattice_of"]

_FINE = 200  # steps up and down add up to at most so many where a pass is more than one step
_RARE = 2_000  # a failure of more steps than that has its run length bounded, not computed


@dataclass(frozen=True, slots=True, kw_only=True)
class Lattice:
    """Whole steps of a CUSUM: a 1 goes `up`, a 0 goes `down`, and never below zero."""

    up: int
    down: int


def lattice_of(threshold: float, alternative: float) -> Lattice | None:
    """The whole steps nearest in proportion to the log-likelihood ratios; None if too fine.

    The reference value γ between the two rates is rounded to down/(up + down), to 1/m if it is
    small (Reynolds & Stoumbos 1999, J. Qual. Technol. 31:87, section 3), by at most 2.5 % of it.
    The run length is then exact for the steps taken, and only which alternative the steps are
    best for has moved by so little.
    """
    odds = math.log(alternative / threshold) - math.log((1 - alternative) / (1 - threshold))
    gamma = -math.log((1 - alternative) / (1 - threshold)) / odds
    if gamma <= 0.05:
        m = round(1 / gamma)
        return None if m > _RARE else Lattice(up=m - 1, down=1)
    down = min(_FINE - 1, max(1, round(gamma * _FINE)))
    common = math.gcd(down, _FINE)
    return Lattice(up=(_FINE - down) // common, down=down // common)


def average_run_length(rate: float, lattice: Lattice, height: int) -> float:
    """E[values until the sum first reaches `height`], from 0, each 1 with probability `rate`.

    Exact: the solution of L(s) = 1 + (1 − p) L(max(0, s − down)) + p L(s + up), L = 0 from
    `height` on (Brook & Evans 1972, Biometrika 59:539). Up to rounding, about 1e-9 of it.
    """
    if not 0 < rate < 1:
        raise ValueError(f"the rate {rate!r} is not strictly between 0 and 1")
    if height < 1:
        raise ValueError(f"the height {height!r} is not at least 1")
    import numpy as np
    from scipy.linalg import solve_banded

    up, down = lattice.up, lattice.down
    above, below = min(up, height - 1), min(down, height - 1)
    bands = np.zeros((above + below + 1, height))
    bands[above] = 1.0
    if up < height:
        bands[above - up, up:] -= rate
    for state in range(height):
        to = max(0, state - down)
        bands[above + state - to, to] -= 1 - rate
    return float(solve_banded((below, above), bands, np.ones(height))[0])


@lru_cache(maxsize=64)
def height_for(rate: float, lattice: Lattice, run_length: float) -> tuple[int, float]:
    """(the least height whose average run length is at least `run_length`, that run length)."""
    low, high = 0, lattice.up + 1
    reached = average_run_length(rate, lattice, high)
    while reached < run_length:
        low, high = high, 2 * high
        reached = average_run_length(rate, lattice, high)
    while high - low > 1:
        middle = (low + high) // 2
        length = average_run_length(rate, lattice, middle)
        if length >= run_length:
            high, reached = middle, length
        else:
            low = middle
    return high, reached


def chance_within(rate: float, lattice: Lattice, height: int, values: int) -> list[float]:
    """P(it reached `height` within n values) for n = 1 … `values`, exactly."""
    import numpy as np

    mass, gone, chances = np.zeros(height), 0.0, []
    mass[0] = 1.0
    up, down = lattice.up, lattice.down
    for _ in range(values):
        new = np.zeros(height)
        kept = max(0, height - up)
        new[up:] += rate * mass[:kept]
        gone += rate * float(mass[kept:].sum())
        new[: max(0, height - down)] += (1 - rate) * mass[down:]
        new[0] += (1 - rate) * float(mass[:down].sum())
        mass = new
        chances.append(gone)
    return chances
