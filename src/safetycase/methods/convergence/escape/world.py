"""A finite decision problem as numpy arrays: exact values, and episodes that are played.

Shapes: S states, A actions, E episodes of at most L steps. A policy is a table of probabilities
(S, A). States lead to later states alone, so that one pass solves the problem.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["Played", "Valued", "World"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Valued:
    """The expected reward, how often each state is met (S,), and the advantages (S, A)."""

    reward: float
    visits: Floats
    advantages: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Played:
    """Rewards (E,) and the steps as flat arrays: episode, state and action of each."""

    rewards: Floats
    episode: Ints
    state: Ints
    action: Ints


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class World:
    """`rewards` (S, A) where an episode ends, `following` (S, A) the next state or -1, `starts`."""

    rewards: Floats
    following: Ints
    starts: Floats
    single: bool

    @classmethod
    def of(cls, policy: Any) -> World:
        """The problem of a policy of the family `exploration-hacking`, or built like one."""
        import numpy as np

        following = np.asarray(policy.following.numpy())
        return cls(
            rewards=np.asarray(policy.rewards.numpy()),
            following=following,
            starts=np.asarray(policy.starts.numpy()),
            single=bool((following < 0).all()),
        )

    def valued(self, chances: Floats) -> Valued:
        """The policy's exact reward, visits and advantages."""
        import numpy as np

        if self.single:
            values = (chances * self.rewards).sum(axis=1)
            return Valued(
                reward=float(self.starts @ values),
                visits=self.starts,
                advantages=self.rewards - values[:, None],
            )
        visits, worth = self.starts.copy(), self.rewards.copy()
        on = self.following >= 0
        for state in range(len(visits)):
            np.add.at(
                visits,
                self.following[state][on[state]],
                (visits[state] * chances[state])[on[state]],
            )
        values = np.zeros(len(visits))
        for state in reversed(range(len(visits))):
            worth[state][on[state]] = values[self.following[state][on[state]]]
            values[state] = chances[state] @ worth[state]
        return Valued(
            reward=float(self.starts @ values), visits=visits, advantages=worth - values[:, None]
        )

    def best(self) -> Floats:
        """A best policy: in each state evenly over the actions that are worth most."""
        import numpy as np

        worth, values = self.rewards.copy(), np.zeros(len(self.starts))
        for state in reversed(range(len(values))):
            on = self.following[state] >= 0
            worth[state][on] = values[self.following[state][on]]
            values[state] = worth[state].max()
        right = worth >= values[:, None] - 1e-12
        return np.asarray(right / right.sum(axis=1, keepdims=True))

    def first(self, count: int, generator: np.random.Generator) -> Ints:
        """Starts of `count` episodes."""
        import numpy as np

        return np.asarray(generator.choice(len(self.starts), size=count, p=self.starts))

    def play(self, chances: Floats, starts: Ints, generator: np.random.Generator) -> Played:
        """Episodes from those starts, by inverting the distribution of each state's actions."""
        import numpy as np

        reached = np.cumsum(chances, axis=1)
        reached /= reached[:, -1:]
        rewards = np.zeros(len(starts))
        episode, state = np.arange(len(starts)), starts
        steps = []
        while len(episode):
            drawn = generator.random(len(episode))
            action = (drawn[:, None] >= reached[state]).sum(axis=1)
            steps.append((episode, state, action))
            after = self.following[state, action]
            ends = after < 0
            rewards[episode[ends]] = self.rewards[state, action][ends]
            episode, state = episode[~ends], after[~ends]
        columns = [np.concatenate(column) for column in zip(*steps, strict=True)]
        return Played(rewards=rewards, episode=columns[0], state=columns[1], action=columns[2])

    def spread(self, played: Played, weights: Floats) -> Floats:
        """(S, A): the weight of each episode (E,) at every step it took."""
        import numpy as np

        found = np.zeros(self.rewards.shape)
        np.add.at(found, (played.state, played.action), weights[played.episode])
        return found
