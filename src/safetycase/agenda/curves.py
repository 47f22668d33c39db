"""What a budget buys: curves of the best probability over 0, 1, …, B units, and their algebra.

A curve is kept as ln P and ln(1 − P), so that neither the product of four hundred small chances
nor the failure of four hundred good ones loses its digits. Two independent parts share a budget
by a max-plus convolution: for both, max over the split of ln P₁ + ln P₂; for either, of
−ln(1 − P₁) − ln(1 − P₂).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

__all__ = ["Array", "Curve", "Whole", "both", "constant", "either", "fold", "from_values"]
__all__ += ["added", "spread", "shots_curve", "weaker"]

Array = NDArray[np.float64]
Whole = NDArray[np.int64]

_ROWS = 128  # budgets at one time: a block that stays in the cache
# ln(1 − P) below this is certainty; a finite stand-in, since +inf − inf would be nan.
_CERTAIN = -1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """`true[b]` = ln P and `false[b]` = ln(1 − P) with b units; P does not fall in b."""

    true: Array
    false: Array

    def __len__(self) -> int:
        return len(self.true)

    @property
    def values(self) -> Array:
        """P with 0, 1, … units."""
        return np.where(self.true > -0.5, -np.expm1(self.false), np.exp(self.true))

    @property
    def steps(self) -> Whole:
        """The budgets at which P rises, and 0."""
        rises = (self.true[1:] > self.true[:-1]) | (self.false[1:] < self.false[:-1])
        return np.flatnonzero(np.concatenate(([True], rises)))

    def least(self, budget: int) -> int:
        """The fewest units that buy what `budget` buys."""
        steps = self.steps
        return int(steps[np.searchsorted(steps, budget, side="right") - 1])


def from_values(values: Array) -> Curve:
    """The curve with these probabilities, made non-decreasing."""
    values = np.clip(np.maximum.accumulate(values), 0.0, 1.0)
    with np.errstate(divide="ignore"):
        return Curve(true=np.log(values), false=np.maximum(np.log1p(-values), _CERTAIN))


def constant(probability: float, size: int) -> Curve:
    """A curve that money does not move."""
    return from_values(np.full(size, probability))


def shots_curve(shots: Array, *, solvable: float, each_shot: float, already: float = 0.0) -> Curve:
    """P(m) = p₀ + (1 − p₀)·r·(1 − (1 − s)^m) at `shots[b]` = m shots for each budget b.

    r is the chance that the problem can be solved this way at all: it is drawn once, so that
    further shots pay less and less, and never more than r.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        missing = np.where(shots > 0, np.exp(shots * np.log1p(-each_shot)), 1.0)
        solved = np.where(shots > 0, -np.expm1(shots * np.log1p(-each_shot)), 0.0)
        true = np.log(already + (1 - already) * solvable * solved)
        false = np.log1p(-already) + np.log((1 - solvable) + solvable * missing)
    return _curve(true, false)


def both(a: Curve, b: Curve) -> tuple[Curve, Whole]:
    """The best P(a and b) for each budget, and how much of it goes to `a`."""
    true, taken = _best(a.true, a.steps, b.true, np.add)
    return _curve(true, _log_one_minus(true)), taken


def either(a: Curve, b: Curve) -> tuple[Curve, Whole]:
    """The best P(a or b) for each budget, and how much of it goes to `a`."""
    surprise, taken = _best(-a.false, a.steps, -b.false, np.add)
    return _curve(_log_one_minus(-surprise), -surprise), taken


def weaker(a: Curve, b: Curve) -> tuple[Curve, Whole]:
    """The best min(P(a), P(b)) for each budget: a bound on both under any dependence."""
    true, taken = _best(a.true, a.steps, b.true, np.minimum)
    return _curve(true, _log_one_minus(true)), taken


def added(a: Array, b: Array) -> Array:
    """The best sum of two non-decreasing arrays for each budget."""
    steps = np.flatnonzero(np.concatenate(([True], a[1:] > a[:-1])))
    return _best(a, steps, b, np.add)[0]


Merge = Callable[[Curve, Curve], tuple[Curve, Whole]]


def fold(merge: Merge, curves: Sequence[Curve]) -> tuple[Curve, tuple[Whole, ...]]:
    """All of `curves` (at least one) merged in a balanced tree, and the split of each merge.

    `spread` reads the splits again in the same order.
    """
    queue, splits = list(curves), []
    at = 0
    while len(queue) - at > 1:
        curve, taken = merge(queue[at], queue[at + 1])
        queue.append(curve)
        splits.append(taken)
        at += 2
    return queue[at], tuple(splits)


def spread(splits: Sequence[Whole], count: int, budget: int) -> list[int]:
    """What each of the `count` curves gave to `fold` gets of `budget`."""
    given = [0] * (count + len(splits))
    given[-1] = budget
    for k in range(len(splits) - 1, -1, -1):
        total = given[count + k]
        first = int(splits[k][total])
        given[2 * k], given[2 * k + 1] = first, total - first
    return given[:count]


def _best(
    a: Array, steps: Whole, b: Array, join: Callable[[Array, Array], Array]
) -> tuple[Array, Whole]:
    """The maximum over i of join(a[i], b[n − i]) for each n, and the first i that attains it.

    Only the i at which `a` rises can be needed.
    """
    size = len(a)
    padded = np.concatenate((np.full(size - 1, -np.inf), b))
    windows = sliding_window_view(padded, size)[:, ::-1]
    best, taken = np.empty(size), np.empty(size, dtype=np.int64)
    for start in range(0, size, _ROWS):
        end = min(size, start + _ROWS)
        used = steps[: np.searchsorted(steps, end)]
        block = windows[start:end, : used[-1] + 1]
        totals = join(block if len(used) == block.shape[1] else block[:, used], a[used])
        first = totals.argmax(axis=1)
        best[start:end] = totals[np.arange(end - start), first]
        taken[start:end] = used[first]
    return best, taken


def _curve(true: Array, false: Array) -> Curve:
    """Hold both to what rounding must not break: P in [0, 1] and not falling."""
    return Curve(
        true=np.minimum(np.maximum.accumulate(true), 0.0),
        false=np.maximum(np.minimum(np.minimum.accumulate(false), 0.0), _CERTAIN),
    )


def _log_one_minus(log: Array) -> Array:
    """ln(1 − e^x) for x ≤ 0 (Mächler 2012)."""
    with np.errstate(divide="ignore"):
        return np.where(
            log > -0.693, np.log(-np.expm1(np.minimum(log, 0.0))), np.log1p(-np.exp(log))
        )
