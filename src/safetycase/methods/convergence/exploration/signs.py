"""Two statistics of the plateau itself: the gradient, and the sign of the learning coefficient."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from safetycase.methods.convergence.closed_forms import gap_allowed
from safetycase.methods.convergence.exploration.perturbing import normal
from safetycase.methods.convergence.exploration.records import Effort, Trace
from safetycase.methods.convergence.exploration.weights import LIKELY, Weights, untried
from safetycase.plugin.contract import MethodError

__all__ = ["Chains", "gradient", "llc_sign", "sampled"]

NBETA = 1000.0
ACCEPTED = 0.6
LIKELY_LOG = math.log(LIKELY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chains:
    """What chains saw around the weights, in the second half of their steps.

    `coefficient` is nβ (J(w*) − E J(w)): the local learning coefficient at this temperature, which
    is negative where they found more reward. `escaped` is the part of the chains that ended with at
    least `gap` more. `radius` is the longest way from w*, `covered` the largest probability of an
    action that no chain made the likely one, 0 if there is none.
    """

    coefficient: float
    gain: float
    best: float
    escaped: float
    accepted: float
    radius: float
    covered: float
    evaluations: float
    halves: tuple[tuple[float, float], ...]


def gradient(weights: Weights, effort: Effort, generator: Any) -> Trace:
    """The length of the gradient of the reward in the logits of a policy of one state.

    `covered` is the largest π(a*) with which a policy `gap` below the best can have this gradient
    (Mei et al. 2020, arXiv:2005.06392); rarer behaviour is not ruled out. `MethodError` for
    more than one state.
    """
    del generator
    if len(weights.table) != 1:
        raise MethodError("the bound of the gradient holds for a softmax over one state only")
    logs = weights.table.clone().requires_grad_(True)
    (slope,) = torch.autograd.grad(weights.policy.value(logs), [logs])
    slope = slope - weights.table.exp() * slope.sum(-1, keepdim=True)
    length = float(slope.norm())
    return Trace(
        test="gradient",
        spent=(3.0,),
        statistic=(length,),
        gain=math.nan,
        covered=min(1.0, gap_allowed(length, effort.gap)),
    )


def llc_sign(weights: Weights, effort: Effort, generator: Any) -> Trace:
    """Whether chains around the weights find more reward: minus the coefficient, over nβ.

    The localisation γ is chosen so that chains get as far as `radius`: √(d / γ) (Lau et al. 2025,
    arXiv:2308.12108, for the coefficient).
    """
    gamma = len(weights.start) / (effort.radius * weights.norm) ** 2
    found = sampled(
        weights,
        nbeta=NBETA,
        gamma=gamma,
        chains=effort.chains,
        steps=effort.chain_steps,
        gap=effort.gap,
        generator=generator,
    )
    return Trace(
        test="llc-sign",
        spent=tuple(spent for spent, _ in found.halves),
        statistic=tuple(gain for _, gain in found.halves),
        gain=max(0.0, found.best),
        radius=found.radius,
        covered=found.covered,
    )


def sampled(
    weights: Weights,
    *,
    nbeta: float,
    gamma: float,
    chains: int,
    steps: int,
    gap: float,
    generator: Any,
) -> Chains:
    """Chains of the Metropolis-adjusted Langevin algorithm with density exp(nβ J − γ/2 |w − w*|²).

    The step size follows the acceptance in the first half of the steps and then stays. Roberts and
    Rosenthal 1998, JRSS-B 60:255.
    """
    size = len(weights.start)
    state = weights.start.repeat(chains, 1)
    rewards, pull, tables = _force(weights, state, nbeta, gamma)
    tried = (tables >= LIKELY_LOG).any(0)
    step = torch.full((chains, 1), 0.3 / gamma / size ** (1 / 3), dtype=torch.float64)
    seen: list[Tensor] = [rewards]
    accepted, radius = torch.zeros(chains, dtype=torch.float64), 0.0
    half = steps // 2
    for number in range(steps):
        noise = normal((chains, size), generator)
        proposal = state + step / 2 * pull + step.sqrt() * noise
        new_rewards, new_pull, tables = _force(weights, proposal, nbeta, gamma)
        ratio = _density(weights, proposal, new_rewards, nbeta, gamma) - _density(
            weights, state, rewards, nbeta, gamma
        )
        back = ((state - proposal - step / 2 * new_pull) ** 2).sum(-1)
        ratio = ratio - (back / step[:, 0] - (noise**2).sum(-1)) / 2
        chance = torch.rand(chains, generator=generator, dtype=torch.float64).log()
        yes = (chance < torch.nan_to_num(ratio, nan=-math.inf)) & torch.isfinite(new_rewards)
        state = torch.where(yes[:, None], proposal, state)
        pull = torch.where(yes[:, None], new_pull, pull)
        rewards = torch.where(yes, new_rewards, rewards)
        seen.append(rewards)
        tried |= (tables[yes] >= LIKELY_LOG).any(0)
        radius = max(radius, float((state - weights.start).norm(dim=-1).max()))
        if number < half:
            step = step * torch.where(yes, 1.15, 1.15 ** (-ACCEPTED / (1 - ACCEPTED)))[:, None]
        else:
            accepted += yes
    every = torch.stack(seen)
    later = every[half + 1 :] - weights.reward
    return Chains(
        coefficient=-nbeta * float(later.mean()),
        gain=float(later.mean()),
        best=float((every - weights.reward).max()),
        escaped=float((later[-1] > gap).double().mean()),
        accepted=float(accepted.mean()) / max(1, steps - half),
        radius=radius,
        covered=untried(weights.table, tried),
        evaluations=3.0 * chains * (steps + 1),
        halves=tuple(
            (
                3.0 * chains * (end + 1),
                float((every[end // 2 + 1 : end + 1]).mean()) - weights.reward,
            )
            for end in (steps // 8, steps // 4, half, steps)
        ),
    )


def _density(weights: Weights, at: Tensor, rewards: Tensor, nbeta: float, gamma: float) -> Tensor:
    return nbeta * rewards - gamma / 2 * ((at - weights.start) ** 2).sum(-1)


def _force(weights: Weights, at: Tensor, nbeta: float, gamma: float) -> tuple[Tensor, ...]:
    """The rewards (n,), the gradient (n, d) of the log-density, and the tables (n, S, A)."""
    vectors = at.detach().requires_grad_(True)
    tables = weights.tables(vectors)
    rewards = weights.policy.value(tables)
    (slope,) = torch.autograd.grad(rewards.sum(), [vectors])
    return rewards.detach(), nbeta * slope - gamma * (at - weights.start), tables.detach()
