"""The largest error over approximate equilibria where it is known, and where a grid gives it."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest

from safetycase.methods.games.extensive.tree import GameError
from safetycase.methods.oversight.equilibria.concepts import opening
from safetycase.methods.oversight.equilibria.curve import error_curve, worst_errors
from safetycase.methods.oversight.equilibria.game import Game
from safetycase.methods.oversight.equilibria.planted import Debate, Indifferent, self_check
from safetycase.methods.oversight.equilibria.profile import Profile, expected, gains
from safetycase.methods.oversight.equilibria.search import Budget

PENNIES = [[1.0, -1.0], [-1.0, 1.0]]
CLOSE = 1.1e-3


def ends(game: Game, gap: float, order: str = "simultaneous") -> tuple[float, float]:
    """Witness and bound at one gap."""
    return error_curve(game, [gap], order=order)[0][1:]  # type: ignore[arg-type]


@pytest.mark.slow
def test_the_oracles_are_met() -> None:
    for oracle in self_check():
        assert oracle.passed, (oracle.name, oracle.got)


@pytest.mark.slow
@pytest.mark.parametrize("gap", [0.0, 0.05, 0.3, 1.0])
def test_matching_pennies_shares_the_gap_between_the_players(gap: float) -> None:
    """NashConv is (|2p − 1| + |2q − 1|)/2 of the range, so pq is at most ((1 + ε)/2)²."""
    low, high = ends(Game.of_matrices(PENNIES, [[1, 0], [0, 0]]), gap)
    want = (1 + gap) ** 2 / 4
    assert low <= high
    assert low <= want + 1e-7
    assert high >= want
    assert low == pytest.approx(want, abs=CLOSE)
    assert high == pytest.approx(want, abs=CLOSE)


@pytest.mark.slow
def test_a_gap_of_each_player_is_within_twice_the_gap_of_both() -> None:
    """Each may gain g: that is within 2 g for both, and can err above all that is within g."""
    game, heads = Game.of_matrices(PENNIES, [[1, 0], [0, 0]]), Fraction(11, 20)
    plan = (Fraction(1), heads, 1 - heads)
    profile = Profile(plan, plan)
    each = float(max(gains(game, profile)))
    assert each == pytest.approx(0.055)
    error = float(expected(game.wrong, profile))
    assert ends(game, each)[1] + 0.02 < error <= ends(game, 2 * each)[1]


@pytest.mark.parametrize("gap", [0.0, 0.05, 0.3])
def test_one_player_may_use_the_whole_gap(gap: float) -> None:
    """With an error that only the first player's move makes, p = (1 + 2ε)/2."""
    low, high = ends(Game.of_matrices(PENNIES, [[1, 1], [0, 0]]), gap)
    assert low == pytest.approx((1 + 2 * gap) / 2, abs=1e-6)
    assert high == pytest.approx((1 + 2 * gap) / 2, abs=1e-6)


@pytest.mark.slow
def test_payoffs_in_other_units_give_the_same_errors() -> None:
    moved = [[7 + 40 * entry for entry in row] for row in PENNIES]
    first = ends(Game.of_matrices(PENNIES, [[1, 0], [0, 0]]), 0.1)
    assert ends(Game.of_matrices(moved, [[1, 0], [0, 0]]), 0.1) == pytest.approx(first, abs=2e-3)


@pytest.mark.slow
@pytest.mark.parametrize("error", [0.0, 0.05, 0.25])
def test_a_one_step_debate_errs_as_its_judge_does_and_by_the_gap(error: float) -> None:
    for gap, low, high in error_curve(Game.of_rules(Debate(error)), [0.0, 0.02, 0.2]):
        assert low <= error + gap + 1e-7
        assert high >= error + gap
        assert high - low <= CLOSE


def test_the_solver_may_be_honest_where_another_exact_equilibrium_always_errs() -> None:
    game = Game.of_rules(Indifferent())
    start = opening(game, "simultaneous")
    assert start is not None
    assert expected(game.wrong, start.profile) == 0
    assert sum(gains(game, start.profile)) == 0
    point = worst_errors(game, [0.0])[0]
    assert (point.found.low, point.found.high) == (1.0, 1.0)
    assert point.found.witness is not None
    assert sum(gains(game, point.found.witness)) == 0


def test_every_profile_counts_once_the_gap_is_twice_the_range() -> None:
    generator = np.random.default_rng(5)
    payoff, wrong = generator.uniform(-1, 1, (3, 4)), generator.uniform(0, 0.9, (3, 4))
    low, high = ends(Game.of_matrices(payoff.tolist(), wrong.tolist()), 2.0)
    assert low == pytest.approx(wrong.max(), abs=1e-6)
    assert high == pytest.approx(wrong.max(), abs=1e-6)


@pytest.mark.slow
def test_the_curve_rises_and_the_witness_stays_below_the_bound() -> None:
    generator = np.random.default_rng(11)
    payoff = generator.uniform(-1, 1, (4, 4)).tolist()
    game = Game.of_matrices(payoff, generator.integers(0, 2, (4, 4)).tolist())
    curve = error_curve(game, [0.3, 0.0, 0.02, 0.1, 0.1])
    assert [gap for gap, _, _ in curve] == [0.0, 0.02, 0.1, 0.3]
    for before, after in itertools.pairwise(curve):
        assert before[1] <= after[1]
        assert before[2] <= after[2]
    assert all(low <= high <= low + CLOSE for _, low, high in curve)


def grid(moves: int, parts: int) -> np.ndarray:
    """All laws over moves in multiples of 1/parts."""
    counts = itertools.product(range(parts + 1), repeat=moves - 1)
    laws = [[*each, parts - sum(each)] for each in counts if sum(each) <= parts]
    return np.array(laws) / parts


def largest_on_grid(
    payoff: np.ndarray, wrong: np.ndarray, gap: float, parts: int, other: np.ndarray | None = None
) -> float:
    """The largest error over profiles of the grid with NashConv at most `gap` of the range."""
    reply = -payoff if other is None else other
    spread = max(np.ptp(payoff), np.ptp(reply))
    x, y = grid(payoff.shape[0], parts), grid(payoff.shape[1], parts)
    both = x @ (payoff + reply) @ y.T
    nash_conv = (payoff @ y.T).max(axis=0)[None, :] + (x @ reply).max(axis=1)[:, None] - both
    found: np.ndarray = (x @ wrong @ y.T)[nash_conv <= gap * spread + 1e-12]
    return float(found.max(initial=0.0))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("seed", "shape", "parts"),
    [(0, (2, 2), 200), (1, (2, 2), 200), (2, (2, 3), 40), (3, (3, 2), 40), (4, (3, 3), 30)],
)
@pytest.mark.parametrize("zero_sum", [True, False])
def test_random_games_agree_with_a_grid(
    seed: int, shape: tuple[int, int], parts: int, zero_sum: bool
) -> None:
    """Rounding to the grid moves NashConv and the error by at most 3/parts each."""
    generator = np.random.default_rng(seed)
    payoff, reply = generator.uniform(-1, 1, (2, *shape))
    wrong = generator.integers(0, 2, shape).astype(float)
    other = None if zero_sum else reply
    game = Game.of_matrices(
        payoff.tolist(), wrong.tolist(), None if other is None else other.tolist()
    )
    gap, slack = 0.1, 3 / parts
    low, high = ends(game, gap)
    assert largest_on_grid(payoff, wrong, gap, parts, other) <= high + 1e-9
    assert low <= largest_on_grid(payoff, wrong, gap + slack, parts, other) + slack
    assert high - low <= CLOSE


def test_a_game_that_is_not_zero_sum_keeps_all_its_exact_equilibria() -> None:
    """Battle of the sexes: both pure equilibria agree, the mixed one misses with 5/9."""
    game = Game.of_matrices([[2, 0], [0, 1]], [[0, 1], [1, 0]], [[1, 0], [0, 2]])
    low, high = ends(game, 0.0)
    assert low == pytest.approx(5 / 9, abs=1e-6)
    assert high == pytest.approx(5 / 9, abs=1e-6)
    assert opening(game, "simultaneous") is None


def test_a_pure_equilibrium_of_a_game_that_is_not_zero_sum_is_found_exactly() -> None:
    """Its neighbours within the tolerance err a hair more, and pass no test in fractions."""
    generator = np.random.default_rng(107)
    shape = tuple(generator.integers(2, 5, 2))
    reply, payoff = generator.uniform(-1, 1, shape), generator.uniform(-1, 1, shape)
    wrong = generator.integers(0, 2, shape)
    game = Game.of_matrices(payoff.tolist(), wrong.tolist(), reply.tolist())
    found = worst_errors(game, [0.0])[0].found
    assert found.witness is not None
    assert found.low == 1.0
    assert sum(gains(game, found.witness)) == 0


@pytest.mark.slow
def test_a_small_budget_widens_the_interval_and_says_so() -> None:
    generator = np.random.default_rng(7)
    payoff = generator.uniform(-1, 1, (8, 8)).tolist()
    game = Game.of_matrices(payoff, generator.integers(0, 2, (8, 8)).tolist())
    few, many = (
        worst_errors(game, [0.1], budget=Budget(nodes=nodes))[0].found for nodes in (1, 200)
    )
    assert few.nodes == 1
    assert not few.closed
    assert many.closed
    assert few.low - CLOSE <= many.low <= many.high <= few.high


def test_what_is_no_game_is_refused() -> None:
    with pytest.raises(GameError, match="one shape"):
        Game.of_matrices([[1.0]], [[0.0, 1.0]])
    with pytest.raises(GameError, match="finite"):
        Game.of_matrices([[float("nan")]], [[0.0]])
    with pytest.raises(GameError, match="no probability"):
        Game.of_matrices([[1.0]], [[1.5]])
    with pytest.raises(ValueError, match="at least 0"):
        error_curve(Game.of_matrices(PENNIES, [[1, 0], [0, 0]]), [-0.1])
