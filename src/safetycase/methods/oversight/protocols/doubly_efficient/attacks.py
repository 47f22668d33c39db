"""Computations outside the theorem: too sensitive to small lies, or not splittable into steps."""

from __future__ import annotations

import math
import random

from safetycase.methods.oversight.protocols.doubly_efficient.constants import Constants
from safetycase.methods.oversight.protocols.doubly_efficient.node import node
from safetycase.plugin.protocols import Attack, Attacked

__all__ = ["ATTACKS", "chain", "chain_lipschitz", "hidden_step"]

LEFT = 0.3  # P(M answers 1) on the chain: by a margin the wrong answer
SEARCH = 64  # places in a step's search that the defender can afford to look at, per step


def chain_lipschitz(size: int) -> float:
    """K of the conjunction of `size` bits that are all 1 with probability 0.3: about 0.6 `size`.

    (o + e)ⁿ − oⁿ is convex in e until every bit is certain, and grows no further after it, so the
    largest ratio is there. Downwards it is at most the derivative, which is smaller.
    """
    return (1 - LEFT) / (1 - math.pow(LEFT, 1 / size))


def chain(size: int, budget: float, trials: int, seed: int) -> Attacked:
    """M is 1 iff `size` bits in a row are 1. Alice raises each a little, where Bob lets her.

    Exact: her best claim in each step, against honest Bob and the published thresholds for K = 2.
    She lies in the first steps, as many as her budget pays for; a step costs her what it costs him.
    """
    del trials, seed
    constants = Constants(steps=size)
    law = node(math.pow(LEFT, 1 / size), constants, "")
    lies = min(size, math.floor(max(0.0, budget) * size))
    chance = 1.0
    for place in reversed(range(size)):
        chance = (law.worst_alice if place < lies else law.honest)(chance, 0.0)
    defender = float(size * constants.bob_samples)
    return Attacked(
        exact=min(1.0, chance),
        attacker_compute=max(0.0, budget) * defender,
        defender_compute=defender,
    )


def hidden_step(size: int, budget: float, trials: int, seed: int) -> Attacked:
    """M has `size` steps "no place in my part solves the puzzle", and one place does, hidden.

    The liar makes the puzzle as large as it has compute to: (1 + budget) times what the honest
    side can look at. Neither knows which step is false, so that the honest side looks at places at
    random; it challenges the step where it finds the solution, and accepts a step it has found
    nothing in. The verdict is wrong if it finds nothing.
    """
    draw = random.Random(f"{size} {budget!r} {seed}")  # noqa: S311
    afforded = size * SEARCH
    places = afforded + math.floor(max(0.0, budget) * afforded)
    missed = 0
    for _ in range(trials):
        solution = draw.randrange(places)
        missed += solution not in set(draw.sample(range(places), afforded))
    return Attacked(
        successes=missed,
        trials=trials,
        attacker_compute=max(0.0, budget) * afforded,
        defender_compute=float(afforded),
    )


ATTACKS = (
    Attack(
        name="small lies that add up",
        says="M is a long conjunction. Each claim is off by less than what honest Bob challenges, "
        "and the answer moves all the same: M's Lipschitz constant is larger than the one declared",
        domain="oracle trees",
        sizes=(4, 8, 16, 32, 64),
        run=chain,
    ),
    Attack(
        name="steps nobody can judge",
        says="M cannot be split into steps whose answers the honest side knows: one of them is "
        "false, and finding it is a search larger than the honest side can afford",
        domain="oracle trees",
        sizes=(4, 8, 16),
        run=hidden_step,
    ),
)
