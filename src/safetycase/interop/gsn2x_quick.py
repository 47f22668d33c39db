"""The plain subset of gsn2x YAML, read line by line.

Most files hold nothing but ids at the margin and `key: value` lines below them, with one-line
texts and flow lists of ids. Such a file says the same to YAML as to these few string operations,
at a tenth of the cost. Whatever else is in a file sends all of it to libyaml; a test holds the
two ways to the same result.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from safetycase.argument.findings import Span
from safetycase.argument.structure import LinkKind
from safetycase.interop.gsn2x_draft import KINDS, Draft, is_text_word
from safetycase.interop.gsn2x_records import make_span

__all__ = ["Plain", "plain"]

# Tabs, other line breaks and what YAML does not allow in a file.
_NOT_PLAIN = re.compile(
    "[^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,99}")
_LIST = re.compile(r"\[[A-Za-z][A-Za-z0-9_-]*(?:, [A-Za-z][A-Za-z0-9_-]*)*\]")
_NO_START = frozenset("-?:,[]{}#&*!|>'\"%@` ")
_LISTS: dict[str, LinkKind] = {"supportedBy": "supported by", "inContextOf": "in context of"}


class _NotPlainError(Exception):
    """A line that needs libyaml."""


@dataclass(slots=True)
class Plain:
    """What a plain file holds: its module, if it names one, and its elements in order."""

    module: str = ""
    brief: str = ""
    span: Span | None = None
    elements: list[tuple[str, Span, Draft]] = field(default_factory=list)


def plain(text: str, file: str) -> Plain | None:
    """Read a plain file; None if it is not plain."""
    if _NOT_PLAIN.search(text):
        return None
    try:
        return _read(text, file)
    except _NotPlainError:
        return None


def _blocks(text: str) -> Iterator[tuple[int, str, list[tuple[int, str]]]]:
    """Each line at the margin with the lines below it, numbered; comments are left out."""
    head, number, body = "", 0, []
    for count, line in enumerate(text.split("\n"), 1):
        if line[:1] == " ":
            word = line.lstrip(" ")
            if word and word[0] != "#":
                body.append((count, line))
        elif line and line[0] != "#":
            if number:
                yield number, head, body
            elif body:
                raise _NotPlainError
            head, number, body = line, count, []
    if number:
        yield number, head, body
    elif body:
        raise _NotPlainError


def _read(text: str, file: str) -> Plain:
    found = Plain()
    seen: set[str] = set()
    for number, head, body in _blocks(text):
        name, colon, rest = head.partition(":")
        if not colon or _ID.fullmatch(name) is None or name in seen:
            raise _NotPlainError
        rest = rest.strip(" ")
        if rest != ("" if body else "{}"):
            raise _NotPlainError
        seen.add(name)
        span = make_span(file, number, 1, number, len(name) + 1)
        if name == "module":
            found.span = span
            _module(found, body)
        else:
            found.elements.append((name, span, _element(body, file) if body else Draft()))
    return found


def _lines(body: list[tuple[int, str]]) -> Iterator[tuple[int, str, str, int]]:
    """Line number, key, value and column (from 0) of the value; all keys at the same column."""
    first = body[0][1]
    indent = len(first) - len(first.lstrip(" "))
    seen: set[str] = set()
    for number, line in body:
        key, colon, value = line.partition(": ")
        column = len(key) + 2
        key = key[indent:]
        if not colon or line[:indent].strip(" ") or _ID.fullmatch(key) is None or key in seen:
            raise _NotPlainError
        seen.add(key)
        yield number, key, value.strip(" "), column + len(value) - len(value.lstrip(" "))


def _element(body: list[tuple[int, str]], file: str) -> Draft:
    draft = Draft()
    for number, key, value, column in _lines(body):
        if key == "text":
            draft.text = _text(value)
        elif key in _LISTS:
            draft.links += _references(_LISTS[key], value, file, number, column)
        elif key == "undeveloped" and value in ("true", "false"):
            draft.undeveloped = value == "true"
        elif key == "defeated" and value in ("true", "false"):
            draft.defeated = value == "true"
        elif key == "url":
            draft.url = _text(value)
        elif key == "nodeType" and value in KINDS:
            draft.kind = value
        else:
            raise _NotPlainError
    return draft


def _module(found: Plain, body: list[tuple[int, str]]) -> None:
    for _, key, value, _ in _lines(body) if body else ():
        if key == "name":
            found.module = _text(value)
        elif key == "brief":
            found.brief = _text(value)
        else:
            raise _NotPlainError
    if not found.module:
        raise _NotPlainError


def _text(value: str) -> str:
    """The text of a one-line scalar."""
    if not value:
        raise _NotPlainError
    mark = value[0]
    if mark in "\"'":
        inner = value[1:-1]
        if len(value) < 2 or value[-1] != mark or mark in inner or "\\" in inner:
            raise _NotPlainError
        return inner
    if mark in _NO_START or value[-1] == ":" or ": " in value or " #" in value:
        raise _NotPlainError
    if not is_text_word(value):
        raise _NotPlainError
    return value


def _references(
    kind: LinkKind, value: str, file: str, number: int, column: int
) -> Iterator[tuple[LinkKind, str, Span]]:
    if _LIST.fullmatch(value) is None:
        if _ID.fullmatch(value) is None:
            raise _NotPlainError
        names, at = [value], column + 1
    else:
        names, at = value[1:-1].split(", "), column + 2
    for name in names:
        if not is_text_word(name):
            raise _NotPlainError
        end = at + len(name)
        yield kind, name, make_span(file, number, at, number, end)
        at = end + 2
