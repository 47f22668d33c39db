"""Linear programs over sparse blocks, solved by HiGHS (Huangfu & Hall 2018)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from safetycase.confidence.solver import quiet
from safetycase.methods.games.extensive.errors import GameError
from safetycase.methods.games.extensive.sparse import Sparse

if TYPE_CHECKING:
    from safetycase.methods.games.extensive.sparse import Floats

__all__ = ["Block", "Optimum", "Solver", "stacked", "within"]

Solver = Literal["choose", "simplex", "ipm", "ipm without crossover"]
Block = tuple[int, int, Sparse]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Optimum:
    """The optimum of a linear program: its value, the variables, and a price for every row.

    A row's price is what the optimum would gain per unit of its right-hand side.
    """

    value: float
    variables: Floats
    prices: Floats


def stacked(blocks: Sequence[Block], shape: tuple[int, int]) -> Sparse:
    """One matrix with every block (row, column, matrix) put with its corner there."""
    import numpy as np

    rows = np.concatenate([block.rows + np.int64(row) for row, _, block in blocks])
    columns = np.concatenate([block.indices + np.int64(column) for _, column, block in blocks])
    values = np.concatenate([block.data for _, _, block in blocks])
    return Sparse.of(rows, columns, values, shape)


def within(
    *,
    gain: Floats,
    variables: tuple[Floats, Floats],
    matrix: Sparse,
    rows: tuple[Floats, Floats],
    solver: Solver = "choose",
) -> Optimum | None:
    """The maximum of gain · z over z and matrix @ z within their lower and upper ends.

    None where nothing is within them; `GameError` where HiGHS finds no optimum for another reason.
    """
    import highspy
    import numpy as np

    highs = quiet()
    _set(highs, solver)
    highs.passModel(
        matrix.shape[1],
        matrix.shape[0],
        len(matrix.data),
        int(highspy.MatrixFormat.kRowwise),
        int(highspy.ObjSense.kMaximize),
        0.0,
        gain,
        *variables,
        *rows,
        matrix.indptr,
        matrix.indices,
        matrix.data,
        np.zeros(matrix.shape[1], dtype=np.int32),
    )
    highs.run()
    status = highs.getModelStatus()
    if status == highspy.HighsModelStatus.kInfeasible:
        return None
    if status != highspy.HighsModelStatus.kOptimal:
        raise GameError(
            f"HiGHS ends with {highs.modelStatusToString(status)!r} on a program of "
            f"{matrix.shape[0]} rows and {matrix.shape[1]} columns"
        )
    found = highs.getSolution()
    return Optimum(
        value=float(highs.getInfo().objective_function_value),
        variables=np.array(found.col_value),
        prices=np.array(found.row_dual),
    )


def _set(highs: Any, solver: Solver) -> None:
    highs.setOptionValue("primal_feasibility_tolerance", 1e-9)
    highs.setOptionValue("dual_feasibility_tolerance", 1e-9)
    if solver == "ipm without crossover":
        highs.setOptionValue("run_crossover", "off")
        highs.setOptionValue("ipm_optimality_tolerance", 1e-9)
    name = "ipm" if solver.startswith("ipm") else solver
    highs.setOptionValue("solver", name)
