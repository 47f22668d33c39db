"""`mutate` on the command line: the table, survivors with their patches, JSON, and refusals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.conftest import COIN, write_case

from safetycase.assess import freshness
from safetycase.cli.mutate import mutate
from safetycase.testing.mutation import CATALOGUE

NOW = "2026-11-28T12:00:00Z"
FEW = ("--only", "relax-threshold", "--only", "lower-target", "--only", "change-result")


@pytest.fixture
def coin(tmp_path: Path) -> Path:
    return write_case(tmp_path / "coin", COIN, {"items.txt": "head or tail\n"})


def call(*words: str | Path) -> tuple[int, Result]:
    done = CliRunner().invoke(mutate, [str(w) for w in words], standalone_mode=False)
    if isinstance(done.exception, Exception):
        raise done.exception
    return int(done.return_value or 0), done


def test_the_table_says_what_was_caught_and_by_what(coin: Path) -> None:
    code, done = call(coin, "--now", NOW, *FEW)
    assert code == 0
    lines = done.output.splitlines()
    assert lines[0].startswith("toy, as of 2026-11-28: the verdict of the copy is `holds`; of 5 ")
    assert "  as if: 1 leaf has a simulated result" in lines
    rows = {line.split()[0]: line.split()[1:] for line in lines if line[:1].isalpha()}
    assert rows["relax-threshold"] == ["2", "2", "0", "0", "0"]
    assert rows["lower-target"] == ["2", "0", "2", "0", "0"]
    assert rows["change-result"] == ["1", "1", "0", "0", "0"]
    assert "5 of 5 faults were caught (100.0%): 3 by" in lines[-1]
    assert not (coin / "ledger").exists()


def test_a_survivor_is_named_with_its_patch_and_kept(
    coin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(freshness, "_compared", lambda *_: iter(()))
    code, done = call(coin, "--now", NOW, *FEW, "--keep", tmp_path / "kept")
    assert code == 1
    assert "SURVIVED relax-threshold at RARE:" in done.output
    assert "  | -        holds_when: rate <= 0.20" in done.output
    assert "  | +        holds_when: rate <= 0.22" in done.output
    names = sorted(p.name for p in (tmp_path / "kept").iterdir())
    assert names == ["001-relax-threshold.patch", "002-relax-threshold.patch", "mutation.json"]
    patch = (tmp_path / "kept" / names[0]).read_text("utf-8")
    assert patch.startswith(
        "# relax-threshold: the criterion of RARE is relaxed from 0.20 to <= 0.22"
    )
    found = json.loads((tmp_path / "kept" / "mutation.json").read_text("utf-8"))
    assert (found["planted"], found["survived"], found["caught_by_comparison"]) == (5, 2, 2)


def test_json_has_every_outcome(coin: Path) -> None:
    code, done = call(coin, "--now", NOW, "--only", "drop-support", "--json")
    assert code == 0
    found = json.loads(done.output)
    assert found["verdict_as_if"] == "holds"
    assert {o["about"] for o in found["outcomes"]} == {"SAFE", "RARE"}
    assert all(o["fate"] == "caught" and "status" in o["ways"] for o in found["outcomes"])
    assert found["share"] == 1.0


@pytest.mark.slow
def test_everything_that_can_be_planted_in_the_coin_is_caught(coin: Path) -> None:
    code, done = call(coin, "--now", NOW, "--sample", "1", "--json")
    found = json.loads(done.output)
    assert [o for o in found["outcomes"] if o["fate"] == "survived"] == []
    assert code == 0
    assert len(found["outcomes"]) > 40


def test_an_unknown_kind_of_fault_is_refused(coin: Path) -> None:
    with pytest.raises(Exception, match="did you mean `drop-owner`"):
        call(coin, "--only", "drop-ownr")


def test_a_case_that_cannot_be_read_is_refused(coin: Path) -> None:
    (coin / "case.yaml").write_text(COIN.replace("target: 0.90", "tarjet: 0.90"), "utf-8")
    code, done = call(coin, "--now", NOW)
    assert code == 2
    assert "tarjet" in done.output


def test_a_case_that_is_not_well_posed_has_nothing_to_lose(coin: Path) -> None:
    (coin / "case.yaml").write_text(COIN.replace("toy/coin", "toy/coyn"), "utf-8")
    code, done = call(coin, "--now", NOW)
    assert code == 2
    assert "case.yaml:31:" in done.output
    assert "C120" in done.output
    assert "safetycase-mutate" not in done.output


def test_what_has_no_support_even_so_is_named(coin: Path) -> None:
    (coin / "case.yaml").write_text(COIN.replace("2099-03-01", "2020-03-01"), "utf-8")
    code, done = call(coin, "--now", NOW, "--only", "lower-target")
    assert code == 0
    assert "verdict of the copy is `unknown`" in done.output
    assert "nothing to take there: SAFE, ROUTES, REGISTRY-COMPLETE" in done.output


def test_a_hostile_id_is_printed_and_does_not_act(tmp_path: Path) -> None:
    text = COIN.replace("says: Heads are rare.", 'says: "\\e[31m<script>alert(1)</script>"')
    folder = write_case(tmp_path / "bad", text, {"items.txt": "x\n"})
    code, done = call(folder, "--now", NOW, "--only", "reword-claim")
    assert code == 0
    assert "\x1b" not in done.output


def test_the_list_has_the_whole_catalogue() -> None:
    code, done = call("--list", "--json")
    assert code == 0
    assert [row["name"] for row in json.loads(done.output)] == list(CATALOGUE)
    _, plain = call("--list")
    assert len(plain.output.splitlines()) == len(CATALOGUE)
