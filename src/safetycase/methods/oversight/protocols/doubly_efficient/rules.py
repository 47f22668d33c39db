"""The debate on a small oracle tree as a finite game: a few claims at each prefix."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from safetycase.methods.oversight.domains.oracle_trees import OracleTree
from safetycase.methods.oversight.protocols.doubly_efficient.constants import Constants
from safetycase.methods.oversight.protocols.doubly_efficient.node import Flaw, tally
from safetycase.methods.oversight.protocols.doubly_efficient.play import instance
from safetycase.plugin.protocols import End, Move, Rules, Turn

__all__ = ["DebateRules", "ruler"]

Position = tuple[str, ...]  # claims, replies and bits, in the order they were made


@dataclass(frozen=True, slots=True)
class DebateRules:
    """Alice claims, Bob accepts or challenges; both know the oracle, the verifier samples it.

    The claims on offer are 0, 1, the oracle's own probability, and the two at which the verifier
    is in doubt, (c + s)/2 away from it. Payoffs are the probabilities of winning.
    """

    tree: OracleTree
    truth: bool
    constants: Constants
    flaw: Flaw

    def start(self) -> Hashable:
        """Nothing has been said."""
        return ()

    def turn(self, position: Position) -> Turn:
        """Alice, Bob and the coin, in turn, until a challenge or the last bit."""
        rounds, said = divmod(len(position), 3)
        if (position and position[-1] == "challenge") or rounds == len(self.tree.levels):
            return "end"
        return ("first", "second", "chance")[said]

    def moves(self, position: Position) -> Sequence[Move]:
        """Alice's claims, Bob's replies, or the bits by the accepted claim."""
        turn = self.turn(position)
        if turn == "first":
            return tuple(Move(name=f"claim {claim!r}") for claim in self._claims(position))
        if turn == "second":
            replies = ("accept",) if self.flaw == "no challenge" else ("accept", "challenge")
            return tuple(Move(name=reply) for reply in replies)
        claim = _claim(position[-2])
        drawn = (("1", claim), ("0", 1 - claim))
        return tuple(Move(name=bit, probability=chance) for bit, chance in drawn if chance > 0)

    def after(self, position: Position, move: str) -> Hashable:
        """The position with the move added."""
        return (*position, move)

    def sees(self, position: Position) -> Hashable:
        """Everything: nothing is hidden."""
        return position

    def end(self, position: Position) -> End:
        """The last bit, or what the verifier says of the challenged claim."""
        challenged = position[-1] == "challenge"
        wins = self._accepts(position) if challenged else float(position[-1] == "1")
        asked = -(-len(position) // 3)
        return End(
            first=wins,
            second=-wins,
            wrong=1 - wins if self.truth else wins,
            judge=float(self.constants.vera_samples) if challenged else 0.0,
            first_cost=float(asked * self.constants.alice_samples),
            second_cost=float(asked * self.constants.bob_samples),
        )

    def _oracle(self, position: Position) -> float:
        bits = "".join(position[2::3])
        return self.tree.levels[len(bits)][int(bits, 2) if bits else 0]

    def _claims(self, position: Position) -> list[float]:
        o, doubt = self._oracle(position), (self.constants.c + self.constants.s) / 2
        return sorted({0.0, 1.0, o, max(0.0, o - doubt), min(1.0, o + doubt)})

    def _accepts(self, position: Position) -> float:
        """P(the verifier accepts the claim that was challenged)."""
        import numpy as np

        if self.flaw == "verifier follows the claim":
            return 1.0
        law = tally(self.constants.vera_samples, self._oracle(position[:-2]))
        reach = (self.constants.c + self.constants.s) / 2
        return float(law.within(np.array([_claim(position[-2])]), reach)[0])


def _claim(move: str) -> float:
    return float(move.removeprefix("claim "))


def ruler(flaw: Flaw) -> Callable[[int, int], Rules]:
    """`rules` of the domain: the instance that `play` has for that size and seed."""

    def rules(size: int, seed: int) -> Any:
        constants = Constants()
        truth, tree = instance(size, seed, constants)
        return DebateRules(tree, truth, constants, flaw)

    return rules
