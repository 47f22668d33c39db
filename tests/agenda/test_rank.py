"""Single items and complement groups, side by side."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.agenda.cases import EITHER, NOW, PAIR, opened
from tests.agenda.test_funding import PLAIN, failed
from tests.conftest import COIN, write_case

from safetycase.agenda.items import items_of
from safetycase.agenda.opengraph import open_graph
from safetycase.agenda.rank import Ranking, rank
from safetycase.agenda.value import MODEL, Stakes
from safetycase.ledger import ShotRecord
from safetycase.workspace.folder import open_case


def ranked(folder: Path, text: str, *shots: ShotRecord, **more: object) -> Ranking:
    assessment = opened(folder, text).assess()
    items = items_of(assessment, shots)
    return rank(assessment, items, open_graph(assessment, items), taken=PLAIN, **more)  # type: ignore[arg-type]


def test_two_open_siblings_are_worth_nothing_alone_and_the_pair_is_found(tmp_path: Path) -> None:
    found = ranked(tmp_path / "c", PAIR, stakes=Stakes(gain=1, loss=1))
    (pair,) = found.groups
    assert pair.items == ("P-LEFT", "P-RIGHT")
    assert (pair.gain, pair.bound) == (1.0, 1.0)
    assert pair.chance == pytest.approx(0.6 * 0.55)
    assert pair.cost == 3
    for row in found.items:
        assert row.lift is not None
        assert (row.lift.bound_before, row.lift.bound_after) == (0.0, 0.0)
        assert row.knowing is not None
        assert row.knowing.model == MODEL
    assert pair.knowing is not None
    # both known: act in the one good outcome, g = 2·1 − 1
    assert pair.knowing.value == pytest.approx(0.6 * 0.55)


def test_the_point_model_moves_with_every_item_that_matters(tmp_path: Path) -> None:
    found = ranked(tmp_path / "c", PAIR)
    assert found.point == pytest.approx(0.6 * 0.55)
    rows = {row.item.id: row for row in found.items}
    left, right = rows["P-LEFT"].lift, rows["P-RIGHT"].lift
    assert left is not None
    assert right is not None
    assert (left.after, right.after) == (pytest.approx(0.55), pytest.approx(0.6))
    assert [row.item.id for row in found.items] == ["P-RIGHT", "P-LEFT"]  # half the cost
    assert found.alike == ("P-RIGHT",)


def test_each_of_two_ways_lifts_the_bound_alone(tmp_path: Path) -> None:
    found = ranked(tmp_path / "c", EITHER)
    assert {group.items for group in found.groups} == {("P-LEFT",), ("P-RIGHT",)}
    assert found.substitutes == (("P-LEFT", "P-RIGHT"),)
    for row in found.items:
        assert row.lift is not None
        assert (row.lift.bound_before, row.lift.bound_after) == (0.0, 1.0)
        assert row.lift.log_odds == float("inf")


def test_failed_shots_move_the_ranking(tmp_path: Path) -> None:
    assert [r.item.id for r in ranked(tmp_path / "a", EITHER).items] == ["P-RIGHT", "P-LEFT"]
    before = ranked(tmp_path / "b", PAIR)
    after = ranked(tmp_path / "c", PAIR, *(failed("P-LEFT", n) for n in range(1, 6)))
    assert before.point is not None
    assert after.point is not None
    assert after.point < before.point
    rows = {row.item.id: row for row in after.items}
    assert rows["P-LEFT"].chance < 0.6
    # what is less likely to be solved lifts the headline more if it is
    assert rows["P-LEFT"].lift is not None
    assert rows["P-LEFT"].lift.log_odds > 0


def test_a_dual_price_and_a_better_bound_can_be_handed_in(tmp_path: Path) -> None:
    found = ranked(tmp_path / "c", PAIR, prices={"P-LEFT": 0.25}, bound=lambda _graph, _node: 0.125)
    assert found.now == 0.125
    assert {r.item.id: r.price for r in found.items} == {"P-LEFT": 0.25, "P-RIGHT": None}


def test_more_trials_of_a_leaf_are_worth_what_the_beta_binomial_says(tmp_path: Path) -> None:
    text = COIN.replace("with: {n: 400, rate: 5}", "with: {n: 10, rate: 5}")
    plan = "          plan: {n: 10, cost_per_item: 0.5}\n"
    text = text.replace("          valid_for:", plan + "          valid_for:")
    folder = write_case(tmp_path / "coin", text, {"items.txt": "x\n"})
    assessment = open_case(folder, NOW).assess()
    items = items_of(assessment)
    found = rank(
        assessment,
        items,
        open_graph(assessment, items),
        stakes=Stakes(gain=1, loss=1),
        shares=["E-COIN"],
    )
    (row,) = found.items
    assert row.more is not None
    # uniform prior: P(rate <= 0.2) = 0.2 now; after 10 clean of 10 it is 1 - 0.8^11
    assert row.trials == 10
    assert row.more.cost == 5
    assert 0 < row.more.value < 1 / 11 * (2 * (1 - 0.8**11) - 1) + 1 / 11 * 1
    assert rank(assessment, items, open_graph(assessment, items)).items[0].more is None


def test_without_problems_the_groups_are_of_every_item(tmp_path: Path) -> None:
    folder = write_case(tmp_path / "coin", COIN, {"items.txt": "x\n"})
    assessment = open_case(folder, NOW).assess()
    items = items_of(assessment)
    found = rank(assessment, items, open_graph(assessment, items))
    assert found.grouped == "every item"
    assert [g.items for g in found.groups] == [("E-COIN",)]
