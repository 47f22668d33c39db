"""Layer 1: bounds that hold under every dependence between the events, in linear time.

Each event has an interval of probability. At every node the bounds are those of Boole and
Fréchet (Fréchet 1935, Fund. Math. 25:379): nothing is assumed independent, so the result is
sound, and loose where an event is shared between paths.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

__all__ = ["VACUOUS", "Bounds", "Node", "propagate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The probability lies between `low` and `high`."""

    low: float
    high: float


VACUOUS = Bounds(low=0.0, high=1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """An event (`leaf`, with its interval) or a combination of `parts`.

    `k of n` is true when at least `k` of its parts are. `net` has two parts, support φ and
    rebuttal ψ, and stands for φ and not ψ; its upper bound is 1 − min P(ψ and not φ).
    """

    op: Literal["leaf", "all", "any", "k of n", "not", "net"]
    parts: tuple[str, ...] = ()
    k: int = 0
    interval: Bounds = VACUOUS


def propagate(nodes: Mapping[str, Node]) -> Mapping[str, Bounds]:
    """The bounds of every node; `ValueError` naming a node on a circle, `KeyError` if dangling."""
    done: dict[str, Bounds] = {}
    open_: set[str] = set()
    for start in nodes:
        stack = [start]
        while stack:
            name = stack[-1]
            if name in done:
                stack.pop()
                continue
            waiting = [part for part in nodes[name].parts if part not in done]
            if not waiting:
                done[name] = _combine(nodes[name], [done[p] for p in nodes[name].parts])
                open_.discard(name)
                stack.pop()
            elif name in open_ and any(part in open_ for part in waiting):
                raise ValueError(f"`{name}` lies on a circle")
            else:
                open_.add(name)
                stack += waiting
    return done


def _combine(node: Node, parts: list[Bounds]) -> Bounds:
    if node.op == "leaf":
        return node.interval
    if node.op == "not":
        return Bounds(low=1 - parts[0].high, high=1 - parts[0].low)
    if node.op == "net":
        support, rebuttal = parts
        return Bounds(
            low=max(0.0, support.low - rebuttal.high),
            high=1 - max(0.0, rebuttal.low - support.high),
        )
    lows, highs = [p.low for p in parts], [p.high for p in parts]
    if node.op == "all":
        return Bounds(low=max(0.0, 1 - sum(1 - low for low in lows)), high=min(highs, default=1.0))
    if node.op == "any":
        return Bounds(low=max(lows, default=0.0), high=min(1.0, sum(highs)))
    # At least k of n: with X the number that hold, E[X] <= (k-1) + (n-k+1) P(X >= k), and Markov.
    k, n = node.k, len(parts)
    low = (sum(lows) - k + 1) / (n - k + 1) if n >= k else 0.0
    return Bounds(low=min(1.0, max(0.0, low)), high=min(1.0, sum(highs) / k) if k else 1.0)
