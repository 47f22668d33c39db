"""Play after a commitment: known games, both tie rules, and agreement with a grid."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from safetycase.methods.games.extensive.errors import GameError
from safetycase.methods.games.extensive.poker import Kuhn
from safetycase.methods.oversight.equilibria.concepts import concept, opening
from safetycase.methods.oversight.equilibria.curve import worst_errors
from safetycase.methods.oversight.equilibria.game import Game
from safetycase.methods.oversight.equilibria.leader import Committed, committed
from safetycase.methods.oversight.equilibria.lifted import Lifted, doubled, kind_reply, lifted
from safetycase.methods.oversight.equilibria.profile import best, inner, payoffs
from safetycase.methods.oversight.equilibria.search import largest_error

# Conitzer & Sandholm 2006, figure 1: committing to both rows evenly gives 3.5 instead of 2.
LEADER, FOLLOWER = [[2, 4], [1, 3]], [[1, 0], [0, 1]]


def test_the_best_commitment_of_the_published_example() -> None:
    game = Game.of_matrices(LEADER, [[0, 0], [0, 0]], FOLLOWER)
    for tie in ("strong", "weak"):
        found = committed(game, tie)  # type: ignore[arg-type]
        for end in (found.low, found.high):
            assert game.middles[0] + game.spread * float(end) == pytest.approx(3.5, abs=1e-6)
        assert float(found.low) <= found.high
    assert len(committed(game, "weak").regions) == 2


@pytest.mark.parametrize("tie", ["strong", "weak"])
@pytest.mark.parametrize("gap", [0.02, 0.1])
def test_every_near_best_commitment_and_reply_counts(tie: str, gap: float) -> None:
    """With (1 − p) r wrong, p ≥ ½ − ε' and r (1 − 2p) ≤ ε', ε' = 3 gap: at most (1 + ε')/2."""
    game = Game.of_matrices(LEADER, [[0, 0], [1, 0]], FOLLOWER)
    found = worst_errors(game, [gap], order="first leads", tie=tie)[0].found  # type: ignore[arg-type]
    assert found.low == pytest.approx((1 + 3 * gap) / 2, abs=1.1e-3)
    assert found.high == pytest.approx((1 + 3 * gap) / 2, abs=1.1e-3)


def test_the_tie_rule_matters_where_a_tie_is_all_the_leader_has() -> None:
    """The follower never cares; the leader gets 1 from row 0 with ties for it, ½ from row 1 else.

    Row 0 gives the leader 1 or 0, row 1 always ½, and the verdict of row 1 is wrong.
    """
    game = Game.of_matrices([[1, 0], [0.5, 0.5]], [[0, 0], [1, 1]], [[0, 0], [0, 0]])
    strong, weak = (
        worst_errors(game, [0.01], order="first leads", tie=tie)[0].found
        for tie in ("strong", "weak")
    )
    assert strong.high == pytest.approx(0.02, abs=1e-3)
    assert weak.low == pytest.approx(1.0, abs=1e-6)


def test_a_zero_sum_commitment_leaves_the_follower_free() -> None:
    """Against the even plan every reply is best, so the follower alone makes the error."""
    game = Game.of_matrices([[1, -1], [-1, 1]], [[1, 0], [1, 0]])
    after = worst_errors(game, [0.0], order="first leads")[0].found
    at_once = worst_errors(game, [0.0])[0].found
    assert after.low == pytest.approx(1.0, abs=1e-6)
    assert at_once.high == pytest.approx(0.5, abs=1e-6)


@pytest.mark.slow
def test_the_second_player_leads_in_the_game_turned_round() -> None:
    generator = np.random.default_rng(2)
    payoff, reply = generator.uniform(-1, 1, (2, 3, 2))
    wrong = generator.integers(0, 2, (3, 2))
    game = Game.of_matrices(payoff.tolist(), wrong.tolist(), reply.tolist())
    turned = Game.of_matrices(reply.T.tolist(), wrong.T.tolist(), payoff.T.tolist())
    for gap in (0.0, 0.1):
        one = worst_errors(game, [gap], order="second leads")[0].found
        other = worst_errors(turned, [gap], order="first leads")[0].found
        assert one.low == pytest.approx(other.low, abs=1.1e-3)
        assert one.high == pytest.approx(other.high, abs=1.1e-3)
        assert one.witness is not None
        assert len(one.witness.first) == 4
        assert len(one.witness.second) == 3


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("zero_sum", [True, False])
def test_random_commitments_agree_with_a_grid(seed: int, zero_sum: bool) -> None:
    """Grid profiles that pass the exact test err no more than the bound, and nearly as much."""
    generator = np.random.default_rng(seed)
    payoff, reply = generator.uniform(-1, 1, (2, 2, 2))
    wrong = generator.integers(0, 2, (2, 2)).astype(float)
    reply = -payoff if zero_sum else reply
    game = Game.of_matrices(payoff.tolist(), wrong.tolist(), reply.tolist())
    gap, parts = 0.1, 200
    found = worst_errors(game, [gap], order="first leads")[0].found
    laws = np.column_stack((np.arange(parts + 1), parts - np.arange(parts + 1))) / parts
    spread = max(np.ptp(payoff), np.ptp(reply))
    to_second, to_first = laws @ reply, laws @ payoff
    top = to_second.max(axis=1, keepdims=True)
    kind = np.where(to_second >= top - 1e-12, to_first, -np.inf).max(axis=1)
    left = top - to_second @ laws.T
    start = opening(game, "first leads")
    assert start is not None
    optimum = game.middles[0] + game.spread * float(start.low)
    for slack, bound in ((0.0, True), (4 / parts, False)):
        near = (kind >= optimum - (gap + slack) * spread)[:, None] & (
            left <= (gap + slack) * spread + 1e-12
        )
        largest = float((laws @ wrong @ laws.T)[near].max(initial=0.0))
        if bound:
            assert largest <= found.high + 1e-9
        else:
            assert found.low <= largest + 4 / parts
    assert found.closed


def test_the_witness_passes_the_definition_itself() -> None:
    generator = np.random.default_rng(9)
    payoff, reply = generator.uniform(-1, 1, (2, 3, 3))
    wrong = generator.integers(0, 2, (3, 3))
    game = Game.of_matrices(payoff.tolist(), wrong.tolist(), reply.tolist())
    start = opening(game, "first leads")
    assert isinstance(start, Committed)
    gap = Fraction(1, 20)
    witness = largest_error(concept(game, "first leads", float(gap), start)).witness
    assert witness is not None
    to_second = payoffs(game.payoff_second.T.tocsr(), witness.first)
    allowed = gap + Fraction(1, 10**7)
    assert best(game.second, to_second)[0] - inner(witness.second, to_second) <= allowed
    assert start.guarantees(witness.first) >= start.low - allowed


@pytest.mark.slow
def test_a_follower_with_too_many_pure_plans_is_refused() -> None:
    columns = 200
    payoff = [[float(i * j % 7) for j in range(columns)] for i in range(2)]
    reply = [[float(i + j) for j in range(columns)] for i in range(2)]
    game = Game.of_matrices(payoff, [[0.0] * columns] * 2, reply)
    with pytest.raises(GameError, match="200 pure plans"):
        opening(game, "first leads", "weak")
    assert isinstance(opening(game, "first leads"), Lifted)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_a_reply_as_a_variable_gives_what_going_through_the_replies_does(seed: int) -> None:
    """The two share no program of the leader: one has a row for each reply, one has none."""
    generator = np.random.default_rng(seed)
    payoff, reply = generator.uniform(-1, 1, (2, 3, 3))
    wrong = generator.integers(0, 2, (3, 3))
    game = Game.of_matrices(payoff.tolist(), wrong.tolist(), reply.tolist())
    each, one = committed(game, "strong"), lifted(game)
    assert float(one.low) == pytest.approx(float(each.low), abs=1e-6)
    assert float(each.low) <= one.high + 1e-9
    for gap in (0.0, 0.05):
        by_reply, by_variable = (
            worst_errors(game, [gap], order="first leads", found=found)[0].found
            for found in (each, one)
        )
        assert by_reply.low <= by_variable.high + 1e-6
        assert by_variable.low <= by_reply.high + 1e-6
        assert by_reply.high - by_reply.low <= 1.1e-3


def test_two_plans_side_by_side_are_one_plan_of_a_larger_game() -> None:
    plans = Game.of_rules(Kuhn()).first
    both = doubled(plans)
    even = plans.uniform()
    pure = plans.plan([(1.0, *[0.0] * (len(each.moves) - 1)) for each in plans.infosets])
    assert both.constraints @ np.concatenate((even, pure)) == pytest.approx(both.right)
    twice = np.concatenate((even, 2 * pure))
    assert both.constraints @ twice != pytest.approx(both.right)


def test_a_kind_reply_takes_the_tie_that_suits_the_leader() -> None:
    game = Game.of_matrices([[1, 4], [1, 3]], [[0, 0], [0, 0]], [[1, 1], [0, 1]])
    half, one = Fraction(1, 2), Fraction(1)
    worth, reply = kind_reply(game, (one, one, Fraction(0)))
    assert reply == (1, 0, 1)
    assert game.middles[0] + game.spread * float(worth) == pytest.approx(4)
    assert kind_reply(game, (one, half, half))[1] == (1, 0, 1)


@pytest.mark.slow
def test_a_strong_commitment_is_worth_at_least_a_weak_one() -> None:
    for seed in range(6):
        generator = np.random.default_rng(seed)
        payoff, reply = generator.integers(0, 3, (2, 3, 3)).astype(float)
        game = Game.of_matrices(payoff.tolist(), [[0.0] * 3] * 3, reply.tolist())
        found = [committed(game, tie) for tie in ("strong", "weak")]  # type: ignore[arg-type]
        strong, weak = (each.low for each in found)
        assert all(float(each.low) <= each.high <= float(each.low) + 1e-6 for each in found)
        pure = max(
            min(payoff[i, j] for j in range(3) if reply[i, j] == reply[i].max()) for i in range(3)
        )
        floor = (pure - game.middles[0]) / game.spread
        assert strong >= weak
        assert float(weak) >= floor - 1e-6
