"""Searches that take no gradient: what the gradient is worth is measured against them."""

from __future__ import annotations

from typing import Any

from safetycase.methods.elicitation.search.moves import random_patches
from safetycase.methods.elicitation.search.run import Run

__all__ = ["by_coordinates", "by_evolution", "at_random"]

POPULATION = 64
ELITE = 16
MUTATION = 0.3


def at_random(run: Run) -> None:
    """Patches at random, each on contexts of its own."""
    settings = run.settings
    run.starts = 1
    while run.accepted is None:
        patches = run.random(settings.candidates)
        _try(run, patches, run.losses(patches, run.draw(settings.rank_contexts)))


def by_evolution(run: Run) -> None:
    """A population: the better ones are crossed place by place and mutated."""
    import torch

    task, settings, generator = run.task, run.settings, run.generator
    run.starts = 1
    people = run.random(POPULATION)
    while run.accepted is None:
        losses = run.losses(people, run.draw(settings.rank_contexts))
        order = losses.mean(1).argsort(stable=True)
        people, losses = people[order], losses[order]
        _try(run, people, losses)
        elite = people[:ELITE]
        parents = torch.randint(len(elite), (2, POPULATION - len(elite)), generator=generator)
        first = torch.rand(parents.shape[1], task.length, generator=generator) < 0.5
        children = torch.where(first, elite[parents[0]], elite[parents[1]])
        fresh = random_patches(len(children), task.length, task.allowed, generator)
        changed = torch.rand(children.shape, generator=generator) < MUTATION
        children = torch.where(changed, fresh, children)
        people = torch.cat([elite, run.admissible(children)])


def by_coordinates(run: Run) -> None:
    """One place at a time: the best of several tokens at random, then the next place."""
    import torch

    task, settings, generator = run.task, run.settings, run.generator
    while run.accepted is None:
        run.starts += 1
        patch = run.random(1)[0]
        idle = 0
        while idle < settings.patience * task.length and run.accepted is None:
            place = int(torch.randint(task.length, (1,), generator=generator))
            tried = patch[None].repeat(settings.candidates + 1, 1)
            fresh = random_patches(settings.candidates, 1, task.allowed, generator)[:, 0]
            tried[1:, place] = fresh
            tried = torch.cat([patch[None], run.admissible(tried[1:])])
            losses = run.losses(tried, run.draw(settings.rank_contexts))
            best = _try(run, tried, losses)
            idle = idle + 1 if bool((best == patch).all()) else 0
            patch = best


def _try(run: Run, patches: Any, losses: Any) -> Any:
    """Note the best of the patches, test it on fresh contexts if it looks it, and give it back."""
    best = int(losses.mean(1).argmin())
    run.note(patches[best], losses[best])
    if run.promising(losses[best]) and not run.known(patches[best]):
        run.accept(patches[best])
    return patches[best]
