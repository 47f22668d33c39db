"""Elements of a case as the text of a case file, nested where they are read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from safetycase.argument.load import LISTS

__all__ = ["Item", "Ref", "quoted", "without_halves", "written"]

_DEEPEST = 12
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9,()/'.-]*(?: [A-Za-z0-9,()/'.-]+)*")
_SURPRISING = frozenset({"yes", "no", "on", "off", "null", "true", "false", "y", "n"})
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"}
_ESCAPED = re.compile(r'["\\\x00-\x1f\x7f-\xa0\u2028\u2029\ufeff\ufffe\uffff]')
_HALVES = re.compile("[\ud800-\udfff]")
_KIND_LISTS = {kind: name for name, kind in LISTS.items()}


@dataclass(frozen=True, slots=True)
class Ref:
    """A reference to an item: a bare id, or the item itself where it is first read."""

    id: str
    in_place: bool = True


@dataclass(slots=True)
class Item:
    """One element to write; `origin` is its id in the source if that differs."""

    kind: str
    id: str
    fields: dict[str, str | Ref | list[Ref]] = field(default_factory=dict)
    origin: str = ""


def without_halves(text: str) -> str:
    """The text with U+FFFD in place of halves of surrogate pairs, which no file can hold."""
    return _HALVES.sub("\ufffd", text)


def quoted(text: str) -> str:
    """A YAML scalar of a block that reads back as this text."""
    if _PLAIN.fullmatch(text) and text.lower() not in _SURPRISING:
        return text
    return '"' + _ESCAPED.sub(_escape, without_halves(text)) + '"'


def _escape(match: re.Match[str]) -> str:
    letter = match[0]
    return _ESCAPES.get(letter) or f"\\u{ord(letter):04x}"


def _id(name: str) -> str:
    return f'"{name}"' if name.lower() in _SURPRISING else name


class _Printer:
    def __init__(self, items: Mapping[str, Item]) -> None:
        self.items = items
        self.done: set[str] = set()

    def item(self, name: str, pad: str, depth: int) -> Iterator[str]:
        """The lines of one element; the first is not indented, the others by `pad`."""
        self.done.add(name)
        item = self.items[name]
        note = f"  # in the source: {json.dumps(item.origin)}" if item.origin else ""
        yield f"{item.kind}: {_id(name)}{note}"
        for key, value in item.fields.items():
            if isinstance(value, str):
                yield f"{pad}{key}: {quoted(value)}"
            elif isinstance(value, Ref):
                yield from self._single(key, value, pad, depth)
            else:
                yield from self._list(key, value, pad, depth)

    def _here(self, ref: Ref, depth: int) -> bool:
        return ref.in_place and ref.id not in self.done and depth < _DEEPEST

    def _single(self, key: str, ref: Ref, pad: str, depth: int) -> Iterator[str]:
        if not self._here(ref, depth):
            yield f"{pad}{key}: {_id(ref.id)}"
            return
        yield f"{pad}{key}:"
        lines = self.item(ref.id, pad + "  ", depth + 1)
        yield pad + "  " + next(lines)
        yield from lines

    def _list(self, key: str, refs: list[Ref], pad: str, depth: int) -> Iterator[str]:
        if not any(self._here(ref, depth) for ref in refs):
            yield f"{pad}{key}: [{', '.join(_id(ref.id) for ref in refs)}]"
            return
        yield f"{pad}{key}:"
        for ref in refs:
            if self._here(ref, depth):
                lines = self.item(ref.id, pad + "    ", depth + 1)
                yield f"{pad}  - {next(lines)}"
                yield from lines
            else:
                yield f"{pad}  - {_id(ref.id)}"


def written(items: Mapping[str, Item], root: str) -> Iterator[str]:
    """The lines of `root:` and of the lists that hold what it does not reach."""
    printer = _Printer(items)
    yield "root:"
    lines = printer.item(root, "  ", 0)
    yield "  " + next(lines)
    yield from lines
    for kind, name in _KIND_LISTS.items():
        begun = False
        for item in items.values():
            if item.kind == kind and item.id not in printer.done:
                if not begun:
                    yield f"{name}:"
                    begun = True
                lines = printer.item(item.id, "    ", 1)
                yield "  - " + next(lines)
                yield from lines
