"""JSON that a terminal can show and every program can read."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Final

__all__ = ["plain_json"]

_ABOVE: Final = re.compile(r"[^\n -~]")
_HIDDEN: Final = frozenset(("Cc", "Cf", "Cs", "Co", "Zl", "Zp"))


def plain_json(value: object, *, indent: int | None = 2, sort_keys: bool = True) -> str:
    """`value` as JSON that loses nothing and hides nothing, in plain UTF-8.

    Control, format and private characters are written as escapes, which a program reads as the
    same characters: a terminal that shows the text obeys none of it, and half of a surrogate pair,
    which UTF-8 has no bytes for, can be written.
    """
    text = json.dumps(
        value, indent=indent, sort_keys=sort_keys, ensure_ascii=False, allow_nan=False
    )
    return text if text.isascii() and "\x7f" not in text else _ABOVE.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    char = found[0]
    return json.dumps(char)[1:-1] if unicodedata.category(char) in _HIDDEN else char
