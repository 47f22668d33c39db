"""Whether the slopes of a language task are the derivative of its losses."""

from __future__ import annotations

import copy
import dataclasses
from typing import Any

from safetycase.methods.elicitation.language.task import LanguageTask

__all__ = ["slope_error"]

STEP = 3e-3
TOKENS = 4


def slope_error(task: LanguageTask, patch: Any, contexts: Any, generator: Any) -> float:
    """The largest error of slopes against central differences, over the largest slope.

    Some tokens in places at random, each moved a little of the way to it from the token that is
    there. It is small where slopes are right; 1 or so where not. In half precision the same is
    asked of the same weights in single precision: a difference so small is lost in its rounding.
    """
    import torch

    whole = _in_single(task)
    slopes = whole.slopes(patch, contexts).double()
    there = whole.embedding[patch].detach().float()
    errors, sizes = [], [1e-3]
    for _ in range(TOKENS):
        place = int(torch.randint(len(patch), (1,), generator=generator))
        drawn = torch.randint(len(whole.allowed), (1,), generator=generator)
        token = int(whole.allowed[drawn])
        way = torch.zeros_like(there)
        way[place] = STEP * (whole.embedding[token].float() - there[place])
        with torch.no_grad():
            ahead, back = (
                float(whole.soft_losses(there + sign * way, contexts).double().mean())
                for sign in (1, -1)
            )
        true, told = (ahead - back) / (2 * STEP), float(slopes[place, token])
        errors.append(abs(told - true))
        sizes += [abs(told), abs(true)]
    return max(errors) / max(sizes)


def _in_single(task: LanguageTask) -> LanguageTask:
    import torch

    if task.subject.model.dtype == torch.float32:
        return task
    model = copy.deepcopy(task.subject.model).float()
    return dataclasses.replace(
        task, subject=dataclasses.replace(task.subject, model=model), _heads={}
    )
