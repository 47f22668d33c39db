"""The toy game on a grid, in both orders and with what each side may be told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from safetycase.methods.oversight.protocols.prover_estimator.one_round import all_true, solve
from safetycase.methods.oversight.protocols.prover_estimator.orders import (
    estimator_leads,
    prover_leads,
)
from safetycase.methods.oversight.protocols.prover_estimator.rules import (
    GridGame,
    World,
    own_grid,
)
from safetycase.methods.oversight.stability.combiners import Leaf, at_least
from safetycase.methods.oversight.stability.dependence import dependent_ratio

GRID = (0.0, 0.25, 0.5, 0.75, 1.0)


def game(
    *worlds: World,
    needed: int,
    stake: float,
    grid: tuple[float, ...] = GRID,
    seen: bool = True,
) -> GridGame:
    bare = GridGame(
        worlds=worlds,
        needed=needed,
        root_grid=(0.0, 1.0),
        leaf_grid=grid,
        first=2.5,
        stake=stake,
        numbers_seen=seen,
    )
    return replace(bare, root_grid=own_grid(bare))


def true(count: int) -> World:
    return World(probability=1.0, leaves=(True,) * count)


@pytest.mark.parametrize("stake", [0.9, 1.4, 2.5])
@pytest.mark.parametrize(("count", "needed"), [(2, 2), (3, 2), (3, 1)])
def test_the_prover_who_leads_is_worth_the_packing(count: int, needed: int, stake: float) -> None:
    first = prover_leads(game(true(count), needed=needed, stake=stake, grid=(0.0, 0.5, 1.0)))
    rule = at_least(needed, tuple(Leaf(f"leaf {i}") for i in range(count)))
    assert first.value == pytest.approx(min(1, stake / dependent_ratio(rule)), abs=1e-6)
    assert first.gap < 1e-9


@pytest.mark.parametrize(("needed", "stake"), [(2, 1.0), (2, 1.2), (3, 2.5), (3, 3.1)])
def test_the_estimator_who_leads_is_never_better_off(needed: int, stake: float) -> None:
    grid = (0.0, 0.25, 0.5, 1.0)
    played = game(true(3), needed=needed, stake=stake, grid=grid)
    seen, unseen = estimator_leads(played), prover_leads(played)
    assert seen.value >= unseen.value - 1e-9
    free = solve(all_true(3, needed), stake=stake, first=2.5)
    assert free.value <= seen.value + 1e-9  # the grid binds the estimator alone


def test_true_claims_can_be_lost_at_every_stake_if_the_prover_leads() -> None:
    for stake in (2.0, 6.0, 40.0):
        played = game(true(2), needed=2, stake=stake, grid=(0.0, 0.5, 1.0))
        assert estimator_leads(played).root_low == 1
        found = prover_leads(played)
        assert found.value == pytest.approx(1)
        assert found.root_low < 0.5


def test_a_hidden_leaf_on_the_grid() -> None:
    worlds = tuple(
        World(probability=1 / 3, leaves=tuple(j != i for j in range(3))) for i in range(3)
    )
    played = game(*worlds, needed=3, stake=2.5, grid=(0.0, 2 / 3, 1.0))
    found = estimator_leads(played)
    assert found.root_high == pytest.approx((2 / 3) ** 3)
    assert found.value == pytest.approx((2 / 3) ** 3)
    assert prover_leads(played).value == pytest.approx(0, abs=1e-9)


def test_one_who_is_told_more_gets_no_less() -> None:
    bits = [tuple(j != i for j in range(2)) for i in range(2)]
    blind = game(*(World(probability=0.5, leaves=b) for b in bits), needed=2, stake=2.5)
    wise = game(
        *(World(probability=0.5, leaves=b, prover=str(b)) for b in bits), needed=2, stake=2.5
    )
    assert estimator_leads(wise).value > estimator_leads(blind).value
    assert prover_leads(wise).value > prover_leads(blind).value
    told = game(
        *(World(probability=0.5, leaves=b, estimator=str(b)) for b in bits), needed=2, stake=2.5
    )
    with pytest.raises(ValueError, match="sequence form"):
        estimator_leads(told)


def test_what_a_side_sees() -> None:
    worlds = (
        World(probability=0.5, leaves=(True, True), prover="good"),
        World(probability=0.5, leaves=(True, False), prover="bad"),
    )
    played = game(*worlds, needed=2, stake=2.5, grid=(0.0, 1.0))
    at = ("0", "1", "0", "1")
    assert played.turn(at) == "first"
    assert played.sees(at) == ("prover", "good", "1", "0", "1")
    assert replace(played, numbers_seen=False).sees(at) == ("prover", "good")
    assert played.sees(at[:2]) == played.sees(("1", "1"))
    end = played.end((*at, "low", "0 low"))
    assert end.first == pytest.approx(1 + 2.5 * (0 - 1) + 2.5 * 1)
    assert (end.second, end.wrong) == (-end.first, 0.0)
    with pytest.raises(ValueError, match="same leaves"):
        GridGame(
            worlds=(true(2), true(3)),
            needed=1,
            root_grid=(0.0,),
            leaf_grid=(0.0,),
            first=1.0,
            stake=1.0,
        )
