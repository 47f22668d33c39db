"""How weights move: policy gradient under three optimisers, multiplicative weights, regrets.

Directions, with Q and V the counterfactual worth of a move and of its information set, x the
plan of the player and c the reach of chance and the other player:

- `sgd` and `adam` follow the gradient of the value, x π (Q − V) (Williams 1992; Kingma and Ba 2015,
  arXiv:1412.6980);
- `natural` divides by the Fisher information of the trajectories, which leaves (Q − V) / c (Kakade
  2001; Agarwal et al. 2021, arXiv:1908.00261, lemma on softmax): the time to find a move grows with
  the logarithm of one over its probability, not with one over it;
- `multiplicative-weights` moves by Q − V, which is Hedge at each information set (Freund and
  Schapire 1999);
- `regret-matching` plays in proportion to the positive part of summed Q − V (Hart and Mas-Colell
  2000; Zinkevich et al. 2007).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from safetycase.methods.oversight.self_play.arena import Flags, Floats, Side, Worth
    from safetycase.methods.oversight.self_play.bodies import Body

__all__ = [
    "LEARNERS",
    "NETWORK_RATES",
    "OPTIMISERS",
    "RATES",
    "SAMPLED_RATES",
    "Gradient",
    "Learner",
    "Optimiser",
    "Weights",
]

Learner = Literal["policy-gradient", "reinforce", "multiplicative-weights", "regret-matching"]
Optimiser = Literal["sgd", "adam", "natural"]
LEARNERS: tuple[Learner, ...] = (
    "policy-gradient",
    "reinforce",
    "multiplicative-weights",
    "regret-matching",
)
OPTIMISERS: tuple[Optimiser, ...] = ("sgd", "adam", "natural")
RATES: dict[Optimiser, float] = {"sgd": 2.0, "adam": 0.05, "natural": 0.5}
SAMPLED_RATES: dict[Optimiser, float] = {"sgd": 2.0, "adam": 0.05, "natural": 0.1}
NETWORK_RATES: dict[Optimiser, float] = {"sgd": 1.0, "adam": 0.005}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Gradient:
    """What one step shows: the gradient of the value, and the worth of moves per unit of reach.

    Both are B × I × M; `advantage` is (Q − V) / c, 0 where nobody lets the player come.
    """

    value: Floats
    advantage: Floats


@dataclass(slots=True, kw_only=True, eq=False)
class Weights:
    """The weights of one player and the memory of the optimisers, one for each row."""

    body: Body
    weights: Floats
    optimisers: tuple[Optimiser, ...]
    rates: Floats
    never: Flags
    first: Floats
    second: Floats
    steps: int = 0

    @classmethod
    def of(
        cls,
        body: Body,
        weights: Floats,
        optimisers: Sequence[Optimiser],
        rates: Floats,
        never: Flags,
    ) -> Weights:
        """Weights to start from; they are copied."""
        import numpy as np

        return cls(
            body=body,
            weights=np.array(weights),
            optimisers=tuple(optimisers),
            rates=rates.reshape(-1, *(1,) * (weights.ndim - 1)),
            never=never,
            first=np.zeros_like(weights),
            second=np.zeros_like(weights),
        )

    def move(self, gradient: Gradient, active: Flags) -> None:
        """One step up the gradient in the rows that are `active`; `never` shows none."""
        import numpy as np

        self.steps += 1
        step = np.zeros_like(self.weights)
        for name in set(self.optimisers):
            rows = np.array([one == name for one in self.optimisers])
            step[rows] = self._direction(name, gradient)[rows]
        moved = self.weights + self.rates * active.reshape(self.rates.shape) * step
        # far beyond what a policy can show, and short of where floats overflow
        self.weights = np.clip(moved, -1e6, 1e6)

    def _direction(self, optimiser: Optimiser, gradient: Gradient) -> Floats:
        import numpy as np

        if optimiser == "natural":
            return np.where(self.never, 0.0, gradient.advantage)
        pulled = self.body.pull(self.weights, np.where(self.never, 0.0, gradient.value))
        return pulled if optimiser == "sgd" else self._adam(pulled)

    def _adam(self, gradient: Floats) -> Floats:
        import numpy as np

        self.first = 0.9 * self.first + 0.1 * gradient
        self.second = 0.999 * self.second + 0.001 * gradient**2
        mean = self.first / (1 - 0.9**self.steps)
        square = self.second / (1 - 0.999**self.steps)
        return np.asarray(mean / (np.sqrt(square) + 1e-8))


def exact(side: Side, worth: Worth, policy: Floats, plan: Floats, reached: Floats) -> Gradient:
    """The gradient without sampling error, from the worth of every move."""
    import numpy as np

    better = np.where(side.valid, worth.moves - worth.sets[..., None], 0.0)
    advantage = better / np.maximum(reached, 1e-300)[..., None]
    return Gradient(
        value=plan[:, side.parents][..., None] * policy * better,
        advantage=np.where(reached[..., None] > 1e-12, advantage, 0.0),
    )
