"""Somebody writes a formula or markup into a text that ends up in a table or a summary."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest
from tests.conftest import COIN, write_case
from tests.threats.conftest import Sc

PAYLOADS = (
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(1)",
    "＝1＋1",
    "x | y | z",
    "``` \n# owned",
    "<script>alert(1)</script>",
    "[a](javascript:alert(1))",
    "![x](https://x.org/leak)",
    "\x1b[31mred",
    "\u202eright to left",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A case whose open doubts are the payloads, so that they stand in every export."""
    doubts = "defeaters:\n" + "".join(
        f"  - {{defeater: D-{n}, against: RARE, says: {json.dumps(text)}}}\n"
        for n, text in enumerate(PAYLOADS)
    )
    return write_case(tmp_path / "c", COIN + doubts, {"items.txt": "x"})


@pytest.mark.slow
def test_no_cell_is_a_formula_and_no_text_is_markup(folder: Path, sc: Sc) -> None:
    made = folder.parent / "agenda.csv"
    done = sc("agenda", "export", made, folder, "--to", "csv")
    assert done.code == 0, done.err
    rows = list(csv.DictReader(io.StringIO(made.read_text("utf-8"), newline="")))
    assert {f"D-{n}" for n in range(len(PAYLOADS))} <= {row["item"] for row in rows}
    for row in rows:
        for cell in row.values():
            assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋")), cell
    listed = folder.parent / "agenda.md"
    done = sc("agenda", "export", listed, folder, "--to", "markdown")
    assert done.code == 0, done.err
    text = listed.read_text("utf-8")
    assert "SUM" in text
    # A backslash makes what follows plain text (CommonMark 0.31, section 2.4).
    plain = re.sub(r"\\[!-/:-@\[-`{-~]", "", text)
    plain = plain.replace("@<!-- -->", "@")  # ours: it keeps `@name` from being a mention
    for forbidden in ("<", "](", "![", "\x1b", "\u202e", "\n# owned"):
        assert forbidden not in plain, forbidden


@pytest.mark.slow
def test_the_terminal_shows_no_control_characters(folder: Path, sc: Sc) -> None:
    for words in (("status", folder), ("why", "RARE", folder)):
        out = sc(*words).out
        assert "red" in out
        assert "\x1b[31mred" not in out
        assert "\u202e" not in out
