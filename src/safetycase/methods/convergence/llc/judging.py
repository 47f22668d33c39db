"""From what chains did to a verdict; a number comes out of nothing but the last line."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from safetycase.methods.convergence.llc.diagnostics import effective_draws, mean_error
from safetycase.methods.convergence.llc.records import EXACT, Halving, Sampling, Start, Verdict
from safetycase.methods.convergence.llc.strides import stiffest

__all__ = ["ACCEPTED", "LEAST_ACCEPTED", "Seen", "judged"]

NOISE = 3.0
ACCEPTED, LEAST_ACCEPTED = 0.6, 0.3
SMALL = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a verdict is made of: see `Estimate` for the fields that it shares.

    `fault` says where a loss was not finite, if it was; `far` is the mean of γ·|w − w*|² over the
    dimension; `virials` the traces of (w − w*)·∇U over the dimension; `stiffness` is
    ε·(nβ·h_max + γ) with the largest curvature met.
    """

    settings: Sampling
    nbeta: float
    start: Start
    fault: str = ""
    offset_error: float = 0.0
    mean: float = math.nan
    error: float = math.nan
    half_width: float = math.nan
    traces: tuple[tuple[float, ...], ...] = ()
    chain_means: tuple[float, ...] = ()
    rhat: float = math.inf
    effective: float = 0.0
    geweke: float = math.nan
    change: float = math.nan
    far: float = math.nan
    virial: float = math.nan
    virials: tuple[tuple[float, ...], ...] = ()
    stiffness: float = math.nan
    heat: float = math.nan
    acceptance: float | None = None
    acceptances: tuple[float, ...] = ()
    halving: Halving | None = None


def judged(seen: Seen) -> tuple[Verdict, str]:
    """The first thing that is wrong, in the order in which it would spoil all others."""
    for tests in (_finite, _minimum, _step, _rest):
        for verdict, reason in tests(seen):
            return verdict, reason
    return "estimate", "every check was passed"


def _finite(seen: Seen) -> Iterator[tuple[Verdict, str]]:
    if seen.fault:
        yield "diverged", f"{seen.fault}; take a smaller `step`, or leave it out"


def _minimum(seen: Seen) -> Iterator[tuple[Verdict, str]]:
    for mean, trace in zip(seen.chain_means, seen.traces, strict=True):
        spread = mean_error(trace)[1] * math.sqrt(len(trace) / effective_draws((trace,)))
        if mean + NOISE * math.hypot(spread, seen.offset_error) < -SMALL:
            yield (
                "negative",
                f"a chain is at a lower loss than w* on average (nβ·(L(w) − L(w*)) = {mean:.4g}): "
                "w* is no minimum as far as the chains reached, and a better one is near",
            )
    if seen.far > 2 + 6 / math.sqrt(max(1, seen.settings.chains)) and seen.mean > 0:
        yield (
            "diverged",
            f"γ·|w − w*|² is {seen.far:.3g} per weight, where a chain at rest has about 1; take a "
            "smaller `step`, or leave it out",
        )
    down = seen.nbeta * (seen.start.drop - NOISE * seen.start.drop_error)
    allowed = seen.settings.tolerance * max(seen.mean, 1.0)
    if down > allowed:
        yield (
            "not a minimum",
            f"a few steps down the gradient lower nβ·L by {seen.nbeta * seen.start.drop:.4g} "
            f"(allowed: {allowed:.3g}); train further",
        )


def _step(seen: Seen) -> Iterator[tuple[Verdict, str]]:
    settings = seen.settings
    if settings.sampler in EXACT:
        accepted, least = seen.acceptance or 0.0, min(seen.acceptances, default=0.0)
        if accepted < ACCEPTED or least < LEAST_ACCEPTED:
            yield (
                "step too large",
                f"{accepted:.2f} of proposals are accepted (at least {ACCEPTED}), by one chain "
                f"{least:.2f} (at least {LEAST_ACCEPTED}); take a smaller `step`, or leave it out "
                "and burn in for longer",
            )
        return
    bound, limit = settings.check == "curvature", stiffest(settings)
    if seen.stiffness > 1.05 * limit:
        yield (
            "step too large",
            f"ε·(nβ·h_max + γ) is {seen.stiffness:.3g}, above {limit:.3g}; take a smaller `step`, "
            "or leave it out",
        )
    if bound and seen.heat > settings.tolerance:
        yield (
            "step too large",
            f"the noise of batches heats the chains by {seen.heat:.2g} along the steepest way; "
            "take larger batches, a smaller `step`, or leave it and `friction` out",
        )
    halved = seen.halving
    if halved is None:
        return
    wrong = abs(halved.change) - 2 * halved.error
    if wrong > settings.tolerance * max(seen.mean, SMALL):
        yield (
            "step too large",
            f"with half the step the mean changes by {halved.change:.4g} ± {halved.error:.2g}; "
            "take a smaller `step`",
        )


def _rest(seen: Seen) -> Iterator[tuple[Verdict, str]]:
    settings, scale = seen.settings, max(seen.mean, SMALL)
    off = abs(seen.virial - 1) - NOISE * _trace_error(seen.virials)
    if off > settings.tolerance * (1 if seen.virial > 1 else 2):
        yield (
            "step too large" if seen.virial > 1 else "not stationary",
            f"(w − w*)·∇U per weight is {seen.virial:.3g}, and 1 at rest with a small step; "
            + ("take a smaller `step`" if seen.virial > 1 else "burn in for longer"),
        )
    if abs(seen.geweke) > NOISE and abs(seen.change) > settings.tolerance * scale / 2:
        yield (
            "not stationary",
            f"the second half of the draws lies {seen.change:.4g} from the first "
            f"(z = {seen.geweke:.1f}); burn in for longer",
        )
    if not seen.rhat <= settings.largest_rhat:
        yield (
            "chains disagree",
            f"split R̂ is {seen.rhat:.3f} (at most {settings.largest_rhat:g}); draw more, or burn "
            "in for longer",
        )
    if seen.effective < settings.fewest_effective:
        yield (
            "too few effective draws",
            f"all draws together are worth {seen.effective:.1f} independent ones (at least "
            f"{settings.fewest_effective:g}); draw more",
        )
    if not seen.half_width <= 2 * settings.tolerance * max(seen.mean, 1.0):
        yield (
            "too imprecise",
            f"the interval is {seen.mean:.4g} ± {seen.half_width:.3g}; draw more, or more chains",
        )
    if seen.mean < -SMALL:
        yield (
            "too imprecise",
            f"the mean is {seen.mean:.4g}, below zero, which no coefficient is; no chain shows "
            "that w* is no minimum, so it may be noise: draw more, or give larger batches",
        )


def _trace_error(traces: tuple[tuple[float, ...], ...]) -> float:
    every = [v for trace in traces for v in trace]
    worth = effective_draws(traces)
    return mean_error(every)[1] * math.sqrt(len(every) / worth)
