"""Lower bounds of a network's margin over a box, in whole numbers, rounded to the safe side.

This is all that a certificate rests on. It is written apart from the search, shares no code with
it, and uses neither floats nor numpy. Numbers are whole multiples of 2**-GRID or finer. A ReLU or
a tanh lies between two lines over an interval; going backward through the layers, each margin is
bounded by a linear function of the input (Zhang et al. 2018, arXiv:1811.00866; Singh et al. 2019,
doi:10.1145/3290354). Lines and multipliers of any value within their range give a true bound, so a
certificate cannot lie by choosing them badly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from operator import mul

from safetycase.methods.verification.boxes import Box
from safetycase.methods.verification.network import Activation, Network, ints, shift_of
from safetycase.methods.verification.rounding import GRID, ONE, down, tanh_within, up
from safetycase.methods.verification.specification import Linear

__all__ = ["Choice", "Lines", "Scaled", "Unit", "lower_bound"]

Unit = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaled:
    """A network with its weights and biases as whole numbers times 2**-shift."""

    layers: tuple[tuple[list[list[int]], list[int]], ...]
    shift: int
    activation: Activation

    @staticmethod
    def of(network: Network) -> Scaled:
        """The same network; `ValueError` for one that rounds inside."""
        if network.quantised:
            raise ValueError("lines do not bound a network that rounds to whole numbers inside")
        flat = [n for layer in network.layers for row in (*layer.weights, layer.bias) for n in row]
        shift = shift_of(flat)
        return Scaled(
            layers=tuple(
                ([ints(row, shift) for row in layer.weights], ints(layer.bias, shift))
                for layer in network.layers
            ),
            shift=shift,
            activation=network.activation,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """For each unit of a layer: slope and intercept of a line below it, and of one above it."""

    below: list[tuple[int, int]]
    above: list[tuple[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a proof may choose: slopes below open ReLUs, and multipliers of what is given.

    `slopes` and `phases` (the multiplier of z ≥ 0, or of z ≤ 0, for a unit that is assumed on, or
    off) are by unit, `given` by row; all in units of 2**-GRID.
    """

    slopes: Mapping[Unit, int]
    phases: Mapping[Unit, int]
    given: Sequence[int]


def lower_bound(
    scaled: Scaled,
    box: Box,
    assumed: Mapping[Unit, bool],
    holds: Linear,
    given: Sequence[Linear],
    choice: Choice,
) -> Fraction | None:
    """A number that `holds` is not below at any input of the box, or None where there is no input.

    Only inputs count for which `given` is at least zero and the assumed units are on (True) or off.
    """
    if any(_largest(row, box) < 0 for row in given):
        return None
    ends = [(down(low), up(high)) for low, high in box]
    lines: list[Lines] = []
    for number in range(len(scaled.layers) - 1):
        within = _within(scaled, number, lines, ends, assumed)
        if within is None:
            return None
        lines.append(_lines(scaled.activation, number, within, assumed, choice))
    shift = shift_of((*holds.coefficients, holds.offset))
    row, constant = ints(holds.coefficients, shift), ints((holds.offset,), shift)[0]
    return _margin(scaled, lines, ends, (row, constant, shift), assumed, given, choice)


def _largest(row: Linear, box: Box) -> Fraction:
    terms = (
        max(Fraction(c) * low, Fraction(c) * high)
        for c, (low, high) in zip(row.coefficients, box, strict=True)
    )
    return sum(terms, Fraction(row.offset))


def _within(
    scaled: Scaled,
    number: int,
    lines: list[Lines],
    ends: list[tuple[int, int]],
    assumed: Mapping[Unit, bool],
) -> list[tuple[int, int]] | None:
    """Bounds on the z of a layer, in units of 2**-GRID; None where the assumptions contradict."""
    weights, bias = scaled.layers[number]
    found = []
    for unit, (row, constant) in enumerate(zip(weights, bias, strict=True)):
        low = _through(scaled, number, lines, ends, row, constant)
        high = -_through(scaled, number, lines, ends, [-w for w in row], -constant)
        on = assumed.get((number, unit))
        low = max(low, 0) if on else low
        high = min(high, 0) if on is False else high
        if low > high:
            return None
        found.append((low, high))
    return found


def _through(
    scaled: Scaled,
    number: int,
    lines: list[Lines],
    ends: list[tuple[int, int]],
    row: list[int],
    constant: int,
) -> int:
    """A lower bound of row · a + constant, a being what goes into layer `number`, rounded down."""
    shift = scaled.shift
    for below in range(number - 1, -1, -1):
        row, constant = _relaxed(lines[below], row, constant)
        row, constant = _affine(scaled.layers[below], scaled.shift, row, constant)
        shift += GRID + scaled.shift
    return _over(ends, row, constant) >> shift


def _relaxed(lines: Lines, row: list[int], constant: int) -> tuple[list[int], int]:
    """Through an activation, from shift s to s + GRID."""
    constant <<= GRID
    found = []
    for c, below, above in zip(row, lines.below, lines.above, strict=True):
        slope, intercept = below if c >= 0 else above
        found.append(c * slope)
        constant += c * intercept
    return found, constant


def _affine(
    layer: tuple[list[list[int]], list[int]], shift: int, row: list[int], constant: int
) -> tuple[list[int], int]:
    """Through weights and bias, from shift s to s + shift."""
    weights, bias = layer
    constant = (constant << shift) + sum(map(mul, row, bias))
    found = [0] * len(weights[0])
    for c, into in zip(row, weights, strict=True):
        if c:
            found = [f + c * w for f, w in zip(found, into, strict=True)]
    return found, constant


def _over(ends: list[tuple[int, int]], row: list[int], constant: int) -> int:
    """The least value over the box, from shift s to s + GRID."""
    return (constant << GRID) + sum(
        c * (low if c >= 0 else high) for c, (low, high) in zip(row, ends, strict=True)
    )


def _margin(
    scaled: Scaled,
    lines: list[Lines],
    ends: list[tuple[int, int]],
    start: tuple[list[int], int, int],
    assumed: Mapping[Unit, bool],
    given: Sequence[Linear],
    choice: Choice,
) -> Fraction:
    """The margin less what the assumptions, times their multipliers, add to it; its least value."""
    row, constant, shift = start
    row, constant = _affine(scaled.layers[-1], scaled.shift, row, constant)
    shift += scaled.shift
    for number in range(len(lines) - 1, -1, -1):
        row, constant = _relaxed(lines[number], row, constant)
        shift += GRID
        for (layer, unit), multiplier in choice.phases.items():
            if layer == number:  # z at least 0, or at most 0: its multiple is not below 0
                weight = max(multiplier, 0) << (shift - GRID)
                row[unit] += -weight if assumed[layer, unit] else weight
        row, constant = _affine(scaled.layers[number], scaled.shift, row, constant)
        shift += scaled.shift
    numbers = [n for one in given for n in (*one.coefficients, one.offset)]
    fine = shift_of(numbers)
    row, constant = [c << fine for c in row], constant << fine
    room = shift - GRID
    if room < 0:  # a network without hidden layers, whose weights are whole
        row, constant = [c << -room for c in row], constant << -room
        shift, room = GRID, 0
    for one, multiplier in zip(given, choice.given, strict=False):
        weight = max(multiplier, 0) << room
        *terms, offset = ints((*one.coefficients, one.offset), fine)
        row = [c - weight * g for c, g in zip(row, terms, strict=True)]
        constant -= weight * offset
    return Fraction(_over(ends, row, constant), 1 << (shift + fine + GRID))


def _lines(
    activation: Activation,
    number: int,
    within: list[tuple[int, int]],
    assumed: Mapping[Unit, bool],
    choice: Choice,
) -> Lines:
    below, above = [], []
    for unit, (low, high) in enumerate(within):
        if activation == "tanh":
            under, over = _tanh_lines(low, high)
        else:
            slope = choice.slopes.get((number, unit))
            under, over = _relu_lines(low, high, assumed.get((number, unit)), slope)
        below.append(under)
        above.append(over)
    return Lines(below=below, above=above)


def _relu_lines(
    low: int, high: int, on: bool | None, slope: int | None
) -> tuple[tuple[int, int], tuple[int, int]]:
    """ReLU is convex: slopes in [0, 1] through zero lie below it, a chord above it."""
    if on or low >= 0:
        return (ONE, 0), (ONE, 0)
    if on is False or high <= 0:
        return (0, 0), (0, 0)
    if slope is None:
        slope = ONE if high > -low else 0
    steep = -((-high << GRID) // (high - low))
    return (min(max(slope, 0), ONE), 0), (steep, -((steep * low) >> GRID))


def _tanh_lines(low: int, high: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """tanh(z) − s·z never falls where s is at most the smaller of the slopes at the two ends.

    For the slope of tanh rises up to zero and falls from there, so it is least at an end. The line
    of slope s through the lower end lies below, that through the upper end above.
    """
    first, last = tanh_within(low), tanh_within(high)
    steepest = max(max(abs(t) for t in first), max(abs(t) for t in last))
    slope = max(0, ONE - -(-steepest * steepest >> GRID))
    return (slope, first[0] - -(-slope * low >> GRID)), (slope, last[1] - (slope * high >> GRID))
