"""A sparse matrix in compressed rows, on NumPy alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]

__all__ = ["Sparse", "summed"]


def summed(places: Any, values: Floats, count: int) -> Floats:
    """For each of `count` places, the sum of the values that go there."""
    import numpy as np

    return np.bincount(places, values, count).astype(np.float64, copy=False)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sparse:
    """A matrix of `shape` whose row i holds `data[indptr[i]:indptr[i + 1]]` in columns `indices`.

    The three arrays are those of SciPy's `csr_matrix((data, indices, indptr), shape)`. Entries
    that were given more than once are added up; a sum of zero is kept as an entry.
    """

    shape: tuple[int, int]
    indptr: Ints
    indices: Ints
    data: Floats
    rows: Ints

    @classmethod
    def of(
        cls, rows: ArrayLike, columns: ArrayLike, values: ArrayLike, shape: tuple[int, int]
    ) -> Sparse:
        """The matrix with those entries; entries of one place are added up."""
        import numpy as np

        row, column = np.asarray(rows, dtype=np.int64), np.asarray(columns, dtype=np.int64)
        keys, place = np.unique(row * shape[1] + column, return_inverse=True)
        data = summed(place, np.asarray(values, dtype=np.float64), len(keys))
        return cls._sorted(keys // shape[1], keys % shape[1], data, shape)

    @classmethod
    def _sorted(
        cls, row: NDArray[np.int64], column: NDArray[np.int64], data: Floats, shape: tuple[int, int]
    ) -> Sparse:
        import numpy as np

        counts = np.bincount(row, minlength=shape[0])
        return cls(
            shape=shape,
            indptr=np.concatenate(([0], np.cumsum(counts))).astype(np.int32),
            indices=column.astype(np.int32),
            data=data,
            rows=row.astype(np.int32),
        )

    def __matmul__(self, vector: Floats) -> Floats:
        """The matrix times a column vector."""
        return summed(self.rows, self.data * vector[self.indices], self.shape[0])

    def left(self, vector: Floats) -> Floats:
        """A row vector times the matrix."""
        return summed(self.indices, self.data * vector[self.rows], self.shape[1])

    @property
    def transposed(self) -> Sparse:
        """Rows and columns exchanged."""
        return Sparse.of(self.indices, self.rows, self.data, (self.shape[1], self.shape[0]))

    def scaled(self, factor: float) -> Sparse:
        """Every entry times `factor`."""
        return Sparse(
            shape=self.shape,
            indptr=self.indptr,
            indices=self.indices,
            data=self.data * factor,
            rows=self.rows,
        )

    @property
    def largest(self) -> float:
        """The largest entry without its sign; 1 where all are 0."""
        return float(abs(self.data).max(initial=0)) or 1.0

    def dense(self) -> Floats:
        """The matrix as an array."""
        import numpy as np

        full = np.zeros(self.shape)
        full[self.rows, self.indices] = self.data
        return full
