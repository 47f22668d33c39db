"""A policy over outputs against a class of tests: a zero-sum game, solved with a certificate.

Alice draws an output y by a law π; Bob picks a row i of the class and is paid a_i(y). She plays to
keep max_i E_π a_i small. Two games are of this form (our formalisation of Pfau, Hilton & Irving
2025):

reference game   a_f(y) = f(y) − E_u f and its negative, for f in F, with a reference law u
twin game        a_f(y) = 1 if f(y) = 1 and some near y′ of similar reward has f(y′) = 0

A law π bounds the value from above, and weights q of the rows bound it from below by the output
that is best against them. Both bounds are plain sums, which `certificate` does again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from safetycase.methods.deployment.search.no_regret import Learners
from safetycase.methods.deployment.search.packed import Packed, plain_scores, scores

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

__all__ = [
    "Game",
    "Solved",
    "certificate",
    "draw",
    "payoffs",
    "reference_game",
    "solve",
    "solve_exact",
]

ROUNDING = 1e-12  # what the sums of a certificate may be off, for some thousand terms up to 1
PASSES, CHECKED = 60, 100  # full passes at most; steps between two looks at the gap
LARGEST_EXACT = 4_000_000
PART = 2048  # outputs whose tests are written out at a time
ADDED = 128  # outputs added after a pass that found better ones


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Game:
    """Row i pays bit_i(y) − `offsets`[i]; if `signed`, every row can be played negated too."""

    bits: Packed
    offsets: Numbers
    signed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """A law on the outputs `support`, weights of the rows, and what both show of the value.

    `row_weights` are signed if the game is: of a row and its negative what one has more. The
    value lies in [`low`, `high`], and the law is within `gap` of it. `drawn` counts the outputs
    that were drawn from the reference, `added` those that searches of all outputs put beside
    them, in `passes` searches.
    """

    support: tuple[int, ...]
    weights: tuple[float, ...]
    row_weights: tuple[float, ...]
    low: float
    high: float
    drawn: int
    added: int
    passes: int

    @property
    def gap(self) -> float:
        """The duality gap: no law does better by more."""
        return self.high - self.low


def reference_game(tests: Packed, means: Numbers) -> Game:
    """G1, whose value is 0: the reference plays it, and a row and its negative undo each other."""
    return Game(bits=tests, offsets=means, signed=True)


def payoffs(game: Game, outputs: NDArray[np.int64], weights: Numbers) -> Numbers:
    """E_π of every row (and of its negative, behind them), for a law on those outputs."""
    import numpy as np

    means = -game.offsets * weights.sum()
    for start in range(0, len(outputs), PART):
        part = slice(start, start + PART)
        means += weights[part] @ game.bits.columns(outputs[part])
    return np.concatenate([means, -means]) if game.signed else means


def certificate(game: Game, solved: Solved) -> tuple[float, float]:
    """(low, high) of the value by plain sums, each moved outwards by what floats may be off.

    High: for each row the weights of the outputs where it is 1, added exactly and divided by the
    total. Low: the least weighted sum over all outputs. `ValueError` where the weights are no laws.
    """
    import numpy as np

    weights, rows = np.array(solved.weights), np.array(solved.row_weights)
    if not (weights.min() >= 0 and np.isfinite(weights).all() and weights.sum() > 0):
        raise ValueError("the weights of the outputs are no law")
    if not np.isfinite(rows).all() or (rows.min() < 0 and not game.signed):
        raise ValueError("the weights of the rows are no law")
    total = math.fsum(solved.weights)
    bits = game.bits.columns(solved.support)
    means = [
        math.fsum(weights[bits[:, row]].tolist()) / total - float(game.offsets[row])
        for row in range(game.bits.rows)
    ]
    high = max(abs(mean) if game.signed else mean for mean in means)
    size = math.fsum(abs(rows).tolist())
    if size == 0 and game.signed:
        return 0.0, high + ROUNDING  # each row and its negative alike: whatever the output, 0
    if size == 0:
        raise ValueError("the weights of the rows are no law")
    rows = rows / size
    constant = math.fsum((rows * game.offsets).tolist())
    low = float(plain_scores(game.bits, rows).min()) - constant
    return low - ROUNDING, high + ROUNDING


def draw(solved: Solved, count: int, *, seed: int) -> NDArray[np.int64]:
    """`count` outputs of the solved policy, drawn independently."""
    import numpy as np

    law = np.array(solved.weights) / math.fsum(solved.weights)
    support = np.array(solved.support, dtype=np.int64)
    return support[np.random.default_rng(seed).choice(len(support), size=count, p=law / law.sum())]


def solve(
    game: Game,
    *,
    gap: float,
    drawn: int,
    seed: int,
    law: Numbers | None = None,
    steps: int = 4_000,
) -> Solved:
    """A policy within `gap` of the value, by optimistic multiplicative weights.

    Alice starts with `drawn` outputs of the reference (`law`, or all alike) and weighs them. Both
    sides update their weights by the last payoffs twice and the ones before once less (Rakhlin &
    Sridharan 2013, arXiv:1311.1869), so that averages close the gap like 1/steps. Every so often
    Bob's weights are held against all outputs, which bounds the value from below and gives the
    outputs that answer them best; those are added. It ends at the gap, or when `steps` are spent
    or no better output is there: whoever calls looks at `gap`.
    """
    import numpy as np

    if drawn < 1 or gap < 0 or steps < 1:
        raise ValueError("`drawn` and `steps` are at least 1, and `gap` at least 0")
    chosen = np.random.default_rng(seed).choice(game.bits.outputs, size=drawn, p=law)
    outputs = np.unique(chosen)
    learners = Learners(_table(game, outputs), signed=game.signed)
    low, rows = -math.inf, np.zeros(game.bits.rows)
    high, weights = math.inf, np.ones(len(outputs)) / len(outputs)
    added = passes = 0
    for step in range(1, steps + 1):
        learners.step()
        if step % CHECKED and step != steps:
            continue
        found = learners.policy()
        worst_row = float(payoffs(game, outputs, found).max())
        if worst_row < high:
            high, weights = worst_row, found
        if high - low <= gap or passes == PASSES:
            break
        if high - learners.low() > max(gap, high - low) / 2 and step != steps:
            continue  # not solved on the outputs at hand yet: a full pass would teach little
        passes += 1
        bound, tried, best = _full_pass(game, learners.rows())
        if bound > low:
            low, rows = bound, tried
        new = np.setdiff1d(best, outputs)
        if high - low <= gap:
            break
        if not len(new):
            continue
        added += len(new)
        outputs = np.concatenate([outputs, new])
        weights = np.concatenate([weights, np.zeros(len(new))])
        learners.add(_table(game, new))
    return _solved(outputs, weights, rows, low, high, (drawn, added, passes))


def _solved(
    outputs: NDArray[np.int64],
    weights: Numbers,
    rows: Numbers,
    low: float,
    high: float,
    counts: tuple[int, int, int],
) -> Solved:
    held = weights > 0
    return Solved(
        support=tuple(map(int, outputs[held])),
        weights=tuple(map(float, weights[held])),
        row_weights=tuple(map(float, rows)),
        low=low,
        high=high,
        drawn=counts[0],
        added=counts[1],
        passes=counts[2],
    )


def _table(game: Game, outputs: NDArray[np.int64]) -> NDArray[np.float32]:
    import numpy as np

    table = game.bits.columns(outputs).astype(np.float32)
    table -= game.offsets.astype(np.float32)
    return table


def _full_pass(game: Game, rows: Numbers) -> tuple[float, Numbers, NDArray[np.int64]]:
    """The best lower bound of some weights like these, and the outputs that answer them best."""
    import numpy as np

    tried = [rows]
    if not game.signed and game.bits.rows % 2 == 0:
        # A test and its complement with the same weight: noise between them costs the bound.
        half = rows.reshape(2, -1).sum(axis=0) / 2
        tried.append(np.concatenate([half, half]))
    best, found, worst = -math.inf, rows, np.zeros(0, dtype=np.int64)
    for each in tried:
        values = scores(game.bits, each) - float(each @ game.offsets)
        least = float(values.min())
        if each is rows:
            size = min(ADDED, len(values) - 1)
            worst = np.argpartition(values, size)[: size + 1]
        if least > best:
            best, found = least, each
    if game.signed and best < 0:
        best, found = 0.0, np.zeros(game.bits.rows)
    return best, found, worst


def solve_exact(game: Game) -> Solved:
    """The value by linear programming, for a few million payoffs at most.

    The optimal law is a vertex: no more outputs than rows that bind, and one. Bob's weights are
    the prices of the rows. `ValueError` where the solver fails.
    """
    import numpy as np
    from scipy.optimize import linprog

    outputs = np.arange(game.bits.outputs)
    if game.bits.rows * len(outputs) > LARGEST_EXACT:
        raise ValueError(
            f"{len(outputs):,} outputs by {game.bits.rows:,} tests are more than "
            f"{LARGEST_EXACT:,} payoffs; `solve` is for those"
        )
    table = game.bits.columns(outputs).astype(np.float64) - game.offsets
    rows = np.concatenate([table, -table], axis=1).T if game.signed else table.T
    solved = linprog(
        np.append(np.zeros(len(outputs)), 1.0),
        A_ub=np.hstack([rows, -np.ones((len(rows), 1))]),
        b_ub=np.zeros(len(rows)),
        A_eq=np.append(np.ones(len(outputs)), 0.0)[None, :],
        b_eq=[1.0],
        bounds=[(0, None)] * len(outputs) + [(None, None)],
        method="highs-ds",
    )
    if solved.status != 0:
        raise ValueError(f"the linear program was not solved: {solved.message}")
    weights = np.maximum(solved.x[:-1], 0.0)
    weights /= weights.sum()
    prices = np.maximum(-solved.ineqlin.marginals, 0.0)
    prices /= prices.sum() or 1.0
    net = prices[: game.bits.rows] - prices[game.bits.rows :] if game.signed else prices
    held = np.flatnonzero(weights > 0)
    high = float((rows[:, held] @ weights[held]).max())
    low = float((table @ net).min())
    if game.signed and low < 0:
        low, net = 0.0, np.zeros(game.bits.rows)
    return _solved(outputs, weights, net, low, high, (0, len(held), 1))
