"""The steps of a compiled diagram: a read-once gate, or a core with shared events.

Each is a multilinear function of its variables, so its value and all its slopes take one pass
each. Literals and edges are numbered as in `modules` and `robdd`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Core", "Step", "slopes", "threshold_tail"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """A decision diagram; node 0 is the constant true and children stand before parents.

    `level[n]` is the position of the variable of node n; `low[n]`, `high[n]` and `root` are
    edges, `2 * node + negated`.
    """

    root: int
    level: tuple[int, ...]
    low: tuple[int, ...]
    high: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.level) - 1

    def upward(self, chance: Sequence[float]) -> list[float]:
        """P(node is true) of every node, `chance[level]` being P(variable)."""
        value = [1.0] * len(self.level)
        low, high = self.low, self.high
        for n in range(1, len(value)):
            p = chance[self.level[n]]
            a, b = value[low[n] >> 1], value[high[n] >> 1]
            value[n] = (1 - p) * (1 - a if low[n] & 1 else a) + p * b
        return value

    def truth(self, known: Sequence[bool | None]) -> bool | None:
        """The value that the known variables force, or None."""
        found: list[bool | None] = [True] * len(self.level)
        for n in range(1, len(found)):
            choice = known[self.level[n]]
            a = found[self.low[n] >> 1]
            if a is not None and self.low[n] & 1:
                a = not a
            b = found[self.high[n] >> 1]
            found[n] = b if choice else a if choice is False else a if a == b else None
        root = found[self.root >> 1]
        return root if root is None else root != bool(self.root & 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """How `unit` follows from `variables`: by its `core`, else "at least k of the literals"."""

    unit: int
    variables: tuple[int, ...]
    core: Core | None = None
    parts: tuple[int, ...] = ()
    k: int = 0

    def truth(self, truth: Sequence[bool | None]) -> bool | None:
        """The value of the unit when some of the units have a value."""
        if self.core is not None:
            return self.core.truth([truth[u] for u in self.variables])
        yes = no = 0
        for part in self.parts:
            found = truth[part >> 1]
            if found is not None:
                if found != bool(part & 1):
                    yes += 1
                else:
                    no += 1
        if yes >= self.k:
            return True
        return False if len(self.parts) - no < self.k else None


def threshold_tail(chance: Sequence[float], k: int) -> float:
    """P(at least k of independent events)."""
    return _tails(chance, k)[-1][k]


def slopes(step: Step, values: Sequence[float], below: list[float], adjoint: list[float]) -> None:
    """Hand the adjoint of the step's unit on to its variables, which no other step has."""
    outer = adjoint[step.unit]
    if outer == 0.0:
        return
    if step.core is not None:
        _core_slopes(step, step.core, values, below, adjoint)
        return
    parts = [1 - values[p >> 1] if p & 1 else values[p >> 1] for p in step.parts]
    inner = _product_slopes(parts) if step.k == len(parts) else _threshold_slopes(parts, step.k)
    for part, slope in zip(step.parts, inner, strict=True):
        adjoint[part >> 1] = -outer * slope if part & 1 else outer * slope


def _core_slopes(
    step: Step, core: Core, values: Sequence[float], below: list[float], adjoint: list[float]
) -> None:
    """`Core.upward` differentiated: `below` is what it returned."""
    level, low, high = core.level, core.low, core.high
    chance = [values[u] for u in step.variables]
    slope = [0.0] * len(chance)
    weight = [0.0] * len(level)
    weight[core.root >> 1] = -adjoint[step.unit] if core.root & 1 else adjoint[step.unit]
    for n in range(len(level) - 1, 0, -1):
        w = weight[n]
        if w == 0.0:
            continue
        v = level[n]
        p, zero, one = chance[v], low[n], high[n] >> 1
        a = below[zero >> 1]
        if zero & 1:
            slope[v] += w * (below[one] - 1 + a)
            weight[zero >> 1] -= w * (1 - p)
        else:
            slope[v] += w * (below[one] - a)
            weight[zero >> 1] += w * (1 - p)
        weight[one] += w * p
    for unit, found in zip(step.variables, slope, strict=True):
        adjoint[unit] = found


def _product_slopes(chance: Sequence[float]) -> list[float]:
    """The product of the others, for each; without division, so that zeros are no trouble."""
    result = [1.0] * len(chance)
    running = 1.0
    for i, p in enumerate(chance):
        result[i] = running
        running *= p
    running = 1.0
    for i in range(len(chance) - 1, -1, -1):
        result[i] *= running
        running *= chance[i]
    return result


def _tails(chance: Sequence[float], k: int) -> list[list[float]]:
    """Row i: P(at least j of the first i events), j = 0 … k."""
    rows = [[1.0] + [0.0] * k]
    for p in chance:
        last = rows[-1]
        rows.append([1.0, *(p * last[j - 1] + (1 - p) * last[j] for j in range(1, k + 1))])
    return rows


def _threshold_slopes(chance: Sequence[float], k: int) -> list[float]:
    """dP(at least k)/dp for each event: the chance that exactly k − 1 of the others hold."""
    before = _tails(chance, k)
    slope = [0.0] * len(chance)
    # ahead[j] = dP/d(row i+1, j): the chance that the events after i lift j to k.
    ahead = [0.0] * k + [1.0]
    for i in range(len(chance) - 1, -1, -1):
        p, row = chance[i], before[i]
        slope[i] = sum(ahead[j] * (row[j - 1] - row[j]) for j in range(1, k + 1))
        moved = [ahead[0], *((1 - p) * ahead[j] for j in range(1, k + 1))]
        for j in range(1, k + 1):
            moved[j - 1] += p * ahead[j]
        ahead = moved
    return slope
