"""Dual prices: from leaves of the reduced graph to events, and the local rules as a dual.

Every bound of the engine below 1 is a point of one dual program: z and a price for each event
literal such that z plus the prices in every implicant of "the node fails" is at least 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from safetycase.confidence.caps import Cap
from safetycase.confidence.graph import Graph
from safetycase.confidence.local import most_at_least
from safetycase.confidence.nnf import FALSE, TRUE, Reduced

__all__ = ["Dual", "LeafDual", "dual_value", "local_dual", "round_up", "unfold"]

_SLACK = 4e-12
"""Prices that are fractions are raised by this share, which covers the rounding of their sums."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafDual:
    """`z` and prices of the leaf literals of a reduced graph; `pairs[c]` is the price of cap c."""

    z: float
    prices: Mapping[int, float]
    pairs: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dual:
    """`z` and prices of event literals: (i, False) is "event i fails", (i, True) "it holds"."""

    z: float
    prices: Mapping[tuple[int, bool], float]
    pairs: Mapping[int, float] = field(default_factory=dict)


def round_up(number: Fraction) -> float:
    """The smallest double that is not below `number`."""
    import math

    near = float(number)
    return near if Fraction(near) >= number else math.nextafter(near, math.inf)


def dual_value(graph: Graph, caps: Sequence[Cap], dual: Dual) -> float:
    """The sum of z and price times capacity, in exact arithmetic, rounded up; at most 1."""
    total = Fraction(dual.z)
    for (event, holds), price in dual.prices.items():
        room = Fraction(graph.high[event]) if holds else 1 - Fraction(graph.low[event])
        if room:
            total += Fraction(price) * room
    for at, price in dual.pairs.items():
        total += Fraction(price) * Fraction(caps[at].limit)
    return round_up(min(Fraction(1), total))


def local_dual(reduced: Reduced, goal: int) -> LeafDual:
    """The rules of layer 1 for the literal `goal`, written as prices of leaf literals."""
    if goal in (TRUE, FALSE):
        return LeafDual(z=1.0 if goal == TRUE else 0.0, prices={})
    cap = list(reduced.cap)
    for gate in reduced.gates:
        for literal in (2 * gate, 2 * gate + 1):
            needed, parts = reduced.needs(literal)
            cap[literal] = most_at_least(needed, [cap[p] for p in parts])
    return _push(reduced, cap, 0.0, {goal: 1.0}, leaves=True)


def unfold(reduced: Reduced, dual: LeafDual) -> Dual:
    """The same dual in event literals, no price above what makes its literal suffice alone."""
    pushed = _push(reduced, reduced.cap, dual.z, dict(dual.prices), leaves=False)
    z = min(1.0, pushed.z)
    prices = {(event, not holds): 1.0 for event, holds in reduced.fixed}
    for literal, price in pushed.prices.items():
        if price > 0.0 and z < 1.0:
            prices[reduced.event[literal >> 1], not literal & 1] = min(price, 1.0 - z)
    pairs = {at: min(y, 1.0 - z) for at, y in dual.pairs.items() if y > 0.0 and z < 1.0}
    if z in (0.0, 1.0) and not pairs and all(y == 1.0 for y in prices.values()):
        return Dual(z=z, prices=prices)
    more = 1.0 + _SLACK
    return Dual(
        z=z * more,
        prices={x: y if y == 1.0 else y * more for x, y in prices.items()},
        pairs={at: y * more for at, y in pairs.items()},
    )


def _push(
    reduced: Reduced, cap: list[float], z: float, prices: dict[int, float], *, leaves: bool
) -> LeafDual:
    """Pass the price of every gate on to its parts, down to leaves or (`leaves` false) events."""
    done: dict[int, float] = {}
    for literal in _parents_first(reduced, list(prices), leaves):
        price = prices.pop(literal, 0.0)
        node = literal >> 1
        if reduced.event[node] >= 0 or (leaves and reduced.leaf[node]):
            if price:
                done[literal] = min(price, 1.0)
            continue
        needed, parts = reduced.needs(literal)
        price = min(price, 1.0)
        share, chosen = _shares(needed, parts, cap)
        if share == 0.0:
            z += price
        elif price:
            for part in chosen:
                prices[part] = prices.get(part, 0.0) + price * share
    return LeafDual(z=min(1.0, z), prices=done)


def _shares(needed: int, parts: tuple[int, ...], cap: list[float]) -> tuple[float, list[int]]:
    """The dual of `most_at_least`: the price of each chosen part; (0, []) where its value is 1."""
    if needed == 1:
        parts_ = list(parts)
        return (1.0, parts_) if sum([cap[p] for p in parts]) < 1.0 else (0.0, [])
    ordered = sorted(parts, key=cap.__getitem__)
    rest = sum([cap[p] for p in ordered])
    best, spared = 1.0, -1
    for r in range(needed):
        if rest / (needed - r) < best:
            best, spared = rest / (needed - r), r
        rest -= cap[ordered[-1 - r]]
    if spared < 0:
        return 0.0, []
    return 1.0 / (needed - spared), ordered[: len(ordered) - spared]


def _parents_first(reduced: Reduced, literals: list[int], leaves: bool) -> list[int]:
    """The literals under `literals`, each after every literal it is a part of."""
    order: list[int] = []
    state: dict[int, bool] = {}
    stack = literals
    while stack:
        literal = stack.pop()
        if literal < 0:
            order.append(~literal)
        elif literal not in state:
            state[literal] = True
            node = literal >> 1
            stack.append(~literal)
            if reduced.event[node] < 0 and not (leaves and reduced.leaf[node]):
                stack += (p for p in reduced.needs(literal)[1] if p not in state)
    order.reverse()
    return order
