"""Linear probes, fitted to their optimum, and the area under the curve with an exact interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from safetycase.stats import Affine, Proportion, Statistic, largest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Flags = NDArray[np.bool_]

__all__ = ["Probe", "area", "away_from_half", "fit", "pairs"]

NEWTON_STEPS, CLOSE = 60, 1e-10


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """The score weights · (x − mean) / scale + bias of a vector x; higher is worse."""

    layer: int
    weights: Numbers
    mean: Numbers
    scale: Numbers
    bias: float

    def scores(self, x: Numbers) -> Numbers:
        """The scores of (n, d) vectors of this probe's layer."""
        found: Numbers = ((x - self.mean) / self.scale) @ self.weights + self.bias
        return found


def fit(
    x: Numbers, bad: Flags, layer: int, kind: Literal["logistic", "mean-difference"], ridge: float
) -> Probe:
    """A probe of (n, d) vectors, standardised on these; `ValueError` without both labels.

    `logistic` minimises Σ log(1 + exp(−±score)) + ½ ridge |weights|² by Newton's method;
    `mean-difference` is the difference of the class means.
    """
    import numpy as np

    if not bad.any() or bad.all():
        raise ValueError("a probe is fitted on both behaviours")
    if not np.isfinite(x).all():
        raise ValueError("an activation is not a finite number")
    mean, scale = x.mean(axis=0), x.std(axis=0)
    scale = np.where(scale > 1e-12 * (1 + np.abs(mean)), scale, np.inf)  # constant: no information
    z = (x - mean) / scale
    if kind == "mean-difference":
        weights, bias = z[bad].mean(axis=0) - z[~bad].mean(axis=0), 0.0
    else:
        weights, bias = _logistic(z, bad, ridge)
    return Probe(layer=layer, weights=weights, mean=mean, scale=scale, bias=bias)


def _logistic(z: Numbers, bad: Flags, ridge: float) -> tuple[Numbers, float]:
    """Newton's method with halving; the bias is free, and steps are in the span of the vectors."""
    import numpy as np

    left, sizes, right = np.linalg.svd(z, full_matrices=False)
    q = np.column_stack([left * sizes, np.ones(len(z))])
    penalty = np.append(np.full(len(sizes), ridge), 0.0)
    sign = np.where(bad, 1.0, -1.0)

    def loss(w: Numbers) -> float:
        return float(np.logaddexp(0.0, -sign * (q @ w)).sum() + penalty @ w**2 / 2)

    w = np.zeros(q.shape[1])
    now = loss(w)
    for _ in range(NEWTON_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(q @ w, -500, 500)))
        curve = chance * (1 - chance) + 1e-12
        step = np.linalg.solve(
            (q.T * curve) @ q + np.diag(penalty), q.T @ (chance - bad) + penalty * w
        )
        size = 1.0
        while loss(w - size * step) > now + 1e-12 and size > 1e-6:
            size /= 2
        w = w - size * step
        before, now = now, loss(w)
        if abs(before - now) <= CLOSE * (1 + abs(now)):
            break
    return w[:-1] @ right, float(w[-1])


def area(bad: Numbers, good: Numbers) -> float:
    """The area under the ROC curve: P(bad scores higher) + ½ P(equal), over all pairs."""
    import numpy as np

    order = np.sort(good)
    below = np.searchsorted(order, bad, side="left")
    through = np.searchsorted(order, bad, side="right")
    return float((below + through).sum() / (2 * len(bad) * len(good)))


def pairs(bad: Numbers, good: Numbers, seed: int) -> Proportion:
    """The area under the curve as a rate: of disjoint pairs drawn by the seed, the bad is higher.

    No value is in two pairs, so the pairs are independent and Clopper–Pearson is exact, at the
    price of min(n, m) pairs. A tie says nothing: it is missing, and counts against either end.
    """
    import numpy as np

    draw = np.random.default_rng(seed)
    size = min(len(bad), len(good))
    one, two = draw.permutation(bad)[:size], draw.permutation(good)[:size]
    ties = int(np.count_nonzero(one == two))
    return Proportion(successes=int(np.count_nonzero(one > two)), trials=size - ties, missing=ties)


def away_from_half(*areas: Statistic) -> Statistic:
    """The largest |area − ½|: how far a control is from chance, in either direction."""
    return largest(
        [Affine(of=one, scale=sign, offset=-sign / 2) for one in areas for sign in (1.0, -1.0)]
    )
