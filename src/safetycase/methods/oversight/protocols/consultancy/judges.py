"""Judges of consultancy as rules on what they are shown, and the best rule there is.

A message is what the consultant shows, seen from the side it argues: which features, and for each
whether it speaks for the claim (+1) or against it (−1). Inputs are symmetric in the two answers,
so that a rule on such messages is a rule for both claims. A judge commits to the messages it
accepts; a consultant gets its claim accepted on an input if it can show some accepted message.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from safetycase.methods.oversight.domains.sparse_evidence import (
    Case,
    Evidence,
    Selection,
    cases,
    selections,
    strongest,
)

__all__ = ["Message", "Optimum", "Rule", "best_rule", "error", "messages", "naive", "trained"]

Message = tuple[Selection, tuple[int, ...]]
Rule = Callable[[Message], bool]


def messages(given: Evidence, case: Case) -> tuple[Message, ...]:
    """All that can be shown on an input whose features are seen from the side argued."""
    return tuple((s, tuple(case.features[i] for i in s)) for s in selections(given))


def naive(given: Evidence) -> Rule:
    """The judge who adds up what it is shown."""

    def accepts(message: Message) -> bool:
        shown, values = message
        return math.fsum(given.weights[i] * v for i, v in zip(shown, values, strict=True)) > 0

    return accepts


def trained(given: Evidence) -> Rule:
    """The judge trained on consultants that show the strongest evidence for their side.

    By Bayes' rule on messages that those send; on any other it adds up what it is shown.
    """
    weight: dict[Message, float] = {}
    for case in cases(given):
        shown = strongest(case, 1, given.shown)
        sent = (shown, tuple(case.features[i] for i in shown))
        weight[sent] = weight.get(sent, 0.0) + case.truth * case.probability
    fallback = naive(given)
    return lambda message: weight[message] > 0 if message in weight else fallback(message)


def error(given: Evidence, accepts: Rule) -> float:
    """P(wrong) of a rule when the consultant shows what serves its assigned side best."""
    return math.fsum(
        case.probability
        for case in cases(given)
        if any(map(accepts, messages(given, case))) != (case.truth > 0)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimum:
    """The messages that the best rule found accepts, its error, and what no rule goes below."""

    accepted: frozenset[Message]
    error: float
    least: float


def best_rule(given: Evidence) -> Optimum:
    """The rule of least error against a consultant that best-replies, by an integer program.

    Rules of this kind are those of persuasion with evidence of Glazer & Rubinstein (2006),
    Theoretical Economics 1:395. Randomising gains nothing: with acceptance probabilities z an
    input is accepted with max z over its messages, which is the mean over u uniform in [0, 1] of
    the deterministic rule z ≥ u. `error` is counted again by enumeration; `least` is the dual
    bound of HiGHS.
    """
    found = cases(given)
    sent = [messages(given, case) for case in found]
    order = {m: k for k, m in enumerate(dict.fromkeys(m for each in sent for m in each))}
    chosen, dual = _solve(found, sent, order)
    accepted = frozenset(m for m, k in order.items() if chosen[k] > 0.5)
    achieved = error(given, accepted.__contains__)
    claimed = math.fsum(case.probability for case in found if case.truth > 0)
    return Optimum(accepted=accepted, error=achieved, least=min(achieved, claimed + dual))


def _solve(
    found: tuple[Case, ...], sent: list[tuple[Message, ...]], order: dict[Message, int]
) -> tuple[Any, float]:
    """(acceptance of each message, bound): least weight of accepted false minus true inputs.

    A true input counts as accepted only if one of its messages is, a false one if any is.
    """
    import numpy as np
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import coo_matrix

    rows: list[int] = []
    columns: list[int] = []
    entries: list[float] = []
    count = 0
    for k, (case, each) in enumerate(zip(found, sent, strict=True)):
        own, theirs = len(order) + k, [order[m] for m in each]
        lines = [theirs] if case.truth > 0 else [[one] for one in theirs]
        for line in lines:
            rows += [count] * (len(line) + 1)
            columns += [own, *line]
            entries += [float(case.truth)] + [-float(case.truth)] * len(line)
            count += 1
    width = len(order) + len(found)
    matrix = coo_matrix((entries, (rows, columns)), shape=(count, width)).tocsr()
    costs = np.zeros(width)
    costs[len(order) :] = [-case.truth * case.probability for case in found]
    solved = milp(
        costs,
        constraints=LinearConstraint(matrix, -np.inf, 0),
        bounds=Bounds(0, 1),
        integrality=np.arange(width) < len(order),
        options={"mip_rel_gap": 1e-9, "node_limit": 500},
    )
    return solved.x, float(solved.mip_dual_bound)
