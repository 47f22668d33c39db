"""Critique: a model answers, a critic points at a flaw, and the judge looks at the two together.

Saunders et al. 2022, "Self-critiquing models for assisting human evaluators", arXiv:2206.05802.
One answer and one critique decide what two quantifiers can say (Irving, Christiano and Amodei
2018, arXiv:1805.00899): there is an answer that no critique refutes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from safetycase.methods.oversight.domains.draws import draws
from safetycase.methods.oversight.domains.formulas import (
    Formula,
    alternating,
    random_formula,
    table,
    truth,
)
from safetycase.methods.oversight.protocols.debate.attacks import formula_attacks
from safetycase.methods.oversight.protocols.debate.budgets import check_budget
from safetycase.methods.oversight.protocols.debate.propagation import (
    Costs,
    Errors,
    bound,
    check_affordable,
    check_errors,
)
from safetycase.methods.oversight.protocols.debate.protocol import formula_play
from safetycase.methods.oversight.protocols.debate.rules import Statements
from safetycase.plugin.protocols import (
    Assumed,
    Attack,
    Attacked,
    Bound,
    Domain,
    OversightProtocol,
)

__all__ = ["PROTOCOL", "CritiqueConstants", "asks_deeper", "flattened"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CritiqueConstants:
    """What the statement of critique is instantiated with.

    An answer sets `answer` variables and a critique `critique` more; the matrix has that many
    `clauses` of 3 literals. `errors`: how the judge errs, as for debate. `affordable`: look-ups
    that the honest side can make.
    """

    errors: Errors = "fresh"
    answer: int = 6
    critique: int = 6
    clauses: int = 24
    affordable: float = 1e6

    def __post_init__(self) -> None:
        check_errors(self.errors)
        check_affordable(self.affordable)
        if not (1 <= self.answer <= 250 and 1 <= self.critique <= 250) or self.clauses < 0:
            raise ValueError(
                "answer and critique set 1 variable at least and 250 at most, clauses is from 0"
            )


def theory(constants: CritiqueConstants, judge_error: float, equilibrium_gap: float) -> Bound:
    """The bound of a debate with assigned sides: the author claims that the answer is good."""
    leaf = float(3 * constants.clauses)
    pairs = 2 ** (constants.answer + constants.critique)
    return bound(
        errors=constants.errors,
        facts=pairs,
        judge_error=judge_error,
        gap=equilibrium_gap,
        chosen=False,
        costs=Costs(
            honest=pairs * leaf,
            opponent=pairs * leaf,
            judge=leaf,
            affordable=constants.affordable,
        ),
    )


def prefix(size: int) -> str:
    """Half of the variables, rounded up, are the answer's and the rest the critique's."""
    return "E" * (size - size // 2) + "A" * (size // 2)


def formula(size: int, seed: int) -> Formula:
    """The instance of the domain."""
    return random_formula(size, draws("critique", size, seed), prefix=prefix(size))


def rules(size: int, seed: int, *, silent: bool = False) -> Statements:
    """The instance as a game of two statements."""
    return Statements(
        formula=formula(size, seed), blocks=(size - size // 2, size // 2), silent=silent
    )


def flattened(formula: Formula) -> bool:
    """What one answer and one critique decide: the answer sets every ∃ before the critique any ∀.

    So they find a formula false if no setting of its ∃ variables, made once, is good against all
    of the ∀ ones.
    """
    import numpy as np

    places = [i for q in "EA" for i, own in enumerate(formula.prefix) if own == q]
    values = table(formula).reshape((2,) * formula.variables).transpose(places)
    return bool(np.any(np.all(values.reshape(2 ** formula.prefix.count("E"), -1), axis=1)))


def asks_deeper(size: int, budget: float, trials: int, seed: int) -> Attacked:
    """Whether one of 1 + 4·budget random alternating formulas is decided wrongly."""
    check_budget(budget, trials)
    asked, wins, spent = 1 + int(4 * budget), 0, 0
    for trial in range(trials):
        rng = draws("deeper", size, seed, trial)
        drawn = [random_formula(size, rng, prefix=alternating(size)) for _ in range(asked)]
        wins += any(flattened(one) != truth(one) for one in drawn)
        spent += sum(2**size * one.literals for one in drawn)
    return Attacked(
        successes=wins,
        trials=trials,
        attacker_compute=float(spent),
        defender_compute=float(spent) / asked,
    )


def _made(*, silent: bool) -> OversightProtocol:
    return OversightProtocol(
        name="critique",
        version="1.0.0",
        says="A model answers and a critic states one flaw. The judge looks at the answer with "
        "that critique and accepts it or not.",
        source="Saunders et al. 2022, Self-critiquing models for assisting human evaluators, "
        "arXiv:2206.05802; two quantifiers: Irving, Christiano, Amodei 2018, arXiv:1805.00899",
        statement="With optimal play an answer is accepted if and only if there is one that no "
        "critique refutes. With judge error d and best replies that gain at most the share g of "
        "the payoff range, the verdict is wrong with probability at most d + g.",
        human_input="a verdict on one answer with one critique",
        order="simultaneous",
        assumes=(
            Assumed(
                name="two-quantifiers",
                says="The question is whether there is an answer that no critique refutes. What "
                "needs a reply to the critique is not of this kind.",
            ),
            Assumed(
                name="optimal-play",
                says="Neither author nor critic can gain more than the stated gap.",
            ),
            Assumed(
                name="flaws-can-be-found",
                says="If an answer is bad, the critic finds a flaw that the judge recognises.",
            ),
            Assumed(
                name="judge-errs-as-stated",
                says="The judge errs at no more than the stated rate, in the way that `errors` "
                "names, whatever answer and critique say.",
            ),
        ),
        constants=CritiqueConstants,
        theory=theory,
        domains=(
            Domain(
                name="two-quantifiers",
                says="Random formulas in which every ∃ stands before every ∀: the author sets the "
                "first half of the variables, the critic the second.",
                unit="literals looked up",
                sizes=(2, 4, 6, 8, 10, 12),
                play=lambda size, seed: formula_play(
                    formula(size, seed), chosen=False, silent=silent
                ),
                small=(2, 3, 4, 5),
                rules=lambda size, seed: rules(size, seed, silent=silent),
            ),
        ),
        attacks=(
            *formula_attacks("two-quantifiers", (4, 6, 8), prefix),
            Attack(
                name="asks-deeper",
                says="The question needs replies to critiques: its quantifiers alternate. The "
                "attacker picks among random ones, more of them with a larger budget; it wins if "
                "one answer and one critique decide one of them wrongly.",
                domain="two-quantifiers",
                sizes=(3, 4, 6),
                run=asks_deeper,
            ),
        ),
        corrupted=lambda: replace(_made(silent=True), name="critique-without-a-critic"),
        limits=(
            "Optimal play is assumed. A critic that is paid by the judge learns what convinces "
            "the judge.",
            "An answer is refuted by one flaw. Whether a flaw matters is the judge's to say, and "
            "no one may reply.",
            "Finding the flaw may take exponentially more than checking it.",
        ),
        reconstruction="The paper trains critics and states no equilibrium. The game, its payoffs "
        "and the bound are ours; the bound is that of debate with two statements.",
    )


PROTOCOL = _made(silent=False)
