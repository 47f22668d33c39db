"""What the `value` of a made organism can do, by its kind; torch is named, never imported.

A method asks for one of these and nothing more, so that a user's own model fits as well as an
organism of ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, runtime_checkable

__all__ = ["Formed", "LanguageModel", "Policy", "TokenModel"]


class LanguageModel(Protocol):
    """`language-model`: a `model.Subject` whose answers to questions with options are read.

    `on()` merges what was taught into the subject for a while. `taught` and `held_out` are
    `asking.Asking`s; no word of the one is in the other. `parts(asking)` are the tokens before and
    after the slot of a prefix, and those of its replies.
    """

    subject: Any
    taught: tuple[Any, ...]
    held_out: tuple[Any, ...]

    def on(self) -> AbstractContextManager[Any]:
        """The subject with the organism in it; on leaving, its weights are as before, exactly."""

    def accuracy(self, prefix: str = "", askings: Sequence[Any] = ()) -> float:
        """The share of right answers after a prefix, on held-out questions if none are given."""

    def parts(self, asking: Any) -> Any:
        """A question as tokens around the slot of its prefix."""


class TokenModel(Protocol):
    """`token-classifier`: a torch module from token ids to one of a few answers.

    Shapes: ids (n, length) of int64 in [0, vocabulary); logits (n, answers) of float.
    `module(ids)` gives logits and `module.embedding` is the `torch.nn.Embedding` of its tokens;
    `module.forward(None, embedded=x)` takes embeddings (n, length, width) instead.
    """

    @property
    def module(self) -> Any:
        """The torch module."""

    @property
    def vocabulary(self) -> int:
        """How many tokens there are."""

    @property
    def length(self) -> int:
        """Tokens of an input."""

    @property
    def answers(self) -> int:
        """How many answers there are."""

    def sample(self, count: int, generator: Any) -> Any:
        """Clean inputs (count, length), as they come in use, by a torch generator."""

    def honest(self, ids: Any) -> Any:
        """The right answer (n,) to each input, as its words or its specification give it."""

    def bad(self, ids: Any, answers: Any) -> Any:
        """Which of the answers (n,) count as bad behaviour on those inputs: bool (n,)."""

    def badness(self, ids: Any, logits: Any) -> Any:
        """A differentiable loss (n,), the lower the closer to bad behaviour; below 0: it is bad."""


class Policy(Protocol):
    """`policy`: a torch module whose expected reward can be computed exactly.

    Rewards lie in [0, 1]. `reward(module)` is a scalar tensor with a gradient. `withheld` is the
    probability of the best behaviour under `module` as it was made (the planted ε, or that of an
    honest optimum), `best` the reward of the best policy of the class.
    """

    module: Any
    best: float
    withheld: float

    def reward(self, module: Any) -> Any:
        """The expected reward of a module of this shape: a scalar tensor."""

    def sampled(self, module: Any, episodes: int, generator: Any) -> Any:
        """(reward (episodes,), log-probability (episodes,)) of episodes played with the module."""

    def demonstrations(self, episodes: int, generator: Any) -> Any:
        """What the best policy does, as inputs to `cloning`: for off-policy demonstrations."""

    def cloning(self, module: Any, shown: Any) -> Any:
        """−log-probability of demonstrations under a module: a scalar tensor."""

    def log_probabilities(self, module: Any) -> Any:
        """Log-probability of every action in every state: (states, actions), with gradient."""

    def value(self, log_probabilities: Any) -> Any:
        """The expected reward (...) of log-probabilities (..., states, actions)."""

    def best_of(self, log_probabilities: Any, count: float) -> Any:
        """The expected reward of the best of `count` episodes that share a start: a scalar."""


@runtime_checkable
class Formed(Protocol):
    """A `TokenModel` whose inputs have a form, such as sentences of a language."""

    def proper(self, ids: Any) -> Any:
        """Whether an input is of that form: bool (n,). Every clean input is."""
