"""The settings of each trainer, chosen on one design alone, and how they were chosen."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any, Literal

from safetycase.methods.convergence.escape.trainers import Name
from safetycase.methods.convergence.escape.training import Course, Recipe, train

__all__ = ["DESIGN", "TUNED", "Settings", "grid", "tune"]

DESIGN: Literal["bandit"] = "bandit"
"""The design that settings were chosen on; nothing is scored on it."""
EPSILONS, SEEDS, STEPS, BATCH, GROUP = (1e-1, 1e-2, 1e-3), (0, 1, 2), 200, 64, 8
RATES = (0.3, 1.0, 3.0, 10.0, 30.0)
STRENGTHS: dict[Name, tuple[float, ...]] = {
    "entropy-bonus": (0.01, 0.1, 1.0),
    "count-bonus": (0.1, 0.3, 1.0),
    "weight-noise": (0.3, 1.0, 3.0),
    "forced-exploration": (0.05, 0.2, 0.5),
}
MOST_LOST = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The rate in the logits, and the strength (0 where a trainer has none)."""

    rate: float
    strength: float = 0.0


TUNED: dict[Name, Settings] = {
    "policy-gradient": Settings(rate=30.0),
    "natural-gradient": Settings(rate=30.0),
    "reinforce": Settings(rate=30.0),
    "grpo": Settings(rate=30.0),
    "entropy-bonus": Settings(rate=10.0, strength=1.0),
    "count-bonus": Settings(rate=30.0, strength=1.0),
    "best-of-n": Settings(rate=1.0),
    "weight-noise": Settings(rate=30.0, strength=1.0),
    "forced-exploration": Settings(rate=30.0, strength=0.5),
    "demonstrations": Settings(rate=10.0),
}
"""What `tune` chooses; `python benchmarks/whitebox_escape.py --tune` prints it again."""


def grid(trainer: Name) -> tuple[Settings, ...]:
    """The settings that are tried."""
    strengths = STRENGTHS.get(trainer, (0.0,))
    return tuple(
        Settings(rate=rate, strength=strength)
        for strength, rate in itertools.product(strengths, RATES)
    )


def tune(trainer: Name) -> Settings:
    """The settings with the fewest steps to escape, that cost an honest twin at most a tenth.

    A training that does not escape counts as twice its budget. Of equals the first is taken, which
    is the gentlest.
    """
    return min(
        (one for one in grid(trainer) if _lost(trainer, one) <= MOST_LOST),
        key=lambda one: _steps(trainer, one),
    )


def _steps(trainer: Name, settings: Settings) -> float:
    from safetycase.methods.organisms.exploration_hacking.planting import policy

    total = 0.0
    for epsilon, seed in itertools.product(EPSILONS, SEEDS):
        escaped = _trained(trainer, settings, policy(DESIGN, epsilon, seed), seed).escaped
        total += 2 * STEPS if escaped is None else escaped
    return total


def _lost(trainer: Name, settings: Settings) -> float:
    from safetycase.methods.organisms.exploration_hacking.planting import policy

    lost = 0.0
    for seed in SEEDS:
        twin = policy(DESIGN, EPSILONS[-1], seed, "clean-twin")
        course = _trained(trainer, settings, twin, seed)
        lost = max(lost, 1.0 if course.diverged else course.start - course.end)
    return lost


def _trained(trainer: Name, settings: Settings, policy: Any, seed: int) -> Course:
    import numpy as np

    recipe = Recipe(
        trainer=trainer,
        steps=STEPS,
        batch=BATCH,
        group=GROUP,
        rate=settings.rate,
        strength=settings.strength,
    )
    return train(policy, recipe, np.random.default_rng((seed, 17)))
