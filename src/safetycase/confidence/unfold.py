"""Dual prices: from leaves of the reduced graph to events, and the local rules as a dual.

Every bound of the engine below 1 is a point of one dual program: z and a price for each event
literal such that z plus the prices in every implicant of "the node fails" is at least 1.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from safetycase.confidence.caps import Cap
from safetycase.confidence.certificate import Dual
from safetycase.confidence.graph import Graph
from safetycase.confidence.local import most_at_least
from safetycase.confidence.nnf import FALSE, TRUE, Reduced

__all__ = ["LeafDual", "dual_value", "local_dual", "unfold"]

_ZERO, _ONE = Fraction(0), Fraction(1)
_UNIT = 1 << 50
"""What prices are counted in (rounded up) where their common denominator is larger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafDual:
    """`z` and prices of the leaf literals of a reduced graph; `pairs[c]` is the price of cap c."""

    z: Fraction
    prices: Mapping[int, Fraction]
    pairs: Mapping[int, Fraction] = field(default_factory=dict)


def dual_value(graph: Graph, caps: Sequence[Cap], dual: Dual) -> float:
    """The sum of z and price times capacity, in exact arithmetic, rounded up; at most 1."""
    total = Fraction(dual.z)
    for (event, holds), price in dual.prices.items():
        room = Fraction(graph.high[event]) if holds else 1 - Fraction(graph.low[event])
        if room:
            total += price * room
    for at, price in dual.pairs.items():
        total += price * Fraction(caps[at].limit)
    total = min(Fraction(1), total / dual.unit)
    near = float(total)
    return near if Fraction(near) >= total else math.nextafter(near, math.inf)


def local_dual(reduced: Reduced, goal: int) -> LeafDual:
    """The rules of layer 1 for the literal `goal`, written as prices of leaf literals."""
    if goal in (TRUE, FALSE):
        return LeafDual(z=_ONE if goal == TRUE else _ZERO, prices={})
    cap = list(reduced.cap)
    for gate in reduced.gates:
        for literal in (2 * gate, 2 * gate + 1):
            needed, parts = reduced.needs(literal)
            cap[literal] = most_at_least(needed, [cap[p] for p in parts])
    return _push(reduced, cap, _ZERO, {goal: _ONE}, leaves=True)


def unfold(reduced: Reduced, dual: LeafDual) -> Dual:
    """The same dual in event literals, no price above what makes its literal suffice alone."""
    pushed = _push(reduced, reduced.cap, dual.z, dict(dual.prices), leaves=False)
    z = min(_ONE, pushed.z)
    most = _ONE - z
    prices = {(event, not holds): _ONE for event, holds in reduced.fixed}
    for literal, price in pushed.prices.items():
        if price and most:
            prices[reduced.event[literal >> 1], not literal & 1] = min(price, most)
    pairs = {at: min(y, most) for at, y in dual.pairs.items() if y and most}
    unit = math.lcm(*(y.denominator for y in (z, *prices.values(), *pairs.values())))
    unit = min(unit, _UNIT)
    return Dual(
        unit=unit,
        z=math.ceil(z * unit),
        prices={x: math.ceil(y * unit) for x, y in prices.items()},
        pairs={at: math.ceil(y * unit) for at, y in pairs.items()},
    )


def _push(
    reduced: Reduced, cap: list[float], z: Fraction, prices: dict[int, Fraction], *, leaves: bool
) -> LeafDual:
    """Pass the price of every gate on to its parts, down to leaves or (`leaves` false) events."""
    done: dict[int, Fraction] = {}
    for literal in _parents_first(reduced, list(prices), leaves):
        price = prices.pop(literal, _ZERO)
        node = literal >> 1
        if reduced.event[node] >= 0 or (leaves and reduced.leaf[node]):
            if price:
                done[literal] = min(price, _ONE)
            continue
        needed, parts = reduced.needs(literal)
        price = min(price, _ONE)
        share, chosen = _shares(needed, parts, cap)
        if share == 0:
            z += price
        elif price:
            each = price if share == 1 else price / share
            for part in chosen:
                prices[part] = prices.get(part, _ZERO) + each
    return LeafDual(z=min(_ONE, z), prices=done)


def _shares(needed: int, parts: tuple[int, ...], cap: list[float]) -> tuple[int, list[int]]:
    """The dual of `most_at_least`: each chosen part is priced at one `share`-th.

    (0, []) where the value is 1, so that z pays for all.
    """
    if needed == 1:
        return (1, list(parts)) if sum([cap[p] for p in parts]) < 1.0 else (0, [])
    ordered = sorted(parts, key=cap.__getitem__)
    rest = sum([cap[p] for p in ordered])
    best, spared = 1.0, -1
    for r in range(needed):
        if rest / (needed - r) < best:
            best, spared = rest / (needed - r), r
        rest -= cap[ordered[-1 - r]]
    if spared < 0:
        return 0, []
    return needed - spared, ordered[: len(ordered) - spared]


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
