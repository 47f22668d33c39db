"""Sets of approximate equilibria as bilinear programs, in one form.

Each program is over ξ = (x, v) and ψ = (y, u): a plan for each player, and for each player's
reply the dual variables of the linear program that finds the best one. A set of profiles is

    S ξ ≥ 0,  P ξ = 0,  R ψ ≥ 0,  Q ψ = 0,  ξ' K ψ ≥ 0 for every coupling K,

with x, y ≥ 0 and first entries 1 (the empty sequences), so every row is homogeneous. That
NashConv(x, y) ≤ ε is such a set: by duality the best reply to x is worth the least f'v with
F'v ≥ B'x, that to y the least e'u with E'u ≥ Ay (von Stengel 1996), and the joint condition

    ε − e'u − f'v + x'(A + B)y ≥ 0

is one coupling; in a zero-sum game it is linear. The largest error is the largest x'Wy over it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from safetycase.methods.oversight.equilibria.game import Game

if TYPE_CHECKING:
    from safetycase.methods.games.extensive.sequence import Plans
    from safetycase.methods.oversight.equilibria.profile import Plan

__all__ = [
    "Program",
    "answers",
    "leader_value",
    "leads",
    "leads_lifted",
    "leads_zero_sum",
    "nash",
]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Program:
    """Maximise ξ' `objective` ψ over the set above; all matrices are SciPy CSR.

    ξ has m sequences and then dual variables, ψ n sequences and then dual variables. Each dual
    variable of some optimal choice lies within ±`size`, because it is a payoff times a
    probability. Where ψ holds two plans of the second player, one after the other with a single
    information set between them, `repeats` says how many information sets one of them has.
    """

    m: int
    n: int
    first_rows: Any
    first_equal: Any
    second_rows: Any
    second_equal: Any
    couplings: tuple[Any, ...]
    objective: Any
    size: float = 0.5
    repeats: int | None = None

    @property
    def width(self) -> tuple[int, int]:
        """The lengths of ξ and ψ."""
        return self.first_equal.shape[1], self.second_equal.shape[1]


def nash(game: Game, gap: float, value: tuple[float, float] | None = None) -> Program:
    """NashConv ≤ `gap`. In a zero-sum game `value` = proven ends of its value tightens the rows.

    What the value adds is redundant (the guarantee of x is between value − gap and value), but
    its products with the other player's plan are not.
    """
    m, n = game.shape
    first, second = _replies(game), _replies(game.turned)
    width = first.shape[1], second.shape[1]
    own, reply = [first], [second]
    if value is not None:
        low, high = value
        own += [_row(width[0], {0: high, m: 1.0}), _row(width[0], {0: gap - low, m: -1.0})]
        reply += [_row(width[1], {0: -low, n: 1.0}), _row(width[1], {0: gap + high, n: -1.0})]
    return Program(
        m=m,
        n=n,
        first_rows=_stack(own),
        first_equal=_plans(game, width[0]),
        second_rows=_stack(reply),
        second_equal=_plans(game.turned, width[1]),
        couplings=(
            _block(
                width,
                None if game.zero_sum else game.payoff_first + game.payoff_second,
                {(0, 0): gap, (0, n): -1.0, (m, 0): -1.0},
            ),
        ),
        objective=_block(width, game.wrong, {}),
    )


def leads_zero_sum(game: Game, gap: float, reply_gap: float, value: tuple[float, float]) -> Program:
    """The first player commits to a plan that guarantees at least value − `gap`; zero-sum.

    The second answers with any plan within `reply_gap` of its best reply. `value` holds proven
    ends of the game's value; the lower one sets the threshold.
    """
    m, n = game.shape
    replies = _replies(game)
    width = replies.shape[1], n
    low, high = value
    rows = [replies, _row(width[0], {0: gap - low, m: -1.0}), _row(width[0], {0: high, m: 1.0})]
    return Program(
        m=m,
        n=n,
        first_rows=_stack(rows),
        first_equal=_plans(game, width[0]),
        second_rows=_none(n),
        second_equal=_plans(game.turned, n),
        couplings=(_near_best(game, width, reply_gap),),
        objective=_block(width, game.wrong, {}),
    )


def answers(game: Game, reply_gap: float) -> Program:
    """Any commitment of the first player, any plan within `reply_gap` of the best reply to it."""
    m, n = game.shape
    replies = _replies(game)
    width = replies.shape[1], n
    return Program(
        m=m,
        n=n,
        first_rows=replies,
        first_equal=_plans(game, width[0]),
        second_rows=_none(n),
        second_equal=_plans(game.turned, n),
        couplings=(_near_best(game, width, reply_gap),),
        objective=_block(width, game.wrong, {}),
    )


def leads_lifted(
    game: Game, plans: Plans, threshold: float, reply_gap: float, slack: float
) -> Program:
    """Commitments with at least `threshold` against z, best to within `slack`; any y near best.

    `plans` holds y and z as one plan, the sequences of z after those of y.
    """
    m, n = game.shape
    replies = _replies(game)
    width = replies.shape[1], 2 * n

    def counted_on(payoff: Any, entries: Mapping[tuple[int, int], float]) -> Any:
        found = payoff.tocoo()
        return _block(
            width,
            None,
            dict(zip(zip(found.row, found.col + n, strict=True), found.data, strict=True)),
        ) + _block(width, None, entries)

    return Program(
        m=m,
        n=2 * n,
        first_rows=replies,
        first_equal=_plans(game, width[0]),
        second_rows=_none(2 * n),
        second_equal=_constraints(plans)[1:],
        couplings=(
            _near_best(game, width, reply_gap),
            counted_on(game.payoff_second, {(0, 0): slack, (m, 0): -1.0}),
            counted_on(game.payoff_first, {(0, 0): -threshold}),
        ),
        objective=_block(width, game.wrong, {}),
        repeats=len(game.second.infosets),
    )


def leads(
    game: Game, replies: tuple[Plan, ...], threshold: float, reply_gap: float, slack: float
) -> Program:
    """The first player commits to a plan to which `replies`, all worth the same, are best.

    It gets at least `threshold` against each of them, and they are best to within `slack`; the
    second answers with any plan within `reply_gap` of its best reply.
    """
    base = leader_value(game, replies, slack)
    width = base.width
    row = _row(width[0], {0: -threshold, width[0] - 1: 1.0})
    return replace(
        base,
        first_rows=_stack([base.first_rows, row]),
        couplings=(_near_best(game, width, reply_gap),),
        objective=_block(width, game.wrong, {}),
    )


def leader_value(game: Game, replies: tuple[Plan, ...], slack: float = 0.0) -> Program:
    """The commitments to which those pure replies, all worth the same, are best.

    The last entry of ξ is at most what the leader gets against each of them: maximise it.
    """
    m, n = game.shape
    width = _replies(game).shape[1] + 1, n
    last = width[0] - 1
    rows = [_widened(_replies(game), width[0])]
    for reply in replies:
        chosen = [float(part) for part in reply]
        to_second = dict(enumerate((game.payoff_second @ chosen).tolist()))
        to_first = dict(enumerate((game.payoff_first @ chosen).tolist()))
        rows.append(_row(width[0], to_second | {0: to_second[0] + slack, m: -1.0}))
        rows.append(_row(width[0], to_first | {last: -1.0}))
    return Program(
        m=m,
        n=n,
        first_rows=_stack(rows),
        first_equal=_plans(game, width[0]),
        second_rows=_none(n),
        second_equal=_plans(game.turned, n),
        couplings=(),
        objective=_block(width, None, {(last, 0): 1.0}),
    )


def _replies(game: Game) -> Any:
    """F'v − B'x ≥ 0 over ξ = (x, v): v bounds what a best reply to x is worth."""
    from scipy.sparse import csr_matrix, hstack

    return hstack([-game.payoff_second.T, csr_matrix(_constraints(game.second).T)], format="csr")


def _plans(game: Game, width: int) -> Any:
    """The rows of E below the first, which says x[0] = 1, widened by zeros."""
    return _widened(_constraints(game.first)[1:], width)


def _widened(rows: Any, width: int) -> Any:
    from scipy.sparse import csr_matrix

    return csr_matrix((rows.data, rows.indices, rows.indptr), shape=(rows.shape[0], width))


def _constraints(plans: Plans) -> Any:
    from scipy.sparse import csr_matrix

    made = plans.constraints
    return csr_matrix((made.data, made.indices, made.indptr), shape=made.shape)


def _near_best(game: Game, width: tuple[int, int], reply_gap: float) -> Any:
    """`reply_gap` − v₀ + x'By ≥ 0."""
    return _block(width, game.payoff_second, {(0, 0): reply_gap, (game.shape[0], 0): -1.0})


def _block(width: tuple[int, int], matrix: Any, entries: Mapping[tuple[int, int], float]) -> Any:
    """`matrix` in the upper left corner, plus single entries."""
    from scipy.sparse import coo_matrix, csr_matrix

    rows, columns = [at[0] for at in entries], [at[1] for at in entries]
    made = csr_matrix((list(entries.values()), (rows, columns)), shape=width)
    if matrix is not None:
        corner = coo_matrix(matrix)
        made = made + csr_matrix((corner.data, (corner.row, corner.col)), shape=width)
    return made.tocsr()


def _row(width: int, entries: Mapping[int, float]) -> Any:
    return _block((1, width), None, {(0, at): value for at, value in entries.items()})


def _stack(rows: Sequence[Any]) -> Any:
    from scipy.sparse import vstack

    return vstack(rows, format="csr")


def _none(width: int) -> Any:
    from scipy.sparse import csr_matrix

    return csr_matrix((0, width))
