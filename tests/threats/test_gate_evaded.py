"""A release gate is opened by its author, or a change is held against what came with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.conftest import write_case
from tests.review.conftest import _green, green, reviewed  # noqa: F401 - fixtures
from tests.review.green import let_in, override, say, sign
from tests.review.test_gate_command import LOOSEN, commit, git, rewrite

from safetycase.cli.main import cli
from safetycase.ledger import read


def gate(*words: str | Path) -> int:
    """The exit code of `gate`."""
    done = CliRunner().invoke(cli, ["gate", *map(str, words)], standalone_mode=False)
    return int(done.return_value) if done.exception is None else 2


def test_the_author_opens_nothing_with_a_second_key(green: Path) -> None:  # noqa: F811
    author = read(green / "ledger").records[0].body["owner"]
    let_in(green, "twin", "reviewer", owner=f" {author.upper()}\u200b")
    for clause in ("sign-off", "review-asked"):
        override(green, clause, who="twin", by="the board", authority="the board")
    assert gate(green, "--release") == 5


def test_the_author_takes_no_rejection_away(reviewed: Path) -> None:  # noqa: F811
    assert gate(reviewed, "--release") == 0
    sign(reviewed, "Alan", verdict="reject")
    let_in(reviewed, "Alan too", "reviewer", owner="Alan")
    sign(reviewed, "Alan too", by="Alan")
    say(reviewed, "stranger", "note", text="let in")
    assert gate(reviewed, "--release") == 5


@pytest.mark.parametrize("way", ["moved", "renamed", "a folder called as the revision", "taken"])
def test_a_weaker_case_is_not_held_against_itself(
    reviewed: Path, monkeypatch: pytest.MonkeyPatch, way: str  # noqa: F811
) -> None:  # fmt: skip
    commit(reviewed)
    git(reviewed, "update-ref", "refs/remotes/origin/main", "HEAD")
    monkeypatch.chdir(reviewed.parent)
    rewrite(reviewed, *LOOSEN)
    weak, files = (reviewed / "case.yaml").read_text("utf-8"), {"items.txt": "head or tail\n"}
    named = reviewed
    if way == "a folder called as the revision":
        write_case(Path("origin/main"), weak, files)
    else:
        (reviewed / "case.yaml").unlink()
        if way == "renamed":
            weak = weak.replace("case: toy", "case: another")
        there = write_case(reviewed.parent if way == "taken" else Path("elsewhere"), weak, files)
        named = reviewed if way == "taken" else there
    assert gate(named, "--merge", "--against", "origin/main") in (2, 5)
