"""The laws of the audit game: who knows more gets more, and what the defender gains by."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.methods.games.games import BETA

from safetycase.methods.games import clocked as clocked_room
from safetycase.methods.games.attackers import (
    CLOCKED,
    COIN_AWARE,
    CONSTANT_RATE,
    FULL_INFORMATION,
)
from safetycase.methods.games.clocked import clocked
from safetycase.methods.games.coin_aware import coin_aware_risks
from safetycase.methods.games.constant_rate import ConstantRate
from safetycase.methods.games.full_information import full_information
from safetycase.methods.games.rates import beta_roc, game_of, rates_of
from safetycase.methods.games.recursion import best_value, usefulness
from safetycase.plugin.attackers import AuditGame

SLACK = 1e-9
rate = st.floats(0, 1)


@st.composite
def games(draw: st.DrawFn) -> AuditGame:
    """Games in which what is deferred once the audits are spent is no more than before."""
    audit, defer = sorted((draw(st.floats(0.01, 0.6)), draw(st.floats(0.01, 0.9))))
    heights = sorted((draw(rate), draw(rate), draw(rate)))
    spent = audit * draw(st.sampled_from([0.25, 0.5]))
    corners = ((spent, heights[0]), (audit, heights[1]), (defer, heights[2]))
    return AuditGame(
        tasks=draw(st.integers(1, 30)),
        audits=draw(st.integers(0, 3)),
        roc=((0.0, 0.0), *corners, (1.0, 1.0)),
        audit_rate=audit,
        defer_rate=defer,
        defer_rate_spent=draw(st.sampled_from([spent, audit, defer])),
    )


def value(game: AuditGame) -> float:
    return float(full_information(game).values[-1])


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(games())
def test_who_knows_more_gets_more(game: AuditGame) -> None:
    constant, coins = CONSTANT_RATE.value(game), COIN_AWARE.value(game)
    timed, full = CLOCKED.value(game), FULL_INFORMATION.value(game)
    assert constant.low <= timed.low + SLACK
    assert constant.low <= coins.low + SLACK
    for found in (constant, coins, timed):
        assert found.low <= found.high + SLACK
        assert found.low <= full.high + SLACK
    assert full.high == pytest.approx(best_value(game), abs=SLACK)


@settings(max_examples=40, deadline=None)
@given(games())
def test_more_tasks_more_risk_and_more_audits_less(game: AuditGame) -> None:
    longer = dataclasses.replace(game, tasks=game.tasks + 1)
    assert value(game) <= value(longer) + SLACK
    by_audits = full_information(game).values
    assert all(fewer >= more - SLACK for fewer, more in pairwise(by_audits))


@settings(max_examples=40, deadline=None)
@given(games(), st.floats(0, 1))
def test_a_better_monitor_lowers_the_risk_of_every_class(game: AuditGame, share: float) -> None:
    roc = tuple((x, y + share * (1 - y)) if x > 0 else (x, y) for x, y in game.roc)
    better = dataclasses.replace(game, roc=roc)
    assert value(better) <= value(game) + SLACK
    one, two = ConstantRate.of(game), ConstantRate.of(better)
    for attack in (0.01, 0.3, 1.0):
        assert two(attack) <= one(attack) + SLACK
    assert clocked(better).low <= clocked(game).high + SLACK


@settings(max_examples=30, deadline=None)
@given(games(), st.floats(1, 2))
def test_more_audits_of_honest_outputs_use_the_budget_up(game: AuditGame, more: float) -> None:
    """With the true-positive rates as they are, a higher false-positive rate is worse."""
    faster = min(game.defer_rate, more * float(game.audit_rate))
    moved = {game.audit_rate: faster}
    roc = tuple((moved.get(x, x), y) for x, y in game.roc)
    spent = moved.get(game.defer_rate_spent, game.defer_rate_spent)
    worse = dataclasses.replace(game, roc=roc, audit_rate=faster, defer_rate_spent=spent)
    if rates_of(worse).caught != rates_of(game).caught:
        return  # two corners have met
    assert value(worse) >= value(game) - SLACK
    assert ConstantRate.of(worse)(0.1) >= ConstantRate.of(game)(0.1) - SLACK


@settings(max_examples=40, deadline=None)
@given(games())
def test_the_search_finds_the_best_of_all_schedules_where_all_can_be_tried(
    game: AuditGame,
) -> None:
    short = dataclasses.replace(game, tasks=min(9, game.tasks))
    best = clocked(short).low
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clocked_room, "ENUMERATED", 0)
        found = clocked(short)
    assert best - 2e-3 <= found.low <= best + SLACK


@settings(max_examples=30, deadline=None)
@given(games())
def test_usefulness_counts_the_tasks_with_audits_left(game: AuditGame) -> None:
    busy = ConstantRate.of(game).tasks_with_audits()
    kept = 1 - game.defer_rate + game.audit_rate
    expected = busy * kept + (game.tasks - busy) * (1 - game.defer_rate_spent)
    assert usefulness(game) == pytest.approx(expected, abs=1e-9)


def test_the_certificate_holds_on_a_fine_grid_and_is_tight() -> None:
    found = CONSTANT_RATE.value(BETA)
    one = ConstantRate.of(BETA)
    values = [one((i / 3000) ** 2) for i in range(3001)]
    assert max(values) <= found.high
    assert found.high - max(values) <= 2e-4


@pytest.mark.slow
def test_a_flat_curve_of_risks_is_certified_by_the_bound_on_attacks_with_audits_left() -> None:
    """With 10,000 tasks the risk is level over most rates, where its slope bounds too little."""
    large = dataclasses.replace(BETA, tasks=10_000, audits=200)
    found = CONSTANT_RATE.value(large)
    rates = rates_of(large)
    assert found.low == pytest.approx(rates.passes / (rates.passes + rates.caught), abs=1e-4)
    assert found.high - found.low <= 1e-4


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"tasks": 0}, "at least 1"),
        ({"audits": -1}, "at least 0"),
        ({"audit_rate": 0.2}, "below the audit rate"),
        ({"defer_rate_spent": 1.5}, "between 0 and 1"),
        ({"audit_rate": float("nan")}, "between 0 and 1"),
        ({"roc": ((0.0, 0.0),)}, "at least two corners"),
        ({"roc": ((0.0, 0.1), (1.0, 1.0))}, "runs from"),
        ({"roc": ((0.0, 0.0), (0.5, float("nan")), (1.0, 1.0))}, "finite"),
        ({"roc": ((0.0, 0.0), (0.5, 0.6), (0.7, 0.5), (1.0, 1.0))}, "falls after"),
    ],
)
def test_a_game_that_cannot_be_is_refused(changed: dict[str, object], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        full_information(dataclasses.replace(BETA, **changed))  # type: ignore[arg-type]


def test_the_curve_of_two_laws_is_below_the_curve_between_its_corners() -> None:
    coarse = dict(beta_roc((7.39, 6.86), (8.91, 2.82), (), points=10))
    fine = AuditGame(
        tasks=1,
        audits=0,
        roc=tuple(coarse.items()),
        audit_rate=0.05,
        defer_rate=0.05,
        defer_rate_spent=0.05,
    )
    exact = beta_roc((7.39, 6.86), (8.91, 2.82), (0.05,))
    assert rates_of(fine).caught <= dict(exact)[0.05]


@settings(max_examples=25, deadline=None)
@given(games(), st.integers(100, 400))
def test_long_waits_are_summed_up_as_the_recursion_walks_them(game: AuditGame, tasks: int) -> None:
    long = dataclasses.replace(game, tasks=tasks)
    assert value(long) == pytest.approx(best_value(long), abs=1e-11)


def test_where_spent_audits_shut_the_deployment_every_task_is_walked() -> None:
    """Then an attacker must not wait for the audits to go, and the short way would be wrong."""
    shut = dataclasses.replace(BETA, defer_rate_spent=1.0)
    assert value(shut) == pytest.approx(best_value(shut), abs=1e-12)
    assert value(shut) > 0.3
    assert full_information(shut).values[0] == 0.0


@settings(max_examples=15, deadline=None)
@given(games(), st.lists(st.lists(rate, min_size=3, max_size=3), min_size=8, max_size=8))
def test_no_rates_by_audits_left_exceed_the_certificate(
    game: AuditGame, drawn: list[list[float]]
) -> None:
    found = COIN_AWARE.value(game)
    rows = np.array([[1.0, *row[: game.audits]] for row in drawn])
    assert coin_aware_risks(game, rows).max() <= found.high + SLACK
    assert found.high <= found.low + 1.1e-3


@pytest.mark.slow
def test_a_certificate_of_six_audits_is_far_below_full_information() -> None:
    game = dataclasses.replace(BETA, tasks=300, audits=6)
    found, full = COIN_AWARE.value(game), FULL_INFORMATION.value(game)
    assert found.high - found.low <= 1.1e-3
    assert found.high < full.low - 0.1
    many = dataclasses.replace(BETA, tasks=400, audits=13)
    assert COIN_AWARE.value(many).high == FULL_INFORMATION.value(many).high


@given(st.integers(0, 3), rate, rate, rate, rate)
def test_any_outcomes_of_a_task_are_a_game(
    audits: int, audit: float, caught: float, stopped: float, spent: float
) -> None:
    caught, stopped = sorted((caught, stopped))
    game = game_of(
        tasks=5, audits=audits, audit=audit, caught=caught, stopped=stopped, stopped_spent=spent
    )
    left = [0.0] * (audits + 1)
    for _ in range(5):
        before = list(left)
        left[0] = 1 - spent + spent * before[0]
        for c in range(1, audits + 1):
            wait = audit * before[c - 1] + (1 - audit) * before[c]
            left[c] = max(wait, 1 - stopped + (stopped - caught) * before[c])
    assert value(game) == pytest.approx(left[-1], abs=1e-9)


def test_one_audit_left_and_rounding_do_not_cross_the_ends() -> None:
    """The best rate is 0 or 1 here, and the ends of the class are computed in two ways."""
    curve = ((0.0, 0.0), (0.274, 0.339), (0.608, 0.916), (0.801, 1.0), (1.0, 1.0))
    for tasks in (1, 2, 3, 8, 30):
        for share in (0.02, 0.1, 0.5, 0.9):
            game = AuditGame(
                tasks=tasks,
                audits=1,
                roc=curve,
                audit_rate=share,
                defer_rate=share,
                defer_rate_spent=share,
            )
            found = COIN_AWARE.value(game)
            assert found.low <= found.high
