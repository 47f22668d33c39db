"""One round of the debate, exactly: what an optimal liar gets out of it, given what follows.

`node(o, constants, flaw)` holds the laws of the estimates at a prefix whose next bit is 1 with
probability o. Its functions take the values after a 1 and after a 0, as probabilities that Alice
wins, and give that of the round. All binomial laws are whole, up to a mass of 10⁻¹⁵.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from safetycase.methods.oversight.protocols.doubly_efficient.constants import Constants

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

__all__ = ["SLACK", "Flaw", "Node", "Tally", "node", "tally"]

SLACK = 1e-9  # what floats and the cut tails may have moved a value by
Flaw = Literal["", "no challenge", "verifier follows the claim"]
_TAIL = 1e-15
_NUDGE = 1e-12
_LARGEST = 20_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """The law of the mean of `draws` answers: `below[i]` is P(count < first + i)."""

    draws: int
    first: int
    weights: Numbers
    below: Numbers

    def means(self) -> Numbers:
        """The means that carry the mass, in rising order."""
        import numpy as np

        return (self.first + np.arange(len(self.weights))) / self.draws

    def within(self, centres: Numbers, radius: float) -> Numbers:
        """P(|centre − mean| < radius) for each centre."""
        import numpy as np

        low = np.floor((centres - radius) * self.draws).astype(np.int64) + 1 - self.first
        high = np.ceil((centres + radius) * self.draws).astype(np.int64) - self.first
        size = len(self.weights)
        found = self.below[np.clip(high, 0, size)] - self.below[np.clip(low, 0, size)]
        return np.clip(found, 0.0, 1.0)


def tally(draws: int, probability: float) -> Tally:
    """The binomial law of `draws` bits, where it carries mass.

    Counts further from the mean than Hoeffding's inequality allows with 10⁻¹⁵ are left out; the
    rest comes from ratios of neighbouring terms, which lose no digits however many draws.
    """
    import numpy as np

    if draws > _LARGEST:
        raise ValueError(
            f"an exact play with {draws:,} draws an estimate is too large; ask for wider thresholds"
        )
    if probability in (0.0, 1.0):
        return Tally(draws, round(draws * probability), np.ones(1), np.array([0.0, 1.0]))
    half = math.ceil(math.sqrt(draws * math.log(2 / _TAIL) / 2))
    first = max(0, math.floor(draws * probability) - half)
    last = min(draws, math.ceil(draws * probability) + half)
    count = np.arange(first, last)
    steps = np.log((draws - count) / (count + 1.0)) + math.log(probability / (1 - probability))
    logs = np.concatenate([[0.0], np.cumsum(steps)])
    weights = np.exp(logs - logs.max())
    weights /= weights.sum()
    return Tally(draws, first, weights, np.concatenate([[0.0], np.cumsum(weights)]))


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """The laws of the estimates of one round.

    `claims`, `alice`, `agreed`, `doubted`: honest Alice's claims, their weights, and the
    probabilities that the verifier accepts them and that honest Bob challenges them.
    `left`, `right`, `accepted`, `challenged`: on the piece of claims from left to right, with the
    ends as limits, the verifier accepts and honest Bob challenges with these probabilities.
    """

    claims: Numbers
    alice: Numbers
    agreed: Numbers
    doubted: Numbers
    left: Numbers
    right: Numbers
    accepted: Numbers
    challenged: Numbers
    free: bool

    def honest(self, one: float, zero: float) -> float:
        """Alice's chance where both are honest."""
        follows = self.claims * one + (1 - self.claims) * zero
        return float(self.alice @ (self.doubted * self.agreed + (1 - self.doubted) * follows))

    def worst_bob(self, one: float, zero: float) -> float:
        """Honest Alice's chance against the Bob who knows everything and sees her claim."""
        import numpy as np

        follows = self.claims * one + (1 - self.claims) * zero
        return float(self.alice @ (np.minimum(follows, self.agreed) if self.free else follows))

    def worst_alice(self, one: float, zero: float) -> float:
        """The most any Alice gets against honest Bob: the supremum over her claims.

        On a piece both probabilities are constant, so that her chance is linear in the claim.
        """
        caught = self.challenged * self.accepted
        best = max(
            float((caught + (1 - self.challenged) * (p * one + (1 - p) * zero)).max())
            for p in (self.left, self.right)
        )
        return min(1.0, best)

    def informed(self, one: float, zero: float) -> float:
        """Alice's chance where both know the oracle: the supremum of the smaller of two replies."""
        import numpy as np

        found = []
        for p in (self.left, self.right):
            follows = p * one + (1 - p) * zero
            found.append(
                float((np.minimum(follows, self.accepted) if self.free else follows).max())
            )
        return min(1.0, max(found))


@functools.lru_cache(maxsize=512)
def node(probability: float, constants: Constants, flaw: Flaw) -> Node:
    """The laws of the estimates where the next bit is 1 with that probability."""
    import numpy as np

    alice = tally(constants.alice_samples, probability)
    bob = tally(constants.bob_samples, probability)
    vera = tally(constants.vera_samples, probability)
    reach = (constants.c + constants.s) / 2, (constants.s + constants.b) / 2
    claims = alice.means()
    left, right = _pieces(vera, bob, *reach)
    middle = (left + right) / 2
    # At a single point strict inequalities decide: ties are far from the claim, and challenged.
    nudge = np.where(left == right, _NUDGE, 0.0)
    accepted = _within(vera, middle, reach[0], nudge)
    challenged = 1 - _within(bob, middle, reach[1], nudge)
    agreed = vera.within(claims, reach[0] - _NUDGE)
    doubted = 1 - bob.within(claims, reach[1] - _NUDGE)
    if flaw == "no challenge":
        challenged, doubted = np.zeros_like(challenged), np.zeros_like(doubted)
    if flaw == "verifier follows the claim":
        accepted, agreed = np.ones_like(accepted), np.ones_like(agreed)
    return Node(
        claims=claims,
        alice=alice.weights,
        agreed=agreed,
        doubted=doubted,
        left=left,
        right=right,
        accepted=accepted,
        challenged=challenged,
        free=flaw != "no challenge",
    )


def _within(law: Tally, centres: Numbers, radius: float, nudge: Numbers) -> Numbers:
    import numpy as np

    return np.where(nudge > 0, law.within(centres, radius - _NUDGE), law.within(centres, radius))


def _pieces(vera: Tally, bob: Tally, near: float, far: float) -> tuple[Numbers, Numbers]:
    """Claims from 0 to 1 cut where either test changes: the open pieces, then the cuts alone."""
    import numpy as np

    cuts = np.concatenate(
        [vera.means() - near, vera.means() + near, bob.means() - far, bob.means() + far]
    )
    cuts = np.unique(np.concatenate([[0.0, 1.0], cuts[(cuts > 0) & (cuts < 1)]]))
    return np.concatenate([cuts[:-1], cuts]), np.concatenate([cuts[1:], cuts])
