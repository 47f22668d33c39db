"""A risk as a tree: products where factors are conditional, and bounds where they are not.

A factor that is declared conditional on all that stands below it is multiplied: P(A and B) is
P(A) · P(B | A), whatever the dependence. Factors that were estimated apart are not: all that
holds of P(A and B) is max(0, a + b − 1) ≤ P ≤ min(a, b) (Fréchet 1935, Fund. Math. 25:379).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from safetycase.stats import Interval

__all__ = ["Node", "apart", "common_cause", "joined", "leaf", "lines", "shown", "through", "times"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """An event with the interval of its probability, what it is made of, and by which rule.

    `names` are the factors that have happened when it has.
    """

    says: str
    range: Interval
    rule: str = ""
    parts: tuple[Node, ...] = ()
    names: frozenset[str] = frozenset()


def leaf(name: str, says: str, low: float, high: float) -> Node:
    """One factor."""
    return Node(says=says, range=Interval(low, high), names=frozenset([name]))


def times(base: Node, factor: Node) -> Node:
    """Both, where `factor` is conditional on `base`."""
    return Node(
        says="both of these",
        range=Interval(base.range.low * factor.range.low, base.range.high * factor.range.high),
        rule="product of conditional factors",
        parts=(base, factor),
        names=base.names | factor.names,
    )


def apart(parts: Sequence[Node]) -> Node:
    """All of them, where none is known to be conditional on another."""
    if len(parts) == 1:
        return parts[0]
    low = math.fsum(part.range.low for part in parts) - (len(parts) - 1)
    return Node(
        says="all of these",
        range=Interval(max(0.0, low), min(part.range.high for part in parts)),
        rule="estimated apart: at most the smallest, no product",
        parts=tuple(parts),
        names=frozenset().union(*(part.names for part in parts)),
    )


def joined(factors: Sequence[tuple[Node, frozenset[str]]]) -> Node:
    """All factors, each with the names it is conditional on.

    Those names are the whole of what stands so far, or of some parts of it (`ValueError`
    otherwise): a factor that is conditional on half of a product cannot be multiplied with it.
    """
    standing: list[Node] = []
    for factor, given in factors:
        under = [node for node in standing if node.names & given]
        if frozenset().union(*(node.names for node in under)) != given:
            names = ", ".join(sorted(given))
            raise ValueError(
                f"`{', '.join(sorted(factor.names))}` is given {names}: name all factors before it "
                "that are multiplied together, and none that is not there"
            )
        standing = [node for node in standing if node not in under]
        standing.append(times(apart(under), factor) if under else factor)
    return apart(standing)


def through(name: str, stages: Sequence[tuple[Node, bool]]) -> Node:
    """Something gets through stages that must all stop it: the first misses it, or the next does.

    A stage with true has its miss rate measured on what the stages before it stop; the rates then
    combine exactly as p + (1 − p)·m. Otherwise it is at most the sum and at least the largest.
    """
    low = high = 0.0
    for i, (stage, conditional) in enumerate(stages):
        if i == 0 or conditional:
            low += (1 - low) * stage.range.low
            high += (1 - high) * stage.range.high
        else:
            low, high = max(low, stage.range.low), min(1.0, high + stage.range.high)
    exact = all(conditional for _, conditional in stages[1:])
    return Node(
        says="a stage misses it",
        range=Interval(low, max(low, high)),
        rule="missed by a stage, or stopped there and missed by the next"
        if exact
        else "stages measured apart: at most the sum",
        parts=tuple(stage for stage, _ in stages),
        names=frozenset([name]),
    )


def common_cause(failure: float, shared: float, arguments: int) -> float:
    """P(all of k arguments fail), each with probability `failure`, `shared` of it in common.

    q + (1 − q)((p − q)/(1 − q))^k: independent but for one cause that fails all of them.
    `ValueError` unless 0 ≤ q ≤ p ≤ 1 and k ≥ 1.
    """
    if not 0 <= shared <= failure <= 1 or arguments < 1:
        raise ValueError(
            f"a shared cause of {shared!r} in {arguments!r} arguments that fail at {failure!r}: "
            "it is from 0 up to what each fails at, and there is an argument"
        )
    if shared == 1:
        return 1.0
    return shared + (1 - shared) * ((failure - shared) / (1 - shared)) ** arguments


def lines(node: Node) -> Iterator[str]:
    """The tree as text, a node a line, with its number and its rule."""
    yield _line(node)
    yield from _below(node, "")


def _below(node: Node, indent: str) -> Iterator[str]:
    for i, part in enumerate(node.parts):
        last = i == len(node.parts) - 1
        yield f"{indent}{'└─ ' if last else '├─ '}{_line(part)}"
        yield from _below(part, indent + ("   " if last else "│  "))


def _line(node: Node) -> str:
    rule = f" ({node.rule})" if node.rule else ""
    return f"{shown(node.range)}  {node.says}{rule}"


def shown(interval: Interval) -> str:
    """An interval in words; one number if both ends are the same."""
    if interval.low == interval.high:
        return f"{interval.low:.6g}"
    return f"[{interval.low:.6g}, {interval.high:.6g}]"
