"""Tests at a fixed number of pairs, beside the e-process: a classifier, and kernel means.

Both ask whether outputs and references differ at all, not whether by more than is tolerated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    Numbers = NDArray[np.float64]

__all__ = ["Classified", "c2st"]

FOLDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Classified:
    """`accuracy`: the share of pairs whose output a classifier of the other folds points out."""

    accuracy: float
    p_value: float
    draws: int


def c2st(
    outputs: ArrayLike, references: ArrayLike, *, seed: int, draws: int = 999, ridge: float = 0.1
) -> Classified:
    """A cross-fitted classifier two-sample test on pairs, exact at every number of pairs.

    The linear discriminant of the other folds says which member of a pair is the output; the
    statistic is the mean of its margins over all pairs. Under the null the members of each pair
    may be swapped; the classifiers are fitted anew for every swap, which is one quadratic form,
    since the pooled covariance (with `ridge` of its mean variance added) does not change. The
    observed order counts as one of the draws. `ValueError` for fewer than ten pairs or shapes
    that are not (pairs, width) twice. Lopez-Paz & Oquab (2017), ICLR, §3; swaps: Fisher (1935).
    """
    import numpy as np

    a, b = (np.asarray(x, dtype=np.float64) for x in (outputs, references))
    if a.ndim != 2 or a.shape != b.shape or len(a) < 2 * FOLDS:
        raise ValueError(f"{a.shape} and {b.shape}: (pairs, width) twice, at least {2 * FOLDS}")
    if draws < 1:
        raise ValueError(f"{draws} draws: at least one")
    form = _margins(a, b, ridge)
    own = form.sum(axis=1)
    rng = np.random.default_rng(seed)
    reached, batch, seen = 1, max(1, 2_000_000 // len(a)), float(own.sum())
    for start in range(0, draws, batch):
        size = min(batch, draws - start)
        signs = rng.choice(np.array([-1.0, 1.0]), size=(size, len(a)))
        reached += int((((signs @ form) * signs).sum(axis=1) >= seen - 1e-9 * abs(seen)).sum())
    right = float((own > 0).mean() + (own == 0).mean() / 2)
    return Classified(accuracy=right, p_value=reached / (draws + 1), draws=draws)


def _margins(a: Numbers, b: Numbers, ridge: float) -> Numbers:
    """Entry (i, j): what pair j, if of another fold, adds to the margin of pair i."""
    import numpy as np

    pooled = np.concatenate([a, b])
    spread = pooled.std(axis=0)
    z = (pooled - pooled.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    apart = z[: len(a)] - z[len(a) :]
    inner = z.T @ z / len(z)
    size = max(float(np.trace(inner)) / len(inner), 1e-12)
    solved = np.linalg.solve(inner + ridge * size * np.eye(len(inner)), apart.T)
    fold = np.arange(len(a)) % FOLDS
    form: Numbers = apart @ solved
    form[fold[:, None] == fold[None, :]] = 0.0
    return form
