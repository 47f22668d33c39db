"""Tiny games: every policy of a class is tried and its outcomes are counted one by one."""

from __future__ import annotations

import itertools

import pytest
from tests.methods.games.games import SMALL, F, every_timing, outcomes

from safetycase.methods.games.attackers import (
    CLOCKED,
    COIN_AWARE,
    CONSTANT_RATE,
    FULL_INFORMATION,
)
from safetycase.methods.games.recursion import risk
from safetycase.plugin.attackers import AuditGame

QUARTERS = [F(i, 4) for i in range(5)]
parametrize = pytest.mark.parametrize("game", SMALL, ids=lambda g: f"{g.tasks}-{g.audits}")


@parametrize
def test_full_information_is_the_best_of_all_timings(game: AuditGame) -> None:
    best = max(outcomes(game, policy) for policy in every_timing(game))
    assert FULL_INFORMATION.value(game).low == best


def test_mixing_gives_full_information_nothing() -> None:
    game = SMALL[4]
    states = [(m, c) for m in (1, 2) for c in (1, 2)]
    mixed = itertools.product((F(0), F(1, 3), F(1)), repeat=len(states))
    best = max(outcomes(game, lambda m, c, s=s: s[states.index((m, c))] if c else 1) for s in mixed)
    assert best == FULL_INFORMATION.value(game).low


@parametrize
def test_clocked_is_the_best_of_all_schedules_and_mixing_gives_nothing(game: AuditGame) -> None:
    found = CLOCKED.value(game)
    pure = [
        outcomes(game, lambda m, _c, s=s: s[m - 1])
        for s in itertools.product((0, 1), repeat=game.tasks)
    ]
    assert found.exact
    assert found.low == max(pure)
    mixed = itertools.product((F(0), F(1, 2), F(1)), repeat=game.tasks)
    assert max(outcomes(game, lambda m, _c, s=s: s[m - 1]) for s in mixed) == max(pure)


@parametrize
def test_no_rates_by_audits_left_exceed_the_bound_or_the_value_that_was_found(
    game: AuditGame,
) -> None:
    found, full = COIN_AWARE.value(game), FULL_INFORMATION.value(game)
    grid = itertools.product(QUARTERS, repeat=game.audits)
    best = max(outcomes(game, lambda _m, c, r=r: r[c - 1] if c else 1) for r in grid)
    assert best <= found.high <= full.high
    assert best <= found.low + F(1, 10**4)
    assert found.high <= found.low + F(11, 10**4)


@parametrize
def test_no_constant_rate_exceeds_the_certificate(game: AuditGame) -> None:
    found = CONSTANT_RATE.value(game)
    values = {rate: outcomes(game, lambda _m, _c, r=rate: r) for rate in QUARTERS}
    for rate, value in values.items():
        assert value == risk(game, lambda _m, _c, r=rate: r)
        assert value <= found.high
    rates = [F(i, 200) for i in range(201)]
    fine = max(risk(game, lambda _m, _c, r=r: r) for r in rates)
    assert fine <= found.high
    assert fine <= found.low + F(1, 10**4)
