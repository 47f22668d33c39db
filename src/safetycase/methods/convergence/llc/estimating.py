"""`estimate`: from a loss and a w* to a local learning coefficient, or to why there is none.

λ̂ = nβ·(E[L(w)] − L(w*)) over the density of `walking` (Lau et al. 2025, arXiv:2308.12108).
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from safetycase.methods.convergence.llc.diagnostics import (
    effective_draws,
    half_chains,
    mean_error,
    split_rhat,
    t_quantile,
)
from safetycase.methods.convergence.llc.judging import Seen, judged
from safetycase.methods.convergence.llc.records import EXACT, Estimate, Halving, Sampling
from safetycase.methods.convergence.llc.running import Ran, Told, ran
from safetycase.methods.convergence.llc.surface import OfModule, Surface, need_torch
from safetycase.methods.convergence.problem import Problem
from safetycase.plugin.contract import MethodError

__all__ = ["estimate"]

MANY = 10_000


def estimate(
    problem: Problem | Surface,
    settings: Sampling | None = None,
    *,
    seed: int = 0,
    progress: Told | None = None,
) -> Estimate:
    """The local learning coefficient of a loss at w*, with everything that speaks for or against.

    `problem` is a torch module and its loss, or a surface of flat weights. All randomness comes
    from `seed`; the module and the global generator of torch are left as they were. `MethodError`
    if it cannot be tried at all; what fails on the way is a verdict of the record.
    """
    need_torch()
    import torch

    chosen = _chosen(problem, settings or Sampling())
    count = problem.count if isinstance(problem, Problem) else 0
    nbeta = chosen.nbeta or _default_nbeta(count)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        surface = _surface(problem, chosen)
        done = ran(surface, chosen, nbeta, seed, progress or _quiet)
    seen = _seen(done, chosen, nbeta, surface.size)
    verdict, reason = judged(seen)
    return Estimate(
        verdict=verdict,
        reason=reason,
        settings=chosen,
        nbeta=nbeta,
        count=count,
        dimension=surface.size,
        step=done.step,
        start=done.start,
        h_max=done.h_max,
        mean=seen.mean,
        error=seen.error,
        half_width=seen.half_width,
        offset_error=seen.offset_error,
        chain_means=seen.chain_means,
        rhat=seen.rhat,
        effective=seen.effective,
        geweke=seen.geweke,
        radius=math.sqrt(seen.far * surface.size / chosen.gamma),
        virial=seen.virial,
        lowest=min(map(min, seen.traces), default=math.nan),
        acceptance=seen.acceptance,
        halving=seen.halving,
        evaluations=done.evaluations,
        traces=seen.traces,
    )


def _chosen(problem: Problem | Surface, settings: Sampling) -> Sampling:
    """The settings with a sampler: one that rejects, where the loss can be had exactly."""
    if settings.sampler is not None:
        return settings
    exact = problem.batch is None if isinstance(problem, Problem) else problem.exact
    return replace(settings, sampler="hmc" if exact else "underdamped")


def _quiet(done: int, total: int, note: str) -> None:
    del done, total, note


def _default_nbeta(count: int) -> float:
    if count < 3:
        raise MethodError("give `nbeta`: n/log n of the problem needs a `count` of at least 3")
    return count / math.log(count)


def _surface(problem: Problem | Surface, settings: Sampling) -> Surface:
    exact = settings.sampler in EXACT
    if isinstance(problem, Problem):
        leaps = settings.leaps if settings.sampler == "hmc" else 1
        asked = settings.chains * (settings.burn_in + settings.draws) * leaps
        return OfModule(problem, parts=settings.parts, exact=exact, often=asked > MANY)
    if settings.parts:
        raise MethodError("`parts` names parameters of a module; a surface of a formula has none")
    if exact and not problem.exact:
        raise MethodError("this sampler needs the exact loss, and this surface draws batches")
    return problem


def _seen(done: Ran, settings: Sampling, nbeta: float, size: int) -> Seen:
    """What the chains told, in numbers. With halving, the draws with half the step are judged."""
    if done.fault:
        return Seen(settings=settings, nbeta=nbeta, start=done.start, fault=done.fault)
    first = _traces(nbeta * (done.draws[:, 0] - done.offset))
    record = done.draws if done.halved is None else done.halved
    traces = _traces(nbeta * (record[:, 0] - done.offset))
    means = tuple(mean_error(t)[0] for t in traces)
    mean, error = mean_error(means)
    halving = None
    if done.halved is not None:
        before, other = mean_error([mean_error(t)[0] for t in first])
        halving = Halving(full=before, change=mean - before, error=math.hypot(error, other))
    t = t_quantile((1 + settings.level) / 2, len(means) - 1)
    half_width = t * math.hypot(error, nbeta * done.offset_error)
    z, change = half_chains(traces)
    return Seen(
        settings=settings,
        nbeta=nbeta,
        start=done.start,
        offset_error=nbeta * done.offset_error,
        mean=mean,
        error=error,
        half_width=half_width + (abs(halving.change) if halving else 0.0),
        traces=traces,
        chain_means=means,
        rhat=split_rhat(traces),
        effective=effective_draws(traces),
        geweke=z,
        change=change,
        far=settings.gamma * float(record[:, 2].mean()) / size,
        virial=float(record[:, 1].mean()) / size,
        virials=_traces(record[:, 1] / size),
        stiffness=done.stiffness,
        heat=done.heat,
        acceptance=mean_error(done.acceptances)[0] if done.acceptances else None,
        acceptances=done.acceptances,
        halving=halving,
    )


def _traces(record: Any) -> tuple[tuple[float, ...], ...]:
    """(draws, chains) as one tuple a chain."""
    return tuple(map(tuple, record.T.tolist()))
