"""`organisms build|list|show`, on organisms of another package, which need no library."""

from __future__ import annotations

import dataclasses
import functools
import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from safetycase.cli.main import cli
from safetycase.plugin.organisms import BrokenOrganism, Made, Making, organism


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def ask(*words: str) -> Result:
    return CliRunner().invoke(cli, ["organisms", *words], standalone_mode=False)


def test_every_organism_is_listed_and_a_broken_family_is_said() -> None:
    found = ask("list")
    assert "toy-coins/trick" in found.output
    assert "clean-twin" in found.output
    assert "`toy_organisms:NOTHING` of toy-organisms is not an OrganismFamily" in found.stderr
    assert found.return_value == 2
    rows = json.loads(ask("list", "--json").stdout)
    assert {"name", "role", "twin", "seconds", "settings"} <= set(rows[0])


def test_building_measures_what_was_promised_and_show_remembers() -> None:
    assert "Not built here" in ask("show", "toy-coins/trick").output
    found = ask("build", "toy-coins/trick", "--seed", "3", "--fresh")
    assert found.return_value == 0
    assert "ok   toy-coins/trick seed 3, planted, made in 0.01 s" in found.output
    assert "heads 1 (95 %: 0.9817 to 1; 200 of 200), promised at least 0.95" in found.output
    shown = ask("show", "toy-coins/trick").output
    assert "Planted: Heads, always, after the word." in shown
    assert "toy-coins/trick seed 3" in shown
    assert "heads 1 (95 %" in shown
    assert "It is a coin." in shown


def test_an_organism_that_failed_is_no_success() -> None:
    found = ask("build", "toy-coins")
    assert found.return_value == 1
    assert "FAIL toy-coins/failed" in found.output
    assert "NOT HELD" in found.output
    rows = json.loads(ask("build", "toy-coins", "--json").stdout)
    assert [row["held"] for row in rows] == [True, True, True, False]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("build", "toy-coin/trick"), "no installed package offers `toy-coin`"),
        (("build", "toy-coins/trik"), "did you mean `toy-coins/trick`"),
        (("show", "toy-coinz"), "did you mean `toy-coins`"),
        (("build",), "Missing parameter: names"),
    ],
)
def test_what_is_not_there_is_named(words: tuple[str, ...], says: str) -> None:
    found = ask(*words)
    assert says in str(found.exception)


def test_a_book_that_is_damaged_costs_nothing(tmp_path: Path) -> None:
    ask("build", "toy-coins/fair")
    book = tmp_path / "safetycase" / "organisms" / "built.jsonl"
    row = json.loads(book.read_text())
    torn = [
        row | {"facts": 3},
        row | {"facts": [{}]},
        row | {"name": ["x"]},
        row | {"digest": None},
    ]
    rows = "\n".join(json.dumps(one) for one in torn)
    book.write_text("{not json\n" + book.read_text() + f"[1]\n{rows}\n")
    assert ask("build", "toy-coins/fair").exception is None
    assert ask("show", "toy-coins").exception is None
    book.write_text(f"{rows}\n{json.dumps(row)}\n")
    assert "toy-coins/fair seed 0" in ask("show", "toy-coins").output
    book.write_bytes(b"\xff\xfe")
    assert "Not built here" in ask("show", "toy-coins").output


def test_an_organism_that_cannot_be_had_is_said_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(name: str, heads: float, making: Making) -> Made:
        raise BrokenOrganism("its coin is lost")

    real = organism("toy-coins/fair")
    lost = dataclasses.replace(real, make=functools.partial(broken, "fair", 0.5))
    monkeypatch.setattr("safetycase.cli.organisms.organism", lambda name: lost)
    found = ask("build", "toy-coins/fair")
    assert isinstance(found.exception, click.ClickException)
    assert "`toy-coins/fair`: its coin is lost" in str(found.exception)
