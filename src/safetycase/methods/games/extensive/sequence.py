"""The sequence form of a game: strategies as realisation plans, payoffs as sparse matrices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from safetycase.methods.games.extensive.errors import GameError
from safetycase.methods.games.extensive.sparse import Sparse
from safetycase.methods.games.extensive.tree import Infoset, Tree

if TYPE_CHECKING:
    from safetycase.methods.games.extensive.sparse import Floats, Ints

__all__ = ["Behaviour", "Plans", "SequenceForm", "Step"]

Behaviour = tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Step:
    """The information sets with one number of own moves before them.

    `moves` are their sequences, set after set; in it, set i has `sizes[i]` from `offsets[i]` on.
    `above[i]` is the sequence that leads to set i.
    """

    moves: Ints
    offsets: Ints
    sizes: Ints
    above: Ints


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plans:
    """One player's sequences: number 0 is the empty one, every other ends in a move.

    `infoset[s]` and `move[s]` say which move of which information set sequence s ends in (−1 for
    the empty one), `parent[s]` is s without that move. `starts` are the first sequences of the
    information sets, whose moves stand side by side, and `above` the parent sequence of each.
    `steps` holds the information sets by how many own moves lead there, fewest first.
    A realisation plan gives every sequence its probability: x[0] = 1 and in every information set
    the moves add up to what leads there, `constraints` @ x = `right` (the E and e, or F and f, of
    von Stengel 1996).
    """

    infosets: tuple[Infoset, ...]
    infoset: Ints
    move: Ints
    parent: Ints
    starts: Ints
    above: Ints
    steps: tuple[Step, ...]

    def __len__(self) -> int:
        return len(self.parent)

    @classmethod
    def of(cls, infosets: Sequence[Infoset]) -> Plans:
        """The sequences of those information sets, parents first."""
        import numpy as np

        sizes = np.array([len(each.moves) for each in infosets], dtype=np.int32)
        above = np.array([each.parent for each in infosets], dtype=np.int32)
        starts = np.array([each.start for each in infosets], dtype=np.int32)
        places = np.repeat(np.arange(len(infosets), dtype=np.int32), sizes)
        infoset = np.concatenate((np.array([-1], np.int32), places))
        parent = np.concatenate((np.array([-1], np.int32), above[places]))
        move = np.arange(len(infoset), dtype=np.int32)
        move[1:] -= starts[places]
        move[0] = -1
        depth: list[int] = []
        for each in infosets:
            depth.append(0 if each.parent == 0 else depth[infoset[each.parent]] + 1)
        order = sorted(range(len(depth)), key=depth.__getitem__)
        levels = [list(level) for _, level in groupby(order, key=depth.__getitem__)]
        return cls(
            infosets=tuple(infosets),
            infoset=infoset,
            move=move,
            parent=parent,
            starts=starts,
            above=above,
            steps=tuple(
                _step(np.array(level), starts=starts, sizes=sizes, above=above) for level in levels
            ),
        )

    @property
    def names(self) -> tuple[tuple[str, str], ...]:
        """The information set and the move that every sequence ends in; empty for the empty one."""
        named = [(each.name, move) for each in self.infosets for move in each.moves]
        return (("", ""), *named)

    @property
    def constraints(self) -> Sparse:
        """(information sets + 1) × sequences: row 0 is the empty sequence, then one set a row."""
        import numpy as np

        count = len(self.infosets)
        sets = np.arange(1, count + 1)
        rows = np.concatenate((self.infoset + 1, sets))
        columns = np.concatenate((np.arange(len(self)), self.above))
        values = np.concatenate((np.ones(len(self)), -np.ones(count)))
        return Sparse.of(rows, columns, values, (count + 1, len(self)))

    @property
    def right(self) -> Floats:
        """The right-hand side of `constraints`: 1, then zeros."""
        import numpy as np

        right = np.zeros(len(self.infosets) + 1)
        right[0] = 1
        return right

    def uniform(self) -> Floats:
        """The plan that moves evenly everywhere."""
        return self.plan([(1 / len(each.moves),) * len(each.moves) for each in self.infosets])

    def plan(self, behaviour: Sequence[Sequence[float]]) -> Floats:
        """The realisation plan of a behaviour strategy: one law over moves per information set.

        `GameError` where a law has the wrong length, is negative or does not add up to 1 (1e-9).
        """
        import numpy as np

        if len(behaviour) != len(self.infosets):
            raise GameError(
                f"{len(behaviour)} laws for {len(self.infosets)} information sets: one for each"
            )
        for law, each in zip(behaviour, self.infosets, strict=True):
            good = len(law) == len(each.moves) and all(p >= 0 for p in law)
            if not good or not abs(sum(law) - 1) <= 1e-9:
                raise GameError(
                    f"the law at information set {each.name} is {tuple(law)}: "
                    f"{len(each.moves)} probabilities that add up to 1"
                )
        flat = np.array([1.0, *(p for law in behaviour for p in law)])
        return self.spread(flat)

    def spread(self, local: Floats) -> Floats:
        """The plan whose move s is made with probability `local[s]` where the player gets there."""
        plan = local.copy()
        plan[0] = 1.0
        for step in self.steps:
            plan[step.moves] = local[step.moves] * plan[self.parent[step.moves]]
        return plan

    def behaviour(self, plan: Floats) -> Behaviour:
        """The behaviour strategy of a realisation plan; even where the plan never gets."""
        laws = []
        for each in self.infosets:
            mass = [max(0.0, float(p)) for p in plan[each.start : each.start + len(each.moves)]]
            total = sum(mass)
            law = [p / total for p in mass] if total > 0 else [1 / len(mass)] * len(mass)
            laws.append(tuple(law))
        return tuple(laws)

    def by_name(self, plan: Floats) -> Mapping[str, Mapping[str, float]]:
        """The behaviour strategy with names: information set → move → probability.

        `GameError` where two information sets go by one name.
        """
        laws = self.behaviour(plan)
        named = {
            each.name: dict(zip(each.moves, law, strict=True))
            for each, law in zip(self.infosets, laws, strict=True)
        }
        if len(named) < len(self.infosets):
            raise GameError("two information sets of one player go by one name")
        return named


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SequenceForm:
    """A game by its sequences: m of the first player, n of the second.

    `payoff_first`, `payoff_second`, `wrong`, `judge`, `first_cost` and `second_cost` are m × n:
    entry (s, t) adds up, over the ends whose own sequences are s and t, chance's probability
    times the outcome. The expected outcome of plans x, y is x @ matrix @ y, `value(x, matrix, y)`.
    `constant_sum` is what the payoffs add up to at every end; None where that differs.
    `spread` is the larger of both players' distances from the least payoff to the largest.
    """

    first: Plans
    second: Plans
    payoff_first: Sparse
    payoff_second: Sparse
    wrong: Sparse
    judge: Sparse
    first_cost: Sparse
    second_cost: Sparse
    constant_sum: float | None
    spread: float

    @classmethod
    def of(cls, tree: Tree) -> SequenceForm:
        """The sequence form of a tree."""
        import numpy as np

        shape = (tree.sequence_count(0), tree.sequence_count(1))
        own, other = tree.sequences[0][tree.ends], tree.sequences[1][tree.ends]
        reach = tree.reach[tree.ends]

        def matrix(outcome: Floats) -> Sparse:
            return Sparse.of(own, other, reach * outcome, shape)

        return cls(
            first=Plans.of(tree.infosets[0]),
            second=Plans.of(tree.infosets[1]),
            payoff_first=matrix(tree.first),
            payoff_second=matrix(tree.second),
            wrong=matrix(tree.wrong),
            judge=matrix(tree.judge),
            first_cost=matrix(tree.first_cost),
            second_cost=matrix(tree.second_cost),
            constant_sum=tree.constant_sum,
            spread=float(max(np.ptp(tree.first), np.ptp(tree.second))),
        )

    @staticmethod
    def value(x: Floats, matrix: Sparse, y: Floats) -> float:
        """The expected outcome of two realisation plans."""
        return float(x @ (matrix @ y))

    @property
    def E(self) -> Sparse:  # noqa: N802 - the letters of the paper
        """Constraints of the first player's plans."""
        return self.first.constraints

    @property
    def e(self) -> Floats:
        """Their right-hand side."""
        return self.first.right

    @property
    def F(self) -> Sparse:  # noqa: N802 - the letters of the paper
        """Constraints of the second player's plans."""
        return self.second.constraints

    @property
    def f(self) -> Floats:
        """Their right-hand side."""
        return self.second.right


def _step(level: Ints, *, starts: Ints, sizes: Ints, above: Ints) -> Step:
    import numpy as np

    each = sizes[level]
    offsets = np.concatenate(([0], np.cumsum(each)[:-1]))
    moves = np.repeat(starts[level] - offsets, each) + np.arange(each.sum())
    return Step(
        moves=moves.astype(np.int32),
        offsets=offsets.astype(np.int32),
        sizes=each,
        above=above[level],
    )
