"""The toy game in sequence form: every pair of things that the two sides may be told."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from safetycase.methods.games.extensive.sequence import SequenceForm
from safetycase.methods.games.extensive.tree import flatten
from safetycase.methods.games.extensive.zero_sum import solve
from safetycase.methods.oversight.protocols.prover_estimator.orders import (
    estimator_leads,
    prover_leads,
)
from safetycase.methods.oversight.protocols.prover_estimator.protocol import PROTOCOL
from safetycase.methods.oversight.protocols.prover_estimator.rules import (
    GridGame,
    World,
    own_grid,
)

BITS = {(True, True): 0.5, (True, False): 0.25, (False, True): 0.25}
TOLD = {
    "nothing": lambda _bits: "",
    "the claim": lambda bits: str(all(bits)),
    "one leaf": lambda bits: str(bits[0]),
    "the other": lambda bits: str(bits[1]),
    "all": str,
}
FINER = [
    ("nothing", "the claim"),
    ("nothing", "one leaf"),
    ("the claim", "all"),
    ("one leaf", "all"),
]


def game(prover: str, estimator: str, *, seen: bool) -> GridGame:
    bare = GridGame(
        worlds=tuple(
            World(
                probability=chance,
                leaves=bits,
                prover=TOLD[prover](bits),
                estimator=TOLD[estimator](bits),
            )
            for bits, chance in BITS.items()
        ),
        needed=2,
        root_grid=(0.0, 1.0),
        leaf_grid=(0.0, 0.5, 1.0),
        first=2.5,
        stake=6.25,
        numbers_seen=seen,
    )
    return replace(bare, root_grid=own_grid(bare))


@cache
def solved(prover: str, estimator: str, seen: bool) -> tuple[float, float]:
    """The value to the prover, and the error of the equilibrium found."""
    form = SequenceForm.of(flatten(game(prover, estimator, seen=seen)))
    found = solve(form)
    assert found.gap < 1e-7
    return found.value, float(form.value(found.x, form.wrong, found.y))


@pytest.mark.slow
@pytest.mark.parametrize("seen", [True, False])
def test_knowing_more_never_hurts_a_side(seen: bool) -> None:
    for less, more in FINER:
        for other in TOLD:
            assert solved(more, other, seen)[0] >= solved(less, other, seen)[0] - 1e-7
            assert solved(other, more, seen)[0] <= solved(other, less, seen)[0] + 1e-7


@pytest.mark.slow
def test_seeing_the_numbers_never_hurts_the_prover() -> None:
    for prover in TOLD:
        for estimator in TOLD:
            seen, unseen = (solved(prover, estimator, s)[0] for s in (True, False))
            assert seen >= unseen - 1e-7


@pytest.mark.slow
def test_the_sequence_form_agrees_with_both_orders() -> None:
    for prover in TOLD:
        seen = game(prover, "nothing", seen=True)
        unseen = game(prover, "nothing", seen=False)
        # Mixed numbers are no better than the best ones here: a mixture is seen as it falls.
        assert solved(prover, "nothing", True)[0] == pytest.approx(
            estimator_leads(seen).value, abs=1e-7
        )
        assert solved(prover, "nothing", False)[0] == pytest.approx(
            prover_leads(unseen).value, abs=1e-7
        )


def test_an_estimator_who_knows_all_is_right_and_pays_the_prior() -> None:
    for prover in ("the claim", "all"):
        value, wrong = solved(prover, "all", True)
        assert value == pytest.approx(0.5)
        assert wrong == pytest.approx(0, abs=1e-7)
    assert solved("all", "nothing", True)[0] > 3
    assert solved("all", "nothing", True)[1] == pytest.approx(0.5)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["small arguments", "hidden false leaf"])
def test_the_games_of_the_protocol_flatten_and_have_their_value(name: str) -> None:
    (domain,) = (d for d in PROTOCOL.domains if d.name == name)
    assert domain.rules is not None
    for size in domain.small:
        rules = domain.rules(size, 0)
        assert isinstance(rules, GridGame)
        found = solve(SequenceForm.of(flatten(rules)))
        assert found.value == pytest.approx(estimator_leads(rules).value, abs=1e-7)


@pytest.mark.slow
def test_the_table_of_the_page_is_what_is_solved() -> None:
    page = Path(__file__).parents[4] / "docs" / "reference" / "protocols-estimator.md"
    names = {"nothing": "nothing", "the claim's truth": "the claim", "one leaf": "one leaf"}
    names["all"] = "all"
    cells = r"([\d.]+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|"
    rows = re.findall(rf"^\| ([a-z' ]+) \| {cells}$", page.read_text("utf-8"), re.MULTILINE)
    assert [row[0] for row in rows] == list(names)
    for prover, *cells in rows:
        for told, cell in zip(names.values(), cells, strict=True):
            value = solved(names[prover], told, seen=True)[0]
            assert value == pytest.approx(float(cell), abs=6e-3)
