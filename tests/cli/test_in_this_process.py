"""What most tests call in their own process is what a process of its own answers, to the letter."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.commandline import apart, here

from safetycase.ledger import read

NOW = "2027-01-01"
CALLS = (
    ["--help"],
    ["--version"],
    ["statsu", "CASE"],
    ["status", "CASE", "--nwo"],
    ["check", "CASE", "--now", NOW],
    ["status", "CASE", "--now", NOW],
    ["status", "CASE", "--now", NOW, "--json"],
    ["why", "RARE", "CASE", "--now", NOW],
    ["why", "NOBODY", "CASE", "--now", NOW],
    ["verify", "CASE"],
    ["run", "CASE", "--dry-run"],
    ["record", "resolve", "2", "CASE", "--as", "answered", "--reason", "x"],
    ["status", "no/such/case"],
    ["new"],
)


@pytest.mark.slow
def test_a_call_here_is_a_call_apart(coin: Path, tmp_path: Path) -> None:
    first = apart(["run", str(coin)], cwd=tmp_path)  # the first call of a user makes the key
    assert first.code == 0, first.err
    for call in CALLS:
        words = [str(coin) if word == "CASE" else word for word in call]
        assert here(words, cwd=tmp_path) == apart(words, cwd=tmp_path), call
    log = coin / "ledger" / "log.jsonl"
    log.write_bytes(log.read_bytes().replace(b'"payload"', b'"pavload"', 1))
    for words in (["verify", str(coin)], ["status", str(coin)], ["run", str(coin)]):
        ours, theirs = here(words, cwd=tmp_path), apart(words, cwd=tmp_path)
        assert (ours.code, ours) == (3, theirs)


@pytest.mark.slow
def test_the_package_itself_is_the_command(coin: Path) -> None:
    def call(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "safetycase", *words]
        return subprocess.run(command, cwd=coin, capture_output=True, text=True, check=False)

    done, wrong = call("check"), call("chekc")
    assert (done.returncode, done.stdout) == (0, here(["check"], cwd=coin).out), done.stderr
    assert wrong.returncode == 2
    assert "Usage: safetycase " in wrong.stderr
    assert "did you mean `check`" in wrong.stderr


@pytest.mark.slow
def test_a_run_here_leaves_what_a_run_apart_leaves(coin: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(coin, tmp_path / "other" / "coin"))
    ours = here(["run", str(coin), "--json"], cwd=tmp_path)
    theirs = apart(["run", str(other), "--json"], cwd=tmp_path)
    for done, folder in ((ours, coin), (theirs, other)):
        (ended,) = done.json["ended"]
        assert (done.code, ended["outcome"]) == (0, "completed")
        kinds = [record.kind for record in read(folder / "ledger").records]
        assert sorted(kinds) == ["attempt-end", "attempt-start", "controls", "key", "registration"]
    assert ours.json["verdict"] == theirs.json["verdict"]
    assert ours.err.count("\n") == theirs.err.count("\n")


def test_what_a_call_changes_of_the_process_is_put_back(coin: Path, tmp_path: Path) -> None:
    import gc

    before = (sys.argv, sys.stdin, sys.stdout, sys.stderr, dict(os.environ), Path.cwd())
    assert here(["check"], cwd=coin).code == 0
    after = (sys.argv, sys.stdin, sys.stdout, sys.stderr, dict(os.environ), Path.cwd())
    assert after == before
    assert gc.isenabled()
