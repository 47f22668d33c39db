"""How large errors of the leaves become at the top: the modulus and its steepest chord, certified.

The modulus ρ(ε) of an argument is the largest |E_H(p) − H(z)| over all p with |p_i − z_i| ≤ ε,
where z are the claimed truths. An argument is (ε, ρ)-stable if ρ(ε) ≤ ρ. Its critical ratio is
sup ρ(ε)/ε: no error of the leaves is ever handed on at more than that rate. For leaves that are all
claimed true and rules that never fall it is max_e (1 − E_H(1 − e))/e: n for "all of n".
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass

from safetycase.methods.oversight.stability.combiners import (
    Leaf,
    Node,
    monotone,
    repeated,
    truth,
)
from safetycase.methods.oversight.stability.ranges import Range, measure

__all__ = ["Ratio", "critical_ratio", "modulus"]

ROUNDING = 1e-9  # more than the sums and products here can be off by, relative
TOLERANCE = 1e-6
EVALUATIONS = 4_000
SMALLEST = 1e-7  # an error below it says no more than the slope at none


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """The critical ratio lies between `low`, which an error of `at` shows, and `high`.

    `at` is 0 where the ratio is that of ever smaller errors.
    """

    low: float
    high: float
    at: float


def modulus(node: Node, error: float) -> float:
    """ρ(error), exact up to rounding; `ValueError` if it cannot be had exactly."""
    if not 0 <= error <= 1:
        raise ValueError(f"an error of {error!r} is no number between 0 and 1")
    return _curve(node).deviation(error)


def critical_ratio(
    node: Node, *, tolerance: float = TOLERANCE, evaluations: int = EVALUATIONS
) -> Ratio:
    """The supremum of ρ(ε)/ε over 0 < ε ≤ 1, by branch and bound.

    On [a, b] let m and M bound the derivative of ρ. Then ρ(e) is at most ρ(a) + (e − a)M and
    at most ρ(b) − (b − e)m, and either of them over e is monotone in e, so that it is largest at
    an end. The piece with the highest bound is halved until none exceeds the best chord found
    by more than `tolerance` of it.
    """
    curve = _curve(node)
    best = max((curve.slope(0.0, 0.0)[1], 0.0), (curve.deviation(1.0), 1.0))
    pieces = [_piece(curve, 0.0, 1.0)]
    for _ in range(evaluations):
        bound, left, right = -pieces[0][0], pieces[0][1], pieces[0][2]
        middle = (left + right) / 2
        if bound <= best[0] * (1 + tolerance) or middle < SMALLEST:
            break
        heapq.heappop(pieces)
        best = max(best, (curve.deviation(middle) / middle, middle))
        for piece in (_piece(curve, left, middle), _piece(curve, middle, right)):
            heapq.heappush(pieces, piece)
    high = max(best[0], -pieces[0][0])
    return Ratio(low=best[0] * (1 - ROUNDING), high=high * (1 + ROUNDING), at=best[1])


def _piece(curve: _Curve, left: float, right: float) -> tuple[float, float, float]:
    least, most = curve.slope(left, right)
    at_left, at_right = curve.deviation(left), curve.deviation(right)
    forward = (at_left + (right - left) * most) / right
    if left == 0:
        return -max(most, forward), left, right
    back = (at_right - (right - left) * least) / left
    bounds = max(at_left / left, forward), max(back, at_right / right)
    return -min(bounds), left, right


@dataclass(frozen=True, slots=True)
class _Curve:
    """ρ, and bounds on its derivative, which are its value at no error."""

    deviation: Callable[[float], float]
    slope: Callable[[float, float], tuple[float, float]]


def _curve(node: Node) -> _Curve:
    holds = truth(node)
    if monotone(node):
        return _line(node, holds)
    if repeated(node):
        raise ValueError(
            "a part stands in several places of an argument with a rule that can fall; give "
            "each use a leaf of its own"
        )
    return _box(node, holds)


def _line(node: Node, holds: bool) -> _Curve:
    """Rules that never fall: the worst errors are all towards the opposite of what holds."""

    def leaf_range(leaf: Leaf, left: float, right: float) -> Range:
        if leaf.claimed != holds:
            return Range(float(leaf.claimed), float(leaf.claimed), 0.0, 0.0)
        return Range(1 - right, 1 - left, -1.0, -1.0) if holds else Range(left, right, 1.0, 1.0)

    def deviation(error: float) -> float:
        value = measure(node, lambda leaf: leaf_range(leaf, error, error)).low
        return 1 - value if holds else value

    def slope(left: float, right: float) -> tuple[float, float]:
        found = measure(node, lambda leaf: leaf_range(leaf, left, right))
        return (-found.rises, -found.falls) if holds else (found.falls, found.rises)

    return _Curve(deviation, slope)


def _box(node: Node, holds: bool) -> _Curve:
    """Any rules, each part used once: the range over the box is that of its corners.

    An error that grows moves a leaf by between nothing and as much, away from its claimed truth.
    """

    def over(error: float) -> Range:
        def leaf_range(leaf: Leaf) -> Range:
            if leaf.claimed:
                return Range(1 - error, 1.0, -1.0, 0.0)
            return Range(0.0, error, 0.0, 1.0)

        return measure(node, leaf_range)

    def deviation(error: float) -> float:
        found = over(error)
        return 1 - found.low if holds else found.high

    def slope(_left: float, right: float) -> tuple[float, float]:
        found = over(right)
        return 0.0, max(0.0, -found.falls if holds else found.rises)

    return _Curve(deviation, slope)
