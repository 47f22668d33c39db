"""Text as YAML: the shortest spelling of a value that every YAML reader takes for that text."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["block", "flow", "scalar"]

_SAFE = re.compile(r"[A-Za-z](?:[\w .,()/+<=%;'-]*[\w.)%])?")
_WORD = re.compile(r"[A-Za-z](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?")
_RESERVED = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null"])
_ESCAPED = re.compile(
    '["\\\\\x00-\x1f\x7f-\xa0\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]',
)
_LITERAL = re.compile("[^\n\x20-\x7e\xa1-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]")


def _escape(match: re.Match[str]) -> str:
    char = match[0]
    if char in '"\\':
        return "\\" + char
    if "\ud800" <= char <= "\udfff":
        # Half of a surrogate pair is no character and stands in no file.
        return "\ufffd"
    return "\\n" if char == "\n" else f"\\u{ord(char):04x}"


def _quoted(text: str) -> str:
    return f'"{_ESCAPED.sub(_escape, text)}"'


def scalar(text: str) -> str:
    """One line: the text as it is where that is unmistakable, in double quotes otherwise."""
    plain = _SAFE.fullmatch(text) is not None and text.lower() not in _RESERVED
    return text if plain else _quoted(text)


def flow(texts: Iterable[str]) -> str:
    """A list of words on one line."""
    words = [
        text if _WORD.fullmatch(text) and text.lower() not in _RESERVED else _quoted(text)
        for text in texts
    ]
    return f"[{', '.join(words)}]"


def block(key: str, text: str, indent: str) -> list[str]:
    """`key: text`; several lines as a literal block, where that keeps every character."""
    lines = text.split("\n")
    literal = (
        len(lines) > 1
        and bool(lines[0].strip())
        and not text.startswith(" ")
        and not text.endswith("\n\n")
        and _LITERAL.search(text) is None
        and all(line == "" or line.strip() for line in lines)
    )
    if not literal:
        return [f"{indent}{scalar(key)}: {scalar(text)}"]
    if text.endswith("\n"):
        head, lines = "|", lines[:-1]
    else:
        head = "|-"
    return [
        f"{indent}{scalar(key)}: {head}",
        *(f"{indent}  {line}" if line else "" for line in lines),
    ]
