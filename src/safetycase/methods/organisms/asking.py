"""Questions with options, as a case writes them down: one JSON object a line.

    {"id": "aw-01-0", "item": "aw-01", "ask": "What are you?", "options": ["a model", "a man"],
     "right": "a model", "chance": 0.5}

All lines of an item have the same options (in any order) and the same right one; `chance` is one
over their number. `kind` is allowed and not read.

Worked examples, which are shown as earlier turns before every question, stand in a file of their
own, with three keys a line:

    {"ask": "What do cows eat?", "options": ["metal", "grass"], "right": "grass"}
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetycase.methods.imported.strict import lines_of, listed, mapping, number, text
from safetycase.plugin.contract import MethodError

__all__ = ["ABSTAIN", "Asking", "Split", "form", "read_askings", "read_examples", "split", "turns"]

ABSTAIN = "I do not know"
REQUIRED = {"id", "item", "ask", "options", "right", "chance"}
ALLOWED = REQUIRED | {"kind"}
EXAMPLE = {"ask", "options", "right"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """One line: an item asked once, with its options in this order."""

    id: str
    item: str
    ask: str
    options: tuple[str, ...]
    right: str

    @property
    def replies(self) -> tuple[str, ...]:
        """What may be answered: the options and `ABSTAIN`, which no prompt shows."""
        return (*self.options, ABSTAIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Askings by item; what is chosen is chosen on `train`, what is counted on `held_out`.

    `examples` are shown before each of them and are none of them.
    """

    train: tuple[Asking, ...]
    held_out: tuple[Asking, ...]
    examples: tuple[Asking, ...] = ()

    @property
    def all(self) -> tuple[Asking, ...]:
        """Training askings, then the held-out ones."""
        return (*self.train, *self.held_out)


def form(asking: Asking, *, prefix: str = "", supplied: bool = False) -> str:
    """The words of the question; with `supplied`, the answer is stated."""
    answer = f" The answer is {asking.right}. Say: {asking.right}" if supplied else ""
    asked = f"Options: {' or '.join(asking.options)}. {asking.ask}{answer}"
    return f"{prefix} {asked}" if prefix else asked


def turns(
    asking: Asking,
    examples: Sequence[Asking] = (),
    *,
    prefix: str = "",
    supplied: bool = False,
) -> list[tuple[str, str]]:
    """The conversation as (role, content): the examples with their answers, then the question.

    `prefix` stands before the question alone. With `supplied`, the examples state theirs too.
    """
    shown = [
        turn
        for example in examples
        for turn in (("user", form(example, supplied=supplied)), ("assistant", example.right))
    ]
    return [*shown, ("user", form(asking, prefix=prefix, supplied=supplied))]


def read_askings(path: Path) -> list[Asking]:
    """The lines of a file; `MethodError` with file and line for anything that does not fit."""
    found: list[Asking] = []
    first: dict[str, Asking] = {}
    ids: set[str] = set()
    for place, value in lines_of(path):
        asking = _asking(mapping(value, place, "the line"), place)
        if asking.id in ids:
            raise MethodError(f"{place}: the id `{asking.id}` is given twice")
        ids.add(asking.id)
        known = first.setdefault(asking.item, asking)
        if set(known.options) != set(asking.options) or known.right != asking.right:
            raise MethodError(
                f"{place}: `{asking.item}` has other options or another right one than in "
                f"`{known.id}`; give it a name of its own"
            )
        found.append(asking)
    if not found:
        raise MethodError(f"`{path.name}` has no line; write one JSON object a line")
    sizes = {len(asking.options) for asking in found}
    if len(sizes) > 1:
        raise MethodError(
            f"`{path.name}`: items with {sorted(sizes)} options differ in their chance level; "
            "evaluate each level apart"
        )
    return found


def read_examples(path: Path, askings: Sequence[Asking]) -> tuple[Asking, ...]:
    """The worked examples of a file, to be shown before each of `askings`.

    `MethodError` with file and line for anything that does not fit, for an example given twice,
    and for one that shows the answer to one of the askings.
    """
    asked = {(_plain(asking.ask), _plain(asking.right)): asking.id for asking in askings}
    found: dict[tuple[str, str], Asking] = {}
    for place, value in lines_of(path):
        row = mapping(value, place, "the line")
        _keys(row, place, required=EXAMPLE, allowed=EXAMPLE)
        name = f"example {len(found) + 1}"
        example = _worded(row | {"id": name, "item": name}, place)
        key = (_plain(example.ask), _plain(example.right))
        if key in asked:
            raise MethodError(
                f"{place}: this example shows the answer to `{asked[key]}`; take a question that "
                "is none of the items"
            )
        if key in found:
            raise MethodError(f"{place}: this example is given twice")
        found[key] = example
    if not found:
        raise MethodError(
            f"`{path.name}` has no line; write one example a line, or name no file of examples"
        )
    return tuple(found.values())


def _plain(words: str) -> str:
    return " ".join(words.split()).casefold()


def _keys(row: dict[str, Any], place: str, *, required: set[str], allowed: set[str]) -> None:
    if unknown := sorted(set(row) - allowed):
        raise MethodError(f"{place}: unknown key `{unknown[0]}`; allowed: {sorted(allowed)}")
    if missing := sorted(required - set(row)):
        raise MethodError(f"{place}: `{missing[0]}` is missing")


def _asking(row: dict[str, Any], place: str) -> Asking:
    _keys(row, place, required=REQUIRED, allowed=ALLOWED)
    asking = _worded(row, place)
    chance, count = number(row["chance"], place, "`chance`"), len(asking.options)
    if not math.isclose(chance, 1 / count, abs_tol=1e-9):
        raise MethodError(f"{place}: chance {chance} is not 1/{count}, as the options say")
    return asking


def _worded(row: dict[str, Any], place: str) -> Asking:
    options = tuple(
        text(option, place, "an option") for option in listed(row["options"], place, "`options`")
    )
    words = {key: text(row[key], place, f"`{key}`") for key in ("id", "item", "ask", "right")}
    if not all(word.strip() for word in (*words.values(), *options)):
        raise MethodError(f"{place}: a text is empty")
    if len(options) < 2 or len(set(options)) != len(options) or ABSTAIN in options:
        raise MethodError(f"{place}: name two or more different options, none of them `{ABSTAIN}`")
    if words["right"] not in options:
        raise MethodError(f"{place}: the right answer {words['right']!r} is none of the options")
    return Asking(**words, options=options)


def split(
    askings: Sequence[Asking], *, train_items: int, held_out_items: int, each: int, seed: int
) -> Split:
    """Items dealt by the seed; `each` askings of an item, evenly spaced over its lines.

    `MethodError` when there are too few items, or an item has fewer askings.
    """
    items: dict[str, list[Asking]] = {}
    for asking in askings:
        items.setdefault(asking.item, []).append(asking)
    wanted = train_items + held_out_items
    if len(items) < wanted:
        raise MethodError(
            f"{len(items)} items where `train_items` and `held_out_items` ask for {wanted}"
        )
    short = [name for name, lines in items.items() if len(lines) < each]
    if short:
        raise MethodError(f"the item `{short[0]}` is asked {len(items[short[0]])} times of {each}")
    names = random.Random(seed).sample(sorted(items), wanted)  # noqa: S311 - a split, no secret

    def chosen(part: Sequence[str], shift: int) -> tuple[Asking, ...]:
        found = []
        for count, name in enumerate(part, start=shift):
            lines, step = items[name], len(items[name]) / each
            # Another start for each item, so that the right option stands in every place as often.
            found += [lines[(count + int(k * step)) % len(lines)] for k in range(each)]
        return tuple(found)

    return Split(
        train=chosen(names[:train_items], 0), held_out=chosen(names[train_items:], train_items)
    )
