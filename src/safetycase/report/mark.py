"""A status word with its shape, and the shapes that several words share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

__all__ = ["DISC", "LINE", "RING", "TICK", "Mark", "Tone", "table"]

Tone = Literal["good", "bad", "doubt", "taken", "open", "quiet"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One status word. `glyph` is its shape in text, `draw` the same shape on a 16 × 16 grid.

    `draw` is trusted SVG; `tone` names the colour in the stylesheet and in the terminal.
    """

    word: str
    glyph: str
    draw: str
    tone: Tone
    phrase: str

    @property
    def key(self) -> str:
        """The word as part of an HTML id."""
        return "".join(c if c.isalnum() else "-" for c in self.word).strip("-")


def table(*marks: Mark) -> Mapping[str, Mark]:
    """The marks by their word."""
    return {mark.word: mark for mark in marks}


RING = '<circle cx="8" cy="8" r="5.6" fill="none" stroke="currentColor" stroke-width="1.8"/>'
DISC = '<circle cx="8" cy="8" r="6.4" fill="currentColor"/>'
TICK = '<path d="M5 8.3l2.2 2.3L11.2 5.9" fill="none" class="cut" stroke-width="1.8"/>'
LINE = 'fill="none" stroke="currentColor" stroke-width="1.8" stroke-linejoin="round"'
