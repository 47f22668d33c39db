"""How a text is written in YAML so that it is read as the same text."""

from __future__ import annotations

import re

from safetycase.argument.nodes import surprising
from safetycase.argument.scalars import NUMBER

__all__ = ["WIDTH", "inline", "lines"]

WIDTH = 100
_PLAIN = re.compile(r"[^\s\-?:,\[\]{}#&*!|>'\"%@`][^\n]*")
_SIMPLE = re.compile(
    r"[\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]+"
)
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"}
_LONGEST_KEY = 1000  # YAML 1.1, §7.3.2: a key on one line has at most 1024 characters


def inline(text: str, *, flow: bool = False, key: bool = False) -> str:
    """The text on one line: plain where that is read back as it is, otherwise in double quotes."""
    if key and len(text) > _LONGEST_KEY:
        raise ValueError("the key is too long to be written")
    return text if _is_plain(text, flow=flow or key) else _quoted(text)


def lines(text: str, indent: int, used: int) -> list[str]:
    """The text as the value of a key in block style; the first entry follows the key.

    `indent` is the column of the lines below the key, `used` the width the key takes. A long text
    is folded, and one of several lines is written line by line.
    """
    body = text[:-1] if text.endswith("\n") else text
    chomp = "" if text.endswith("\n") else "-"
    if "\n" in body and all(_is_line(line) for line in body.split("\n")):
        return [f"|{chomp}", *(" " * indent + line for line in body.split("\n"))]
    long = used + len(text) > WIDTH and _SIMPLE.fullmatch(text)
    if long and re.fullmatch(r"\S+(?: \S+)+", text):
        return [">-", *_folded(text, indent)]
    return [inline(text)]


def _is_line(line: str) -> bool:
    return bool(_SIMPLE.fullmatch(line)) and line == line.strip()


def _folded(text: str, indent: int) -> list[str]:
    found, current = [], ""
    for word in text.split(" "):
        if current and indent + len(current) + 1 + len(word) > WIDTH:
            found.append(" " * indent + current)
            current = word
        else:
            current = f"{current} {word}" if current else word
    return [*found, " " * indent + current]


def _is_plain(text: str, *, flow: bool) -> bool:
    if surprising(text) or text in ("true", "false", "=", "<<") or NUMBER.fullmatch(text):
        return False
    if not _PLAIN.fullmatch(text) or not _SIMPLE.fullmatch(text) or text != text.strip():
        return False
    if ": " in text or " #" in text or text.endswith(":") or text.startswith("..."):
        return False
    return not flow or not re.search(r"[,\[\]{}?:#]", text)


def _quoted(text: str) -> str:
    out = []
    for char in text:
        if char in _ESCAPES:
            out.append(_ESCAPES[char])
        elif _SIMPLE.fullmatch(char):
            out.append(char)
        else:
            code = ord(char)
            out.append(f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")
    return '"' + "".join(out) + '"'
