"""Answers to items asked in several phrasings, of the subject and of an honest weak reference.

One JSON object a line:

    {"id": "q1-a", "model": "subject", "item": "q1", "difficulty": "easy",
     "options": ["a cow", "a fox"], "right": "a cow", "answer": "a fox"}

`model` is `subject` or `reference`; `answer` is one of the options, or null where the model gave
none of them: a wrong answer like any other, and like any other null. Every item has the same
difficulty, options and right answer in all its lines, at least two lines for each model that
answers it, and as many for every item of a model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from safetycase.methods.imported.strict import lines_of, listed, mapping, text
from safetycase.plugin.contract import MethodError

__all__ = ["Answered", "Item", "read_answered"]

KEYS = {"id", "model", "item", "difficulty", "options", "right", "answer"}
Who = Literal["subject", "reference"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item as one model answered it, a reply for each phrasing in the order of the file."""

    name: str
    easy: bool
    options: int
    right: str
    answers: tuple[str | None, ...]

    @property
    def first_right(self) -> bool:
        """Whether the first phrasing was answered rightly."""
        return self.answers[0] == self.right

    @property
    def agreeing(self) -> tuple[int, int]:
        """Pairs of phrasings with the same answer, and pairs."""
        count = len(self.answers)
        pairs = [(i, k) for i in range(count) for k in range(i)]
        return sum(self.answers[i] == self.answers[k] for i, k in pairs), len(pairs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The items of both models, each in the order of their names."""

    subject: tuple[Item, ...]
    reference: tuple[Item, ...]


def read_answered(path: Path) -> Answered:
    """Read the file; `MethodError` with file and line for anything that does not fit."""
    ids: set[str] = set()
    facts: dict[str, tuple[Any, str]] = {}
    found: dict[str, dict[str, list[str | None]]] = {"subject": {}, "reference": {}}
    for place, value in lines_of(path):
        row = _row(mapping(value, place, "the line"), place)
        if row["id"] in ids:
            raise MethodError(f"{place}: the id `{row['id']}` is given twice")
        ids.add(row["id"])
        fact = (row["difficulty"], tuple(sorted(row["options"])), row["right"])
        known, where = facts.setdefault(row["item"], (fact, place))
        if known != fact:
            raise MethodError(f"{place}: `{row['item']}` was another item in {where}")
        found[row["model"]].setdefault(row["item"], []).append(row["answer"])
    return Answered(
        subject=_items(path, "subject", found["subject"], facts),
        reference=_items(path, "reference", found["reference"], facts),
    )


def _row(row: dict[str, Any], place: str) -> dict[str, Any]:
    if wrong := sorted(set(row) ^ KEYS):
        state = "unknown" if wrong[0] in row else "missing"
        raise MethodError(f"{place}: the key `{wrong[0]}` is {state}; the keys are {sorted(KEYS)}")
    for key in ("id", "item", "right"):
        if not text(row[key], place, f"`{key}`").strip():
            raise MethodError(f"{place}: `{key}` is empty")
    options = [text(o, place, "an option") for o in listed(row["options"], place, "`options`")]
    if len(options) < 2 or len(set(options)) != len(options) or row["right"] not in options:
        raise MethodError(f"{place}: name two or more different options, the right one among them")
    if row["model"] not in ("subject", "reference"):
        raise MethodError(f"{place}: `model` is `subject` or `reference`, not {row['model']!r}")
    if row["difficulty"] not in ("easy", "hard"):
        raise MethodError(f"{place}: `difficulty` is `easy` or `hard`, not {row['difficulty']!r}")
    answer = row["answer"]
    if answer is not None and text(answer, place, "`answer`") not in options:
        raise MethodError(
            f"{place}: the answer {answer[:40]!r} is none of the options; write null if the model "
            "gave none"
        )
    return row


def _items(
    path: Path, who: Who, given: dict[str, list[str | None]], facts: dict[str, tuple[Any, str]]
) -> tuple[Item, ...]:
    if not given:
        raise MethodError(
            f"`{path.name}` has no line of the {who}; a profile is read against an honest weak "
            "model that answered items of the same kind"
        )
    counts = {len(answers) for answers in given.values()}
    if len(counts) > 1 or min(counts) < 2:
        raise MethodError(
            f"`{path.name}`: items of the {who} have {sorted(counts)} lines; ask each in the same "
            "number of phrasings, two or more"
        )
    found = []
    for name in sorted(given):
        (difficulty, options, right), _ = facts[name]
        found.append(
            Item(
                name=name,
                easy=difficulty == "easy",
                options=len(options),
                right=right,
                answers=tuple(given[name]),
            )
        )
    kinds: Sequence[bool] = [item.easy for item in found]
    if all(kinds) or not any(kinds):
        raise MethodError(f"`{path.name}`: the {who} answered easy items only, or hard ones only")
    return tuple(found)
