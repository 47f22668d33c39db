"""Boxes of inputs: their halves, their size, and whether one input breaks a property."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from safetycase.methods.verification.network import Network
from safetycase.methods.verification.rounding import GRID, tanh_within, up
from safetycase.methods.verification.specification import Linear, Property

__all__ = ["Box", "box_of", "halves", "refutes", "size_of"]

Box = tuple[tuple[Fraction, Fraction], ...]


def box_of(spec: Property) -> Box:
    """The box of a property."""
    return tuple(
        (Fraction(low), Fraction(high)) for low, high in zip(spec.low, spec.high, strict=True)
    )


def halves(box: Box, place: int, at: float, *, whole: bool) -> tuple[Box, Box]:
    """The box below and above a cut; whole numbers up to `at` are below. `ValueError` if none."""
    if type(place) is not int or not 0 <= place < len(box):
        raise ValueError(f"there is no input {place}")
    low, high = box[place]
    cut = Fraction(at)
    start = cut + 1 if whole else cut
    if not (low <= cut and start <= high and (whole or low < cut < high)):
        raise ValueError(f"the cut at {at} leaves nothing on one side")
    if whole and cut.denominator != 1:
        raise ValueError("whole numbers are cut at a whole number")
    before, after = box[:place], box[place + 1 :]
    return (*before, (low, cut), *after), (*before, (start, high), *after)


def size_of(box: Box, *, whole: bool) -> Fraction:
    """How many whole inputs it has; else its volume, over the inputs that are free."""
    product = Fraction(1)
    for low, high in box:
        if whole:
            product *= high - low + 1
        elif high > low:
            product *= high - low
    return product


def refutes(network: Network, x: Sequence[Fraction], holds: Linear, tolerance: Fraction) -> bool:
    """Whether the margin at x is surely at most the tolerance."""
    if network.activation == "relu":
        return holds.at(network.value(x)) <= tolerance
    return _highest(network, x, holds) <= tolerance


def _highest(network: Network, x: Sequence[Fraction], holds: Linear) -> Fraction:
    """An upper bound on the margin of a network with tanh at one input."""
    within = [(value, value) for value in x]
    for number, layer in enumerate(network.layers):
        if number:
            within = [
                (
                    Fraction(tanh_within(math.floor(low * 2**GRID))[0], 2**GRID),
                    Fraction(tanh_within(up(high))[1], 2**GRID),
                )
                for low, high in within
            ]
        rows = zip(layer.weights, layer.bias, strict=True)
        within = [_spread(row, bias, within) for row, bias in rows]
    return _spread(holds.coefficients, holds.offset, within)[1]


def _spread(
    row: Sequence[float], offset: float, within: Sequence[tuple[Fraction, Fraction]]
) -> tuple[Fraction, Fraction]:
    terms = [
        (Fraction(c) * low, Fraction(c) * high) for c, (low, high) in zip(row, within, strict=True)
    ]
    low = sum((min(pair) for pair in terms), Fraction(offset))
    return low, sum((max(pair) for pair in terms), Fraction(offset))
