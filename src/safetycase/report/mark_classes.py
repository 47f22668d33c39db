"""The marks as classes of the stylesheet: `<i class="s5">open</i>` is the shape, colour and word.

A row of a long outline then costs some twenty bytes a status, and no element but its own. The
shapes are masks, so that they take the colour of the text and are printed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote

from safetycase.report.marks import CHANNELS, Mark

__all__ = ["mark_class", "mark_rules"]

LETTERS: Mapping[str, str] = {
    "verdict": "v",
    "support": "s",
    "doubt": "d",
    "freshness": "f",
    "posed": "p",
    "outcome": "o",
    "check": "c",
    "monitor": "m",
}
_CLASSES: Mapping[tuple[str, str], str] = {
    (channel, word): f"{LETTERS[channel]}{number}"
    for channel, _title, marks in CHANNELS
    for number, word in enumerate(marks)
}
_PIECE = re.compile(r"<[^>]+/>")


def mark_class(mark: Mark, channel: str) -> str:
    """The class of a mark of one of the channels."""
    return _CLASSES[channel, mark.word]


def mark_rules() -> str:
    """The rules of the stylesheet for all marks, made of the one table of status words."""
    return "\n".join(_rules())


def _rules() -> Iterator[str]:
    for channel, _title, marks in CHANNELS:
        for mark in marks.values():
            name = mark_class(mark, channel)
            yield f".{name} {{ color: var(--{mark.tone}); }}"
            yield f'.{name}::before {{ --shape: url("data:image/svg+xml,{_picture(mark.draw)}"); }}'


def _picture(draw: str) -> str:
    """The drawing as the address of a picture; what is cut out of a shape is transparent."""
    pieces = _PIECE.findall(draw)
    inner = "".join(pieces)
    if 'class="cut"' in draw:
        inner = (
            f'<mask id="a"><g color="#fff">{inner}</g></mask>'
            '<path d="M0 0h16v16H0z" mask="url(#a)"/>'
        ).replace('class="cut"', 'stroke="#000"')
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">{inner}</svg>'
    return quote(svg.replace('"', "'"), safe="=/:;,' -.")
