"""One run of all chains: the first step, burn-in, draws, and once more with half the step."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from safetycase.methods.convergence.llc.looking import ITERATIONS, curvature, look, typical_points
from safetycase.methods.convergence.llc.records import EXACT, Sampling, Start
from safetycase.methods.convergence.llc.strides import stiffest, stride_for
from safetycase.methods.convergence.llc.surface import Surface
from safetycase.methods.convergence.llc.walking import Walk
from safetycase.plugin.contract import MethodError

__all__ = ["Ran", "Told", "ran"]

Told = Callable[[int, int, str], None]
FEWEST_BURNT = 10
AGAIN = 3
LOOKED_AT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What all chains recorded: tensors (draws, 3, chains) of loss, (w − w*)·∇U and |w − w*|².

    L(w*) is `offset`, with its standard error (0 where it is taken off already). `stiffness` and
    `heat` are those of `Stride`. `halved` is that of the draws with half the step, None without;
    `fault` says what was not finite, and then there is nothing else to go by. `acceptances` are
    those of each chain, of samplers that reject.
    """

    start: Start
    offset: float
    offset_error: float
    step: float
    stiffness: float
    heat: float
    h_max: float
    fault: str
    draws: Any
    halved: Any
    acceptances: tuple[float, ...]
    evaluations: int

    def too_stiff(self, settings: Sampling) -> bool:
        """Whether the step is above what the curvature allows, for a sampler without rejection."""
        inexact = settings.sampler not in EXACT and not self.fault
        return inexact and self.stiffness > stiffest(settings)


def ran(surface: Surface, settings: Sampling, nbeta: float, seed: int, progress: Told) -> Ran:
    """Look at w*, choose the step, burn in, draw.

    Where a chain does not stay finite with a step that was chosen here, everything is done again
    with a quarter of it, at most three times; where the curvature on the way turns out to be too
    large for it, once more with the step for that.
    """
    found = _Run(surface, settings, nbeta, seed, progress).run(settings.step)
    for _ in range(AGAIN):
        if not found.fault or settings.step is not None:
            break
        spent = found.evaluations
        found = _Run(surface, settings, nbeta, seed, progress).run(found.step / 4)
        found = replace(found, evaluations=found.evaluations + spent)
    if settings.step is None and found.too_stiff(settings):
        h_max, noise, spent = found.h_max, found.start.steep_noise, found.evaluations
        smaller = min(stride_for(settings, nbeta, h_max, noise).step, found.step / 2)
        found = _Run(surface, settings, nbeta, seed, progress).run(smaller)
        found = replace(found, evaluations=found.evaluations + spent)
    return found


class _Run:
    def __init__(
        self, surface: Surface, settings: Sampling, nbeta: float, seed: int, progress: Told
    ) -> None:
        if settings.sampler == "rmsprop" and settings.burn_in < FEWEST_BURNT:
            raise MethodError(
                f"`rmsprop` learns its preconditioner in a `burn_in` of {FEWEST_BURNT} or more"
            )
        self.surface, self.settings, self.nbeta = surface, settings, nbeta
        chains = settings.chains
        generators = _generators(seed, 2 * chains + 2)
        self.noises, self.datas = generators[:chains], generators[chains : 2 * chains]
        self.choices, self.looks = generators[-2:]
        self.exact = settings.sampler in EXACT
        self.again = 0 if self.exact or settings.check == "curvature" else settings.draws
        self.progress, self.done = progress, 0
        self.total = settings.burn_in + settings.draws + self.again
        self.spent, self.h_max = 0, 0.0

    def run(self, step: float | None) -> Ran:
        settings = self.settings
        self.given = step
        start, self.spent = look(self.surface, self.looks)
        self.start, self.h_max = start, start.h_max
        if step is None:
            self.h_max = self._first_curvature()
        stride = stride_for(settings, self.nbeta, self.h_max, start.steep_noise, given=step)
        walk = Walk(
            self.surface,
            settings,
            nbeta=self.nbeta,
            stride=stride,
            noises=self.noises,
            datas=self.datas,
            choices=self.choices,
        )
        fault, draws, halved = self._burn_in(walk), None, None
        kept = walk.stride
        if not fault:
            fault, draws = self._draw(walk, settings.draws, "draws")
        if not fault and self.again:
            walk.take(kept.halved())
            self._draw(walk, max(FEWEST_BURNT, self.again // 10), "draws with half the step")
            fault, halved = self._draw(walk, self.again, "draws with half the step")
        if not fault and not self.exact:
            self.h_max = max(self.h_max, self._curvature_at(walk))
        return Ran(
            start=start,
            offset=0.0 if walk.paired else start.loss,
            offset_error=0.0 if walk.paired else start.loss_error,
            step=kept.step,
            stiffness=walk.gain
            * kept.stiffness(settings, self.nbeta, self.h_max, start.steep_noise),
            heat=kept.heat(settings, self.nbeta, start.steep_noise),
            h_max=self.h_max,
            fault=fault,
            draws=draws,
            halved=halved,
            acceptances=tuple((walk.accepted / walk.decided).tolist()) if walk.decided else (),
            evaluations=walk.evaluations + self.spent,
        )

    def _first_curvature(self) -> float:
        """At w* and where chains may come to, whichever is larger."""
        chain = self.noises[:1]
        points = typical_points(self.surface, self.start, self.nbeta, self.settings.gamma, chain)
        near = curvature(self.surface, points, self.surface.draw(chain), self.looks)[0]
        self.spent += 2 * ITERATIONS
        return max(self.start.h_max, near if math.isfinite(near) else 0.0)

    def _curvature_at(self, walk: Walk) -> float:
        """Where a few of the chains are, or all of them where the loss is exact."""
        few = len(self.datas) if self.surface.exact else LOOKED_AT
        points = walk.points[:few].clone()
        self.spent += 2 * ITERATIONS * len(points)
        return curvature(self.surface, points, self.surface.draw(self.datas[:few]), self.looks)[0]

    def _burn_in(self, walk: Walk) -> str:
        """Half of it, then the step for the curvature found there, then the rest."""
        length = self.settings.burn_in
        if length < 2:
            return ""
        fault, _ = self._draw(walk, length // 2, "burn-in", adapting=True)
        if not fault and not self.exact:
            here = self._curvature_at(walk)
            if not math.isfinite(here):
                return "the curvature along the way is not finite"
            if self.given is None:
                self.h_max = here
                walk.take(
                    stride_for(
                        self.settings, self.nbeta, here, self.start.steep_noise, gain=walk.gain
                    )
                )
            self.h_max = max(self.h_max, here)
        if not fault:
            fault, _ = self._draw(walk, length - length // 2, "burn-in", adapting=True)
        walk.settle()
        return fault

    def _draw(
        self, walk: Walk, count: int, note: str, *, adapting: bool = False
    ) -> tuple[str, Any]:
        """Walk on; (what was not finite by which draw, what was recorded)."""
        import torch

        every, rows = max(1, count // 20), []
        for number in range(1, count + 1):
            losses, others = walk.advance(adapting=adapting)
            rows.append(torch.cat((losses[None].double(), others.double())))
            if number % every and number < count:
                continue
            self.progress(min(self.done + number, self.total), self.total, note)
            bad = ~torch.isfinite(rows[-1]).all(0)
            if bool(bad.any()):
                chain = int(bad.nonzero()[0]) + 1
                return (
                    f"chain {chain} is no longer finite, or stuck, by draw {number} ({note})",
                    None,
                )
        self.done += count
        record = torch.stack(rows)
        if not bool(torch.isfinite(record).all()):
            return f"a chain was not finite, or stuck, for a while ({note})", None
        return "", record


def _generators(seed: int, count: int) -> list[Any]:
    """Torch generators with seeds of their own, drawn by the seed of the run."""
    import torch

    first = torch.Generator().manual_seed(seed)
    seeds = torch.randint(2**62, (count,), generator=first).tolist()
    return [torch.Generator().manual_seed(one) for one in seeds]
