"""Profiles with a large error inside a bilinear program, by linear programs in turns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from safetycase.methods.oversight.equilibria.program import Program

__all__ = ["best_plan", "climb", "scattered"]

ROUNDS = 25
CALMING = (1e-6, 1e-3, 0.1, 0.5, 1.0)
STEP = 1e-9


def best_plan(program: Program, player: int, worth: Any, fixed: Any | None = None) -> Any | None:
    """The vector ξ (player 0) or ψ (1) of most `worth`; None where there is none.

    With the other player's vector `fixed`, the couplings have to hold against it.
    """
    import numpy as np
    from scipy.optimize import linprog
    from scipy.sparse import csr_matrix, vstack

    rows = (program.first_rows, program.second_rows)[player]
    equal = (program.first_equal, program.second_equal)[player]
    count, width = (program.m, program.n)[player], program.width[player]
    above = [rows]
    if fixed is not None:
        for coupling in program.couplings:
            above.append(csr_matrix((coupling if player == 0 else coupling.T) @ fixed))
    bounds = np.full((width, 2), np.inf)
    bounds[:count, 0], bounds[count:, 0] = 0.0, -np.inf
    bounds[0] = 1.0
    matrix = vstack(above, format="csr")
    solved = linprog(
        -worth,
        A_ub=-matrix if matrix.shape[0] else None,
        b_ub=np.zeros(matrix.shape[0]) if matrix.shape[0] else None,
        A_eq=equal if equal.shape[0] else None,
        b_eq=np.zeros(equal.shape[0]) if equal.shape[0] else None,
        bounds=bounds,
        method="highs",
        options={"primal_feasibility_tolerance": 1e-10},
    )
    return solved.x if solved.status == 0 else None


def climb(program: Program, xi: Any, psi: Any) -> tuple[float, Any, Any] | None:
    """From ψ on: the best ξ against it, the best ψ against that, until nothing is gained.

    The error at the end, ξ and ψ. Where no ξ goes with ψ itself, it starts nearby; None where
    nothing nearby does either.
    """
    found = None
    for start in _starts(program, xi, psi):
        for _ in range(ROUNDS):
            own = best_plan(program, 0, program.objective @ start, start)
            if own is None:
                break
            reply = best_plan(program, 1, program.objective.T @ own, own)
            start = start if reply is None else reply
            error = float(own @ (program.objective @ start))
            if found is not None and error <= found[0] + STEP:
                return found
            found = error, own, start
        if found is not None:
            return found
    return None


def _starts(program: Program, xi: Any, psi: Any) -> Iterator[Any]:
    """ψ; the ψ of the best linear step from (ξ, ψ), where couplings are linear; calmer ones."""
    yield psi
    together = None if xi is None else _step(program, xi, psi)
    if together is not None:
        yield together
    if not program.couplings:
        return
    worth = program.couplings[0]
    own = best_plan(program, 0, worth @ psi)
    calm = None if own is None else best_plan(program, 1, worth.T @ own)
    if calm is not None:
        for share in CALMING:
            yield (1 - share) * psi + share * calm


def _step(program: Program, xi: Any, psi: Any) -> Any | None:
    """ψ of the pair that maximises ξ'Wψ linearised at the point given, over the whole set.

    None where a coupling ties the plans to each other: then the set is no polytope.
    """
    import numpy as np
    from scipy.optimize import linprog
    from scipy.sparse import block_diag, csr_matrix, hstack, vstack

    linear = []
    for coupling in program.couplings:
        inner = coupling[1:, 1:]
        inner.eliminate_zeros()
        if inner.nnz:
            return None
        # Row and column 0 hold what is linear; entry (0, 0) is in both of them.
        own, reply = csr_matrix(coupling[:, [0]].T), csr_matrix(coupling[[0], :]).tolil()
        reply[0, 0] = 0.0
        linear.append(hstack([own, reply.tocsr()]))
    above = vstack([block_diag([program.first_rows, program.second_rows]), *linear], format="csr")
    equal = block_diag([program.first_equal, program.second_equal], format="csr")
    width, counts = program.width, (program.m, program.n)
    bounds = np.full((sum(width), 2), np.inf)
    bounds[:, 0] = -np.inf
    for player, at in ((0, 0), (1, width[0])):
        bounds[at : at + counts[player], 0] = 0.0
        bounds[at] = 1.0
    solved = linprog(
        -np.concatenate((program.objective @ psi, program.objective.T @ xi)),
        A_ub=-above,
        b_ub=np.zeros(above.shape[0]),
        A_eq=equal if equal.shape[0] else None,
        b_eq=np.zeros(equal.shape[0]) if equal.shape[0] else None,
        bounds=bounds,
        method="highs",
        options={"primal_feasibility_tolerance": 1e-10},
    )
    return solved.x[width[0] :] if solved.status == 0 else None


def scattered(program: Program, psi: Any, generator: np.random.Generator) -> Any | None:
    """Another ψ to start from: a random vertex of what goes with a random ξ that ψ allows."""
    xi = best_plan(program, 0, _direction(program, 0, generator), psi)
    if xi is None:
        return None
    return best_plan(program, 1, _direction(program, 1, generator), xi)


def _direction(program: Program, player: int, generator: np.random.Generator) -> Any:
    import numpy as np

    direction = np.zeros(program.width[player])
    count = (program.m, program.n)[player]
    direction[:count] = generator.normal(size=count)
    return direction
