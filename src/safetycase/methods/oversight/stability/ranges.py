"""Exact ranges of the expected value of an argument, and of its derivative in the error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from safetycase.methods.oversight.stability.combiners import Leaf, Node, Table, Threshold, upward
from safetycase.methods.oversight.stability.laws import binomial, tail

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["Range", "measure"]


@dataclass(frozen=True, slots=True)
class Range:
    """Between what a value lies, and between what its derivative in the error lies."""

    low: float
    high: float
    falls: float
    rises: float


def measure(node: Node, leaf: Callable[[Leaf], Range]) -> Range:
    """The range of the value and of its derivative, given those of the leaves.

    Values are exact up to rounding where no node is repeated, and where all rules are monotone;
    otherwise, and for derivatives, the range contains what it stands for.
    """
    found: dict[int, Range] = {}
    for inner in upward(node):
        if isinstance(inner, Leaf):
            found[id(inner)] = leaf(inner)
        else:
            parts = [found[id(part)] for part in inner.parts]
            rule = _threshold if isinstance(inner, Threshold) else _table
            found[id(inner)] = rule(inner, parts)  # type: ignore[arg-type]
    return found[id(node)]


# -- thresholds --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Group:
    """`count` parts of the same weight with the same range."""

    of: Range
    weight: int
    count: int


def _threshold(node: Threshold, parts: list[Range]) -> Range:
    counts: dict[tuple[Range, int], int] = {}
    for part, weight in zip(parts, node.weights, strict=True):
        if weight:
            counts[part, weight] = counts.get((part, weight), 0) + 1
    groups = [_Group(of, weight, count) for (of, weight), count in counts.items()]
    if len(groups) == 1 and groups[0].weight == 1:
        return _alike(groups[0], node.needed)
    worst, best = (_Tails.of(groups, high, node.needed) for high in (False, True))
    falls = rises = 0.0
    for i, group in enumerate(groups):
        least, most = worst.without(i), best.without(i)
        slope = (max(0.0, least[0] - most[1]), min(1.0, max(0.0, most[0] - least[1])))
        low, high = _times(slope, (group.of.falls, group.of.rises))
        falls, rises = falls + group.count * low, rises + group.count * high
    return Range(worst.whole, best.whole, falls, rises)


def _alike(group: _Group, needed: int) -> Range:
    """At least `needed` of parts with one range: binomial tails, and their slope in one part."""
    n, low, high = group.count, group.of.low, group.of.high
    ends = [binomial(n - 1, needed - 1, p) for p in (low, high)]
    mode = (needed - 1) / (n - 1) if n > 1 else low
    top = binomial(n - 1, needed - 1, mode) if low < mode < high else max(ends)
    falls, rises = _times((min(ends), top), (group.of.falls, group.of.rises))
    return Range(tail(n, needed, low), tail(n, needed, high), n * falls, n * rises)


@dataclass(frozen=True, slots=True)
class _Tails:
    """The law of the sum of weights, all parts at one end; `needed` or more stands at `needed`.

    `before[i]` is the law of the groups before group i, and `after[i]` of those after it.
    """

    groups: list[_Group]
    high: bool
    needed: int
    before: list[Floats]
    after: list[Floats]

    @classmethod
    def of(cls, groups: list[_Group], high: bool, needed: int) -> _Tails:
        """The laws from both sides, so that each group can be left out."""
        import numpy as np

        nothing = np.zeros(needed + 1)
        nothing[0] = 1.0
        before, after = [nothing], [nothing]
        for group in groups:
            before.append(_added(before[-1], group, group.count, high))
        for group in reversed(groups[1:]):
            after.append(_added(after[-1], group, group.count, high))
        return cls(groups, high, needed, before, after[::-1])

    @property
    def whole(self) -> float:
        """P(the parts that hold weigh `needed` or more)."""
        return float(self.before[-1][-1])

    def without(self, i: int) -> tuple[float, float]:
        """P(needed is reached with one part of group i true) and with it false."""
        group = self.groups[i]
        law = _added(self.before[i], group, group.count - 1, self.high)
        enough = self.after[i][::-1].cumsum()  # at s: P(the groups after reach needed − s)
        weight = min(group.weight, self.needed)
        cut = len(law) - weight
        true = law[:cut] @ enough[weight:] + law[cut:].sum()
        return float(true), float(law @ enough)


def _added(law: Floats, group: _Group, count: int, high: bool) -> Floats:
    """The law with so many parts of the group more."""
    p, weight = group.of.high if high else group.of.low, min(group.weight, len(law) - 1)
    for _ in range(count):
        new = (1 - p) * law
        new[weight:] += p * law[: len(law) - weight]
        new[-1] += p * law[len(law) - weight :].sum()
        law = new
    return law


# -- truth tables ------------------------------------------------------------------------------


def _table(node: Table, parts: list[Range]) -> Range:
    """A multilinear function takes its extremes at the corners of a box."""
    corners = _corners([float(row) for row in node.rows], parts)
    falls = rises = 0.0
    for i, part in enumerate(parts):
        bit = 2**i
        steps = [
            float(node.rows[row | bit]) - node.rows[row]
            for row in range(len(node.rows))
            if not row & bit
        ]
        slopes = _corners(steps, [*parts[:i], *parts[i + 1 :]])
        low, high = _times((min(slopes), max(slopes)), (part.falls, part.rises))
        falls, rises = falls + low, rises + high
    return Range(min(corners), max(corners), falls, rises)


def _corners(values: list[float], parts: list[Range]) -> list[float]:
    """The expectation of a table at every corner of the box of the parts' values."""
    for i, part in enumerate(parts):
        bit, new = 2**i, values[:]
        for row in range(len(values)):
            if not row & bit:
                off, on = values[row], values[row | bit]
                new[row] = off + part.low * (on - off)
                new[row | bit] = off + part.high * (on - off)
        values = new
    return values


def _times(a: tuple[float, float], b: tuple[float, float]) -> tuple[float, float]:
    products = [x * y for x in a for y in b]
    return min(products), max(products)
