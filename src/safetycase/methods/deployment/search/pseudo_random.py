"""Policies that no test of a limited class tells from a reference law.

Outputs are all good enough; a hidden second purpose would show as a test f whose mean under the
policy π exceeds that under the reference u. V(π) = max_f E_π f − E_u f is what the best test of the
class sees. The class is closed under complement: each test stands for 1 − f too, so that gaps
count in both directions. Our formalisation of the game of Pfau, Hilton & Irving (2025).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    Numbers = NDArray[np.float64]

__all__ = [
    "Policy",
    "advantage",
    "least_advantage",
    "mean_sampled_advantage",
    "pseudo_random_policy",
    "sampled_advantage",
]

_TINY = 1e-11
_FITS = 1e-9


@dataclass(frozen=True, slots=True)
class Policy:
    """A law on the outputs `support`, with `advantage` V(π) as it is in floats."""

    support: tuple[int, ...]
    weights: tuple[float, ...]
    advantage: float


def advantage(tests: ArrayLike, reference: ArrayLike, policy: ArrayLike) -> float:
    """V(π): the largest gap of a test's mean. `tests` is (tests, outputs), laws are (outputs,)."""
    import numpy as np

    f, u = _checked(tests, reference)
    pi = np.asarray(policy, dtype=np.float64)
    return float(np.abs(f @ (pi - u)).max())


def pseudo_random_policy(tests: ArrayLike, reference: ArrayLike, *, seed: int = 0) -> Policy:
    """A policy with V = 0 on at most |F| + 1 outputs.

    The policies with V = 0 are a polytope of |F| + 1 equations, whose vertices have no more
    outputs than equations. A vertex is found by linear programming with a drawn objective; should
    the solver stop short of one, steps along the null space take outputs away (Carathéodory), so
    that the size is guaranteed. `ValueError` if the means miss by more than 10⁻⁹.
    """
    import numpy as np
    from scipy.optimize import linprog

    f, u = _checked(tests, reference)
    equations = np.vstack([f, np.ones(len(u))])
    draw = np.random.default_rng(seed)
    solved = linprog(
        draw.random(len(u)),
        A_eq=equations,
        b_eq=equations @ u,
        bounds=(0, None),
        method="highs-ds",
    )
    found = _reduced(equations, solved.x if solved.status == 0 else u.copy())
    support = np.flatnonzero(found > 0)
    weights = np.linalg.lstsq(equations[:, support], equations @ u, rcond=None)[0]
    if weights.min() < 0:
        weights = found[support]
    policy = np.zeros(len(u))
    policy[support] = weights / weights.sum()
    gap = advantage(f, u, policy)
    if gap > _FITS:
        raise ValueError(f"the means of the tests miss by {gap:.1e}; scale the tests to [0, 1]")
    return Policy(tuple(map(int, support)), tuple(map(float, policy[support])), gap)


def _reduced(equations: Numbers, policy: Numbers) -> Numbers:
    """The same means with linearly independent columns: at most as many outputs as equations."""
    import numpy as np

    policy = np.where(policy > _TINY, policy, 0.0)
    while True:
        support = np.flatnonzero(policy)
        if len(support) <= 1:
            return policy
        # One column more than equations suffices for a direction that changes no mean.
        part = support[: len(equations) + 1]
        _, values, rows = np.linalg.svd(equations[:, part])
        rank = int((values > 1e-10 * values[0]).sum())
        if rank == len(part):
            return policy
        direction = rows[-1]
        if direction.max() <= 0:
            direction = -direction
        shrinking = direction > 1e-14
        steps = policy[part][shrinking] / direction[shrinking]
        policy[part] -= steps.min() * direction
        policy[part[shrinking][steps.argmin()]] = 0.0
        policy = np.where(policy > _TINY, policy, 0.0)


def least_advantage(tests: ArrayLike, reference: ArrayLike, outputs: ArrayLike) -> float:
    """The smallest V(π) of the policies on these outputs (indices): a linear program."""
    import numpy as np
    from scipy.optimize import linprog

    f, u = _checked(tests, reference)
    indices = np.asarray(outputs)
    if not indices.size or indices.min() < 0 or indices.max() >= len(u):
        raise ValueError(f"at least one output, each a number from 0 to {len(u) - 1}")
    chosen = f[:, indices]
    count = chosen.shape[1]
    means = f @ u
    rows = np.vstack([chosen, -chosen])
    above = np.hstack([rows, -np.ones((len(rows), 1))])
    solved = linprog(
        np.append(np.zeros(count), 1.0),
        A_ub=above,
        b_ub=np.concatenate([means, -means]),
        A_eq=np.append(np.ones(count), 0.0)[None, :],
        b_eq=[1.0],
        bounds=(0, None),
        method="highs",
    )
    if solved.status != 0:
        raise ValueError(f"the linear program was not solved: {solved.message}")
    weights = np.maximum(solved.x[:-1], 0.0)
    return float(np.abs(chosen @ (weights / weights.sum()) - means).max())


def mean_sampled_advantage(tests: int, samples: int) -> float:
    """√(ln(2|F|)/(2m)): what m independent draws of u, weighted equally, have in the mean at most.

    The largest of 2|F| gaps, each sub-Gaussian with variance 1/(4m); it grows with the length of a
    test's description and not with the number of outputs.
    """
    _counts(tests, samples)
    return min(1.0, math.sqrt(math.log(2 * tests) / (2 * samples)))


def sampled_advantage(tests: int, samples: int, alpha: float) -> float:
    """√(ln(2|F|/α)/(2m)): what they have at most, except with probability α (Hoeffding, union)."""
    _counts(tests, samples)
    if not 0 < alpha < 1:
        raise ValueError(f"alpha {alpha!r} is not between 0 and 1")
    return min(1.0, math.sqrt(math.log(2 * tests / alpha) / (2 * samples)))


def _counts(tests: int, samples: int) -> None:
    if tests < 1 or samples < 1:
        raise ValueError(f"{tests} tests and {samples} samples: at least one of each")


def _checked(tests: ArrayLike, reference: ArrayLike) -> tuple[Numbers, Numbers]:
    import numpy as np

    f = np.atleast_2d(np.asarray(tests, dtype=np.float64))
    u = np.asarray(reference, dtype=np.float64)
    if u.ndim != 1 or f.ndim != 2 or f.shape[1] != len(u) or not f.size:
        raise ValueError(f"tests of shape {f.shape} and {u.shape} outputs do not fit")
    if not (np.isfinite(f).all() and f.min() >= 0 and f.max() <= 1):
        raise ValueError("a test gives every output a number from 0 to 1")
    if not (np.isfinite(u).all() and u.min() >= 0 and abs(u.sum() - 1) <= 1e-9):
        raise ValueError("the reference is a law: numbers of at least 0 that add up to 1")
    return f, u
