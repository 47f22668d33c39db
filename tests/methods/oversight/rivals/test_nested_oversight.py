"""Nested oversight: the published optima, closed forms, general chains, and the bound."""

from __future__ import annotations

import dataclasses
import itertools
import math

import pytest

from safetycase.methods.oversight.domains.ratings import (
    GAMES,
    WORST_RATED,
    Game,
    Line,
    Nested,
    best_levels,
    best_steps,
    chain,
    win_probability,
)
from safetycase.methods.oversight.protocols.nested_oversight import (
    PROTOCOL,
    Constants,
    beyond,
    theory,
)
from safetycase.testing.protocols import check_protocol, statement_breaks

SAME = Game(guard=Line(slope=1.3, intercept=-200.0), system=Line(slope=1.3, intercept=-200.0))


def test_the_protocol_keeps_the_contract() -> None:
    check_protocol(PROTOCOL, module="safetycase.methods.oversight.protocols.nested_oversight")


def test_the_corrupted_protocol_breaks_the_statement_by_its_error() -> None:
    broken = statement_breaks(PROTOCOL.corrupted())
    assert broken is not None
    assert "error" in broken


@pytest.mark.parametrize(
    ("game", "steps", "success"),
    [
        ("mafia", 1, 0.11062359444258422706),
        ("debate", 1, 0.51358447510963367244),
        ("backdoor-code", 2, 0.27569140767676612696),
        ("wargames", 1, 0.09797700206320373166),
    ],
)
def test_the_published_optimum_at_400_points(game: str, steps: int, success: float) -> None:
    """Engels et al. 2025, notebook of theory predictions: 80 digits, of which 20 are here."""
    best = best_steps(GAMES[game], WORST_RATED, 400.0)
    assert len(best.wins) == steps
    assert best.success == pytest.approx(success, rel=1e-12)


def test_those_400_points_lie_above_the_models_that_were_rated() -> None:
    found = theory(Constants(gap=400.0), 0.0, 0.0)
    assert not found.conditions[0].holds
    assert found.disagreement == 1.0
    assert theory(Constants(gap=274.0), 0.0, 0.0).disagreement < 1.0


@pytest.mark.parametrize("steps", [1, 2, 7, 20])
def test_equal_lines_have_a_closed_form(steps: int) -> None:
    expected = (1 + 10 ** (1.3 * 250 / (400 * steps))) ** -steps
    assert chain(SAME, 900.0, 250.0, steps).success == pytest.approx(expected, rel=1e-12)


def test_plateaus_cut_the_line_off() -> None:
    line = Line(slope=2.0, intercept=0.0, low=100.0, high=300.0)
    assert [line.at(x) for x in (0.0, 100.0, 400.0)] == [100.0, 200.0, 300.0]
    flat = Game(guard=Line(slope=0.0, intercept=50.0), system=line)
    assert chain(flat, 300.0, 500.0, 3).wins == (win_probability(50.0, 300.0),) * 3


def test_general_chains_are_the_best_of_all_chains_on_the_grid() -> None:
    for game in GAMES.values():
        levels = [WORST_RATED + 400.0 * i / 6 for i in range(7)]
        every = max(
            math.prod(
                win_probability(game.guard.at(a), game.system.at(b))
                for a, b in itertools.pairwise((levels[0], *inner, levels[-1]))
            )
            for size in range(6)
            for inner in itertools.combinations(levels[1:-1], size)
        )
        assert best_levels(game, WORST_RATED, 400.0, 6, 6).success == pytest.approx(every)
        even = best_steps(game, WORST_RATED, 400.0, 6).success
        assert best_levels(game, WORST_RATED, 400.0, 6, 60).success >= even - 1e-15


def test_the_bound_counts_lost_steps_with_and_without_independence() -> None:
    constants = Constants()
    plan = constants.plan
    assert theory(constants, 0.0, 0.0).disagreement == pytest.approx(1 - plan.success)
    alike = theory(dataclasses.replace(constants, independent=False), 0.02, 0.01)
    assert alike.disagreement == pytest.approx(
        min(1.0, 0.02 + sum(1 - p + 0.01 for p in plan.wins))
    )
    for gap, error in itertools.product((0.0, 0.05), (0.0, 0.1)):
        apart = 1 - (1 - error) * math.prod(p - gap for p in plan.wins)
        whole = 1 - (1 - error) * plan.success + gap
        assert theory(constants, error, gap).disagreement == pytest.approx(max(apart, whole))


def test_the_game_is_worth_the_best_chain_and_the_system_fights_everywhere() -> None:
    rules = PROTOCOL.domains[0].rules
    assert rules is not None
    game = rules(200, 1)
    assert isinstance(game, Nested)
    values = {}
    for steps in game.moves(()):
        place = game.after((), steps.name)
        lost = {
            where.name: game.moves(game.after(place, where.name))[1].probability
            for where in game.moves(place)
        }
        assert max(lost, key=lambda k: (lost[k], k)) in ("all", "0")
        values[steps.name] = 1 - max(lost.values())
    played = PROTOCOL.domains[0].play(200, 1)
    assert max(values.values()) <= 1 - played.error_low + 1e-12


def test_a_steeper_system_is_caught_less_often() -> None:
    game = GAMES["wargames"]
    rates = [beyond(game, WORST_RATED, 400.0, factor) for factor in (1.0, 1.5, 3.0)]
    assert rates == sorted(rates)
    assert rates[0] == pytest.approx(1 - best_steps(game, WORST_RATED, 400.0).success)
    assert rates[-1] > rates[0]
    steep = dataclasses.replace(
        game, system=Line(slope=game.system.slope, intercept=game.system.intercept + 1e4)
    )
    assert beyond(steep, WORST_RATED, 400.0, 2.0) == pytest.approx(1.0)


def test_impossible_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="at most"):
        Line(slope=1.0, intercept=0.0, low=2.0, high=1.0)
    with pytest.raises(ValueError, match="finite"):
        Line(slope=float("nan"), intercept=0.0)
    with pytest.raises(ValueError, match="at least one step"):
        chain(SAME, 0.0, 1.0, 0)
    with pytest.raises(ValueError, match="most_steps"):
        Constants(most_steps=0)
    with pytest.raises(ValueError, match="gap"):
        Constants(gap=-1.0)
    with pytest.raises(ValueError, match="rated_low"):
        Constants(rated_low=5.0, rated_high=1.0)
