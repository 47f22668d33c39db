"""`edit`: what is written, what is shown, and that nothing is written on a refusal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.conftest import COIN, write_case

from safetycase.cli.edit import edit

TEXT = COIN + "claims:\n  - {claim: EXTRA, says: More.}   # extra\n"


def call(*words: str | Path) -> Result:
    return CliRunner().invoke(edit, [str(w) for w in words], standalone_mode=False)


def code(result: Result) -> Any:
    return result.return_value if result.exception is None else result.exception


def files(folder: Path) -> dict[str, bytes]:
    found = (p for p in sorted(folder.rglob("*")) if p.is_file())
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in found}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_case(tmp_path / "case", TEXT, {"items.txt": "x\n"})


def test_a_rename_is_written_and_says_which_file(folder: Path) -> None:
    found = call("rename", "RARE", "SELDOM", "--case", folder)
    assert (code(found), found.output) == (0, "case.yaml: written\n")
    assert files(folder)["case.yaml"].decode() == TEXT.replace("claim: RARE", "claim: SELDOM")
    assert set(files(folder)) == {"case.yaml", "items.txt"}


def test_a_dry_run_shows_the_difference_and_writes_nothing(folder: Path) -> None:
    before = files(folder)
    found = call("rename", "RARE", "SELDOM", "--case", folder, "--dry-run")
    assert code(found) == 0
    assert "-      - claim: RARE\n+      - claim: SELDOM\n" in found.output
    assert found.output.endswith("case.yaml: would be written\n")
    assert files(folder) == before


def test_a_refusal_writes_nothing_and_exits_2(folder: Path) -> None:
    before = files(folder)
    for words in (
        ("rename", "RARE", "EXTRA"),
        ("rename", "NOWHERE", "X"),
        ("move", "RARE", "--under", "SAFE"),
        ("extract", "SAFE", "m"),
        ("extract", "RARE", "m", "--file", "../m.yaml"),
        ("inline", "RARE"),
    ):
        found = call(*words, "--case", folder)
        assert code(found) == 2, words
        assert "F091" in found.output
        assert found.output.endswith("nothing was written\n")
    assert files(folder) == before
    said = json.loads(call("rename", "RARE", "EXTRA", "--case", folder, "--json").output)
    assert said["written"] == []
    assert said["findings"][0]["code"] == "F091"


def test_extract_and_inline_give_the_case_back(folder: Path) -> None:
    assert code(call("extract", "RARE", "coin", "--case", folder)) == 0
    assert set(files(folder)) == {"case.yaml", "items.txt", "modules/coin.yaml"}
    assert b"- coin/RARE" in files(folder)["case.yaml"]
    found = call("inline", "coin", "--case", folder)
    assert code(found) == 0
    assert "modules/coin.yaml: removed" in found.output
    assert set(files(folder)) == {"case.yaml", "items.txt"}


def test_move_puts_an_element_under_a_step(folder: Path) -> None:
    assert code(call("move", "EXTRA", "--under", "ROUTES", "--case", folder)) == 0
    assert "      - EXTRA\n" in files(folder)["case.yaml"].decode()
    assert code(call("move", "RARE", "--case", folder)) == 0
    assert "\n  - claim: RARE\n" in files(folder)["case.yaml"].decode()


def test_fmt_keeps_line_ends_and_check_tells_without_writing(folder: Path) -> None:
    ugly = TEXT.replace("\ntitle: A coin", "\ntitle:    A coin").replace("\n", "\r\n")
    (folder / "case.yaml").write_bytes(ugly.encode())
    before = files(folder)
    found = call("fmt", "--check", "--case", folder)
    assert code(found) == 2
    assert files(folder) == before
    assert code(call("fmt", "--case", folder)) == 0
    assert files(folder)["case.yaml"].decode() == TEXT.replace("\n", "\r\n")
    found = call("fmt", "--check", "--case", folder)
    assert (code(found), found.output) == (0, "nothing to change\n")


def test_a_file_that_cannot_be_read_is_a_finding(folder: Path) -> None:
    (folder / "case.yaml").write_text("case: [", "utf-8")
    for words in (("fmt",), ("rename", "A", "B")):
        found = call(*words, "--case", folder)
        assert code(found) == 2
        assert "F002" in found.output
    (folder / "case.yaml").write_bytes(b"case: \xff")
    assert "is not UTF-8 text" in str(call("fmt", "--case", folder).exception)


def test_the_mode_of_a_file_stays(folder: Path) -> None:
    (folder / "case.yaml").chmod(0o600)
    assert code(call("rename", "RARE", "SELDOM", "--case", folder)) == 0
    assert (folder / "case.yaml").stat().st_mode & 0o777 == 0o600


def test_new_ids_have_no_results_and_that_is_said(folder: Path) -> None:
    (folder / "ledger").mkdir()
    assert "run what has a new one again" in call("rename", "RARE", "X", "--case", folder).output
    assert "note" not in call("move", "X", "--case", folder).output


def test_the_case_is_named_as_for_every_verb(folder: Path) -> None:
    assert code(call("rename", "RARE", "SELDOM", folder)) == 0
    assert "claim: SELDOM" in (folder / "case.yaml").read_text("utf-8")
    assert code(call("fmt", folder)) == 0
    twice = call("fmt", folder, "--case", folder)
    assert "the case is named twice" in str(twice.exception)
