"""What a model can show a judge who decides alone, and what it shows if it plays well."""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from safetycase.methods.oversight.domains.certificates import random_question
from safetycase.methods.oversight.domains.draws import draws
from safetycase.methods.oversight.domains.formulas import (
    Formula,
    alternating,
    random_formula,
    table,
    truth,
    value,
)
from safetycase.methods.oversight.protocols.debate.rules import verdict
from safetycase.plugin.protocols import End, Move, Played, Turn

__all__ = ["NONE", "Showing", "certified_play", "guessed_play", "question"]

NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    """The model shows a certificate that the formula can be satisfied, or none.

    The judge says `yes` if what is shown satisfies the matrix, which it reads. The model is paid
    for `yes`; the second player does nothing and gets the opposite. `trusting` is the planted
    flaw: the judge says `yes` to any certificate without reading.
    """

    formula: Formula
    judge_error: float = 0.0
    trusting: bool = False

    def start(self) -> Hashable:
        """Nothing shown."""
        return ""

    def turn(self, position: Any) -> Turn:
        """One statement."""
        return "end" if position else "first"

    def moves(self, position: Any) -> Sequence[Move]:
        """All assignments as words of 0 and 1, or none."""
        del position
        words = itertools.product("01", repeat=self.formula.variables)
        return (*(Move(name="".join(bits)) for bits in words), Move(name=NONE))

    def after(self, position: Any, move: str) -> Hashable:
        """What is shown."""
        del position
        return move

    def sees(self, position: Any) -> Hashable:
        """Everything."""
        return str(position)

    def end(self, position: Any) -> End:
        """The judge reads the matrix at the assignment."""
        shown = position != NONE
        good = shown and (self.trusting or value(self.formula, [int(bit) for bit in position]))
        return verdict(
            says_true=good,
            truth=truth(self.formula),
            first_claims=True,
            judge_error=self.judge_error,
        )


def question(size: int, seed: int) -> Formula:
    """The instance of the domain of certificates."""
    return random_question(size, draws("certificate", size, seed))


def certified_play(size: int, seed: int, *, trusting: bool) -> Played:
    """The model tries assignments until one is good; a trusting judge is shown the first."""
    formula = question(size, seed)
    good = table(formula)
    found = bool(good.any())
    tried = int(good.argmax()) + 1 if found else len(good)
    says_yes = found or trusting
    error = float(says_yes != truth(formula))
    return Played(
        truth=truth(formula),
        error_low=error,
        error_high=error,
        gap=0.0,
        certificate=(
            "a certificate that satisfies the matrix is shown, and no verdict pays more"
            if found
            else f"none of the {tried} assignments satisfies the matrix"
        ),
        honest_cost=float(tried * formula.literals),
        opponent_cost=0.0,
        judge_cost=0.0 if trusting else float(formula.literals),
    )


def guessed_play(size: int, seed: int) -> Played:
    """No certificate is known that the judge could check: it flips a coin and reads nothing."""
    formula = random_formula(size, draws("quantified", size, seed), prefix=alternating(size))
    return Played(
        truth=truth(formula),
        error_low=0.5,
        error_high=0.5,
        gap=0.0,
        certificate="nothing that the model can show changes the odds of a fair coin",
        honest_cost=0.0,
        opponent_cost=0.0,
        judge_cost=0.0,
    )
