"""The page about the record says what is so: its commands run, its tables are those of the code."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from tests.conftest import Ran

from safetycase.cli.record_resolve import resolve
from safetycase.ledger import GRADES, KINDS, ROLES
from safetycase.ledger.note import open_note
from safetycase.ledger.rules import _BODIES
from safetycase.ledger.trust import SIGNS
from safetycase.ledger.vocabulary import RESOLUTIONS, RULINGS, SEVERITIES, SIGNALS, VERDICTS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "reference" / "record.md").read_text("utf-8")
GOLDEN = ROOT / "tests" / "ledger" / "golden_keys"


def table(header: str) -> dict[str, str]:
    """The rows of the table with this header: first cell, without its marks -> the second."""
    rows = PAGE.split(header, 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    return {first.strip("`"): second for first, second, *_ in cells}


def test_the_table_of_bodies_names_every_kind_and_every_field() -> None:
    said = table("| kind | body | when |")
    assert set(said) == set(KINDS)
    for kind, fields in _BODIES.items():
        if kind in KINDS and kind != "note":
            named = re.findall(r"`(\w+)`", said[kind])
            assert set(fields) <= set(named), kind


def test_the_table_of_roles_is_the_one_that_is_enforced() -> None:
    said = table("| role | signs |")
    assert tuple(said) == ROLES
    words = {
        "registration": "registrations",
        "attempt-start": "starts and ends of attempts",
        "attempt-end": "starts and ends of attempts",
        "controls": "controls",
        "waiver": "waivers",
        "signal": "signals",
        "resolution": "resolutions",
        "event": "events",
        "challenge": "challenges",
        "response": "responses",
        "ruling": "rulings",
        "sign-off": "sign-offs",
        "dissent": "dissents",
        "override": "overrides",
    }
    assert set(words) == set(SIGNS)
    for kind, word in words.items():
        assert {role for role, what in said.items() if word in what} == set(SIGNS[kind]), kind


def test_the_table_of_outcomes_is_the_vocabulary() -> None:
    said = table("| outcome | says | the alarm |")
    assert said == dict(RESOLUTIONS)
    part = PAGE[PAGE.index("## What an alarm was") : PAGE.index("## What was said in review")]
    assert {word for word in SIGNALS if f"`{word}`" in part} == set(SIGNALS)
    command = re.search(r"^safetycase (record resolve .*)$", part, re.M)
    assert command is not None
    words = shlex.split(command[1].replace("118", "7"))[2:]
    assert resolve.make_parser(click.Context(resolve)).parse_args(words)[0]["outcome"] == "answered"


def test_the_words_of_a_review_are_those_of_the_vocabulary() -> None:
    assert table("| severity | says |") == dict(SEVERITIES)
    assert table("| ruling | says | by |") == dict(RULINGS)
    assert table("| verdict | says |") == dict(VERDICTS)


def test_the_table_of_grades_is_the_one_that_is_computed() -> None:
    assert tuple(table("| grade | shown by |")) == GRADES


def test_the_checkpoint_on_the_page_is_that_of_the_golden_record() -> None:
    note = open_note((GOLDEN / "checkpoints" / "5.txt").read_bytes())
    assert note.body.decode() in PAGE
    for line in note.signatures:
        assert f"— {line.name} {line.line().split()[2][:11]}" in PAGE


@pytest.mark.slow
def test_the_commands_run_as_they_are_written(coin: Path, sc: Callable[..., Ran]) -> None:
    """In the order of the page; the key and the copy are those of the page, too."""
    assert sc("run", coin).code == 0
    commands = [shlex.split(c) for c in re.findall(r"^\$ safetycase (.*)$", PAGE, re.M)]
    assert [" ".join(c[:3]) for c in commands] == [
        "record keys init", "record keys add", "record keys list", "record keys revoke",
        "record countersign COPY", "record checkpoint CASE",
    ]  # fmt: skip
    *first, revoke, countersign, add = commands
    for command in first:
        done = sc(*[str(coin) if word == "CASE" else word for word in command])
        assert done.code == 0, done.err
    copy = coin.with_name("copy")
    shutil.copytree(coin, copy)
    ada = sc("record", "keys", "list", coin, "--json").json[1]["keyid"]
    for command in (countersign, add, [*revoke[:-1], "1"]):
        words = {"CASE": str(coin), "COPY": str(copy), "KEYID": ada}
        done = sc(*[words.get(word, word) for word in command])
        assert done.code == 0, done.err
    for flag in ("--pin", "--forget"):
        assert f"`safetycase record checkpoint CASE {flag}`" in PAGE
        assert sc("record", "checkpoint", coin, flag).code == 0
    against = ("verify", coin, "--against", coin / "checkpoint.txt")
    assert "`safetycase verify CASE --against FILE`" in PAGE
    assert sc(*against).code == 0
