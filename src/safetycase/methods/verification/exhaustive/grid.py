"""The whole-numbered inputs of a problem, each evaluated without rounding."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from safetycase.methods.verification.exhaustive.spaces import BAD, FINE, SILENT
from safetycase.methods.verification.network import Network, ints, shift_of
from safetycase.methods.verification.specification import Linear, Problem
from safetycase.plugin.contract import MethodError

__all__ = ["Grid", "grid_of"]

FITS = 2**62
TRIES = 100
FINEST = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Pairs of a property and a whole-numbered input of its box, property by property."""

    problem: Problem
    tolerance: float
    starts: tuple[int, ...]
    size: int
    digest: str
    says: str
    in_use: bool = False

    def judged(self, places: Any) -> tuple[Any, Any]:
        """Exact verdicts; a margin has the sign of the exact one, rounded to a float."""
        import numpy as np

        verdicts = np.full(len(places), SILENT, dtype=np.uint8)
        margins = np.full(len(places), np.inf)
        owner = np.searchsorted(self.starts, places, side="right") - 1
        for number, spec in enumerate(self.problem.properties):
            own = np.nonzero(owner == number)[0]
            if not len(own):
                continue
            x = self._points(number, places[own] - self.starts[number])
            spoken = np.ones(len(own), dtype=bool)
            for row in spec.given:
                spoken &= (_linear(row, x, 0)[0] >= 0).astype(bool)
            own, x = own[spoken], x[spoken]
            out, shift = _outputs(self.problem.network, x)
            worst = np.full(len(own), np.inf)
            wrong = np.zeros(len(own), dtype=bool)
            for row in spec.holds:
                value, fine = _linear(row, out, shift)
                limit = math.floor(Fraction(self.tolerance) * 2**fine)
                wrong |= (value <= limit).astype(bool)
                worst = np.minimum(worst, _floats(value, fine))
            verdicts[own] = np.where(wrong, BAD, FINE)
            margins[own] = worst
        return verdicts, margins

    def _points(self, number: int, local: Any) -> Any:
        import numpy as np

        spec = self.problem.properties[number]
        columns = []
        rest = np.array(local)
        for low, high in reversed(list(zip(spec.low, spec.high, strict=True))):
            span = int(high) - int(low) + 1
            columns.append(rest % span + int(low))
            rest = rest // span
        return np.stack(columns[::-1], axis=1)

    def drawn(self, count: int, seed: int) -> tuple[Any, Any]:
        """Inputs that a property speaks of, each as likely as any other."""
        import numpy as np

        if self.size >= FITS:
            raise MethodError(
                f"there are {self.size} inputs, too many to draw one by its number; make the boxes "
                "smaller"
            )
        generator = np.random.default_rng(seed)
        verdicts, margins = np.zeros(0, dtype=np.uint8), np.zeros(0)
        for _ in range(TRIES):
            more, values = self.judged(generator.integers(0, self.size, size=2 * count))
            spoken = more != SILENT
            verdicts = np.concatenate([verdicts, more[spoken]])
            margins = np.concatenate([margins, values[spoken]])
            if len(verdicts) >= count:
                return verdicts[:count], margins[:count]
        raise MethodError(
            "the properties speak of hardly any input of their boxes; make the boxes smaller"
        )

    def text(self, place: int) -> str:
        """The property and the input."""
        import numpy as np

        number = int(np.searchsorted(self.starts, place, side="right") - 1)
        x = self._points(number, np.array([place - self.starts[number]]))[0]
        return f"{self.problem.properties[number].name}: {', '.join(map(str, x.tolist()))}"

    def reordered(self, places: Any) -> float:
        """Whole numbers do not care about order; the margins are computed anew as fractions."""
        import numpy as np

        worst = 0.0
        for place in places:
            number = int(np.searchsorted(self.starts, place, side="right") - 1)
            spec = self.problem.properties[number]
            x = self._points(number, np.array([place - self.starts[number]]))[0]
            out = self.problem.network.value([Fraction(int(v)) for v in x])
            exact = min(row.at(out) for row in spec.holds)
            margin = float(self.judged(np.array([place]))[1][0])
            worst = max(worst, abs(float(exact) - margin) / max(1.0, abs(margin)))
        return worst if worst > 1e-12 else 0.0


def grid_of(problem: Problem, tolerance: float) -> Grid:
    """The inputs of a problem; `MethodError` where they are not whole numbers."""
    if not all(spec.whole for spec in problem.properties):
        raise MethodError(
            "a box of real numbers has no end of inputs; use `verification/bounds`, or say "
            "`whole=True` where inputs are whole numbers"
        )
    if problem.network.activation != "relu":
        raise MethodError("only a network with the activation `relu` is enumerated exactly")
    starts, size = [], 0
    for spec in problem.properties:
        starts.append(size)
        size += math.prod(
            int(high) - int(low) + 1 for low, high in zip(spec.low, spec.high, strict=True)
        )
    text = f"grid@1 {problem.digest} {tolerance!r}"
    return Grid(
        problem=problem,
        tolerance=tolerance,
        starts=tuple(starts),
        size=size,
        digest=hashlib.sha256(text.encode()).hexdigest(),
        says=f"{len(problem.properties)} properties over boxes of whole numbers, {size} pairs of "
        "a property and an input, in exact arithmetic",
    )


def _linear(row: Linear, x: Any, shift: int) -> tuple[Any, int]:
    """Exact values of a row at vectors of whole numbers times 2**-shift, and their own shift."""
    own = shift_of((*row.coefficients, row.offset))
    weights, bias = [ints(row.coefficients, own)], [ints((row.offset,), own)[0] << shift]
    return _affine(weights, bias, x)[:, 0], own + shift


def _floats(values: Any, shift: int) -> Any:
    """Whole numbers times 2**-shift as floats, also where either alone is too large for one."""
    import numpy as np

    if values.dtype != object and shift < FINEST:
        return values.astype(float) / 2.0**shift
    return np.array([float(Fraction(int(v), 1 << shift)) for v in values], dtype=float)


def _outputs(network: Network, x: Any) -> tuple[Any, int]:
    """Exact outputs (n, outputs) as whole numbers times 2**-shift, and the shift."""
    import numpy as np

    shift = 0
    for number, layer in enumerate(network.layers):
        if number:
            x = np.maximum(x, 0)
        flat = [n for row in (*layer.weights, layer.bias) for n in row]
        own = shift_of(flat)
        weights = [ints(row, own) for row in layer.weights]
        x = _affine(weights, [b << shift for b in ints(layer.bias, own)], x)
        shift += own
        if layer.shift:  # what earlier layers left behind the point is rounded down as well
            x = x >> (shift + layer.shift)
            shift = 0
    return x, shift


def _affine(weights: list[list[int]], bias: list[int], x: Any) -> Any:
    """The affine map in 64 bits where nothing can overflow, else in Python's whole numbers."""
    import numpy as np

    if not len(x):
        return np.zeros((0, len(bias)), dtype=np.int64)
    largest = [int(v) for v in np.abs(x).max(axis=0)]
    reach = max(
        sum(abs(w) * m for w, m in zip(row, largest, strict=True)) + abs(b)
        for row, b in zip(weights, bias, strict=True)
    )
    kind = np.int64 if reach < FITS else object
    if kind is object or x.dtype != object:
        return x.astype(kind) @ np.array(weights, dtype=kind).T + np.array(bias, dtype=kind)
    return x.astype(np.int64) @ np.array(weights, dtype=np.int64).T + np.array(bias)
