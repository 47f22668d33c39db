"""What `side` learns from pairs of outputs and references, and bets on the next pair.

Arrays may have leading axes: many processes then run side by side in the same arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

__all__ = ["Bets"]

# (variance of the logit over all features under the prior, share of the stake): many weak effects,
# the usual, one that is always there. Chosen on simulations with other seeds than any table's.
_SCALES = ((0.05, 0.15), (0.4, 0.8), (2.0, 0.05))
_CUT = 4.0
_FAR, _SETTLED = 50.0, 8  # deviations that a feature counts for at most, once so many were seen
# (times the logit that the test takes, shares of the largest bet that cannot lose all, each with
# the same stake). Against equality the gentle test grows fastest, and its mean is its mean square,
# so that nearly all is bet. What must be tolerated is paid per round, however gentle the test: a
# steep one wins more of it back, and how much to bet then depends on the advantage.
_EQUAL = (2.0, (0.95,))
_TOLERANT = (10.0, (0.95, 0.4, 0.12))


class Bets:
    """The learners of all classes, and what their features are standardised by.

    `shapes` gives the shape of the features of an output for each class: (..., width).
    """

    __slots__ = ("learners", "scalings")

    def __init__(self, shapes: Mapping[str, tuple[int, ...]], a0: float) -> None:
        self.learners, self.scalings = {}, {}
        for name, shape in shapes.items():
            *batch, given = shape
            size = given * (given - 1) // 2 if name == "pairs" else given
            self.learners[name] = _Learner((*batch, size), a0)
            self.scalings[_scaled_as(name)] = _Scaling(shape)

    def play(self, given: Mapping[str, tuple[Numbers, Numbers]]) -> None:
        """One round: bet on the pair of each class, then learn from it.

        `ValueError` for features of another number than before, which changes nothing.
        """
        for name, points in given.items():
            shape = self.scalings[_scaled_as(name)].mean.shape
            if any(x.shape != shape for x in points):
                raise ValueError(f"`{name}` gives features of another number than before")
        ready, seen = {}, {}
        for name, (a, b) in given.items():
            scaling = self.scalings[_scaled_as(name)]
            if _scaled_as(name) not in ready:
                ready[_scaled_as(name)] = scaling.of(a), scaling.of(b)
                seen[_scaled_as(name)] = a, b
            a, b = ready[_scaled_as(name)]
            if name == "pairs":
                a, b = _products(a), _products(b)
            self.learners[name].play(a, b)
        for key, points in seen.items():
            self.scalings[key].see(*points)

    def log_e(self, weights: Sequence[float]) -> Numbers:
        """The logarithm of the average wealth of the classes, by shares that add up to 1."""
        import numpy as np

        shares = zip(self.learners.values(), weights, strict=True)
        logs = [math.log(weight) + each.log_e() for each, weight in shares]
        total: Numbers = np.logaddexp.reduce(logs, axis=0)
        return total

    def state(self) -> dict[str, Any]:
        """As JSON, without loss."""
        return {
            "learners": {name: each.state() for name, each in self.learners.items()},
            "scalings": {name: each.state() for name, each in self.scalings.items()},
        }

    @classmethod
    def read(cls, state: Mapping[str, Any], classes: Sequence[str], width: int, a0: float) -> Bets:
        """From `state`; `KeyError`, `TypeError` or `ValueError` for what is none."""
        shapes = {}
        for name in classes:
            plain = name in ("linear", "pairs")
            shapes[name] = (width if plain else len(state["scalings"][name]["mean"]),)
        made = cls(shapes, a0)
        for name, learner in made.learners.items():
            learner.restore(state["learners"][name])
        for name, scaling in made.scalings.items():
            scaling.restore(state["scalings"][name])
        return made


def _scaled_as(name: str) -> str:
    """Products are made of the features that the linear class has, standardised."""
    return "linear" if name == "pairs" else name


class _Scaling:
    """Running means and deviations of features, by which the next ones are standardised.

    Arrays have the shape (..., width): several processes may run side by side. One number that is
    far from all before counts as less far: it would make all to come look alike for ever.
    """

    __slots__ = ("mean", "n", "square")

    def __init__(self, shape: tuple[int, ...]) -> None:
        import numpy as np

        self.n, self.mean, self.square = 0, np.zeros(shape), np.zeros(shape)

    def of(self, x: Numbers) -> Numbers:
        import numpy as np

        if self.n == 0:
            return np.zeros_like(x)
        scaled = (x - self.mean) / self._deviation()
        result: Numbers = np.minimum(np.maximum(scaled, -_CUT), _CUT)
        return result

    def see(self, *points: Numbers) -> None:
        import numpy as np

        far = _FAR * self._deviation() if self.n >= _SETTLED else np.inf
        middle = self.mean
        for point in points:
            x = np.minimum(np.maximum(point, middle - far), middle + far)
            self.n += 1
            apart = x - self.mean
            self.mean = self.mean + apart / self.n
            self.square = self.square + apart * (x - self.mean)

    def _deviation(self) -> Numbers:
        """Infinite for what has not varied so far: it says nothing, and its scale is not known."""
        import numpy as np

        deviation = np.sqrt(self.square / self.n)
        result: Numbers = np.where(deviation > 1e-9 * np.abs(self.mean), deviation, np.inf)
        return result

    def state(self) -> dict[str, Any]:
        return {"n": self.n, "mean": self.mean.tolist(), "square": self.square.tolist()}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.n = int(state["n"])
        self.mean = _array(state["mean"], self.mean.shape)
        self.square = _array(state["square"], self.square.shape)


class _Learner:
    """One class: a logistic regression per prior scale, and the wealth of the bets on each.

    Features have the shape (..., size), weights (..., scales, size), wealths (..., scales, shares).
    """

    __slots__ = ("a0", "log", "pull", "weight")

    def __init__(self, shape: tuple[int, ...], a0: float) -> None:
        import numpy as np

        *batch, size = shape
        self.a0 = a0
        self.pull = np.zeros((*batch, len(_SCALES), size))  # of the data on the weights
        self.weight = np.zeros((*batch, len(_SCALES), size))  # the precision the data give
        self.log = np.zeros((*batch, len(_SCALES), len(self._bets()[1])))
        self.restart()

    def play(self, a: Numbers, b: Numbers) -> None:
        import numpy as np

        size = self.pull.shape[-1]
        prior = np.array([[size / variance] for variance, _ in _SCALES])
        w = self.pull / (self.weight + prior)
        at_a, at_b = (w @ a[..., None])[..., 0], (w @ b[..., None])[..., 0]
        steep, shares = self._bets()
        # 1/(1 + exp(−x)) = (1 + tanh(x/2))/2
        difference = 0.5 * (np.tanh(steep / 2 * at_a) - np.tanh(steep / 2 * at_b))
        stakes = np.array(shares) / (1 + self.a0)
        self.log = self.log + np.log1p((difference[..., None] - self.a0) * stakes)
        wrong = 0.5 * (1 - np.tanh(0.5 * (at_a - at_b)))
        apart = (a - b)[..., None, :]
        seen = (wrong * (1 - wrong))[..., None] * apart**2
        self.pull = self.pull + wrong[..., None] * apart + seen * w
        self.weight = self.weight + seen

    def log_e(self) -> Numbers:
        import numpy as np

        total: Numbers = np.logaddexp.reduce(self.log, axis=(-2, -1))
        return total

    def restart(self) -> None:
        import numpy as np

        start = np.log([[scale / self.log.shape[-1]] for _, scale in _SCALES])
        self.log = np.zeros(self.log.shape) + start

    def _bets(self) -> tuple[float, tuple[float, ...]]:
        return _TOLERANT if self.a0 > 0 else _EQUAL

    def state(self) -> dict[str, Any]:
        return {key: getattr(self, key).tolist() for key in ("pull", "weight", "log")}

    def restore(self, state: Mapping[str, Any]) -> None:
        for key in ("pull", "weight", "log"):
            setattr(self, key, _array(state[key], getattr(self, key).shape))


def _products(x: Numbers) -> Numbers:
    import numpy as np

    first, second = np.triu_indices(x.shape[-1], 1)
    result: Numbers = x[..., first] * x[..., second]
    return result


def _array(values: Any, shape: tuple[int, ...]) -> Numbers:
    import numpy as np

    found: Numbers = np.array(values, dtype=np.float64)
    if found.shape != shape or not np.isfinite(found).all():
        raise ValueError(f"a state with numbers of shape {found.shape}, where {shape} is due")
    return found
