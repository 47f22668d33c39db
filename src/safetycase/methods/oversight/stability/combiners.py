"""Arguments as combiners over leaves.

A node stands for a claim. Its bit is computed from the bits of its parts by a rule; every part is
drawn by itself with its own probability, as the estimator of prover-estimator debate gives one
number for each subclaim. So the value of a node is the expectation E_H of its rule at the values
of its parts, from the leaves up. A node object (or a leaf name) that stands in several places has
the same number in each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

__all__ = [
    "Leaf",
    "Node",
    "Table",
    "Threshold",
    "all_of",
    "any_of",
    "at_least",
    "leaves_of",
    "majority",
    "monotone",
    "repeated",
    "truth",
    "upward",
]

LARGEST_TABLE, LARGEST_SUM = 10, 100_000


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
        if sum(self.weights) > LARGEST_SUM:
            raise ValueError(f"the weights add up to more than {LARGEST_SUM:,}; write smaller ones")
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


def leaves_of(node: Node) -> tuple[Leaf, ...]:
    """The leaves below, each object once, in the order of the argument."""
    return tuple(n for n in upward(node) if isinstance(n, Leaf))


def repeated(node: Node) -> bool:
    """Whether some node stands in more than one place."""
    seen: set[int] = set()
    for inner in upward(node):
        for part in () if isinstance(inner, Leaf) else inner.parts:
            if id(part) in seen:
                return True
            seen.add(id(part))
    return False


def monotone(node: Node) -> bool:
    """Whether no rule ever falls when a part becomes true."""
    return all(not isinstance(n, Table) or _monotone(n) for n in upward(node))


def truth(node: Node) -> bool:
    """What follows from the claimed truths of the leaves."""
    values: dict[int, bool] = {}
    for inner in upward(node):
        if isinstance(inner, Leaf):
            values[id(inner)] = inner.claimed
        elif isinstance(inner, Threshold):
            pairs = zip(inner.parts, inner.weights, strict=True)
            values[id(inner)] = sum(w for p, w in pairs if values[id(p)]) >= inner.needed
        else:
            row = sum(2**i for i, part in enumerate(inner.parts) if values[id(part)])
            values[id(inner)] = inner.rows[row]
    return values[id(node)]


def upward(node: Node) -> Iterator[Node]:
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
