"""Market making: the price in closed form, every profile of a small market, and the attacks."""

from __future__ import annotations

import itertools
import math
import random
from typing import Any

import pytest

from safetycase.methods.oversight.domains.beliefs import (
    PRICES,
    Beliefs,
    Market,
    drawn,
    probability,
    solve,
    wrong,
)
from safetycase.methods.oversight.protocols.market_making import (
    PROTOCOL,
    Constants,
    closed_early,
    last_word,
    theory,
)
from safetycase.testing.protocols import check_protocol, statement_breaks


def test_the_protocol_keeps_the_contract() -> None:
    check_protocol(PROTOCOL, module="safetycase.methods.oversight.protocols.market_making")


def test_the_corrupted_protocol_breaks_the_statement_by_its_error() -> None:
    broken = statement_breaks(PROTOCOL.corrupted())
    assert broken is not None
    assert "error" in broken


@pytest.mark.parametrize("rounds", [1, 3, 5, 6])
def test_the_price_is_the_middle_of_the_beliefs_that_can_be_reached(rounds: int) -> None:
    for seed in range(20):
        game = drawn(6, seed, rounds)
        ends = [
            probability(math.fsum((game.prior, *chosen)))
            for chosen in itertools.combinations(game.adds, rounds)
        ]
        solved = solve(game)
        assert game.reachable() == pytest.approx((min(ends), max(ends)), abs=1e-12)
        assert solved.price == pytest.approx((min(ends) + max(ends)) / 2, abs=1e-12)
        assert solved.value == pytest.approx((max(ends) - min(ends)) / 2, abs=1e-12)


def test_with_everything_heard_the_price_is_belief_on_reflection() -> None:
    game = drawn(5, 1, 5)
    solved = solve(game)
    assert solved.price == pytest.approx(probability(game.reflective), abs=1e-12)
    assert solved.value == pytest.approx(0.0, abs=1e-12)
    assert len(solved.prices) == 2**5


def test_the_game_by_its_positions_has_the_exact_value() -> None:
    for seed in range(3):
        game = drawn(3, seed, 2)
        assert _value(Market.of(game), ()) == pytest.approx(solve(game).value, abs=1e-12)


def _value(rules: Market, position: Any) -> float:
    """What the trader makes, by plain recursion."""
    turn = rules.turn(position)
    if turn == "end":
        return rules.end(position).second
    after = [_value(rules, rules.after(position, m.name)) for m in rules.moves(position)]
    return min(after) if turn == "first" else max(after)


def test_every_profile_of_a_small_market_stays_below_the_bound() -> None:
    """Mixed first prices against every pure reply; the gap is that of the side that gains more."""
    rng = random.Random(0)
    informative = 0
    for seed in range(12):
        game = drawn(2, seed, 1)
        constants = Constants(
            arguments=2,
            unheard=1,
            strength=max(map(abs, game.adds)),
            margin=abs(game.reflective),
        )
        ends = [probability(game.prior + add) for add in game.adds]
        prices = (*PRICES, solve(game).price)
        paid = [[abs(end - price) for end in ends] for price in prices]
        for reply in itertools.product(range(2), repeat=len(prices)):
            for mix in (*_pure(len(prices)), _mixed(rng, len(prices))):
                made = sum(m * row[r] for m, row, r in zip(mix, paid, reply, strict=True))
                best_reply = sum(m * max(row) for m, row in zip(mix, paid, strict=True))
                best_price = min(row[r] for row, r in zip(paid, reply, strict=True))
                gap = max(made - best_price, best_reply - made)
                error = sum(m * wrong(p, game) for m, p in zip(mix, prices, strict=True))
                bound = theory(constants, 0.0, gap).disagreement
                informative += bound < 1
                assert error <= bound + 1e-12
    assert informative > 0


def _pure(size: int) -> list[tuple[float, ...]]:
    return [tuple(float(i == k) for i in range(size)) for k in range(size)]


def _mixed(rng: random.Random, size: int) -> tuple[float, ...]:
    weights = [rng.random() ** 4 for _ in range(size)]
    return tuple(w / sum(weights) for w in weights)


def test_nothing_follows_where_the_unheard_can_turn_the_belief() -> None:
    found = theory(Constants(unheard=2), 0.0, 0.0)
    assert found.disagreement == 1.0
    assert not found.conditions[0].holds
    assert theory(Constants(), 0.03, 0.0).disagreement == 0.03
    assert 0.03 < theory(Constants(), 0.03, 0.005).disagreement < 1.0
    assert theory(Constants(), 0.03, 0.2).disagreement == 1.0


def test_attacks_turn_the_verdict_only_by_what_they_claim() -> None:
    game = drawn(6, 4, 6)
    order = tuple(range(6))
    assert closed_early(game, order) == pytest.approx(game.prior + sum(game.adds[:3]))
    single = Beliefs(prior=0.1, adds=(0.4,), rounds=1)
    assert last_word(single, (0,)) == pytest.approx(single.reflective)
    for attack in PROTOCOL.attacks:
        found = [attack.run(6, budget, 60, 1).successes for budget in (0.0, 0.5, 1.0, 4.0)]
        assert found == sorted(found)
        assert found[0] == 0
        assert found[-1] > 0


def test_impossible_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="rounds"):
        Beliefs(prior=0.0, adds=(1.0,), rounds=2)
    with pytest.raises(ValueError, match="finite"):
        Beliefs(prior=float("nan"), adds=(1.0,), rounds=1)
    with pytest.raises(ValueError, match="unheard"):
        Constants(arguments=2, unheard=2)
    with pytest.raises(ValueError, match="strength"):
        Constants(strength=float("inf"))
    with pytest.raises(ValueError, match="margin"):
        Constants(margin=-1.0)
