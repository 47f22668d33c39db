"""Every statement holds at every approximate equilibrium of its games; a corrupted one does not.

`check_protocol` holds a statement to the equilibria that the solver returns. Here it is held to all
profiles within a gap, each with a witness and a certified bound.
"""

from __future__ import annotations

import pytest

from safetycase.methods.oversight.equilibria.curve import error_curve
from safetycase.methods.oversight.equilibria.game import Game
from safetycase.plugin.entries import declared
from safetycase.plugin.protocols import GROUP, Domain, OversightProtocol, protocol

GAPS = (0.0, 0.05, 0.2)
LARGE = {("consultancy", 3), ("cross-examination", 2), ("prover-estimator", 3)}
"""Games that take several seconds each, or have too many pure plans to follow a commitment."""
OURS = sorted(e.name for e in declared(GROUP) if e.package == "safetycase")
WITHOUT_GAME = {"amplification", "weak-to-strong"}


def games(found: OversightProtocol) -> list[tuple[Domain, int]]:
    return [
        (domain, size)
        for domain in found.domains
        if domain.rules is not None
        for size in domain.small[:2]
        if (found.name, size) not in LARGE
    ]


def worst(
    found: OversightProtocol, domain: Domain, size: int, seed: int
) -> list[tuple[float, ...]]:
    assert domain.rules is not None
    game = Game.of_rules(domain.rules(size, seed))
    curve = error_curve(game, GAPS, order=found.order)
    constants = found.constants()
    return [
        (gap, witness, certified, found.theory(constants, 0.0, gap).disagreement)
        for gap, witness, certified in curve
    ]


def test_every_shipped_protocol_is_here() -> None:
    assert len(OURS) == 12
    assert {name for name in OURS if not games(protocol(name))} == WITHOUT_GAME


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(OURS) - WITHOUT_GAME))
def test_the_statement_bounds_every_approximate_equilibrium(name: str) -> None:
    found = protocol(name)
    for domain, size in games(found):
        for seed in (0, 1):
            for gap, witness, certified, stated in worst(found, domain, size, seed):
                where = f"{name}, {domain.name} {size}, seed {seed}, gap {gap}"
                assert witness <= certified + 1e-9, where
                assert certified <= stated + 1e-6, where


def test_the_curve_is_that_of_a_game_whose_error_is_known() -> None:
    # Debate on a formula: the liar's share of wins is what the gap allows, up to the whole of it.
    found = protocol("debate")
    curve = worst(found, found.domains[0], 2, 0)
    assert [round(witness, 6) for _, witness, _, _ in curve] == [0.0, 0.05, 0.2]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["debate", "critique", "single-prover"])
def test_a_corrupted_protocol_has_an_equilibrium_that_breaks_the_statement(name: str) -> None:
    found = protocol(name).corrupted()
    assert any(
        witness > stated + 0.1
        for domain, size in games(found)
        for seed in range(4)
        for _, witness, _, stated in worst(found, domain, size, seed)[:1]
    )
