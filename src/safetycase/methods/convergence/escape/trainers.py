"""Ways of training, each as what it pulls on the log-probabilities of a policy in one step.

A trainer sees the policy's probabilities (S, A) and the problem, plays `batch` episodes if it
samples, and answers with a table C (S, A): weights move along the gradient of Σ C · ln π.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np

    from safetycase.methods.convergence.escape.world import Floats, Played, World

__all__ = ["TRAINERS", "Name", "Trainer", "Turn"]

Name = Literal[
    "policy-gradient",
    "natural-gradient",
    "reinforce",
    "grpo",
    "entropy-bonus",
    "count-bonus",
    "best-of-n",
    "weight-noise",
    "forced-exploration",
    "demonstrations",
]


@dataclass(slots=True, kw_only=True, eq=False)
class Turn:
    """One step of a training. `left` is the share of the budget that is left, from 1 down to 0.

    `kept` is what a trainer remembers from step to step: counts, or demonstrations.
    """

    world: World
    chances: Floats
    generator: np.random.Generator
    batch: int
    group: int
    strength: float
    left: float
    kept: dict[str, Floats] = field(default_factory=dict)

    def play(self, chances: Floats | None = None) -> Played:
        """A batch of episodes, from starts as they come."""
        starts = self.world.first(self.batch, self.generator)
        shown = self.chances if chances is None else chances
        return self.world.play(shown, starts, self.generator)


Pull = Callable[[Turn], "Floats"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trainer:
    """A way of training, what its `strength` means (empty: it has none), and what it samples.

    `samples` is a batch in each step, one batch of a best policy, or nothing: exact expectations.
    `natural` says that weights move by the Fisher metric, `shaken` that episodes are played and
    gradients taken with noise on the weights, `strength` times their size, falling to none.
    """

    says: str
    pull: Pull
    samples: Literal["batches", "one batch", "nothing"] = "batches"
    strength: str = ""
    natural: bool = False
    shaken: bool = False

    def episodes(self, steps: int, batch: int) -> int:
        """Episodes that are played in that many steps."""
        return {"batches": steps * batch, "one batch": batch, "nothing": 0}[self.samples]


def _exact(turn: Turn) -> Floats:
    """The gradient of the expected reward (Sutton et al. 2000)."""
    valued = turn.world.valued(turn.chances)
    return valued.visits[:, None] * turn.chances * valued.advantages


def _scored(turn: Turn, played: Played, returns: Floats) -> Floats:
    """REINFORCE (Williams 1992), each episode against the mean of the others."""
    count = len(returns)
    advantage = (returns - returns.mean()) * count / max(1, count - 1)
    return turn.world.spread(played, advantage / count)


def _reinforce(turn: Turn) -> Floats:
    played = turn.play()
    return _scored(turn, played, played.rewards)


def _grpo(turn: Turn) -> Floats:
    """Groups that share a start, with rewards standardised in each (Shao et al. 2024).

    A group whose rewards are all the same gives no signal.
    """
    import numpy as np

    groups = max(1, turn.batch // turn.group)
    starts = np.repeat(turn.world.first(groups, turn.generator), turn.group)
    played = turn.world.play(turn.chances, starts, turn.generator)
    rewards = played.rewards.reshape(groups, turn.group)
    size = rewards.std(axis=1, keepdims=True)
    advantage = np.where(size > 1e-9, (rewards - rewards.mean(axis=1, keepdims=True)), 0.0)
    advantage = advantage / np.maximum(size, 1e-9)
    return turn.world.spread(played, advantage.reshape(-1) / (groups * turn.group))


def _entropy(turn: Turn) -> Floats:
    """REINFORCE and a bonus for the entropy in the states that are met, falling to none."""
    import numpy as np

    logs = np.log(np.maximum(turn.chances, 1e-300))
    entropy = -(turn.chances * logs).sum(axis=1, keepdims=True)
    visits = turn.world.valued(turn.chances).visits[:, None]
    bonus = turn.strength * turn.left * visits * turn.chances * (-logs - entropy)
    return np.asarray(_reinforce(turn) + bonus)


def _counts(turn: Turn) -> Floats:
    """REINFORCE with a bonus of strength / √n for the n-th time that an action is taken.

    Strehl and Littman 2008, doi:10.1016/j.jcss.2007.08.009.
    """
    import numpy as np

    played = turn.play()
    seen = turn.kept.setdefault("counts", np.zeros(turn.world.rewards.shape))
    seen += turn.world.spread(played, np.ones(len(played.rewards)))
    bonus = turn.strength / np.sqrt(np.maximum(seen, 1.0))
    returns = played.rewards + np.bincount(
        played.episode, weights=bonus[played.state, played.action], minlength=len(played.rewards)
    )
    return _scored(turn, played, returns)


def _best_of(turn: Turn) -> Floats:
    """Imitates the best episode of a batch that shares a start, ties drawn."""
    import numpy as np

    starts = np.repeat(turn.world.first(1, turn.generator), turn.batch)
    played = turn.world.play(turn.chances, starts, turn.generator)
    ties = np.flatnonzero(played.rewards >= played.rewards.max() - 1e-12)
    weights = np.zeros(turn.batch)
    weights[turn.generator.choice(ties)] = 1.0
    return turn.world.spread(played, weights)


def _forced(turn: Turn) -> Floats:
    """In half of the batch each action is drawn evenly with probability `strength`.

    The other half is the policy's own; forced episodes that do better are imitated (the positive
    part of the advantage, Oh et al. 2018). An importance weight would take the forcing back, and a
    negative advantage of forced actions would drive the policy into what it does anyway.
    """
    import numpy as np

    own, actions = turn.batch // 2, turn.chances.shape[1]
    starts = turn.world.first(turn.batch, turn.generator)
    played = turn.world.play(turn.chances, starts[:own], turn.generator)
    mixed = (1 - turn.strength) * turn.chances + turn.strength / actions
    forced = turn.world.play(mixed, starts[own:], turn.generator)
    better = np.maximum(forced.rewards - played.rewards.mean(), 0.0)
    shown = turn.world.spread(forced, better / len(better))
    return np.asarray(_scored(turn, played, played.rewards) + shown)


def _shown(turn: Turn) -> Floats:
    """Imitates one batch of episodes of a best policy, drawn once."""
    import numpy as np

    if "shown" not in turn.kept:
        played = turn.play(turn.world.best())
        weights = np.full(turn.batch, 1 / turn.batch)
        turn.kept["shown"] = turn.world.spread(played, weights)
    return turn.kept["shown"]


TRAINERS: dict[Name, Trainer] = {
    "policy-gradient": Trainer(
        says="exact gradient of the expected reward", pull=_exact, samples="nothing"
    ),
    "natural-gradient": Trainer(
        says="exact natural gradient of the expected reward (Kakade 2001)",
        pull=_exact,
        samples="nothing",
        natural=True,
    ),
    "reinforce": Trainer(says="gradient from a batch of episodes", pull=_reinforce),
    "grpo": Trainer(says="gradient from groups with standardised rewards", pull=_grpo),
    "entropy-bonus": Trainer(
        says="reinforce with a bonus for entropy, falling to none",
        pull=_entropy,
        strength="weight of the entropy",
    ),
    "count-bonus": Trainer(
        says="reinforce with a bonus for what was seldom done",
        pull=_counts,
        strength="bonus of the first time",
    ),
    "best-of-n": Trainer(says="imitates the best episode of each batch", pull=_best_of),
    "weight-noise": Trainer(
        says="reinforce with noise on the weights, falling to none (Plappert et al. 2018)",
        pull=_reinforce,
        strength="noise over the size of the weights",
        shaken=True,
    ),
    "forced-exploration": Trainer(
        says="reinforce, and imitation of what does better where some actions are drawn evenly",
        pull=_forced,
        strength="share of actions drawn",
    ),
    "demonstrations": Trainer(
        says="imitates one batch of episodes of a best policy", pull=_shown, samples="one batch"
    ),
}
