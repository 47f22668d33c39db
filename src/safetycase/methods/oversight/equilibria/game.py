"""A game by its sequences, with payoffs brought to a range of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from safetycase.methods.games.extensive.errors import GameError
from safetycase.methods.games.extensive.sequence import Plans, SequenceForm
from safetycase.methods.games.extensive.tree import Infoset, Tree, flatten
from safetycase.plugin.protocols import Rules

if TYPE_CHECKING:
    from safetycase.methods.games.extensive.sparse import Sparse

__all__ = ["Game"]

SUMS = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Game:
    """Two players' plans, their payoffs and the error, as m × n SciPy CSR matrices of doubles.

    Payoffs are shifted at every end by the middle of the player's range and divided by `spread`,
    the larger of the two ranges: so a gain is a share of the payoff range, and no payoff is above
    1/2 in size. `middles` is what was taken off, of both. `zero_sum` says that the
    shifted payoffs add up to zero at every end (to 1e-10 of the range); `payoff_second` is then
    exactly −`payoff_first`. The expected error of plans x, y is x @ wrong @ y.
    """

    first: Plans
    second: Plans
    payoff_first: Any
    payoff_second: Any
    wrong: Any
    zero_sum: bool
    spread: float
    middles: tuple[float, float]

    @property
    def shape(self) -> tuple[int, int]:
        """The numbers of sequences."""
        return len(self.first), len(self.second)

    @property
    def turned(self) -> Game:
        """The same game with the players exchanged."""
        return Game(
            first=self.second,
            second=self.first,
            payoff_first=self.payoff_second.T.tocsr(),
            payoff_second=self.payoff_first.T.tocsr(),
            wrong=self.wrong.T.tocsr(),
            zero_sum=self.zero_sum,
            spread=self.spread,
            middles=(self.middles[1], self.middles[0]),
        )

    @classmethod
    def of_rules(cls, rules: Rules, limit: int = 200_000) -> Game:
        """The game of those rules; `GameError` where they are no game with perfect recall."""
        return cls.of_tree(flatten(rules, limit))

    @classmethod
    def of_tree(cls, tree: Tree) -> Game:
        """The game of a tree."""
        import dataclasses

        low = float(tree.first.min()), float(tree.second.min())
        high = float(tree.first.max()), float(tree.second.max())
        spread = max(high[0] - low[0], high[1] - low[1]) or 1.0
        middles = (low[0] + high[0]) / 2, (low[1] + high[1]) / 2
        first, second = (tree.first - middles[0]) / spread, (tree.second - middles[1]) / spread
        zero_sum = bool(abs(first + second).max() <= SUMS)
        moved = dataclasses.replace(tree, first=first, second=-first if zero_sum else second)
        form = SequenceForm.of(moved)
        payoff = _csr(form.payoff_first)
        return cls(
            first=form.first,
            second=form.second,
            payoff_first=payoff,
            payoff_second=-payoff if zero_sum else _csr(form.payoff_second),
            wrong=_csr(form.wrong),
            zero_sum=zero_sum,
            spread=spread,
            middles=middles,
        )

    @classmethod
    def of_matrices(
        cls,
        first: Sequence[Sequence[float]],
        wrong: Sequence[Sequence[float]],
        second: Sequence[Sequence[float]] | None = None,
    ) -> Game:
        """The game in which both move once and at once; zero-sum unless `second` is given.

        `GameError` where the matrices differ in shape or hold anything but numbers.
        """
        import numpy as np

        payoff, error = np.array(first, dtype=float), np.array(wrong, dtype=float)
        other = -payoff if second is None else np.array(second, dtype=float)
        if payoff.ndim != 2 or not payoff.size or not payoff.shape == error.shape == other.shape:
            raise GameError("the payoffs and the error are matrices of one shape, at least 1 × 1")
        if not np.isfinite(payoff).all() or not np.isfinite(other).all():
            raise GameError("a payoff is not a finite number")
        if not ((error >= 0) & (error <= 1)).all():
            raise GameError("an entry of `wrong` is no probability")
        ranges = [float(np.ptp(each)) for each in (payoff, other)]
        spread = max(ranges) or 1.0
        middles = float(payoff.max() + payoff.min()) / 2, float(other.max() + other.min()) / 2
        own, reply = (payoff - middles[0]) / spread, (other - middles[1]) / spread
        zero_sum = bool(abs(own + reply).max() <= SUMS)
        return cls(
            first=_once("row", payoff.shape[0]),
            second=_once("column", payoff.shape[1]),
            payoff_first=_padded(own),
            payoff_second=_padded(-own if zero_sum else reply),
            wrong=_padded(error),
            zero_sum=zero_sum,
            spread=spread,
            middles=middles,
        )


def _once(name: str, moves: int) -> Plans:
    names = tuple(str(number) for number in range(moves))
    return Plans.of((Infoset(sees=name, moves=names, parent=0, start=1),))


def _padded(matrix: Any) -> Any:
    import numpy as np
    from scipy.sparse import csr_matrix

    return csr_matrix(np.pad(matrix, ((1, 0), (1, 0))))


def _csr(matrix: Sparse) -> Any:
    from scipy.sparse import csr_matrix

    made = csr_matrix((matrix.data, matrix.indices, matrix.indptr), shape=matrix.shape)
    made.eliminate_zeros()
    return made
