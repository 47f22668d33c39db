"""Trains a torch policy by one of the trainers until it plays better, or the budget is spent."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from safetycase.methods.convergence.escape.trainers import TRAINERS, Name, Trainer, Turn
from safetycase.methods.convergence.escape.world import Valued, World

if TYPE_CHECKING:
    import numpy as np

    from safetycase.methods.convergence.escape.world import Floats

__all__ = ["Course", "Recipe", "train"]

LEAST_GAP = 0.02
"""A policy that is this near to the best one has nothing to escape from."""
CUTOFF = 1e-10
"""Relative size below which a direction of the Fisher metric counts as none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """The trainer, its budget of `steps` of `batch` episodes, and its settings.

    `rate` is that of the logits: weights move by `rate` over the mean squared length of the
    gradients of the logits in them, which is 1 for a table. So one rate fits tables and networks.
    """

    trainer: Name
    steps: int
    batch: int
    group: int
    rate: float
    strength: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How one training went.

    `escaped` is the number of steps until the reward was half-way from its start to that of the
    best policy, None if the budget was spent first. `diverged`: weights became no numbers, and
    training ended there. `seen` is the mean reward of sampled episodes with the first policy and
    with the last.
    """

    start: float
    end: float
    best: float
    escaped: int | None
    diverged: bool = False
    seen: tuple[float, float] = (math.nan, math.nan)

    @property
    def gap(self) -> float:
        """What the best policy earns more than the first."""
        return self.best - self.start


def train(policy: Any, recipe: Recipe, generator: np.random.Generator, look: int = 0) -> Course:
    """Train a copy of the policy's module; the policy itself is left as it is.

    It stops where it escapes. A policy with nothing to gain runs through its budget. `look` is the
    number of episodes that are played before and after, to see the reward as training does.
    """
    import torch

    trainer, world = TRAINERS[recipe.trainer], World.of(policy)
    module = copy.deepcopy(policy.module)
    weights = [one for one in module.parameters() if one.requires_grad]
    kept: dict[str, Floats] = {}
    rate = recipe.rate if trainer.natural else recipe.rate / _scale(policy, module, weights)
    logs = policy.log_probabilities(module)
    before = _seen(world, logs, look, generator)
    start = found = world.valued(_chances(logs)).reward
    half = start + (policy.best - start) / 2 if policy.best - start > LEAST_GAP else math.inf
    escaped = None
    for step in range(1, recipe.steps + 1):
        turn = Turn(
            world=world,
            chances=_chances(logs),
            generator=generator,
            batch=recipe.batch,
            group=recipe.group,
            strength=recipe.strength,
            left=1 - (step - 1) / recipe.steps,
            kept=kept,
        )
        moves = _moves(policy, module, trainer, turn, logs)
        with torch.no_grad():
            for weight, move in zip(weights, moves, strict=True):
                weight.add_(move, alpha=rate)
        logs = policy.log_probabilities(module)
        found = world.valued(_chances(logs)).reward
        if not math.isfinite(found):
            return Course(start=start, end=start, best=policy.best, escaped=None, diverged=True)
        if found >= half:
            escaped = step
            break
    return Course(
        start=start,
        end=found,
        best=policy.best,
        escaped=escaped,
        seen=(before, _seen(world, logs, look, generator)),
    )


def _seen(world: World, logs: Any, look: int, generator: np.random.Generator) -> float:
    if not look:
        return math.nan
    played = world.play(_chances(logs), world.first(look, generator), generator)
    return float(played.rewards.mean())


def _scale(policy: Any, module: Any, weights: list[Any]) -> float:
    """The mean squared length of the gradients of the logits in the weights, at the start."""
    slopes = _slopes(module(policy.inputs), weights)
    return float((slopes**2).sum(axis=1).mean())


def _chances(logs: Any) -> Floats:
    import numpy as np

    return np.asarray(np.exp(logs.detach().numpy()))


def _moves(policy: Any, module: Any, trainer: Trainer, turn: Turn, logs: Any) -> list[Any]:
    """The direction of each weight, in the order of the module's parameters."""
    import torch

    weights = [one for one in module.parameters() if one.requires_grad]
    if trainer.shaken:
        return _shaken(policy, module, weights, trainer, turn)
    if trainer.natural:
        return _natural(logs, weights, turn.world.valued(turn.chances), turn.chances)
    pulled = torch.from_numpy(trainer.pull(turn))
    return list(torch.autograd.grad(logs, weights, grad_outputs=pulled))


def _shaken(
    policy: Any, module: Any, weights: list[Any], trainer: Trainer, turn: Turn
) -> list[Any]:
    """Play and differentiate at weights with noise; the module gets its own weights back."""
    import torch

    before = [one.detach().clone() for one in weights]
    with torch.no_grad():
        for one in weights:
            noise = torch.from_numpy(turn.generator.standard_normal(tuple(one.shape)))
            size = turn.strength * turn.left * float(one.square().mean().sqrt())
            one.add_(noise.to(one.dtype), alpha=size)
    logs = policy.log_probabilities(module)
    turn.chances = _chances(logs)
    pulled = torch.from_numpy(trainer.pull(turn))
    moves = list(torch.autograd.grad(logs, weights, grad_outputs=pulled))
    with torch.no_grad():
        for one, old in zip(weights, before, strict=True):
            one.copy_(old)
    return moves


def _natural(logs: Any, weights: list[Any], valued: Valued, chances: Floats) -> list[Any]:
    """The change of the weights that fits the advantages best where the policy goes.

    Compatible features (Kakade 2001): least squares, the shortest of the solutions.
    """
    import numpy as np
    import torch

    slopes = _slopes(logs, weights)
    often = np.sqrt(valued.visits[:, None] * chances).reshape(-1)
    found = np.linalg.lstsq(
        often[:, None] * slopes, often * valued.advantages.reshape(-1), rcond=CUTOFF
    )[0]
    moves, at = [], 0
    for weight in weights:
        count = weight.numel()
        moves.append(torch.from_numpy(found[at : at + count]).reshape(weight.shape))
        at += count
    return moves


def _slopes(table: Any, weights: list[Any]) -> Floats:
    """The gradient of every cell of a table in all weights: (cells, weights)."""
    import numpy as np
    import torch

    cells = table.numel()
    rows = torch.autograd.grad(
        table.reshape(-1),
        weights,
        grad_outputs=torch.eye(cells, dtype=table.dtype),
        is_grads_batched=True,
    )
    return np.asarray(torch.cat([row.reshape(cells, -1) for row in rows], dim=1).numpy())
