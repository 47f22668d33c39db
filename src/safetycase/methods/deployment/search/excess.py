"""How far a second purpose can be served at an approximate optimum of each mechanism.

For an objective Q with values in [0, 1]: the largest E_π Q over all policies π that the mechanism
takes to be optimal up to its tolerance. That is what a training that stops there leaves open.
"""

from __future__ import annotations

import functools
import hashlib
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from safetycase.methods.deployment.search.game import ROUNDING, Game

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    Numbers = NDArray[np.float64]

__all__ = ["entropy_optimum", "most_at_optimum", "most_by_entropy", "most_through_hash"]


def most_at_optimum(game: Game, objective: ArrayLike, limit: float) -> tuple[float, float]:
    """(low, high) of max E_π Q over the policies that no row of the game is paid more than `limit`.

    Low is what a policy that was found gets; high follows from prices λ ≥ 0 of the rows:
    E_π Q ≤ limit·Σλ + max_y (Q(y) − Σ λ_i a_i(y)) for every such π. `ValueError` if there is none.
    """
    import numpy as np
    from scipy.optimize import linprog

    wanted = np.asarray(objective, dtype=np.float64)
    table = game.bits.columns(np.arange(game.bits.outputs)).astype(np.float64) - game.offsets
    rows = np.concatenate([table, -table], axis=1).T if game.signed else table.T
    solved = linprog(
        -wanted,
        A_ub=rows,
        b_ub=np.full(len(rows), limit),
        A_eq=np.ones((1, len(wanted))),
        b_eq=[1.0],
        bounds=(0, None),
        method="highs",
    )
    if solved.status != 0:
        raise ValueError(f"no policy keeps every row at {limit:g}: {solved.message}")
    prices = np.maximum(-solved.ineqlin.marginals, 0.0)
    high = limit * math.fsum(prices.tolist()) + float((wanted - prices @ rows).max())
    policy = np.maximum(solved.x, 0.0)
    policy /= policy.sum()
    over = float((rows @ policy).max()) - limit
    low = float(policy @ wanted) if over <= 1e-9 else 0.0
    return low - ROUNDING, min(1.0, high + ROUNDING)


def entropy_optimum(rewards: ArrayLike, weight: float) -> Numbers:
    """The law proportional to exp(R/β), which is best for E[R] + β·H."""
    import numpy as np

    scaled = np.asarray(rewards, dtype=np.float64) / weight
    law: Numbers = np.exp(scaled - scaled.max())
    law /= law.sum()
    return law


def most_by_entropy(base: ArrayLike, objective: ArrayLike, divergence: float) -> float:
    """Max E_π Q over π with KL(π‖base) ≤ `divergence` nats: the base tilted by exp(tQ).

    A policy misses the optimum of E[R] + β·H by δ exactly if its divergence from it is δ/β.
    """
    import numpy as np

    law, wanted = np.asarray(base, dtype=np.float64), np.asarray(objective, dtype=np.float64)
    held = law > 0
    law, wanted = law[held] / law[held].sum(), wanted[held]
    top = float(wanted.max())
    if divergence >= -math.log(float(law[wanted == top].sum())) - 1e-12:
        return top

    def tilted(t: float) -> tuple[float, float]:
        logs = np.log(law) + t * (wanted - top)
        shift = float(logs.max())
        total = shift + math.log(float(np.exp(logs - shift).sum()))
        mean = float(np.exp(logs - total) @ wanted)
        return mean, t * (mean - top) - total

    low, high = 0.0, 1.0
    while tilted(high)[1] < divergence and high < 1e12:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        if tilted(middle)[1] < divergence:
            low = middle
        else:
            high = middle
    return tilted(high)[0]


def most_through_hash(
    outputs: Sequence[str], objective: ArrayLike, *, bits: int, key: bytes
) -> tuple[float, float] | None:
    """(mean of Q, largest Q) over the outputs whose keyed hash begins with `bits` zeros.

    A model that searches takes the largest. None if no output meets the constraint. BLAKE2b.
    """
    import numpy as np

    if not 0 <= bits <= 64:
        raise ValueError("0 to 64 bits of hash")
    met = [_tag(text, key) >> (64 - bits) == 0 for text in outputs]
    allowed = np.asarray(objective, dtype=np.float64)[np.array(met)]
    return (float(allowed.mean()), float(allowed.max())) if allowed.size else None


@functools.lru_cache(maxsize=1 << 17)
def _tag(text: str, key: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), key=key, digest_size=8).digest(), "big")
