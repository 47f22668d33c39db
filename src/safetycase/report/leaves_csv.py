"""All leaves as a CSV file that a spreadsheet opens without running anything.

A cell of text that a spreadsheet would take for a formula gets an apostrophe in front (OWASP, "CSV
Injection"); control characters become visible signs. Numbers are unrounded, and RFC 4180 holds.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator

from safetycase.assess.records import Assessment, LeafResult
from safetycase.report.attempts import outcomes_text
from safetycase.report.clean import one_line
from safetycase.report.leaf_rows import LeafRow, leaf_freshness, leaf_rows

__all__ = ["COLUMNS", "leaves_csv"]

COLUMNS = (
    "evidence",
    "claim",
    "criterion",
    "says",
    "counts",
    "outcome",
    "freshness",
    "quantity",
    "measured_as",
    "unit",
    "estimate",
    "low",
    "high",
    "level_of_each_end",
    "n",
    "independent_units",
    "asked_at_least",
    "asked_at_most",
    "method",
    "method_version",
    "seed",
    "registered_at",
    "ran_at",
    "valid_until",
    "attempts",
    "recipe_digest",
)
FORMULA = tuple("=+-@\t\r\n＝＋－＠|%")
"""What makes a spreadsheet read a cell as a formula or a command, if it comes first."""
LONGEST = 2_000

Cell = str | int | float


def leaves_csv(assessment: Assessment) -> str:
    """One line per measured quantity, and one per leaf without a number, under a line of names."""
    stream = io.StringIO()
    writer = csv.writer(stream, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in leaf_rows(assessment):
        writer.writerow([_cell(value) for value in _values(assessment, row)])
    return stream.getvalue()


def _cell(value: Cell | None) -> Cell:
    """Text made harmless; a number that is none becomes an empty cell."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if not isinstance(value, str):
        return value
    shown = one_line(value, limit=LONGEST)
    return f"'{shown}" if shown.startswith(FORMULA) else shown


def _values(assessment: Assessment, row: LeafRow) -> Iterator[Cell | None]:
    leaf, q = row.leaf, row.quantity
    freshness = leaf_freshness(assessment, row.evidence)
    yield from (row.evidence, row.claim, row.criterion, row.says, "yes" if row.counts else "no")
    yield leaf.outcome if leaf else None
    yield str(freshness) if freshness else None
    if q is None:
        yield from (None,) * 9
    else:
        yield from (q.name, q.measured_as, q.unit, q.estimate, q.interval.low, q.interval.high)
        yield from (q.level, q.n, q.clusters)
    yield from (row.at_least, row.at_most)
    yield from _run(leaf) if leaf else (None,) * 8


def _run(leaf: LeafResult) -> Iterator[Cell | None]:
    yield from (leaf.method, leaf.method_version, leaf.seed, leaf.registered_at, leaf.ran_at)
    yield leaf.valid_until.isoformat() if leaf.valid_until else None
    yield outcomes_text(leaf.tally.outcomes) if leaf.tally else None
    yield leaf.recipe_digest
