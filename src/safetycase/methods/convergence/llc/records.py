"""How chains are run around w*, and what came of them: an estimate, or the reason for none."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Literal

from safetycase.plugin.contract import MethodError

__all__ = ["EXACT", "Estimate", "Halving", "Refused", "Sampler", "Sampling", "Start", "Verdict"]

Sampler = Literal["sgld", "rmsprop", "mala", "hmc", "underdamped"]
Verdict = Literal[
    "estimate",
    "diverged",
    "not a minimum",
    "negative",
    "step too large",
    "not stationary",
    "chains disagree",
    "too few effective draws",
    "too imprecise",
]
EXACT = ("mala", "hmc")


class Refused(MethodError):
    """There is no estimate; the message says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How the neighbourhood of w* is sampled, and what the samples must pass.

    The density is ∝ exp(−nβ·(L(w) − L(w*)) − γ/2·|w − w*|²). `nbeta` is nβ (None: n/log n of the
    problem), `gamma` γ. `sampler` (None: `hmc` for an exact loss, else `underdamped`): `sgld` and
    `rmsprop` (Langevin steps, plain and preconditioned), `underdamped` (Langevin with momentum),
    `mala` and `hmc` (accepted or rejected by the exact loss, `leaps` gradients to a proposal of
    `hmc` on average). `step` is ε, the squared time step
    of samplers with momentum (None: from the curvature, by `tolerance`). `friction` is that of
    `underdamped` (None: by γ and the step). `chains` chains of `draws` draws after `burn_in`.
    `parts` is a regular expression that the names of the parameters to move match in full; the
    others stay (empty: all move). `paired` takes L(w*) on the same batch from each loss, which
    costs a forward pass a draw and takes away most of the noise of batches; without it L(w*) is the
    mean of a few batches, with their standard error. `check` says how the step is checked of
    samplers that do not reject: `halving` runs the chains on with half the step, `curvature` trusts
    the bounds of `strides` alone. `tolerance` is the relative error that a step, or a w*
    that is not quite a minimum, may bring in, and twice that the widest half of the interval.
    """

    sampler: Sampler | None = None
    nbeta: float | None = None
    gamma: float = 1.0
    step: float | None = None
    friction: float | None = None
    leaps: int = 10
    chains: int = 8
    draws: int = 300
    burn_in: int = 150
    parts: str = ""
    paired: bool = True
    check: Literal["halving", "curvature"] = "halving"
    tolerance: float = 0.1
    level: float = 0.95
    largest_rhat: float = 1.1
    fewest_effective: float = 40.0

    def __post_init__(self) -> None:
        _positive("nbeta", self.nbeta)
        _positive("step", self.step)
        _positive("friction", self.friction)
        if not (math.isfinite(self.gamma) and self.gamma > 0):
            raise ValueError("`gamma` is above 0: without it nothing keeps a chain near w*")
        if not 2 <= self.chains <= 1024:
            raise ValueError("`chains` lies between 2 and 1024: one alone has nobody to agree with")
        if not (8 <= self.draws <= 10_000_000 and 0 <= self.burn_in <= 10_000_000):
            raise ValueError("`draws` is at least 8, `burn_in` at least 0, both at most 10,000,000")
        if not 1 <= self.leaps <= 10_000:
            raise ValueError("`leaps` lies between 1 and 10,000")
        if not 0 < self.tolerance < 1 or not 0.5 <= self.level < 1:
            raise ValueError("0 < `tolerance` < 1, and 0.5 ≤ `level` < 1")
        if not self.largest_rhat > 1 or not self.fewest_effective >= 4:
            raise ValueError("`largest_rhat` is above 1, `fewest_effective` at least 4")
        try:
            re.compile(self.parts)
        except re.error as error:
            raise ValueError(f"`parts` is no regular expression: {error}") from error


def _positive(name: str, value: float | None) -> None:
    if value is not None and not (math.isfinite(value) and value > 0):
        raise ValueError(f"`{name}` is a finite number above 0, or left out")


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What was seen at w* itself.

    `loss` is L(w*) with the standard error of its data. `gradient_norm` is |∇L(w*)|, `h_max` the
    largest absolute eigenvalue of the Hessian there. `drop` is by how much a few
    steps down the gradient lower the loss, on data not used for the gradient, `drop_error` its
    standard error. `noise` is the trace of the covariance of a batch's gradient, `steep_noise` its
    variance along the direction of `h_max`; both are 0 if the loss is exact.
    """

    loss: float
    loss_error: float
    gradient_norm: float
    h_max: float
    drop: float
    drop_error: float
    noise: float
    steep_noise: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Halving:
    """What the chains gave with the `full` step, and by how much half of it changes that.

    `error` is the standard error of the change, were the two runs independent.
    """

    full: float
    change: float
    error: float

    @property
    def extrapolated(self) -> float:
        """Richardson's value for a step of 0, where the error of the step is linear in it."""
        return self.full + 2 * self.change


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A local learning coefficient, or why there is none.

    `value`, `low` and `high` are given with the verdict `estimate` alone and raise `Refused`
    otherwise. The rest is what was seen, whatever the verdict, and no estimate of anything without
    it: `mean` of all draws of nβ·(L(w) − L(w*)), with `error` (of the mean over chains),
    `chain_means` and `traces` (chains × draws). `radius` is the root mean square of |w − w*|,
    `virial` the mean of (w − w*)·∇U over the dimension, 1 for a sampler at rest without step error.
    `offset_error` is the standard error of nβ·L(w*).
    `lowest` is the lowest nβ·(L(w) − L(w*)) of any draw. `h_max` is the largest curvature by which
    the step was chosen or judged. `geweke` is the z-score of second against first halves.
    `evaluations` counts gradients of a batch, `acceptance` is the mean
    over chains, for samplers that reject.
    """

    verdict: Verdict
    reason: str
    settings: Sampling
    nbeta: float
    count: int
    dimension: int
    step: float
    start: Start
    h_max: float
    mean: float
    error: float
    half_width: float
    offset_error: float
    chain_means: tuple[float, ...]
    rhat: float
    effective: float
    geweke: float
    radius: float
    virial: float
    lowest: float
    acceptance: float | None
    halving: Halving | None
    evaluations: int
    traces: tuple[tuple[float, ...], ...] = field(repr=False)

    @property
    def ok(self) -> bool:
        """Whether there is an estimate."""
        return self.verdict == "estimate"

    @property
    def value(self) -> float:
        """The estimate; `Refused` if there is none."""
        self._given()
        return self.mean

    @property
    def low(self) -> float:
        """The lower end of the interval; `Refused` if there is none."""
        self._given()
        return self.mean - self.half_width

    @property
    def high(self) -> float:
        """The upper end of the interval; `Refused` if there is none."""
        self._given()
        return self.mean + self.half_width

    def _given(self) -> None:
        if not self.ok:
            raise Refused(f"no local learning coefficient ({self.verdict}): {self.reason}")
