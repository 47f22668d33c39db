"""Both sides of a zero-sum game by optimistic multiplicative weights, on the outputs at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

__all__ = ["Learners"]

STEP = 1.0  # of both sides; payoffs differ by at most 2, and averages are checked, not trusted


class Learners:
    """Alice on `table` (outputs, rows) of payoffs, and Bob on its rows (negated too if `signed`).

    Averages are over the steps since they were last begun anew: at the start, when outputs are
    added, and whenever twice as many steps lie behind, so that early play is forgotten.
    """

    def __init__(self, table: NDArray[np.float32], *, signed: bool) -> None:
        import numpy as np

        self._signed = signed
        self._table = np.ascontiguousarray(table, dtype=np.float32)
        rows = table.shape[1] * (2 if signed else 1)
        self._alice = np.zeros(len(table))
        self._bob = np.zeros(rows)
        self._losses, self._gains = np.zeros(len(table)), np.zeros(rows)
        self._begin()

    def _begin(self) -> None:
        import numpy as np

        self._steps, self._until = 0, 64
        self._policy = np.zeros(len(self._alice))
        self._weights = np.zeros(len(self._bob))

    def step(self) -> None:
        """One update of both sides."""
        import numpy as np

        policy = _law(self._alice - STEP * self._losses)
        weights = _law(self._bob + STEP * self._gains)
        self._losses = (self._table @ self._net(weights).astype(np.float32)).astype(np.float64)
        means = (policy.astype(np.float32) @ self._table).astype(np.float64)
        self._gains = np.concatenate([means, -means]) if self._signed else means
        self._alice -= STEP * self._losses
        self._bob += STEP * self._gains
        if self._steps == self._until:
            until = self._until * 2
            self._begin()
            self._until = until
        self._policy += policy
        self._weights += weights
        self._steps += 1

    def add(self, table: NDArray[np.float32]) -> None:
        """More outputs; each begins as the one that is played most."""
        import numpy as np

        self._table = np.concatenate([self._table, np.asarray(table, dtype=np.float32)])
        self._alice = np.concatenate([self._alice, np.full(len(table), self._alice.max())])
        self._losses = np.concatenate([self._losses, np.zeros(len(table))])
        self._begin()

    def policy(self) -> Numbers:
        """Alice's average law on the outputs at hand."""
        total: Numbers = self._policy / self._policy.sum()
        return total

    def rows(self) -> Numbers:
        """Bob's average weights of the rows, signed if the game is."""
        return self._net(self._weights / self._weights.sum())

    def low(self) -> float:
        """What Bob's average gets at least from the outputs at hand."""
        import numpy as np

        return float((self._table @ self.rows().astype(np.float32)).min())

    def _net(self, weights: Numbers) -> Numbers:
        if not self._signed:
            return weights
        half = len(weights) // 2
        net: Numbers = weights[:half] - weights[half:]
        return net


def _law(logits: Numbers) -> Numbers:
    import numpy as np

    found: Numbers = np.exp(logits - logits.max())
    found /= found.sum()
    return found
