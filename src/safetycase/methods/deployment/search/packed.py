"""Tests of many outputs as bits: a million outputs by a thousand tests are 128 MB.

Sixteen tests stand in a word. A weighted sum over tests of all outputs then takes one look-up per
word, in a table of the sums of all 2¹⁶ words.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    Bits = NDArray[np.bool_]
    Numbers = NDArray[np.float64]
    Words = NDArray[np.uint16]

__all__ = ["WORD", "Packed", "pack", "pack_blocks", "plain_scores", "scores"]

WORD = 16
BLOCK = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Packed:
    """`rows` tests of `outputs` outputs; `words` is (⌈rows/16⌉, outputs), unused bits are 0."""

    words: Words
    rows: int

    @property
    def outputs(self) -> int:
        """How many outputs there are."""
        return int(self.words.shape[1])

    def columns(self, outputs: ArrayLike) -> Bits:
        """The tests of these outputs, (len(outputs), rows)."""
        import numpy as np

        chosen = np.ascontiguousarray(self.words[:, np.asarray(outputs, dtype=np.int64)].T)
        bits = np.unpackbits(chosen.view(np.uint8), axis=1, bitorder="little")
        return bits[:, : self.rows].astype(np.bool_)

    def means(self, law: ArrayLike | None = None) -> Numbers:
        """The mean of each test under a law on the outputs, or over all of them."""
        import numpy as np

        total = np.zeros(self.rows)
        weights = None if law is None else np.asarray(law, dtype=np.float64)
        for start in range(0, self.outputs, BLOCK):
            block = self.columns(np.arange(start, min(start + BLOCK, self.outputs)))
            if weights is None:
                total += np.count_nonzero(block, axis=0)
            else:
                total += weights[start : start + BLOCK] @ block
        return total if weights is not None else total / self.outputs


def pack(tests: ArrayLike) -> Packed:
    """Bits of a table of 0s and 1s, (tests, outputs)."""
    import numpy as np

    table = np.atleast_2d(np.asarray(tests))
    if table.size == 0 or not np.isin(table, (0, 1)).all():
        raise ValueError("a test gives every output 0 or 1, and there is one at least")
    bits = table.astype(np.bool_)
    return pack_blocks(bits.shape[1], bits.shape[0], lambda start, stop: bits[:, start:stop].T)


def pack_blocks(outputs: int, rows: int, block: Callable[[int, int], Bits]) -> Packed:
    """Bits from `block(start, stop)`, (stop − start, rows), so that no whole table is held."""
    import numpy as np

    words = np.zeros((-(-rows // WORD), outputs), dtype=np.uint16)
    for start in range(0, outputs, BLOCK):
        stop = min(start + BLOCK, outputs)
        padded = np.zeros((stop - start, len(words) * WORD), dtype=np.bool_)
        padded[:, :rows] = block(start, stop)
        packed = np.packbits(padded, axis=1, bitorder="little").view(np.uint16)
        words[:, start:stop] = packed.T
    return Packed(words=words, rows=rows)


def scores(packed: Packed, weights: ArrayLike) -> Numbers:
    """Σ_f weight(f)·f(y) of every output y, by look-up."""
    import numpy as np

    padded = np.zeros(len(packed.words) * WORD)
    padded[: packed.rows] = np.asarray(weights, dtype=np.float64)
    total = np.zeros(packed.outputs)
    found = np.empty(packed.outputs)
    for word, part in zip(packed.words, padded.reshape(-1, WORD), strict=True):
        if not part.any():
            continue
        table = np.zeros(1)
        for weight in part:
            table = np.concatenate([table, table + weight])
        np.take(table, word, out=found)
        total += found
    return total


def plain_scores(packed: Packed, weights: ArrayLike) -> Numbers:
    """The same sums written out, output by output: what a certificate is checked by."""
    import numpy as np

    given = np.asarray(weights, dtype=np.float64)
    total = np.empty(packed.outputs)
    for start in range(0, packed.outputs, BLOCK):
        stop = min(start + BLOCK, packed.outputs)
        block = packed.columns(np.arange(start, stop))
        total[start:stop] = block.astype(np.float64) @ given
    return total
