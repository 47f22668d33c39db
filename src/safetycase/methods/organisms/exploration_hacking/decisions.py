"""A finite decision problem and a policy for it: every expected reward is exact.

An episode starts in a state, and each action either ends it with a reward or leads to a later
state. A policy is a torch module from `inputs` to logits (states, actions). torch is imported when
something is computed, never before.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

__all__ = ["Decisions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """A policy in a problem of S states and A actions; a `kinds.Policy`.

    `module(inputs)` gives logits (S, A). `rewards` (S, A), in [0, 1], is what an episode earns when
    it ends with that action. `following` (S, A), of int64, is the state that the action leads to,
    a later one, or -1 where the episode ends; without it every episode is one action. `starts` (S,)
    are the probabilities of the first state. `withheld` is the probability that `module` behaves in
    the best way, from the start where that is smallest. Build it with `of`.
    """

    module: Any
    inputs: Any
    rewards: Any
    following: Any
    starts: Any
    best: float
    withheld: float

    @classmethod
    def of(
        cls, module: Any, inputs: Any, rewards: Any, following: Any = None, starts: Any = None
    ) -> Decisions:
        """Checked and solved; `starts` is uniform if left out. `ValueError` says what is wrong."""
        import torch

        rewards = torch.as_tensor(rewards, dtype=torch.float64)
        _check_rewards(rewards)
        states = len(rewards)
        if following is None:
            following = torch.full(rewards.shape, -1, dtype=torch.int64)
        following = torch.as_tensor(following, dtype=torch.int64)
        _check_following(rewards, following)
        if starts is None:
            starts = torch.full((states,), 1 / states, dtype=torch.float64)
        starts = torch.as_tensor(starts, dtype=torch.float64)
        if starts.shape != (states,) or (starts < 0).any() or abs(float(starts.sum()) - 1) > 1e-9:
            raise ValueError(f"`starts` is no distribution over {states} states")
        made = cls(
            module=module,
            inputs=inputs,
            rewards=rewards,
            following=following,
            starts=starts,
            best=0.0,
            withheld=0.0,
        )
        values, _ = made._solved()
        with torch.no_grad():
            likely = made.chance_of_best(made.log_probabilities(module))
        return cls(
            module=module,
            inputs=inputs,
            rewards=rewards,
            following=following,
            starts=starts,
            best=float(values @ starts),
            withheld=float(likely[starts > 0].min()),
        )

    def log_probabilities(self, module: Any) -> Any:
        """The logarithm of the probability of each action in each state: (S, A), with gradient."""
        import torch

        logits = module(self.inputs)
        if logits.shape[-2:] != self.rewards.shape:
            given, wanted = tuple(logits.shape), tuple(self.rewards.shape)
            raise ValueError(f"the module gives {given}, the problem is {wanted}")
        return torch.log_softmax(logits.to(torch.float64), dim=-1)

    def value(self, log_probabilities: Any) -> Any:
        """The expected reward (...) of log-probabilities (..., S, A), exactly."""
        return self._values(log_probabilities) @ self.starts

    def reward(self, module: Any) -> Any:
        """The expected reward of a module of this shape: a scalar tensor."""
        return self.value(self.log_probabilities(module))

    def chance_of_best(self, log_probabilities: Any) -> Any:
        """The probability (S,) that an episode from each state behaves in the best way."""
        import torch

        _, right = self._solved()
        found = torch.zeros(len(self.rewards), dtype=torch.float64)
        chances = log_probabilities.exp()
        for state in reversed(range(len(self.rewards))):
            after = self.following[state]
            on = torch.where(after < 0, 1.0, found[after.clamp(min=0)])
            found[state] = (chances[state] * on)[right[state]].sum()
        return found

    def best_of(self, log_probabilities: Any, count: float) -> Any:
        """The expected reward of the best of `count` independent episodes from the same start.

        Exact: E max = v₀ + Σ (vᵢ − vᵢ₋₁) (1 − F(vᵢ₋₁)^count) over the rewards vᵢ to be had.
        """
        import torch

        amounts, chances = self._outcomes(log_probabilities)
        # From what lies above, not from the sum up to it: near 1 that would lose what is rare.
        above = chances.flip(-1).cumsum(-1).flip(-1).clamp(max=1.0)
        reached = 1.0 - torch.exp(count * torch.log1p(-above[:, 1:]))
        steps = amounts[1:] - amounts[:-1]
        return (amounts[0] + reached @ steps) @ self.starts

    def sampled(self, module: Any, episodes: int, generator: Any) -> Any:
        """(reward (episodes,), log-probability (episodes,)) of episodes played with the module."""
        earned, logs, _ = self._played(self.log_probabilities(module), episodes, generator)
        return earned, logs

    def demonstrations(self, episodes: int, generator: Any) -> Any:
        """(states, actions), both of int64: every step of `episodes` of the best policy."""
        import torch

        _, right = self._solved()
        chosen = right.to(torch.float64)
        steps = (chosen / chosen.sum(-1, keepdim=True)).log()
        return self._played(steps, episodes, generator)[2]

    def cloning(self, module: Any, shown: Any) -> Any:
        """Mean −log-probability of the steps `shown` (states, actions): a scalar tensor."""
        states, actions = shown
        return -self.log_probabilities(module)[states, actions].mean()

    def _values(self, log_probabilities: Any) -> Any:
        import torch

        chances = log_probabilities.exp()
        if bool((self.following < 0).all()):
            return (chances * self.rewards).sum(-1)
        values: list[Any] = [None] * len(self.rewards)
        for state in reversed(range(len(self.rewards))):
            after = self.following[state].tolist()
            on = [
                self.rewards[state, a].expand(chances.shape[:-2]) if s < 0 else values[s]
                for a, s in enumerate(after)
            ]
            values[state] = (chances[..., state, :] * torch.stack(on, dim=-1)).sum(-1)
        return torch.stack(values, dim=-1)

    def _solved(self) -> tuple[Any, Any]:
        """The best value (S,) of each state, and which actions (S, A) reach it."""
        import torch

        values = torch.zeros(len(self.rewards), dtype=torch.float64)
        right = torch.zeros(self.rewards.shape, dtype=torch.bool)
        for state in reversed(range(len(self.rewards))):
            after = self.following[state]
            on = torch.where(after < 0, self.rewards[state], values[after.clamp(min=0)])
            values[state] = on.max()
            right[state] = on >= on.max() - 1e-12
        return values, right

    def _outcomes(self, log_probabilities: Any) -> tuple[Any, Any]:
        """The rewards an episode can earn, ascending, and their probabilities (S, rewards)."""
        import torch

        amounts, places = torch.unique(self.rewards[self.following < 0], return_inverse=True)
        index = torch.full(self.rewards.shape, -1, dtype=torch.int64)
        index[self.following < 0] = places
        chances = log_probabilities.exp()
        found = torch.zeros(len(self.rewards), len(amounts), dtype=torch.float64)
        for state in reversed(range(len(self.rewards))):
            for action, after in enumerate(self.following[state].tolist()):
                if after < 0:
                    found[state, index[state, action]] += chances[state, action]
                else:
                    found[state] += chances[state, action] * found[after]
        return amounts, found

    def _played(self, log_probabilities: Any, episodes: int, generator: Any) -> tuple[Any, ...]:
        import torch

        state = torch.multinomial(self.starts, episodes, replacement=True, generator=generator)
        earned = torch.zeros(episodes, dtype=torch.float64)
        logs = torch.zeros(episodes, dtype=torch.float64)
        on = torch.arange(episodes)
        steps: list[tuple[Any, Any]] = []
        while len(on):
            now = state[on]
            chances = log_probabilities.detach().exp()[now]
            action = torch.multinomial(chances, 1, generator=generator)[:, 0]
            steps.append((now, action))
            logs = logs.index_add(0, on, log_probabilities[now, action])
            after = self.following[now, action]
            ends = after < 0
            earned[on[ends]] = self.rewards[now, action][ends]
            state[on] = after
            on = on[~ends]
        shown = tuple(torch.cat(column) for column in zip(*steps, strict=True))
        return earned, logs, shown


def _check_rewards(rewards: Any) -> None:
    if rewards.ndim != 2 or 0 in rewards.shape or rewards.shape[1] < 2:
        raise ValueError("`rewards` is a table (states, actions) with at least two actions")
    low, high = float(rewards.min()), float(rewards.max())
    if not (math.isfinite(low) and low >= 0 and high <= 1):
        raise ValueError("a reward is not a number in [0, 1]")


def _check_following(rewards: Any, following: Any) -> None:
    import torch

    if following.shape != rewards.shape:
        raise ValueError("`following` has another shape than `rewards`")
    own = torch.arange(len(rewards))[:, None]
    wrong = (following >= 0) & ((following <= own) | (following >= len(rewards)))
    if bool(wrong.any()) or bool((following < -1).any()):
        raise ValueError("an action leads to a state that is not a later one")
