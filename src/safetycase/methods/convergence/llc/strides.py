"""How long a step may be: by the curvature, and by the noise that batches add to the gradient.

Along a direction with curvature h, with slope noise of variance s from batches, plain Langevin
steps have at rest the variance 1/(a·(1 − ε·a/4)) · (1 + ε·nβ²·s/4) with a = nβ·h + γ: exact for a
quadratic, and the reason for the rule ε·(a + nβ²·s) ≤ 4·tolerance. BAOAB has no error in a, and
one of about ε·nβ²·s/(2κ) from noise, where κ = friction · √ε.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from safetycase.methods.convergence.llc.records import Sampling

__all__ = ["DAMP", "GAIN", "Stride", "stiffest", "stride_for"]

AIM, STABLE, LOOSE = 1.0, 1.5, 2.0
"""ε·(nβ·h_max + γ) of samplers with momentum, as it is chosen and at most, without and
with halving; 4 is unstable."""
DAMP = 0.1
GAIN = 1 / DAMP
"""The largest entry that the preconditioner of `rmsprop` can have."""
LEAST, MOST = 0.1, 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stride:
    """A step ε and, for `underdamped`, κ = friction · √ε."""

    step: float
    kappa: float = 0.0

    def halved(self) -> Stride:
        """With half of ε and the same κ: both errors, of first order in ε, are halved."""
        return replace(self, step=self.step / 2)

    def stiffness(self, settings: Sampling, nbeta: float, h_max: float, noise: float) -> float:
        """ε·(nβ·h_max + γ), with nβ²·s for the samplers that suffer from it in the same way.

        That of `rmsprop` is this times the largest entry of its preconditioner.
        """
        more = nbeta**2 * noise if settings.sampler in ("sgld", "rmsprop") else 0.0
        return self.step * (nbeta * h_max + settings.gamma + more)

    def heat(self, settings: Sampling, nbeta: float, noise: float) -> float:
        """The relative error of `underdamped` from the noise of batches, along the steepest way."""
        if settings.sampler != "underdamped":
            return 0.0
        return self.step * nbeta**2 * noise / (2 * self.kappa)


def stiffest(settings: Sampling) -> float:
    """The largest `Stride.stiffness` that is trusted: less where the step is not halved as well."""
    if settings.check == "halving":
        return LOOSE
    return STABLE if settings.sampler == "underdamped" else 4 * settings.tolerance


def stride_for(
    settings: Sampling,
    nbeta: float,
    h_max: float,
    noise: float,
    *,
    given: float | None = None,
    gain: float = GAIN,
) -> Stride:
    """The stride for a curvature and a slope noise, half the tolerance used up; or a given step.

    `gain` is the largest entry of the preconditioner of `rmsprop`.
    """
    stiff, noisy = nbeta * h_max + settings.gamma, nbeta**2 * noise
    if settings.sampler in ("sgld", "rmsprop"):
        share = gain if settings.sampler == "rmsprop" else 1.0
        return Stride(step=given or 2 * settings.tolerance / (stiff + noisy) / share)
    step = given or AIM / stiff
    if settings.sampler != "underdamped":
        return Stride(step=step)
    if settings.friction is not None:
        return Stride(step=step, kappa=settings.friction * math.sqrt(step))
    kappa = max(LEAST, 2 * math.sqrt(settings.gamma * step), step * noisy / settings.tolerance)
    if kappa <= 1:
        return Stride(step=step, kappa=kappa)
    cool = 2 * settings.tolerance / noisy if noisy else step
    return Stride(step=given or min(step, cool), kappa=MOST)
