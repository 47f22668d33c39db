"""`agenda` and the verbs below it, as a user would type them."""

from __future__ import annotations

import gc
import json
import shutil
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.agenda.cases import EITHER, PAIR
from tests.conftest import Ran, write_case

from safetycase.cli import main

Say = Callable[..., Ran]
CASES = Path(__file__).resolve().parents[2] / "cases"


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Run the command line in this process, exit codes and all.

    Click keeps the help option of a command after its first use, so the names are left at the
    default, as in the generated pages.
    """
    monkeypatch.setattr(main, "cli", main._Verbs("safetycase"))

    def call(*words: str | Path) -> Ran:
        monkeypatch.setattr(sys, "argv", ["safetycase", *map(str, words)])
        capsys.readouterr()
        code = main._main()
        gc.enable()
        out, err = capsys.readouterr()
        return Ran(code, out, err)

    return call


@pytest.fixture
def pair(tmp_path: Path) -> Path:
    return write_case(tmp_path / "pair", PAIR)


def refused(ran: Ran, *says: str) -> None:
    assert ran.code == 2, ran
    assert "Traceback" not in ran.err
    for part in says:
        assert part in ran.err, ran.err


def test_a_case_as_the_first_word_lists_what_is_open(say: Say, pair: Path) -> None:
    ran = say("agenda", pair)
    assert ran.code == 0, ran.err
    assert ran.out == say("agenda", "list", pair).out
    assert "P-LEFT  [problem]  theory" in ran.out
    assert "library: aisi/P2 Obfuscated arguments" in ran.out
    assert "Worthless unless all are solved" in ran.out
    assert "P-LEFT, P-RIGHT — headline bound 1" in ran.out
    assert "taken alike for 1 items" in ran.out
    data = say("agenda", pair, "--json").json
    assert data["case"] == "toy"
    assert {i["id"] for i in data["items"]} == {"P-LEFT", "P-RIGHT"}
    assert data["groups"][0]["items"] == ["P-LEFT", "P-RIGHT"]


def test_a_budget_is_split_and_says_what_nobody_stated(say: Say, pair: Path) -> None:
    ran = say("agenda", "fund", pair, "--budget", "9", "--solvable", "0.5..0.6", "--each-shot",
              "0.3")  # fmt: skip
    assert ran.code == 0, ran.err
    assert "No split of this budget is better at the low ends: exact." in ran.out
    assert (
        "taken alike for 1 items: solvable 0.5 to 0.6, each shot 0.3, cost 1 (solvable, each shot "
        "as given on the command line; the others are built in, wide on purpose): P-RIGHT."
    ) in " ".join(ran.out.split())
    data = say("agenda", "fund", pair, "--budget", "9", "--json").json
    assert data["taken_alike"]["for"] == ["P-RIGHT"]
    assert sum(row["cost"] for row in data["funded"]) == data["spent"] <= 9
    assert data["frontier"][-1]["budget"] == 9


def test_what_a_split_writes(say: Say, pair: Path, tmp_path: Path) -> None:
    table, picture = tmp_path / "split.csv", tmp_path / "frontier.svg"
    words = ("agenda", "fund", pair, "--budget", "9", "--csv", table, "--picture", picture)
    assert say(*words).code == 0
    assert table.read_text("utf-8").startswith('"item","shots"')
    assert picture.read_text("utf-8").startswith("<svg")
    refused(say(*words), "would be written over", "--force")
    assert say(*words, "--force").code == 0


@pytest.mark.parametrize("to", ["calls", "issues"])
def test_a_folder_of_files(say: Say, pair: Path, tmp_path: Path, to: str) -> None:
    out = tmp_path / "out"
    ran = say("agenda", "export", "--to", to, out, pair, "--budget", "9")
    assert ran.code == 0, ran.err
    assert sorted(p.name for p in out.iterdir()) == ["P-LEFT.md", "P-RIGHT.md"]
    assert len(ran.out.splitlines()) == 2


@pytest.mark.parametrize("to", ["markdown", "csv", "json"])
def test_one_file(say: Say, pair: Path, tmp_path: Path, to: str) -> None:
    out = tmp_path / "out.txt"
    assert say("agenda", "export", "--to", to, out, pair).code == 0
    assert "P-LEFT" in out.read_text("utf-8")


def test_nothing_is_written_over_silently_and_then_nothing_at_all(
    say: Say, pair: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "P-RIGHT.md").write_text("mine\n", "utf-8")
    words = ("agenda", "export", "--to", "calls", out, pair)
    refused(say(*words), "P-RIGHT.md would be written over")
    assert [p.name for p in out.iterdir()] == ["P-RIGHT.md"]
    assert say(*words, "--force").code == 0
    assert "mine" not in (out / "P-RIGHT.md").read_text("utf-8")


def test_the_case_itself_is_never_written_over(say: Say, pair: Path) -> None:
    before = (pair / "case.yaml").read_text("utf-8")
    words = ("agenda", "export", "--to", "csv", pair / "case.yaml", pair, "--force")
    refused(say(*words), "is an argument itself and would be lost")
    assert (pair / "case.yaml").read_text("utf-8") == before


def test_a_shot_from_the_first_word_to_the_verified_record(
    say: Say, pair: Path, tmp_path: Path
) -> None:
    add = ("agenda", "shot", "add", "P-LEFT", pair, "--by", "us", "--approach", "games")
    assert say(*add, "--cost", "2.5", "--family", "games").out == "P-LEFT:1\n"
    assert say(*add).out == "P-LEFT:2\n"
    paper = tmp_path / "paper.pdf"
    paper.write_bytes(b"a proof")
    done = ("agenda", "shot", "result", "P-LEFT:1", pair, "--outcome", "failed", "--says", "no")
    ran = say(*done, "--artefact", paper)
    assert (ran.code, ran.out) == (0, "P-LEFT:1: failed\n"), ran.err
    verified = say("verify", pair, "--json").json
    assert (verified["ok"], verified["objects_checked"], verified["records"]) == (True, 1, 4)
    shots = say("agenda", "shot", "list", pair, "--json").json
    assert [(s["id"], s["outcome"], s["cost"]) for s in shots] == [
        ("P-LEFT:1", "failed", "2.5"), ("P-LEFT:2", None, None),
    ]  # fmt: skip
    refused(say(*done), "shot P-LEFT:1 has its result (record 4): failed")
    assert say("verify", pair, "--json").json["records"] == 4
    text = say("agenda", pair).out
    assert "shot P-LEFT:1 us, cost 2.5: games — failed: no" in text
    assert "before 1 failed" in text


def test_a_solved_shot_closes_nothing_until_the_case_changes(say: Say, pair: Path) -> None:
    before = say("status", pair, "--json").json["verdict"]
    say("agenda", "shot", "add", "P-LEFT", pair, "--by", "us", "--approach", "games")
    ran = say("agenda", "shot", "result", "P-LEFT:1", pair, "--outcome", "solved", "--says", "yes")
    assert "open until the case changes" in ran.out
    assert say("status", pair, "--json").json["verdict"] == before
    items = {i["id"]: i for i in say("agenda", pair, "--json").json["items"]}
    assert items["P-LEFT"]["status"] == "claimed solved, not yet in the case"
    lines = (pair / "case.yaml").read_text("utf-8")
    left = (
        lines[: lines.index("  - problem: P-LEFT")] + lines[lines.index("  - problem: P-RIGHT") :]
    )
    (pair / "case.yaml").write_text(left, "utf-8")
    ids = [i["id"] for i in say("agenda", pair, "--json").json["items"]]
    assert "P-LEFT" not in ids
    assert "LEFT" in ids  # the claim itself is open until something supports it


def test_failures_move_the_split(say: Say, tmp_path: Path) -> None:
    folder = write_case(tmp_path / "either", EITHER)
    words = ("agenda", "fund", folder, "--budget", "8", "--json", "--solvable", "0.5..0.6",
             "--each-shot", "0.3..0.4")  # fmt: skip
    before = {row["item"]: row["shots"] for row in say(*words).json["funded"]}
    for number in range(1, 7):
        say("agenda", "shot", "add", "P-RIGHT", folder, "--by", "x", "--approach", "y")
        say("agenda", "shot", "result", f"P-RIGHT:{number}", folder, "--outcome", "failed",
            "--says", "no")  # fmt: skip
    after = {row["item"]: row["shots"] for row in say(*words).json["funded"]}
    assert after.get("P-RIGHT", 0) < before["P-RIGHT"]


def test_the_library(say: Say) -> None:
    ran = say("agenda", "library")
    assert ran.code == 0
    assert len(ran.out.splitlines()) == 16
    assert "recognised when:" in say("agenda", "library", "aisi/P2").out
    assert say("agenda", "library", "aisi/P2", "--json").json["id"] == "aisi/P2"
    assert len(say("agenda", "library", "--json").json) == 16
    refused(say("agenda", "library", "aisi/P99"), "no problem `aisi/P99`", "did you mean")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["fund"], "--budget"),
        (["fund", "--budget", "-1"], "-1 is no amount"),
        (["fund", "--budget", "nan"], "nan is no amount"),
        (["fund", "--budget", "inf"], "inf is no amount"),
        (["fund", "--budget", "many"], "many"),
        (["fund", "--budget", "5", "--cost", "0"], "0 is no amount; give a number above 0"),
        (["fund", "--budget", "5", "--solvable", "0.9..0.1"], "no interval of chance"),
        (["fund", "--budget", "5", "--each-shot", "2"], "no interval of chance"),
        (["fund", "--budget", "5", "--each-shot", "nan..1"], "no interval of chance"),
        (["fund", "--budget", "5", "nowhere"], "there is no file or folder nowhere"),
        (["fnud"], "did you mean `fund`?"),
        (["export", "out", "--to", "pdf"], "pdf"),
        (["export", "out"], "--to"),
        (["export", "case.yaml", "--to", "calls"], "is a file; --to calls needs a folder"),
        (["export", ".", "--to", "csv"], "is a folder; --to csv needs a file"),
        (["shot", "add", "P-LETF", "--by", "x", "--approach", "y"], "did you mean `P-LEFT`?"),
        (["shot", "add", "SAFE", "--by", "x", "--approach", "y"], "`SAFE` is no open item"),
        (["shot", "add", "P-LEFT", "--by", " ", "--approach", "y"], "`--by` says nothing"),
        (["shot", "add", "P-LEFT", "--by", "\udcff", "--approach", "y"], "not UTF-8 text"),
        (["shot", "add", "P-LEFT", "--by", "x", "--approach", "y", "--cost", "-2"], "no amount"),
        (["shot", "result", "P-LEFT:1", "--outcome", "failed", "--says", "x"],
         "`P-LEFT:1` is no recorded shot"),
        (["shot", "result", "P-LEFT:1", "--outcome", "won", "--says", "x"], "won"),
        (["shot", "result", "P-LEFT:1", "--outcome", "failed", "--says", ""], "says nothing"),
        (["shot", "result", "P-LEFT:1", "--outcome", "failed", "--says", "x", "--artefact", "no"],
         "no"),
    ],
)  # fmt: skip
def test_bad_words_are_a_sentence_and_exit_2(
    say: Say, pair: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], says: str
) -> None:
    monkeypatch.chdir(pair)
    refused(say("agenda", *words), says)
    assert not (pair / "ledger").exists()


def test_a_folder_that_cannot_be_written_is_a_sentence(
    say: Say, pair: Path, tmp_path: Path
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("x", "utf-8")
    refused(say("agenda", "export", "--to", "calls", blocked / "in" / "it", pair))
    locked = tmp_path / "locked"
    locked.mkdir()
    locked.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        ran = say("agenda", "export", "--to", "csv", locked / "x.csv", pair)
    finally:
        locked.chmod(0o755)
    if ran.code != 0:  # root writes anywhere
        refused(ran)


def test_a_damaged_record_is_said_and_takes_no_shot(say: Say, pair: Path) -> None:
    add = ("agenda", "shot", "add", "P-LEFT", pair, "--by", "us", "--approach", "games")
    say(*add)
    log = pair / "ledger" / "log.jsonl"
    log.write_bytes(log.read_bytes().replace(b"payload", b"paylaod", 1))
    assert say(*add).code == 3
    ran = say("agenda", pair)
    assert ran.code == 3
    assert "record:" in ran.err


@pytest.mark.slow
def test_the_shipped_sketches_can_be_funded(say: Say, tmp_path: Path) -> None:
    for name in ("debate-sketch", "internal-assistant"):
        folder = tmp_path / name
        shutil.copytree(CASES / name, folder, ignore=shutil.ignore_patterns("ledger", "report"))
        data = say("agenda", "fund", folder, "--budget", "50", "--json").json
        assert data["funded"]
        assert data["exact"]
        json.dumps(data, allow_nan=False)
