"""Items whose answer takes several steps, made by a seed: arithmetic chains and chains of looks."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from safetycase.methods.imported.strict import lines_of, listed, mapping, text
from safetycase.plugin.contract import MethodError

__all__ = ["Item", "Kind", "answered", "chain", "items", "read_items"]

Kind = Literal["arithmetic", "lookup"]
_NAMES = ("Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gus", "Hana", "Ida", "Jon", "Kim", "Lou")
KEYS = ("id", "ask", "answer", "options")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A question with one right answer: a whole number, or one of `options`."""

    id: str
    ask: str
    answer: str
    options: tuple[str, ...] = ()


def items(kind: Kind, count: int, steps: int, seed: int) -> list[Item]:
    """`count` items of `steps` steps each; the same seed gives the same items."""
    make = _arithmetic if kind == "arithmetic" else _lookup
    draw = random.Random(f"{kind} {steps} {seed}")  # noqa: S311 - items, no secret
    return [make(f"{kind}-{number}", steps, draw) for number in range(count)]


def _arithmetic(name: str, steps: int, draw: random.Random) -> Item:
    """Additions and subtractions whose partial results are 1 to 99 and all different."""
    values = draw.sample(range(1, 100), steps + 1)
    said = [
        f"{'Add' if b > a else 'Subtract'} {abs(b - a)}." for a, b in itertools.pairwise(values)
    ]
    ask = f"Start with {values[0]}. {' '.join(said)} What is the result?"
    return Item(id=name, ask=ask, answer=str(values[-1]))


def _lookup(name: str, steps: int, draw: random.Random) -> Item:
    """A chain of pointers among names, told in a random order with pointers that lead elsewhere."""
    people = draw.sample(_NAMES, min(len(_NAMES), steps + 4))
    path, others = people[: steps + 1], people[steps + 1 :]
    told = [f"{a} points to {b}." for a, b in itertools.pairwise(path)]
    told += [f"{other} points to {draw.choice(others)}." for other in others]
    draw.shuffle(told)
    ask = f"{' '.join(told)} Start at {path[0]} and follow {steps} times. Where does it end?"
    return Item(id=name, ask=ask, answer=path[-1], options=tuple(sorted(people)))


def chain(item: Item) -> list[int]:
    """The start and the partial results of an arithmetic item, worked out from its question."""
    values = [int(found) for found in re.findall(r"Start with (\d+)", item.ask)]
    for word, amount in re.findall(r"(Add|Subtract) (\d+)", item.ask):
        values.append(values[-1] + (int(amount) if word == "Add" else -int(amount)))
    return values


def answered(item: Item, said: str) -> bool | None:
    """Whether the answer is right; None where not exactly one answer can be read."""
    if item.options:
        found = {o for o in item.options if re.search(rf"(?<!\w){re.escape(o)}(?!\w)", said)}
    else:
        found = {str(int(n)) for n in re.findall(r"(?<![\d.,])-?\d{1,18}(?![\d]|[.,]\d)", said)}
    return found == {item.answer} if len(found) == 1 else None


def read_items(path: Path) -> list[Item]:
    """Items of the case, one JSON object a line; `MethodError` with file and line otherwise."""
    found: list[Item] = []
    seen: set[str] = set()
    for place, value in lines_of(path):
        item = _item(place, value)
        if item.id in seen:
            raise MethodError(f"{place}: the id `{item.id}` is given twice")
        seen.add(item.id)
        found.append(item)
    if not found:
        raise MethodError(f"`{path.name}` has no item")
    return found


def _item(place: str, value: Any) -> Item:
    row = mapping(value, place, "the line")
    wrong = set(KEYS) ^ ({"options"} | set(row))
    if wrong:
        raise MethodError(
            f"{place}: `{sorted(wrong)[0]}` is missing or unknown; the keys are id, ask, answer, "
            "and options for an answer in words"
        )
    named = {key: text(row[key], place, key) for key in ("id", "ask", "answer")}
    options = _options(row.get("options", []), place)
    if not all(part.strip() for part in named.values()):
        raise MethodError(f"{place}: `id`, `ask` and `answer` are not blank")
    if options and named["answer"] not in options:
        raise MethodError(f"{place}: the answer `{named['answer'][:40]}` is none of the options")
    if not options and not re.fullmatch(r"-?[1-9]\d{0,17}|0", named["answer"]):
        raise MethodError(f"{place}: without options the answer is a whole number as text")
    return Item(**named, options=options)


def _options(value: Any, place: str) -> tuple[str, ...]:
    options: Sequence[str] = [text(o, place, "an option") for o in listed(value, place, "options")]
    if len(set(options)) != len(options) or len(options) == 1 or not all(map(str.strip, options)):
        raise MethodError(f"{place}: options are two or more different words, or none")
    return tuple(options)
