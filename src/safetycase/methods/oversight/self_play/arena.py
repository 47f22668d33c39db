"""A game as the arrays that training needs: many policies at once, in sequence form.

Shapes: B rows (policies trained side by side), I information sets of a player, M the most moves
at one of them, N sequences. Weights and policies are B × I × M, plans B × N, and gains B × N: what
each own sequence brings where the other player's plan is fixed. With these, values, gradients,
regrets and best responses are one pass over the levels of information sets (von Stengel 1996).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from safetycase.methods.games.extensive.sequence import SequenceForm
from safetycase.methods.games.extensive.tree import Infoset, Tree

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]

__all__ = ["Arena", "Level", "Side", "Worth"]

MOST_CELLS = 4_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Level:
    """The information sets with the same number of own moves before them, by parent sequence.

    `merged` are the different parents, and `cuts` where each one's sets begin in `sets`.
    """

    sets: Ints
    index: Ints
    parents: Ints
    merged: Ints
    cuts: Ints


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Worth:
    """What moves (B × I × M) and information sets (B × I) are worth, and the whole game (B).

    They are counterfactual: weighted with the reach of chance and the other player.
    """

    moves: Floats
    sets: Floats
    game: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Side:
    """One player: `index` names the sequence of each move, `valid` which moves there are."""

    sequences: int
    index: Ints
    valid: Flags
    parents: Ints
    levels: tuple[Level, ...]

    @classmethod
    def of(cls, infosets: tuple[Infoset, ...]) -> Side:
        """The arrays of a player's information sets."""
        import numpy as np

        count = infosets[-1].start + len(infosets[-1].moves) if infosets else 1
        widest = max((len(one.moves) for one in infosets), default=1)
        index = np.full((len(infosets), widest), count)
        depth_of = np.zeros(count, dtype=int)
        depths = np.zeros(len(infosets), dtype=int)
        parents = np.array([one.parent for one in infosets], dtype=int)
        for place, one in enumerate(infosets):
            mine = one.start + np.arange(len(one.moves))
            index[place, : len(mine)] = mine
            depths[place] = depth_of[one.parent]
            depth_of[mine] = depths[place] + 1
        levels = []
        for depth in range(int(depths.max(initial=-1)) + 1):
            sets = np.flatnonzero(depths == depth)
            sets = sets[np.argsort(parents[sets], kind="stable")]
            merged, cuts = np.unique(parents[sets], return_index=True)
            level = Level(
                sets=sets, index=index[sets], parents=parents[sets], merged=merged, cuts=cuts
            )
            levels.append(level)
        return cls(
            sequences=count,
            index=index,
            valid=index < count,
            parents=parents,
            levels=tuple(levels),
        )

    def policy(self, weights: Floats, never: Flags | None = None) -> Floats:
        """The softmax of the weights at each information set; moves of `never` get nothing."""
        import numpy as np

        allowed = self.valid if never is None else self.valid & ~never
        shown = np.where(allowed, weights, -np.inf)
        shown = np.exp(shown - shown.max(axis=-1, keepdims=True))
        return np.asarray(shown / shown.sum(axis=-1, keepdims=True))

    def plan(self, policy: Floats) -> Floats:
        """How likely the player's own moves make each sequence."""
        import numpy as np

        plan = np.zeros((len(policy), self.sequences + 1))
        plan[:, 0] = 1.0
        for level in self.levels:
            plan[:, level.index] = policy[:, level.sets] * plan[:, level.parents, None]
        return plan[:, :-1]

    def behaviour(self, plan: Floats) -> Floats:
        """The policy with that plan; even where the plan never comes."""
        import numpy as np

        padded = np.concatenate((plan, np.zeros((len(plan), 1))), axis=1)
        moves = padded[:, self.index]
        total = moves.sum(axis=-1, keepdims=True)
        even = self.valid / np.maximum(self.valid.sum(axis=-1, keepdims=True), 1)
        return np.asarray(np.where(total > 1e-300, moves / np.maximum(total, 1e-300), even))

    def worth(self, gain: Floats, policy: Floats) -> Worth:
        """What each move is worth if the policy is played from there on."""
        import numpy as np

        every = np.concatenate((gain, np.zeros((len(gain), 1))), axis=1)
        sets = np.zeros(policy.shape[:2])
        for level in reversed(self.levels):
            value = (policy[:, level.sets] * every[:, level.index]).sum(axis=-1)
            sets[:, level.sets] = value
            every[:, level.merged] += np.add.reduceat(value, level.cuts, axis=1)
        return Worth(moves=every[:, self.index], sets=sets, game=every[:, 0])

    def best(self, gain: Floats, never: Flags | None = None) -> tuple[Floats, Floats]:
        """The value of the best response (B), and a pure policy that has it, without `never`."""
        import numpy as np

        allowed = np.broadcast_to(self.valid, (len(gain), *self.valid.shape))
        if never is not None:
            allowed = allowed & ~never
        every = np.concatenate((gain, np.zeros((len(gain), 1))), axis=1)
        policy = np.zeros((len(gain), *self.index.shape))
        for level in reversed(self.levels):
            moves = np.where(allowed[:, level.sets], every[:, level.index], -np.inf)
            chosen = moves.argmax(axis=-1)
            value = np.take_along_axis(moves, chosen[..., None], axis=-1)[..., 0]
            policy[:, level.sets] = np.eye(self.index.shape[1])[chosen]
            every[:, level.merged] += np.add.reduceat(value, level.cuts, axis=1)
        return every[:, 0], policy


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Arena:
    """A game ready for training; payoffs are shares of `spread`, the larger payoff range.

    `payoffs` and `wrong` are N₁ × N₂, chance included; `reached[i]` (I × N of the other player)
    gives the reach of chance and the other player at each information set.
    """

    tree: Tree
    sides: tuple[Side, Side]
    payoffs: tuple[Floats, Floats]
    wrong: Floats
    reached: tuple[Floats, Floats]
    spread: float
    zero_sum: bool

    @classmethod
    def of(cls, tree: Tree) -> Arena:
        """The arrays of a tree; `ValueError` if it is too large, or nobody can gain anything."""
        import numpy as np

        sides = Side.of(tree.infosets[0]), Side.of(tree.infosets[1])
        cells = sides[0].sequences * sides[1].sequences
        if cells > MOST_CELLS:
            raise ValueError(
                f"the game has {sides[0].sequences} × {sides[1].sequences} sequences, more than "
                f"{MOST_CELLS:,} pairs; take a smaller size for training"
            )
        spread = float(max(np.ptp(tree.first), np.ptp(tree.second)))
        if spread <= 0:
            raise ValueError("every end of the game pays the same: there is nothing to learn")
        form = SequenceForm.of(tree)
        return cls(
            tree=tree,
            sides=sides,
            payoffs=(form.payoff_first.dense() / spread, form.payoff_second.dense() / spread),
            wrong=form.wrong.dense(),
            reached=(_reached(tree, 0, sides), _reached(tree, 1, sides)),
            spread=spread,
            zero_sum=tree.constant_sum is not None,
        )

    def gain(self, player: int, other: Floats) -> Floats:
        """What each sequence of the player brings against the other's plan, share of the range."""
        import numpy as np

        matrix = self.payoffs[player]
        return np.asarray(other @ (matrix.T if player == 0 else matrix))

    def plans(self, policies: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
        """Both plans."""
        return self.sides[0].plan(policies[0]), self.sides[1].plan(policies[1])

    def values(self, plans: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
        """What each player gets (B), as a share of the range."""
        first = (plans[0] * self.gain(0, plans[1])).sum(axis=1)
        second = (plans[1] * self.gain(1, plans[0])).sum(axis=1)
        return first, second

    def errors(self, plans: tuple[Floats, Floats]) -> Floats:
        """P(the verdict is wrong) (B)."""
        import numpy as np

        return np.asarray(((plans[0] @ self.wrong) * plans[1]).sum(axis=1))

    def gaps(self, plans: tuple[Floats, Floats]) -> Floats:
        """What each player's best response gains (2 × B), as a share of the range."""
        import numpy as np

        values = self.values(plans)
        best = [self.sides[i].best(self.gain(i, plans[1 - i]))[0] for i in (0, 1)]
        return np.maximum(np.array(best) - np.array(values), 0.0)


def _reached(tree: Tree, player: int, sides: tuple[Side, Side]) -> Floats:
    import numpy as np

    nodes = np.flatnonzero(tree.turn == player)
    shape = len(tree.infosets[player]), sides[1 - player].sequences
    place = tree.infoset[nodes].astype(int) * shape[1] + tree.sequences[1 - player, nodes]
    flat = np.bincount(place, tree.reach[nodes], minlength=shape[0] * shape[1])
    return np.asarray(flat.reshape(shape), dtype=float)
