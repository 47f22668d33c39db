"""What a leaf names, as problems: an object of the case folder, or a model organism."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from safetycase.methods.case_code import own_object
from safetycase.methods.convergence.problem import Problem
from safetycase.plugin.contract import MethodError, Progress
from safetycase.plugin.organisms import BrokenOrganism, Making, organism

__all__ = ["of_case", "of_organism"]

BATCH = 64
INPUTS = 4096


def of_case(folder: Path, spec: str) -> tuple[Problem, ...]:
    """What `file.py@name` gives: a problem or several, or a function without arguments to them."""
    found: Any = own_object(folder, spec)
    if callable(found):
        try:
            found = found()
        except Exception as error:  # code of the case, which may fail in any way
            raise MethodError(f"`{spec}` failed: {type(error).__name__}: {error}") from error
    problems = tuple(found) if isinstance(found, list | tuple) else (found,)
    if not problems or not all(isinstance(one, Problem) for one in problems):
        raise MethodError(
            f"`{spec}` is to be a `Problem` of safetycase.methods.convergence.problem, a list of "
            "them, or a function that returns one of both"
        )
    return problems


def of_organism(name: str, seed: int, progress: Progress) -> Problem:
    """The problem of a policy (its shortfall in reward) or a token classifier (its honest answers).

    `MethodError` for one of another kind, or that is not what it is called.
    """
    try:
        entry = organism(name)
    except BrokenOrganism as error:
        raise MethodError(str(error)) from error
    if entry.kind not in ("policy", "token-classifier"):
        raise MethodError(
            f"`{name}` is a {entry.kind}; a loss is known for policies and token classifiers"
        )
    made = entry.make(Making(seed=seed, progress=progress))
    if not made.held:
        broken = ", ".join(fact.name for fact in made.facts if not fact.held)
        raise MethodError(f"the organism `{name}` is not what it is called: {broken}")
    return _policy(made.value) if entry.kind == "policy" else _classifier(made.value, seed)


def _policy(value: Any) -> Problem:
    def loss(module: Any, batch: Any) -> Any:
        del batch
        return value.best - value.reward(module)

    return Problem(module=value.module, loss=loss, count=0, says="what is missing to the best")


def _classifier(value: Any, seed: int) -> Problem:
    import torch

    ids = value.sample(INPUTS, torch.Generator().manual_seed(seed))
    answers = value.honest(ids)

    def batch(generator: Any) -> tuple[Any, Any]:
        rows = torch.randint(len(ids), (BATCH,), generator=generator)
        return ids[rows], answers[rows]

    def loss(module: Any, data: tuple[Any, Any]) -> Any:
        return torch.nn.functional.cross_entropy(module(data[0]), data[1])

    return Problem(
        module=value.module,
        loss=loss,
        count=INPUTS,
        batch=batch,
        full=lambda: (ids, answers),
        says="clean inputs and honest answers",
    )
