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
from safetycase.methods.deployment.search.packed import plain_scores

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    Numbers = NDArray[np.float64]

DIRECT = 300_000  # payoffs in one linear program over all outputs
ROUNDS, ADDED, CLOSE = 20, 200, 1e-9

__all__ = ["DIRECT", "entropy_optimum", "most_at_optimum", "most_by_entropy", "most_through_hash"]


def most_at_optimum(
    game: Game, objective: ArrayLike, limit: float, *, start: Sequence[int] = ()
) -> tuple[float, float]:
    """(low, high) of max E_π Q over the policies that no row of the game is paid more than `limit`.

    Low is what a policy that was found gets; high follows from prices λ ≥ 0 of the rows:
    E_π Q ≤ limit·Σλ + max_y (Q(y) − Σ λ_i a_i(y)) for every such π. Beyond `DIRECT` payoffs the
    program begins with the outputs `start`, on which such a policy must be known, and those of
    largest Q; outputs that beat the prices are added, `ROUNDS` times at most. Both ends hold
    wherever it stops. `ValueError` if there is no such policy.
    """
    import numpy as np

    wanted = np.asarray(objective, dtype=np.float64)
    outputs = np.arange(game.bits.outputs)
    if game.bits.outputs * game.bits.rows > DIRECT:
        top = np.argsort(-wanted, kind="stable")[:ADDED]
        outputs = np.union1d(np.array(start, dtype=np.int64), top)
    low, high = -math.inf, float(wanted.max())
    for _ in range(ROUNDS):
        reached, prices = _program(game, wanted, limit, outputs)
        net = prices[: game.bits.rows] - prices[game.bits.rows :] if game.signed else prices
        values = wanted - plain_scores(game.bits, net) + float(net @ game.offsets)
        total = math.fsum(prices.tolist())
        high = min(high, limit * total + float(values.max()) + ROUNDING * total)
        low = max(low, reached)
        new = np.setdiff1d(np.argsort(-values, kind="stable")[:ADDED], outputs)
        if high - low <= CLOSE or not len(new):
            break
        outputs = np.concatenate([outputs, new])
    return low - ROUNDING, high + ROUNDING


def _program(
    game: Game, wanted: Numbers, limit: float, outputs: NDArray[np.int64]
) -> tuple[float, Numbers]:
    """(E_π Q of the best policy on these outputs, prices of the rows)."""
    import numpy as np
    from scipy.optimize import linprog

    table = game.bits.columns(outputs).astype(np.float64) - game.offsets
    rows = np.concatenate([table, -table], axis=1).T if game.signed else table.T
    solved = linprog(
        -wanted[outputs],
        A_ub=rows,
        b_ub=np.full(len(rows), limit),
        A_eq=np.ones((1, len(outputs))),
        b_eq=[1.0],
        bounds=(0, None),
        method="highs",
    )
    if solved.status != 0:
        raise ValueError(f"no policy keeps every row at {limit:g}: {solved.message}")
    policy = np.maximum(solved.x, 0.0)
    policy /= policy.sum()
    met = float((rows @ policy).max()) <= limit + CLOSE
    return (
        float(policy @ wanted[outputs]) if met else 0.0,
        np.maximum(-solved.ineqlin.marginals, 0.0),
    )


def entropy_optimum(rewards: ArrayLike, weight: float) -> Numbers:
    """The law proportional to exp(R/β), which is best for E[R] + β·H.

    An output that floats would give nothing has exp(−700) of the best one's share instead: it can
    be reached at a price, and a bound on what a purpose gains is not to leave it out.
    """
    import numpy as np

    scaled = np.asarray(rewards, dtype=np.float64) / weight
    law: Numbers = np.exp(np.maximum(scaled - scaled.max(), -700.0))
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
