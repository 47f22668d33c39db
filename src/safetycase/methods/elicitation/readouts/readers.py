"""Readouts: from what is inside a model on an input to one score, the higher the more suspicious.

Shapes: n inputs; states are one array (n, d) per layer, the last of them what the answer is read
from. Only `surprise` needs no example of bad behaviour: it knows plain inputs alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from safetycase.methods.scheming.probe.linear import area, fit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Flags = NDArray[np.bool_]

__all__ = ["READOUTS", "SAYS", "Readout", "Reading", "read", "surprise_of"]

Readout = Literal["probe", "mean-difference", "unit", "lens", "surprise", "answer"]
READOUTS: tuple[Readout, ...] = get_args(Readout)
SAYS: dict[Readout, str] = {
    "probe": "a logistic probe of one layer, fitted on behaviour",
    "mean-difference": "the difference of the class means of one layer",
    "unit": "the one unit, of any layer, that separates best",
    "lens": "how near the answer is to a bad one if an earlier layer's state is read as the last",
    "surprise": "distance from plain inputs in the states; fitted without bad behaviour",
    "answer": "how near the answer itself is to a bad one: no look inside",
}
RIDGE = 1.0
JITTER = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A readout that was made: scores of (states, lens), and which layer or unit it is."""

    score: Callable[[Sequence[Numbers], Numbers], Numbers]
    says: str


def read(
    readout: Readout,
    states: Sequence[Numbers],
    lens: Numbers,
    bad: Flags,
    plain: Flags,
    fits: Flags,
    selects: Flags,
) -> Reading:
    """Make a readout on the inputs of `fits`, choosing a layer or unit on those of `selects`.

    `lens` (n, layers) holds −badness read at each layer, the last column that of the answer itself.
    `bad` is what the model did, `plain` which inputs are clean. `ValueError` where the inputs do
    not show both behaviours.
    """
    if readout == "answer":
        return Reading(score=lambda _states, lens: lens[:, -1], says="the answer")
    if readout == "surprise":
        return surprise_of(states, fits & plain & ~bad)
    if readout == "lens":
        return _lens(lens, bad, selects)
    if readout == "unit":
        return _unit(states, bad, fits, selects)
    return _probe(readout, states, bad, fits, selects)


def _probe(
    readout: Literal["probe", "mean-difference"],
    states: Sequence[Numbers],
    bad: Flags,
    fits: Flags,
    selects: Flags,
) -> Reading:
    kind: Literal["logistic", "mean-difference"] = (
        "logistic" if readout == "probe" else "mean-difference"
    )
    made = [fit(x[fits], bad[fits], layer, kind, RIDGE) for layer, x in enumerate(states)]
    areas = [_area(p.scores(x), bad, selects) for p, x in zip(made, states, strict=True)]
    best = max(range(len(made)), key=areas.__getitem__)
    probe = made[best]
    return Reading(
        score=lambda states, _lens: probe.scores(states[best]),
        says=f"layer {best} of 0 to {len(states) - 1}",
    )


def _unit(states: Sequence[Numbers], bad: Flags, fits: Flags, selects: Flags) -> Reading:
    import numpy as np

    best: tuple[float, int, int, float] = (-1.0, 0, 0, 1.0)
    for layer, x in enumerate(states):
        tried = [_area(x[:, unit], bad, fits) for unit in range(x.shape[1])]
        for unit in np.argsort(-np.abs(np.array(tried) - 0.5))[:3]:
            sign = 1.0 if tried[unit] >= 0.5 else -1.0
            found = _area(sign * x[:, unit], bad, selects)
            if found > best[0]:
                best = (found, layer, int(unit), sign)
    _, layer, unit, sign = best
    return Reading(
        score=lambda states, _lens: sign * states[layer][:, unit],
        says=f"unit {unit} of layer {layer}",
    )


def _lens(lens: Numbers, bad: Flags, selects: Flags) -> Reading:
    layers = range(max(1, lens.shape[1] - 1))
    best = max(layers, key=lambda layer: _area(lens[:, layer], bad, selects))
    return Reading(score=lambda _states, lens: lens[:, best], says=f"layer {best}")


def surprise_of(states: Sequence[Numbers], known: Flags) -> Reading:
    """The sum over layers of squared Mahalanobis distances from the inputs of `known`, each / d.

    Lee et al. 2018, arXiv:1807.03888, with one class; a little is added to every variance.
    """
    import numpy as np

    if known.sum() < 2:
        raise ValueError("plain inputs with good behaviour are too few to be surprised by others")
    fitted = []
    for x in states:
        mean = x[known].mean(axis=0)
        spread = np.cov(x[known], rowvar=False).reshape(x.shape[1], x.shape[1])
        spread = spread + np.eye(len(spread)) * (JITTER + 1e-3 * np.trace(spread) / len(spread))
        fitted.append((mean, np.linalg.inv(spread)))

    def score(states: Sequence[Numbers], _lens: Numbers) -> Numbers:
        total = np.zeros(len(states[0]))
        for x, (mean, inverse) in zip(states, fitted, strict=True):
            off = x - mean
            total += np.einsum("nd,de,ne->n", off, inverse, off) / off.shape[1]
        return total

    return Reading(score=score, says="all layers")


def _area(scores: Numbers, bad: Flags, where: Flags) -> float:
    one, two = scores[where & bad], scores[where & ~bad]
    if not len(one) or not len(two):
        raise ValueError("the inputs lack one of the two behaviours")
    return area(one, two)
