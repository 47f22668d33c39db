"""Every open part of a case is an item, with what would solve it and what was tried."""

from __future__ import annotations

from pathlib import Path

from tests.agenda.cases import NOW, PAIR, opened
from tests.conftest import COIN, write_case

from safetycase.agenda.items import Item, items_of
from safetycase.ledger import ShotRecord
from safetycase.workspace.folder import open_case


def items(folder: Path, text: str, *shots: ShotRecord) -> dict[str, Item]:
    return {i.id: i for i in items_of(opened(folder, text).assess(), shots)}


def test_a_problem_shows_the_text_of_the_library_beside_its_own(tmp_path: Path) -> None:
    found = items(tmp_path / "c", PAIR)
    left, right = found["P-LEFT"], found["P-RIGHT"]
    assert left.entry is not None
    assert (left.says, left.entry.title) == ("Show the left.", "Obfuscated arguments")
    assert (left.kind, left.kind_stated, left.proxy) == ("theory", True, "a run")
    assert left.prospects is not None
    assert (left.cost, left.prospects.owner) == (2, "theory lead")
    assert left.path == ("SAFE", "BOTH", "LEFT")
    assert left.place.endswith("case.yaml:26:5")
    assert (right.kind, right.kind_stated, right.entry, right.cost) == ("theory", False, None, None)


def test_the_proxy_of_the_library_stands_in_where_the_case_has_none(tmp_path: Path) -> None:
    found = items(tmp_path / "c", PAIR.replace("    proxy: a run\n", ""))
    assert found["P-LEFT"].proxy is not None
    assert found["P-LEFT"].proxy.startswith("Success of the attack")


def test_an_unknown_instance_has_no_entry(tmp_path: Path) -> None:
    found = items(tmp_path / "c", PAIR.replace("aisi/P2", "aisi/P99"))
    assert (found["P-LEFT"].entry, found["P-LEFT"].instance_of) == (None, "aisi/P99")


def test_a_leaf_that_was_never_run_is_an_evaluation_with_its_command(tmp_path: Path) -> None:
    folder = write_case(tmp_path / "coin", COIN, {"items.txt": "head\n"})
    (item,) = items_of(open_case(folder, NOW).assess())
    assert (item.id, item.what, item.kind) == ("E-COIN", "evidence", "evaluation")
    assert item.command == "safetycase run --only E-COIN"
    assert "never run" in item.says


def test_what_a_leaf_costs_comes_from_its_plan(tmp_path: Path) -> None:
    plan = "          plan: {n: 200, cost_per_item: 0.5, cost_fixed: 10}\n"
    text = COIN.replace("          valid_for:", plan + "          valid_for:")
    folder = write_case(tmp_path / "coin", text, {"items.txt": "head\n"})
    (item,) = items_of(open_case(folder, NOW).assess())
    assert item.cost == 110


def test_an_assumption_nobody_answers_for_is_open_work(tmp_path: Path) -> None:
    text = PAIR.replace(
        "      - {claim: RIGHT, says: The right holds.}\n",
        "      - {claim: RIGHT, says: The right holds.}\n"
        "      - {assumption: CALM, says: It stays calm., owner: lead, expires: 2026-01-01}\n",
    )
    item = items(tmp_path / "c", text)["CALM"]
    assert (item.what, item.carries, item.kind) == ("open assumption", True, "theory")


def test_shots_in_the_record_stand_beside_those_in_the_file(tmp_path: Path) -> None:
    text = PAIR.replace("    proxy: a run\n", "    proxy: a run\n    shots: [A pilot in 2025.]\n")
    shot = ShotRecord(
        id="P-LEFT:1", seq=3, at="", item="P-LEFT", by="us", approach="games", outcome="solved"
    )
    other = ShotRecord(id="GONE:1", seq=4, at="", item="GONE", by="us", approach="games")
    item = items(tmp_path / "c", text, shot, other)["P-LEFT"]
    assert item.tried == ("A pilot in 2025.",)
    assert item.shots == (shot,)
    assert item.status == "claimed solved, not yet in the case"
