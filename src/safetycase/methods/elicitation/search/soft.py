"""Soft patches: what a mixture of tokens in each place reaches, as a measure of what tokens could.

Every place holds a weighted mean of token vectors, which patches of tokens are the corners of (Guo
et al. 2021, arXiv:2104.13733, without the noise). The search is local, so that its end is no bound:
where it fires and no patch does, tokens may be hard to find or may not be there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from safetycase.methods.elicitation.search.run import ids_of
from safetycase.methods.elicitation.task import HeldOut, Softened
from safetycase.plugin.contract import MethodError, Progress
from safetycase.stats import Proportion

__all__ = ["BATCH", "STARTS", "SoftFound", "soft_search"]

RATE = 0.5
BATCH = 8
STARTS = 4
LAST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftFound:
    """Where the soft search ended, on fresh contexts.

    `firing` counts contexts whose loss is below zero with the soft patch, `token_firing` those that
    fire with `nearest`, the heaviest token of each place. `weight` is the mean weight of those.
    """

    task: str
    evaluations: float
    loss: float
    firing: Proportion
    nearest: tuple[int, ...]
    nearest_text: str
    token_firing: Proportion
    weight: float


def soft_search(
    task: Any, budget: float, fresh: int, generator: Any, progress: Progress
) -> SoftFound:
    """Spend `budget` evaluations on soft patches from several starts; judge the best on `fresh`.

    `task` is a `ContextTask` that is `Softened` too; `MethodError` otherwise, if its numbers are
    not finite, or if the budget pays for less than a step.
    """
    if not isinstance(task, Softened):
        raise MethodError(f"the task `{getattr(task, 'name', '')}` takes no soft patches")
    steps = int((budget - 4 * fresh) // (3 * BATCH * STARTS))
    if steps < 1:
        raise MethodError(f"a budget of {budget:g} pays for no step of a soft search; raise it")
    asked: Any = task
    before = asked.evaluations
    vectors = asked.embedding[asked.allowed].float()
    ends = [
        _descended(asked, vectors, steps, generator, progress, start) for start in range(STARTS)
    ]
    logits = min(ends, key=lambda end: end[0])[1]
    weights = logits.softmax(1)
    nearest = asked.allowed[weights.argmax(1)]
    contexts = (
        asked.held_out(fresh, generator)
        if isinstance(task, HeldOut)
        else asked.draw(fresh, generator)
    )
    losses = asked.soft_losses(weights @ vectors, contexts).detach()
    fires = asked.fires(nearest[None], contexts)
    return SoftFound(
        task=asked.name,
        evaluations=asked.evaluations - before,
        loss=float(losses.mean()),
        firing=Proportion(successes=int((losses < 0).sum()), trials=len(contexts)),
        nearest=ids_of(nearest),
        nearest_text=asked.text(nearest),
        token_firing=Proportion(successes=int(fires.sum()), trials=len(contexts)),
        weight=float(weights.amax(1).mean()),
    )


def _descended(
    task: Any, vectors: Any, steps: int, generator: Any, progress: Progress, start: int
) -> tuple[float, Any]:
    """The mean loss over the last steps of one start (Adam), and its logits (k, allowed)."""
    import torch

    shape = (task.length, len(vectors))
    logits = torch.randn(shape, generator=generator).requires_grad_(True)
    optimiser = torch.optim.Adam([logits], lr=RATE)
    seen = []
    for step in range(steps):
        with torch.enable_grad():
            losses = task.soft_losses(logits.softmax(1) @ vectors, task.draw(BATCH, generator))
            (slope,) = torch.autograd.grad(losses.mean(), logits)
        if not bool(torch.isfinite(slope).all()):
            raise MethodError(f"the task `{task.name}` gives slopes that are not finite")
        logits.grad = slope
        optimiser.step()
        seen.append(float(losses.detach().mean()))
        note = f"soft patch, loss {seen[-1]:.2f}"
        progress(start * steps + step + 1, STARTS * steps, note)
    last = seen[-LAST:]
    return sum(last) / len(last), logits.detach()
