"""From estimates and their calibrations to a measurement."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from safetycase.methods.convergence.llc.calibration import Calibration
from safetycase.methods.convergence.llc.diagnostics import (
    effective_draws,
    mean_error,
    t_quantile,
)
from safetycase.methods.convergence.llc.records import EXACT, Estimate
from safetycase.plugin.contract import (
    Bar,
    Curve,
    InstrumentCheck,
    Intervals,
    Measure,
    Measurement,
    Raised,
)
from safetycase.stats import Certified, Statistic, largest

__all__ = ["MEASURES", "Studied", "measured"]

MEASURES = (
    Measure(
        name="llc",
        unit="dimensionless",
        safer="neither",
        says="nβ·(E[L(w)] − L(w*)) around w*, the local learning coefficient at this nβ and γ; "
        "only if every check was passed",
    ),
    Measure(
        name="llc_drop",
        unit="nβ times the loss",
        safer="lower",
        says="nβ·(L(w*) − mean L(w)) of the chain that lies lowest: above 0, a chain lives at a "
        "lower loss than w*, and a better optimum is within the radius reached",
    ),
)
SIGNS = ("negative", "not a minimum")


@dataclass(frozen=True, slots=True, kw_only=True)
class Studied:
    """A problem that was looked at. No calibration where the estimate was refused."""

    name: str
    found: Estimate
    calibration: Calibration | None


def measured(studied: Sequence[Studied]) -> Measurement:
    """The coefficients, the lowest chain, and what the checks say."""
    finite = [one for one in studied if one.found.verdict != "diverged"]
    chains = sum(one.found.settings.chains for one in studied)
    quantities: dict[str, Statistic] = {}
    diagnostics = dict(_about(studied))
    refused = [one for one in studied if not one.found.ok]
    if refused:
        first = refused[0]
        diagnostics["without llc"] = f"{first.name}: {first.found.verdict}: {first.found.reason}"
    else:
        intervals = [_interval(one.found) for one in studied]
        quantities["llc"] = intervals[0] if len(intervals) == 1 else largest(intervals)
    if len(finite) == len(studied):
        quantities["llc_drop"] = largest([s for one in studied for s in _drops(one.found, chains)])
    else:
        diagnostics["without llc_drop"] = "a chain diverged"
    return Measurement(
        quantities=quantities,
        counts={"problems": len(studied), "chains": chains},
        effort={
            "gradients": str(sum(one.found.evaluations for one in studied)),
            "draws": str(sum(len(t) for one in studied for t in one.found.traces)),
        },
        instrument=tuple(check for one in studied for check in _checks(one)),
        raises=tuple(raised for one in studied for raised in _raised(one)),
        plots=tuple(plot for one in finite for plot in _plots(one)),
        diagnostics=diagnostics,
    )


def _interval(found: Estimate) -> Certified:
    return Certified(
        low=found.low,
        high=found.high,
        level=found.settings.level,
        says=f"Student's t over {len(found.chain_means)} chains, taken for independent and at "
        f"rest, widened by the change that half the step makes; nβ = {found.nbeta:.6g}, "
        f"γ = {found.settings.gamma:.6g}",
    )


def _drops(found: Estimate, among: int) -> Iterator[Certified]:
    """−mean of each chain, with what its effective draws and L(w*) leave open.

    The lowest is one of `among`, and which was not known before: the level is that strict.
    """
    level = 1 - (1 - found.settings.level) / among
    for trace, mean in zip(found.traces, found.chain_means, strict=True):
        worth = effective_draws((trace,))
        own = mean_error(trace)[1] * math.sqrt(len(trace) / worth)
        reach = t_quantile((1 + level) / 2, max(1.0, worth - 1))
        width = reach * math.hypot(own, found.offset_error)
        yield Certified(
            low=-mean - width,
            high=-mean + width,
            level=level,
            says="Student's t of the mean of one chain, by as many draws as it is worth",
        )


def _checks(one: Studied) -> Iterator[InstrumentCheck]:
    found, name = one.found, one.name
    yield InstrumentCheck(
        name=f"{name}: chains can be trusted",
        passed=found.ok or found.verdict in SIGNS,
        detail=f"{found.verdict}: {found.reason}",
    )
    known = one.calibration
    if known is not None:
        yield InstrumentCheck(
            name=f"{name}: the same sampling gives the known answer of a network of its size",
            passed=known.passed,
            detail=f"{known.found.mean:.5g} where {known.exact:.5g} is exact (λ = {known.limit:g} "
            f"as nβ grows): {known.error:+.1%}, allowed {2 * known.tolerance:.0%}; "
            f"{known.found.verdict}: {known.found.reason}",
        )


def _raised(one: Studied) -> Iterator[Raised]:
    if one.found.verdict in SIGNS:
        yield Raised(
            name="lower-loss-near",
            says=f"{one.name}: {one.found.reason}. Training had not converged there.",
        )


def _about(studied: Sequence[Studied]) -> Iterator[tuple[str, str]]:
    for one in studied:
        f = one.found
        yield f"{one.name}: verdict", f"{f.verdict}: {f.reason}"
        yield (
            f"{one.name}: density",
            f"nβ = {f.nbeta:.6g}, γ = {f.settings.gamma:.6g}, n = {f.count}, "
            f"{f.dimension} weights; radius reached {f.radius:.4g}",
        )
        accepted = "" if f.acceptance is None else f", {f.acceptance:.3f} accepted"
        yield (
            f"{one.name}: sampling",
            f"{f.settings.sampler}, step {f.step:.4g}{accepted}, {f.settings.chains} chains of "
            f"{f.settings.draws} draws after {f.settings.burn_in}; R̂ {f.rhat:.3f}, effective draws "
            f"{f.effective:.0f}, half-chain z {f.geweke:.2f}, virial {f.virial:.3f}",
        )
        yield (
            f"{one.name}: at w*",
            f"loss {f.start.loss:.6g}, |slope| {f.start.gradient_norm:.3g}, largest curvature "
            f"{f.start.h_max:.4g} (on the way {f.h_max:.4g}), a few steps down lower nβ·L by "
            f"{f.nbeta * f.start.drop:.3g}",
        )
        if f.halving is not None:
            yield (
                f"{one.name}: half the step",
                f"changes {f.halving.full:.5g} by {f.halving.change:.3g} ± {f.halving.error:.2g}",
            )
        elif f.settings.sampler not in EXACT:
            yield f"{one.name}: half the step", "not tried: the bound by curvature is trusted"


def _plots(one: Studied) -> Iterator[Curve | Intervals]:
    found = one.found
    length = len(found.traces[0])
    every = max(1, length // 200)
    columns = [[t[i] for t in found.traces] for i in range(0, length, every)]
    yield Curve(
        title=f"{one.name}: nβ·(L(w) − L(w*)) along the chains",
        x_label="draw",
        y_label="nβ·(L(w) − L(w*))",
        x=tuple(float(i) for i in range(0, length, every)),
        y=tuple(math.fsum(c) / len(c) for c in columns),
        low=tuple(map(min, columns)),
        high=tuple(map(max, columns)),
        line="mean over chains",
        band="lowest and highest chain",
    )
    bars = [
        Bar(label=f"chain {n}", low=-s.high, point=-(s.low + s.high) / 2, high=-s.low)
        for n, s in enumerate(_drops(found, 1), 1)
    ]
    yield Intervals(
        title=f"{one.name}: mean of each chain",
        unit="nβ·(L(w) − L(w*))",
        bars=tuple(bars[:20]),
        threshold=0.0,
    )
