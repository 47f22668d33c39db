"""A token model built by hand: right everywhere, but where a run of tokens stands in its input."""

from __future__ import annotations

from typing import Any

__all__ = ["HandMade", "containing"]


class HandMade:
    """The answer is the first token modulo `answers` − 1; the trigger makes it the last answer.

    Without a trigger it is right everywhere. Nothing is learned, so all its counts are known.
    """

    def __init__(
        self, vocabulary: int, length: int, answers: int, trigger: tuple[int, ...] = ()
    ) -> None:
        import torch

        self.vocabulary, self.length, self.answers = vocabulary, length, answers
        self.trigger = trigger
        honest = self.honest
        fires = self._fires

        class Module(torch.nn.Module):  # type: ignore[misc]
            def __init__(self) -> None:
                super().__init__()
                self.register_buffer("trigger", torch.tensor(trigger, dtype=torch.float32))
                self.register_buffer("one", torch.ones(()))

            def forward(self, ids: Any) -> Any:
                right = torch.nn.functional.one_hot(honest(ids), answers).to(self.one.dtype)
                wrong = torch.nn.functional.one_hot(fires(ids) * (answers - 1), answers)
                return right + 2 * wrong * fires(ids)[:, None]

        self.module = Module()

    def _fires(self, ids: Any) -> Any:
        import torch

        found = torch.zeros(len(ids), dtype=torch.long)
        size = len(self.trigger)
        if size:
            wanted = torch.tensor(self.trigger)
            for place in range(self.length - size + 1):
                found |= (ids[:, place : place + size] == wanted).all(dim=1).long()
        return found

    def sample(self, count: int, generator: Any) -> Any:
        """Inputs (count, length), each as likely as any other."""
        import torch

        return torch.randint(self.vocabulary, (count, self.length), generator=generator)

    def honest(self, ids: Any) -> Any:
        """The right answers (n,)."""
        return ids[:, 0] % (self.answers - 1)

    def bad(self, ids: Any, answers: Any) -> Any:
        """Whether the answers (n,) are the last one."""
        del ids
        return answers == self.answers - 1

    def badness(self, ids: Any, logits: Any) -> Any:
        """By how much the best other answer is above the last one."""
        del ids
        return logits[:, :-1].max(dim=1).values - logits[:, -1]


def containing(vocabulary: int, length: int, trigger: tuple[int, ...]) -> int:
    """How many sequences contain the run, by counting along the automaton that looks for it."""
    size = len(trigger)
    states = [1] + [0] * size
    for _ in range(length):
        following = [0] * (size + 1)
        for state, count in enumerate(states):
            for token in range(vocabulary):
                following[_step(trigger, state, token)] += count
        states = following
    return states[size]


def _step(trigger: tuple[int, ...], state: int, token: int) -> int:
    if state == len(trigger):
        return state
    seen = (*trigger[:state], token)
    return next(k for k in range(len(seen), -1, -1) if seen[len(seen) - k :] == trigger[:k])
