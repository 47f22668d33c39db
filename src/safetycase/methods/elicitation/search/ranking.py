"""Which of many patches is best, for few evaluations: drafts first, then successive halving.

Successive halving: Jamieson & Talwalkar 2016, arXiv:1502.07943, algorithm 1. Drafts: probe sampling
of Zhao et al. 2024, arXiv:2403.01251, section 3.
"""

from __future__ import annotations

from typing import Any

from safetycase.methods.elicitation.search.run import Run
from safetycase.methods.elicitation.task import Drafting

__all__ = ["ranked", "screened"]

FIRST = 1
KEEP = 1 / 3
PROBES = 1 / 8
FILTER = 1 / 4


def ranked(run: Run, patches: Any, contexts: Any) -> tuple[Any, Any]:
    """The best patch (k,) by its mean loss over all contexts, and its losses (C,).

    Patch 0 is the one to beat and is never dropped on a part of the contexts. Without `halving`
    every patch is evaluated on every context.
    """
    import torch

    if not run.settings.halving:
        losses = run.losses(patches, contexts)
        best = int(losses.mean(1).argmin())
        return patches[best], losses[best]
    total = len(contexts)
    done, want = 0, min(FIRST, total)
    losses = torch.empty(len(patches), 0)
    while True:
        part = contexts[list(range(done, want))]
        losses = torch.cat([losses, run.losses(patches, part).to(losses)], dim=1)
        done = want
        order = losses.mean(1).argsort(stable=True).tolist()
        if done == total:
            return patches[order[0]], losses[order[0]]
        count = max(2, round(KEEP * len(patches)))
        kept = [0, *[row for row in order if row != 0][: count - 1]]
        patches, losses = patches[kept], losses[kept]
        want = min(2 * done, total)


def screened(run: Run, patches: Any, contexts: Any) -> Any:
    """The patches that a draft leaves, patch 0 first; all of them where the task has no draft.

    A probe set is evaluated by draft and model. The better their ranks agree (Spearman), the fewer
    are left: (1 − agreement) · FILTER of them, and at least two.
    """
    import torch

    if not isinstance(run.task, Drafting) or len(patches) < 16:
        return patches
    part = contexts[list(range(min(FIRST, len(contexts))))]
    drafts = run.drafts(patches, part).mean(1)
    chosen = torch.randperm(len(patches), generator=run.generator)
    probes = chosen[: max(4, round(PROBES * len(patches)))]
    truth = run.losses(patches[probes], part).mean(1)
    agreement = (1 + _spearman(drafts[probes], truth)) / 2
    left = max(2, round((1 - agreement) * FILTER * len(patches)))
    best = drafts.argsort(stable=True)[:left].tolist()
    best.append(int(probes[int(truth.argmin())]))
    return patches[list(dict.fromkeys([0, *best]))]


def _spearman(one: Any, other: Any) -> float:
    """Rank correlation; ties by their order, 0 where one of them does not vary."""
    import torch

    ranks = [values.argsort(stable=True).argsort(stable=True).double() for values in (one, other)]
    if float(one.std()) == 0 or float(other.std()) == 0:
        return 0.0
    return float(torch.corrcoef(torch.stack(ranks))[0, 1])
