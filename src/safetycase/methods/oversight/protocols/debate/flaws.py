"""A flaw put where the other side does not look, or among so much that the judge does not."""

from __future__ import annotations

import random

from safetycase.methods.oversight.domains.draws import draws
from safetycase.methods.oversight.domains.formulas import (
    Formula,
    random_clause,
    table,
    truth,
    value,
)
from safetycase.methods.oversight.protocols.debate.budgets import check_budget
from safetycase.methods.oversight.protocols.debate.solve import movers_of, solve
from safetycase.plugin.protocols import Attacked

__all__ = ["hidden_flaw", "hide", "length"]


def hide(places: int, looks: int, ahead: int, rng: random.Random) -> tuple[int, list[int]]:
    """(where the flaw is put, where the defender looks), of that many places.

    The defender looks in a random order that the attacker can run ahead for `ahead` steps.
    """
    order = rng.sample(range(places), looks)
    seen = set(order[: min(ahead, looks)])
    free = [place for place in range(places) if place not in seen]
    return rng.choice(free or range(places)), order


def hidden_flaw(prefix: str, budget: float, trials: int, seed: int) -> Attacked:
    """A clause of all the other side's variables: it fails for one setting of them."""
    check_budget(budget, trials)
    theirs = [i for i, quantifier in enumerate(prefix) if quantifier == "A"]
    places = 2 ** len(theirs)
    looks, wins, used = max(1, places // 4), 0, 0
    for trial in range(trials):
        rng = draws("hidden", prefix, seed, trial)
        flaw, order = hide(places, looks, int(budget * looks), rng)
        setting = {i: flaw >> k & 1 for k, i in enumerate(theirs)}
        clause = tuple(-(i + 1) if bit else i + 1 for i, bit in setting.items())
        formula = Formula(prefix=prefix, clauses=(clause,))
        found = False
        for place in order:
            bits = [0] * len(prefix)
            for k, i in enumerate(theirs):
                bits[i] = place >> k & 1
            used += formula.literals
            if not value(formula, bits):
                found = True
                break
        wins += not found
    spent = min(int(budget * looks), looks) * len(theirs) * trials
    return Attacked(
        successes=wins, trials=trials, attacker_compute=float(spent), defender_compute=float(used)
    )


def length(prefix: str, budget: float, trials: int, seed: int) -> Attacked:
    """A false formula; the end that optimal play leads to fails some of its clauses."""
    import numpy as np

    check_budget(budget, trials)
    wins, read = 0, 0
    for trial in range(trials):
        rng = draws("length", prefix, seed, trial)
        formula = _false_formula(prefix, rng)
        line = solve(np.where(table(formula), 1.0, -1.0), movers_of(prefix)).line
        count = len(formula.clauses)
        shown = count + int(budget * count)
        failing = {
            k
            for k, clause in enumerate(formula.clauses)
            if not value(Formula(prefix=prefix, clauses=(clause,)), line)
        }
        wins += failing.isdisjoint(rng.sample(range(shown), count))
        read += formula.literals
    return Attacked(
        successes=wins,
        trials=trials,
        attacker_compute=float(int(budget * read)),
        defender_compute=float(read),
    )


def _false_formula(prefix: str, rng: random.Random) -> Formula:
    """A random 3-CNF with the prefix, clauses added until it is false."""
    width = min(3, len(prefix))
    clauses: tuple[tuple[int, ...], ...] = ()
    while True:
        clauses += (random_clause(len(prefix), width, rng),)
        formula = Formula(prefix=prefix, clauses=clauses)
        if not truth(formula):
            return formula
