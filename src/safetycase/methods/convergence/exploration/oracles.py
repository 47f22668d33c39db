"""Closed forms that the tests must reproduce."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from safetycase.methods.convergence.closed_forms import (
    groups_before_signal,
    noise_hits,
    radius_needed,
    seen_within,
)
from safetycase.plugin.contract import OracleResult

__all__ = ["lowest_ratio", "self_check", "shortest_hit"]

MEI = "Mei et al. 2020, arXiv:2005.06392, Lemma 3"
EPSILONS = (1e-2, 1e-4, 1e-5)


def self_check() -> Sequence[OracleResult]:
    """The law of the radius, the bound of the gradient, best of N, noise, and the chains."""
    return (
        *_radius(),
        *_noise(),
        OracleResult(
            name="bandits of 20,000 on which |∇J| is below π(a*) (J* − J)",
            expected=0.0,
            got=float(lowest_ratio(20_000, 0) < 1.0),
            tolerance=0.0,
            source=MEI,
        ),
        *_best_of(),
        OracleResult(
            name="groups of 8 before one sees behaviour of probability 0.001",
            expected=1 / (1 - 0.999**8),
            got=groups_before_signal(1e-3, 8),
            tolerance=1e-9,
            source="geometric distribution",
        ),
        _chains(),
    )


def lowest_ratio(bandits: int, seed: int) -> float:
    """The smallest |∇J| / (π(a*) (J* − J)) over random softmax bandits of 2 to 12 arms."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    lowest = math.inf
    for arms in range(2, 13):
        count = -(-bandits // 11)
        logits = 4 * torch.randn((count, arms), generator=generator, dtype=torch.float64)
        rewards = torch.rand((count, arms), generator=generator, dtype=torch.float64)
        chances = logits.softmax(-1)
        value = (chances * rewards).sum(-1, keepdim=True)
        slope = (chances * (rewards - value)).norm(dim=-1)
        best = rewards.argmax(-1, keepdim=True)
        bound = (chances.gather(-1, best) * (rewards.gather(-1, best) - value))[:, 0]
        lowest = min(lowest, float((slope / bound)[bound > 1e-12].min()))
    return lowest


def shortest_hit(epsilon: float) -> float:
    """How far a two-armed table must go, by the ascent of the tests, until both arms are equal."""
    from safetycase.methods.convergence.exploration.perturbing import ascend
    from safetycase.methods.convergence.exploration.weights import Search, Weights

    weights = Weights(_pair(epsilon))
    low, high = 0.0, 2 * weights.norm
    for _ in range(30):
        radius = (low + high) / 2
        search = Search(weights)

        def up(vectors: Any, tables: Any, values: Any) -> Any:
            del vectors, values
            return tables[:, 0, 0]

        ascend(weights, weights.start[None], up, 8, radius, search)
        reached = search.trace("oracle").gain >= 0.25 * (1 - 2 * epsilon)
        low, high = (low, radius) if reached else (radius, high)
    return high


def _radius() -> list[OracleResult]:
    return [
        OracleResult(
            name=f"radius that lifts probability {epsilon:g} to one half",
            expected=radius_needed(epsilon, 1 - epsilon),
            got=shortest_hit(epsilon),
            tolerance=1e-3,
            source="log((1 − ε) / ε) / √2, the distance to the plane of equal logits",
        )
        for epsilon in EPSILONS
    ]


def _noise() -> list[OracleResult]:
    """Of many directions of one length, how many cross the plane of equal arms."""
    import torch

    from safetycase.methods.convergence.exploration.perturbing import normal, unit
    from safetycase.methods.convergence.exploration.weights import Weights

    epsilon, radius, count = 1e-3, 8.0, 20_000
    weights = Weights(_pair(epsilon))
    generator = torch.Generator().manual_seed(0)
    away = radius * unit(normal((count, 2), generator))
    rewards = weights.policy.value(weights.tables(weights.start + away))
    expected = noise_hits(epsilon, radius)
    return [
        OracleResult(
            name="part of directions of length 8 that lift probability 0.001 above one half",
            expected=expected,
            got=float((rewards > 0.75).double().mean()),
            tolerance=4 * math.sqrt(expected * (1 - expected) / count),
            source="arccos(log((1 − ε) / ε) / (√2 radius)) / π",
        )
    ]


def _best_of() -> list[OracleResult]:
    """Of a policy of the family, the expected best of N against the chance of seeing the best."""
    policy = _pair(1e-3)
    logs = policy.log_probabilities(policy.module).detach()
    return [
        OracleResult(
            name=f"expected best of {count}",
            expected=0.5 + 0.5 * seen_within(1e-3, count),
            got=float(policy.best_of(logs, count)),
            tolerance=1e-9,
            source="1 − (1 − ε)^N",
        )
        for count in (8, 4096)
    ]


def _chains() -> OracleResult:
    """The coefficient of a two-armed table, against the integral over the difference of logits."""
    import torch

    from safetycase.methods.convergence.exploration.signs import sampled
    from safetycase.methods.convergence.exploration.weights import Weights

    epsilon, nbeta, gamma = 0.01, 10.0, 0.5
    found = sampled(
        Weights(_pair(epsilon)),
        nbeta=nbeta,
        gamma=gamma,
        chains=256,
        steps=160,
        gap=0.05,
        generator=torch.Generator().manual_seed(0),
    )
    return OracleResult(
        name="local learning coefficient of a table that hides, at nβ = 10 and γ = 0.5",
        expected=_integral(epsilon, nbeta, gamma),
        got=found.coefficient,
        tolerance=0.15,
        source="quadrature over the difference of the two logits",
    )


def _integral(epsilon: float, nbeta: float, gamma: float) -> float:
    start = math.log(epsilon / (1 - epsilon))
    total = mean = 0.0
    for number in range(-4000, 4001):
        moved = number / 200
        reward = 0.5 + 0.5 / (1 + math.exp(-(start + moved)))
        weight = math.exp(nbeta * reward - gamma * moved * moved / 4)
        total += weight
        mean += weight * reward
    return nbeta * (0.5 + 0.5 * epsilon - mean / total)


def _pair(epsilon: float) -> Any:
    """Two arms that pay 1 and 0.5; the first is played with probability ε."""
    import torch

    from safetycase.methods.organisms.exploration_hacking.decisions import Decisions
    from safetycase.methods.organisms.exploration_hacking.modules import Table

    logits = torch.tensor([[epsilon, 1 - epsilon]], dtype=torch.float64).log()
    return Decisions.of(Table(logits - logits.mean()), torch.arange(1), [[1.0, 0.5]])
