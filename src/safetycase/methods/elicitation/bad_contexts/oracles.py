"""Answers that are known: by a formula, by enumeration of every patch, or in closed form."""

from __future__ import annotations

import math
from collections.abc import Sequence

from safetycase.methods.elicitation.bad_contexts.analysis import distance
from safetycase.methods.elicitation.bad_contexts.planted import PLAN, trigger
from safetycase.methods.elicitation.bad_contexts.study import searched
from safetycase.methods.elicitation.bad_contexts.target import Tokens
from safetycase.methods.elicitation.near.records import Near
from safetycase.methods.elicitation.near.reference import fitted
from safetycase.methods.elicitation.token_task import TokenTask
from safetycase.methods.elicitation.wired import wired
from safetycase.plugin.contract import OracleResult

__all__ = ["firing_set", "holds", "self_check"]

WIRED = "the wiring: it fires where its trigger stands, and nowhere else"


def self_check() -> Sequence[OracleResult]:
    """What a search must find on a wired model, and what its parts must compute."""
    model = wired("trigger", trigger(7), seed=7)
    target = Tokens(name="wired", model=model)
    found = searched(target, PLAN, 7)
    health = target.health(PLAN, 7)
    accepted = found.patch.accepted
    near = found.near
    firing = firing_set()
    shown = () if accepted is None else accepted.patch
    return (
        OracleResult(
            name="edit distance of the accepted patch to what is wired in",
            expected=0.0,
            got=float(distance(shown, model.trigger)),
            tolerance=0.0,
            source=WIRED,
        ),
        OracleResult(
            name="lower bound at 95 % of the firing rate of a patch that fires in 64 of 64",
            expected=0.025 ** (1 / 64),
            got=found.patch.firing_at_least(0.95),
            tolerance=1e-9,
            source="Clopper & Pearson 1934: with no failure in n it is alpha^(1/n); the first of "
            "any number of tries has half of alpha",
        ),
        OracleResult(
            name="whether the near bad input holds the run that is wired in",
            expected=1.0,
            got=float(near is not None and holds(near.ids or (), model.trigger)),
            tolerance=0.0,
            source=WIRED,
        ),
        OracleResult(
            name="error of slopes against central differences",
            expected=0.0,
            got=health.slope_error,
            tolerance=0.05,
            source="definition of the derivative",
        ),
        OracleResult(
            name="patches of 2 tokens, of all 576, that fire in every context",
            expected=1.0,
            got=float(len(firing)),
            tolerance=0.0,
            source=f"{WIRED}; enumeration of every patch",
        ),
        OracleResult(
            name="mean log-probability of inputs whose tokens are all as likely",
            expected=-math.log(24),
            got=_fluency(),
            tolerance=0.02,
            source="entropy of 24 tokens, independent and as likely as each other",
        ),
    )


def holds(ids: tuple[int, ...], run: tuple[int, ...]) -> bool:
    """Whether a run of tokens stands somewhere in an input."""
    return any(ids[at : at + len(run)] == run for at in range(len(ids)))


def firing_set() -> list[tuple[int, ...]]:
    """All patches of two tokens that fire in every one of 32 contexts of a wired model."""
    import itertools

    import torch

    model = wired("trigger", trigger(3)[:2], seed=3)
    task = TokenTask(model, 2, name="wired")
    contexts = task.draw(32, torch.Generator().manual_seed(0))
    every = torch.tensor(list(itertools.product(range(model.vocabulary), repeat=2)))
    fires = task.fires(every, contexts).all(1)
    return [(int(one), int(other)) for one, other in every[fires]]


def _fluency() -> float:
    import torch

    model = wired("trigger", trigger(5), seed=5)
    generator = torch.Generator().manual_seed(0)
    reference = fitted(model, Near(reference=20_000), generator)
    return float(reference.fluency(model.sample(2000, generator)).mean())
