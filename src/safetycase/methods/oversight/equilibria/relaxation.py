"""The linear relaxation of a bilinear program by products of its rows, and its multipliers.

Every product ξᵢψⱼ becomes one variable (Sherali & Adams 1990; McCormick 1976 for the box). The
level `products` multiplies every row of one player with the plan and the box of the other, and
keeps v ⊗ y and x ⊗ u. `pairs` keeps only those pairs of sequences that the constraints of plans
tie to the error (the relevant pairs of von Stengel & Forges 2008) and is as large as the game.
`slackness` keeps those tied to payoffs too, and of v ⊗ y and x ⊗ u what it takes to multiply what
a move loses with the probability of making it: these products add up to NashConv.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from safetycase.methods.oversight.equilibria.certificate import (
    Box,
    Certificate,
    proven,
    rows_of,
)
from safetycase.methods.oversight.equilibria.profile import moves_of

if TYPE_CHECKING:
    from safetycase.methods.games.extensive.sequence import Plans
    from safetycase.methods.oversight.equilibria.program import Program

__all__ = ["Level", "Relaxation", "Relaxed", "kept_pairs", "least_entries"]

Level = Literal["products", "slackness", "pairs"]


@dataclass(frozen=True, slots=True, eq=False)
class Relaxed:
    """A proven bound over one box, and the relaxation's point: ξ, ψ and the products of plans.

    `points` is None where the bound is no higher than the floor that was asked for.
    """

    bound: float
    points: tuple[Any, Any, Any] | None
    certificate: Certificate


def kept_pairs(program: Program, plans: tuple[Plans, Plans], level: Level) -> Any:
    """Which products ξᵢψⱼ are variables, as a boolean matrix."""
    import numpy as np

    kept = np.zeros(program.width, dtype=bool)
    kept[:, 0] = kept[0, :] = True
    if level == "products":
        kept[: program.m, :] = kept[:, : program.n] = True
        return kept
    sets = [each.infoset for each in plans]
    waiting = {
        (int(sets[0][i]), int(sets[1][j]))
        for matrix in _used(program, level)
        for i, j in zip(*matrix.nonzero(), strict=True)
    }
    seen = set(waiting)
    while waiting:
        own, other = waiting.pop()
        more = set()
        if own >= 0:
            more.add((int(sets[0][plans[0].infosets[own].parent]), other))
        if other >= 0:
            more.add((own, int(sets[1][plans[1].infosets[other].parent])))
        waiting |= more - seen
        seen |= more
    moves = [_moves(each) for each in plans]
    for own, other in seen:
        kept[np.ix_(moves[0][own], moves[1][other])] = True
    if level == "slackness":
        for number, path in _paths(plans[1]):
            each = number if program.repeats is None else number % (program.repeats + 1)
            if each != program.repeats:
                kept[program.m + 1 + each, path] = True
        if program.second_rows.shape[0]:
            for each, path in _paths(plans[0]):
                kept[path, program.n + 1 + each] = True
    return kept


def least_entries(program: Program, level: Level) -> int:
    """A cheap lower bound on `Relaxation.size`, to leave out what is far too large."""
    if level != "products":
        return len(program.first_rows.data) + len(program.second_rows.data)
    return int(program.first_rows.nnz * program.n + program.second_rows.nnz * program.m)


def _used(program: Program, level: Level) -> list[Any]:
    """Matrices over pairs of sequences whose entries have to be variables."""
    used = [program.objective, *program.couplings]
    if level == "slackness":
        # Row j of S holds the follower's payoffs against j; it is to be multiplied with y_j.
        used += [program.first_rows[: program.n, : program.m].T, program.second_rows[: program.m]]
    return [matrix[: program.m, : program.n] for matrix in used]


def _paths(plans: Plans) -> Iterator[tuple[int, list[int]]]:
    """For every information set all moves of it and of those on the way to it."""
    for number, each in enumerate(plans.infosets):
        path = [0, *moves_of(each)]
        while each.parent:
            each = plans.infosets[int(plans.infoset[each.parent])]
            path += moves_of(each)
        yield number, path


def _moves(plans: Plans) -> dict[int, Sequence[int]]:
    return {-1: (0,), **{k: moves_of(each) for k, each in enumerate(plans.infosets)}}


class Relaxation:
    """The relaxation of one program; what does not depend on the box is laid out once."""

    def __init__(self, program: Program, kept: Any) -> None:
        import numpy as np

        self.program, self.kept = program, kept
        self.flat = np.flatnonzero(kept)
        self.places = np.zeros(kept.size, dtype=np.int64)
        self.places[self.flat] = np.arange(len(self.flat))
        width = program.width
        self.base = (
            self._times(program.first_rows, 0, program.n),
            self._times(program.second_rows, 1, program.m),
        )
        self.equal = (
            self._times(program.first_equal, 0, width[1]),
            self._times(program.second_equal, 1, width[0]),
        )
        self.couplings = [each.reshape(1, -1).tocsr()[:, self.flat] for each in program.couplings]
        plain = np.zeros(width, dtype=bool)
        plain[: program.m, : program.n] = True
        inner = plain.ravel()[self.flat]
        low, high = np.where(inner, 0.0, -program.size), np.where(inner, 1.0, program.size)
        self.bounds = np.column_stack((low, high))

    @property
    def size(self) -> int:
        """The entries of its matrices, before any box."""
        return sum(int(matrix.nnz) for _, matrix in (*self.base, *self.equal))

    def _times(self, rows: Any, player: int, count: int) -> tuple[Any, Any]:
        """Rows of one player times the first `count` entries of the other's vector.

        Only products whose variables are all kept, numbered with the first player's factor first.
        """
        import numpy as np
        from scipy.sparse import csr_matrix

        outside = (~self.kept if player == 0 else ~self.kept.T)[:, :count].astype(np.float32)
        whole = (abs(rows) @ outside == 0) & (np.diff(rows.indptr) > 0)[:, None]
        ordered = whole if player == 0 else whole.T
        own, other = np.nonzero(ordered)
        row, entry = (own, other) if player == 0 else (other, own)
        chosen = rows[row]
        entries = np.repeat(entry, np.diff(chosen.indptr)).astype(np.int64)
        at = (chosen.indices, entries) if player == 0 else (entries, chosen.indices)
        columns = self.places[np.ravel_multi_index(at, self.kept.shape)]
        shape = len(row), len(self.flat)
        made = csr_matrix((chosen.data, columns, chosen.indptr), shape=shape)
        return np.ravel_multi_index((own, other), ordered.shape), made

    def _filtered(self, matrix: Any) -> tuple[Any, Any]:
        """The rows whose variables are all kept, by number, and their part of the matrix."""
        import numpy as np

        outside = abs(matrix) @ (~self.kept).ravel().astype(float)
        filled = np.diff(matrix.indptr) > 0
        rows = np.flatnonzero((outside == 0) & filled)
        return rows, matrix[rows][:, self.flat]

    def at(self, box: Box, floor: float) -> Relaxed:
        """The relaxation's bound over the box, or a proof that nothing in it is above `floor`.

        The program is scaled by an amount t in [0, 1] whose absence is worth `floor`: so an empty
        box ends in multipliers that prove it, and not in a solver's word.
        """
        import numpy as np
        from scipy.optimize import linprog
        from scipy.sparse import vstack

        places, matrices = self._above(box)
        above = vstack([*matrices, *self.couplings], format="csr")
        equal = vstack([each[1] for each in self.equal], format="csr")
        worth = self.program.objective.toarray()
        worth[0, 0] -= floor
        solved = linprog(
            -worth.ravel()[self.flat],
            A_ub=-above,
            b_ub=np.zeros(above.shape[0]),
            A_eq=equal,
            b_eq=np.zeros(equal.shape[0]),
            bounds=self.bounds,
            method="highs",
            options={"maxiter": 20 * len(self.flat) + 2_000},
        )
        if solved.status != 0:
            return Relaxed(float("inf"), None, self._certificate(box, places, None))
        certificate = self._certificate(box, places, solved)
        points = self._points(solved.x) if solved.x[0] > 0.5 else None
        return Relaxed(max(floor, proven(self.program, certificate)), points, certificate)

    def _above(self, box: Box) -> tuple[list[tuple[Any, Any]], list[Any]]:
        """For every block of products the rows of C and D in it, and its matrix."""
        from scipy.sparse import kron

        first, second = (rows_of(self.program, box, player) for player in (0, 1))
        (rows, matrix), (turned, other) = self.base
        n, count = self.program.n, self.program.second_rows.shape[0]
        places = [(rows // n + first.plain + first.boxed, rows % n)]
        matrices = [matrix]
        if count:
            places.append((turned // count, turned % count + second.plain + second.boxed))
            matrices.append(other)
        blocks = (
            (range(first.plain, first.plain + first.boxed), range(second.matrix.shape[0])),
            (
                (*range(first.plain), *range(first.plain + first.boxed, first.matrix.shape[0])),
                range(second.plain, second.plain + second.boxed),
            ),
        )
        for own, reply in blocks:
            if own and reply:
                made = kron(first.matrix[list(own)], second.matrix[list(reply)], format="csr")
                rows, matrix = self._filtered(made)
                width = len(reply)
                places.append((_taken(own, rows // width), _taken(reply, rows % width)))
                matrices.append(matrix)
        return places, matrices

    def _certificate(self, box: Box, places: list[tuple[Any, Any]], solved: Any) -> Certificate:
        """The solver's multipliers as matrices; all zero where it gave none."""
        import numpy as np
        from scipy.sparse import csr_matrix

        program = self.program
        width = program.width
        sizes = tuple(rows_of(program, box, player).matrix.shape[0] for player in (0, 1))
        counts = program.first_equal.shape[0], program.second_equal.shape[0]
        shapes = sizes, (counts[0], width[1]), (width[0], counts[1])
        if solved is None:
            zeros = (0.0,) * len(program.couplings)
            nothing, left, right = (csr_matrix(shape) for shape in shapes)
            return Certificate(box, nothing, left, right, zeros)
        found, level = -solved.ineqlin.marginals, solved.eqlin.marginals
        own, reply = (np.concatenate([each[side] for each in places]) for side in (0, 1))
        lefts, rights = (each[0] for each in self.equal)
        entries = (
            (found[: len(own)], own, reply),
            (level[: len(lefts)], lefts // width[1], lefts % width[1]),
            (level[len(lefts) :], rights // max(1, counts[1]), rights % max(1, counts[1])),
        )
        products, left, right = (
            csr_matrix((values, (rows, columns)), shape=shape)
            for (values, rows, columns), shape in zip(entries, shapes, strict=True)
        )
        return Certificate(box, products, left, right, tuple(map(float, found[len(own) :])))

    def _points(self, values: Any) -> tuple[Any, Any, Any]:
        """ξ, ψ and the products of plans, in the units of the game."""
        import numpy as np

        full = np.zeros(self.kept.size)
        full[self.flat] = values / values[0]
        square = full.reshape(self.kept.shape)
        return square[:, 0], square[0], square[: self.program.m, : self.program.n]


def _taken(of: Sequence[int], at: Any) -> Any:
    import numpy as np

    return np.array(of, dtype=int)[at]
