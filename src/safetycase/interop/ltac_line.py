"""One line of Extended LTAC: what stands in it, and how it is written so that it reads back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

__all__ = [
    "Line",
    "compose",
    "infer_id",
    "is_id",
    "lines_of",
    "one_line",
    "parse_line",
    "tail_of",
]

_HEAD = re.compile(
    r"( *+)[-*] (Claim|Strategy|Evidence|Justification|Context|Assumption|Relation|Link)"
    r"(?:\s++(\^)?+(?:\[([^\]\n]*+)\]\s*+)?+([^:{(\n]*+))?+"
)
_NOT_IN_IDS = frozenset(":^{}()\n\r")
_BREAK = re.compile(r"\s*[\r\n]\s*")


class Line(NamedTuple):
    """The parts of one line; `depth` counts indentation, `colon` says whether text was given."""

    indent: int
    type: str
    cited: bool
    package: str
    id: str
    colon: bool
    text: str
    options: tuple[str, ...]
    reference: str


def parse_line(line: str) -> Line | None:
    """The parts of a line without its line end, or None if it is not an element of LTAC."""
    match = _HEAD.match(line)
    if match is None:
        return None
    rest = line[match.end() :]
    colon = rest.startswith(":")
    if rest and not colon and rest[0] not in "{(":
        return None
    text, options, reference = tail_of(rest[1:] if colon else rest)
    if text and not colon:
        return None
    indent, kind, caret, package, name = match.groups()
    if package is not None and caret is None:  # brackets are part of a name of this package
        package, name = "", f"[{package}] {name}"
    return Line(
        len(indent),
        kind,
        caret is not None,
        package or "",
        (name or "").strip(),
        colon,
        text,
        options,
        reference,
    )


def tail_of(tail: str) -> tuple[str, tuple[str, ...], str]:
    """Text, options and reference of `text {options} (reference)`; the last two may be missing.

    `{}` and `()` are empty options and an empty reference, so that what stands before them is
    text even if it ends in braces or parentheses.
    """
    tail = tail.strip()
    if not tail or tail[-1] not in ")}":
        return tail, (), ""
    reference = ""
    if tail[-1] == ")":
        start = tail.find("(", tail.rfind(")", 0, -1) + 1)
        if start < 0:
            return tail, (), ""
        reference = tail[start + 1 : -1].strip()
        tail = tail[:start].rstrip()
    if not tail or tail[-1] != "}":
        return tail, (), reference
    start = tail.find("{", tail.rfind("}", 0, -1) + 1)
    if start < 0:
        return tail, (), reference
    words = (word.strip().lower() for word in tail[start + 1 : -1].split(","))
    return tail[:start].rstrip(), tuple(dict.fromkeys(filter(None, words))), reference


def compose(text: str, options: tuple[str, ...], reference: str) -> str | None:
    """The tail that reads back as these three, guarded by `{}` and `()`; None if there is none."""
    wanted = (text, options, reference)
    braces = "{" + ", ".join(options) + "}"
    for said in (braces,) if options else ("", braces):
        for cited in (f"({reference})",) if reference else ("", "()"):
            tail = " ".join(piece for piece in (text, said, cited) if piece)
            if tail_of(tail) == wanted:
                return tail
    return None


def infer_id(text: str) -> str:
    """The id of an element that has none: its text without the letters that no id may have."""
    return "".join(letter for letter in text if letter not in ":^{}()\n\r").strip()


def is_id(name: str) -> bool:
    """Whether a name can be written as an id and reads back as the same."""
    plain = bool(name) and name == one_line(name) and _NOT_IN_IDS.isdisjoint(name)
    return plain and not name.startswith("[")


def one_line(text: str) -> str:
    """The text on one line, without blanks at its ends."""
    return _BREAK.sub(" ", text).strip()


def lines_of(text: str) -> Iterator[str]:
    """The lines of a text one by one: a list of them could take many times its memory."""
    start = 0
    while (end := text.find("\n", start)) >= 0:
        yield text[start:end]
        start = end + 1
    yield text[start:]
