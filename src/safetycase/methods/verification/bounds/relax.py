"""Bounds in floating point, for the search only: fast, and trusted by nobody.

The same lines as in `exact`, so that what looks proved here is nearly always proved there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from safetycase.methods.verification.exact import Unit
from safetycase.methods.verification.network import Network

__all__ = ["Arrays", "Hull", "Picked", "hull", "margin"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrays:
    """The weights and biases as numpy arrays of float64."""

    weights: tuple[Any, ...]
    bias: tuple[Any, ...]
    tanh: bool

    @staticmethod
    def of(network: Network) -> Arrays:
        """The same network, rounded to float64 (which its weights are)."""
        import numpy as np

        return Arrays(
            weights=tuple(np.array(layer.weights, dtype=float) for layer in network.layers),
            bias=tuple(np.array(layer.bias, dtype=float) for layer in network.layers),
            tanh=network.activation == "tanh",
        )

    def outputs(self, x: Any) -> Any:
        """Outputs (n, outputs) at inputs (n, inputs)."""
        import numpy as np

        found = x
        for number, (weights, bias) in enumerate(zip(self.weights, self.bias, strict=True)):
            if number:
                found = np.tanh(found) if self.tanh else np.maximum(found, 0.0)
            found = found @ weights.T + bias
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Hull:
    """For each hidden layer: bounds on z, and the two lines around its activation."""

    low: list[Any]
    high: list[Any]
    below: list[tuple[Any, Any]]
    above: list[tuple[Any, Any]]
    assumed: Mapping[Unit, bool]

    def unsettled(self, layer: int) -> Any:
        """Which ReLUs of a layer can be on and off, as a mask."""
        import numpy as np

        found = (self.low[layer] < 0) & (self.high[layer] > 0)
        for k, unit in self.assumed:
            if k == layer:
                found[unit] = False
        return np.asarray(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Picked:
    """Slopes below open ReLUs and multipliers (see `exact.Choice`), as floats."""

    slopes: Mapping[Unit, float]
    phases: Mapping[Unit, float]
    given: tuple[float, ...] = ()


def hull(arrays: Arrays, low: Any, high: Any, assumed: Mapping[Unit, bool]) -> Hull | None:
    """Bounds on every hidden layer over a box, or None where the assumptions contradict."""
    import numpy as np

    found = Hull(low=[], high=[], below=[], above=[], assumed=assumed)
    for number in range(len(arrays.weights) - 1):
        rows, constants = arrays.weights[number], arrays.bias[number]
        least = _through(arrays, found, number, rows, constants, low, high)
        most = -_through(arrays, found, number, -rows, -constants, low, high)
        for (layer, unit), on in assumed.items():
            if layer == number:
                least[unit] = max(least[unit], 0.0) if on else least[unit]
                most[unit] = most[unit] if on else min(most[unit], 0.0)
        if np.any(least > most):
            return None
        found.low.append(least)
        found.high.append(most)
        below, above = (_tanh if arrays.tanh else _relu)(least, most)
        found.below.append(below)
        found.above.append(above)
    return found


def _relu(low: Any, high: Any) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    import numpy as np

    on, off = low >= 0, high <= 0
    wide = np.where(on | off, 1.0, high - low)
    steep = np.where(on, 1.0, np.where(off, 0.0, high / wide))
    flat = np.where(on, 1.0, np.where(off, 0.0, (high > -low).astype(float)))
    zero = np.zeros_like(low)
    return (flat, zero), (steep, np.where(on | off, 0.0, -steep * low))


def _tanh(low: Any, high: Any) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    import numpy as np

    first, last = np.tanh(low), np.tanh(high)
    slope = 1 - np.maximum(np.abs(first), np.abs(last)) ** 2
    return (slope, first - slope * low), (slope, last - slope * high)


def _back(hull_: Hull, layer: int, rows: Any, constants: Any) -> tuple[Any, Any]:
    """Rows over the a of a layer become rows over its z."""
    import numpy as np

    (slope, intercept), (steep, offset) = hull_.below[layer], hull_.above[layer]
    positive, negative = np.maximum(rows, 0.0), np.minimum(rows, 0.0)
    constants = constants + positive @ intercept + negative @ offset
    return positive * slope + negative * steep, constants


def _through(
    arrays: Arrays, hull_: Hull, number: int, rows: Any, constants: Any, low: Any, high: Any
) -> Any:
    import numpy as np

    for layer in range(number - 1, -1, -1):
        rows, constants = _back(hull_, layer, rows, constants)
        constants = constants + rows @ arrays.bias[layer]
        rows = rows @ arrays.weights[layer]
    return constants + np.maximum(rows, 0.0) @ low + np.minimum(rows, 0.0) @ high


def margin(
    arrays: Arrays, hull_: Hull, holds: tuple[Any, float], low: Any, high: Any
) -> tuple[float, Any, dict[Unit, float]]:
    """The bound of a margin, its slope in each input, and how much each open ReLU costs it."""
    import numpy as np

    rows, constants = holds[0][None] @ arrays.weights[-1], holds[1] + holds[0] @ arrays.bias[-1]
    constants = np.array([constants])
    costs: dict[Unit, float] = {}
    for layer in range(len(hull_.low) - 1, -1, -1):
        if not arrays.tanh:
            cost = np.abs(rows[0]) * hull_.above[layer][1]
            costs |= {
                (layer, int(u)): float(cost[u]) for u in np.nonzero(hull_.unsettled(layer))[0]
            }
        rows, constants = _back(hull_, layer, rows, constants)
        constants = constants + rows @ arrays.bias[layer]
        rows = rows @ arrays.weights[layer]
    least = constants + np.maximum(rows, 0.0) @ low + np.minimum(rows, 0.0) @ high
    return float(least[0]), rows[0], costs
