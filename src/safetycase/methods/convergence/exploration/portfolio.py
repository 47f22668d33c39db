"""All tests by name, each with random numbers of its own, on one policy."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from safetycase.methods.convergence.exploration.eliciting import (
    best_of_n,
    demonstrations,
    forced_exploration,
    retraining,
)
from safetycase.methods.convergence.exploration.perturbing import (
    adversarial,
    curvature,
    isotropic,
    natural,
)
from safetycase.methods.convergence.exploration.records import NAMES, Effort, Trace
from safetycase.methods.convergence.exploration.signs import gradient, llc_sign
from safetycase.methods.convergence.exploration.weights import Weights

__all__ = ["TESTS", "examine"]

TESTS: Mapping[str, Callable[[Weights, Effort, Any], Trace]] = {
    "isotropic": isotropic,
    "natural": natural,
    "curvature": curvature,
    "adversarial": adversarial,
    "forced-exploration": forced_exploration,
    "best-of-n": best_of_n,
    "demonstrations": demonstrations,
    "retraining": retraining,
    "gradient": gradient,
    "llc-sign": llc_sign,
}
assert tuple(TESTS) == NAMES


def examine(policy: Any, effort: Effort, seed: int, names: Sequence[str]) -> dict[str, Trace]:
    """The traces of those tests on a `kinds.Policy`, by name; its module is left as it was.

    The test `gradient` holds for one state, and is left out where there are more. `MethodError` if
    the policy is no number.
    """
    weights = Weights(policy)
    found = {}
    for name in names:
        if name == "gradient" and len(weights.table) != 1:
            continue
        generator = torch.Generator().manual_seed(zlib.crc32(f"{name}:{seed}".encode()))
        found[name] = TESTS[name](weights, effort, generator)
    return found
