"""Seeded items that were put before auditors: the strict JSON Lines format.

One object a line, one line an item; the items of one month stand in the order they were shown in.

    item     text, once in the file
    auditor  text: who was to look at it
    month    "YYYY-MM"
    attack   true for a seeded attack, false for a clean item mixed in
    blind    false if the auditor could know that the item was seeded
    flagged  true, false, or null if there was no answer
    minutes  from showing the item to the flag; optional, and only where `flagged` is true
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetycase.methods.imported.strict import lines_of, mapping, number, text
from safetycase.plugin.contract import MethodError

__all__ = ["Item", "answer", "keyed", "month_number", "month_text", "named", "read_items", "truth"]

_NEEDED = ("item", "auditor", "month", "attack", "blind", "flagged")
_MONTH = re.compile(r"(2[0-9]{3})-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One seeded item; `month` counts months, `minutes` is None where nobody took the time."""

    item: str
    auditor: str
    month: int
    attack: bool
    blind: bool
    flagged: bool | None
    minutes: float | None = None


def month_number(word: str) -> int:
    """Months since year 0 of a "YYYY-MM"; `ValueError` otherwise."""
    found = _MONTH.fullmatch(word)
    if found is None:
        raise ValueError(f"{word[:40]!r} is no month; write YYYY-MM, from 2000 on")
    return int(found[1]) * 12 + int(found[2]) - 1


def month_text(month: int) -> str:
    """The "YYYY-MM" of a number of months."""
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


def keyed(
    value: Any, place: str, needed: Collection[str], maybe: Collection[str] = ()
) -> dict[str, Any]:
    """`value` as an object with exactly these keys; `MethodError` with `place` otherwise."""
    row = mapping(value, place, "the line")
    for key in sorted(row.keys() - {*needed, *maybe}):
        known = ", ".join((*needed, *maybe))
        raise MethodError(f"{place}: there is no key `{key[:60]}`; the keys are {known}")
    for key in needed:
        if key not in row:
            raise MethodError(f"{place}: `{key}` is missing")
    return row


def named(row: dict[str, Any], key: str, place: str) -> str:
    """A text that is not blank."""
    found = text(row[key], place, f"`{key}`")
    if not found.strip():
        raise MethodError(f"{place}: `{key}` is blank; name it")
    return found


def truth(row: dict[str, Any], key: str, place: str) -> bool:
    """True or false."""
    if not isinstance(row[key], bool):
        raise MethodError(f"{place}: `{key}` is {row[key]!r:.60}; it is true or false")
    return bool(row[key])


def answer(row: dict[str, Any], key: str, place: str) -> bool | None:
    """True, false or null."""
    return None if row[key] is None else truth(row, key, place)


def read_items(path: Path, roster: Collection[str], months: Sequence[int]) -> list[Item]:
    """The items at `path`, of auditors of the `roster` and within the `months` of the record.

    `MethodError` with file and line for a line that cannot stand, and for an empty file.
    """
    items: list[Item] = []
    seen: dict[str, str] = {}
    for place, value in lines_of(path):
        item = _item(value, place)
        if item.item in seen:
            raise MethodError(
                f"{place}: the item `{item.item}` stands at {seen[item.item]} already; an item "
                "that is shown twice gives answers that depend on each other, so seed another one"
            )
        if item.auditor not in roster:
            raise MethodError(
                f"{place}: `{item.auditor}` is not in `auditors`; add everybody who audits"
            )
        if not months[0] <= item.month <= months[-1]:
            raise MethodError(
                f"{place}: {month_text(item.month)} is outside the record, which goes from "
                f"{month_text(months[0])} to {month_text(months[-1])}"
            )
        seen[item.item] = place
        items.append(item)
    if not items:
        raise MethodError(f"`{path.name}` holds no item; it needs one JSON object a line")
    return sorted(items, key=lambda each: each.month)


def _item(value: Any, place: str) -> Item:
    row = keyed(value, place, _NEEDED, ("minutes",))
    try:
        month = month_number(named(row, "month", place))
    except ValueError as error:
        raise MethodError(f"{place}: `month`: {error}") from None
    flagged = answer(row, "flagged", place)
    minutes = row.get("minutes")
    if minutes is not None:
        if flagged is not True:
            raise MethodError(f"{place}: `minutes` is the time to a flag, and there is no flag")
        if isinstance(minutes, bool) or number(minutes, place, "`minutes`") < 0:
            raise MethodError(f"{place}: `minutes` is {minutes!r}; it is a number from 0 on")
        minutes = float(minutes)
        assert math.isfinite(minutes)
    return Item(
        item=named(row, "item", place),
        auditor=named(row, "auditor", place),
        month=month,
        attack=truth(row, "attack", place),
        blind=truth(row, "blind", place),
        flagged=flagged,
        minutes=minutes,
    )
