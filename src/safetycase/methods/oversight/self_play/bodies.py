"""What weights make a policy: a table of them, or a network that its information sets share.

A network sees an information set and a move as the words of what the player sees, each with its
place, and the word of the move. One hidden layer of hyperbolic tangents gives the move's logit:
v · tanh(Wᵀ x + b). So what is learned in one place is believed in others, and nothing can be hidden
in one weight; and its weights have no basis that is known beforehand.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from safetycase.methods.games.extensive.tree import Infoset
from safetycase.methods.oversight.self_play.arena import Side

if TYPE_CHECKING:
    import numpy as np

    from safetycase.methods.oversight.self_play.arena import Flags, Floats, Ints

__all__ = ["Body", "Network", "Table", "words"]

FLOOR = 1e-300
FIT_STEPS, FIT_RATE = 300, 0.05


class Body(Protocol):
    """How B × `shape` weights give B × I × M logits.

    `exact_policies` says that every policy has weights. `like` gives those that play as `policy`,
    or as nearly so as fitting from `start` comes. `direction` has length 1; a third of them lie in
    all weights, in one group and in one weight: by `number`. `length` is that of the weights, at
    least 1 for each.
    """

    @property
    def side(self) -> Side:
        """The player."""

    @property
    def exact_policies(self) -> bool:
        """Whether every policy has weights."""

    def logits(self, weights: Floats) -> Floats:
        """B × I × M."""

    def pull(self, weights: Floats, slope: Floats) -> Floats:
        """The gradient by weights, from that by logits."""

    def fresh(self, rows: int, generator: np.random.Generator, spread: float) -> Floats:
        """Weights to start from."""

    def like(self, policy: Floats, start: Floats) -> Floats:
        """Weights that play as the policy, nearly."""

    def length(self, weights: Floats) -> Floats:
        """The length of the weights (B)."""

    def direction(self, rows: int, number: int, generator: np.random.Generator) -> Floats:
        """One random direction for each row."""


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """One weight for each move of each information set (B × I × M)."""

    side: Side
    exact_policies: bool = True

    def logits(self, weights: Floats) -> Floats:
        """The weights themselves."""
        return weights

    def pull(self, weights: Floats, slope: Floats) -> Floats:
        """The slope itself."""
        del weights
        return slope

    def fresh(self, rows: int, generator: np.random.Generator, spread: float) -> Floats:
        """Normal weights."""
        return generator.normal(0.0, spread, (rows, *self.side.index.shape))

    def like(self, policy: Floats, start: Floats) -> Floats:
        """The logarithms of the policy."""
        import numpy as np

        del start
        return np.asarray(np.log(np.maximum(policy, FLOOR)))

    def length(self, weights: Floats) -> Floats:
        """That of the weights centred at each set, because a common part of them plays no role."""
        import numpy as np

        valid = self.side.valid
        count = np.maximum(valid.sum(axis=-1, keepdims=True), 1)
        shown = np.where(valid, weights, 0.0)
        centred = np.where(valid, shown - shown.sum(axis=-1, keepdims=True) / count, 0.0)
        square = (centred**2).sum(axis=(1, 2))
        return np.asarray(np.sqrt(np.maximum(float(valid.sum()), square)))

    def direction(self, rows: int, number: int, generator: np.random.Generator) -> Floats:
        """In all weights, in those of one information set, or in one weight."""
        import numpy as np

        valid = self.side.valid
        groups = np.broadcast_to(np.arange(len(valid))[:, None], valid.shape)
        flat = _direction(groups.ravel(), valid.ravel(), rows, number, generator)
        return flat.reshape(rows, *valid.shape)


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """One hidden layer over words (B × P); `inputs` is I·M × D, of zeros and ones.

    The weights are those from the D words and a constant to the H hidden units, then those from
    the units to the logit.
    """

    side: Side
    inputs: Floats
    hidden: int
    exact_policies: bool = False

    @classmethod
    def of(cls, side: Side, infosets: Sequence[Infoset], hidden: int) -> Network:
        """The network of a player."""
        import numpy as np

        known: dict[Any, int] = {}
        rows: list[list[int]] = [[] for _ in range(side.index.size)]
        widest = side.index.shape[1]
        for place, one in enumerate(infosets):
            for move, name in enumerate(one.moves):
                cell = (*words(one.sees), ("move", name))
                rows[place * widest + move] = [known.setdefault(w, len(known)) for w in cell]
        inputs = np.zeros((len(rows), len(known) + 1))
        inputs[:, -1] = 1.0
        for number, found in enumerate(rows):
            inputs[number, found] = 1.0
        return cls(side, inputs, hidden)

    @property
    def size(self) -> int:
        """How many weights there are."""
        return int(self.inputs.shape[1] + 1) * self.hidden

    def _parts(self, weights: Floats) -> tuple[Floats, Floats]:
        split = self.inputs.shape[1] * self.hidden
        return weights[:, :split].reshape(len(weights), -1, self.hidden), weights[:, split:]

    def logits(self, weights: Floats) -> Floats:
        """One pass forward."""
        import numpy as np

        layer, out = self._parts(weights)
        units = np.tanh(self.inputs @ layer)
        return np.asarray((units @ out[..., None]).reshape(len(weights), *self.side.index.shape))

    def pull(self, weights: Floats, slope: Floats) -> Floats:
        """One pass backward."""
        import numpy as np

        layer, out = self._parts(weights)
        units = np.tanh(self.inputs @ layer)
        slopes = slope.reshape(len(weights), -1, 1)
        inner = slopes * out[:, None, :] * (1 - units**2)
        return np.concatenate(
            (
                (self.inputs.T @ inner).reshape(len(weights), -1),
                (units * slopes).sum(axis=1),
            ),
            axis=1,
        )

    def fresh(self, rows: int, generator: np.random.Generator, spread: float) -> Floats:
        """Normal weights, the outer ones smaller with the root of how many they are."""
        weights = generator.normal(0.0, spread, (rows, self.size))
        weights[:, -self.hidden :] /= self.hidden**0.5
        return weights

    def like(self, policy: Floats, start: Floats) -> Floats:
        """Fitted by Adam to the least cross-entropy at every information set."""
        import numpy as np

        weights, mean, square = start.copy(), np.zeros_like(start), np.zeros_like(start)
        for step in range(1, FIT_STEPS + 1):
            slope = policy - self.side.policy(self.logits(weights))
            gradient = self.pull(weights, np.where(self.side.valid, slope, 0.0))
            mean = 0.9 * mean + 0.1 * gradient
            square = 0.999 * square + 0.001 * gradient**2
            size = np.sqrt(square / (1 - 0.999**step)) + 1e-8
            weights = weights + FIT_RATE * mean / (1 - 0.9**step) / size
        return weights

    def length(self, weights: Floats) -> Floats:
        """That of the weights, at least 1 for each."""
        import numpy as np

        return np.asarray(np.sqrt(np.maximum(float(self.size), (weights**2).sum(axis=1))))

    def direction(self, rows: int, number: int, generator: np.random.Generator) -> Floats:
        """In all weights, in those of one hidden unit, or in one weight."""
        import numpy as np

        units = np.tile(np.arange(self.hidden), self.inputs.shape[1] + 1)
        return _direction(units, np.ones(self.size, bool), rows, number, generator)


def words(sees: Any) -> Iterator[tuple[tuple[int, ...], str]]:
    """What a player sees, part by part, each with its place."""
    if isinstance(sees, tuple):
        for place, part in enumerate(sees):
            for at, word in words(part):
                yield (place, *at), word
    else:
        yield (), repr(sees)


def _direction(
    groups: Ints, used: Flags, rows: int, number: int, generator: np.random.Generator
) -> Floats:
    """B × P, of length 1: over all that is used, over the group of one weight, or over it alone."""
    import numpy as np

    noise = generator.normal(size=(rows, len(used))) * used
    if number % 3:
        one = np.flatnonzero(used)[generator.integers(int(used.sum()), size=rows)]
        if number % 3 == 1:
            noise = np.where(groups == groups[one][:, None], noise, 0.0)
        else:
            noise = np.where(np.arange(len(used)) == one[:, None], noise, 0.0)
    return np.asarray(noise / np.sqrt((noise**2).sum(axis=1, keepdims=True)))
