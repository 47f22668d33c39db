"""Examining what claims to have a table: the game, its optimal play and what is caught blindly."""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from safetycase.methods.oversight.domains.draws import draws
from safetycase.methods.oversight.domains.succinct import (
    Check,
    Tables,
    random_chain,
    random_colouring,
    solvable,
    solve,
    violated,
)
from safetycase.methods.oversight.protocols.debate.rules import verdict
from safetycase.plugin.protocols import End, Move, Played, Turn

__all__ = ["Copies", "Examination", "chain", "colouring", "play"]

Copies = Literal["replayed", "blind", "adaptive"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """The first player claims that there is a table; the second picks a check of two entries.

    `replayed`: each question goes to a copy of the first player that answers by one fixed table,
    and the second player has asked the copies before. `blind`: the table is fixed and the second
    player has not seen it. `adaptive`: no copies; the first player hears both questions, the
    first answer, and then answers the second. The judge sees two answers and runs the circuit.
    """

    question: Tables
    copies: Copies = "replayed"
    judge_error: float = 0.0

    def start(self) -> Hashable:
        """Nothing said."""
        return ()

    def turn(self, position: Any) -> Turn:
        """Table and check; or check, answer, answer."""
        if not self.question.checks:
            return "end" if position else "first"
        if self.copies == "adaptive":
            return ("second", "first", "first", "end")[len(position)]
        return ("first", "second", "end")[len(position)]

    def moves(self, position: Any) -> Sequence[Move]:
        """A table as a word of digits, a check by its two entries, or an answer."""
        values = [str(one) for one in range(self.question.values)]
        turn = self.turn(position)
        if turn == "second":
            return tuple(Move(name=_name(check)) for check in self.question.checks)
        if self.copies == "adaptive":
            return tuple(Move(name=one) for one in values)
        words = itertools.product(values, repeat=self.question.entries)
        return tuple(Move(name="".join(word)) for word in words)

    def after(self, position: Any, move: str) -> Hashable:
        """One more thing said."""
        return (*position, move)

    def sees(self, position: Any) -> Hashable:
        """Everything, but a blind second player not the table."""
        if self.copies == "blind" and self.turn(position) == "second":
            return "which check"
        return (*position,)

    def end(self, position: Any) -> End:
        """The judge runs the circuit on the check and compares the two answers."""
        return verdict(
            says_true=self._passes(position),
            truth=solvable(self.question),
            first_claims=True,
            judge_error=self.judge_error,
        )

    def _passes(self, position: Any) -> bool:
        if not self.question.checks:
            return True
        if self.copies == "adaptive":
            name, at_u, at_v = position
        else:
            word, name = position
        check = next(one for one in self.question.checks if _name(one) == name)
        if self.copies != "adaptive":
            at_u, at_v = word[check.u], word[check.v]
        return check.passes(int(at_u), int(at_v))


def _name(check: Check) -> str:
    return f"{check.u}-{check.v}"


def chain(size: int, seed: int) -> Tables:
    """The instance of the domain of chains."""
    return random_chain(size, draws("chain", size, seed))


def colouring(size: int, seed: int) -> Tables:
    """The instance of the domain of colourings."""
    return random_colouring(size, draws("colouring", size, seed))


def play(question: Tables, *, copies: Literal["replayed", "adaptive"]) -> Played:
    """The claimant makes the best table it can, the other side reads it and looks for a check.

    Both run the circuit on every check there is, the judge on one.
    """
    truth = solvable(question)
    if copies == "adaptive":
        passed = all(_can_pass(check, question.values) for check in question.checks)
        says = f"whatever the first answer, a second one passes, on {len(question.checks)} checks"
    else:
        passed = violated(question.checks, solve(question)) is None
        which = "this" if passed else "another" if truth else "no"
        says = f"{which} table passes all {len(question.checks)} checks"
    error = float(passed != truth)
    runs = float(question.circuit_runs)
    return Played(
        truth=truth,
        error_low=error,
        error_high=error,
        gap=float(truth and not passed),
        certificate=says,
        honest_cost=runs,
        opponent_cost=runs,
        judge_cost=float(bool(question.checks)),
    )


def _can_pass(check: Check, values: int) -> bool:
    return all(any(check.passes(u, v) for v in range(values)) for u in range(values))
