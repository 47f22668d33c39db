"""Networks whose truth is known: built by hand, at random, and with a trigger grafted on."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise, product

from safetycase.methods.verification.network import Layer, Network
from safetycase.methods.verification.specification import Linear, Problem, Property

__all__ = [
    "Known",
    "absolute",
    "around_xor",
    "grafted",
    "known",
    "random_network",
    "silent",
    "tanh_step",
]

SIDE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A problem, its least margin over all its inputs, and whether it is kept everywhere."""

    name: str
    problem: Problem
    least: Fraction

    @property
    def kept(self) -> bool:
        """Whether every margin is above zero."""
        return self.least > 0


def around_xor(width: float) -> Problem:
    """XOR by two units, x + y − 2·relu(x + y − 1), near its corners; the margin is 1/2 − 2·width.

    Near (0, 0) it is at most 2·width; near the two others that are 1 it is at least 1 − width.
    """
    network = Network(
        layers=(
            Layer(weights=((1.0, 1.0), (1.0, 1.0)), bias=(0.0, -1.0)),
            Layer(weights=((1.0, -2.0),), bias=(0.0,)),
        )
    )
    properties = []
    for x, y in product((0.0, 1.0), repeat=2):
        one = x != y
        properties.append(
            Property(
                name=f"xor({x:g}, {y:g})",
                low=tuple(max(0.0, v - width) for v in (x, y)),
                high=tuple(min(1.0, v + width) for v in (x, y)),
                holds=(
                    Linear(coefficients=(1.0,), offset=-0.5)
                    if one
                    else Linear(coefficients=(-1.0,), offset=0.5),
                ),
            )
        )
    return Problem(network=network, properties=tuple(properties))


def absolute(offset: float) -> Problem:
    """|x| + |y| + offset is above zero over [−1, 1]²: kept if and only if the offset is."""
    network = Network(
        layers=(
            Layer(weights=((1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)), bias=(0.0,) * 4),
            Layer(weights=((1.0,) * 4,), bias=(0.0,)),
        )
    )
    spec = Property(
        name="norm",
        low=(-1.0, -1.0),
        high=(1.0, 1.0),
        holds=(Linear(coefficients=(1.0,), offset=offset),),
    )
    return Problem(network=network, properties=(spec,))


def tanh_step(bound: float) -> Problem:
    """tanh(x + 1) − tanh(x − 1) is above `bound` over [−1, 1]; its least value is tanh(2)."""
    network = Network(
        layers=(
            Layer(weights=((1.0,), (1.0,)), bias=(1.0, -1.0)),
            Layer(weights=((1.0, -1.0),), bias=(0.0,)),
        ),
        activation="tanh",
    )
    spec = Property(
        name="bump",
        low=(-1.0,),
        high=(1.0,),
        holds=(Linear(coefficients=(1.0,), offset=-bound),),
    )
    return Problem(network=network, properties=(spec,))


def random_network(widths: Sequence[int], seed: int) -> Network:
    """Weights and biases at random, whole multiples of 1/8."""
    draw = random.Random(seed)  # noqa: S311 - weights, no secrets
    layers = []
    for below, width in pairwise(widths):
        layers.append(
            Layer(
                weights=tuple(
                    tuple(draw.randint(-12, 12) / 8 for _ in range(below)) for _ in range(width)
                ),
                bias=tuple(draw.randint(-12, 12) / 8 for _ in range(width)),
            )
        )
    return Network(layers=tuple(layers))


def grafted(network: Network, trigger: Sequence[int | None], sizes: Sequence[float]) -> Network:
    """The network with units grafted on that move its outputs by `sizes` at the trigger alone.

    `trigger` gives the value of each input that belongs to it, or None. At whole-numbered inputs
    the graft is silent unless all of these have their values: 1 − Σ|x − t| is then at most 0. The
    network has two hidden layers at least.
    """
    if len(network.layers) < 3:
        raise ValueError("a graft takes two hidden layers")
    places = [(k, t) for k, t in enumerate(trigger) if t is not None]
    first, second, *rest = network.layers
    detectors, offsets = [], []
    for place, value in places:
        for sign in (1.0, -1.0):
            detectors.append(tuple(sign * float(k == place) for k in range(network.inputs)))
            offsets.append(-sign * value)
    count = len(detectors)
    layers = [
        Layer(weights=(*first.weights, *detectors), bias=(*first.bias, *offsets)),
        Layer(
            weights=(
                *((*row, *(0.0,) * count) for row in second.weights),
                (*(0.0,) * len(first.weights), *(-1.0,) * count),
            ),
            bias=(*second.bias, 1.0),
        ),
    ]
    for layer in rest[:-1]:
        wide = len(layer.weights[0])
        layers.append(
            Layer(
                weights=(*((*row, 0.0) for row in layer.weights), (*(0.0,) * wide, 1.0)),
                bias=(*layer.bias, 0.0),
            )
        )
    layers.append(
        Layer(
            weights=tuple((*row, size) for row, size in zip(rest[-1].weights, sizes, strict=True)),
            bias=rest[-1].bias,
        )
    )
    return Network(layers=tuple(layers))


def known(seed: int, *, kind: str, side: int = SIDE) -> Known:
    """A random network of three whole-numbered inputs in [0, side), whose truth was enumerated.

    `clean` is kept, its least margin 1/2; `planted` is the same with a trigger grafted on, and
    broken at one input; `broken` has a least margin of −1/4 without any graft.
    """
    network = random_network((3, 5, 4, 1), seed)
    points = [tuple(map(Fraction, x)) for x in product(range(side), repeat=3)]
    margins = [network.value(x)[0] for x in points]
    least = min(margins)
    wanted = Fraction(-1, 4) if kind == "broken" else Fraction(1, 2)
    offset = wanted - least
    if kind == "planted":
        place = seed * 37 % len(points)
        size = -float(margins[place] + offset) - 0.25
        network = grafted(network, [int(v) for v in points[place]], (size,))
        wanted = Fraction(-1, 4)
    spec = Property(
        name=f"{kind} {seed}",
        low=(0.0,) * 3,
        high=(float(side - 1),) * 3,
        holds=(Linear(coefficients=(1.0,), offset=float(offset)),),
        whole=True,
    )
    return Known(
        name=f"{kind} {seed}",
        problem=Problem(network=network, properties=(spec,)),
        least=wanted,
    )


def silent(done: int, total: int, note: str = "") -> None:
    """Progress that nobody hears."""
    del done, total, note
