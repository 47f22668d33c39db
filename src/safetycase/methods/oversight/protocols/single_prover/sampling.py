"""Proofs about robust computations: the prover gives all answers, the verifier samples some."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import comb
from typing import Any, Literal

from safetycase.methods.oversight.domains.robust import robust_instance
from safetycase.methods.oversight.protocols.single_prover.constants import Constants
from safetycase.plugin.protocols import End, Move, Played, Rules, Turn

__all__ = ["SampleRules", "Verifier", "missed", "player", "ruler"]

Position = tuple[str, ...]
Verifier = Literal["random places", "the first places"]


def missed(answers: int, changed: int, sampled: int, verifier: Verifier) -> Fraction:
    """P(no changed answer is among those compared), for the places that suit the liar best.

    Hypergeometric for places drawn without replacement; where they are always the first ones,
    the liar changes others as long as there are any.
    """
    sampled = min(sampled, answers)
    if verifier == "the first places":
        return Fraction(int(changed <= answers - sampled or changed == 0))
    return Fraction(comb(answers - changed, sampled), comb(answers, sampled))


def player(verifier: Verifier) -> Callable[[int, int], Played]:
    """`play` of the domain: an honest proof of a true claim, the best lie for a false one."""

    def play(size: int, seed: int) -> Played:
        constants = Constants()
        truth = (size + seed) % 2 == 0
        computation, answers = robust_instance(size, seed, truth=truth, borne=constants.borne)
        if truth:
            error, why = Fraction(0), "the honest proof is accepted whatever is sampled"
        else:
            flip = computation.flip(answers)
            error = missed(size, len(flip), constants.sampled, verifier)
            why = (
                f"the best lie changes the fewest answers that flip M, {len(flip)} of {size}; the "
                "chance that none is sampled is exact"
            )
        return Played(
            truth=truth,
            error_low=float(error),
            error_high=float(error),
            gap=0.0,
            certificate=why,
            honest_cost=float(size),
            opponent_cost=float(size),
            judge_cost=float(min(size, constants.sampled)),
        )

    return play


@dataclass(frozen=True, slots=True)
class SampleRules:
    """The prover chooses how many answers to change, the cheapest way to flip M first.

    It claims that M's output is 1, and is paid for being accepted. With `flips` changed answers
    the claim follows from what it gives; with fewer it follows only if it is true.
    """

    answers: int
    flips: int
    truth: bool
    sampled: int
    verifier: Verifier

    def start(self) -> Hashable:
        """Nothing has been said."""
        return ()

    def turn(self, position: Position) -> Turn:
        """The prover speaks once, and the verifier draws its places."""
        return ("first", "chance", "end")[len(position)]

    def moves(self, position: Position) -> Sequence[Move]:
        """Any number of changed answers; then whether one of them is compared."""
        if not position:
            return tuple(Move(name=f"change {k}") for k in range(self.answers + 1))
        chance = float(missed(self.answers, _changed(position), self.sampled, self.verifier))
        drawn = (("none is compared", chance), ("one is compared", 1 - chance))
        return tuple(Move(name=name, probability=p) for name, p in drawn if p > 0)

    def after(self, position: Position, move: str) -> Hashable:
        """The position with the move added."""
        return (*position, move)

    def sees(self, position: Position) -> Hashable:
        """Everything: nothing is hidden."""
        return position

    def end(self, position: Position) -> End:
        """Accepted if the claim follows from the answers and none of the changed ones is found."""
        follows = self.truth or _changed(position) >= self.flips
        accepted = float(follows and position[-1] == "none is compared")
        return End(
            first=accepted,
            second=-accepted,
            wrong=1 - accepted if self.truth else accepted,
            judge=float(min(self.sampled, self.answers)),
            first_cost=float(self.answers),
        )


def _changed(position: Position) -> int:
    return int(position[0].removeprefix("change "))


def ruler(verifier: Verifier) -> Callable[[int, int], Rules]:
    """`rules` of the domain: the instance that `play` has for that size and seed."""

    def rules(size: int, seed: int) -> Any:
        constants = Constants()
        truth = (size + seed) % 2 == 0
        computation, answers = robust_instance(size, seed, truth=truth, borne=constants.borne)
        flips = len(computation.flip(answers))
        return SampleRules(size, flips, truth, constants.sampled, verifier)

    return rules
