"""Whether a text of a case says anything: `not stated`, `tbd` and the like do not."""

from __future__ import annotations

import re

__all__ = ["not_stated", "stated"]

_NOTHING = re.compile(
    r"(?:not (?:yet )?(?:stated|known|given|defined|decided)(?:[ ,:;(].*)?"
    r"|unstated|unspecified|unknown|tbd|tbc|todo|n/?a|none given"
    r"|to be (?:determined|decided|defined|confirmed))\.?|[?.\-–—]+",
    re.IGNORECASE | re.DOTALL,
)
_WORDS = 8
"""Of how many words a text that says nothing consists at most."""


def not_stated(text: str | None) -> bool:
    """Whether a text says nothing: absent, blank, or a short word for "not stated"."""
    if text is None or not text.strip():
        return True
    words = text.strip()
    return len(words.split(maxsplit=_WORDS)) <= _WORDS and bool(_NOTHING.fullmatch(words))


def stated(text: str | None) -> str | None:
    """The text if it says something."""
    return None if not_stated(text) else text
