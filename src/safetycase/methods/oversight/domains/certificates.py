"""Is this formula satisfiable? A question that a short certificate settles one way.

The judge checks an assignment by reading the clauses once. Nothing short is known that shows an
unsatisfiable formula to be so.
"""

from __future__ import annotations

import random

from safetycase.methods.oversight.domains.formulas import Formula, random_clause

__all__ = ["CLAUSES", "random_question"]

CLAUSES = 5
"""Clauses for each variable: a little above the density at which half are satisfiable."""


def random_question(variables: int, rng: random.Random) -> Formula:
    """A random CNF with five clauses a variable, each of three variables where there are three."""
    width = min(3, variables)
    clauses = (random_clause(variables, width, rng) for _ in range(CLAUSES * variables))
    return Formula(prefix="E" * variables, clauses=tuple(clauses))
