"""Consultancy with a judge who learns: a game of persuasion with evidence, by its positions."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

from safetycase.methods.oversight.domains.sparse_evidence import Case, Evidence, cases, selections
from safetycase.plugin.protocols import End, Move, Turn

__all__ = ["Persuasion"]

VERDICTS = ("accept", "reject")


@dataclass(frozen=True, slots=True)
class Persuasion:
    """Chance draws the input, the consultant shows features, the judge decides on the claim.

    The input is as seen from the side that a coin assigned: a feature is +1 if it speaks for the
    claim. Both sides are alike, so that one stands for both. Positions are tuples: (), (input,),
    with the selection, with the verdict. The consultant (first) gets 1 if its claim is accepted,
    the judge (second) 1 if its verdict is right.
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
        return order[len(position)]

    def moves(self, position: Any) -> Sequence[Move]:
        """Inputs, selections of features, the two verdicts."""
        if not position:
            return [
                Move(name=" ".join(f"{x:+d}" for x in case.features), probability=case.probability)
                for case in self.inputs
            ]
        if len(position) == 1:
            return [Move(name=" ".join(map(str, s))) for s in selections(self.given)]
        return [Move(name=verdict) for verdict in VERDICTS]

    def after(self, position: Any, move: str) -> Hashable:
        """The position with the move added."""
        return (*position, move)

    def sees(self, position: Any) -> Hashable:
        """The consultant sees the input, the judge what is shown of it."""
        if len(position) == 1:
            return tuple(position)
        features, selection = position[0].split(), position[1]
        return selection, tuple(features[int(i)] for i in selection.split())

    def end(self, position: Any) -> End:
        """Who was right, and what was read."""
        features, _, verdict = position
        adds = (w * int(x) for w, x in zip(self.given.weights, features.split(), strict=True))
        accepted = verdict == "accept"
        right = accepted == (sum(adds) > 0)
        return End(
            first=float(accepted),
            second=float(right),
            wrong=float(not right),
            judge=float(self.given.shown),
            first_cost=float(len(self.given.weights)),
        )
