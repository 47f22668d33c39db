"""Statements without what they are about, to see whether a judge still tells who is right.

If it can, verdicts follow from manner (length, confidence, form), and a debater that learns the
manner wins whatever is true.
"""

from __future__ import annotations

import re
from dataclasses import replace

from safetycase.methods.oversight.live.items import Item

__all__ = ["HIDDEN", "masked_item", "masked_text"]

HIDDEN = "(hidden)"
_CONTENT = re.compile(r"-?\d+|\b(?:true|false)\b", re.I)


def masked_item(item: Item) -> Item:
    """The item without its question."""
    return replace(item, question=HIDDEN)


def masked_text(item: Item, text: str) -> str:
    """The text without either answer, any number and any truth value."""
    for answer in sorted((item.right, item.wrong), key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(answer)}(?!\w)", "#", text)
    return _CONTENT.sub("#", text)
