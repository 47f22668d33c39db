"""Arguments as combiners over leaves, and exact ranges of their expected value.

A node stands for a claim. Its bit is computed from the bits of its parts by a rule; every part is
drawn by itself with its own probability, as the estimator of prover-estimator debate gives one
number for each subclaim. So the value of a node is the expectation E_H of its rule at the values
of its parts, from the leaves up. A node object (or a leaf name) that stands in several places has
the same number in each.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from safetycase.methods.oversight.stability.laws import binomial, tail

__all__ = [
    "Leaf",
    "Node",
    "Range",
    "Table",
    "Threshold",
    "all_of",
    "any_of",
    "at_least",
    "leaves_of",
    "majority",
    "measure",
    "monotone",
    "repeated",
    "truth",
]

LARGEST_TABLE = 10


@dataclass(frozen=True, slots=True, eq=False)
class Leaf:
    """A claim that is looked up; `claimed` is the truth that the argument claims for it."""

    name: str
    claimed: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Threshold:
    """True when the weights of the parts that are true add up to `needed` or more."""

    parts: tuple[Node, ...]
    weights: tuple[int, ...]
    needed: int

    def __post_init__(self) -> None:
        if not self.parts or len(self.weights) != len(self.parts):
            raise ValueError("a threshold has parts, and a weight for each")
        if any(weight < 0 for weight in self.weights):
            raise ValueError("a weight is below 0; write a truth table")
        if not 1 <= self.needed <= sum(self.weights):
            raise ValueError(
                f"{self.needed} of {sum(self.weights)} decides nothing: the number that is needed "
                "lies between 1 and the sum of the weights"
            )


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """The truth of each row; row Σ 2^i counts part i as true, the first part lowest."""

    parts: tuple[Node, ...]
    rows: tuple[bool, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.parts) <= LARGEST_TABLE:
            raise ValueError(f"a truth table has 1 to {LARGEST_TABLE} parts")
        if len(self.rows) != 2 ** len(self.parts):
            raise ValueError(f"a table of {len(self.parts)} parts has {2 ** len(self.parts)} rows")


Node = Leaf | Threshold | Table


def at_least(needed: int, parts: tuple[Node, ...]) -> Threshold:
    """`needed` of the parts, each counted once."""
    return Threshold(parts, (1,) * len(parts), needed)


def all_of(parts: tuple[Node, ...]) -> Threshold:
    """Every part."""
    return at_least(len(parts), parts)


def any_of(parts: tuple[Node, ...]) -> Threshold:
    """Some part."""
    return at_least(1, parts)


def majority(parts: tuple[Node, ...]) -> Threshold:
    """More than half of the parts."""
    return at_least(len(parts) // 2 + 1, parts)


@dataclass(frozen=True, slots=True)
class Range:
    """Between what a value lies, and between what its derivative in the error lies."""

    low: float
    high: float
    falls: float
    rises: float


def leaves_of(node: Node) -> tuple[Leaf, ...]:
    """The leaves below, each object once, in the order of the argument."""
    return tuple(n for n in _upward(node) if isinstance(n, Leaf))


def repeated(node: Node) -> bool:
    """Whether some node stands in more than one place."""
    seen: set[int] = set()
    for inner in _upward(node):
        for part in () if isinstance(inner, Leaf) else inner.parts:
            if id(part) in seen:
                return True
            seen.add(id(part))
    return False


def monotone(node: Node) -> bool:
    """Whether no rule ever falls when a part becomes true."""
    return all(not isinstance(n, Table) or _monotone(n) for n in _upward(node))


def truth(node: Node) -> bool:
    """What follows from the claimed truths of the leaves."""
    values: dict[int, bool] = {}
    for inner in _upward(node):
        if isinstance(inner, Leaf):
            values[id(inner)] = inner.claimed
        elif isinstance(inner, Threshold):
            pairs = zip(inner.parts, inner.weights, strict=True)
            values[id(inner)] = sum(w for p, w in pairs if values[id(p)]) >= inner.needed
        else:
            row = sum(2**i for i, part in enumerate(inner.parts) if values[id(part)])
            values[id(inner)] = inner.rows[row]
    return values[id(node)]


def measure(node: Node, leaf: Callable[[Leaf], Range]) -> Range:
    """The range of the value and of its derivative, given those of the leaves.

    Values are exact up to rounding where no node is repeated, and where all rules are monotone;
    otherwise, and for derivatives, the range contains what it stands for.
    """
    found: dict[int, Range] = {}
    for inner in _upward(node):
        if isinstance(inner, Leaf):
            found[id(inner)] = leaf(inner)
        else:
            parts = [found[id(part)] for part in inner.parts]
            rule = _threshold if isinstance(inner, Threshold) else _table
            found[id(inner)] = rule(inner, parts)  # type: ignore[arg-type]
    return found[id(node)]


def _upward(node: Node) -> Iterator[Node]:
    """Every node below and itself, parts first, each object once."""
    seen: set[int] = set()
    stack: list[tuple[Node, bool]] = [(node, False)]
    while stack:
        inner, ready = stack.pop()
        if ready:
            yield inner
        elif id(inner) not in seen:
            seen.add(id(inner))
            stack.append((inner, True))
            if not isinstance(inner, Leaf):
                stack += [(part, False) for part in reversed(inner.parts)]


def _monotone(table: Table) -> bool:
    rows = table.rows
    return all(
        rows[row] <= rows[row | bit]
        for bit in (2**i for i in range(len(table.parts)))
        for row in range(len(rows))
    )


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
    falls = rises = 0.0
    for i, group in enumerate(groups):
        others = [*groups[:i], _Group(group.of, group.weight, group.count - 1), *groups[i + 1 :]]
        least, most = (_tails(others, high, node.needed, group.weight) for high in (False, True))
        slope = (max(0.0, least[0] - most[1]), min(1.0, max(0.0, most[0] - least[1])))
        low, high = _times(slope, (group.of.falls, group.of.rises))
        falls, rises = falls + group.count * low, rises + group.count * high
    below, above = (_tails(groups, high, node.needed, 0)[1] for high in (False, True))
    return Range(below, above, falls, rises)


def _alike(group: _Group, needed: int) -> Range:
    """At least `needed` of parts with one range: binomial tails, and their slope in one part."""
    n, low, high = group.count, group.of.low, group.of.high
    ends = [binomial(n - 1, needed - 1, p) for p in (low, high)]
    mode = (needed - 1) / (n - 1) if n > 1 else low
    top = binomial(n - 1, needed - 1, mode) if low < mode < high else max(ends)
    falls, rises = _times((min(ends), top), (group.of.falls, group.of.rises))
    return Range(tail(n, needed, low), tail(n, needed, high), n * falls, n * rises)


def _tails(groups: list[_Group], high: bool, needed: int, weight: int) -> tuple[float, float]:
    """P(sum ≥ needed − weight) and P(sum ≥ needed), at the high or the low ends."""
    law = [1.0]  # what is at `needed` or more stands at `needed`
    for group in groups:
        p = group.of.high if high else group.of.low
        for _ in range(group.count):
            law = _added(law, p, group.weight, needed)
    reached = [law[i] if i < len(law) else 0.0 for i in range(needed + 1)]
    return math.fsum(reached[max(0, needed - weight) :]), reached[needed]


def _added(law: list[float], p: float, weight: int, needed: int) -> list[float]:
    new = [(1 - p) * chance for chance in law]
    new += [0.0] * (min(needed, len(law) - 1 + weight) + 1 - len(law))
    for total, chance in enumerate(law):
        new[min(needed, total + weight)] += p * chance
    return new


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
