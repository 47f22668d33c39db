"""Chains that walk around w*: Langevin steps, with momentum, preconditioned, or with rejection.

All sample the density ∝ exp(−U), U = nβ·(L(w) − L(w*)) + γ/2·|w − w*|², as their steps go to 0.

- `sgld`: w ← w − ε/2·∇U + √ε·ξ (Welling and Teh 2011).
- `rmsprop`: the same with ε replaced by ε·P for a diagonal P = 1/(√v + 0.1), v a running mean of
  squared slopes of L (Li et al. 2016, arXiv:1512.07666). v is learnt in the burn-in and then held,
  so that no term for its own change is missing.
- `mala`, `hmc`: leapfrog steps with time step √ε, accepted by Metropolis (Neal 2011).
- `underdamped`: BAOAB with time step √ε (Leimkuhler and Matthews 2013); on a quadratic loss with
  exact slopes its positions have no step-size error at all.
"""

from __future__ import annotations

import math
from typing import Any

from safetycase.methods.convergence.llc.records import EXACT, Sampling
from safetycase.methods.convergence.llc.strides import DAMP, Stride
from safetycase.methods.convergence.llc.surface import Surface

__all__ = ["Walk"]

AIM = 0.85
SHORT_SHARE, SHORT = 0.2, 0.2
STUCK = 40
"""So many rejections on end have a chance of 2⁻⁴⁰ where half of all proposals are accepted."""
DECAY = 0.99


class Walk:
    """The state of all chains, (chains, size), and how far they got.

    `noises` and `datas` are torch generators, one a chain of each kind.
    """

    def __init__(
        self,
        surface: Surface,
        settings: Sampling,
        *,
        nbeta: float,
        stride: Stride,
        noises: list[Any],
        datas: list[Any],
        choices: Any,
    ) -> None:
        import torch

        self.surface, self.settings = surface, settings
        self.nbeta, self.gamma = nbeta, settings.gamma
        self.take(stride)
        self.noises, self.datas, self.choices = noises, datas, choices
        self.points: Any = surface.start.repeat(len(noises), 1)
        self.origin = self.points.clone()
        self.paired = settings.paired and not surface.exact
        self.away = torch.zeros_like(self.points)
        self.noise = torch.empty_like(self.points)
        self.speed = torch.zeros_like(self.points)
        self.mean_square: Any = None
        self.preconditioner: Any = None
        self.evaluations, self.decided, self.adapted = 0, 0, 0
        self.accepted: Any = 0.0
        self.stuck: Any = torch.zeros(len(noises), dtype=torch.int64)
        self.steady = 0.0
        self.losses: Any
        self.slopes: Any
        if settings.sampler in ("mala", "hmc", "underdamped"):
            self._push(self.speed)
        if settings.sampler in EXACT:
            self._look()
            self.slopes = self.slopes.clone()
        if settings.sampler == "underdamped":
            self._look()

    def advance(self, *, adapting: bool) -> tuple[Any, Any]:
        """One step of every chain; (loss, ((w − w*)·∇U, |w − w*|²)) at a point of it.

        Shapes (chains,) and (2, chains). If paired, the loss is that over the loss at w*.
        """
        sampler = self.settings.sampler
        if sampler in EXACT:
            return self._propose(adapting=adapting)
        if sampler == "underdamped":
            return self._underdamped()
        return self._langevin(learning=adapting and sampler == "rmsprop")

    @property
    def stride(self) -> Stride:
        """How it walks now."""
        return Stride(step=self.step, kappa=self.kappa)

    def take(self, stride: Stride) -> None:
        """Walk so from now on."""
        self.step, self.kappa = stride.step, stride.kappa

    @property
    def gain(self) -> float:
        """The largest entry of the preconditioner, 1 without one."""
        return 1.0 if self.preconditioner is None else float(self.preconditioner.max())

    def _look(self) -> None:
        batches = self.surface.draw(self.datas)
        self.losses, self.slopes = self.surface.slopes(self.points, batches)
        if self.paired:
            self.losses = self.losses - self.surface.losses(self.origin, batches)
        self.evaluations += len(self.points)

    def _push(self, out: Any) -> None:
        for row, generator in zip(out, self.noises, strict=True):
            row.normal_(generator=generator)

    def _seen(self) -> tuple[Any, Any]:
        """The loss and what the virial and the radius are made of, where the chains are."""
        import torch

        torch.sub(self.points, self.surface.start, out=self.away)
        square = torch.linalg.vecdot(self.away, self.away)
        along = torch.linalg.vecdot(self.away, self.slopes)
        return self.losses, torch.stack((self.nbeta * along + self.gamma * square, square))

    def _langevin(self, *, learning: bool) -> tuple[Any, Any]:
        self._look()
        seen = self._seen()
        self._push(self.noise)
        half = self.step / 2
        if self.settings.sampler == "sgld":
            self.points.add_(self.slopes, alpha=-half * self.nbeta)
            self.points.add_(self.away, alpha=-half * self.gamma)
            self.points.add_(self.noise, alpha=math.sqrt(self.step))
            return seen
        if learning:
            self._learn()
        drift = self.nbeta * self.slopes + self.gamma * self.away
        self.points.addcmul_(drift, self.preconditioner, value=-half)
        self.points.addcmul_(self.noise, self.preconditioner.sqrt(), value=math.sqrt(self.step))
        return seen

    def _learn(self) -> None:
        square = self.slopes.square()
        if self.mean_square is None:
            self.mean_square = square
        else:
            self.mean_square.mul_(DECAY).add_(square, alpha=1 - DECAY)
        self.preconditioner = 1 / (self.mean_square.sqrt() + DAMP)

    def _underdamped(self) -> tuple[Any, Any]:
        import torch

        time = math.sqrt(self.step)
        kept = math.exp(-self.kappa)
        torch.sub(self.points, self.surface.start, out=self.away)
        self.speed.add_(self.slopes, alpha=-time * self.nbeta)
        self.speed.add_(self.away, alpha=-time * self.gamma)
        self.points.add_(self.speed, alpha=time / 2)
        self._push(self.noise)
        self.speed.mul_(kept).add_(self.noise, alpha=math.sqrt(1 - kept * kept))
        self.points.add_(self.speed, alpha=time / 2)
        self._look()
        return self._seen()

    def _propose(self, *, adapting: bool) -> tuple[Any, Any]:
        """Leapfrog steps and a Metropolis decision for each chain."""
        import torch

        # Now and then a short step, by chance alone: it frees a chain where the loss is steep.
        short = float(torch.rand((), generator=self.choices)) < SHORT_SHARE
        time, leaps = math.sqrt(self.step) * (SHORT if short else 1.0), 1
        if self.settings.sampler == "hmc":
            most = 2 * self.settings.leaps - 1
            leaps = int(torch.randint(1, most + 1, (), generator=self.choices))
        self._push(self.speed)
        before = self._energy(self.points, self.losses, self.speed)
        points, slopes, losses = self.points.clone(), self.slopes, self.losses
        for _ in range(leaps):
            self._kick(points, slopes, time / 2)
            points.add_(self.speed, alpha=time)
            losses, slopes = self.surface.slopes(points, self.surface.draw(self.datas))
            self._kick(points, slopes, time / 2)
        self.evaluations += leaps * len(points)
        gain = before - self._energy(points, losses, self.speed)
        chance = gain.clamp(max=0).exp().nan_to_num(0.0)
        drawn = [float(torch.rand((), generator=g, dtype=torch.float64)) for g in self.noises]
        taken = torch.tensor(drawn, dtype=torch.float64) < chance
        self.points = torch.where(taken[:, None], points, self.points)
        self.slopes = torch.where(taken[:, None], slopes, self.slopes)
        self.losses = torch.where(taken, losses, self.losses)
        if adapting:
            if not short:
                self._adapt(float(chance.mean()))
            return self._seen()
        self.decided += 1
        self.accepted = self.accepted + chance
        # A loss that turns NaN is refused as a proposal, and must not pass for a chain at rest.
        self.stuck = torch.where(taken, 0, self.stuck + 1)
        seen, others = self._seen()
        return torch.where(self.stuck < STUCK, seen, torch.nan), others

    def _adapt(self, share: float) -> None:
        """Towards the aim, and a mean of all steps so far that forgets the early ones."""
        if self.settings.step is not None:
            return
        self.adapted += 1
        self.step *= math.exp(2 * (share - AIM) / (self.adapted + 4) ** 0.6)
        weight = self.adapted**-0.75
        self.steady += weight * (math.log(self.step) - self.steady)

    def settle(self) -> None:
        """End the burn-in: hold the step that adapting came to (Hoffman and Gelman 2014)."""
        if self.adapted:
            self.step = math.exp(self.steady)

    def _kick(self, points: Any, slopes: Any, time: float) -> None:
        self.speed.add_(slopes, alpha=-time * self.nbeta)
        self.speed.add_(points - self.surface.start, alpha=-time * self.gamma)

    def _energy(self, points: Any, losses: Any, speed: Any) -> Any:
        import torch

        away = (points - self.surface.start).double()
        kinetic = torch.linalg.vecdot(speed.double(), speed.double())
        held = self.gamma * torch.linalg.vecdot(away, away)
        return self.nbeta * losses.double() + (held + kinetic) / 2
