"""The leaves as CSV: every number unrounded, and no cell that a spreadsheet would run."""

from __future__ import annotations

import csv
import io

import pytest
from tests.report.leaves import hostile, many, small

from safetycase.report.leaves_csv import COLUMNS, leaves_csv

FORMULAS = [
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    " =1",
    "＝1+1",
    '=HYPERLINK("https://evil.example")',
    "\u202e=1",
]


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_one_line_for_each_number_and_each_leaf_without():
    found = rows(leaves_csv(small()))
    assert [row["evidence"] for row in found] == [
        *("E-GOOD", "E-RARE", "E-BAD", "E-NATS", "E-OLD", "E-GONE", "E-DOUBTED", "E-NEVER"),
    ]
    rare = found[1]
    assert (rare["low"], rare["high"], rare["n"]) == ("0.0", "0.00046", "6500")
    assert (rare["asked_at_least"], rare["asked_at_most"], rare["counts"]) == ("", "0.001", "yes")
    assert rare["valid_until"] == "2026-12-01T10:05:00+00:00"
    assert (found[4]["says"], found[4]["counts"]) == ("expired", "no")
    assert (found[6]["says"], found[6]["counts"]) == ("supports, but is contested", "no")
    assert (found[7]["estimate"], found[7]["n"], found[7]["counts"]) == ("", "", "no")
    assert leaves_csv(small()) == leaves_csv(small())


@pytest.mark.parametrize("by", FORMULAS)
def test_no_cell_is_a_formula(by):
    text = leaves_csv(hostile(by))
    assert "\x1b" not in text
    assert "\u202e" not in text
    for row in csv.reader(io.StringIO(text, newline="")):
        assert len(row) == len(COLUMNS)
        for cell in row:
            assert not cell.startswith(tuple("=+-@\t\r＝＋－＠")), cell


def test_a_megabyte_is_cut_and_says_so():
    text = leaves_csv(hostile("A" * 1_000_000))
    assert "1,000,000 characters in all" in text
    assert len(text) < 40_000


def test_none_and_many():
    assert len(rows(leaves_csv(many(0)))) == 0
    assert len(rows(leaves_csv(many(300)))) == 300
