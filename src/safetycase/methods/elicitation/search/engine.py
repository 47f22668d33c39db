"""`search`: one search for a bad context, from a seed to what it found within its budget."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from safetycase.methods.elicitation.search.baselines import (
    at_random,
    by_coordinates,
    by_evolution,
)
from safetycase.methods.elicitation.search.gradient import by_gradient
from safetycase.methods.elicitation.search.records import Found, Settings, Strategy
from safetycase.methods.elicitation.search.run import Run, Spent
from safetycase.methods.elicitation.task import ContextTask
from safetycase.plugin.contract import MethodError, Progress

__all__ = ["search"]

STRATEGIES: dict[Strategy, Callable[[Run], None]] = {
    "gradient": by_gradient,
    "coordinate": by_coordinates,
    "evolutionary": by_evolution,
    "random": at_random,
}


def search(
    task: ContextTask, budget: float, settings: Settings, generator: Any, progress: Progress
) -> Found:
    """Search until a patch is accepted or `budget` evaluations are spent, never more than that.

    All randomness is from `generator` (a `torch.Generator`). `MethodError` if the task gives
    numbers that are not finite, too few contexts, or if the budget does not even pay for a test of
    acceptance.
    """
    if budget < settings.accept_contexts:
        raise MethodError(
            f"a budget of {budget:g} evaluations does not pay for a test on "
            f"{settings.accept_contexts} fresh contexts; raise it"
        )
    run = Run(task, budget, settings, generator, progress)
    with contextlib.suppress(Spent):
        STRATEGIES[settings.strategy](run)
    return run.found()
