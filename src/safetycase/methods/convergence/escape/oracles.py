"""What training must reproduce: times in closed form, and groups until the first signal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from safetycase.methods.convergence.closed_forms import groups_before_signal
from safetycase.methods.convergence.escape.laws import bandit_steps, escape_constant
from safetycase.methods.convergence.escape.trainers import TRAINERS, Turn
from safetycase.methods.convergence.escape.training import Recipe, train
from safetycase.methods.convergence.escape.world import World
from safetycase.methods.oversight.self_play.exploration import flow_time, natural_time
from safetycase.plugin.contract import OracleResult

if TYPE_CHECKING:
    from safetycase.methods.convergence.escape.trainers import Name

__all__ = ["bandit", "self_check"]

MEI = "Mei et al. 2020, arXiv:2005.06392; closed form derived here"
POOR, SHARE, STAND_IN = 8, 1 / 9, 0.5
STEPS = {1e-1: 20, 1e-2: 148, 1e-3: 1380, 1e-4: 13_647, 1e-5: 136_264}
"""Steps of the exact gradient at rate 1 in ten arms, for each ε, from a plain recursion."""


def bandit(epsilon: float, poor: int = POOR, share: float = SHARE) -> Any:
    """A table over two arms and `poor` more that pay nothing, with probability κε each."""
    import torch

    from safetycase.methods.organisms.exploration_hacking.decisions import Decisions
    from safetycase.methods.organisms.exploration_hacking.modules import Table

    rest = share * epsilon
    chances = [epsilon, 1 - epsilon - poor * rest, *([rest] * poor)]
    logits = torch.tensor([chances], dtype=torch.float64).log()
    return Decisions.of(Table(logits), torch.arange(1), [[1.0, STAND_IN, *([0.0] * poor)]])


def steps(trainer: Name, policy: Any, rate: float, most: int) -> float:
    """Steps to escape, infinity after `most`."""
    import numpy as np

    recipe = Recipe(trainer=trainer, steps=most, batch=64, group=8, rate=rate, strength=0.0)
    escaped = train(policy, recipe, np.random.default_rng(0)).escaped
    return math.inf if escaped is None else float(escaped)


def self_check() -> tuple[OracleResult, ...]:
    """Ten arms, the limit of steps × ε, flows of both gradients, and groups with a signal."""
    return (*_ten_arms(), *_flows(), *_groups())


def _oracle(name: str, expected: float, got: float, tolerance: float, source: str) -> OracleResult:
    return OracleResult(name=name, expected=expected, got=got, tolerance=tolerance, source=source)


def _ten_arms() -> list[OracleResult]:
    found = []
    plain: int | None = None
    for epsilon, expected in STEPS.items():
        plain = bandit_steps(epsilon, POOR, SHARE, STAND_IN, 200_000)
        found.append(
            _oracle(
                f"ten arms, steps of a plain recursion at {epsilon:g}",
                expected,
                math.inf if plain is None else plain,
                0,
                "exact gradient, rate 1, until the reward is 0.75",
            )
        )
        if epsilon >= 1e-3:
            got = steps("policy-gradient", bandit(epsilon), 1.0, 2000)
            source = "the plain recursion"
            found.append(_oracle(f"the same, trained, at {epsilon:g}", expected, got, 0, source))
    constant = escape_constant(POOR, SHARE, STAND_IN)
    found += [
        _oracle("steps × ε in the limit", 1.8 * (10 / 9) ** 10 - 3.8, constant, 1e-12, MEI),
        _oracle("steps × ε at 1e-5", constant, (plain or 0) * 1e-5, 5e-4, MEI),
        _oracle("steps × ε without poor arms", 1.0, escape_constant(0, 0.0, STAND_IN), 0, MEI),
    ]
    return found


def _flows() -> list[OracleResult]:
    """Two arms at a small rate; one step of rate is the tolerance."""
    rate, gap = 0.1, 1 - STAND_IN
    found = []
    for epsilon in (0.1, 0.02):
        half = epsilon + (1 - epsilon) / 2
        plain = steps("policy-gradient", bandit(epsilon, 0), rate, 2000) * rate
        natural = steps("natural-gradient", bandit(epsilon, 0), rate, 300) * rate
        found += [
            _oracle(
                f"two arms, gradient time from {epsilon:g}",
                flow_time(epsilon, half, gap),
                plain,
                3 * rate,
                MEI,
            ),
            _oracle(
                f"two arms, natural gradient time from {epsilon:g}",
                natural_time(epsilon, half, gap),
                natural,
                rate,
                "Kakade 2001; the difference of log-odds over the gap",
            ),
        ]
    return found


def _groups() -> list[OracleResult]:
    import numpy as np

    counts = (2, 13, 125, 1250, 12_500)
    found = [
        _oracle(
            f"groups of 8 before a signal at {epsilon:g}",
            count,
            groups_before_signal(epsilon, 8),
            0.5,
            "1/(1 − (1 − ε)⁸)",
        )
        for epsilon, count in zip(STEPS, counts, strict=True)
    ]
    world = World.of(bandit(0.01, 0))
    generator, tried, moved = np.random.default_rng(0), 4000, 0
    chances = np.array([[0.01, 0.99]])
    for _ in range(tried):
        turn = Turn(
            world=world,
            chances=chances,
            generator=generator,
            batch=8,
            group=8,
            strength=0.0,
            left=1.0,
        )
        moved += bool(TRAINERS["grpo"].pull(turn).any())
    found.append(
        _oracle(
            "share of simulated groups of 8 with a signal at 0.01",
            1 / groups_before_signal(0.01, 8),
            moved / tried,
            4 * math.sqrt(0.0773 * 0.9227 / tried),
            f"{tried} groups; four standard errors",
        )
    )
    return found
