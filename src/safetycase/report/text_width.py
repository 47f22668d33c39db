"""How wide text is, without a browser, and how it breaks into lines.

Advance widths are those of DejaVu Sans, the widest of the common sans serif fonts, so that text
set in any of them stays within the room that was made for it. Characters that the table lacks
count as wide as the widest of their kind.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

__all__ = ["BOLD", "fit", "text_width", "wrapped"]

BOLD = 1.2
"""How much wider bold text is at most, word by word."""

_ASCII = """
    318 401 460 838 636 950 780 275 390 390 500 838 318 361 318 337 636 636 636 636 636 636 636
    636 636 636 337 337 838 838 838 531 1000 684 686 698 770 632 575 775 752 295 295 656 557
    863 748 787 603 787 695 635 611 732 684 989 685 611 685 390 337 390 838 500 500 613 635 550
    635 615 352 635 634 278 278 579 278 974 634 612 635 635 411 521 392 634 592 818 592 592 525
    636 337 636 838
"""
_LATIN = """
    318 401 636 636 636 636 337 500 500 1000 471 612 838 361 1000 500 500 838 401 401 500 636
    636 318 500 401 471 612 969 969 969 531 684 684 684 684 684 684 974 698 632 632 632 632 295
    295 295 295 775 748 787 787 787 787 787 838 787 732 732 732 732 611 605 630 613 613 613 613
    613 613 982 550 615 615 615 615 278 278 278 278 612 634 612 612 612 612 612 838 612 634 634
    634 634 592 635 592
"""
_WIDTHS = {chr(32 + i): int(w) / 1000 for i, w in enumerate(_ASCII.split())}
_WIDTHS |= {chr(160 + i): int(w) / 1000 for i, w in enumerate(_LATIN.split())}
_WIDTHS |= dict.fromkeys("–‘’‚", 0.5) | dict.fromkeys("“”„", 0.52) | {"…": 1.0, "—": 1.0}
_WIDTHS |= dict.fromkeys("≤≥−≈≠→←", 0.84)


def text_width(text: str, size: float) -> float:
    """The width of one line of `text` set at `size`, in the unit of `size`; never too small."""
    return size * _em(text)


@lru_cache(maxsize=16_384)  # the words of an argument recur
def _em(text: str) -> float:
    try:
        return sum([_WIDTHS[c] for c in text])
    except KeyError:
        return sum([_WIDTHS[c] if c in _WIDTHS else _other(c) for c in text])


def _other(char: str) -> float:
    """The width of a character outside the table, in em."""
    if unicodedata.combining(char):
        return 0.0
    if unicodedata.east_asian_width(char) in "WF" or ord(char) > 0xFFFF:
        return 1.4  # emoji in the fonts that browsers fall back to
    kind = unicodedata.category(char)
    return 0.9 if kind in ("Ll", "Lo", "Nd") else 1.2


def fit(text: str, room: float, size: float) -> str:
    """`text` cut to `room`, with an ellipsis where something is left out."""
    if text_width(text, size) <= room:
        return text
    left = room - size * _WIDTHS["…"]
    kept = 0
    for char in text:
        left -= text_width(char, size)
        if left < 0:
            break
        kept += 1
    return text[:kept].rstrip() + "…"


def wrapped(text: str, room: float, size: float, most: int = 40) -> tuple[list[str], float]:
    """`text` in lines no wider than `room`, and the width of the widest.

    Long words are broken, and at most `most` lines are kept, the last with an ellipsis.
    """
    lines: list[str] = []
    line, used, widest, space = "", 0.0, 0.0, _WIDTHS[" "] * size
    for word in text.split():
        width = size * _em(word)
        if line and used + space + width <= room:
            line += " " + word
            used += space + width
            continue
        if line:
            lines.append(line)
            if used > widest:
                widest = used
        while width > room:
            piece = _piece(word, room, size)
            lines.append(piece)
            widest = max(widest, size * _em(piece))
            word = word[len(piece) :]
            width = size * _em(word)
        line, used = word, width
        if len(lines) > most:
            break
    if line:
        lines.append(line)
        widest = max(widest, used)
    if len(lines) > most:
        lines = lines[:most]
        lines[-1] = fit(lines[-1] + " …", room, size)
    return lines, widest


def _piece(word: str, room: float, size: float) -> str:
    """The longest beginning of `word` that fits, at least one character; best after a hyphen."""
    used, end, mark = 0.0, 0, 0
    for char in word:
        used += text_width(char, size)
        if used > room and end:
            break
        end += 1
        if char in "-/_.":
            mark = end
    return word[: mark if mark > end // 3 else end]
