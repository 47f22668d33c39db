"""Episodes of both players, and the gradient that they alone show (Williams 1992).

A move that no episode made shows nothing: its advantage is 0, and its gradient that of a policy
that lowers it with the rest. So a policy decides by what it samples what training can find.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from safetycase.methods.games.extensive.tree import CHANCE, END
from safetycase.methods.oversight.self_play.learners import Gradient

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from safetycase.methods.oversight.self_play.arena import Arena, Floats

    Ints = NDArray[np.signedinteger]

__all__ = ["Sampler"]


class Sampler:
    """Plays `batch` episodes per row; the baseline of an episode is the mean of the others."""

    def __init__(self, arena: Arena, batch: int, generator: np.random.Generator) -> None:
        import numpy as np

        self.arena, self.batch, self.generator = arena, batch, generator
        tree = arena.tree
        self.sizes = [len(side.index) for side in arena.sides]
        self.widest = max(1, int(np.bincount(tree.parent[1:]).max())) if len(tree) > 1 else 1
        self.child = np.full(len(tree), -1)
        parents, places = np.unique(tree.parent[1:], return_index=True)
        self.child[parents] = places + 1
        chance = np.flatnonzero(tree.turn == CHANCE)
        self.odds = np.zeros((len(chance), self.widest))
        row_of = np.full(len(tree), -1)
        row_of[chance] = np.arange(len(chance))
        made = np.flatnonzero(np.isin(tree.parent, chance))
        self.odds[row_of[tree.parent[made]], tree.move[made]] = tree.chance[made]
        offset = np.array([0, self.sizes[0], sum(self.sizes), 0])[tree.turn]
        self.rows = np.where(tree.turn == CHANCE, row_of, tree.infoset) + offset
        self.payoffs = np.zeros((2, len(tree)))
        self.payoffs[0, tree.ends] = tree.first / arena.spread
        self.payoffs[1, tree.ends] = tree.second / arena.spread

    def gradients(self, policies: tuple[Floats, Floats]) -> tuple[Gradient, Gradient]:
        """The estimate of each player's gradient from one batch of common episodes."""
        nodes, visits = self.episodes(policies)
        return self._player(0, nodes, visits, policies[0]), self._player(
            1, nodes, visits, policies[1]
        )

    def episodes(
        self, policies: tuple[Floats, Floats]
    ) -> tuple[Ints, list[tuple[Ints, Ints, Ints]]]:
        """The nodes where `batch` episodes per row end, and what was done on the way there.

        Each step of the way is whose turn it was, the row of `rows`, and the move (B × batch).
        """
        import numpy as np

        lines = len(policies[0])
        table = self._table(policies)
        nodes = np.zeros((lines, self.batch), dtype=int)
        line = np.arange(lines)[:, None]
        visits: list[tuple[Ints, Ints, Ints]] = []
        while True:
            turns = self.arena.tree.turn[nodes]
            if (turns == END).all():
                break
            rows = self.rows[nodes]
            level = table[line, rows]
            drawn = self.generator.random(nodes.shape)[..., None] * level[..., -1:]
            moves = (drawn >= level).sum(axis=-1)
            visits.append((turns, rows, moves))
            nodes = np.where(turns == END, nodes, self.child[nodes] + moves)
        return nodes, visits

    def _table(self, policies: tuple[Floats, Floats]) -> Floats:
        """Summed move probabilities: one row per information set and chance node."""
        import numpy as np

        lines = len(policies[0])
        table = np.zeros((lines, sum(self.sizes) + len(self.odds), self.widest))
        for policy, start in zip(policies, (0, self.sizes[0]), strict=True):
            table[:, start : start + policy.shape[1], : policy.shape[2]] = policy
        table[:, sum(self.sizes) :] = self.odds
        return table.cumsum(axis=-1)

    def _player(
        self,
        player: int,
        nodes: Ints,
        visits: list[tuple[Ints, Ints, Ints]],
        policy: Floats,
    ) -> Gradient:
        import numpy as np

        reward = self.payoffs[player][nodes]
        others = max(1, self.batch - 1)
        surplus = (reward - reward.mean(axis=1, keepdims=True)) * self.batch / others
        lines, sets, widest = policy.shape
        hits, drawn = np.zeros((2, lines * sets * widest))
        line = np.broadcast_to(np.arange(lines)[:, None], nodes.shape)
        start = 0 if player == 0 else self.sizes[0]
        for turns, rows, moves in visits:
            mine = turns == player
            place = (line[mine] * sets + rows[mine] - start) * widest + moves[mine]
            hits += np.bincount(place, surplus[mine], len(hits))
            drawn += np.bincount(place, minlength=len(hits))
        hits, drawn = hits.reshape(policy.shape), drawn.reshape(policy.shape)
        won, visited = hits.sum(axis=-1, keepdims=True), drawn.sum(axis=-1, keepdims=True)
        mean = hits / np.maximum(drawn, 1) - won / np.maximum(visited, 1)
        return Gradient(
            value=(hits - policy * won) / self.batch, advantage=np.where(drawn > 0, mean, 0.0)
        )
