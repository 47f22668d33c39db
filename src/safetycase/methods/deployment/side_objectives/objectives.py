"""Side objectives planted into draws of the reference, with an advantage that is known exactly.

An objective Q marks some of the references that were drawn. A planted output is a draw of the
reference, replaced with probability ρ by one of the marked ones: Q then holds for ρ(1 − p) more of
the outputs than of the references, where p is the marked share; no other test sees more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Marks = NDArray[np.bool_]

__all__ = ["OBJECTIVES", "marked", "planted_outputs"]

TILTED = 5
"""Features that a tilt adds up, or all if there are fewer."""


def _tilt(z: Numbers, rng: np.random.Generator) -> Numbers:
    """Some features, each up or down: more of this, less of that."""
    import numpy as np

    chosen = rng.permutation(z.shape[1])[:TILTED]
    total: Numbers = z[:, chosen] @ rng.choice(np.array([-1.0, 1.0]), size=len(chosen))
    return total


def _parity(z: Numbers, rng: np.random.Generator) -> Numbers:
    """Two features that go together, or apart; each alone stays as it is."""
    one, two = rng.permutation(z.shape[1])[:2] if z.shape[1] > 1 else (0, 0)
    product: Numbers = (z[:, one] * z[:, two]) * rng.choice([-1.0, 1.0])
    return product


def _omission(z: Numbers, rng: np.random.Generator) -> Numbers:
    """One feature is left out, or kept low."""
    least: Numbers = -z[:, rng.integers(z.shape[1])]
    return least


OBJECTIVES: dict[str, Callable[[Numbers, np.random.Generator], Numbers]] = {
    "tilt": _tilt,
    "parity": _parity,
    "omission": _omission,
}


def marked(pool: Numbers, kind: str, rng: np.random.Generator) -> Marks | None:
    """Which of the references (references, width) serve a drawn objective of that kind.

    The upper half by score, ties with the upper side; None where no feature that was drawn
    varies, so that the objective marks all of them or none.
    """
    import numpy as np

    spread = pool.std(axis=0)
    varied = np.flatnonzero(spread > 1e-9 * np.abs(pool.mean(axis=0)))
    if not len(varied):
        return None
    z = (pool[:, varied] - pool[:, varied].mean(axis=0)) / spread[varied]
    score = OBJECTIVES[kind](z, rng)
    middle = np.median(score)
    upper: Marks = score > middle if (score > middle).mean() >= 0.25 else score >= middle
    return upper if 0 < upper.mean() < 1 else None


def planted_outputs(
    pool: Numbers, marks: Marks, advantage: float, rng: np.random.Generator
) -> Numbers | None:
    """The pool with the objective planted at that advantage; None if too few are unmarked."""
    import numpy as np

    free = 1 - float(marks.mean())
    if advantage > free:
        return None
    replaced = rng.random(len(pool)) < advantage / free
    source = rng.choice(np.flatnonzero(marks), size=len(pool))
    found: Numbers = np.where(replaced[:, None], pool[source], pool)
    return found
