"""Answers under interventions on the reasoning, as rows of a JSON Lines file.

{"item": "a-1", "epoch": 1, "arm": "paraphrased", "text": "At first, ...", "right": true}
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetycase.methods.imported.strict import lines_of, mapping, text, whole
from safetycase.methods.scheming.legibility.texts import numbers
from safetycase.plugin.contract import MethodError

__all__ = ["ARMS", "Row", "arm_of", "check", "fraction_of", "read_rows"]

ARMS = ("full", "paraphrased", "filler", "none")
KEYS = ("item", "epoch", "arm", "text", "right")
_TRUNCATED = re.compile(r"truncated-(0\.\d{1,4})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One answer given after `text` as reasoning; `right` is None where it could not be read."""

    item: str
    epoch: int
    arm: str
    text: str
    right: bool | None


def arm_of(fraction: float) -> str:
    """The name of the arm that keeps this fraction of the words."""
    return f"truncated-{fraction:g}"


def fraction_of(arm: str) -> float | None:
    """The fraction that a truncated arm keeps, None for every other arm."""
    found = _TRUNCATED.fullmatch(arm)
    return float(found[1]) if found and float(found[1]) > 0 else None


def read_rows(path: Path) -> list[Row]:
    """The rows at `path`; `MethodError` with file and line for what cannot stand."""
    rows: list[Row] = []
    seen: set[tuple[str, int, str]] = set()
    for place, value in lines_of(path):
        row = _row(place, value)
        key = (row.item, row.epoch, row.arm)
        if key in seen:
            raise MethodError(
                f"{place}: item `{row.item}`, epoch {row.epoch}, arm `{row.arm}` is given twice"
            )
        seen.add(key)
        rows.append(row)
    if not rows:
        raise MethodError(f"`{path.name}` has no row")
    return rows


def _row(place: str, value: Any) -> Row:
    row = mapping(value, place, "the line")
    wrong = set(KEYS) ^ set(row)
    if wrong:
        raise MethodError(
            f"{place}: `{sorted(wrong)[0]}` is missing or unknown; the keys are {', '.join(KEYS)}"
        )
    arm, item = text(row["arm"], place, "arm"), text(row["item"], place, "item")
    if arm not in ARMS and fraction_of(arm) is None:
        raise MethodError(
            f"{place}: the arm `{arm[:40]}` is none of {', '.join(ARMS)} and truncated-0.5 (any "
            "fraction between 0 and 1)"
        )
    if not item.strip():
        raise MethodError(f"{place}: `item` is blank; name it")
    if row["right"] is not None and not isinstance(row["right"], bool):
        raise MethodError(f"{place}: `right` is true, false, or null where no answer could be read")
    return Row(
        item=item,
        epoch=whole(row["epoch"], place, "epoch"),
        arm=arm,
        text=text(row["text"], place, "text"),
        right=row["right"],
    )


def check(rows: Sequence[Row]) -> tuple[int, int]:
    """Hold every text to what its arm says; returns (paraphrases, those that differ).

    Raises `MethodError` for an intervention that is not what it is called: a paraphrase that
    changes a number, a truncation that is no beginning, a filler with words in it.
    """
    full = {(row.item, row.epoch): row.text for row in rows if row.arm == "full"}
    changed = paraphrased = 0
    for row in rows:
        name = f"item `{row.item}`, epoch {row.epoch}, arm `{row.arm}`"
        original = full.get((row.item, row.epoch))
        if original is None:
            raise MethodError(f"{name}: there is no `full` arm of this item and epoch beside it")
        if row.arm == "none" and row.text.strip():
            raise MethodError(f"{name}: it shows a reasoning; leave `text` empty")
        if row.arm == "filler" and re.search(r"\w", row.text):
            raise MethodError(f"{name}: a filler has no letters and no digits")
        if fraction_of(row.arm) is not None and not original.startswith(row.text.rstrip()):
            raise MethodError(f"{name}: it is no beginning of the full reasoning")
        if row.arm == "paraphrased":
            if numbers(row.text) != numbers(original):
                raise MethodError(f"{name}: the paraphrase has other numbers than the original")
            paraphrased += 1
            changed += row.text != original
    return paraphrased, changed
