"""Consultancy with a judge who learns: a game of persuasion with evidence, by its positions."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

from safetycase.methods.oversight.domains.sparse_evidence import Case, Evidence, cases, selections
from safetycase.plugin.protocols import End, Move, Turn

__all__ = ["Persuasion"]

SIDES = {"+": 1, "-": -1}
VERDICTS = ("accept", "reject")


@dataclass(frozen=True, slots=True)
class Persuasion:
    """Chance draws the input and the side, the consultant shows features, the judge decides.

    Positions are tuples: (), (input, side), with the selection, with the verdict. The consultant
    (first) gets 1 if its claim is accepted, the judge (second) 1 if its verdict is right.
    """

    given: Evidence
    inputs: tuple[Case, ...] = field(default=())

    @classmethod
    def of(cls, given: Evidence) -> Persuasion:
        """The game of this evidence."""
        return cls(given, cases(given))

    def start(self) -> Hashable:
        """Nothing is drawn yet."""
        return ()

    def turn(self, position: Any) -> Turn:
        """Chance, the consultant, the judge."""
        order: tuple[Turn, ...] = ("chance", "first", "second", "end")
        return order[max(0, len(position) - 1)]

    def moves(self, position: Any) -> Sequence[Move]:
        """Inputs with a side; selections of features; the two verdicts."""
        if not position:
            return [
                Move(name=f"{k}{side}", probability=case.probability / 2)
                for k, case in enumerate(self.inputs)
                for side in SIDES
            ]
        if len(position) == 2:
            return [Move(name=" ".join(map(str, s))) for s in selections(self.given)]
        return [Move(name=verdict) for verdict in VERDICTS]

    def after(self, position: Any, move: str) -> Hashable:
        """The position with the move added."""
        return (int(move[:-1]), move[-1]) if not position else (*position, move)

    def sees(self, position: Any) -> Hashable:
        """The consultant sees all, the judge the claim and what is shown of the input."""
        if len(position) == 2:
            return tuple(position)
        number, side, selection = position
        features = self.inputs[number].features
        return side, selection, tuple(features[int(i)] for i in selection.split())

    def end(self, position: Any) -> End:
        """Who was right, and what was read."""
        number, side, _, verdict = position
        accepted = verdict == "accept"
        right = accepted == (self.inputs[number].truth == SIDES[side])
        return End(
            first=float(accepted),
            second=float(right),
            wrong=float(not right),
            judge=float(self.given.shown),
            first_cost=float(len(self.given.weights)),
        )
