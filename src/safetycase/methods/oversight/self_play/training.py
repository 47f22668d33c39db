"""Self-play: both players learn against each other, many seeds side by side."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from safetycase.methods.oversight.self_play.bodies import Body, Network, Table
from safetycase.methods.oversight.self_play.learners import (
    NETWORK_RATES,
    RATES,
    SAMPLED_RATES,
    Gradient,
    Learner,
    Optimiser,
    Weights,
    exact,
)
from safetycase.methods.oversight.self_play.sampling import Sampler

if TYPE_CHECKING:
    import numpy as np

    from safetycase.methods.oversight.self_play.arena import Arena, Flags, Floats, Ints

__all__ = [
    "Path",
    "Recipe",
    "Start",
    "Trained",
    "Training",
    "fresh",
    "networks",
    "tables",
    "train",
]

Output = Literal["last", "average"]
CHECKPOINTS = 24
SMALLEST = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What a training is told; `rate` None takes the optimiser's own, or Hedge's best one."""

    learner: Learner = "policy-gradient"
    optimiser: Optimiser = "natural"
    output: Output = "last"
    steps: int = 1000
    rate: float | None = None
    entropy: float = 0.0
    batch: int = 64


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Start:
    """Where B trainings start, and what planted ones hold back.

    `weights` are those of `bodies`; `never` is B × I × M for each player: moves of it are not
    played while the policy is trained, so that no gradient ever reaches them. `learns` is B for
    each player, `entropy` (B) is added to the recipe's bonus, `stop` (B) is the step a training
    ends at, and `optimisers` (B) take the place of the recipe's.
    """

    bodies: tuple[Body, Body]
    weights: tuple[Floats, Floats]
    never: tuple[Flags, Flags]
    learns: tuple[Flags, Flags]
    entropy: Floats
    stop: Ints
    optimisers: tuple[Optimiser, ...] | None = None

    def __len__(self) -> int:
        return len(self.stop)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Path:
    """The gap (NashConv, share of the payoff range) at some steps: last iterate and average."""

    steps: tuple[int, ...]
    last: Floats
    average: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trained:
    """What training left: the weights, the policies that are deployed, and the way there.

    `never` is what these policies hold back if they are trained on.
    """

    bodies: tuple[Body, Body]
    weights: tuple[Floats, Floats]
    policies: tuple[Floats, Floats]
    never: tuple[Flags, Flags]
    path: Path

    def __len__(self) -> int:
        return len(self.policies[0])

    def repeated(self, times: int) -> Trained:
        """All rows so many times, one copy of the whole after the other; without the way."""
        import numpy as np

        def both(pair: tuple[Any, Any]) -> tuple[Any, Any]:
            return tuple(np.concatenate((one,) * times) for one in pair)  # type: ignore[return-value]

        return Trained(
            bodies=self.bodies,
            weights=both(self.weights),
            policies=both(self.policies),
            never=both(self.never),
            path=self.path,
        )


def tables(arena: Arena) -> tuple[Body, Body]:
    """Policies by tables."""
    return Table(arena.sides[0]), Table(arena.sides[1])


def networks(arena: Arena, hidden: int) -> tuple[Body, Body]:
    """Policies by networks of so many hidden units."""
    first, second = (
        Network.of(side, infosets, hidden)
        for side, infosets in zip(arena.sides, arena.tree.infosets, strict=True)
    )
    return first, second


def fresh(
    arena: Arena,
    rows: int,
    generator: np.random.Generator,
    spread: float = 1.0,
    bodies: tuple[Body, Body] | None = None,
) -> Start:
    """Trainings of both players from normal weights, that hold nothing back; tables if not said."""
    import numpy as np

    both = tables(arena) if bodies is None else bodies
    shapes = [(rows, *side.index.shape) for side in arena.sides]
    return Start(
        bodies=both,
        weights=(
            both[0].fresh(rows, generator, spread),
            both[1].fresh(rows, generator, spread),
        ),
        never=(np.zeros(shapes[0], bool), np.zeros(shapes[1], bool)),
        learns=(np.ones(rows, bool), np.ones(rows, bool)),
        entropy=np.zeros(rows),
        stop=np.full(rows, 1 << 60),
    )


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
