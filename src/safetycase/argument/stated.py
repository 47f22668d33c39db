"""Whether a text of a case says anything: `not stated`, `tbd` and the like do not."""

from __future__ import annotations

import re

__all__ = ["nobody", "not_stated", "somebody"]

_NOTHING = re.compile(
    r"(?:not (?:yet )?(?:stated|known|given|defined|decided)(?:[ ,:;(].*)?"
    r"|unstated|unspecified|unknown|tbd|tbc|todo|n/?a|none given"
    r"|to be (?:determined|decided|defined|confirmed))\.?|[?.\-–—]+",
    re.IGNORECASE | re.DOTALL,
)
_NOBODY = re.compile(
    r"none|nil|null|nobody|no[ -]?one|someone|somebody|anyone|anybody|tba|pending|vacant"
    r"|un(?:assigned|named|owned)|to be (?:named|assigned|announced|appointed)|xxx+",
    re.IGNORECASE,
)
_WORDS = 8
"""Of how many words a text that says nothing consists at most."""


def not_stated(text: str | None) -> bool:
    """Whether a text says nothing: absent, blank, or a short word for "not stated"."""
    if text is None or not text.strip():
        return True
    words = text.strip()
    return len(words.split(maxsplit=_WORDS)) <= _WORDS and bool(_NOTHING.fullmatch(words))


def nobody(owner: str | None) -> bool:
    """Whether an owner names nobody: not stated, without letter and digit, or `none` in words."""
    return (
        not_stated(owner)
        or not any(map(str.isalnum, owner or ""))
        or bool(_NOBODY.fullmatch((owner or "").strip()))
    )


def somebody(owner: str | None) -> str | None:
    """The owner if it names somebody."""
    return None if nobody(owner) else owner
