"""Questions of one's own, with a right and a wrong answer, read from a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from safetycase.methods.imported.strict import lines_of, listed, mapping, text
from safetycase.methods.oversight.live.items import Item
from safetycase.plugin.contract import MethodError

__all__ = ["read_questions"]

KEYS = {"id", "question", "right", "wrong", "facts"}


def read_questions(path: Path) -> tuple[Item, ...]:
    """One JSON object a line: id, question, right, wrong, and facts (a list, may be empty).

    Nobody has a script for them, so only models debate them. `MethodError` with file and line.
    """
    found: dict[str, Item] = {}
    for place, value in lines_of(path):
        item = _item(mapping(value, place, "the line"), place)
        if item.id in found:
            raise MethodError(f"{place}: the id `{item.id}` is given twice")
        found[item.id] = item
    if not found:
        raise MethodError(f"`{path.name}` has no question")
    return tuple(found.values())


def _item(row: dict[str, Any], place: str) -> Item:
    wrong = sorted(set(row) ^ KEYS)
    if wrong:
        raise MethodError(
            f"{place}: `{wrong[0]}` is missing or unknown; the keys are {', '.join(sorted(KEYS))}"
        )
    name, question, right, other = (
        text(row[key], place, key) for key in ("id", "question", "right", "wrong")
    )
    if not all(part.strip() for part in (name, question, right, other)):
        raise MethodError(f"{place}: `id`, `question`, `right` and `wrong` are not blank")
    if right.strip() == other.strip() or "/" in name:
        raise MethodError(f"{place}: the answers differ, and an id has no `/`")
    return Item(
        id=name,
        kind="question",
        question=question,
        material=tuple(text(one, place, "a fact") for one in listed(row["facts"], place, "facts")),
        right=right,
        wrong=other,
        proof=(),
        false_proof=(),
        flaw=0,
        correction="",
    )
