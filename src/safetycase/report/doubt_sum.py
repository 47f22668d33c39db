"""The doubt ledger as a sum that adds up on paper: its lines, what is left over, the total.

The same sum stands in the terminal, on the page and in the picture, so that a reader who holds
one against another finds the same figures.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from safetycase.assess.breakdown import Breakdown, Line
from safetycase.report.probability import MOST_PLACES, apportion, fixed

__all__ = ["MOST_LINES", "DoubtSum", "Entry", "doubt_sum"]

MOST_LINES = 40
"""Lines shown one by one; smaller ones beyond are added up in one."""

OVERLAP = "saved because redundant paths overlap"
CAPPED = "counted more than once: no more than all can be doubted"
LOOSE = "belongs to no single line"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the sum: `line`, or what `says` tells where it is of no single element.

    `doubt` is the exact amount, `units` the printed one and `text` how it is printed.
    """

    line: Line | None
    says: str
    doubt: float
    units: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubtSum:
    """The lines, largest first, then what is left over; `total` and `bel` as printed."""

    entries: tuple[Entry, ...]
    total_units: int
    places: int

    @property
    def total(self) -> str:
        """1 − Bel, rounded up."""
        return _text(self.total_units, 0.0, self.places)

    @property
    def bel(self) -> str:
        """Bel, rounded down: exactly 1 less the printed total."""
        return fixed(10**self.places - self.total_units, self.places)


def doubt_sum(b: Breakdown) -> DoubtSum:
    """The ledger of `b`, rounded together; lines that come to nothing are left out."""
    total = min(max(1 - b.bel, 0.0), 1.0)
    places = 3 if total <= 0 else min(max(3, 1 - math.floor(math.log10(total))), MOST_PLACES)
    unit = 10.0**-places
    rows: list[tuple[Line | None, str, float]] = [
        (line, "", line.doubt)
        for line in sorted(b.ledger, key=lambda line: -line.doubt)
        if line.doubt
    ]
    if len(rows) > MOST_LINES:
        tail = [doubt for _line, _says, doubt in rows[MOST_LINES - 1 :]]
        rows[MOST_LINES - 1 :] = [(None, f"{len(tail):,} smaller lines together", math.fsum(tail))]
    left = total - math.fsum(doubt for _line, _says, doubt in rows)
    total_units = math.ceil(round(total / unit, 6))
    if abs(left) >= unit / 2 or (not rows and total_units):
        rows.append((None, _left_over(left, b.bel), left))
    units = apportion([doubt for _line, _says, doubt in rows], total_units, places)
    return DoubtSum(
        entries=tuple(
            Entry(line=line, says=says, doubt=doubt, units=n, text=_text(n, doubt, places))
            for (line, says, doubt), n in zip(rows, units, strict=True)
        ),
        total_units=total_units,
        places=places,
    )


def _left_over(left: float, bel: float) -> str:
    if left > 0:
        return LOOSE
    return CAPPED if bel <= 0 else OVERLAP


def _text(units: int, doubt: float, places: int) -> str:
    """The printed amount; one that rounds to nothing is not shown as nothing."""
    if units == 0 and doubt:
        return f"{'−' if doubt < 0 else ''}<{fixed(1, places)}"
    text = fixed(units, places)
    return f"1.{'0' * places}" if text == "1" else text
