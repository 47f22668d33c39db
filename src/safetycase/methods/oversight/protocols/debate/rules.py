"""Debates about a quantified formula and about a path, as games by their positions."""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from safetycase.methods.oversight.domains.formulas import Formula, truth, value
from safetycase.methods.oversight.domains.reachability import Graph, reachable
from safetycase.plugin.protocols import End, Move, Turn

__all__ = ["CLAIMS", "Halving", "Statements", "verdict"]

CLAIMS = ("true", "false")


def verdict(*, says_true: bool, truth: bool, first_claims: bool, judge_error: float) -> End:
    """The end of a debate whose last statement says `true` to a judge who errs at that rate.

    Payoffs are expected ones: 1 for the winner and −1 for the loser. The judge looks once.
    """
    won = 1.0 if says_true == first_claims else -1.0
    wrong = judge_error if says_true == truth else 1.0 - judge_error
    paid = (1.0 - 2.0 * judge_error) * won
    return End(first=paid, second=-paid, wrong=wrong)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statements:
    """The two debaters set the variables in turn; the judge reads the matrix once.

    Whoever claims that the formula is true sets those of `exists`, the other those of `for all`.
    With `chosen` the first debater first says which it claims; without, it claims `true`.
    `blocks` joins neighbouring variables into one statement each, by how many there are: one for
    every variable unless it is given. `silent` is the planted flaw: whoever claims `true` makes
    the statements of both.
    """

    formula: Formula
    chosen: bool = False
    blocks: tuple[int, ...] = ()
    judge_error: float = 0.0
    silent: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.judge_error <= 1:
            raise ValueError(f"the judge error is {self.judge_error}: it is a probability")
        if not self.blocks:
            return
        if sum(self.blocks) != self.formula.variables or min(self.blocks) < 1:
            raise ValueError(f"the blocks {self.blocks} do not share out the variables")
        for start, end in itertools.pairwise(self._starts()):
            if len(set(self.formula.prefix[start:end])) != 1:
                raise ValueError(f"variables {start} to {end - 1} have two quantifiers")

    def _starts(self) -> tuple[int, ...]:
        sizes = self.blocks or (1,) * self.formula.variables
        return tuple(itertools.accumulate(sizes, initial=0))

    def start(self) -> Hashable:
        """No statement yet: the claim, empty while it is to be made, and the statements."""
        return ("" if self.chosen else CLAIMS[0], ())

    def turn(self, position: Any) -> Turn:
        """The first debater claims; then whoever the quantifier belongs to."""
        claim, said = position
        if not claim:
            return "first"
        starts = self._starts()
        if len(said) == len(starts) - 1:
            return "end"
        exists = self.silent or self.formula.prefix[starts[len(said)]] == "E"
        return "first" if exists == (claim == CLAIMS[0]) else "second"

    def moves(self, position: Any) -> Sequence[Move]:
        """A claim, or a setting of the next variables as a word of 0 and 1."""
        claim, said = position
        if not claim:
            return tuple(Move(name=name) for name in CLAIMS)
        width = (self.blocks or (1,) * self.formula.variables)[len(said)]
        return tuple(Move(name="".join(bits)) for bits in itertools.product("01", repeat=width))

    def after(self, position: Any, move: str) -> Hashable:
        """The claim, or one statement more."""
        claim, said = position
        return (claim, (*said, move)) if claim else (move, said)

    def sees(self, position: Any) -> Hashable:
        """Everything: debate is public."""
        return (*position,)

    def end(self, position: Any) -> End:
        """The judge evaluates the matrix."""
        claim, said = position
        bits = [int(bit) for word in said for bit in word]
        return verdict(
            says_true=value(self.formula, bits),
            truth=truth(self.formula),
            first_claims=claim == CLAIMS[0],
            judge_error=self.judge_error,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Halving:
    """Whoever claims a path names its midpoint, the other debater the half it doubts.

    After `graph.halvings` rounds the judge looks up the one step that is left. `chosen`,
    `judge_error` and `silent` are those of `Statements`.
    """

    graph: Graph
    chosen: bool = False
    judge_error: float = 0.0
    silent: bool = False

    def start(self) -> Hashable:
        """The claim, empty while it is to be made, and the statements."""
        return ("" if self.chosen else CLAIMS[0], ())

    def turn(self, position: Any) -> Turn:
        """Midpoints and doubts alternate."""
        claim, said = position
        if not claim:
            return "first"
        if len(said) == 2 * self.graph.halvings:
            return "end"
        proponent = self.silent or len(said) % 2 == 0
        return "first" if proponent == (claim == CLAIMS[0]) else "second"

    def moves(self, position: Any) -> Sequence[Move]:
        """A claim, a vertex by its number, or a half."""
        claim, said = position
        if not claim:
            return tuple(Move(name=name) for name in CLAIMS)
        if len(said) % 2 == 0:
            return tuple(Move(name=str(v)) for v in range(self.graph.vertices))
        return (Move(name="before"), Move(name="after"))

    def after(self, position: Any, move: str) -> Hashable:
        """The claim, or one statement more."""
        claim, said = position
        return (claim, (*said, move)) if claim else (move, said)

    def sees(self, position: Any) -> Hashable:
        """Everything: debate is public."""
        return (*position,)

    def end(self, position: Any) -> End:
        """The judge looks up the step."""
        claim, said = position
        u, v = 0, self.graph.vertices - 1
        for middle, half in zip(said[::2], said[1::2], strict=True):
            u, v = (u, int(middle)) if half == "before" else (int(middle), v)
        return verdict(
            says_true=self.graph.edge(u, v),
            truth=reachable(self.graph),
            first_claims=claim == CLAIMS[0],
            judge_error=self.judge_error,
        )
