"""The marks as classes of the stylesheet: `<i class="s5">open</i>` is the shape, colour and word.

A row of a long outline then costs some twenty bytes a status, and no element but its own. On a
screen the shapes are masks, so that they take the colour of the text in the light and in the dark.
A browser that prints turns each mask into several pictures, which made most of a large PDF; so on
paper the same shapes are plain drawings, in the colours that paper has.
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
_CUT = 'class="cut"'


def mark_class(mark: Mark, channel: str) -> str:
    """The class of a mark of one of the channels."""
    return _CLASSES[channel, mark.word]


def mark_rules(paper: Mapping[str, str]) -> str:
    """The rules of the stylesheet for all marks, made of the one table of status words.

    `paper` gives the colour of each tone in print, where a shape is a drawing and no mask.
    """
    return "\n".join(_rules(paper))


def _rules(paper: Mapping[str, str]) -> Iterator[str]:
    printed = []
    for channel, _title, marks in CHANNELS:
        for mark in marks.values():
            name = mark_class(mark, channel)
            yield f".{name} {{ color: var(--{mark.tone}); }}"
            yield f'.{name}::before {{ --shape: url("{_picture(mark.draw, paper[mark.tone])}"); }}'
            if _CUT in mark.draw:
                drawn = _picture(mark.draw.replace(_CUT, 'stroke="#fff"'), paper[mark.tone])
                printed.append(f'.{name}::before {{ --shape: url("{drawn}"); }}')
    yield "\n".join(("@media print {", *printed, "}"))


def _picture(draw: str, colour: str) -> str:
    """The drawing as the address of a picture; what is cut out of a shape is transparent.

    A mask takes the shape alone; `colour` is what it has where it is shown as it is.
    """
    inner = "".join(_PIECE.findall(draw))
    if _CUT in draw:
        inner = (
            f'<mask id="a"><g color="#fff">{inner}</g></mask>'
            '<path d="M0 0h16v16H0z" mask="url(#a)"/>'
        ).replace(_CUT, 'stroke="#000"')
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" color="{colour}">{inner}'
    return "data:image/svg+xml," + quote(f"{svg}</svg>".replace('"', "'"), safe="=/:;,' -.")
