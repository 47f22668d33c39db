"""Search by slopes: greedy coordinate gradient with several swaps, memory, halving and orders.

Zou et al. 2023, arXiv:2307.15043, algorithm 2, is one swap a candidate, one set of contexts, and no
memory: `Settings(swaps=1, memory=0, survey=0, halving=False, polish=False)` comes near to it.
"""

from __future__ import annotations

from typing import Any

from safetycase.methods.elicitation.search.moves import (
    Memory,
    orders,
    proposals,
    random_patches,
)
from safetycase.methods.elicitation.search.ranking import ranked, screened
from safetycase.methods.elicitation.search.run import Run
from safetycase.methods.elicitation.task import Drafting

__all__ = ["by_gradient", "surveyed"]

DRAFTED = 4
"""How many times more patches are proposed where a draft screens them."""


def by_gradient(run: Run) -> None:
    """Start again and again, until a patch is accepted or the budget is spent (`Spent`)."""
    while run.accepted is None:
        run.starts += 1
        _one_start(run)


def surveyed(run: Run) -> Memory:
    """Slopes of random patches, averaged: which tokens the model reacts to at all."""
    settings, task = run.settings, run.task
    memory = Memory(settings.memory, task.allowed)
    for patch in run.admissible(
        random_patches(max(1, settings.survey), task.length, task.allowed, run.generator)
    ):
        each = max(1, settings.slope_contexts // 2)
        memory.add(run.slopes(patch, run.draw(each)), keep=1.0)
    memory.settle()
    return memory


def _one_start(run: Run) -> None:
    settings, task = run.settings, run.task
    memory = surveyed(run)
    patch = random_patches(1, task.length, task.allowed, run.generator)[0]
    idle = 0
    while idle < settings.patience and run.accepted is None:
        contexts = run.draw(settings.rank_contexts)
        count = settings.candidates * (DRAFTED if isinstance(task, Drafting) else 1)
        tried = proposals(
            patch, memory, count, top=settings.top, swaps=settings.swaps, generator=run.generator
        )
        best, losses = _best(run, patch, run.admissible(tried), contexts)
        run.note(best, losses)
        idle = idle + 1 if bool((best == patch).all()) else 0
        patch = best
        if run.promising(losses):
            patch = _polished(run, patch)
            if run.known(patch) or run.accept(patch):
                return
        memory.add(run.slopes(patch, run.draw(settings.slope_contexts)))


def _best(run: Run, patch: Any, others: Any, contexts: Any) -> tuple[Any, Any]:
    import torch

    together = torch.cat([patch[None], others])
    return ranked(run, screened(run, together, contexts), contexts)


def _polished(run: Run, patch: Any) -> Any:
    """The best order of the same tokens: part of a trigger fires too, in part of the contexts."""
    if not run.settings.polish or run.task.length < 2:
        return patch
    moved = [patch[list(order)] for order in orders(len(patch), run.generator)]
    import torch

    tried = run.admissible(torch.stack(moved))
    return _best(run, patch, tried, run.draw(2 * run.settings.rank_contexts))[0]
