"""Whether an input lies beyond the reach of a sample of reference: the one word on drift.

The distance of an input is that to its k-th nearest neighbour among one half of the reference
rows, each feature in units of its spread there. The other half says how far is too far: beyond
the j-th smallest distance among its m rows lies a share of the reference distribution that is
distributed as Beta(m − j + 1, j), whatever the distribution. The least j is taken for which that
share exceeds `share` with probability at most `doubt` (Wilks 1941, Ann. Math. Stat. 12:91).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from safetycase.stats.inputs import open_probability
from safetycase.stats.special import incomplete_beta

__all__ = ["Reach"]

_NEIGHBOURS = 3
_MOST_ROWS = 2_000  # of the half that is measured against; time of one input is in proportion


class Reach:
    """The reach of `rows` (n × d finite numbers): `beyond` it lies at most `share` of their like.

    That holds with probability at least 1 − `doubt` over the reference, if its rows are drawn
    independently from one distribution; inputs from that distribution are beyond with one fixed
    probability, at most `share`. `ValueError` where there are too few rows to say so, or rows are
    of different widths or not finite. Takes numpy; memory and time are those of 2,000 rows.
    """

    def __init__(self, rows: Sequence[Sequence[float]], *, share: float, doubt: float) -> None:
        open_probability(share, "share")
        open_probability(doubt, "doubt")
        import numpy as np

        widths = {len(row) for row in rows}
        if len(widths) != 1 or not min(widths):
            raise ValueError("the rows of the reference are not all of one width of at least 1")
        known = np.asarray(rows, dtype=float)
        if not np.isfinite(known).all():
            raise ValueError("the reference holds numbers that are not finite")
        near, held = known[::2], known[1::2]
        place = _place(len(held), share, doubt)
        if len(near) > _MOST_ROWS:
            near = near[:: math.ceil(len(near) / _MOST_ROWS)]
        spread = near.std(axis=0)
        self._scale = np.where(spread > 0, spread, 1.0)
        self._near = near / self._scale
        self.width = int(known.shape[1])
        self.cut = sorted(self.distance(row) for row in held)[place - 1]

    def distance(self, features: Sequence[float]) -> float:
        """The distance to the k-th nearest row, in units of the spread of each feature."""
        import numpy as np

        gaps = self._near - np.asarray(features, dtype=float) / self._scale
        squares = np.einsum("ij,ij->i", gaps, gaps)
        k = min(_NEIGHBOURS, len(squares)) - 1
        return math.sqrt(float(np.partition(squares, k)[k]))

    def beyond(self, features: Sequence[float]) -> bool:
        """Whether the input lies farther than the reference reaches."""
        return self.distance(features) > self.cut


def _place(held: int, share: float, doubt: float) -> int:
    """The least j with P(Beta(m − j + 1, j) > share) ≤ doubt, m = `held`."""
    if not held or (1 - share) ** held > doubt:
        least = 2 * math.ceil(math.log(doubt) / math.log1p(-share))
        raise ValueError(
            f"a reference of {2 * held} rows cannot show a share of at most {share:g}; "
            f"it takes {least} rows"
        )
    low, high = 0, held  # the chance falls in j, and is at most `doubt` at the last
    while high - low > 1:
        j = (low + high) // 2
        enough = 1 - incomplete_beta(share, held - j + 1, j) <= doubt
        low, high = (low, j) if enough else (j, high)
    return high
