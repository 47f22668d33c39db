"""Self-play: both players learn against each other, many seeds side by side."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from safetycase.methods.oversight.self_play.learners import (
    NETWORK_RATES,
    RATES,
    SAMPLED_RATES,
    Gradient,
    Optimiser,
    Weights,
    exact,
)
from safetycase.methods.oversight.self_play.records import Path, Recipe, Start, Trained, tables
from safetycase.methods.oversight.self_play.sampling import Sampler

if TYPE_CHECKING:
    import numpy as np

    from safetycase.methods.oversight.self_play.arena import Arena, Floats

__all__ = ["Training", "train"]

CHECKPOINTS = 24
SMALLEST = 1e-12


def train(
    arena: Arena,
    recipe: Recipe,
    start: Start,
    generator: np.random.Generator,
    said: Callable[[int, int], None] = lambda _done, _total: None,
) -> Trained:
    """Play and learn for the recipe's steps; `said` is told how far it is."""
    return Training(arena, recipe, start, generator).run(said)


class Training:
    """One training of B rows, step by step."""

    def __init__(
        self, arena: Arena, recipe: Recipe, start: Start, generator: np.random.Generator
    ) -> None:
        import numpy as np

        self.arena, self.recipe, self.start = arena, recipe, start
        self.regrets = recipe.learner == "regret-matching"
        rows = len(start)
        named = start.optimisers or (recipe.optimiser,) * rows
        natural: Optimiser = "natural"
        optimisers = (natural,) * rows if self.hedging else named
        if "natural" in optimisers and not all(body.exact_policies for body in start.bodies):
            raise ValueError("the optimiser `natural` is for tables; a network has `sgd` or `adam`")
        self.players = [
            Weights.of(
                start.bodies[i],
                np.zeros_like(start.weights[i]) if self.regrets else start.weights[i],
                optimisers,
                np.array([self._rate(i, one) for one in optimisers]),
                start.never[i],
            )
            for i in (0, 1)
        ]
        self.now = [self._policy(i, shown=False) for i in (0, 1)]
        self.plans = list(self.arena.plans((self.now[0], self.now[1])))
        self.still = {i for i in (0, 1) if not start.learns[i].any()}
        self.against = {
            1 - i: (arena.gain(1 - i, self.plans[i]), self.plans[i] @ arena.reached[1 - i].T)
            for i in self.still
        }
        self.sums = [np.zeros((rows, side.sequences)) for side in arena.sides]
        self.sampler = Sampler(arena, recipe.batch, generator) if self.sampled else None

    @property
    def sampled(self) -> bool:
        """Whether gradients are estimated from episodes."""
        return self.recipe.learner == "reinforce"

    @property
    def hedging(self) -> bool:
        """Whether weights move by counterfactual worth alone."""
        return self.recipe.learner in ("multiplicative-weights", "regret-matching")

    def _rate(self, player: int, optimiser: Optimiser) -> float:
        """Hedge's best rate for payoffs in [0, 1] and as many steps is sqrt(8 ln n / T)."""
        if self.regrets:
            return 1.0
        if self.recipe.rate is not None:
            return self.recipe.rate
        if self.hedging:
            widest = max(2, self.arena.sides[player].index.shape[1])
            return math.sqrt(8 * math.log(widest) / self.recipe.steps)
        if not self.start.bodies[player].exact_policies:
            return NETWORK_RATES[optimiser]
        return (SAMPLED_RATES if self.sampled else RATES)[optimiser]

    def played(self) -> Iterator[tuple[int, tuple[Floats, Floats]]]:
        """Each step's number and the plans that were played in it, before they are moved."""
        for step in range(1, self.recipe.steps + 1):
            yield step, self._step(step)

    def run(self, said: Callable[[int, int], None]) -> Trained:
        """All steps, and what they leave."""
        import numpy as np

        steps = self.recipe.steps
        marks = sorted({int(m) for m in np.geomspace(1, steps, CHECKPOINTS).round()})
        last, average = [], []
        for step, plans in self.played():
            if step in marks:
                last.append(self.arena.gaps(plans).sum(axis=0))
                average.append(self.arena.gaps(self._averages(step)).sum(axis=0))
            if step % 100 == 0:
                said(step, steps)
        return self._done(Path(steps=tuple(marks), last=np.array(last), average=np.array(average)))

    def _policies(self) -> tuple[Floats, Floats]:
        """What is played in training; a player that does not learn is computed once."""
        for i in (0, 1):
            if i not in self.still:
                self.now[i] = self._policy(i, shown=False)
                self.plans[i] = self.arena.sides[i].plan(self.now[i])
        return self.now[0], self.now[1]

    def _policy(self, player: int, *, shown: bool) -> Floats:
        import numpy as np

        side, weights = self.arena.sides[player], self.players[player].weights
        never = None if shown else self.start.never[player]
        if not self.regrets:
            return side.policy(self.start.bodies[player].logits(weights), never)
        allowed = side.valid if never is None else side.valid & ~never
        positive = np.where(allowed, np.maximum(weights, 0.0), 0.0)
        total = positive.sum(axis=-1, keepdims=True)
        even = allowed / np.maximum(allowed.sum(axis=-1, keepdims=True), 1)
        return np.asarray(np.where(total > 0, positive / np.maximum(total, 1e-300), even))

    def _step(self, step: int) -> tuple[Floats, Floats]:
        import numpy as np

        policies = self._policies()
        plans = self.plans[0], self.plans[1]
        for total, plan in zip(self.sums, plans, strict=True):
            total += plan
        running = step <= self.start.stop
        bonus = (self.start.entropy + self.recipe.entropy) * (1 - step / self.recipe.steps)
        sampled = self.sampler.gradients(policies) if self.sampler is not None else None
        for i, player in enumerate(self.players):
            if i in self.still:
                continue
            gradient = self._exact(i) if sampled is None else sampled[i]
            if np.any(bonus):
                gradient = _with_entropy(gradient, policies[i], plans[i], self.arena, i, bonus)
            player.move(gradient, running & self.start.learns[i])
        return plans

    def _exact(self, player: int) -> Gradient:
        import numpy as np

        side, other = self.arena.sides[player], self.plans[1 - player]
        if player in self.against:
            gain, reached = self.against[player]
        else:
            gain, reached = self.arena.gain(player, other), other @ self.arena.reached[player].T
        if self.hedging:
            reached = np.ones_like(reached)
        worth = side.worth(gain, self.now[player])
        return exact(side, worth, self.now[player], self.plans[player], reached)

    def _averages(self, steps: int) -> tuple[Floats, Floats]:
        return self.sums[0] / steps, self.sums[1] / steps

    def _done(self, path: Path) -> Trained:
        import numpy as np

        if self.recipe.output == "average":
            averages = self._averages(self.recipe.steps)
            first, second = (
                s.behaviour(p) for s, p in zip(self.arena.sides, averages, strict=True)
            )
            policies = first, second
        else:
            policies = self._policy(0, shown=True), self._policy(1, shown=True)
        bodies, weights = self.start.bodies, (self.players[0].weights, self.players[1].weights)
        if self.recipe.output == "average" or self.regrets:
            bodies = tables(self.arena)
            first, second = (np.log(np.maximum(p, SMALLEST)) for p in policies)
            weights = first, second
        return Trained(
            bodies=bodies, weights=weights, policies=policies, never=self.start.never, path=path
        )


def _with_entropy(
    gradient: Gradient,
    policy: Floats,
    plan: Floats,
    arena: Arena,
    player: int,
    bonus: Floats,
) -> Gradient:
    """The gradient of value plus `bonus` times the entropy at each information set reached."""
    import numpy as np

    side = arena.sides[player]
    logs = np.log(np.maximum(policy, 1e-300))
    entropy = -(policy * logs).sum(axis=-1, keepdims=True)
    slope = np.where(side.valid, -logs - entropy, 0.0) * bonus[:, None, None]
    weight = policy * plan[:, side.parents][..., None]
    return Gradient(value=gradient.value + weight * slope, advantage=gradient.advantage + slope)
