"""A small network of real numbers: layers of weights, an activation, and its exact value."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

__all__ = ["Activation", "Layer", "Network", "ints", "shift_of"]

Activation = Literal["relu", "tanh"]
WIDEST = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """z = floor((weights · a + bias) / 2**shift): weights (outputs, inputs), bias (outputs,).

    Without a `shift` nothing is rounded. A layer with one is that of a quantised network: its
    weights and biases are whole numbers, and so are its inputs.
    """

    weights: tuple[tuple[float, ...], ...]
    bias: tuple[float, ...]
    shift: int = 0

    def __post_init__(self) -> None:
        if not self.weights or len(self.weights) != len(self.bias):
            raise ValueError("a layer has one bias for each row of weights, and at least one row")
        if len({len(row) for row in self.weights}) != 1 or not self.weights[0]:
            raise ValueError("the rows of a layer's weights have one length, at least 1")
        if max(len(self.weights), len(self.weights[0])) > WIDEST:
            raise ValueError(f"a layer is at most {WIDEST} wide: proofs are for small networks")
        numbers = [*self.bias, *(w for row in self.weights for w in row)]
        if not all(math.isfinite(number) for number in numbers):
            raise ValueError("a weight or a bias is no finite number")
        if not 0 <= self.shift <= 62:
            raise ValueError("`shift` lies between 0 and 62")
        if self.shift and not all(float(number).is_integer() for number in numbers):
            raise ValueError("a layer with a `shift` has whole numbers for weights and biases")


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Layers with the activation between them; the last layer's z is the output."""

    layers: tuple[Layer, ...]
    activation: Activation = "relu"

    def __post_init__(self) -> None:
        if not self.layers:
            raise ValueError("a network has at least one layer")
        for above, below in zip(self.layers[1:], self.layers, strict=False):
            if len(above.weights[0]) != len(below.weights):
                raise ValueError(
                    f"a layer of {len(below.weights)} outputs is followed by one of "
                    f"{len(above.weights[0])} inputs"
                )
        if self.activation not in ("relu", "tanh"):
            raise ValueError(f"the activation `{self.activation}` is neither `relu` nor `tanh`")
        if self.quantised and self.activation != "relu":
            raise ValueError("a quantised network has the activation `relu`")

    @property
    def inputs(self) -> int:
        """How many numbers go in."""
        return len(self.layers[0].weights[0])

    @property
    def outputs(self) -> int:
        """How many numbers come out."""
        return len(self.layers[-1].weights)

    @property
    def units(self) -> int:
        """How many hidden units there are."""
        return sum(len(layer.weights) for layer in self.layers[:-1])

    @property
    def quantised(self) -> bool:
        """Whether a layer rounds down to whole numbers."""
        return any(layer.shift for layer in self.layers)

    @property
    def digest(self) -> str:
        """The SHA-256 of what the network computes, to the last bit of each weight."""
        rows = [
            [[float(w).hex() for w in row] for row in layer.weights]
            + [[float(b).hex() for b in layer.bias], [str(layer.shift)]]
            for layer in self.layers
        ]
        text = json.dumps([self.activation, rows])
        return hashlib.sha256(text.encode()).hexdigest()

    def value(self, x: Sequence[Fraction]) -> tuple[Fraction, ...]:
        """The output at x in exact arithmetic; `ValueError` for an activation that has none."""
        if self.activation != "relu":
            raise ValueError("only a network with the activation `relu` has rational values")
        found = tuple(x)
        for number, layer in enumerate(self.layers):
            if number:
                found = tuple(max(value, Fraction(0)) for value in found)
            found = tuple(
                sum((Fraction(w) * a for w, a in zip(row, found, strict=True)), Fraction(bias))
                for row, bias in zip(layer.weights, layer.bias, strict=True)
            )
            if layer.shift:
                found = tuple(Fraction(math.floor(z / 2**layer.shift)) for z in found)
        return found

    @staticmethod
    def of(module: Any) -> Network:
        """The network of a `torch.nn.Sequential` of Linear with ReLU, or Tanh, between.

        Weights of any float type are taken exactly. `ValueError` says which part has no place here.
        """
        if not hasattr(module, "__iter__"):
            raise ValueError(
                f"a `{type(module).__name__}` is no `torch.nn.Sequential`; put its Linear layers "
                "and activations into one"
            )
        layers: list[Layer] = []
        seen: list[str] = []
        for part in module:
            kind = type(part).__name__
            if kind == "Linear":
                weights = part.weight.detach().double().tolist()
                plain = [0.0] * len(weights)
                bias = plain if part.bias is None else part.bias.detach().double().tolist()
                layers.append(Layer(weights=tuple(tuple(row) for row in weights), bias=tuple(bias)))
            elif kind not in ("ReLU", "Tanh"):
                raise ValueError(
                    f"a `{kind}` has no bounds here; a network is Linear, ReLU, Linear, ..., or "
                    "the same with Tanh. Enumerate the inputs of other models "
                    "(`verification/exhaustive`)"
                )
            seen.append(kind)
        between = set(seen[1::2]) or {"ReLU"}
        if set(seen[::2]) != {"Linear"} or len(between) != 1 or len(seen) % 2 == 0:
            raise ValueError(f"{', '.join(seen)} is not Linear, ReLU (or Tanh), Linear, ...")
        return Network(layers=tuple(layers), activation="tanh" if between == {"Tanh"} else "relu")


def shift_of(numbers: Sequence[float]) -> int:
    """The least s such that each of the numbers times 2**s is whole: exact for every float."""
    return max((Fraction(n).denominator.bit_length() - 1 for n in numbers), default=0)


def ints(numbers: Sequence[float], shift: int) -> list[int]:
    """The numbers times 2**shift, which are whole."""
    return [int(Fraction(n) * 2**shift) for n in numbers]
