"""Text from anywhere, made safe to look at: nothing invisible, nothing endless.

Every string of a case, a record or a model passes through here before the terminal or the
page shows it. Control and direction-changing characters become visible signs; they are never
dropped, because a reader must see that they were there.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import datetime

__all__ = [
    "SENTENCE",
    "anchor",
    "columns",
    "moment",
    "one_line",
    "shorten",
    "visible",
    "wrap",
]

SENTENCE = 2_000
"""The longest single sentence shown, in characters."""

_SUSPECT = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
_ASCII_PRINTABLE = re.compile(r"[ -~]*\Z")


def visible(text: str, *, limit: int = SENTENCE, lines: bool = True) -> str:
    """`text` with every control, format and lone surrogate character made visible.

    With `lines`, newlines and tabs stay. At most `limit` characters of the text are shown and
    a note says how long it was.
    """
    total = len(text)
    cut = text[:limit]
    if lines:
        cut = cut.replace("\r\n", "\n")
    if not _ASCII_PRINTABLE.match(cut):
        cut = "".join(_sign(c, lines) for c in cut)
    return cut if total <= limit else f"{cut} … [cut here: {total:,} characters in all]"


def one_line(text: str, *, limit: int = SENTENCE) -> str:
    """`text` on one line: white space collapsed, everything else as `visible`."""
    total = len(text)
    cut = visible(" ".join(text[: limit * 2].split()), limit=limit, lines=False)
    return cut if total <= limit * 2 else f"{cut[:limit]} … [cut here: {total:,} characters in all]"


def _sign(char: str, lines: bool) -> str:
    if lines and char in "\n\t":
        return char
    if unicodedata.category(char) not in _SUSPECT:
        return char
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)  # the control pictures: ␀ ␛ ␇
    return "␡" if code == 0x7F else f"[U+{code:04X}]"


def anchor(name: str) -> str:
    """The id of an element's section on the page: only letters, digits and `._/-`."""
    safe = re.sub(r"[^A-Za-z0-9._/-]", lambda m: f"_{ord(m.group()):x}_", name[:200])
    return f"claim-{safe}"


def columns(text: str) -> int:
    """How many terminal columns `text` takes: wide characters two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def shorten(text: str, width: int) -> str:
    """`text` on one line cut to `width` columns, with an ellipsis where something is left out."""
    text = visible(text, limit=max(4 * width, 16), lines=False)
    if columns(text) <= width:
        return text
    kept, used = "", 1
    for char in text:
        used += columns(char)
        if used > width:
            break
        kept += char
    return (kept.rstrip() + "…")[: max(width, 0)]


def wrap(text: str, width: int, *, first: str = "", rest: str | None = None) -> list[str]:
    """`text` in lines of at most `width` columns; `first` and `rest` begin the lines."""
    first, text = visible(first, lines=False), one_line(text, limit=4 * SENTENCE)
    rest = " " * columns(first) if rest is None else rest
    lines: list[str] = []
    line, empty = first, True
    for word in _words(text, max(width - max(columns(first), columns(rest)), 1)):
        if not empty and columns(line) + 1 + columns(word) > width:
            lines.append(line)
            line, empty = rest, True
        line += word if empty else f" {word}"
        empty = False
    return [*lines, line]


def _words(text: str, most: int) -> Iterator[str]:
    """The words of `text`, those wider than `most` columns in pieces.

    A number keeps its sign of comparison and its per cent sign.
    """
    held = ""
    for word in text.split():
        joined = held and (word[:1] == "%" or held[-1:] in "≤≥")
        if joined and columns(held) + 1 + columns(word) <= most:
            held += f" {word}"
            continue
        yield from _pieces(held, most)
        held = word
    yield from _pieces(held, most)


def _pieces(word: str, most: int) -> Iterator[str]:
    if columns(word) <= most:
        yield from (word,) if word else ()
        return
    piece, used = "", 0
    for char in word:
        if piece and used + columns(char) > most:
            yield piece
            piece, used = "", 0
        piece += char
        used += columns(char)
    yield piece


def moment(text: str | None) -> str:
    """An ISO 8601 instant for reading: `2026-11-20 10:05 UTC`; anything else as it is."""
    try:
        at = datetime.fromisoformat(text or "")
    except ValueError:
        return one_line(text or "", limit=60)
    zone = (at.tzname() or "").replace("UTC+00:00", "UTC")
    return f"{at:%Y-%m-%d %H:%M} {zone}".strip()
