"""JSON as RFC 8259 has it and nothing more, read without recursion.

Duplicate keys, `NaN`, numbers that no double holds, lone surrogates and deep nesting are findings
with a place; Python's own scanner keeps the last of two keys and recurses.
"""

from __future__ import annotations

import bisect
import json
import math
import re
from typing import Any

from safetycase.interop.notes import Notes, shown
from safetycase.plugin.formats import MAX_DEPTH

__all__ = ["MAX_VALUES", "Lines", "Object", "dump_json", "parse_json"]

MAX_VALUES = 2_000_000
"""Values that one file may hold; each takes some hundred bytes, however short its text is."""

_TOKEN = re.compile(
    r"[ \t\n\r]*+(?:"
    r'(?P<string>"(?:[^"\\\x00-\x1f]|\\.)*+")'
    r"|(?P<mark>[\[\]{},:])"
    r"|(?P<number>-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?(?![0-9A-Za-z.+-]))"
    r"|(?P<word>true|false|null)(?![0-9A-Za-z_])"
    r"|(?P<bad>NaN|-?Infinity)"
    r")"
)
_WORDS = {"true": True, "false": False, "null": None}
_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class Object(dict[str, Any]):
    """A JSON object with the offset of its brace in the text."""

    __slots__ = ("offset",)

    def __init__(self, offset: int) -> None:
        super().__init__()
        self.offset = offset


class Lines:
    """Offsets of a text -> lines and columns, both from 1."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def at(self, offset: int) -> tuple[int, int]:
        """The line and column of an offset."""
        line = bisect.bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1


class _Stop(Exception):
    """Ends the reading of a file that is no JSON: code, offset, message, hint."""

    def __init__(self, code: str, offset: int, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.code, self.offset, self.message, self.hint = code, offset, message, hint


class _Parser:
    """One pass over the tokens; the open containers are a list, not the call stack."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.count = 0
        self.stack: list[Object | list[Any]] = []
        self.keys: list[str] = []
        self.repeated: list[tuple[str, int]] = []
        self.result: Any = None

    def token(self) -> tuple[str, str, int]:
        """(kind, text, offset) of the next token; kind `end` after the last."""
        match = _TOKEN.match(self.text, self.position)
        if match is None:
            rest = self.text[self.position :]
            offset = self.position + len(rest) - len(rest.lstrip(" \t\n\r"))
            if offset == len(self.text):
                return "end", "", offset
            word = shown(self.text[offset : offset + 20])
            raise _Stop("F050", offset, f"this is not JSON: `{word}` cannot stand here")
        self.position = match.end()
        kind = match.lastgroup or ""
        if kind == "bad":
            says = f"`{match[kind]}` is no number of JSON"
            raise _Stop("F058", match.start(kind), says, "leave the value out")
        return kind, match[kind], match.start(kind)

    def scalar(self, kind: str, word: str, offset: int) -> Any:
        if kind == "string":
            return self.string(word, offset)
        if kind == "word":
            return _WORDS[word]
        try:
            number = int(word) if word.lstrip("-").isdigit() else float(word)
        except ValueError:
            number = math.inf
        if isinstance(number, float) and not math.isfinite(number):
            raise _Stop("F058", offset, f"the number `{shown(word)}` is out of range")
        return number

    def string(self, word: str, offset: int) -> str:
        if "\\" not in word:
            return word[1:-1]
        try:
            text: str = json.loads(word)
        except ValueError:
            raise _Stop("F050", offset, "this is not JSON: an escape is not known") from None
        if _ESCAPED_SURROGATE.search(word) and _SURROGATE.search(text):
            raise _Stop("F058", offset, "a text holds half of a surrogate pair")
        return text

    def run(self) -> Any:
        """The value of the whole text."""
        while True:
            kind, word, offset = self.token()
            self.count += 1
            if self.count > MAX_VALUES:
                raise _Stop("F051", offset, f"more than {MAX_VALUES} values", "split the file")
            if kind == "mark" and word in "[{":
                value = self.open(word, offset)
                if value is None:
                    continue
            elif kind in ("mark", "end"):
                says = f"`{word}` stands" if word else "the file ends"
                raise _Stop("F050", offset, f"this is not JSON: {says} where a value is expected")
            else:
                value = self.scalar(kind, word, offset)
            if self.close(value):
                return self.result

    def open(self, word: str, offset: int) -> Any:
        """Open a container; its value at once if it is empty, else None."""
        made: Object | list[Any] = Object(offset) if word == "{" else []
        after = _TOKEN.match(self.text, self.position)
        if after and after["mark"] == ("}" if word == "{" else "]"):
            self.position = after.end()
            return made
        self.stack.append(made)
        if len(self.stack) > MAX_DEPTH:
            raise _Stop("F052", offset, f"values are nested more than {MAX_DEPTH} deep")
        if word == "{":
            self.key()
        return None

    def key(self) -> None:
        """Read `"key":` and keep it for the value that follows."""
        kind, word, offset = self.token()
        if kind != "string":
            raise _Stop("F050", offset, "this is not JSON: a key in double quotes is expected")
        name = self.string(word, offset)
        if name in self.stack[-1]:
            self.repeated.append((name, offset))
        if self.token()[1] != ":":
            raise _Stop("F050", offset, f"this is not JSON: no `:` follows `{shown(name)}`")
        self.keys.append(name)

    def close(self, value: Any) -> bool:
        """Put a value in its place and close what ends there; True at the end of the text."""
        while self.stack:
            here = self.stack[-1]
            if isinstance(here, Object):
                here.setdefault(self.keys.pop(), value)
            else:
                here.append(value)
            kind, word, offset = self.token()
            if word == "," and kind == "mark":
                if isinstance(here, Object):
                    self.key()
                return False
            if kind != "mark" or word != ("}" if isinstance(here, Object) else "]"):
                says = "a comma or a closing bracket is expected"
                raise _Stop("F050", offset, f"this is not JSON: {says}")
            value = self.stack.pop()
        kind, word, offset = self.token()
        if kind != "end":
            raise _Stop("F050", offset, "this is not JSON: something follows the value")
        self.result = value
        return True


def parse_json(text: str, notes: Notes, file: str = "") -> tuple[Any, Lines]:
    """The value of a JSON text (objects are `Object`s), or None after a finding.

    Findings: F050 not JSON, F051 too many values, F052 nested more than `MAX_DEPTH` deep, F053 a
    key given twice (the first stands), F058 a number or text that JSON cannot hold.
    """
    parser, lines = _Parser(text), Lines(text)
    value = None
    try:
        value = parser.run()
    except _Stop as stop:
        line, column = lines.at(stop.offset)
        notes.find(stop.code, line, stop.message, stop.hint, column=column, file=file)
    for name, offset in parser.repeated:
        line, column = lines.at(offset)
        message = f"the key `{shown(name)}` is given twice in one object"
        notes.find("F053", line, message, "keep one of them", column=column, file=file)
    return value, lines


_INDENTED = 40


def dump_json(value: Any) -> str:
    """The value as JSON, one entry a line, without recursion.

    From the depth `_INDENTED` on lines are indented no further, so that the text of a deep value
    does not grow with the square of its depth.
    """
    pieces: list[str] = []
    stack: list[tuple[str, Any, int]] = [("", value, 0)]
    while stack:
        before, here, depth = stack.pop()
        pieces.append(before)
        if depth < 0 or not isinstance(here, dict | list):
            pieces.append("" if depth < 0 else json.dumps(here, ensure_ascii=False))
            continue
        opening, closing = "{}" if isinstance(here, dict) else "[]"
        if not here:
            pieces.append(opening + closing)
            continue
        pieces.append(opening)
        line = "\n" + "  " * min(depth, _INDENTED)
        stack.append((line + closing, None, -1))
        if isinstance(here, dict):
            entries = [(f"{json.dumps(k, ensure_ascii=False)}: ", v) for k, v in here.items()]
        else:
            entries = [("", v) for v in here]
        for at in range(len(entries) - 1, -1, -1):
            comma = "," if at else ""
            stack.append((f"{comma}{line}  {entries[at][0]}", entries[at][1], depth + 1))
    return "".join(pieces) + "\n"
