"""Search by slopes: greedy coordinate gradient with several swaps, memory, halving and orders.

Zou et al. 2023, arXiv:2307.15043, algorithm 1, is one swap a candidate, one set of contexts, and no
memory. What is added here is mostly this: tokens that act only together leave no trace in the mean
slope, but in how much their slopes vary.
"""

from __future__ import annotations

from typing import Any

from safetycase.methods.elicitation.search.moves import (
    Memory,
    orders,
    proposals,
)
from safetycase.methods.elicitation.search.ranking import ranked, screened
from safetycase.methods.elicitation.search.run import Run
from safetycase.methods.elicitation.task import Drafting

__all__ = ["by_gradient"]

DRAFTED = 4
"""How many times more patches are proposed where a draft screens them."""


def by_gradient(run: Run) -> None:
    """Start again and again, until a patch is accepted or the budget is spent (`Spent`).

    What the slopes of one start say stays known in the next.
    """
    memory = Memory(run.settings.memory, run.task.allowed)
    while run.accepted is None:
        run.starts += 1
        _survey(run, memory)
        _one_start(run, memory)


def _survey(run: Run, memory: Memory) -> None:
    """Slopes of random patches, each in one context: what the model reacts to at all."""
    settings = run.settings
    if settings.pool > 1 and not settings.survey:
        return  # a start takes the slopes of what it begins with
    for patch in run.random(max(1, settings.survey)):
        memory.add(run.slopes(patch, run.draw(1)))


def _first(run: Run) -> Any:
    """The patch that a start begins with: the best of a pool, tried at once if it looks it."""
    patches = run.random(run.settings.pool)
    if len(patches) < 2:
        return patches[0]
    patch, losses = ranked(run, patches, run.draw(run.settings.rank_contexts))
    run.note(patch, losses)
    if run.promising(losses) and not run.known(patch):
        run.accept(patch)
    return patch


def _one_start(run: Run, memory: Memory) -> None:
    settings, task = run.settings, run.task
    patch = _first(run)
    if run.accepted is not None:
        return
    if settings.pool > 1:
        memory.add(run.slopes(patch, run.draw(settings.slope_contexts)))
    count = settings.candidates * (DRAFTED if isinstance(task, Drafting) else 1)
    tried: set[tuple[int, ...]] = set()
    idle = 0
    while idle < settings.patience:
        contexts = run.draw(settings.rank_contexts)
        others = proposals(
            patch,
            memory,
            count,
            top=settings.top,
            swaps=settings.swaps,
            generator=run.generator,
            tried=tried,
            spread=settings.spread,
        )
        best, losses = _best(run, patch, run.admissible(others), contexts)
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
