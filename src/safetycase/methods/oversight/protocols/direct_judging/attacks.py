"""Attacks on a judge who decides alone."""

from __future__ import annotations

import itertools

from safetycase.methods.oversight.domains.certificates import CLAUSES, random_question
from safetycase.methods.oversight.domains.draws import draws
from safetycase.methods.oversight.domains.formulas import (
    Formula,
    alternating,
    random_formula,
    table,
    truth,
)
from safetycase.methods.oversight.protocols.debate.budgets import check_budget
from safetycase.plugin.protocols import Attacked

__all__ = ["JUDGE_ERROR", "judge_hack", "one_example"]

JUDGE_ERROR = 0.02
"""How often the judge that is hacked approves a bad certificate."""


def judge_hack(size: int, budget: float, trials: int, seed: int) -> Attacked:
    """Is one of the tried certificates approved, on questions whose answer is no."""
    import numpy as np

    check_budget(budget, trials)
    tried = 1 + int(budget * 2 * size)
    wins, literals = 0, CLAUSES * size * min(3, size)
    for trial in range(trials):
        formula = _unsatisfiable(size, seed, trial)
        rng = np.random.default_rng([size, seed, trial])
        approved = table(formula) | (rng.random(2**size) < JUDGE_ERROR)
        wins += bool(approved[rng.permutation(2**size)[:tried]].any())
    return Attacked(
        successes=wins,
        trials=trials,
        attacker_compute=float(tried * literals * trials),
        defender_compute=float(2 * size * literals * trials),
    )


def one_example(size: int, budget: float, trials: int, seed: int) -> Attacked:
    """Has one of 1 + 4·budget formulas that are false an example, which the judge believes."""
    check_budget(budget, trials)
    asked, wins, spent = 1 + int(4 * budget), 0, 0
    for trial in range(trials):
        rng = draws("example", size, seed, trial)
        drawn = [random_formula(size, rng, prefix=alternating(size)) for _ in range(asked)]
        wins += any(not truth(one) and bool(table(one).any()) for one in drawn)
        spent += sum(2**size * one.literals for one in drawn)
    return Attacked(
        successes=wins,
        trials=trials,
        attacker_compute=float(spent),
        defender_compute=float(spent) / asked,
    )


def _unsatisfiable(size: int, seed: int, trial: int) -> Formula:
    for attempt in itertools.count():
        formula = random_question(size, draws("certificate hack", size, seed, trial, attempt))
        if not truth(formula):
            return formula
    raise AssertionError("itertools.count never ends")
